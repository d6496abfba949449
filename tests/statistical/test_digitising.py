"""Figures are read as they were drawn, or refused: a dozen each time, and the record of some three hundred."""

from __future__ import annotations

import json

import numpy as np
import pytest

from survsim import digitise
from survsim.errors import InputError
from tests.helpers.digitising_scores import score
from tests.helpers.drawn_figures import FAMILIES, gallery, plan
from tests.helpers.drawn_traps import draw_traps
from tests.helpers.hostile_figures import refused_files
from tests.statistical.validate_digitising import RECORD, SHEET, answer

SAMPLE = 12


@pytest.fixture(scope="module")
def record():
    return json.loads(RECORD.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def unseen(record):
    """What came of the gallery that nobody had looked at when the readers were written."""
    return record["unseen"]


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    folder = tmp_path_factory.mktemp("figures")
    styles = [s for s in plan(330) if s.panels == 1 and s.dpi <= 300 and not s.at_risk]
    entries = gallery(folder, styles[:: len(styles) // SAMPLE][:SAMPLE])
    return [score(entry, folder, digitise) for entry in entries]


def test_no_figure_of_the_sample_is_read_wrongly_in_silence(sample):
    assert [s.file for s in sample if s.silent or s.outcome == "crashed"] == []


def test_the_sample_is_read(sample):
    errors = [s.error for s in sample if s.without_help]
    assert len(errors) >= 9
    assert np.median(errors) <= 0.003


def test_vector_figures_of_the_sample_are_exact(sample):
    errors = [
        s.error for s in sample if s.style["form"] in ("svg_path", "svg_text", "pdf") and s.outcome == "read"
    ]
    assert errors
    assert max(errors) <= 1e-4


def test_the_record_holds_three_hundred_figures_of_every_family_and_maker(unseen):
    assert unseen["figures"] >= 300
    assert {row["group"] for row in unseen["by_family"]} == set(FAMILIES)
    assert {row["group"] for row in unseen["by_maker"]} == {"matplotlib", "lifelines", "base R", "survminer"}


def test_no_silent_failure_and_no_crash_in_the_record(unseen):
    assert unseen["claims"]["silent"] == []
    assert unseen["claims"]["crashed"] == 0


def test_vectors_of_the_record_are_exact(unseen):
    assert unseen["claims"]["vector_worst_error"] <= 1e-4


def test_pictures_of_the_record_are_close(unseen):
    assert unseen["claims"]["raster_150_median"] <= 0.003
    assert unseen["claims"]["raster_150_95"] <= 0.01


def test_nineteen_of_twenty_figures_need_no_help(unseen):
    assert unseen["claims"]["share_without_help"] >= 0.95


def test_every_refusal_of_the_record_names_the_help(unseen):
    named, refused = unseen["claims"]["refusals_that_name_help"].split(" of ")
    assert named == refused


def test_hazard_ratios_from_figures_are_near_those_of_the_patients(unseen):
    assert unseen["hazard_ratios"]["done"] >= 100
    assert unseen["hazard_ratios"]["median"] <= 0.05


def test_no_trap_of_the_record_was_read_without_a_word(record):
    for name, said in record["traps"].items():
        assert said.startswith(("refused", "warned")), name
        assert "TOOK" not in said, name


def test_no_ill_meant_file_of_the_record_was_read(record):
    for name, said in record["hostile"].items():
        assert said.startswith(("refused", "read, error 0.00")), name
        assert "TOOK" not in said, name


def test_the_sheet_of_the_worst_is_small():
    assert 10_000 < SHEET.stat().st_size < 1_000_000


def test_traps_are_refused_or_warned_of(tmp_path):
    said = {path.name: answer(path) for path in draw_traps(tmp_path, forms=("svg",))}
    assert {name: words for name, words in said.items() if not words.startswith(("refused", "warned"))} == {}


def test_ill_meant_files_are_refused(tmp_path):
    for path in refused_files(tmp_path):
        if path.name not in ("million.svg", "huge_and_empty.png"):
            with pytest.raises(InputError):
                digitise(path, unit="months")
