"""Incidence rates: person-time by hand, exact limits, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import poisson

from survsim import Surv
from survsim.core.errors import InputError
from survsim.nonparametric import event_rates


def test_person_time_counts_from_entry_and_starts_stops_once() -> None:
    surv = Surv.right(
        [12, 24, 6, 18], [0, 1, 0, 1], entry=[0, 12, 2, 6], id=["a", "a", "b", "b"], unit="months"
    )
    found = event_rates(surv, ["x", "x", "y", "y"], unit="years", per=10)
    assert found.person_time == pytest.approx([2.0, 16 / 12])
    assert found.estimate == pytest.approx([5.0, 7.5])
    assert (found.n_patients.tolist(), found.n_event.tolist(), found.unit) == ([1, 1], [1, 1], "years")
    assert found.headline() == "Incidence rate: events per 10 person-years, 95% exact interval"


@pytest.mark.parametrize("d", [0, 1, 7, 40])
def test_limits_are_those_at_which_as_many_events_are_just_unlikely(d: int) -> None:
    surv = Surv.right(np.full(60, 2.0), np.arange(60) < d, unit="years")
    found = event_rates(surv, conf_level=0.9)
    low, high = 120 * found.conf_low[0], 120 * found.conf_high[0]
    assert poisson.cdf(d, high) == pytest.approx(0.05, rel=1e-8)
    assert poisson.sf(d - 1, low) == pytest.approx(0.05, rel=1e-8) if d else low == 0.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"surv": Surv.right([1.0, 2.0], [1, 0], weight=[2, 3], unit="years")}, "the response has weights"),
        (
            {"surv": Surv.right([0.0, 2.0], [1, 0], unit="years"), "by": ["a", "b"]},
            "group 'a' has no person-time",
        ),
        ({"unit": "decades"}, "unit must be one of"),
        ({"per": -1.0}, "per must"),
        ({"conf_level": 95}, "conf_level must"),
    ],
)
def test_what_cannot_be_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        event_rates(**({"surv": Surv.right([1.0, 2.0], [1, 0], unit="years")} | change))
