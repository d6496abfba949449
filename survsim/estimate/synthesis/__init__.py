"""Many studies, one answer: meta-analysis, meta-regression, networks, pooled curves and points."""
