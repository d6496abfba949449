"""From places to survival: percent, starts, noise, names and tolerances, on panels made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from survsim.digitising.found import Axis, Box, Hints, Panel, Refused, RiskTable, Trace
from survsim.digitising.meaning import meant


def axis(intercept, slope, ticks, title="", error=0.0):
    return Axis(intercept=intercept, slope=slope, ticks=ticks, error=error, one_pixel=abs(slope), title=title)


def trace(x, y, label="A", colour=(0.0, 0.0, 1.0), marks=()):
    x = np.asarray(x, float)
    return Trace(
        x=x, y=np.asarray(y, float), colour=colour, dash="solid", marks=np.asarray(marks, float), label=label,
        unsure=np.full(x.size, 0.5),
    )  # fmt: skip


def panel(*traces, top=1.0, at_risk=None, title="Survival", x_title="Months"):
    """A picture in which x = 0 to 100 is time 0 to 50 and y = 200 to 0 is height 0 to `top`."""
    return Panel(
        box=Box(x0=0, y0=0, x1=100, y1=200), x_axis=axis(0.0, 0.5, ((0, 0.0), (100, 50.0)), x_title),
        y_axis=axis(top, -top / 200, ((0, top), (200, 0.0)), title), traces=traces, at_risk=at_risk,
    )  # fmt: skip


def test_percent_and_fractions_are_one():
    x, y = [0, 10, 40, 80], [0, 20, 100, 100]
    one, other = meant(panel(trace(x, y)), Hints(), None), meant(panel(trace(x, y), top=100.0), Hints(), None)
    np.testing.assert_allclose(one.values[0], [1.0, 0.9, 0.5, 0.5])
    np.testing.assert_allclose(other.values[0], one.values[0])
    np.testing.assert_allclose(one.times[0], [0.0, 5.0, 20.0, 40.0])
    assert one.unit == "months" and one.said == ()
    # Half a pixel of the level (of the time: a whole one), and half of one of the axis, whose ticks stand at whole pixels too.
    assert one.tolerance_value == pytest.approx(1.0 / 200) and one.tolerance_time == pytest.approx(0.75)


def test_an_axis_of_something_else_is_refused():
    with pytest.raises(Refused, match="runs to 300"):
        meant(panel(trace([0, 10], [0, 50]), top=300.0), Hints(), None)


def test_noise_is_levelled_and_a_rise_is_said():
    quiet = meant(panel(trace([0, 10, 20, 30], [0, 40.2, 40, 60])), Hints(), None)
    assert (np.diff(quiet.values[0]) <= 0).all() and quiet.said == ()
    loud = meant(panel(trace([0, 10, 20, 30], [0, 60, 20, 80])), Hints(), None)
    assert any("rises by up to 0.2" in words for words in loud.said)


def test_a_curve_that_starts_elsewhere_is_said():
    low = meant(panel(trace([0, 10, 30], [60, 80, 120])), Hints(), None)
    assert low.values[0][0] == pytest.approx(0.7) and any("starts at 0.7, not at 1" in w for w in low.said)
    late = meant(panel(trace([40, 50, 90], [0, 80, 120])), Hints(), None)
    assert late.times[0][0] == 0.0 and any("begins at time 20" in w for w in late.said)
    near = meant(panel(trace([0, 30], [4, 40])), Hints(), None)
    np.testing.assert_allclose(near.values[0], [1.0, 0.98, 0.8])


def test_a_line_without_steps_is_said():
    x = np.arange(0, 100, 0.5)
    assert any("no steps can be seen" in w for w in meant(panel(trace(x, x)), Hints(), None).said)


def test_rows_of_the_risk_table_take_the_names_of_curves():
    table = RiskTable(
        labels=("treated", "Other"), times=np.array([0.0, 10.0]), numbers=np.array([[9.0, 4.0], [8.0, -1.0]])
    )
    traces = trace([0, 10], [0, 40], "Treated:"), trace([0, 10], [0, 60], "Control", (1.0, 0.0, 0.0))
    found = meant(panel(*traces, at_risk=table), Hints(), None)
    assert found.arms == ("Treated", "Control")
    assert found.risk == (("Treated", 0.0, 9), ("Treated", 10.0, 4), ("Other", 0.0, 8))
    assert any("'Other'" in words for words in found.said)


def test_numbers_at_risk_that_rise_are_said():
    table = RiskTable(labels=("A",), times=np.array([0.0, 10.0]), numbers=np.array([[5.0, 9.0]]))
    assert any(
        "entered late" in w for w in meant(panel(trace([0, 10], [0, 40]), at_risk=table), Hints(), None).said
    )


def test_a_title_that_speaks_of_something_else_is_said():
    curves = trace([0, 10], [0, 40])
    assert any("titled" in w for w in meant(panel(curves, title="Cumulative incidence"), Hints(), None).said)
    assert any("unit of time" in w for w in meant(panel(curves, x_title="t"), Hints(), None).said)
    with pytest.raises(Refused, match="cumulative hazard"):
        meant(panel(curves, title="Cumulative hazard"), Hints(), None)
