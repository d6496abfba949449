"""Cox, 100,000 patients in days, 50 covariates."""

from benchmarks.row import Goal, Row
from benchmarks.rows import cox
from benchmarks.samples import proportional

ROW = Row(
    "Cox 1e5, p 50",
    lambda: proportional(100_000, 50),
    {"survsim": cox.survsim, "hand": cox.hand, "survival-rs": cox.survival_rs},
    (Goal("survival-rs", 4, faster=True), Goal("hand", 1.2)),
    rounds=4,
)
