"""Limits drawn in the colour and dash of their curve, as base R does where a dash is named, and three arms drawn alike."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from survsim.digitising import digitise
from tests.helpers.small_figures import TWO, arm, panel

pytestmark = pytest.mark.filterwarnings("ignore::survsim.errors.EvidenceWarning")


def _saved(path, paint):
    figure = Figure(figsize=(6, 4.4), layout="constrained")
    ax = figure.add_subplot()
    paint(ax)
    ax.set(xlim=(0, 60), ylim=(0, 1.02), xlabel="Months", ylabel="Overall survival")
    figure.savefig(path)
    return path


@pytest.mark.parametrize("form", ["a.svg", "a.pdf"])
def test_limits_in_the_style_of_their_curve_are_left_aside_and_said(tmp_path, form):
    def paint(ax):
        panel(ax, TWO, marks=None, legend=False)
        for one, colour in zip(TWO, ("#1f77b4", "#d62728"), strict=True):
            x, y = np.r_[0.0, one.time, one.end], np.r_[1.0, one.survival, one.survival[-1]]
            for sign in (-1, 1):
                limit = np.clip(y + sign * 0.35 * y * (1 - y), 0, 1)
                ax.step(x, limit, where="post", color=colour, lw=1.3)

    read = digitise(_saved(tmp_path / form, paint))
    assert len(read.arms) == 2
    assert any("4 lines that hold a third one" in words for words in read.warnings)
    for one, k in ((TWO[0], 1), (TWO[1], 0)):
        np.testing.assert_allclose(read.curve_value[read.curve_arm == k][1:-1], one.survival, atol=1e-4)


def test_three_arms_in_one_style_stay_three(tmp_path):
    arms = (*TWO, arm("Third", 9, scale=90.0))

    def paint(ax):
        panel(ax, arms, marks=None, legend=False, colours=("black",) * 3)

    read = digitise(_saved(tmp_path / "a.svg", paint))
    assert len(read.arms) == 3
    assert any("cannot be told apart" in words for words in read.warnings)
