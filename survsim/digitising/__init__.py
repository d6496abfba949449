"""Published figures turned into curves, censor marks and numbers at risk, with a stated tolerance."""

from survsim._public import door

__all__, __getattr__, __dir__ = door(__name__)
