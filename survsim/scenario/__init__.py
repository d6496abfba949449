"""Evidence, estimates and simulation together: scenarios, targets, one patient in context."""

from survsim._public import door

__all__, __getattr__, __dir__ = door(__name__)
