"""Treatments compared without randomisation: weights, standardisation, cloning."""

from survsim._public import door

__all__, __getattr__, __dir__ = door(__name__)
