"""Cox, 1,000 patients in days, 10 covariates."""

from benchmarks.row import Goal, Row
from benchmarks.rows import cox
from benchmarks.samples import proportional

ROW = Row(
    "Cox 1e3, p 10",
    lambda: proportional(1000, 10),
    {
        "survsim": cox.survsim, "hand": cox.hand, "survival-rs": cox.survival_rs, "coxdev": cox.coxdev,
        "lifelines": cox.lifelines,
        "hand, numpy only": cox.hand_numpy,
    },
    (Goal("hand", 1.5), Goal("fastest")),
    tolerance=1e-4,
    rounds=9,
)  # fmt: skip
