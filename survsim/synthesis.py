"""Studies pooled: meta-analysis, meta-regression, networks, pooled curves and medians."""

from survsim._public import door

__all__, __getattr__, __dir__ = door(__name__)
