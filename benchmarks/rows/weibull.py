"""What the Weibull rows share: accelerated failure time with three covariates."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.samples import frame


def survsim(data: dict[str, Any]) -> Any:
    from survsim import Surv, parametric_survival

    def call() -> Any:
        return parametric_survival(
            Surv.right(data["time"], data["event"], unit="days"), "weibull", None, data["x"]
        )

    return call, lambda fit: [fit.log_likelihood]


def survival_rs(data: dict[str, Any]) -> Any:
    import survival

    table = frame(data)
    return (
        lambda: survival.survreg("Surv(time, event) ~ x0 + x1 + x2", data=table, dist="weibull"),
        lambda fit: [float(np.atleast_1d(fit.loglik)[-1])],
    )


def lifelines(data: dict[str, Any]) -> Any:
    from lifelines import WeibullAFTFitter

    table = frame(data)
    return lambda: WeibullAFTFitter().fit(table, "time", "event"), lambda fit: [fit.log_likelihood_]


CONTESTANTS = {"survsim": survsim, "survival-rs": survival_rs, "lifelines": lifelines}
