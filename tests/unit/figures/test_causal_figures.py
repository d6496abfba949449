"""What the causal pictures show is what the results hold."""

from __future__ import annotations

import numpy as np
import pytest

from survsim import balance, clone_censor_weight, ipw_kaplan_meier, treatment_weights
from survsim.errors import InputError
from tests.helpers.causal_worlds import confounded, late_treatment
from tests.helpers.pictures import overlapping_texts


@pytest.fixture(scope="module")
def weights():
    _, frame = confounded(120, 0.0, np.random.default_rng(2))
    frame = frame.assign(age=np.random.default_rng(3).normal(size=120))
    return treatment_weights(frame["z"], "x + age", frame)


def line(ax, gid):
    return next(item for item in ax.lines if item.get_gid() == gid)


def test_love_plot_shows_differences_before_and_after(weights):
    made = balance(weights)
    ax = made.plot(names={"x": "frail"}, comparison="drug minus none", title="Balance")
    assert "drug minus none" in ax.get_xlabel()
    order = np.argsort(np.abs(made.difference_before))
    np.testing.assert_allclose(line(ax, "before").get_xdata(), made.difference_before[order])
    np.testing.assert_allclose(line(ax, "after").get_xdata(), made.difference_after[order])
    assert "frail" in [t.get_text() for t in ax.get_yticklabels()]
    assert overlapping_texts(ax) == []


@pytest.mark.parametrize("show", ["weight", "propensity"])
def test_weights_are_counted_upwards_and_downwards(weights, show):
    ax = weights.plot(show=show, names={0.0: "none", 1.0: "drug"}, title="Weights")
    heights = np.array([p.get_height() for p in ax.patches])
    assert heights[heights > 0].sum() == weights.treated.sum()
    assert -heights[heights < 0].sum() == (~weights.treated).sum()
    assert overlapping_texts(ax) == []


def test_weights_can_be_shown_in_two_ways_only(weights):
    with pytest.raises(InputError, match="show must be one of"):
        weights.plot(show="logit")


def test_curves_of_both_strategies():
    surv, start, frame = late_treatment(80, np.random.default_rng(4))
    made = clone_censor_weight(
        surv, start, grace=6, formula="x", data=frame, times=[6, 12, 18], tau=18, n_resamples=20
    )
    ax = made.plot(origin="diagnosis", endpoint="Overall survival", title="Trial")
    for g, label in enumerate(made.groups):
        drawn = line(ax, f"curve:{label}")
        inside = made.curves[g][0] <= 18
        np.testing.assert_allclose(drawn.get_ydata()[1:-1], made.curves[g][1][inside])
    assert overlapping_texts(ax) == []


def test_weighted_curves_have_the_same_picture():
    surv, frame = confounded(60, 0.0, np.random.default_rng(5))
    made = ipw_kaplan_meier(surv, frame["z"], "x", frame, times=[6, 12], tau=12, interval="robust")
    ax = made.plot(until=12)
    assert line(ax, "curve:1.0").get_ydata()[0] == 1.0 and ax.get_xlim()[1] >= 12
