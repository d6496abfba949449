"""Cox, 100,000 patients in days, 10 covariates."""

from benchmarks.row import Goal, Row
from benchmarks.rows import cox
from benchmarks.samples import proportional

ROW = Row(
    "Cox 1e5, p 10",
    lambda: proportional(100_000, 10),
    {
        "survsim": cox.survsim, "hand": cox.hand, "survival-rs": cox.survival_rs, "coxdev": cox.coxdev,
        "coxstream": cox.coxstream,
    },
    (Goal("fastest"),),
)  # fmt: skip
