"""What is stated of a reading holds: lines are drawn at whole pixels, and a mark at the end of a curve runs on beyond it."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from survsim.digitising import digitise

TIME = np.r_[0, np.arange(3, 43, 3) + np.random.default_rng(1).uniform(-1, 1, 14), 45]
SURVIVAL = np.array(
    [1, 0.93, 0.88, 0.81, 0.77, 0.69, 0.62, 0.58, 0.51, 0.47, 0.41, 0.36, 0.33, 0.27, 0.22, 0.22]
)


def read(path, time, survival, *, size=(6, 4.5), dpi=100, width=1.5, marks=(), mark_size=6):
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.add_subplot()
    axes.step(time, survival, where="post", linewidth=width, color="tab:blue")
    at = np.searchsorted(time[:-1], marks, side="right") - 1
    axes.plot(marks, np.asarray(survival)[at], "+", markersize=mark_size, color="tab:blue")
    axes.set(xlim=(0, 48), ylim=(0, 1.02), xlabel="Months", ylabel="Survival")
    figure.savefig(path, dpi=dpi)
    return digitise(path)


def test_levels_and_times_keep_what_is_stated_of_them(tmp_path):
    level, time = [], []
    for k, (size, dpi, width) in enumerate(
        [((6, 4.5), 80, 1.5), ((6, 4.5), 100, 1.5), ((6, 4.5), 150, 1.5), ((4, 3), 80, 1.0), ((4, 3), 150, 2)]
    ):
        made = read(tmp_path / f"a.{('png', 'jpg')[k % 2]}", TIME, SURVIVAL, size=size, dpi=dpi, width=width)
        middle = (TIME[1:-1] + TIME[2:]) / 2
        found = made.curve_value[np.searchsorted(made.curve_time, middle, side="right") - 1]
        level += (np.abs(found - SURVIVAL[1:-1]) <= made.tolerance["survival"]).tolist()
        away = np.abs(made.curve_time[:, None] - TIME[None, 1:-1]).min(axis=0)
        time += (away <= made.tolerance["time"]).tolist()
        # Below a pixel and a half nothing is drawn; a tolerance of more would say too little.
        assert made.tolerance["survival"] <= 1.5 * abs(made.axes["y"][1])
    assert np.mean(level) >= 0.95 and np.mean(time) >= 0.95


@pytest.mark.parametrize("size", [6, 12])
def test_a_curve_ends_at_the_middle_of_its_last_mark(tmp_path, size):
    time, survival = [0, 4, 9, 15, 20, 27, 36], [1, 0.875, 0.75, 0.625, 0.5, 0.375, 0.375]
    made = read(tmp_path / "a.png", time, survival, dpi=150, marks=(6, 11, 17, 22, 31, 36), mark_size=size)
    assert made.curve_time[-1] == pytest.approx(36, abs=made.tolerance["time"])
    assert made.mark_time[-1] == pytest.approx(36, abs=made.tolerance["time"])
