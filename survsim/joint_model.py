"""One model over patients, curves, summaries and cases."""

from survsim._public import door

__all__, __getattr__, __dir__ = door(__name__)
