"""Mistakes people make, planted in the shipped tables: each is found, and each changes exactly one line.

They were thought of apart from the rules: digits that slip, rows pasted twice, names mistyped or removed.
"""

from __future__ import annotations

import pytest

import survsim
from survsim.evidence.raw.table_faults import check_tables
from tests.helpers.mini_study import planted, rows_of, table_of

HOMESLEY = "homesley_2007_gog0161"


@pytest.fixture(scope="module")
def shipped():
    folder = survsim.check_evidence().folder / "curated"
    return {p.stem: p.read_bytes() for p in sorted(folder.glob("*.csv"))}


@pytest.fixture(scope="module")
def lines(shipped):
    return {str(f) for f in check_tables(shipped) if not f.explained}


def ratio(row):
    """A ratio that has all that can contradict itself."""
    filled = all(row[c] for c in ("conf_low", "conf_high", "p_value", "comparator", "n_arm"))
    return row["measure"] == "hazard_ratio" and filled and row["status"] != "questioned"


def times(factor):
    return lambda cell: f"{float(cell) * factor:g}"


CELLS = [
    ("interval_asymmetric", "estimates", ratio, {"conf_high": times(10)}),
    ("interval_contains", "estimates", ratio, {"value": times(10)}),
    ("p_contradicts_interval", "estimates", ratio, {"p_value": "0.000001"}),
    ("unknown_comparator", "estimates", ratio, {"comparator": "placebo_x"}),
    (
        "fraction_range",
        "estimates",
        lambda r: r["measure"] == "survival_probability" and r["conf_low"],
        dict.fromkeys(("value", "conf_low", "conf_high"), times(100)),
    ),
    (
        "unknown_reference",
        "estimates",
        lambda r: r["study_id"] == HOMESLEY,
        {"study_id": "homesly_2007_gog0161"},
    ),
    ("arm_exceeds_study", "studies", lambda r: r["study_id"] == HOMESLEY, {"n_total": "17"}),
    (
        "surrogate_as_index",
        "studies",
        lambda r: r["site"].startswith("cns_surrogate"),
        {"population": "index"},
    ),
    ("origin_and_basis", "estimates", lambda r: r["origin"] == "diagnosis", {"origin": "not_stated"}),
    ("bias_of_no_row", "bias", lambda r: r["row_id"] == f"{HOMESLEY}_e01", {"row_id": "homesley_e99"}),
    ("bias_judge_unknown", "bias", lambda r: r["tool"] == "rob2", {"judge": "somebody"}),
    (
        "unknown_reference",
        "patients",
        lambda r: r["drug_records_n"] not in ("", "0"),
        {"patient_id": "TCGA-XX"},
    ),
    (
        "progression_after_death",
        "outcomes",
        lambda r: r["endpoint"] == "overall_survival" and len(r["time"]) > 3,
        {"time": lambda cell: cell[:2]},
    ),
    ("mixed_time_units", "outcomes", lambda r: r["endpoint"] == "overall_survival", {"time_unit": "months"}),
    ("explanation_count", "known_warnings", lambda r: r["expected"] == "48", {"expected": "49"}),
    (
        "unknown_rule",
        "known_warnings",
        lambda r: r["rule"] == "status_questioned",
        {"rule": "status_question"},
    ),
]
REMOVED = [
    ("unknown_reference", "studies", lambda r: r["study_id"] == HOMESLEY),
    ("unknown_comparator", "arms", lambda r: r["study_id"] == HOMESLEY),
    ("unknown_reference", "patients", lambda r: r["drug_records_n"] not in ("", "0")),
    ("unknown_reference", "endpoints", lambda r: r["endpoint"] == "overall_survival"),
    ("unknown_reading", "readings", lambda r: r["reading_id"] == "description_2"),
    ("bias_domain_missing", "bias", lambda r: r["tool"] == "rob2"),
]
TWICE = [
    ("duplicate_key", "estimates", ratio),
    ("duplicate_key", "studies", lambda r: r["study_id"] == HOMESLEY),
    ("duplicate_key", "patients", lambda r: r["drug_records_n"] not in ("", "0")),
]


def first(shipped, table, is_meant):
    return next(i for i, r in enumerate(rows_of(shipped[table])) if is_meant(r))


def only_new(shipped, lines, table, content):
    after = [f for f in check_tables(shipped | {table: content}) if not f.explained]
    new = [f for f in after if str(f) not in lines]
    assert len(new) == 1, [str(f) for f in new]
    assert len(after) == len(lines) + 1
    return new[0]


@pytest.mark.parametrize(("rule", "table", "is_meant", "cells"), CELLS)
def test_a_mistyped_cell_is_one_line(shipped, lines, rule, table, is_meant, cells):
    row = first(shipped, table, is_meant)
    was = rows_of(shipped[table])[row]
    typed = {name: cell(was[name]) if callable(cell) else cell for name, cell in cells.items()}
    assert only_new(shipped, lines, table, planted(shipped[table], row, **typed)).rule == rule


@pytest.mark.parametrize(("rule", "table", "is_meant"), REMOVED)
def test_a_removed_row_is_one_line(shipped, lines, rule, table, is_meant):
    rows = rows_of(shipped[table])
    del rows[first(shipped, table, is_meant)]
    assert only_new(shipped, lines, table, table_of(rows)).rule == rule


@pytest.mark.parametrize(("rule", "table", "is_meant"), TWICE)
def test_a_row_pasted_twice_is_one_line(shipped, lines, rule, table, is_meant):
    rows = rows_of(shipped[table])
    rows.append(rows[first(shipped, table, is_meant)])
    assert only_new(shipped, lines, table, table_of(rows)).rule == rule


def test_two_mistakes_are_two_lines(shipped, lines):
    table = shipped["estimates"]
    row = first(shipped, "estimates", ratio)
    table = planted(table, row, p_value="0.000001")
    table = planted(table, row + 1, place="@SUM(A1)")
    after = [f for f in check_tables(shipped | {"estimates": table}) if not f.explained]
    assert {f.rule for f in after} == {"p_contradicts_interval", "formula_cell"}
    assert len(after) == len(lines) + 2


def test_what_follows_from_a_mistake_is_told_behind_it(shipped, lines):
    row = first(shipped, "estimates", ratio)
    high = rows_of(shipped["estimates"])[row]["conf_high"]
    table = planted(shipped["estimates"], row, conf_high=times(10)(high))
    assert "[p_contradicts_interval]" in only_new(shipped, lines, "estimates", table).remedy


def test_every_line_on_the_shipped_data_names_an_action(shipped):
    """Each warning says what somebody can do, as the imperative that it begins with."""
    verbs = {"Add", "Check", "Compare", "Find", "Look", "Name", "Put", "Read", "Search", "Take"}
    said = {f.remedy for f in check_tables(shipped)}
    assert {r.split()[0].strip(",;:") for r in said} <= verbs
