"""The record of figures with bands and limits: read, exact where they are drawings, and nothing wrong without a word."""

from __future__ import annotations

import json

import pytest

from tests.statistical.validate_digitising_bands import FAMILIES, RECORD


@pytest.fixture(scope="module")
def record():
    return json.loads(RECORD.read_text(encoding="utf-8"))


def test_every_kind_of_band_is_in_it(record):
    assert {row["group"] for row in record["by_family"]} == set(FAMILIES)
    assert record["figures"] >= 50


def test_none_is_read_wrongly_in_silence_or_breaks_the_reader(record):
    assert record["claims"]["silent"] == []
    assert record["claims"]["crashed"] == 0


def test_they_are_read_as_well_as_figures_without_bands(record):
    claims = record["claims"]
    assert claims["vector_worst_error"] <= 1e-4
    assert claims["raster_150_median"] <= 0.003
    assert claims["raster_150_95"] <= 0.01
    assert claims["share_without_help"] >= 0.9


def test_figures_by_survminer_with_bands_are_read(record):
    (row,) = [row for row in record["by_maker"] if row["group"] == "survminer"]
    assert row["without_help"] >= 0.9 * row["figures"] > 0
