"""Cox regression: ties, strata, frailty, penalties, checks of the model, prediction and validation."""

from survsim._public import door

__all__, __getattr__, __dir__ = door(__name__)
