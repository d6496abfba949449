"""Parametric survival: families, splines, cure, averaging, background mortality."""

from survsim._public import door

__all__, __getattr__, __dir__ = door(__name__)
