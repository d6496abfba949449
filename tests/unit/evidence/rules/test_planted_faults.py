"""Each rule refuses the file it is there for: one planted fault a case, in a study that is right otherwise."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import survsim.evidence
from survsim.evidence.raw.table_faults import check_tables
from survsim.evidence.rules.catalogue import all_rules
from tests.helpers.mini_study import curated_content, planted, row_at, rows_of, table_of, write_raw
from tests.helpers.planted_changes import OTHER_CHANGES
from tests.helpers.planted_faults import PLANTED, E


@pytest.fixture(scope="module")
def right(tmp_path_factory):
    return curated_content(write_raw(tmp_path_factory.mktemp("study") / "data"))


def test_the_study_without_a_planted_fault_is_right(right):
    faults = check_tables(right)
    assert [f.rule for f in faults] == ["flagged"]
    assert faults[0].explained == "seen"


@pytest.mark.parametrize(("rule", "severity", "table", "where", "cells"), PLANTED)
def test_a_planted_fault_changes_exactly_one_line(right, rule, severity, table, where, cells):
    changed = {table: planted(right[table], row_at(right[table], **where), **cells)}
    fault = only_new_line(right, changed)
    assert fault.rule == rule
    assert fault.severity == severity
    assert fault.row
    assert fault.column
    assert fault.remedy


@pytest.mark.parametrize("rule", OTHER_CHANGES)
def test_a_change_of_more_than_a_cell_changes_exactly_one_line(right, rule):
    assert only_new_line(right, OTHER_CHANGES[rule](right)).rule == rule


def only_new_line(right, changed):
    before = {str(f) for f in check_tables(right) if not f.explained}
    after = [f for f in check_tables(right | changed) if not f.explained]
    new = [f for f in after if str(f) not in before]
    assert len(new) == 1, [str(f) for f in new]
    assert len(after) <= len(before) + 1
    return new[0]


def test_one_note_with_two_states_of_checking_is_found(right):
    table = planted(right[E], row_at(right[E], estimate_id="alpha_e03"), note="as read", status="unchecked")
    assert [f.rule for f in check_tables(right | {E: table})] == ["flagged"]
    table = planted(table, row_at(table, estimate_id="alpha_e04"), note="as read")
    found = [f for f in check_tables(right | {E: table}) if f.rule != "flagged"]
    assert [(f.rule, f.row, f.also) for f in found] == [("status_differs", "alpha_e03", ("alpha_e04",))]


def test_a_lower_limit_that_rounds_to_0_is_no_fault_of_a_ratio(right):
    """HR 0.04 (0.00 to 0.29) is printed so; a limit below 0 is of something else."""
    row = row_at(right[E], estimate_id="alpha_e01")
    for low, found in (("0.00", ["flagged"]), ("-0.10", ["ratio_range", "flagged"])):
        table = planted(right[E], row, value="0.04", conf_low=low, conf_high="0.29")
        assert [f.rule for f in check_tables(right | {E: table})] == found


def test_papers_of_one_trial_stand_in_one_cluster(right):
    table = right["studies"]
    for study in ("alpha_2019", "delta_2015"):
        table = planted(table, row_at(table, study_id=study), cohort="one_trial")
    found = [f for f in check_tables(right | {"studies": table}) if f.rule != "flagged"]
    assert [(f.rule, f.row, f.column) for f in found] == [("papers_of_one_study", "delta_2015", "cohort")]
    for study in ("beta_2020", "gamma_2021"):
        table = planted(table, row_at(table, study_id=study), nct="NCT00000001")
    found = [f for f in check_tables(right | {"studies": table}) if f.rule != "flagged"]
    assert [f.row for f in found] == ["delta_2015"]


def test_an_explanation_of_all_rows_fails_when_their_number_changes(right):
    known = "rule,table,row_id,expected,explanation\nflagged,radiotherapy,*,2,seen\n"
    found = [f for f in check_tables(right | {"known_warnings": known.encode()}) if f.rule != "flagged"]
    assert [(f.rule, f.severity, f.value) for f in found] == [("explanation_count", "error", "2")]
    assert "written for 2 rows and 1 have" in found[0].remedy


def test_an_explanation_names_its_rows_and_a_further_row_is_a_line_of_its_own(right):
    rows = rows_of(right["flags"])
    flags = table_of([*rows, rows[0] | {"row_id": "people/p2", "table": "patients", "column": "age_years"}])
    right = right | {"flags": flags}
    head = "rule,table,row_id,expected,explanation\n"
    known = head + "flagged,radiotherapy,people/r1,,seen\nflagged,patients,people/p1; people/p2,,seen\n"
    found = [f for f in check_tables(right | {"known_warnings": known.encode()}) if not f.explained]
    assert [(f.rule, f.row, f.column) for f in found] == [
        ("unused_explanation", "flagged/patients/people/p1", "row_id")
    ]
    known = head + "flagged,radiotherapy,people/r1,,seen\n"
    found = [f for f in check_tables(right | {"known_warnings": known.encode()}) if not f.explained]
    assert [(f.rule, f.table, f.row) for f in found] == [("flagged", "patients", "people/p2")]
    known = head + "flagged,radiotherapy,people/r1,2,seen\nflagged,patients,people/p2,,seen\n"
    found = [f for f in check_tables(right | {"known_warnings": known.encode()}) if not f.explained]
    assert [(f.rule, f.value) for f in found] == [("explanation_count", "2")]


def test_explanations_of_one_rule_that_lost_their_use_are_one_line(right):
    head = "rule,table,row_id,expected,explanation\nflagged,radiotherapy,people/r1,,seen\n"
    known = head + "flagged,patients,people/p1,,seen\nflagged,outcomes,people/p2,,seen\n"
    found = [f for f in check_tables(right | {"known_warnings": known.encode()}) if not f.explained]
    assert [(f.rule, f.row, f.also) for f in found] == [
        ("unused_explanation", "flagged/patients/people/p1", ("flagged/outcomes/people/p2",))
    ]


def test_a_row_that_a_counted_explanation_lost_is_told_behind_its_count(right):
    rows = rows_of(right["flags"])
    flags = table_of([*rows, rows[0] | {"row_id": "people/p2", "table": "patients", "column": "age_years"},
                      rows[0] | {"row_id": "people/p1", "table": "patients", "column": "age_years"}])  # fmt: skip
    head = "rule,table,row_id,expected,explanation\nflagged,radiotherapy,people/r1,,seen\n"
    whole = head + "flagged,patients,people/p1; people/p2,2,seen\n"
    kept = right | {"flags": flags}
    assert [f for f in check_tables(kept | {"known_warnings": whole.encode()}) if not f.explained] == []
    known = head + "flagged,patients,people/p1,2,seen\n"
    found = [f for f in check_tables(kept | {"known_warnings": known.encode()}) if not f.explained]
    assert [(f.rule, f.severity, f.value) for f in found] == [("explanation_count", "error", "2")]


def test_an_explanation_of_all_rows_without_a_count_is_pointed_out(right):
    known = "rule,table,row_id,expected,explanation\nflagged,radiotherapy,*,,seen\n"
    found = [f for f in check_tables(right | {"known_warnings": known.encode()}) if f.rule != "flagged"]
    assert [(f.rule, f.severity) for f in found] == [("explanation_without_count", "warning")]


def test_a_missing_column_is_named(right):
    lines = right["arms"].decode().splitlines()
    head = lines[0].split(",")
    at = head.index("population")
    cut = "\n".join(",".join(c for i, c in enumerate(line.split(",")) if i != at) for line in lines)
    faults = [f for f in check_tables(right | {"arms": (cut + "\n").encode()}) if f.rule == "missing_column"]
    assert [(f.table, f.column) for f in faults] == [("arms", "population")]


def test_an_unknown_column_is_a_warning(right):
    lines = right["overlaps"].decode().splitlines()
    more = "\n".join(line + ("," + ("colour" if i == 0 else "red")) for i, line in enumerate(lines)) + "\n"
    faults = [f for f in check_tables(right | {"overlaps": more.encode()}) if f.rule == "unknown_column"]
    assert [(f.severity, f.column) for f in faults] == [("warning", "colour")]


def test_many_unknown_columns_are_one_error(right):
    lines = right["overlaps"].decode().splitlines()
    more = [line + "".join(f",extra{i}" for i in range(300)) for line in lines]
    faults = [
        f
        for f in check_tables(right | {"overlaps": ("\n".join(more) + "\n").encode()})
        if f.rule == "unknown_column"
    ]
    assert [f.severity for f in faults] == ["error"]
    assert faults[0].value.startswith("300 unknown columns")


def test_parts_alone_are_no_cluster(right):
    table = right["overlaps"]
    for row in (0, 1):
        table = planted(table, row, role="part")
    assert "overlap_of_parts" in {f.rule for f in check_tables(right | {"overlaps": table})}


def test_an_alias_that_is_still_a_study_is_found(right):
    rows = rows_of(right["overlaps"])
    assert rows
    head = "alias_id,study_id,alias_arm_id,arm_id,why\nbeta_2020,alpha_2019,all,chemo,same\n"
    assert "alias_still_there" in {f.rule for f in check_tables(right | {"aliases": head.encode()})}


def test_a_date_that_is_none_is_found(right):
    head = right["follow_up_forms"].decode().splitlines()[0]
    cells = dict.fromkeys(head.split(","), "")
    cells |= {"dataset": "people", "patient_id": "p1", "form": "f", "form_completion_date": "26.05.2013"}
    text = head + "\n" + ",".join(cells.values()) + "\n"
    assert "not_a_date" in {f.rule for f in check_tables(right | {"follow_up_forms": text.encode()})}


def test_every_fault_is_found_in_one_run(right):
    table = planted(right[E], row_at(right[E], estimate_id="alpha_e01"), value="0.40", conf_level="95")
    table = planted(table, row_at(table, estimate_id="alpha_e03"), value="70")
    found = {f.rule for f in check_tables(right | {E: table})}
    assert {"interval_contains", "level_range", "fraction_range"} <= found


def test_every_rule_has_a_planted_fault():
    assert set(all_rules()) - {case[0] for case in PLANTED} - set(OTHER_CHANGES) == set()


def test_every_finding_that_is_no_rule_stands_in_a_test():
    source = Path(survsim.evidence.__file__).parent
    named = re.compile(
        r"\b(?:error|warning)\(\s*\"([a-z_]+)\"|return \(?\s*\"([a-z_]+)\", \"|, \"(date_mangled)\""
    )
    found = {
        next(filter(None, names))
        for path in source.rglob("*.py")
        for names in named.findall(path.read_text("utf-8"))
    }
    here = "\n".join(p.read_text("utf-8") for p in Path(__file__).parents[1].rglob("test_*.py"))
    here += "\n".join([*(case[0] for case in PLANTED), *OTHER_CHANGES])
    assert {name for name in found - set(all_rules()) if name not in here} == set()
    assert len(found - set(all_rules())) > 10


def test_rules_say_what_they_ask_for():
    for name, rule in all_rules().items():
        assert rule.says.endswith("."), name
        assert rule.name == name


def test_a_dose_whose_fractions_are_not_told_says_so(right):
    table = planted(
        right["radiotherapy"], row_at(right["radiotherapy"], course_id="r1"), dose_gy="0.45", fractions=""
    )
    found = [f for f in check_tables(right | {"radiotherapy": table}) if f.rule == "implausible_dose"]
    assert [f.value for f in found] == ["0.45 Gy, fractions not told"]
