"""Trials designed and simulated: power, assurance, looks, many trials analysed at once."""

from survsim._public import door

__all__, __getattr__, __dir__ = door(__name__)
