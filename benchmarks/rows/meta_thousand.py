"""A thousand meta-analyses of 12 studies: restricted maximum likelihood, Knapp-Hartung interval."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.row import Goal, Row


def effects() -> dict[str, Any]:
    rng = np.random.default_rng(11)
    v = 0.02 + 0.1 * rng.random((1000, 12))
    y = -0.2 + 0.25 * rng.normal(size=(1000, 12)) + np.sqrt(v) * rng.normal(size=(1000, 12))
    return {"y": y, "v": v}


def survsim(data: dict[str, Any]) -> Any:
    from survsim.synthesis import meta_analyses

    def call() -> Any:
        return meta_analyses(data["y"], np.sqrt(data["v"]), method="REML", conf_method="knapp-hartung")

    return call, lambda m: [m.estimate[:100].mean(), m.tau2[:100].mean(), m.conf_low[:100].mean()]


def one_by_one(data: dict[str, Any]) -> Any:
    from survsim import meta_analysis

    def call() -> Any:
        return [
            meta_analysis(y, np.sqrt(v), method="REML", conf_method="knapp-hartung")
            for y, v in zip(data["y"][:100], data["v"][:100])
        ]

    return call, lambda m: [np.mean([getattr(x, k) for x in m]) for k in ("estimate", "tau2", "conf_low")]


def pimeta(data: dict[str, Any]) -> Any:
    import pimeta as package

    def call() -> Any:
        return [
            package.rma(y, v, method="REML", test="knha") for y, v in zip(data["y"][:100], data["v"][:100])
        ]

    def number(fit: Any, *names: str) -> float:
        return float(np.ravel(next(getattr(fit, n) for n in names if hasattr(fit, n)))[0])

    return call, lambda fits: [
        np.mean([number(f, *names) for f in fits])
        for names in (("beta", "b"), ("tau2",), ("ci_lb", "ci_lower"))
    ]


def hand(data: dict[str, Any]) -> Any:
    """All at once, Fisher's scoring on tau2; no interval of tau2."""
    from scipy.special import stdtrit

    y, v = data["y"], data["v"]

    def call() -> Any:
        tau2 = np.maximum(0, y.var(1, ddof=1) - v.mean(1)) + 1e-3
        for _ in range(100):
            w = 1 / (v + tau2[:, None])
            total, squares = w.sum(1), (w * w).sum(1)
            mean = (w * y).sum(1) / total
            slope = (w * w * (y - mean[:, None]) ** 2).sum(1) - total + squares / total
            bend = squares - 2 * (w**3).sum(1) / total + (squares / total) ** 2
            new = np.maximum(0, tau2 + slope / bend)
            moved, tau2 = np.abs(new - tau2).max(), new
            if moved < 1e-12:
                break
        w = 1 / (v + tau2[:, None])
        total = w.sum(1)
        mean = (w * y).sum(1) / total
        error = np.sqrt((w * (y - mean[:, None]) ** 2).sum(1) / (y.shape[1] - 1) / total)
        return mean, tau2, mean - stdtrit(y.shape[1] - 1, 0.975) * error

    return call, lambda m: [x[:100].mean() for x in m]


ROW = Row(
    "1,000 REML + Knapp-Hartung of 12 studies",
    effects,
    {"survsim": survsim, "survsim, one by one": one_by_one, "hand": hand, "pimeta": pimeta},
    (Goal("pimeta", 10, faster=True),),
    tolerance=1e-5,
    rounds=5,
    share={"pimeta": 0.1, "survsim, one by one": 0.1},
)
