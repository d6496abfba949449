"""The plane and the curves along thresholds: what is drawn is what was computed."""

from __future__ import annotations

import numpy as np
import pytest

from survsim.core.errors import InputError
from tests.helpers.every_result import example


def drawn(ax, gid):
    (found,) = [line for line in ax.lines if line.get_gid() == gid]
    return np.asarray(found.get_xdata()), np.asarray(found.get_ydata())


def test_the_plane_shows_every_draw_and_the_means():
    found = example("CostEffectiveness")
    ax = found.plot(threshold=5000, per="years")
    x, y = drawn(ax, "draws:treat")
    assert np.allclose(x, found.difference("effect")[1]) and np.allclose(y, found.difference("cost")[1])
    x, y = drawn(ax, "mean:treat")
    assert y[0] / x[0] == pytest.approx(found.icer()[1])
    (line,) = [one for one in ax.lines if one.get_gid() == "threshold"]
    assert line.get_slope() == pytest.approx(5000 / 12)


@pytest.mark.parametrize(
    ("show", "values"),
    [
        ("acceptability", "probability_best"),
        ("net_benefit", "net_benefit"),
        ("expected_loss", "expected_loss"),
    ],
)
def test_the_curves_show_their_values(show, values):
    found = example("ThresholdCurves")
    ax = found.plot(show=show)
    for i, name in enumerate(found.strategies):
        x, y = drawn(ax, f"curve:{name}")
        assert np.array_equal(x, found.thresholds) and np.array_equal(y, getattr(found, values)[i])
    if show == "acceptability":
        assert np.array_equal(drawn(ax, "frontier")[1], found.frontier())


def test_the_value_of_information_along_thresholds():
    found = example("ThresholdCurves")
    assert np.array_equal(drawn(found.plot(show="value_of_information"), "evpi")[1], found.evpi)


def test_one_threshold_makes_no_curve():
    with pytest.raises(InputError, match="at least two thresholds"):
        example("CostEffectiveness").curves([1000.0], per="years").plot()


def test_a_decision_on_net_benefit_names_its_unit():
    decision = example("CostEffectiveness").net_benefit(5000, per="years")
    assert decision.plot().get_xlabel() == "Expected net benefit to 240 months"
    health = example("CostEffectiveness").net_benefit(5000, per="years", count_in="effect")
    assert health.plot().get_xlabel() == "Expected net health benefit to 240 months (months)"
