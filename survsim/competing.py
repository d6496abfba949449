"""Competing risks and multistate models: Aalen-Johansen, Gray, Fine-Gray, occupancy."""

from survsim._public import door

__all__, __getattr__, __dir__ = door(__name__)
