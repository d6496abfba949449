"""Patients, strategies, outcomes: models declared, run, compared, and what knowing more is worth."""

from survsim._public import door

__all__, __getattr__, __dir__ = door(__name__)
