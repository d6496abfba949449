"""Memory does not grow with the number of patients."""

from __future__ import annotations

import json

import pytest

from tests.statistical.validate_simulation_memory import PATIENTS, RECORD, peak


@pytest.mark.parametrize("kind", ["plain", pytest.param("rules", marks=pytest.mark.long)])
def test_five_times_the_patients_take_the_same_memory(kind: str) -> None:
    """One number kept for each further patient would add 9 MiB; 6 are allowed for chance."""
    assert peak(kind, 1_500_000) < peak(kind, 300_000) + 6.0


@pytest.mark.parametrize("kind", ["plain", "rules"])
def test_the_record_is_flat_from_a_million_to_a_hundred(kind: str) -> None:
    peaks = json.loads(RECORD.read_text(encoding="utf-8"))["peaks"][kind]
    assert set(peaks) == {str(n) for n in PATIENTS}
    assert peaks["100000000"] < 1.1 * peaks["1000000"]
