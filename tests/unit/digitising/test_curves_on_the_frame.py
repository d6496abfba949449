"""Curves that begin on the line of a frame: what it hides of them is known, and is no gap."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from survsim.digitising import digitise

TIME = np.array([0.0, 4, 9, 15, 20, 27, 33, 40, 46])
SURVIVAL = np.array([1.0, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125, 0.125])


def read(tmp_path, curves, kind="survival", dpi=150, colours=("tab:blue", "tab:red")):
    """Times and values of each curve drawn in a frame from 0 to 1, by its name, and what was read."""
    figure = Figure(figsize=(6, 4.5))
    axes = figure.add_subplot()
    for (time, value), colour in zip(curves, colours, strict=False):
        axes.step(time, value, where="post", color=colour)
    axes.set(xlim=(0, 48), ylim=(0, 1), xlabel="Months", ylabel=kind.capitalize())
    figure.savefig(tmp_path / "a.png", dpi=dpi)
    made = digitise(tmp_path / "a.png", kind=kind, arms=["A", "B"][: len(curves)])
    return [frame for _, frame in made.curves.groupby("arm", sort=False)], made


def values(frame, kind, when):
    return frame[kind].to_numpy()[np.searchsorted(frame["time"].to_numpy(), when, side="right") - 1]


@pytest.mark.parametrize("dpi", [100, 150, 300])
@pytest.mark.parametrize(("kind", "colour"), [("survival", "tab:blue"), ("survival", "black")])
def test_a_curve_of_few_patients_in_a_full_frame_is_read(tmp_path, dpi, kind, colour):
    height = SURVIVAL if kind == "survival" else 1 - SURVIVAL
    (curve,), made = read(tmp_path, [(TIME, height)], kind, dpi, (colour,))
    middle = (TIME[1:] + TIME[:-1]) / 2
    np.testing.assert_allclose(values(curve, kind, middle), height[:-1], atol=0.004)
    assert curve[kind].iloc[0] == height[0] and made.warnings == ()


def test_two_curves_in_a_full_frame(tmp_path):
    lower = np.array([0.0, 6, 12, 20, 30]), np.array([1.0, 0.6, 0.4, 0.2, 0.2])
    curves, _ = read(tmp_path, [(TIME, SURVIVAL), lower])
    ends = sorted(frame["survival"].iloc[-1] for frame in curves)
    assert ends == pytest.approx([0.125, 0.2], abs=0.004)
    first = sorted(frame["time"].iloc[1] for frame in curves)
    assert first == pytest.approx([4.0, 6.0], abs=0.2)


def test_a_curve_of_thirty_patients_starts_at_1(tmp_path):
    time = np.linspace(2, 45, 31)
    (curve,), made = read(tmp_path, [(np.r_[0.0, time], np.r_[1 - np.arange(31) / 30, 1 / 30])])
    assert curve["survival"].iloc[0] == 1.0 and made.warnings == ()
    assert curve["time"].iloc[1] == pytest.approx(2.0, abs=0.2)


def test_a_curve_that_lies_on_both_lines_of_the_frame(tmp_path):
    (curve,), _ = read(tmp_path, [(np.array([0.0, 10, 20, 30, 46]), np.array([1.0, 0.6, 0.3, 0, 0]))])
    assert curve["survival"].iloc[-1] == 0.0
    assert curve["time"].iloc[-1] == pytest.approx(30.0, abs=0.2)
