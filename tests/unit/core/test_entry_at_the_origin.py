"""Entries that are all 0 are no delayed entry: every answer is that of the response without them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from survsim import Surv, fine_gray, gray_test, kaplan_meier, milestone_test
from survsim.causal import clone_censor_weight
from survsim.cox import concordance
from survsim.nonparametric import sufficient_follow_up

TIME = [2, 3, 5, 5, 6, 8, 9, 11, 12, 14]
CAUSE = list("anbaanaban")
ARM = list("xyxyxyxyxy")
X = np.array([0.0, 1, 0, 1, 1, 0, 1, 0, 0, 1])[:, None]


def event(**more: Any) -> Surv:
    return Surv.right(TIME, [c != "n" for c in CAUSE], unit="months", **more)


def causes(**more: Any) -> Surv:
    return Surv.competing(TIME, CAUSE, censored="n", unit="months", **more)


ASKED: dict[str, tuple[Callable[..., Surv], Callable[[Surv], Any]]] = {
    "gray": (causes, lambda s: gray_test(s, ARM, cause="a")),
    "fine-gray": (causes, lambda s: fine_gray(s, None, X, cause="a")),
    "follow-up": (event, lambda s: sufficient_follow_up(s, ARM)),
    "milestone": (event, lambda s: milestone_test(s, ARM, 6.0, method="beta-product")),
    "curve": (event, lambda s: kaplan_meier(s, conf_type="beta-product")),
    "uno": (event, lambda s: concordance(s, np.roll(TIME, 1), weighting="uno")),
    "clones": (
        event,
        lambda s: clone_censor_weight(s, [1.0, np.inf] * 5, grace=2.0, times=[6.0], n_resamples=5),
    ),
}


@pytest.mark.parametrize("name", ASKED)
def test_zeros_are_as_if_entry_were_left_out(name: str) -> None:
    make, ask = ASKED[name]
    pd.testing.assert_frame_equal(ask(make(entry=[0.0] * 10)).to_frame(), ask(make()).to_frame())


def test_rows_that_a_selection_leaves_are_followed_from_the_origin() -> None:
    late = event(entry=[1.5, *[0.0] * 9])
    assert late.entry is not None and late.take([1, 2, 3]).entry is None
    assert late.take([0, 1]).entry.tolist() == [1.5, 0.0]
    assert late.begin.tolist() == [1.5, *[0.0] * 9] and event().begin.tolist() == [0.0] * 10


def test_a_patient_who_ends_on_the_first_day_stays_with_zeros() -> None:
    assert len(Surv.right([0, 5], [1, 0], unit="days", entry=[0, 0])) == 2


def test_everybody_is_at_risk_at_the_origin_and_rows_are_patients() -> None:
    surv = event(entry=np.zeros(10))
    assert repr(surv) == repr(event())
    assert kaplan_meier(surv).at_risk([0.0]).tolist() == [[10.0]]
