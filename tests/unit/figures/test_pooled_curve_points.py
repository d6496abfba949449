"""A pooled curve is drawn where it was pooled, and nowhere between."""

from __future__ import annotations

import numpy as np

from survsim import pooled_survival_curve


def drawn():
    pooled = pooled_survival_curve(
        ["A", "A", "B", "B"], [12, 24, 12, 24], [0.8, 0.6, 0.7, 0.5], [100, 78, 50, 33], unit="months",
        effects="fixed",
    )  # fmt: skip
    return pooled, pooled.plot()


def by_gid(artists, gid):
    return next(a for a in artists if a.get_gid() == gid)


def test_nothing_joins_the_times_of_a_pooled_curve():
    pooled, ax = drawn()
    for line in ax.get_lines():
        assert line.get_linestyle() == "None" and line.get_marker() not in ("", "None", None)
    mean = by_gid(ax.get_lines(), "curve:mean")
    np.testing.assert_array_equal(mean.get_xdata()[1:], pooled.time)
    np.testing.assert_array_equal(mean.get_ydata()[1:], pooled.survival)


def test_limits_are_bars_at_the_times():
    pooled, ax = drawn()
    for gid, low, high in (
        ("band:mean", pooled.conf_low, pooled.conf_high),
        ("band:prediction", pooled.prediction_low, pooled.prediction_high),
    ):
        bars = by_gid(ax.collections, gid).get_segments()
        np.testing.assert_allclose(bars, [[(t, a), (t, b)] for t, a, b in zip(pooled.time, low, high)])


def test_each_study_stands_at_its_own_readings():
    _, ax = drawn()
    line = by_gid(ax.get_lines(), "study:B")
    np.testing.assert_allclose(line.get_ydata()[1:], [0.7, 0.5])
