"""Provenance and ledger: a number never loses its rows."""

import json

import pytest

from survsim import Ledger, Provenance
from survsim.core.provenance import Nodes, from_nodes
from survsim.errors import InputError


def chain():
    effect = Provenance.of("effect_size", "estimates:a_e01", route="hr_ci")
    other = Provenance.of("effect_size", "estimates:b_e02", route="hr_ci")
    return Provenance.of("meta_analysis", effect, other, method="REML")


def test_references_are_found_once_and_in_order():
    pooled = chain()
    again = Provenance.of("simulate", pooled, pooled.inputs[0], "assumption:x/y")
    assert again.references() == ("assumption:x/y", "estimates:a_e01", "estimates:b_e02")


def test_a_tree_survives_writing():
    nodes = Nodes()
    key = chain().to_nodes(nodes)
    assert from_nodes(key, json.loads(json.dumps(nodes))) == chain()
    assert len(nodes) == 3


def test_equal_trees_have_one_name_and_options_matter():
    nodes = Nodes()
    assert chain().to_nodes(nodes) == chain().to_nodes(nodes)
    assert Provenance.of("m", method="DL").to_nodes(nodes) != Provenance.of("m", method="PM").to_nodes(nodes)
    assert Provenance.of("m", method="DL").to_nodes(nodes) == "m/1"


def test_the_name_of_a_step_does_not_hang_on_the_last_bits_of_its_options():
    one, other = Nodes(), Nodes()
    name = Provenance.of("m", tau=0.1 + 0.2).to_nodes(one)
    assert name == Provenance.of("m", tau=0.3).to_nodes(other)
    assert one[name] != other[name]


def test_names_go_on_where_a_stored_tree_ended():
    nodes = Nodes()
    chain().to_nodes(nodes)
    again = Nodes(json.loads(json.dumps(nodes)))
    assert chain().to_nodes(again) == chain().to_nodes(nodes) and len(again) == len(nodes)
    assert Provenance.of("m", method="new").to_nodes(again) not in nodes


def test_a_reference_needs_a_table():
    with pytest.raises(InputError, match="table:row"):
        Provenance.of("m", "a_e01")


def test_ledger_round_trip_is_byte_identical(tmp_path):
    ledger = Ledger(analysis="01_x", seed=3, data_checksum="abc")
    ledger.record("hr.pooled", 0.75, provenance=chain(), unit="", conf_low=0.6, conf_high=0.94)
    ledger.record("median.stage_i", float("inf"), provenance=chain(), unit="months", note="not reached")
    ledger.save(tmp_path / "summary.json")
    again = Ledger.load(tmp_path / "summary.json")
    again.save(tmp_path / "again.json")
    assert (tmp_path / "summary.json").read_bytes() == (tmp_path / "again.json").read_bytes()
    assert again.provenance("hr.pooled") == chain()
    assert again.numbers["median.stage_i"].value is None


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda ledger: ledger.record("a", 1.0, provenance=chain()), "recorded twice"),
        (lambda ledger: ledger.record("b", 1.0, provenance="estimates:x"), "needs a provenance"),
        (lambda ledger: ledger.record("b", float("nan"), provenance=chain()), "say in `note`"),
        (lambda ledger: ledger.provenance("nothing"), "has no number 'nothing'"),
    ],
)
def test_ledger_refusals(call, words):
    ledger = Ledger(analysis="01_x")
    ledger.record("a", 1.0, provenance=chain())
    with pytest.raises(InputError, match=words):
        call(ledger)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not a summary of results"),
        ("[]", "not a summary"),
        ('{"format": 99}', "format 99; this version"),
    ],
)
def test_foreign_summaries_are_refused(tmp_path, text, words):
    path = tmp_path / "summary.json"
    path.write_text(text)
    with pytest.raises(InputError, match=words):
        Ledger.load(path)
    with pytest.raises(InputError, match="run the analysis first"):
        Ledger.load(tmp_path / "none.json")


def test_a_note_is_kept_only_where_there_is_no_number():
    ledger = Ledger(analysis="01_x")
    step = Provenance.of("interpolate", "patients:x")
    for key, value in (("reached", 151.0), ("not", float("inf"))):
        ledger.record(key, value, provenance=step, note="no size reaches it")
    assert (ledger.numbers["reached"].note, ledger.numbers["not"].note) == ("", "no size reaches it")
