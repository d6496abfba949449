"""Kaplan-Meier figures: the drawn values are read back from the axes."""

from __future__ import annotations

import matplotlib
import numpy as np
import pytest

from survsim import Surv, kaplan_meier
from survsim.errors import InputError
from survsim.figures.style import RC
from survsim.figures.time_axis import tick_step
from tests.helpers.every_result import example
from tests.helpers.pictures import overlapping_texts

TIME = [2, 5, 5, 8, 12, 20, 26, 30]
EVENT = [1, 1, 0, 1, 0, 1, 0, 1]


@pytest.fixture()
def curve():
    return kaplan_meier(Surv.right(TIME, EVENT, unit="months"))


def found(ax, gid):
    matches = [a for a in ax.get_children() if a.get_gid() == gid]
    assert len(matches) == 1, [a.get_gid() for a in ax.get_children() if a.get_gid()]
    return matches[0]


def test_the_drawn_curve_is_the_estimate_from_time_zero(curve):
    line = found(curve.plot(), "curve:all")
    assert line.get_drawstyle() == "steps-post"
    np.testing.assert_array_equal(line.get_xdata(), np.concatenate([[0], curve.time]))
    np.testing.assert_array_equal(line.get_ydata(), np.concatenate([[1], curve.estimate]))


def test_a_curve_with_a_time_zero_is_not_given_a_second_one():
    km = kaplan_meier(Surv.right([0, 3, 5], [0, 1, 1], unit="months"))
    np.testing.assert_array_equal(found(km.plot(), "curve:all").get_xdata(), [0, 3, 5])


def test_censoring_ticks_stand_at_censored_times_on_the_curve(curve):
    line = found(curve.plot(), "censored:all")
    np.testing.assert_array_equal(line.get_xdata(), [5, 12, 26])
    np.testing.assert_allclose(line.get_ydata(), curve.estimate[np.isin(curve.time, [5, 12, 26])])


def test_the_band_holds_the_limits(curve):
    band = found(curve.plot(), "band:all")
    points = band.get_paths()[0].vertices
    for low in curve.conf_low[np.isfinite(curve.conf_high)]:
        assert np.isclose(points[:, 1], low).any()


def test_no_band_without_intervals():
    km = kaplan_meier(Surv.right(TIME, EVENT, unit="months"), conf_type="none")
    assert not [a for a in km.plot().get_children() if (a.get_gid() or "").startswith("band")]


def test_numbers_at_risk_stand_below_their_ticks(curve):
    ax = curve.plot()
    texts = {t.get_gid(): t for t in ax.texts if t.get_gid()}
    for tick in ax.get_xticks():
        text = texts[f"risk:all:{tick:g}"]
        assert int(text.get_text()) == sum(t >= tick for t in TIME)
        assert text.xy[0] == tick


def test_groups_have_their_own_rows_of_numbers():
    by = ["a", "b"] * 4
    km = kaplan_meier(Surv.right(TIME, EVENT, unit="months"), by=by)
    ax = km.plot(names={"a": "arm A"})
    texts = {t.get_gid(): t.get_text() for t in ax.texts if t.get_gid()}
    assert texts["risk:a:0"] == "4" and texts["risk:b:0"] == "4"
    assert "arm A" in [t.get_text() for t in ax.texts]
    heights = {t.get_position()[1] for t in ax.texts if (t.get_gid() or "").startswith("risk:")}
    assert len(heights) == 2


def test_the_median_is_marked_where_the_result_has_it(curve):
    line = found(curve.plot(), "median:all")
    assert set(line.get_xdata()) == {curve.median().estimate[0]}


def test_a_median_that_is_not_reached_is_said_and_not_drawn():
    km = kaplan_meier(Surv.right([1, 2, 3, 4], [1, 0, 0, 0], unit="months"))
    ax = km.plot()
    assert "median not reached" in ax.get_legend().get_texts()[0].get_text()
    assert not [a for a in ax.lines if (a.get_gid() or "").startswith("median")]


def test_the_marker_stands_at_its_time_and_names_the_unit(curve):
    ax = curve.plot(marker=(11, "index case"))
    assert set(found(ax, "marker").get_xdata()) == {11}
    assert "index case: 11 months" in [t.get_text() for t in ax.texts]


def test_a_second_band_is_drawn_as_dashed_limits(curve):
    other = kaplan_meier(Surv.right(TIME, EVENT, unit="months"), conf_type="plain")
    ax = curve.plot(second_band=other)
    line = found(ax, "second:low:all")
    np.testing.assert_array_equal(line.get_ydata()[1:], other.conf_low)
    assert "plain" in ax.get_legend().get_texts()[-1].get_text()


def test_axes_name_endpoint_origin_and_unit(curve):
    ax = curve.plot(endpoint="Overall survival", origin="diagnosis")
    assert ax.get_xlabel() == "Time since diagnosis (months)"
    assert ax.get_ylabel() == "Overall survival (proportion)"


def test_until_must_be_positive(curve):
    with pytest.raises(InputError, match=r"until must lie in .* got -3"):
        curve.plot(until=-3)


@pytest.mark.parametrize(
    ("end", "unit", "step"),
    [
        (140, "months", 24),
        (11, "months", 2),
        (60, "months", 12),
        (4000, "days", 730),
        (4.2, "years", 0.5),
        (0.06, "years", 0.01),
        (0.5, "days", 0.1),
        (1.2e6, "days", 200_000),
    ],
)
def test_ticks_stand_at_round_numbers_of_the_unit(end, unit, step):
    assert tick_step(end, unit) == step


@pytest.mark.parametrize("time", [-3, 200, 1e5, float("nan")])
def test_a_marker_off_the_time_axis_is_refused(curve, time):
    with pytest.raises(
        InputError, match=r"the time of marker must lie on the time axis, between 0 and .* Pass until="
    ):
        curve.plot(marker=(time, "index case"))


def test_a_longer_axis_has_room_for_a_marker_after_the_last_follow_up(curve):
    end = float(curve.time.max())
    ax = curve.plot(marker=(2 * end, "index case"), until=3 * end, width="85mm")
    line = next(one for one in ax.lines if one.get_gid() == "marker")
    assert list(line.get_xdata()) == [2 * end, 2 * end]
    assert ax.get_xlim() == (0, 3 * end)


def test_drawing_leaves_the_users_settings_alone(curve):
    before = {name: matplotlib.rcParams[name] for name in RC}
    curve.plot()
    assert {name: matplotlib.rcParams[name] for name in RC} == before


def test_no_text_overlaps_another(curve):
    km = kaplan_meier(Surv.right(TIME, EVENT, unit="months"), by=["stage I", "stage III"] * 4)
    ax = km.plot(marker=(11, "index case"), endpoint="Overall survival", origin="diagnosis", title="Title")
    assert overlapping_texts(ax) == []


@pytest.mark.parametrize("name", ["$5 to $9", "$\\frac{1$", "a_b^c $x$"])
def test_a_dollar_sign_in_a_name_is_money(name):
    """Mathematics between dollar signs would swallow them, or end in the parser of matplotlib."""
    surv = Surv.right([1, 2, 3, 4], [1, 1, 0, 1], unit="months")
    ax = kaplan_meier(surv, [name, name, "other", "other"]).plot(title=name)
    ax.figure.canvas.draw()
    named = [t for t in ax.figure.findobj(matplotlib.text.Text) if name in t.get_text()]
    assert named and not any(t.get_parse_math() for t in named)


@pytest.mark.parametrize("until", [-1e300, -1, 0, float("nan"), float("inf"), "12", True])
@pytest.mark.parametrize(
    "name", ["CohortResult", "KaplanMeier", "AalenJohansen", "MultistateOccupancy", "CausalContrast"]
)
def test_the_last_time_shown_is_above_zero_everywhere(name, until):
    """Found by the fuzz: a cohort drawn until -1e300 ended in numpy's words about sizes."""
    with pytest.raises(InputError, match="until"):
        example(name).plot(until=until)
