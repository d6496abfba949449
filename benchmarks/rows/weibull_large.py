"""Weibull, 100,000 patients, 3 covariates."""

from benchmarks.row import Goal, Row
from benchmarks.rows.weibull import CONTESTANTS
from benchmarks.samples import accelerated

ROW = Row("Weibull 1e5", lambda: accelerated(100_000), CONTESTANTS, (Goal(limit=0.07),), rounds=5)
