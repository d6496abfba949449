"""A frame without a formula is its columns but those that the response was made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from survsim import (
    Surv,
    bootstrap,
    cause_specific_cox,
    compare_families,
    cox_ph,
    fine_gray,
    parametric_survival,
    read_result,
    royston_parmar,
)
from survsim.core.errors import InputError
from survsim.cox import cox_resamples, penalty_path
from survsim.parametric import interval_censored_parametric

RNG = np.random.default_rng(7)
N = 60
FRAME = pd.DataFrame({
    "week": np.ceil(RNG.exponential(20, N)), "arrest": RNG.integers(0, 2, N), "age": RNG.normal(40, 8, N), "fin": RNG.integers(0, 2, N),
    "w": RNG.uniform(1, 3, N), "site": RNG.integers(0, 3, N), "who": np.arange(N), "late": 0.5,
})  # fmt: skip
COVARIATES = FRAME[["age", "fin"]]
PLAIN = FRAME[["week", "arrest", "age", "fin"]]
NAMED = Surv.right("week", "arrest", data=PLAIN, unit="weeks")
PASSED = Surv.right(FRAME.week, FRAME.arrest, unit="weeks")
CAUSES = PLAIN.assign(arrest=np.where(FRAME.arrest == 1, 1 + np.arange(N) % 2, 0))
COMPETING = Surv.competing("week", "arrest", data=CAUSES, unit="weeks")


@pytest.mark.parametrize(
    "fit",
    [
        lambda s, x: cox_ph(s, data=x).estimate,
        lambda s, x: cox_ph(s, data=x, penalty="ridge", penalty_strength=1).estimate,
        lambda s, x: cox_ph(s, data=x, penalty="firth").estimate,
        lambda s, x: cox_ph(s, data=x, missing="drop").estimate,
        lambda s, x: parametric_survival(s, "weibull", data=x).estimate,
        lambda s, x: royston_parmar(s, data=x, df=1).estimate,
        lambda s, x: compare_families(s, data=x, families=["weibull", "exponential"]).to_frame()["aic"],
        lambda s, x: penalty_path(s, None, x, strengths=[1.0], folds=3).score,
        lambda s, x: bootstrap(s, "cox", covariates=x, n_resamples=3).replicates,
        lambda s, x: cox_resamples(s, x, np.ones((1, N), int)).estimate,
    ],
)
def test_every_model_leaves_out_the_columns_of_the_response(fit: Callable[[Any, Any], Any]) -> None:
    """lifelines leaves out its duration and event columns as well."""
    np.testing.assert_array_equal(fit(NAMED, PLAIN), fit(NAMED, COVARIATES))
    np.testing.assert_array_equal(fit(NAMED, COVARIATES), fit(PASSED, COVARIATES))
    with pytest.raises(InputError, match="'week' holds the times; column 'arrest' holds the events"):
        fit(PASSED, PLAIN)


def test_models_of_causes_do_so_too() -> None:
    assert fine_gray(COMPETING, data=CAUSES, cause=1).terms == ("age", "fin")
    assert cause_specific_cox(COMPETING, None, CAUSES).fits[2].terms == ("age", "fin")
    assert cox_ph(COMPETING.for_cause(1), data=CAUSES).terms == ("age", "fin")
    passed = Surv.competing(CAUSES.week, CAUSES.arrest, unit="weeks")
    for surv in (passed, passed.for_cause(2)):
        with pytest.raises(InputError, match="column 'arrest' holds the causes"):
            cox_ph(surv, data=CAUSES.drop(columns="week"))


def test_every_part_that_was_named_is_left_out() -> None:
    surv = Surv.right(
        "week",
        "arrest",
        data=FRAME,
        unit="weeks",
        entry="late",
        weight="w",
        stratum=["site", "fin"],
        cluster="who",
    )
    assert cox_ph(surv, data=FRAME).terms == ("age",)
    whole = Surv.right("week", "arrest", data=FRAME, unit="weeks", id="who", entry="late")
    assert cox_ph(whole, data=FRAME.drop(columns=["w", "site"])).terms == ("age", "fin")
    weighted = Surv.right("week", "arrest", data=PLAIN, unit="weeks", weight=FRAME.w)
    with pytest.raises(InputError, match="column 'w' holds the weight of the response"):
        cox_ph(weighted, data=FRAME[["age", "w"]])
    assert cox_ph(weighted, "age + w", FRAME).terms == ("age", "w")


def test_the_response_is_known_after_it_was_changed() -> None:
    old = FRAME.age > 35
    expected = cox_ph(NAMED.take(old), data=COVARIATES[old]).estimate
    np.testing.assert_array_equal(cox_ph(NAMED.take(old), data=PLAIN[old]).estimate, expected)
    assert cox_ph(NAMED.to_unit("days"), data=PLAIN).terms == ("age", "fin")
    for made in (PASSED.take(old), PASSED.to_unit("days").take(old)):
        with pytest.raises(InputError, match="'week' holds the times"):
            cox_ph(made, data=PLAIN[old])


def test_another_frame_with_the_same_names() -> None:
    sorted_anew, standardised = PLAIN.sort_values("age"), (PLAIN - PLAIN.mean()) / PLAIN.std()
    for frame in (sorted_anew, standardised, {c: PLAIN[c].to_numpy() for c in PLAIN}):
        assert cox_ph(NAMED, data=frame).terms == ("age", "fin")
    with pytest.raises(InputError, match=r"another column of this name \(as time\)"):
        cox_ph(NAMED, data=PLAIN.assign(week=FRAME.age))
    even = Surv.right("week", "arrest", data=PLAIN.assign(w=1.0), weight="w", unit="weeks")
    assert cox_ph(even, data=PLAIN.assign(w=2.0)).terms == ("age", "fin")
    with pytest.raises(InputError, match=r"another column of this name \(as weight\)"):
        cox_ph(even, data=FRAME[["age", "w"]])
    with pytest.raises(InputError, match="column 'w' holds the times; column 'a' holds the events"):
        cox_ph(NAMED, data=PLAIN.rename(columns={"week": "w", "arrest": "a"}))


def test_times_are_known_in_another_unit_and_in_an_array() -> None:
    with pytest.raises(InputError, match="column 'week' holds the times"):
        cox_ph(Surv.right(FRAME.week * 7, FRAME.arrest, unit="days"), data=FRAME[["week", "age"]])
    with pytest.raises(InputError, match="column 0 of data holds the times"):
        cox_ph(NAMED, data=PLAIN.to_numpy(float), penalty="ridge", penalty_strength=1)


def test_the_ends_of_intervals_are_no_covariates() -> None:
    frame = pd.DataFrame({"low": FRAME.week, "high": FRAME.week + 3 + FRAME.fin, "age": FRAME.age})
    options: Any = dict(family="exponential", unit="weeks")
    assert len(interval_censored_parametric(frame.low, frame.high, data=frame[["age"]], **options).terms) == 2
    with pytest.raises(InputError, match="column 'low' holds the times"):
        interval_censored_parametric(frame.low, frame.high, data=frame[["low", "age"]], **options)


def test_nothing_but_the_response_and_a_prediction() -> None:
    for rest in (PLAIN[["week", "arrest"]], PLAIN["week"]):
        with pytest.raises(InputError, match="no covariate is left"):
            cox_ph(NAMED, data=rest)
    fit = cox_ph(NAMED, data=PLAIN)
    np.testing.assert_array_equal(
        fit.predict_survival(PLAIN[:3], [10]).survival, fit.predict_survival(COVARIATES[:3], [10]).survival
    )


def test_a_response_out_of_a_file_refuses_its_columns(tmp_path: Any) -> None:
    """The names are not stored: the values still tell."""
    fit = cox_ph(NAMED, data=PLAIN)
    fit.save(tmp_path / "fit.json")
    with pytest.raises(InputError, match="'week' holds the times; column 'arrest' holds the events"):
        cox_ph(read_result(tmp_path / "fit.json").surv, data=PLAIN)
