"""Numbers as papers print them, turned into effect sizes or refused with a reason."""

from survsim._public import door

__all__, __getattr__, __dir__ = door(__name__)
