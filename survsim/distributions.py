"""Survival distributions: what estimators return, scenarios combine and the engine draws from."""

from survsim._public import door

__all__, __getattr__, __dir__ = door(__name__)
