"""Numbers so small or so large that squares and inverses leave the range: refused at the door, or the right limit."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from survsim import borrow, map_prior, meta_regression, power_prior
from survsim.borrowing import commensurate_prior, map_rate_prior, power_prior_rate
from survsim.calibration import Cohort, CourseModel, Endpoint, TransitionHazard, endpoint_median
from survsim.core.checks import between
from survsim.errors import InputError
from survsim.joint_model import median_term, rate_term
from survsim.radiotherapy import myelopathy_risk
from survsim.simulation import rates_from_cycles
from survsim.synthesis import pooled_survival_curve

Y, S, EVENTS, TIME = [0.1, 0.3, 0.2], [0.1, 0.1, 0.2], [3, 5, 9], [100.0, 120.0, 300.0]
COURSE = CourseModel(
    states=("alive", "dead"), start="alive", unit="months",
    transitions=(TransitionHazard(source="alive", target="dead", rate=0.1),),
)  # fmt: skip
ALIVE = Endpoint(kind="event_free", states=("alive",))
OF_ARM = {"study": "a", "unit": "months"}


@pytest.fixture(autouse=True)
def _no_runtime_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        yield


@pytest.mark.parametrize("tiny", [5e-324, 1e-320, 1e-151])
@pytest.mark.parametrize(
    "call",
    [
        lambda v: borrow(map_prior(Y, S, tau_scale=0.5), -0.3, v),
        lambda v: map_prior(Y, S, tau_scale=v),
        lambda v: map_prior(Y, S, tau_scale=0.5, mean_prior=(0.0, v)),
        lambda v: commensurate_prior(Y, S, tau_scale=v),
        lambda v: map_rate_prior(EVENTS, TIME, tau_scale=v),
        lambda v: map_rate_prior(EVENTS, TIME, tau_scale=0.5, mean_prior=(0.0, v)),
        lambda v: map_rate_prior(EVENTS, [v, 120.0, 300.0], tau_scale=0.5),
        lambda v: power_prior_rate(EVENTS, [v, 120.0, 300.0], power=0.5),
        lambda v: power_prior(Y, S, power=v),
        lambda v: power_prior(Y, S, power=[1.0, v, 0.5]),
        lambda v: rates_from_cycles([[0.9, 0.1], [0, 1]], cycle=v, time_unit="months"),
        lambda v: endpoint_median(COURSE, Cohort(name="all"), ALIVE, horizon=v),
        lambda v: median_term(14, n=40, assume_events=v, **OF_ARM),
        lambda v: rate_term(4, v, **OF_ARM),
    ],
)
def test_what_must_be_positive_is_refused_next_to_zero(call, tiny):
    with pytest.raises(InputError, match=r"near to 0|must be above|exposure|at least 1e-12|lie in \(1e-150"):
        call(tiny)


@pytest.mark.parametrize(
    "call",
    [
        lambda: power_prior_rate(EVENTS, TIME, power=0.5, initial=(np.inf, 0.0)),
        lambda: power_prior_rate(EVENTS, TIME, power=0.5, initial=(0.5, np.inf)),
        lambda: rate_term(4, 90.0, start=np.inf, **OF_ARM),
        lambda: rate_term(4, 90.0, extra_sd=np.inf, **OF_ARM),
        lambda: between("n", np.inf, 0.0, np.inf, open_ends=False),
        lambda: between("n", -np.inf, -np.inf, 0.0, open_ends=False),
    ],
)
def test_an_infinite_end_is_no_part_of_a_range(call):
    with pytest.raises(InputError, match=r"must lie in [\[(].*inf"):
        call()


def test_numbers_of_patients_and_moderators_beyond_all_measure_are_refused():
    with pytest.raises(InputError, match=r"A \(row 0\): 1e\+200 at risk"):
        pooled_survival_curve(["A", "B"], [12, 12], [0.5, 0.6], [1e200, 50], unit="months")
    huge = [1e200, 1, 2, 3.0]
    for given in ({"moderators": huge}, {"moderators": "x", "data": pd.DataFrame({"x": huge})}):
        with pytest.raises(InputError, match=r"moderators.* holds 1e\+200"):
            meta_regression([0.1, 0.2, 0.4, 0.3], [0.1, 0.1, 0.1, 0.2], **given)


def test_small_numbers_that_can_be_computed_with_have_their_limit():
    """No dose, no harm by the logistic model; a tau of nothing is the common rate of all, whose log has the sd of a gamma."""
    assert myelopathy_risk(1e-320, 25)["schultheiss_2008"] == 0.0
    common = np.sum(EVENTS) / np.sum(TIME)
    for scale in (1e-140, 1e-6):
        prior = map_rate_prior(EVENTS, TIME, tau_scale=scale)
        # flat in mu: exp(mu) is gamma of shape 17 over the exposure
        assert prior.mixture.mean_value() == pytest.approx(np.log(common) - 1 / 34, abs=1e-3)
    wide = power_prior(Y, S, power=1e-9).mixture
    assert wide.spread[0] == pytest.approx(np.sqrt(1e9 / (100 + 100 + 25)), rel=1e-12)
    assert power_prior(Y, S, power=[0.0, 1.0, 0.0]).mixture.centre[0] == pytest.approx(0.3)
