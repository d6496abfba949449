"""Median and restricted mean of 1,000 bootstrap resamples of 200 patients."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.row import Goal, Row
from benchmarks.samples import proportional

TAU = 1000.0


def survsim(data: dict[str, Any]) -> Any:
    from survsim import Surv, bootstrap

    def call() -> Any:
        surv = Surv.right(data["time"], data["event"], unit="days")
        return bootstrap(surv, ["median", "rmst"], at=TAU, n_resamples=1000)

    return call, lambda b: [b.replicates[:, 1].mean(), b.replicates[:, 1].std()]


def hand(data: dict[str, Any]) -> Any:
    from benchmarks.hand.curves import boot

    def call() -> Any:
        order = np.argsort(data["time"], kind="stable")
        place = np.random.default_rng(1).integers(0, 200, (1000, 200))
        counts = np.bincount((place + 200 * np.arange(1000)[:, None]).ravel(), minlength=200_000).reshape(
            1000, 200
        )
        return boot(data["time"][order], data["event"][order], counts[:, order], TAU)

    return call, lambda b: [b[:, 1].mean(), b[:, 1].std()]


def greenwood(data: dict[str, Any]) -> Any:
    import greenwood as package

    def call() -> Any:
        surv = package.Surv(data["time"], event=data["event"])
        package.bootstrap(surv, "median", n_boot=100, seed=1)
        return package.bootstrap(surv, "rmst", n_boot=100, tau=TAU, seed=1)

    return call, lambda _: []


ROW = Row(
    "bootstrap of curves, 1,000 of 200",
    lambda: proportional(200, 3),
    {"survsim": survsim, "hand": hand, "greenwood": greenwood},
    (Goal("hand", 2),),
    tolerance=0.1,  # each draws its own resamples
    rounds=9,
    share={"greenwood": 0.1},
)
