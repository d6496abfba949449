"""Cox, a million patients in days, 10 covariates."""

from benchmarks.row import Goal, Row
from benchmarks.rows import cox
from benchmarks.samples import proportional

ROW = Row(
    "Cox 1e6, p 10",
    lambda: proportional(1_000_000, 10),
    {"survsim": cox.survsim, "hand": cox.hand, "coxdev": cox.coxdev, "coxstream": cox.coxstream},
    (Goal("fastest"),),
    rounds=3,
)
