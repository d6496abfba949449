"""Cox, 1,000 patients in days, 10 covariates, fitted again and again: compiled code is loaded, as it is for whom it is compared
with. Beside it the fit of a process that has not loaded it, and the same by hand."""

from typing import Any

from benchmarks.row import Goal, Row
from benchmarks.rows import cox
from benchmarks.samples import proportional


def repeated(data: dict[str, Any]) -> Any:
    """survsim in a process whose many fits have brought numba in."""
    import numba  # noqa: F401

    return cox.survsim(data)


ROW = Row(
    "Cox 1e3, p 10",
    lambda: proportional(1000, 10),
    {
        "survsim": repeated, "survsim, numba not loaded": cox.survsim, "hand": cox.hand, "survival-rs": cox.survival_rs, "coxdev": cox.coxdev,
        "lifelines": cox.lifelines,
        "hand, numpy only": cox.hand_numpy,
    },
    (Goal("hand", 1.5), Goal("fastest")),
    tolerance=1e-4,
    rounds=9,
)  # fmt: skip
