"""A protocol is read, refused with the way, and answers by its own rule; a change of it is told."""

from __future__ import annotations

from pathlib import Path

import pytest

import survsim
from survsim.errors import EvidenceError
from survsim.evidence import read_protocol
from survsim.report.protocol_changes import protocol_changes

ROOT = Path(__file__).resolve().parents[4]
DOUBLET = ROOT / "analyses" / "01_evidence_base" / "protocol.yml"
WORDS = "  question: q\n  population: p\n  comparison: c\n  outcome: o\n"


@pytest.fixture(scope="module")
def store():
    return survsim.load_evidence()


def written(tmp_path, text):
    file = tmp_path / "protocol.yml"
    file.write_text(text, encoding="utf-8")
    return file


def test_an_exclusion_is_a_step_of_the_flow_with_its_reason(store):
    found = read_protocol(DOUBLET, "doublet").select(store)
    assert found.study_ids == ("homesley_2007_gog0161", "sutton_2000_gog0108")
    flow = found.flow().to_frame()
    row = flow[flow["reason"].str.contains("abdominal irradiation after surgery")]
    assert list(row["numbers_out"]) == [1]
    assert list(row["studies_out"]) == [1]
    assert flow["numbers_left"].iloc[-1] == 2


def test_what_is_excluded_cannot_be_mixed(store):
    apart = read_protocol(DOUBLET, "doublet")
    with pytest.raises(EvidenceError, match="setting"):
        store.select(**apart.include)
    assert len(apart.select(store)) == 2


def test_a_study_that_was_excluded_does_not_keep_its_cluster(store):
    every = store.select(endpoint="overall_survival", measure="median", allow_mixed="any")
    left = every.left_out
    lost = left[left["reason"].str.contains("shares patients|kept", regex=True)]["study_id"].unique()
    without = store.select(
        endpoint="overall_survival",
        measure="median",
        allow_mixed="any",
        exclude={s: "tried" for s in every.study_ids},
    )
    assert set(without.study_ids) & set(lost)


def test_an_exclusion_of_nothing_is_refused(store):
    with pytest.raises(EvidenceError, match="no study and no number is called nobody_2000"):
        store.select(exclude={"nobody_2000": "why"})
    with pytest.raises(EvidenceError, match="excludes homesley_2007_gog0161, which no criterion lets in"):
        store.select(site="ovary_tube", exclude={"homesley_2007_gog0161": "why"})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- a\n", "must hold questions by name"),
        (f"a:\n{WORDS}  include: {{}}\n", "lacks exclude"),
        (f"a:\n{WORDS}  include: {{}}\n  exclude: []\n  colour: red\n", "unknown field colour"),
        (f"a:\n{WORDS}  include: {{endpoin: x}}\n  exclude: []\n", "did you mean endpoint"),
        (f"a:\n{WORDS}  include: {{}}\n  exclude: [{{study: x}}]\n", "and its reason"),
        (f"a:\n{WORDS}  include: {{}}\n  exclude: x\n", "must be a list"),
        (f"a:\n{WORDS.replace('o: o', 'o: 3').replace('outcome: o', 'outcome: 3')}  include: {{}}\n  exclude: []\n", "said in words"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_protocol_is_refused_with_the_way(tmp_path, text, message):
    with pytest.raises(EvidenceError, match=message):
        read_protocol(written(tmp_path, text))


def test_several_questions_need_a_name(tmp_path):
    with pytest.raises(EvidenceError, match="holds the questions disease, doublet, doublet_any_control"):
        read_protocol(DOUBLET)


def test_every_protocol_of_the_study_answers(store):
    for file in sorted((ROOT / "analyses").glob("0[14]*/protocol.yml")):
        for name in survsim.report.read_yaml(file):
            assert len(read_protocol(file, name).select(store)) > 0


def test_a_changed_protocol_is_told_field_by_field(tmp_path):
    old, new = tmp_path / "old.yml", tmp_path / "new.yml"
    old.write_text(
        f"a:\n{WORDS}  include: {{site: uterus, comparator: [x]}}\n  exclude: []\n", encoding="utf-8"
    )
    new.write_text(
        f"a:\n{WORDS}  include: {{comparator: [x, y]}}\n  exclude: [{{study: s, reason: r}}]\nb:\n{WORDS}  include: {{}}\n"
        "  exclude: []\n",
        encoding="utf-8",
    )
    assert protocol_changes(old, new) == (
        "a.include.site: uterus to nothing",
        "a.include.comparator: x to x, y",
        "a.exclude: nothing to {study: s, reason: r}",
        "b came",
    )
    assert protocol_changes(old, old) == ()
    assert protocol_changes(tmp_path / "none.yml", old) == ("a came",)
