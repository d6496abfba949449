"""A summary that was changed by hand: refused in words, before a number of it is printed."""

from __future__ import annotations

import json
import shutil

import pytest
from rich.console import Console

from survsim import Ledger, Provenance
from survsim.core import files
from survsim.core.provenance import DEEPEST, Nodes, from_nodes
from survsim.errors import EvidenceError, EvidenceWarning, InputError
from survsim.report.runner import check_own, run_analysis
from survsim.report.study import Study
from survsim.report.trace import list_keys, trace_tree
from tests.helpers.studies import mini_study


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    found = Study(root=mini_study(tmp_path_factory.mktemp("spoilt"))).analysis("01")
    run_analysis(found)
    return found


@pytest.fixture()
def spoil(made, tmp_path):
    """A copy of the study in which `change` was done to the summary; without the record of the run if it is handed on."""

    def spoilt(change, *, handed_on=True, sealed=True):
        copy = tmp_path / "study"
        shutil.copytree(made.study.root, copy)
        analysis = Study(root=copy).analysis("01")
        path = analysis.results() / "summary.json"
        content = json.loads(path.read_text(encoding="utf-8"))
        change(content)
        path.write_text(json.dumps(files.sealed(content) if sealed else content), encoding="utf-8")
        if handed_on:
            path.with_name("manifest.json").unlink()
        return analysis

    return spoilt


def node(method="a", inputs=(), options=None, note=""):
    return {
        "method": method,
        "inputs": list(inputs),
        "options": {} if options is None else options,
        "note": note,
    }


def value(name, new, key="median"):
    return lambda content: content["numbers"][key].update({name: new})


def steps(**nodes):
    return lambda content: content["nodes"].update(nodes)


CHAIN = {f"c{k}": node(inputs=[f"#c{k + 1}"]) for k in range(3000)} | {"c3000": node()}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (value("value", float("nan")), "median is nan, no number"),
        (value("value", float("inf")), "median is inf, no number"),
        (value("value", [1]), r"median is \[1\], no number"),
        (value("value", None), "neither a value nor a note"),
        (value("conf_low", "x"), "conf_low of median is 'x', no number"),
        (value("conf_low", 1e9), r"median has an interval from 1e\+09 to"),
        (value("unit", 5), "the unit of median is 5, not text"),
        (value("node", "nobody/1"), "the step that made median is not recorded"),
        (steps(a=node(inputs=["#b"]), b=node(inputs=["#a"])), "step a rests on itself or"),
        (steps(a=node(inputs=["#a"])), "step a rests on itself or"),
        (steps(**CHAIN), f"a chain of more than {DEEPEST} steps"),
        (steps(**dict(reversed(CHAIN.items()))), f"a chain of more than {DEEPEST} steps"),
        (steps(a=node(inputs=[5])), "the inputs of step a"),
        (steps(a=node(inputs=["#gone"])), "step a names gone, which is not recorded"),
        (steps(a=node(options=[1])), "the options of step a"),
        (steps(a=node(method=5)), "method or note of step a is no text"),
        (steps(a=[1]), "step a is no mapping"),
        (lambda c: c.update(numbers=[]), "no mapping"),
        (lambda c: c.update(analysis=5), "analysis is 5, not text"),
    ],
)
def test_what_no_run_can_have_written_is_refused(spoil, change, message):
    with pytest.raises(InputError, match=message) as said:
        trace_tree(spoil(change), "median")
    assert "was changed after it was written" in str(said.value)


@pytest.mark.parametrize("change", [value("value", 14.5), value("unit", "weeks"), steps(extra=node())])
def test_what_a_run_could_have_written_and_did_not_is_refused_by_its_checksum(spoil, change):
    with pytest.raises(InputError, match="its content is not what its checksum was made of"):
        trace_tree(spoil(change, sealed=False), "median")


def test_a_summary_of_before_there_were_checksums_is_read(spoil):
    assert trace_tree(spoil(lambda content: content.pop("checksum"), sealed=False), "median")


def test_the_summary_of_another_analysis_is_refused(spoil):
    analysis = spoil(lambda content: content.update(analysis="02_other"))
    with pytest.raises(EvidenceError, match="the summary in 01_mini is of '02_other'"):
        trace_tree(analysis, "median")


def test_what_the_last_run_did_not_write_is_refused_where_it_is_recorded(spoil, made):
    analysis = spoil(value("value", 42.0), handed_on=False)
    with pytest.raises(EvidenceError, match="not what the last run wrote"):
        list_keys(analysis)
    ledger = Ledger.load(made.results() / "summary.json")
    check_own("01_mini", ledger, made.results())


def test_a_value_outside_its_interval_is_said(spoil):
    analysis = spoil(value("value", 1e6))
    with pytest.warns(EvidenceWarning, match="median = .* lies outside its own interval"):
        trace_tree(analysis, "median")


def test_what_a_terminal_would_obey_is_written_out(spoil):
    analysis = spoil(value("unit", "\x1b[31mmonths\x9b2J"))
    console = Console(width=10_000, highlight=False, force_terminal=False)
    for thing in (trace_tree(analysis, "median"), list_keys(analysis)):
        with console.capture() as capture:
            console.print(thing)
        text = capture.get()
        assert "\x1b" not in text and "\x9b" not in text
        assert r"\x1b[31mmonths\x9b2J" in text


def test_steps_that_all_rest_on_two_others_have_an_end(spoil):
    # 40 steps, each on both of the next: 2^40 lines.
    pairs = {
        f"{side}{k}": node(f"{side}{k}", inputs=[f"#a{k + 1}", f"#b{k + 1}"])
        for k in range(40) for side in "ab"
    }  # fmt: skip
    ends = {f"{side}40": node(f"{side}40", inputs=["assumption:01_mini/onset"]) for side in "ab"}

    def change(content):
        content["nodes"].update(pairs | ends)
        content["numbers"]["median"]["node"] = "a0"

    tree = trace_tree(spoil(change), "median")
    assert "and more: the first" in str(tree.children[-1].label)


def test_a_ledger_takes_no_limits_that_it_would_not_read_again():
    ledger = Ledger(analysis="01_x")
    step = Provenance.of("a", "patients:x")
    with pytest.raises(InputError, match="give the lower limit first"):
        ledger.record("k", 1.0, conf_low=2.0, conf_high=1.0, provenance=step)
    with pytest.raises(InputError, match="conf_low must be a number"):
        ledger.record("k", 1.0, conf_low="low", provenance=step)
    assert not ledger.numbers


@pytest.mark.parametrize(
    "nodes", [{"a": node(inputs=["#a"])}, CHAIN | {"a": node(inputs=["#c0"])}, {"a": node(inputs=[5])}, {"a": 5}]
)  # fmt: skip
def test_ancestry_is_rebuilt_or_refused(nodes):
    with pytest.raises(InputError, match="rebuild the results"):
        from_nodes("a", nodes)
    deep = Provenance.of("a", "patients:x")
    for _ in range(DEEPEST - 1):
        deep = Provenance.of("b", deep)
    kept = Nodes()
    assert from_nodes(deep.to_nodes(kept), kept).references() == ("patients:x",)
