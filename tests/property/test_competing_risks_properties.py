"""Identities of cumulative incidence and occupancy on any data."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from survsim import Surv, aalen_johansen, fine_gray, gray_test, kaplan_meier
from survsim.competing import multistate_occupancy, prepare_multistate

ROWS = st.lists(
    st.tuples(st.integers(1, 12), st.integers(0, 2), st.sampled_from([0.5, 1.0, 3.0]), st.floats(0.0, 0.9)),
    min_size=3,
    max_size=25,
).filter(lambda rows: any(r[1] for r in rows))


def columns(rows: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    time, cause, weight, share = (np.array(c) for c in zip(*rows))
    return time.astype(float), cause, weight, np.floor(share * time)


@settings(deadline=None, max_examples=40)
@given(ROWS)
def test_survival_and_incidences_sum_to_one(rows: Any) -> None:
    time, cause, weight, entry = columns(rows)
    surv = Surv.competing(time, cause, unit="days", weight=weight, entry=entry)
    found = aalen_johansen(surv)
    np.testing.assert_allclose(found.survival + found.estimate.sum(axis=0), 1.0, atol=1e-12)
    assert (np.diff(found.estimate, axis=1) >= -1e-15).all()
    assert np.isfinite(found.std_error).all() and (found.std_error >= 0).all()
    inside = (found.estimate > 0) & (found.estimate < 1 - 1e-9)
    assert (found.conf_low[inside] <= found.estimate[inside] + 1e-12).all()
    assert (found.conf_high[inside] >= found.estimate[inside] - 1e-12).all()
    whole = aalen_johansen(Surv.competing(time, cause, unit="days"))
    km = kaplan_meier(Surv.right(time, cause > 0, unit="days"))
    np.testing.assert_allclose(whole.survival, km.estimate, atol=1e-12)


@settings(deadline=None, max_examples=30)
@given(ROWS)
def test_occupancy_of_competing_states_is_the_incidence(rows: Any) -> None:
    time, cause, _, _ = columns(rows)
    patients = pd.DataFrame({"patient_id": np.arange(time.size), "follow_up": time})
    names = np.array(["", "first", "second"])[cause]
    events = pd.DataFrame({"patient_id": np.arange(time.size), "state": names, "time": time})[cause > 0]
    made = prepare_multistate(
        patients, events, start="free", transitions={"free": ["first", "second"]}, unit="days"
    )
    for variance in ("jackknife", "aalen"):
        occupied = multistate_occupancy(made, variance=variance)
        np.testing.assert_allclose(occupied.estimate.sum(axis=0), 1.0, atol=1e-12)
        curves = aalen_johansen(Surv.competing(time, cause, unit="days"))
        for k, code in enumerate(np.unique(cause[cause > 0])):
            np.testing.assert_allclose(occupied.estimate[code], curves.estimate[k], atol=1e-12)
            if variance == "jackknife":
                np.testing.assert_allclose(occupied.std_error[code], curves.std_error[k], atol=1e-7)


@settings(deadline=None, max_examples=30)
@given(ROWS, st.integers(0, 10_000))
def test_gray_does_not_mind_the_order_or_the_unit(rows: Any, seed: int) -> None:
    time, cause, _, _ = columns(rows)
    by = np.arange(time.size) % 2
    event = cause[cause > 0][0]
    first = gray_test(Surv.competing(time, cause, unit="days"), by, cause=event)
    mixed = np.random.default_rng(seed).permutation(time.size)
    other = gray_test(Surv.competing(7 * time[mixed], cause[mixed], unit="days"), 1 - by[mixed], cause=event)
    np.testing.assert_allclose(other.chi2, first.chi2, rtol=1e-9, atol=1e-9)
    assert 0.0 <= first.p_value <= 1.0


@pytest.mark.parametrize("ties", ["events-first", "together"])
@pytest.mark.parametrize("entered", [False, True])
def test_fine_gray_takes_a_weight_for_repeated_patients(ties: str, entered: bool) -> None:
    rng = np.random.default_rng(int(entered))
    n = 60
    time, cause = rng.integers(1, 30, n) * 1.0, rng.choice([0, 1, 2], n, p=[0.3, 0.4, 0.3])
    x, weight = np.column_stack([rng.normal(size=n), rng.integers(0, 2, n)]), rng.integers(1, 4, n)
    entry = np.floor(time * rng.random(n) * 0.6) * (rng.random(n) < 0.4) if entered else 0.0 * time
    again = np.repeat(np.arange(n), weight)
    fits = [
        fine_gray(
            Surv.competing(time[r], cause[r], unit="months", entry=entry[r] if entered else None, weight=w),
            None, x[r], cause=1, censoring_ties=ties, variance="model",
        )
        for r, w in ((np.arange(n), weight), (again, None))
    ]  # fmt: skip
    np.testing.assert_allclose(fits[0].estimate, fits[1].estimate, rtol=1e-9)
    np.testing.assert_allclose(fits[0].covariance, fits[1].covariance, rtol=1e-9)
    np.testing.assert_allclose(fits[0].hazard, fits[1].hazard, rtol=1e-9)
