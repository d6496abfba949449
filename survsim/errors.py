"""The errors and warnings of the package; all errors are `SurvsimError`."""

from survsim._public import door

__all__, __getattr__, __dir__ = door(__name__)
