"""Nothing, far too much and single values where pairs belong, in functions that a look at every keyword found wanting."""

from __future__ import annotations

import pytest

import survsim
from survsim.core.errors import InputError
from survsim.cox import penalty_path
from survsim.reconstruction import perturbed_reconstructions, pseudo_ipd_from_summaries
from survsim.report import table, table_one, table_regression, table_survival
from survsim.synthesis import compare_single_arms, pooled_survival_curve

SMALL = survsim.Surv.right([1.0, 2, 3, 5, 8], [1, 1, 1, 0, 1], unit="years")
NOTHING = {
    "no arm": (lambda: compare_single_arms([], [], []), "no arm"),
    "no penalty": (lambda: penalty_path(SMALL, None, [[0.0], [1], [0], [1], [1]], strengths=[], folds=2), "strengths is empty"),
    "minus one draw": (
        lambda: pooled_survival_curve(list("aabb"), [1, 2, 1, 2], [0.9, 0.8, 0.8, 0.7], [10, 8, 9, 7], unit="years", n_draws=-1),
        "n_draws",
    ),
    "no pairs": (lambda: pseudo_ipd_from_summaries(n=20, unit="months", survival_at=3), "holds pairs"),
    "no source": (lambda: pseudo_ipd_from_summaries(n=20, unit="months", median=9, source=3), "source must be"),
    "a huge error": (
        lambda: perturbed_reconstructions(
            survsim.reconstruct_ipd(([2, 5, 9], [0.9, 0.7, 0.6]), at_risk=([0, 6], [10, 7]), unit="months"),
            2, seed=1, time_error=0.1, survival_error=1e300,
        ),
        "survival_error",
    ),
}  # fmt: skip


@pytest.mark.parametrize("asked", NOTHING)
def test_nothing_and_far_too_much_are_told_in_words(asked):
    """Found by a look at every keyword of every public function: each ended in an error about something inside."""
    call, words = NOTHING[asked]
    with pytest.raises(InputError, match=words):
        call()


@pytest.mark.parametrize("decimals", [-1, 16, 2.5, float("nan"), "2", True])
def test_decimals_are_counted_from_0_to_15(decimals):
    """Found by the same look: -1 ended in Python's words about format specifiers."""
    km = survsim.kaplan_meier(SMALL)
    fit = survsim.cox_ph(SMALL, None, [[0.0], [1], [0], [1], [1]])
    frame = {"arm": ["a", "a", "b"], "age": [50, 60, 55]}
    calls = (
        lambda: table_survival(km, [4], decimals=decimals),
        lambda: table_one(frame, by="arm", decimals=decimals),
        lambda: table_regression(fit, decimals=decimals),
        lambda: table(km.to_frame(), decimals=decimals),
        lambda: table(km.to_frame(), decimals={"estimate": decimals}),
    )
    for call in calls:
        with pytest.raises(InputError, match="decimals"):
            call()
