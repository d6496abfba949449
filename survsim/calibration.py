"""A course of disease calibrated to what was published, endpoint by endpoint."""

from survsim._public import door

__all__, __getattr__, __dir__ = door(__name__)
