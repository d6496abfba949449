"""What the rows of Kaplan-Meier curves share."""

from __future__ import annotations

from typing import Any

import numpy as np

AT = (250.0, 500.0, 1000.0)


def at(times: Any, *columns: Any) -> list[float]:
    """Each column of a curve at three times."""
    place = np.searchsorted(times, AT, side="right") - 1
    return [float(np.asarray(column)[k]) for column in columns for k in place]


def survsim(data: dict[str, Any]) -> Any:
    from survsim import Surv, kaplan_meier

    return (
        lambda: kaplan_meier(Surv.right(data["time"], data["event"], unit="days")),
        lambda km: at(km.time, km.estimate, km.conf_low, km.conf_high),
    )


def hand(data: dict[str, Any]) -> Any:
    from benchmarks.hand.curves import kaplan_meier

    return lambda: kaplan_meier(data["time"], data["event"]), lambda km: at(*km)


def lifelines(data: dict[str, Any]) -> Any:
    from lifelines import KaplanMeierFitter

    return (
        lambda: KaplanMeierFitter().fit(data["time"], data["event"]),
        lambda km: at(km.survival_function_.index.to_numpy(), km.survival_function_.to_numpy()[:, 0]),
    )


def statsmodels(data: dict[str, Any]) -> Any:
    from statsmodels.duration.survfunc import SurvfuncRight

    return lambda: SurvfuncRight(data["time"], data["event"]), lambda km: at(km.surv_times, km.surv_prob)


def survival_rs(data: dict[str, Any]) -> Any:
    import survival

    return (
        lambda: survival.survfit(survival.Surv(data["time"], data["event"]), conf_type="log-log"),
        lambda km: at(np.asarray(km.time), km.surv, km.lower, km.upper),
    )


def greenwood(data: dict[str, Any]) -> Any:
    import greenwood as package

    def call() -> Any:
        return package.KaplanMeier(conf_type="log-log").fit(package.Surv(data["time"], event=data["event"]))

    def answer(km: Any) -> list[float]:
        table = km.to_frame(format="pandas")
        return at(table["time"].to_numpy(), table["estimate"].to_numpy())

    return call, answer
