"""What is predicted does not depend on where a covariate has its 0 (a calendar year) nor on its unit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from survsim import Surv, cause_specific_cox, cox_ph, fine_gray, standardised_survival
from survsim.competing import multistate_fit, prepare_multistate
from survsim.errors import InputError

N = 60
MOVES = [(1.0, 2015.0), (1.0, 1e5), (1000.0, 0.0), (0.001, 0.0), (-1.0, 2015.0), (0.001, -40.0)]
TIMES = [4.0, 9.0]


def drawn() -> tuple[pd.DataFrame, dict[str, np.ndarray]]:
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({"year": rng.integers(0, 5, N).astype(float), "arm": rng.choice(["a", "b"], N)})
    time = rng.exponential(12 * np.exp(-0.5 * frame["year"] - 0.4 * (frame["arm"] == "b"))).round(1) * 4 + 1.0
    more = {
        "cause": rng.choice(["death", "relapse", "none"], N, p=[0.5, 0.3, 0.2]),
        "site": rng.choice(list("uvw"), N),
    }
    return frame, more | {"time": np.minimum(time, 30.0), "entry": rng.choice([0.0, 0.5, 0.9], N)}


FRAME, MORE = drawn()
SEEN = MORE["cause"] != "none"


def plain(**more: Any) -> Surv:
    return Surv.right(MORE["time"], SEEN, unit="months", **more)


def causes(**more: Any) -> Surv:
    return Surv.competing(MORE["time"], MORE["cause"], censored="none", unit="months", **more)


def of_a_fit(surv: Surv, **options: Any) -> Callable[[pd.DataFrame], list[Any]]:
    """Every prediction of a Cox fit."""
    stratum = {} if surv.stratum is None else {"stratum": MORE["site"][:4]}

    def answers(data: pd.DataFrame) -> list[Any]:
        fit, new = cox_ph(surv, "year + arm", data, **options), data.iloc[:4]
        found = [fit.residuals("martingale"), fit.log_likelihood - fit.log_likelihood_null]
        for name, asked in (
            ("predict_survival", TIMES), ("predict_cumulative_hazard", TIMES), ("predict_hazard", None),
            ("predict_quantile", 0.5),
        ):  # fmt: skip
            ask = getattr(fit, name)
            found.append(
                ask(asked, new, **stratum) if name == "predict_quantile" else ask(new, asked, **stratum)
            )
        few = surv.entry is not None or "frailty" in options
        return found if few else [*found, fit.brier_score(TIMES), fit.calibration(5.0)]

    return answers


def laws(data: pd.DataFrame) -> list[Any]:
    patients = data.assign(patient_id=np.arange(N), follow_up=MORE["time"])
    gone = pd.DataFrame({"patient_id": np.arange(N), "state": "dead", "time": MORE["time"]})[SEEN]
    made = prepare_multistate(
        patients,
        gone,
        start="well",
        transitions={"well": ["dead"]},
        unit="months",
        covariates=["year", "arm"],
    )
    fit = multistate_fit(made, "year + arm", model="cox")
    (law,) = fit.transition_laws(dict(data.iloc[0]))
    return [law.distribution.survival(np.array(TIMES))]


PREDICTORS: dict[str, Callable[[pd.DataFrame], list[Any]]] = {
    "cox": of_a_fit(plain()),
    "breslow, late entry": of_a_fit(plain(entry=MORE["entry"]), ties="breslow"),
    "strata": of_a_fit(plain(stratum=MORE["site"])),
    "ridge": of_a_fit(plain(), penalty="ridge", penalty_strength=2.0),
    "firth": of_a_fit(plain(), penalty="firth"),
    "frailty": of_a_fit(plain(), frailty=MORE["site"], frailty_distribution="lognormal"),
    "standardised": lambda d: [standardised_survival(cox_ph(plain(), "year + arm", d), d, "arm", TIMES, n_resamples=8)],
    "causes": lambda d: [cause_specific_cox(causes(), "year + arm", d).predict_incidence(d.iloc[:4], TIMES)],
    "causes by strata": lambda d: [
        cause_specific_cox(causes(stratum=MORE["site"]), "year + arm", d).predict_incidence(
            d.iloc[:4], TIMES, stratum=MORE["site"][:4]
        )
    ],
    "elastic net": lambda d: [
        cause_specific_cox(causes(), "year + arm", d, penalty="elasticnet", penalty_strength=3.0).predict_incidence(
            d.iloc[:4], TIMES
        )
    ],
    "fine-gray": lambda d: [fine_gray(causes(), "year + arm", d, cause="death").predict_incidence(d.iloc[:4], TIMES)],
    "laws": laws,
}  # fmt: skip


def numbers(answers: list[Any]) -> list[np.ndarray]:
    frames = [
        a.to_frame().select_dtypes("number").to_numpy() if hasattr(a, "to_frame") else a for a in answers
    ]
    return [np.asarray(f, dtype=np.float64) for f in frames]


@pytest.mark.parametrize("scale, shift", MOVES)
@pytest.mark.parametrize("name", PREDICTORS)
def test_predictions_know_nothing_of_the_origin_and_unit(name: str, scale: float, shift: float) -> None:
    moved = FRAME.assign(year=scale * FRAME["year"] + shift)
    for one, two in zip(numbers(PREDICTORS[name](FRAME)), numbers(PREDICTORS[name](moved)), strict=True):
        assert np.isfinite(one).any()
        np.testing.assert_allclose(two, one, rtol=1e-6, atol=1e-8)


def test_a_baseline_that_no_number_holds_is_refused() -> None:
    far = cox_ph(plain(), "year + arm", FRAME.assign(year=FRAME["year"] + 1e5))
    with pytest.raises(InputError, match=r"covariates 0 lie so far from the data .* predict_survival"):
        far.baseline_hazard()


def test_the_baseline_times_the_ratio_is_the_hazard_predicted() -> None:
    fit = cox_ph(plain(stratum=MORE["site"]), "year + arm", FRAME.assign(year=FRAME["year"] + 20.0))
    base = fit.baseline_hazard()
    new = FRAME.assign(year=FRAME["year"] + 20.0).iloc[:1]
    at = base.time[base.stratum == 0]
    found = fit.predict_cumulative_hazard(new, at, stratum="u").estimate[0]
    want = np.exp(fit.linear_predictor(new)) * base.cumulative_hazard[base.stratum == 0]
    np.testing.assert_allclose(found, want, rtol=1e-9)
