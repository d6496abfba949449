"""Resamples whose columns are taken by row have the numbers of a formula that is read again each time, bit for bit."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from survsim import Surv, cox_ph, royston_parmar, standardised_survival
from survsim.estimate.causal.resampled_designs import ResampledDesigns
from survsim.estimate.resampling.bootstrap import resample_counts

N = 60
ROWS = np.random.default_rng(11)
FRAME = pd.DataFrame(
    {
        "z": np.arange(N) % 2,
        "age": ROWS.normal(60, 9, N).round(1),
        "site": ROWS.choice(["bone", "lung", "skin"], N),
        "grade": pd.Categorical(ROWS.choice([1, 2, 3], N), categories=[3, 2, 1]),
        # One patient of 60 is missing from every third resample.
        "rare": np.where(np.arange(N) == 7, "one", "others"),
    }
)
TIME, EVENT = ROWS.exponential(9, N).clip(0.2).round(1), ROWS.random(N) < 0.8
TWICE = np.repeat(np.arange(N), 2)
SECOND = np.arange(2 * N) % 2 == 1
"""Each patient's follow-up in two rows, cut in its middle."""

RESPONSES = {
    "plain": lambda: Surv.right(TIME, EVENT, unit="months"),
    "weights": lambda: Surv.right(TIME, EVENT, unit="months", weight=1.0 + FRAME["age"].to_numpy() % 2),
    "clusters": lambda: Surv.right(TIME, EVENT, unit="months", cluster=np.arange(N) // 3),
    "start-stop": lambda: Surv.right(
        np.where(SECOND, TIME[TWICE], TIME[TWICE] / 2), SECOND & EVENT[TWICE], unit="months",
        entry=np.where(SECOND, TIME[TWICE] / 2, 0.0), id=TWICE,
    ),
}  # fmt: skip


@pytest.fixture
def taken(monkeypatch):
    """The designs that were taken by row, None for a resample that lacks a label."""
    found = []
    drawn = ResampledDesigns.drawn
    monkeypatch.setattr(
        ResampledDesigns, "drawn", lambda self, rows: found.append(drawn(self, rows)) or found[-1]
    )
    return found


def both_roads(monkeypatch, fit, frame, **options):
    """Replicates as they are, and with every formula read again."""
    asked = {"times": [2, 5], "tau": 5, "n_resamples": 10, "seed": 4} | options
    quick = standardised_survival(fit, frame, "z", **asked)
    with monkeypatch.context() as slow:
        slow.setattr(ResampledDesigns, "of", classmethod(lambda *_: None))
        return quick.replicates, standardised_survival(fit, frame, "z", **asked).replicates


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("kind", RESPONSES)
def test_factors_and_products_with_the_treatment(monkeypatch, taken, kind, ties):
    surv = RESPONSES[kind]()
    frame = FRAME.loc[TWICE].reset_index(drop=True) if kind == "start-stop" else FRAME
    fit = cox_ph(surv, "z * site + log(age) + grade", frame, ties=ties)
    population = "treated" if kind == "weights" else "all"
    quick, slow = both_roads(monkeypatch, fit, frame, population=population)
    np.testing.assert_array_equal(quick, slow)
    assert len(taken) == 10 and np.isfinite(quick).any()


def test_splines_of_time(monkeypatch, taken):
    fit = royston_parmar(RESPONSES["plain"](), "z + C(site)", FRAME, df=2, time_varying={"z": 1})
    quick, slow = both_roads(monkeypatch, fit, FRAME, n_resamples=4)
    np.testing.assert_array_equal(quick, slow)
    assert len(taken) == 4 and np.isfinite(quick).any()


def test_a_label_that_a_resample_lacks_is_no_column_there(monkeypatch, taken):
    # The population leaves the rare patient out, so that a model without her column still has an answer.
    frame = FRAME.assign(z=np.where(FRAME["rare"] == "one", 0, FRAME["z"]), age=FRAME["age"] / 10)
    fit = cox_ph(RESPONSES["plain"](), "z + age + rare", frame, penalty="ridge", penalty_strength=1.0)
    quick, slow = both_roads(monkeypatch, fit, frame, population="treated", n_resamples=20)
    np.testing.assert_array_equal(quick, slow)
    lacking = np.array([design is None for design in taken])
    assert 0 < lacking.sum() < 20


def first_resample(fit, formula, fitter=cox_ph, **options):
    """The first replicate, and the estimate of the model fitted by hand to those rows."""
    found = standardised_survival(fit, FRAME, "z", 5, tau=5, n_resamples=3, seed=4)
    counts = resample_counts(N, 3, 4, stream="standardisation", cluster=None)[0]
    rows = np.repeat(np.arange(N), counts.astype(int))
    frame = FRAME.iloc[rows].reset_index(drop=True)
    again = fitter(fit.surv.take(rows), formula, frame, **options)
    return found.replicates[0], standardised_survival(again, frame, "z", 5, tau=5, n_resamples=0).estimate


@pytest.mark.parametrize("term", ["bs(age, df=3)", "center(age)", "poly(age, 2)"])
def test_what_is_learned_from_all_rows_is_learned_again(taken, term):
    fit = cox_ph(RESPONSES["plain"](), f"z + {term}", FRAME)
    np.testing.assert_allclose(*first_resample(fit, f"z + {term}"), rtol=1e-12)
    assert taken == []


@pytest.mark.parametrize(
    ("fitter", "options"),
    [
        (cox_ph, {"penalty": "elasticnet", "penalty_strength": 12.0, "l1_ratio": 0.05}),
        (royston_parmar, {"df": 2, "knots": [9.0]}),
    ],
)
def test_a_resample_is_fitted_with_the_options_of_the_fit(fitter, options):
    """The share of the absolute penalty was 0.5 and the knots those of centiles, whatever had been asked for."""
    fit = fitter(RESPONSES["plain"](), "z + age", FRAME, **options)
    np.testing.assert_allclose(*first_resample(fit, "z + age", fitter, **options), rtol=1e-9)
