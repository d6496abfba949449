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


INCLUDE, PATIENTS = "  include: {%s}\n  exclude: []\n", "  patients: {dataset: tcga_ucs%s}\n  exclude: []\n"
EXCLUDE = "  include: {}\n  exclude: [%s]\n"
HELD = "  include: %s\n  exclude: [{study: sutton_2000_gog0108, reason: r}]\n  hold_out: [{study: %s, reason: r}]\n"


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (INCLUDE % "endpoint: 3", "endpoint must be a word, or a list of words"),
        (INCLUDE % "endpoint: ", "endpoint must be a word, or a list of words"),
        (INCLUDE % "endpoint: []", "a list of words that is not empty"),
        (INCLUDE % "endpoint: [[overall_survival]]", "endpoint must be a word"),
        (INCLUDE % "endpoint: {a: b}", "endpoint must be a word"),
        (INCLUDE % "endpoint: [overall_survival, null]", "endpoint must be a word"),
        (INCLUDE % "interval: maybe", "interval must be true or false"),
        (INCLUDE % "interval: 1", "interval must be true or false"),
        (INCLUDE % "time: soon", "time must be a number of months"),
        (INCLUDE % "time: [true]", "time must be a number of months"),
        (INCLUDE % "overlap: 3", "overlap must be a word, or the study to keep"),
        (INCLUDE % "allow_mixed: {a: 1}", "allow_mixed must be a word"),
        (INCLUDE % "endpiont: x", r"no criterion 'endpiont'; did you mean endpoint\?"),
        (INCLUDE % "self: 3", r"no criterion 'self'\. There are"),
        ("  include:\n  exclude: []\n", "include is empty; write {} where"),
        ("  include: []\n  exclude: []\n", "include is empty"),
        ("  include: {}\n  cases: {}\n  exclude: []\n", "it has include, cases"),
        ("  named: {file: x.yml}\n  cases: {}\n  exclude: []\n", "it has cases, named"),
        (EXCLUDE % "{study: s, reason: 3}", "its reason in words"),
        (EXCLUDE % "{study: s, reason: }", "its reason in words"),
        (EXCLUDE % "{study: s, reason: [a]}", "its reason in words"),
        (EXCLUDE % "{study: [null], reason: r}", "names one of study, estimate, patient, case"),
        (EXCLUDE % "{study: s, estimate: e, reason: r}", "names one of study, estimate, patient, case"),
        (EXCLUDE % "{study: s, reason: r}, {study: [t, s], reason: q}", "exclude names s twice"),
        (HELD % ("[{}]", "sutton_2000_gog0108"), "sutton_2000_gog0108 is excluded and held out"),
        (HELD % ("{}", "homesley_2007_gog0161"), "hold_out belongs to a rule that names numbers"),
        (PATIENTS % ", endpoint: 3", "endpoint of patients must be a word"),
        (PATIENTS % ", known: 3", "known of patients must be a word"),
        (PATIENTS % ", figo_stage_group: ", "figo_stage_group of patients must be a word or number"),
        ("  patients: {dataset: [a, b]}\n  exclude: []\n", "dataset of patients must be one word"),
        ("  patients: {endpoint: x}\n  exclude: []\n", "the dataset among them"),
        ("  cases: all\n  exclude: []\n", "cases must hold what is asked by name"),
        ("  inherits: {protocol: protocol.yml}\n  exclude: []\n", "inherits from its own file"),
        ("  inherits: {protocol: round.yml}\n  exclude: []\n", "in a circle, protocol.yml -> round.yml -> protocol.yml"),
        ("  inherits: {protocol: round.yml, question: [a]}\n  exclude: []\n", "inherits names one question"),
        ("  named: {file: empty.yml}\n  exclude: []\n", "empty.yml holds nothing by name"),
        ("  named: {file: plan.yml, keys: 3}\n  exclude: []\n", "keys of named must be a word or a list of words"),
    ],
)  # fmt: skip
def test_a_rule_of_a_wrong_kind_or_against_itself_is_refused_when_read(tmp_path, rule, message):
    (tmp_path / "round.yml").write_text(f"b:\n{WORDS}  inherits: {{protocol: protocol.yml}}\n  exclude: []\n")
    (tmp_path / "plan.yml").write_text("targets:\n  - {row: iscm70_2019_e01}\n")
    (tmp_path / "empty.yml").write_text("")
    with pytest.raises(EvidenceError, match=message) as told:
        read_protocol(written(tmp_path, f"a:\n{WORDS}{rule}"))
    assert len(str(told.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (INCLUDE % "endpoint: overal_survival", "protocol.yml, a: no number has endpoint 'overal_survival'"),
        (INCLUDE % "overlap: {nowhere: x}", "protocol.yml, a: overlap names cluster 'nowhere'"),
        (INCLUDE % "endpoint: overall_survival, time: 77", "nothing is left of .*'time is not 77 months'"),
        (INCLUDE % "population: surrogate, histology: carcinosarcoma", "nothing is left of"),
        ("  include: {study: sutton_2000_gog0108}\n  exclude: [{study: sutton_2000_gog0108, reason: why}]\n",
         "nothing is left of .* at the step 'why'"),
        ("  include: [{endpoint: overall_survival, time: 77}]\n  exclude: []\n", "'meets no criterion of the protocol'"),
        (EXCLUDE % "{patient: TCGA-QN-A5NN, reason: r}", "no study and no number is called TCGA-QN-A5NN"),
        (PATIENTS % ", endpoint: overall", "tcga_ucs has no endpoint 'overall'; it has disease_free_interval"),
        (PATIENTS % ", figo_stage_group: V", "nothing is left of 73 patients; .*'figo_stage_group is not V'"),
        ("  cases: {case_id: nobody}\n  exclude: []\n", "nothing is left of 23 cases"),
        ("  named: {file: plan.yml}\n  exclude: []\n", "plan.yml names nobody_e01, which is no number"),
    ],
)  # fmt: skip
def test_a_rule_that_the_tables_do_not_meet_is_refused_with_its_place(tmp_path, store, rule, message):
    (tmp_path / "plan.yml").write_text("targets:\n  - {row: nobody_e01}\n")
    protocol = read_protocol(written(tmp_path, f"a:\n{WORDS}{rule}"))
    for asked in (protocol.flow, protocol.rows):
        with pytest.raises(EvidenceError, match=message):
            asked(store)


def test_a_name_of_a_question_is_a_word(tmp_path):
    with pytest.raises(EvidenceError, match="calls a question 1; a name is a word"):
        read_protocol(written(tmp_path, f"1:\n{WORDS}  include: {{}}\n  exclude: []\n"))


@pytest.mark.parametrize("name", ["../../pwned", "a/b", "a\\\\b", "..", ".hidden", "-x", "", "a" * 101])
def test_a_name_of_a_question_is_a_name_that_a_file_may_have(tmp_path, name):
    file = written(tmp_path, f'"{name}":\n{WORDS}  include: {{}}\n  exclude: []\n')
    with pytest.raises(EvidenceError, match=r"calls a question .* a name is a word of letters"):
        read_protocol(file)


@pytest.mark.parametrize("rule", ["named: {file: %s}", "inherits: {protocol: %s}"])
def test_a_file_that_a_protocol_names_lies_in_its_study(tmp_path, store, rule):
    folder = tmp_path / "study" / "analyses" / "one"
    folder.mkdir(parents=True)
    other = tmp_path / "other.yml"
    other.write_text("targets: [{row: iscm70_2019_e01}]\n")
    for named, words in (
        ("../../../other.yml", "leaves the study's folder"),
        ('"a\\0b"', "no name that a file can have"),
    ):
        with pytest.raises(EvidenceError, match=words):
            read_protocol(written(folder, f"a:\n{WORDS}  {rule % named}\n  exclude: []\n"))
    other.rename(tmp_path / "study" / "plan.yml")
    inside = written(folder, f"a:\n{WORDS}  named: {{file: ../../plan.yml}}\n  exclude: []\n")
    assert read_protocol(inside).rows(store) == ("iscm70_2019_e01",)


def test_one_key_of_a_plan_may_stand_alone(tmp_path, store):
    (tmp_path / "plan.yml").write_text("targets:\n  - {row: iscm70_2019_e01}\nother: 3\n")
    text = f"a:\n{WORDS}  named: {{file: plan.yml, keys: targets}}\n  exclude: []\n"
    assert read_protocol(written(tmp_path, text)).rows(store) == ("iscm70_2019_e01",)


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
