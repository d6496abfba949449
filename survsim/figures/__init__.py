"""Pictures that are no result's own; `result.plot()` draws the others."""

from survsim._public import door

__all__, __getattr__, __dir__ = door(__name__)
