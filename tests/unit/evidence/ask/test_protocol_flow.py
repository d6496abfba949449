"""Protocols of patients, cases and named numbers count what the analyses use; a rule that fits nothing is refused."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import survsim
from survsim.errors import EvidenceError
from survsim.evidence import read_protocol
from survsim.report.protocol_counts import count_protocol

ROOT = Path(__file__).resolve().parents[4]
ANALYSES = ROOT / "analyses"
WORDS = "  question: q\n  population: p\n  comparison: c\n  outcome: o\n"
FILES = sorted(ANALYSES.glob("0[124567]*/protocol.yml"))


@pytest.fixture(scope="module")
def store():
    return survsim.load_evidence()


def rule(tmp_path, text, name="a"):
    file = tmp_path / "protocol.yml"
    file.write_text(f"a:\n{WORDS}{text}", encoding="utf-8")
    return read_protocol(file, name)


def number(slug, key):
    text = (ANALYSES / slug / "results" / "summary.json").read_text(encoding="utf-8")
    return json.loads(text)["numbers"][key]["value"]


def test_every_report_states_its_rule():
    assert [f.parent.name[:2] for f in FILES] == ["01", "02", "04", "05", "06", "07"]


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.parent.name)
def test_every_question_counts_down_to_the_rows_it_names(file, store):
    for name in survsim.report.read_yaml(file):
        protocol = read_protocol(file, name)
        flow = protocol.flow(store)
        assert flow.numbers_left[-1] == len(protocol.rows(store)) > 0
        # What remains and what was left out add up at each step.
        assert list(flow.numbers_left[:-1] - flow.numbers_out[1:]) == list(flow.numbers_left[1:])
        assert protocol.differences(store) == ()


@pytest.mark.parametrize(
    ("slug", "question", "key"),
    [
        ("02_survival_models", "survival", "os.patients"),
        ("02_survival_models", "causes", "cause.patients"),
        ("02_survival_models", "progression", "pfs.patients"),
        ("02_survival_models", "drugs", "causal.patients"),
        ("02_survival_models", "radiotherapy", "radiotherapy.patients"),
        ("05_case_in_context", "cns", "cns.patients"),
    ],
)
def test_the_rule_counts_what_the_analysis_used(slug, question, key, store):
    protocol = read_protocol(ANALYSES / slug / "protocol.yml", question)
    assert len(protocol.rows(store)) == number(slug, key)


def test_the_flag_of_drugs_is_known_of_all_but_those_the_report_says(store):
    protocol = read_protocol(ANALYSES / "02_survival_models" / "protocol.yml", "drug_flag")
    flow = protocol.flow(store).to_frame()
    assert flow["numbers_out"].iloc[-1] == number("02_survival_models", "drug_flag.unanswered")


def test_the_gallery_uses_and_holds_out_what_its_file_says(store):
    plan = survsim.scenario.read_targets(ANALYSES / "07_scenario_gallery" / "scenario.yml")
    for name, targets in plan.items():
        protocol = read_protocol(ANALYSES / "07_scenario_gallery" / "protocol.yml", name)
        assert set(protocol.rows(store)) == {t.row for t in targets if t.use == "calibrate"}
        assert set(protocol.held) == {t.row for t in targets if t.use == "hold_out"}


def test_by_hand_any_of_several_criteria_then_exclusions_then_what_a_file_names(tmp_path, store):
    (tmp_path / "plan.yml").write_text(
        "targets:\n  - {row: iscm70_2019_e01}\n  - {row: kwon_2014_lm80_e01, use: hold_out}\n"
        "  - {row: kwon_2014_lm80_e02}\n",
        encoding="utf-8",
    )
    text = (
        "  include:\n"
        "    - {study: iscm70_2019, endpoint: overall_survival, measure: median}\n"
        "    - {study: kwon_2014_lm80, endpoint: overall_survival}\n"
        "  named: {file: plan.yml, keys: [targets]}\n"
        "  exclude:\n"
        "    - {estimate: [kwon_2014_lm80_e03, kwon_2014_lm80_e04, kwon_2014_lm80_e05], reason: immortal time}\n"
    )
    protocol = rule(tmp_path, text)
    assert set(protocol.rows(store)) == {"iscm70_2019_e01", "kwon_2014_lm80_e02"}
    every = store.estimates
    met = every[
        (
            (every["study_id"] == "iscm70_2019") & (every["measure"] == "median")
            | (every["study_id"] == "kwon_2014_lm80")
        )
        & (every["endpoint"] == "overall_survival")
    ]
    unnamed = sorted(
        set(met["estimate_id"])
        - {"iscm70_2019_e01", "kwon_2014_lm80_e01", "kwon_2014_lm80_e02"}
        - {f"kwon_2014_lm80_e0{k}" for k in (3, 4, 5)}
    )
    assert [line.split()[0] for line in protocol.differences(store)] == unnamed
    assert len(unnamed) > 0
    flow = protocol.flow(store).to_frame().set_index("reason")["numbers_out"]
    assert flow["immortal time"] == 3
    assert flow["held out, to judge the others by"] == 1
    assert flow.iloc[1] == len(every) - len(met)


def test_a_number_that_a_file_names_against_the_rule_is_told(tmp_path, store):
    (tmp_path / "plan.yml").write_text("targets: [{row: kwon_2014_lm80_e01}]\n", encoding="utf-8")
    text = "  include: [{study: iscm70_2019, measure: median}]\n  named: {file: plan.yml}\n  exclude: []\n"
    told = rule(tmp_path, text).differences(store)
    assert told[0] == "kwon_2014_lm80_e01 is named in plan.yml, and the rule leaves it out"
    with pytest.raises(EvidenceError, match="the rule and its file disagree"):
        count_protocol(survsim.report.Ledger(analysis="x"), store, tmp_path / "protocol.yml", tmp_path)


def test_counts_go_into_the_ledger_and_beside_the_results(tmp_path, store):
    ledger = survsim.report.Ledger(analysis="x")
    made = count_protocol(ledger, store, ANALYSES / "02_survival_models" / "protocol.yml", tmp_path)
    assert ledger.numbers["protocol.drugs.kept"].value == 54
    assert ledger.provenance("protocol.drugs.kept").references() == ("patients:*",)
    again = pd.read_csv(tmp_path / "protocol.csv")
    assert again["kept"].tolist() == made["kept"].tolist()
    flow = survsim.read_result(tmp_path / "flow_drugs.json")
    assert flow.headline() == "Evidence flow: 54 of 73 patients, 1 of 2 cohorts"
    texts = [t.get_text() for t in flow.plot().texts]
    assert "54 patients of 1 cohort" in texts
    assert any("drug records without a day" in t for t in texts)


def test_an_inherited_rule_keeps_its_own_words_and_adds_exclusions(store):
    ours = read_protocol(ANALYSES / "05_case_in_context" / "protocol.yml", "all_sites")
    theirs = read_protocol(ANALYSES / "04_pooled_evidence" / "protocol.yml", "summaries")
    assert ours.include == theirs.include
    assert ours.comparison != theirs.comparison
    assert ours.rows(store) == theirs.rows(store)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("  exclude: []\n", "needs one rule of include, patients, cases, inherits, named; it has none"),
        ("  include: {}\n  cases: {}\n  exclude: []\n", "it has include, cases"),
        ("  patients: {endpoint: x}\n  exclude: []\n", "patients must hold what is asked"),
        ("  named: {file: nothing.yml}\n  exclude: []\n", "nothing.yml is no file beside the protocol"),
        ("  named: [a]\n  exclude: []\n", "named gives a file"),
        ("  named: {file: protocol.yml}\n  exclude: []\n", "names no row below a"),
        ("  named: {file: protocol.yml, keys: [b]}\n  exclude: []\n", "has no key 'b'"),
        ("  inherits: {protocol: protocol.yml}\n  exclude: []\n", "inherits from its own file"),
        ("  inherits: {protocol: gone.yml}\n  exclude: []\n", "is no file beside"),
        ("  inherits: protocol.yml\n  exclude: []\n", "inherits names a protocol"),
        ("  include: [{endpoin: x}]\n  exclude: []\n", "did you mean endpoint"),
    ],
)
def test_a_rule_that_cannot_be_read_is_refused_with_the_way(tmp_path, text, message):
    with pytest.raises(EvidenceError, match=message):
        rule(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "  patients: {dataset: nobody}\n  exclude: []\n",
            "no patients of 'nobody'; there are those of tcga_ucs",
        ),
        ("  patients: {dataset: tcga_ucs, known: [colour]}\n  exclude: []\n", "has no column 'colour'"),
        ("  patients: {dataset: tcga_ucs, colour: red}\n  exclude: []\n", "has no column 'colour'"),
        ("  cases: {colour: red}\n  exclude: []\n", "has no column 'colour'"),
        (
            "  cases: {strict_cns: 'yes'}\n  exclude: [{case: x, reason: r}]\n",
            "names x, which is no name of the table",
        ),
        (
            "  cases: {case_id: index_case}\n  exclude: [{case: btp_2011_56f_uterus_brain, reason: r}]\n",
            "which no step before lets in",
        ),
    ],
)
def test_a_rule_that_fits_no_row_is_refused_when_it_is_counted(tmp_path, store, text, message):
    with pytest.raises(EvidenceError, match=message):
        rule(tmp_path, text).flow(store)


def test_patients_and_cases_are_no_selection(tmp_path, store):
    with pytest.raises(EvidenceError, match="is no selection of numbers"):
        rule(tmp_path, "  cases: {}\n  exclude: []\n").select(store)


def test_a_flow_from_the_search_begins_with_what_was_not_taken_in(store):

    flow = store.select(allow_mixed="any").flow()
    seen = store.flow_from_search(flow)
    left, out = store.table("excluded"), seen.reasons[1]
    assert seen.numbers_left[0] == len(store.estimates) + (left["kind"] == "estimate").sum()
    assert seen.studies_left[0] == len(store.studies) + (left["kind"] == "study").sum()
    assert sum(int(n) for n in re.findall(r"\((\d+)\)", out)) == len(left) + 1
    assert "the same number under two names (7)" in out
    assert (seen.numbers_left[1:] == flow.numbers_left).all()
    assert (seen.studies_left[1:] == flow.studies_left).all()
    assert (np.diff(seen.numbers_left) == -seen.numbers_out[1:]).all()
    assert (np.diff(seen.studies_left) == -seen.studies_out[1:]).all()


def test_a_flow_of_patients_does_not_begin_with_a_search(store):

    patients = read_protocol(ANALYSES / "02_survival_models" / "protocol.yml", "survival").flow(store)
    with pytest.raises(EvidenceError, match="counts patients"):
        store.flow_from_search(patients)
