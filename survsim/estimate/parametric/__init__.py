"""Parametric and spline survival models, cure, averaging over families, background mortality."""
