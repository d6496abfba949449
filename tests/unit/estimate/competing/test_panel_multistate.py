"""Markov models of visits: closed forms of two states, invariances, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from survsim.competing import PanelMultistate, panel_multistate
from survsim.errors import ConvergenceError, InputError
from tests.helpers.panel_visits import WAYS, walk


def pairs(counts: dict[tuple[str, str], int], width: float = 2.0) -> pd.DataFrame:
    """Two visits a patient, so many of each pair of states."""
    states = [s for pair, n in counts.items() for _ in range(n) for s in pair]
    n = len(states) // 2
    return pd.DataFrame(
        {"patient_id": np.repeat(np.arange(n), 2), "time": np.tile([0.0, width], n), "state": states}
    )


def test_one_way_is_a_binomial() -> None:
    """With one interval of length 2, exp(-2 q) is the share that stayed: 30 of 40."""
    fit = panel_multistate(
        pairs({("well", "well"): 30, ("well", "ill"): 10}), transitions={"well": ["ill"]}, unit="years"
    )
    q = -np.log(0.75) / 2
    assert fit.generator()[0].tolist() == pytest.approx([-q, q])
    # Of the share p the variance is p (1 - p) / n; of q that over (2 p) squared.
    error = np.sqrt(0.25 * 0.75 / 40) / (2 * 0.75)
    assert fit.to_frame()["std_error"].item() == pytest.approx(error, rel=1e-5)
    assert fit.log_likelihood == pytest.approx(30 * np.log(0.75) + 10 * np.log(0.25))
    table = fit.transition_probabilities(2.0)
    assert table["std_error"].tolist() == pytest.approx(
        [np.sqrt(0.25 * 0.75 / 40)] * 2 + [0.0, 0.0], rel=1e-5
    )
    low = table["conf_low"][0]
    assert np.log(low / (1 - low)) == pytest.approx(
        np.log(3) - 1.959964 / np.sqrt(40 * 0.25 * 0.75), rel=1e-5
    )


def test_two_ways_have_a_closed_form() -> None:
    """P(t) of two states: 1 - exp(-(a + b) t) times a / (a + b) and b / (a + b)."""
    seen = {("well", "well"): 30, ("well", "ill"): 10, ("ill", "ill"): 16, ("ill", "well"): 4}
    fit = panel_multistate(pairs(seen), transitions={"well": ["ill"], "ill": ["well"]}, unit="years")
    both = -np.log(1 - 0.25 - 0.2) / 2
    assert fit.to_frame()["intensity"].tolist() == pytest.approx([both * 0.25 / 0.45, both * 0.2 / 0.45])
    assert fit.observed.tolist() == [[30, 10], [4, 16]]
    assert fit.sojourn_times()["mean"].tolist() == pytest.approx([0.45 / 0.25 / both, 0.45 / 0.2 / both])


def test_exact_deaths_are_events_over_time() -> None:
    """With one way and every time of death known, the intensity is deaths over time at risk."""
    rows = [
        (i, t, s) for i in range(20) for t, s in ((0.0, "well"), (1.0 + i / 10, "dead" if i % 4 else "well"))
    ]
    data = pd.DataFrame(rows, columns=["patient_id", "time", "state"])
    fit = panel_multistate(data, transitions={"well": ["dead"]}, unit="years", exact=["dead"])
    assert fit.to_frame()["intensity"].item() == pytest.approx(15 / data["time"].sum())
    assert np.sqrt(fit.covariance).item() == pytest.approx(1 / np.sqrt(15), rel=1e-5)


def test_a_model_of_two_groups_is_the_two_models() -> None:
    data = walk()
    both = panel_multistate(data, transitions=WAYS, unit="years", exact=["dead"], formula="z")
    for z in (0, 1):
        alone = panel_multistate(data[data["z"] == z], transitions=WAYS, unit="years", exact=["dead"])
        mine = both.intensities(pd.DataFrame({"z": [z]}))
        for name in ("intensity", "std_error", "conf_low", "conf_high"):
            np.testing.assert_allclose(mine[name], alone.to_frame()[name], rtol=1e-3)
    assert both.hazard_ratios()["hazard_ratio"][0] == pytest.approx(2.0, rel=0.5)


def test_units_rows_and_scales_do_not_matter() -> None:
    data = walk()
    fit = panel_multistate(data, transitions=WAYS, unit="years", exact=["dead"], formula="z")
    other = data.assign(z=1000.0 * data["z"] + 7.0, time=12.0 * data["time"]).sample(frac=1.0, random_state=1)
    again = panel_multistate(other, transitions=WAYS, unit="months", exact=["dead"], formula="z")
    np.testing.assert_allclose(12.0 * again.generator(), fit.generator(), rtol=1e-5)
    np.testing.assert_allclose(1000.0 * again.coefficients, fit.coefficients, rtol=1e-4, atol=1e-6)
    p, q = fit.transition_probabilities(3.0), again.transition_probabilities(36.0)
    np.testing.assert_allclose(p["std_error"], q["std_error"], rtol=1e-4)


def test_truth_is_covered() -> None:
    fit = panel_multistate(walk(11, 400), transitions=WAYS, unit="years", exact=["dead"], formula="z")
    at = fit.intensities(pd.DataFrame({"z": [0]}))
    error = np.log(at["intensity"] / np.array([0.3, 0.05, 0.2, 0.3])) / (at["std_error"] / at["intensity"])
    assert (np.abs(error) < 3.5).all()


def test_prevalence_counts_the_dead_for_ever() -> None:
    data = pd.DataFrame(
        {"patient_id": list("aabb"), "time": [0.0, 1.0, 0.0, 3.0], "state": ["well", "dead", "well", "well"]}
    )
    fit = panel_multistate(data, transitions={"well": ["dead"]}, unit="years", exact=["dead"])
    table = fit.prevalence([2.0, 5.0])
    assert table["observed"].tolist() == [1, 1, 0, 1]
    assert table["at_risk"].tolist() == [2, 2, 1, 1]
    # One death in four years.
    assert table["expected_share"].tolist() == pytest.approx(
        [np.exp(-0.5), 1 - np.exp(-0.5), np.exp(-1.25), 1 - np.exp(-1.25)]
    )


def _with(**columns: Any) -> pd.DataFrame:
    return pairs({("well", "well"): 3, ("well", "ill"): 2}).assign(**columns)


@pytest.mark.parametrize(
    ("data", "given", "message"),
    [
        (_with(state="sick"), {}, "'sick', but transitions name 'well', 'ill'"),
        (_with(time=1.0), {}, "two visits at 1 years"),
        (_with(patient_id=range(10)), {}, "no patient was seen twice"),
        (pairs({("ill", "well"): 2}), {}, "no path of transitions"),
        (pairs({("ill", "ill"): 2}), {}, "no path of transitions"),
        (_with(), {"transitions": {}}, "transitions names none"),
        (_with(), {"transitions": {"well": ["well", "ill"]}}, "to itself"),
        (_with(), {"transitions": {"well": ["ill"], "ill": ["well"]}, "exact": ["ill"]}, "can be left again"),
        (_with(), {"exact": ["dead"]}, "no state"),
        (_with(z=1.0), {"formula": "z"}, "one value at all visits"),
        (_with(), {"formula": "age"}, "age"),
        (_with(), {"patient": "who"}, "no column 'who'"),
        (_with(), {"conf_level": 1.0}, "conf_level"),
    ],
)
def test_refusals(data: pd.DataFrame, given: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        panel_multistate(data, **({"transitions": {"well": ["ill"]}, "unit": "years"} | given))


def test_what_the_visits_do_not_tell_is_named() -> None:
    """Nobody was ever seen ill: the way out of illness is not told."""
    data = pairs({("well", "well"): 30, ("well", "dead"): 10})
    with pytest.raises(ConvergenceError, match=r"do not tell the intensity \w+ > \w+"):
        panel_multistate(data, transitions={"well": ["ill", "dead"], "ill": ["dead"]}, unit="years")


@pytest.fixture(scope="module")
def fitted() -> PanelMultistate:
    return panel_multistate(walk(), transitions=WAYS, unit="years", exact=["dead"])


def test_refusals_of_the_fit(fitted: PanelMultistate) -> None:
    with pytest.raises(InputError, match="no covariate"):
        fitted.hazard_ratios()
    with pytest.raises(InputError, match="no covariate"):
        fitted.generator(pd.DataFrame({"z": [1]}))
    with pytest.raises(InputError, match="0 or later"):
        fitted.transition_probabilities(-1.0)
    late = walk().assign(time=lambda d: d["time"] + d["patient_id"] / 1e3)
    with pytest.raises(InputError, match="common time of the first visit"):
        panel_multistate(late, transitions=WAYS, unit="years", exact=["dead"]).prevalence([1.0])
    with pytest.raises(InputError, match="one row"):
        model = panel_multistate(walk(), transitions=WAYS, unit="years", exact=["dead"], formula="z")
        model.generator(pd.DataFrame({"z": [1, 0]}))
