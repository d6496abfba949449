"""Sentences and tables: numbers from the ledger, in the form asked for."""

from __future__ import annotations

import html
import re

import pandas as pd
import pytest

from survsim import Ledger, Provenance
from survsim.errors import InputError
from survsim.report import methods_text, prose, table

SOURCE = Provenance.of("kaplan_meier", "patients:x", conf_type="log-log", conf_level=0.95)


@pytest.fixture()
def ledger():
    book = Ledger(analysis="01_mini", seed=3)
    book.record("os.median", 26.58, conf_low=18.1, conf_high=None, unit="months", provenance=SOURCE)
    book.record("os.n", 57, provenance=SOURCE)
    book.record("p", 0.0004, provenance=SOURCE)
    book.record("q", 0.0312, provenance=SOURCE)
    book.record("far", float("inf"), note="not reached", conf_low=1.0, provenance=SOURCE)
    return book


def plain(text):
    return html.unescape(re.sub("<[^>]+>", "", str(text)))


@pytest.mark.parametrize(
    ("field", "shown"),
    [
        ("{os.median}", "26.6"),
        ("{os.median:.2f}", "26.58"),
        ("{os.median:.1f unit}", "26.6 months"),
        ("{os.median:.1f ci unit}", "26.6 months (95% CI 18.1 to not reached)"),
        ("{os.median:.1f interval}", "26.6 (95% interval 18.1 to not reached)"),
        ("{os.median:.1f limits}", "18.1 to not reached"),
        ("{os.median:.1f low}", "18.1"),
        ("{os.median:.1f high}", "not reached"),
        ("{os.n}", "57"),
        ("{p:p}", "p < 0.001"),
        ("{q:p}", "p = 0.031"),
        ("{far:.1f unit}", "not reached"),
        ("{arm}", "arm A"),
    ],
)
def test_a_field_is_shown_as_asked(ledger, field, shown):
    assert plain(prose(ledger, field, arm="arm A")) == shown


def test_a_number_carries_its_key(ledger):
    assert 'title="os.n"' in str(prose(ledger, "{os.n} patients"))


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ("{os.mean}", "names 'os.mean', which is no number of 01_mini. Near it: os.median, os.n"),
        ("{os.n:ci}", "os.n has no interval in the ledger"),
        ("{os.n:.1f .2f}", "names more than one"),
        ("{os.n:zz}", "'zz' is no format for the number 57"),
    ],
)
def test_a_field_that_means_nothing_is_refused(ledger, field, message):
    with pytest.raises(InputError, match=re.escape(message)):
        prose(ledger, field)


def test_a_table_shows_the_columns_asked_for_in_their_order():
    frame = pd.DataFrame({"a": [1, 2], "b": [0.123, float("nan")], "c": ["x", "y"]})
    shown = table(frame, labels={"c": "name", "b": "value"}, title="Title", notes=["a note"])
    text = plain(shown.html)
    assert list(shown.frame.columns) == ["c", "b"]
    assert text.index("name") < text.index("value")
    assert "0.12" in text and "–" in text and "a note" in text and "Title" in text


def test_whole_columns_stay_whole():
    assert "2.00" not in table(pd.DataFrame({"n": [2.0, 3.0]})).html


def test_equal_tables_are_equal_bytes():
    frame = pd.DataFrame({"a": [1.5]})
    assert table(frame).html == table(frame).html


def test_groups_head_their_rows():
    frame = pd.DataFrame({"site": ["uterus", "ovary"], "n": [1, 2]})
    assert "uterus" in plain(table(frame, group="site", labels={"n": "studies"}).html)


def test_a_missing_column_is_named():
    with pytest.raises(InputError, match="no column 'z'"):
        table(pd.DataFrame({"a": [1]}), labels={"z": "z"})


def test_the_methods_paragraph_names_each_method_once_and_the_seed(ledger):
    text = str(methods_text(ledger))
    assert text.count("Kaplan-Meier") == 1
    assert "The random seed was 3" in text and "log-log" in text


def test_a_step_without_a_sentence_is_not_passed_over(ledger):
    ledger.record("new", 1.0, provenance=Provenance.of("brand_new_method", "patients:x"))
    assert "Further steps.** brand new method." in str(methods_text(ledger))


def test_a_prefix_chooses_the_numbers(ledger):
    ledger.record("hr.x", 1.0, provenance=Provenance.of("cox_ph", "patients:x", formula="age", ties="efron"))
    assert "Cox" not in str(methods_text(ledger, "os"))
    assert "Cox regression (age; Efron's method for ties)" in str(methods_text(ledger, "hr"))
