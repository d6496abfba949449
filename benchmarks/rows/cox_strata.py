"""Cox, 100,000 patients in ten strata, robust variance over 1,000 clusters."""

from benchmarks.row import Goal, Row
from benchmarks.rows import cox
from benchmarks.samples import proportional

ROW = Row(
    "Cox strata + cluster 1e5",
    lambda: proportional(100_000, 10, strata=True) | {"strata": True},
    {"survsim": cox.survsim, "survival-rs": cox.survival_rs},
    (Goal("survival-rs", 1.5, faster=True),),
    tolerance=1e-4,
    rounds=5,
)
