"""The file of an evidence question: its keys and criteria, each slip with the word that was meant."""

import pytest

import survsim
from survsim.errors import EvidenceError
from survsim.report import not_pooled, read_question


def written(tmp_path, text):
    file = tmp_path / "scenario.yml"
    file.write_text(text, encoding="utf-8")
    return file


def test_disease_and_criteria_are_read(tmp_path):
    file = written(tmp_path, "disease:\nquestion: {endpoint: overall_survival, study: [a, b]}\n")
    assert read_question(file) == {
        "disease": "",
        "question": {"endpoint": "overall_survival", "study": ["a", "b"]},
    }
    assert (
        read_question(written(tmp_path, "disease: thymoma\nquestion: {site: thymus}\n"))["disease"]
        == "thymoma"
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "question: {endpont: overall_survival}\n",
            "question: there is no criterion 'endpont'; did you mean endpoint?",
        ),
        ("question:\n", "question names at least one criterion"),
        ("disease: x\n", "question names at least one criterion"),
        ("question: {}\n", "question names at least one criterion"),
        ("questoin: {site: x}\n", "no key 'questoin'; did you mean 'question'?"),
        ("question: {site: x}\nhorizon: 3\n", "no key 'horizon'"),
        ("question: [site]\n", "include must hold criteria by name"),
        ("disease: 3\nquestion: {site: x}\n", "disease is said in words; got 3"),
        ("- 3\n", "must hold disease and question; it holds list"),
        ("question: {endpoint: 3}\n", "endpoint must be a word"),
    ],
)
def test_a_slip_is_told(tmp_path, text, told):
    with pytest.raises(EvidenceError) as refused:
        read_question(written(tmp_path, text))
    assert told in str(refused.value)


def test_a_study_that_is_not_asked_for_is_a_reason():
    evidence = survsim.load_evidence()
    study = evidence.select(endpoint="overall_survival", measure="hazard_ratio", allow_mixed="any").study_ids[
        0
    ]
    why = not_pooled(evidence, {"study": study}).set_index("number")
    rows = evidence.select(population="any").estimates
    others = why.loc[rows["estimate_id"][rows["study_id"] != study], "why"]
    assert others.str.contains(f"asked for {study}|did you mean {study}", regex=True).all()
    assert not why.loc[why["study"] == study, "why"].str.contains("asked for").any()
