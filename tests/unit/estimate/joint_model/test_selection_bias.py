"""Selection of published patients: simulated truth, hand cases, messages."""

from __future__ import annotations

import numpy as np
import pytest

from survsim.distributions import Exponential
from survsim.errors import InputError
from survsim.estimate.joint_model.selection_bias import _crossings
from survsim.joint_model import Selection, corrected_survival, tipping_point

RATE = np.log(2) / 12
LAW = Exponential(rate=RATE, time_unit="months")


@pytest.mark.parametrize("kind", ["step", "gradual"])
@pytest.mark.parametrize("strength", [4.0, 0.25])
def test_correction_recovers_the_truth_from_selected_patients(kind, strength):
    """Everybody is exponential; patients are published in proportion to w; the correction undoes it."""
    time = np.sort(np.random.default_rng(8).exponential(10.0, 400_000))
    chosen = Selection(strength=strength, threshold=8.0, kind=kind)
    below = np.concatenate([[0.0], np.cumsum(chosen.weight(time))])

    class Published:
        time_unit = "months"

        @staticmethod
        def survival(t):
            return 1 - below[np.searchsorted(time, np.asarray(t), side="right")] / below[-1]

    t = np.array([2.0, 6.0, 8.0, 12.0, 25.0])
    assert corrected_survival(Published, t, chosen) == pytest.approx(np.exp(-t / 10), abs=0.006)
    assert np.abs(Published.survival(t) - np.exp(-t / 10)).max() > 0.05


def test_step_by_hand():
    # Published: half dead by 12. Survivors three times as likely to appear: 0.5/3 against 0.5.
    s = corrected_survival(LAW, [12.0], Selection(strength=3.0, threshold=12.0))
    assert s == pytest.approx([(0.5 / 3) / (0.5 + 0.5 / 3)])


def test_no_selection_changes_nothing_and_gradual_agrees_with_quadrature():
    t = np.array([3.0, 12.0, 30.0])
    assert corrected_survival(LAW, t, Selection()) == pytest.approx(LAW.survival(t))
    chosen = Selection(strength=4.0, threshold=12.0, kind="gradual")
    grid = np.linspace(0, 600, 600_001)
    f = RATE * np.exp(-RATE * grid) / chosen.weight(grid)
    below = np.concatenate([[0], np.cumsum(0.5 * (f[1:] + f[:-1]) * 1e-3)])
    truth = 1 - np.interp(t, grid, below) / below[-1]
    assert corrected_survival(LAW, t, chosen) == pytest.approx(truth, abs=2e-4)


def test_immortal_time_restores_early_deaths():
    """A constant hazard seen only from 3 months on: published law is 3 months plus exponential."""

    class Published:
        time_unit = "months"

        @staticmethod
        def survival(t):
            return np.exp(-RATE * np.maximum(np.asarray(t) - 3.0, 0.0))

    t = np.array([1.0, 3.0, 9.0])
    s = corrected_survival(Published, t, Selection(immortal_time=3.0))
    assert s == pytest.approx(np.exp(-RATE * t))


def test_origin_shift_conditions_on_the_time_that_was_counted():
    t = np.array([4.0, 8.0])
    late = corrected_survival(LAW, t, Selection(origin_shift=2.0))
    assert late == pytest.approx(LAW.survival(t))  # memoryless
    early = corrected_survival(LAW, t, Selection(origin_shift=-2.0))
    assert early == pytest.approx(LAW.survival(t - 2))


def test_draws_keep_their_axis():
    law = Exponential(rate=np.array([0.05, 0.1, 0.2]), time_unit="months")
    assert corrected_survival(law, [1.0, 2.0], Selection(strength=2.0)).shape == (2, 3)


def test_tipping_point_solves_for_the_strength():
    found = tipping_point(LAW, 15.0, threshold=6.0)
    s, at = LAW.survival(15.0), LAW.survival(6.0)
    assert found.tipping == pytest.approx(((s - 0.5 * at) / (0.5 * (1 - at)),), rel=1e-6)
    assert "overturned by selection of strength" in found.headline()
    none = tipping_point(LAW, 15.0, threshold=6.0, strengths=[1, 2, 4])
    assert none.tipping == () and "no selection" in none.headline()
    assert list(found.to_frame().columns) == ["assumption", "value", "percentile", "conf_low", "conf_high"]


def test_tipping_point_of_a_sure_claim_lies_nearer():
    rates = RATE * np.exp(np.random.default_rng(1).normal(0, 0.2, 400))
    found = tipping_point(Exponential(rate=rates, time_unit="months"), 30.0, threshold=20.0)
    assert found.tipping[0] < found.tipping_low[0] < 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Selection(strength=0), "strength must lie in"),
        (lambda: Selection(kind="odd"), "kind must be one of"),
        (lambda: Selection(origin_shift=float("nan")), "origin_shift"),
        (lambda: tipping_point(LAW, -1, threshold=6), "case_time must lie in"),
        (lambda: tipping_point(LAW, 5, threshold=6, conclusion=150), "conclusion must lie in"),
    ],
)
def test_messages(call, message):
    with pytest.raises(InputError, match=message):
        call()


@pytest.mark.parametrize("strengths", [[2, 4, 8], [1 / 8, 1 / 2], [0.5, 2], [1, 2]])
def test_no_selection_is_always_tried(strengths):
    found = tipping_point(LAW, 16.0, threshold=6.0, strengths=strengths)
    bare = 100 * float(1 - LAW.survival(16.0))
    assert found.percentile[found.strength == 1.0, 0] == pytest.approx([bare])
    assert found.headline().startswith(f"percentile {bare:.0f} without selection")
    assert found.strength.size == len({*strengths, 1})


def test_a_crossing_between_no_selection_and_the_first_strength_is_found():
    assert tipping_point(LAW, 15.0, threshold=6.0, strengths=[0.25]).tipping == pytest.approx(
        tipping_point(LAW, 15.0, threshold=6.0).tipping
    )


@pytest.mark.parametrize("case_time", [12.0, 12.0 * (1 - 1e-13)])
def test_a_percentile_on_the_line_is_overturned_by_the_slightest_selection(case_time):
    found = tipping_point(LAW, case_time, threshold=12.0)
    assert found.percentile[0, 0] < 50
    assert found.tipping == pytest.approx((1.0,))
    assert "claim: at least 50; it stands on the line" in found.headline()


def test_a_curve_that_touches_the_line_from_above_does_not_cross_it():
    x = np.array([0.5, 1.0, 2.0])
    assert _crossings(x, np.array([60.0, 50.0, 60.0]), 50.0, lambda s: 50.0 + abs(np.log(s))) == ()
    assert len(_crossings(x, np.array([40.0, 50.0, 60.0]), 50.0, lambda s: 50.0 + 10 * np.log(s))) == 1


def test_what_has_no_survival_is_refused_in_words():
    with pytest.raises(
        InputError, match="reference must be a distribution, or a result that has one; got int"
    ):
        corrected_survival(3, [1.0], Selection(strength=2, threshold=3))
