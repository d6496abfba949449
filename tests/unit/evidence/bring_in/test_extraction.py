"""Double extraction: where two people typed the same numbers differently."""

from __future__ import annotations

import pytest

from survsim.core.errors import EvidenceError
from survsim.evidence.bring_in.extraction import Disagreement, compare_extractions

HEAD = "estimate_id,study_id,arm_id,endpoint,measure,time,value,conf_low,comparator,event_detail,extractor\n"
A = (
    HEAD
    + "e1,s,chemo,os,hazard_ratio,,0.68,0.50,control,,anna\n"
    + "e2,s,chemo,os,survival_probability,12,0.7,,,,anna\n"
    + "e3,s,chemo,toxicity,proportion,,0.2,,,nausea,anna\n"
    + "e4,s,chemo,toxicity,proportion,,0.3,,,anaemia,anna\n"
)


def write(folder, name, text):
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


@pytest.fixture
def compared(tmp_path):
    return lambda a, b: compare_extractions(write(tmp_path, "a.csv", a), write(tmp_path, "b.csv", b))


def test_other_names_order_and_zeros_are_agreement(compared):
    head, *rows = A.replace("0.7,", "0.70,").replace(",12,", ",12.0,").replace("anna", "ben").splitlines()
    found = compared(A, "\n".join([head, *(f"x{r}" for r in rows[::-1])]) + "\n")
    assert found.agree
    assert (found.cell_agreement, found.row_agreement, found.rows_matched) == (100.0, 100.0, 4)


def test_a_value_that_differs_is_named_and_counted(compared):
    found = compared(A, A.replace("0.68", "0.86"))
    assert found.disagreements == (
        Disagreement(key="s chemo os hazard_ratio against control", column="value", a="0.68", b="0.86"),
    )
    # Cells filled in either file: value, conf_low; value; value, event_detail; value, event_detail.
    assert found.cells_compared == 7
    assert found.cell_agreement == pytest.approx(100 * 6 / 7)
    assert found.row_agreement == 75.0
    assert not found.agree


def test_a_row_in_one_file_only(compared):
    found = compared(A, "".join(line for line in A.splitlines(keepends=True) if not line.startswith("e2")))
    assert found.only_a == ("s chemo os survival_probability at 12",)
    assert (found.only_b, found.disagreements, found.row_agreement) == ((), (), 75.0)


def test_rows_with_one_key_are_paired_by_what_they_share(compared):
    lines = A.replace("0.3,,,anaemia", "0.4,,,anaemia").splitlines(keepends=True)
    found = compared(A, "".join([*lines[:3], lines[4], lines[3]]))
    assert [(d.column, d.a, d.b) for d in found.disagreements] == [("value", "0.3", "0.4")]


def test_the_typed_format_is_understood(compared):
    typed = A.replace("time,value,conf_low,comparator", "time_months,value,ci_lower,comparator_arm_id")
    assert compared(A, typed).agree


def test_a_column_that_one_file_lacks_is_said_and_not_compared(compared):
    found = compared(A, A.replace("conf_low", "something"))
    assert (found.columns_only_a, found.columns_only_b) == (("conf_low",), ("something",))
    assert not found.agree and not found.disagreements


def test_a_column_that_one_file_lacks_and_nobody_filled_is_no_difference(compared):
    assert compared(A, A.replace("conf_low", "conf_high").replace("0.50", "")).columns_only_b == ()
    assert compared(A.replace("0.50", ""), A.replace("conf_low", "conf_high").replace("0.50", "")).agree


def test_two_tables_without_rows_do_not_agree(compared):
    found = compared(HEAD, HEAD)
    assert (found.agree, found.cell_agreement, found.row_agreement) == (False, None, None)


def test_bad_input(compared, tmp_path):
    with pytest.raises(EvidenceError, match="names e1 twice"):
        compared(A, A.replace("e2", "e1"))
    with pytest.raises(EvidenceError, match="no column value"):
        compared(A, A.replace("value", "number"))
    with pytest.raises(EvidenceError, match="there is no file"):
        compare_extractions(tmp_path / "a.csv", tmp_path / "none.csv")
    (tmp_path / "c.csv").write_bytes("study_id,arm_id\nMülheim,a\n".encode("latin-1"))
    with pytest.raises(EvidenceError, match=r"encoding.*UTF-8"):
        compare_extractions(tmp_path / "a.csv", tmp_path / "c.csv")
