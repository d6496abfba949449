"""Log-rank test of two groups, a million patients in days."""

from __future__ import annotations

from typing import Any

from benchmarks.row import Goal, Row
from benchmarks.samples import two_groups


def survsim(data: dict[str, Any]) -> Any:
    from survsim import Surv, logrank_test

    return (
        lambda: logrank_test(Surv.right(data["time"], data["event"], unit="days"), data["group"]),
        lambda test: [test.chi2],
    )


def hand(data: dict[str, Any]) -> Any:
    from benchmarks.hand.curves import logrank

    return lambda: logrank(data["time"], data["event"], data["group"]), lambda chi2: [chi2]


def statsmodels(data: dict[str, Any]) -> Any:
    from statsmodels.duration.survfunc import survdiff

    return lambda: survdiff(data["time"], data["event"], data["group"]), lambda test: [float(test[0])]


ROW = Row(
    "log-rank 1e6 days",
    lambda: two_groups(1_000_000, whole=True),
    {"survsim": survsim, "hand": hand, "statsmodels": statsmodels},
    (Goal("hand", 2), Goal("statsmodels", 8, faster=True)),
    rounds=9,
)
