"""Survival curves and tests without a model: Kaplan-Meier, log-rank, restricted means, landmarks."""

from survsim._public import door

__all__, __getattr__, __dir__ = door(__name__)
