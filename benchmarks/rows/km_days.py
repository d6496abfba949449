"""Kaplan-Meier with its interval, a million patients in days."""

from benchmarks.row import Goal, Row
from benchmarks.rows import curves
from benchmarks.samples import two_groups

ROW = Row(
    "Kaplan-Meier 1e6 days",
    lambda: two_groups(1_000_000, whole=True),
    {
        "survsim": curves.survsim, "hand": curves.hand, "lifelines": curves.lifelines,
        "statsmodels": curves.statsmodels, "survival-rs": curves.survival_rs,
    },
    (Goal("hand", 2),),
    rounds=9,
)  # fmt: skip
