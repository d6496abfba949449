"""What the Cox rows share: the contestants, and the numbers they must agree on."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.samples import frame


def survsim(data: dict[str, Any]) -> Any:
    from survsim import Surv, cox_ph

    def call() -> Any:
        more = {"stratum": data["stratum"], "cluster": data["cluster"]} if "strata" in data else {}
        return cox_ph(Surv.right(data["time"], data["event"], unit="days", **more), None, data["x"])

    def answer(fit: Any) -> list[float]:
        error = fit.std_error if fit.robust_std_error is None else fit.robust_std_error
        return [*fit.estimate[:3], *error[:3]]

    return call, answer


def survival_rs(data: dict[str, Any]) -> Any:
    import survival

    strata = "strata" in data
    table = frame(data, stratum=data["stratum"], cluster=data["cluster"])
    formula = "Surv(time, event) ~ " + " + ".join(f"x{j}" for j in range(data["x"].shape[1]))
    formula += " + strata(stratum) + cluster(cluster)" if strata else ""
    return lambda: survival.coxph(formula, data=table), lambda fit: [
        *np.asarray(survival.coef(fit))[:3], *np.sqrt(np.diag(np.asarray(survival.vcov(fit))))[:3]
    ]  # fmt: skip


def coxdev(data: dict[str, Any]) -> Any:
    """The deviance with its derivatives is the package's; Newton's loop is ours."""
    from coxdev import CoxDeviance

    x = data["x"]

    def call() -> Any:
        kernel = CoxDeviance(event=data["time"], status=data["event"], tie_breaking="efron")
        beta, old = np.zeros(x.shape[1]), np.inf
        for _ in range(25):
            now = kernel(x @ beta)
            if abs(1 - now.deviance / old) < 1e-9:
                break
            old, curve = now.deviance, x.T @ (kernel.information(x @ beta) @ x)
            beta = beta - 0.5 * np.linalg.solve(curve, x.T @ now.gradient)
        return beta

    return call, lambda beta: [*beta[:3]]


def coxstream(data: dict[str, Any]) -> Any:
    from coxstream import CoxStream

    return lambda: CoxStream().fit(data["time"], data["event"], data["x"]), lambda fit: [
        *fit.coef_[:3], *fit.standard_errors_[:3]
    ]  # fmt: skip


def lifelines(data: dict[str, Any]) -> Any:
    from lifelines import CoxPHFitter

    table = frame(data)
    return lambda: CoxPHFitter().fit(table, "time", "event"), lambda fit: [*fit.params_.to_numpy()[:3]]


def hand(data: dict[str, Any]) -> Any:
    from benchmarks.hand.cox import fit

    return lambda: fit(data["time"], data["event"], data["x"]), lambda f: [*f[0][:3], *f[1][:3]]


def hand_numpy(data: dict[str, Any]) -> Any:
    """Without numba: what a process pays that fits one small model and ends."""
    from benchmarks.hand.cox import fit_numpy

    return lambda: fit_numpy(data["time"], data["event"], data["x"]), lambda f: [*f[0][:3], *f[1][:3]]
