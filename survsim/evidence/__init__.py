"""What the literature says: reads, checks, finds, cites; never computes."""

from survsim._public import door

__all__, __getattr__, __dir__ = door(__name__)
