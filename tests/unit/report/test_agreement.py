"""What counts as the same numbers, words, pictures and notebooks on two machines."""

from __future__ import annotations

import io

import nbformat
import numpy as np
import pytest
from PIL import Image

from survsim.core.ledger import Ledger
from survsim.core.provenance import Provenance
from survsim.report.agreement import same_content, same_notebook, same_picture, same_summary, same_text
from survsim.report.publish import check, publish
from survsim.report.runner import run_analysis
from survsim.report.study import Study
from tests.helpers.studies import mini_study, seal_again


def png(shift: int = 0, noise: int = 0) -> bytes:
    pixels = np.full((80, 100, 3), 255, np.uint8)
    pixels[20:60, 30 + shift : 70 + shift] = 40
    pixels[0, :noise] = 100
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        (1.0, 1.0 + 1e-12, True),
        (1.0, 1.0 + 1e-8, False),
        (0.0, 1e-15, True),
        (0.0, 1e-6, False),
        (True, 1, False),
        ({"value": 3, "note": "0.123 of 5"}, {"value": 3, "note": "0.124 of 5"}, True),
        ({"value": 3, "note": "0.123 of 5"}, {"value": 3, "note": "0.123 of 6"}, False),
        (
            {"value": 1.7, "conf_low": -1e-4, "conf_high": 3.8},
            {"value": 1.7, "conf_low": -1e-4 - 1e-12, "conf_high": 3.8},
            True,
        ),
        (
            {"value": 1.7, "conf_low": -1e-4, "conf_high": 3.8},
            {"value": 1.7, "conf_low": -1.1e-4, "conf_high": 3.8},
            False,
        ),
        ({"value": 1.7, "unit": "months"}, {"value": 1.7, "unit": "years"}, False),
        ({"a": 1}, {"b": 1}, False),
        ([1, 2], [1], False),
        ("4e5f12", "4e5f13", False),
        ("1.25", "1.26", False),
        (None, 0.0, False),
    ],
)
def test_numbers_agree_up_to_rounding_and_names_to_the_letter(old, new, same):
    assert same_content(old, new) is same


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("median 26.6 months (18.1 to 52.3)", "median 26.7 months (18.1 to 52.3)", True),
        ("median 26.6 months (18.1 to 52.3)", "median 26.8 months (18.1 to 52.3)", False),
        ("57 patients", "58 patients", False),
        ("p 1.20e-05", "p 1.21e-05", True),
        ("−0.25", "-0.26", True),
        ("stage III", "stage IV", False),
        ("id t0123456789 x", "id tabcdef0123 x", True),
    ],
)
def test_printed_numbers_agree_to_their_last_digit(old, new, same):
    assert same_text(old, new) is same


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("Exponential(rate=0.24553457618174643)", "Exponential(rate=0.24553457618148544)", True),
        ("Exponential(rate=0.2455)", "Exponential(rate=0.2456)", False),
        ("Exponential(rate=0.2455)", "Weibull(rate=0.2455)", False),
        ("20", "21", False),
        ("(0.1, 0.2)", "(0.1,)", False),
        ("1.0000000000000002e-05", "1e-05", True),
    ],
)
def test_options_agree_in_words_and_their_numbers_within_the_tolerance(old, new, same):
    before, now = ({"step/1": {"options": {"design": {"laws": [text]}, "n": "20"}}} for text in (old, new))
    assert same_content(before, now) is same


def test_pictures_agree_up_to_a_speck():
    assert same_picture(png(), png())
    assert not same_picture(png(), png(shift=1))
    assert not same_picture(png(), png(noise=40))


def book(text: str, picture: bytes, source: str = "show()") -> nbformat.NotebookNode:
    import base64

    shown = {"text/html": text, "image/png": base64.b64encode(picture).decode()}
    cell = nbformat.v4.new_code_cell(source, outputs=[nbformat.v4.new_output("display_data", shown)])
    cell["id"] = "one"
    return nbformat.v4.new_notebook(cells=[cell])


def test_notebooks_agree_cell_by_cell():
    assert same_notebook(book("RMST 12.34", png()), book("RMST 12.35", png()))
    assert not same_notebook(book("RMST 12.34", png()), book("RMST 12.44", png()))
    assert not same_notebook(book("RMST 12.34", png()), book("RMST 12.34", png(shift=2)))
    assert not same_notebook(book("RMST 12.34", png()), book("RMST 12.34", png(), "show(1)"))


def test_notebooks_agree_in_what_their_pictures_are_said_to_show():
    def told(words: str) -> nbformat.NotebookNode:
        made = book("RMST 12.34", png())
        made.cells[0].outputs[0].metadata = {"image/png": {"alt": words}}
        return made

    assert same_notebook(told("ends at 0.123"), told("ends at 0.124"))
    assert not same_notebook(told("ends at 0.123"), told("ends at 0.223"))
    assert not same_notebook(book("RMST 12.34", png()), told("ends at 0.123"))


def summary(path, value: float, row: str = "estimates:a_e01") -> object:
    ledger = Ledger(analysis="01_x", seed=1)
    ledger.record("hr", value, provenance=Provenance.of("pool", row, tau=value))
    ledger.save(path)
    return path


def test_summaries_agree_in_numbers_and_ancestry(tmp_path):
    old = summary(tmp_path / "a.json", 0.3)
    assert same_summary(old, summary(tmp_path / "b.json", 0.1 + 0.2))
    assert not same_summary(old, summary(tmp_path / "c.json", 0.3001))
    assert not same_summary(old, summary(tmp_path / "d.json", 0.3, row="estimates:b_e01"))
    (tmp_path / "e.json").write_text("{")
    assert not same_summary(old, tmp_path / "e.json")


@pytest.fixture()
def study(tmp_path):
    return Study(root=mini_study(tmp_path))


def with_noise(path, factor: float) -> str:
    """The committed summary of another machine: every number off by a factor."""

    def shake(content):
        for entry in content["numbers"].values():
            for name in ("value", "conf_low", "conf_high"):
                if isinstance(entry.get(name), float):
                    entry[name] *= factor

    seal_again(path, shake)
    return path.read_text()


def test_a_report_on_another_machine_leaves_what_was_committed(study):
    analysis = study.analysis("01")
    list(publish(study))
    kept = with_noise(analysis.results() / "summary.json", 1 + 1e-13), analysis.notebook.read_text()
    said = []
    list(publish(study, ["01"], say=lambda slug, step: said.append(step)))
    assert ((analysis.results() / "summary.json").read_text(), analysis.notebook.read_text()) == kept
    assert any("agree with those that were there" in step for step in said)
    assert any("notebook agrees" in step for step in said)


def test_a_number_that_moved_is_written_and_said(study):
    analysis = study.analysis("01")
    run_analysis(analysis)
    fresh = (analysis.results() / "summary.json").read_text()
    wrong = with_noise(analysis.results() / "summary.json", 1 + 1e-6)
    said = []
    run_analysis(analysis, say=said.append)
    assert (analysis.results() / "summary.json").read_text() == fresh != wrong
    assert said == ["the numbers moved; the summary is written anew"]


def test_other_data_under_the_same_numbers_are_said_apart(study):
    analysis = study.analysis("01")
    run_analysis(analysis)
    path = analysis.results() / "summary.json"
    seal_again(path, lambda content: content.update(data_checksum="0" * 64))
    said = []
    run_analysis(analysis, say=said.append)
    assert said == ["the numbers agree, what they come from moved; the summary is written anew"]


def test_check_names_what_moved_and_changes_nothing(study):
    analysis = study.analysis("01")
    run_analysis(analysis)
    assert [(slug, moves) for slug, moves in check(study)] == [("01_mini", [])]
    before = with_noise(analysis.results() / "summary.json", 1.01)
    ((slug, moves),) = check(study)
    assert (
        slug == "01_mini"
        and moves
        and all(m.change.endswith("%") or m.change == "interval only" for m in moves)
    )
    assert (analysis.results() / "summary.json").read_text() == before
    assert [moves for _, moves in check(study, tolerance=0.02)] == [[]]
