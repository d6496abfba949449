"""Forest plots and the swimmer lane: the drawn values are read back from the axes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from survsim import Surv, cox_ph, meta_analysis
from survsim.errors import InputError
from survsim.figures import swimmer
from survsim.figures.forest_rows import ForestRow, draw_rows, forest_axes
from tests.helpers.pictures import overlapping_texts

NAN = float("nan")


def found(ax, gid):
    return next(a for a in ax.get_children() if a.get_gid() == gid)


@pytest.fixture()
def pooled():
    return meta_analysis([-0.4, -0.2, -0.3], [0.2, 0.15, 0.1], labels=["a", "b", "c"])


def test_squares_stand_at_the_studies_hazard_ratios(pooled):
    ax = pooled.plot()
    for label, value in zip(pooled.labels, pooled.study_estimate):
        assert found(ax, f"estimate:{label}").get_xdata()[0] == pytest.approx(np.exp(value))
    assert ax.get_xscale() == "log"


def test_the_diamond_ends_at_the_interval(pooled):
    ax = pooled.plot()
    diamond = next(p for p in ax.patches if (p.get_gid() or "").startswith("pooled"))
    x = diamond.get_xy()[:, 0]
    np.testing.assert_allclose([x.min(), x.max()], np.exp([pooled.conf_low, pooled.conf_high]))


def test_numbers_beside_the_rows_are_those_drawn():
    rows = [ForestRow(label="a", estimate=0.5, conf_low=0.25, conf_high=1.0, weight=0.4)]
    ax = forest_axes(rows)
    draw_rows(ax, rows, measure="Hazard ratio", null=1.0, ratio=True)
    shown = [t.get_text() for t in ax.texts]
    assert "0.50 (0.25 to 1.00)" in shown and "40%" in shown
    np.testing.assert_array_equal(found(ax, "interval:a").get_xdata(), [0.25, 1.0])


def test_an_interval_beyond_the_axis_ends_in_an_arrow():
    rows = [ForestRow(label="a", estimate=1.0, conf_low=0.01, conf_high=2.0)]
    ax = forest_axes(rows)
    draw_rows(ax, rows, measure="HR", null=1.0, ratio=True, limits=(0.25, 4.0))
    arrows = [line for line in ax.lines if line.get_marker() == "<"]
    assert len(arrows) == 1 and arrows[0].get_xdata()[0] == 0.25


def test_the_cox_forest_shows_each_hazard_ratio_under_its_name():
    surv = Surv.right([1, 2, 3, 4, 5, 6], [1, 1, 0, 1, 1, 1], unit="months")
    fit = cox_ph(surv, "x", pd.DataFrame({"x": [1.0, 0, 1, 0, 1, 0]}))
    ax = fit.plot(names={"x": "exposed"})
    assert found(ax, "estimate:exposed").get_xdata()[0] == pytest.approx(fit.hazard_ratio[0])


def test_no_texts_of_a_forest_overlap(pooled):
    ax = pooled.plot(sides=("favours treatment", "favours control"), measure="Hazard ratio of death")
    assert overlapping_texts(ax) == []


def test_no_texts_of_a_lane_overlap():
    details = course(detail=["T11-L1", "44 Gy in 22 fractions", "12 mg, days 1-14 of 21"])
    ax = swimmer(details, unit="months", end=11, end_label="death at 11 months", title="Course")
    assert overlapping_texts(ax) == []


def course(**changes):
    rows = pd.DataFrame(
        [
            ("Surgery", "event", 0.0, 0.0, False, NAN, NAN),
            ("Radiotherapy", "course", 1.0, 2.0, True, 0.5, 1.5),
            ("Drug", "course", 3.0, 11.0, False, NAN, NAN),
        ],
        columns=["label", "kind", "start", "stop", "assumed", "start_low", "start_high"],
    )
    return rows.assign(**changes)


def test_bars_run_from_start_to_stop():
    ax = swimmer(course(), unit="months", end=11)
    bar = found(ax, "row:1")
    assert (bar.get_x(), bar.get_width()) == (1.0, 1.0)
    assert found(ax, "row:2").get_width() == 8.0


def test_an_assumed_date_is_hatched_and_a_stated_one_is_not():
    ax = swimmer(course(), unit="months", end=11)
    assert found(ax, "row:1").get_hatch() and not found(ax, "row:2").get_hatch()
    assert any("assumed" in t.get_text() for t in ax.get_legend().get_texts())


def test_the_range_of_an_assumed_date_is_drawn():
    ax = swimmer(course(), unit="months", end=11)
    segments = [c.get_segments() for c in ax.collections if hasattr(c, "get_segments")]
    spans = [(s[0][0], s[1][0]) for group in segments for s in group]
    assert (0.5, 1.5) in spans


def test_without_assumed_dates_the_key_does_not_speak_of_them():
    ax = swimmer(course(assumed=False), unit="months", end=11)
    assert not any("assumed" in t.get_text() for t in ax.get_legend().get_texts())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"stop": [0.0, 0.5, 11.0]}, r"row 1 \(Radiotherapy\) runs from 1 to 0.5"),
        (
            {"kind": ["event", "phase", "course"]},
            "kind in row 1 must be one of 'course', 'event'; got 'phase'",
        ),
        ({"stop": [0.0, 2.0, 14.0]}, r"row 2 \(Drug\) runs from 3 to 14"),
    ],
)
def test_a_course_that_cannot_be_drawn_is_refused(changes, message):
    with pytest.raises(InputError, match=message):
        swimmer(course(**changes), unit="months", end=11)


def test_a_missing_column_is_named():
    with pytest.raises(InputError, match="the course has no column 'assumed'"):
        swimmer(course().drop(columns="assumed"), unit="months", end=11)


def test_an_empty_course_is_refused():
    with pytest.raises(InputError, match="the course has no rows"):
        swimmer(course().iloc[:0], unit="months", end=11)
