"""Weights that count patients give the band of the repeated rows; copies that share a weight move nothing."""

from __future__ import annotations

import numpy as np
import pytest

from survsim import Surv, kaplan_meier
from survsim.nonparametric import simultaneous_band

TIME = np.arange(1, 9.0)
EVENT = np.array([1, 1, 0, 1, 1, 0, 1, 1])
COUNT = np.array([1, 2, 3, 1, 2, 3, 1, 2])
KINDS = ["hall-wellner", "equal-precision"]
COPIES = np.repeat(np.arange(8), COUNT)


@pytest.mark.parametrize("kind", KINDS)
def test_counts_as_weights_are_repeated_rows(kind: str) -> None:
    weighted = kaplan_meier(Surv.right(TIME, EVENT, weight=COUNT, unit="months"))
    repeated = kaplan_meier(Surv.right(TIME[COPIES], EVENT[COPIES], unit="months"))
    assert weighted.n_effective.tolist() == repeated.n_effective.tolist() == [15.0]
    a, b = simultaneous_band(weighted, kind), simultaneous_band(repeated, kind)
    np.testing.assert_allclose(a.critical_value, b.critical_value, rtol=1e-12)
    np.testing.assert_allclose(a.conf_low, b.conf_low, rtol=1e-12)
    np.testing.assert_allclose(a.conf_high, b.conf_high, rtol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_two_copies_of_a_patient_with_half_the_weight_are_the_patient(kind: str) -> None:
    one = Surv.right(TIME, EVENT, unit="months")
    two = Surv.right(
        np.tile(TIME, 2),
        np.tile(EVENT, 2),
        weight=np.full(16, 0.5),
        cluster=np.tile(np.arange(8), 2),
        unit="months",
    )
    a, b = (simultaneous_band(kaplan_meier(s, robust=True), kind) for s in (one, two))
    np.testing.assert_allclose(a.conf_low, b.conf_low, rtol=1e-12)
    np.testing.assert_allclose(a.conf_high, b.conf_high, rtol=1e-12)


def test_the_effective_number_of_patients() -> None:
    # by hand: weights 1 and 3 stand for (1 + 3)^2 / (1 + 9) = 1.6 patients (Kish)
    def number(robust: bool, **more: object) -> float:
        surv = Surv.right([1, 2], [1, 1], unit="days", **more)
        return float(kaplan_meier(surv, robust=robust).n_effective[0])

    assert number(False) == number(True) == 2.0
    assert number(False, weight=[1, 3]) == 4.0
    assert number(True, weight=[1, 3]) == pytest.approx(1.6)
    with pytest.warns(UserWarning, match="has one cluster only"):
        assert number(True, weight=[1, 3], cluster=["a", "a"]) == 1.0
    # a patient in two rows is one patient, with her own weight
    rows = dict(entry=[0, 2, 0], id=[7, 7, 8], weight=[3, 3, 1])
    split = Surv.right([2, 4, 5], [0, 1, 1], unit="days", **rows)
    assert kaplan_meier(split, robust=False).n_effective.tolist() == [4.0]
    assert kaplan_meier(split, robust=True).n_effective == pytest.approx(1.6)
