"""Limits drawn in pictures in the colour and dash of their curve, and three arms that only look so."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure

from survsim.digitising import digitise
from tests.helpers.small_figures import Arm, arm

pytestmark = pytest.mark.filterwarnings("ignore::survsim.errors.EvidenceWarning")


def _early(one: Arm, end: float = 34.0) -> Arm:
    """The arm up to a time at which many are at risk, so that no step is higher than the interval."""
    early = one.time < end
    return replace(one, time=one.time[early], survival=one.survival[early], end=end)


TWO = (_early(arm("Control", 1, n=200, scale=22.0)), _early(arm("Treated", 2, n=200, scale=55.0)))


def _saved(path, arms, colours, *, limits, dpi=150, width=1.2):
    figure = Figure(figsize=(6, 4.4), layout="constrained")
    ax = figure.add_subplot()
    for one, colour in zip(arms, colours, strict=True):
        x, y = np.r_[0.0, one.time, one.end], np.r_[1.0, one.survival, one.survival[-1]]
        ax.step(x, y, where="post", color=colour, lw=width)
        for sign in (-1, 1) if limits else ():
            limit = y ** np.exp(sign * 0.3)
            ax.step(x, limit, where="post", color=colour, lw=width)
    ax.set(xlim=(0, 60), ylim=(0, 1.02), xlabel="Months", ylabel="Overall survival", xticks=range(0, 61, 12))
    figure.savefig(path, dpi=dpi, **({"pil_kwargs": {"quality": 80}} if path.suffix == ".jpg" else {}))
    return path


@pytest.mark.parametrize(("form", "dpi"), [("a.png", 150), ("a.jpg", 200), ("a.png", 300)])
@pytest.mark.parametrize("colours", [("red", "blue"), ("#1f77b4", "#d62728")])
def test_unbroken_limits_of_crossing_bands_are_left_aside_and_said(tmp_path, form, dpi, colours):
    read = digitise(_saved(tmp_path / form, TWO, colours, limits=True, dpi=dpi))
    assert len(read.arms) == 2
    assert any("4 lines that hold a third one" in words for words in read.warnings)
    for one in TWO:
        assert min(_off(read, k, one) for k in range(2)) < 0.005


def _off(read, k, one):
    """Mean distance of a curve that was read from an arm."""
    at = np.linspace(1, 0.95 * one.end, 200)
    truth = np.r_[1.0, one.survival][np.searchsorted(one.time, at, side="right")]
    own = read.curve_arm == k
    found = np.r_[1.0, read.curve_value[own]][np.searchsorted(read.curve_time[own], at, side="right")]
    return np.abs(found - truth).mean()


@pytest.mark.parametrize("seed", [0, 10, 20, 30])
def test_three_arms_of_one_colour_that_never_cross_stay_three(tmp_path, seed):
    """Each steps for itself, however evenly the middle one runs between the others."""
    arms = tuple(arm(str(k), seed + k, n=150, scale=scale) for k, scale in enumerate((15.0, 28.0, 60.0)))
    read = digitise(_saved(tmp_path / "a.png", arms, ("black",) * 3, limits=False))
    assert len(read.arms) == 3
