"""Weibull, 1,000 patients, 3 covariates."""

from benchmarks.row import Goal, Row
from benchmarks.rows.weibull import CONTESTANTS
from benchmarks.samples import accelerated

ROW = Row(
    "Weibull 1e3", lambda: accelerated(1000), CONTESTANTS, (Goal("survival-rs", 1, faster=True),), rounds=9
)
