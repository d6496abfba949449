"""Published curves and risk tables turned back into patients."""

from survsim._public import door

__all__, __getattr__, __dir__ = door(__name__)
