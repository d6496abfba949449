"""Generalised gamma without covariates, 1,000 patients."""

from __future__ import annotations

from typing import Any

from benchmarks.r_peer import flexsurv
from benchmarks.row import Goal, Row
from benchmarks.samples import accelerated


def survsim(data: dict[str, Any]) -> Any:
    from survsim import Surv, parametric_survival

    return (
        lambda: parametric_survival(
            Surv.right(data["time"], data["event"], unit="days"), "generalised_gamma"
        ),
        lambda fit: [fit.log_likelihood],
    )


def lifelines(data: dict[str, Any]) -> Any:
    from lifelines import GeneralizedGammaFitter

    return lambda: GeneralizedGammaFitter().fit(data["time"], data["event"]), lambda fit: [
        fit.log_likelihood_
    ]


ROW = Row(
    "generalised gamma 1e3",
    lambda: accelerated(1000),
    {"survsim": survsim, "lifelines": lifelines, "flexsurv": flexsurv},
    (Goal("flexsurv", 5, faster=True),),
    tolerance=1e-4,
)
