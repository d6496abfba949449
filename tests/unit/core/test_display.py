"""What a notebook shows: every public object has an escaped, compact card, and the printout stays short."""

from __future__ import annotations

import html.parser
import importlib
import inspect

import numpy as np

import survsim
from survsim._public import PUBLIC, load
from survsim.core.display import card, short
from survsim.report.new_study import new_study

LONGEST = 60_000
OTHERWISE = {"Prose", "Corrector", "ExplorerPanel"}
"""Prose is shown as Markdown, the others by their own widgets."""


def classes():
    for name, module in sorted(PUBLIC.items()):
        found = getattr(importlib.import_module(module), name)
        is_value = inspect.isclass(found) and not issubclass(found, BaseException)
        if is_value and not inspect.isabstract(found) and not getattr(found, "_is_protocol", False):
            yield name, load(name)


class Tags(html.parser.HTMLParser):
    """Counts tags that are open at the end, and those that no card has."""

    def __init__(self):
        super().__init__()
        self.open, self.strange = [], []

    def handle_starttag(self, tag, attrs):
        if tag in ("script", "img", "b"):
            self.strange.append(tag)
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def checked(text):
    tags = Tags()
    tags.feed(text)
    assert tags.open == [] and tags.strange == [] and len(text) < LONGEST
    return text


def test_every_public_class_has_a_display():
    lacking = [n for n, cls in classes() if not hasattr(cls, "_repr_html_") and n not in OTHERWISE]
    assert lacking == []


def test_a_card_is_escaped_everywhere():
    evil = "<script>alert('x')</script>\"&"
    text = card(evil, {evil: evil, "list": [evil], "map": {evil: evil}}, tables={evil: [[evil], [evil]]})
    assert "<script" not in checked(text) and text.count("&lt;script&gt;") == 9


def test_values_in_a_few_words():
    assert short(np.arange(3.0)) == "0, 1, 2"
    assert short(np.array([1.0, np.nan] * 10)) == "array of 20, 1 to 1"
    assert short(list(range(20))).endswith("10, 11 and 8 more")
    assert (short(True), short(0.123456789), short("x" * 500)[-3:]) == ("yes", "0.123457", "...")


def test_what_ends_a_cell_is_compact(tmp_path):
    study = new_study("tumour", tmp_path, template="both")
    path = study / "analyses/02_strategies/scenario.yml"
    scenario = survsim.Scenario.from_yaml(path)
    evidence = survsim.load_evidence(study)
    draws = survsim.scenario.scenario_parameters(scenario, draws=4, evidence=evidence)
    model = scenario.model(draws.draws())
    shown = {
        "scenario": scenario, "evidence": evidence, "selection": evidence.select(measure="median"),
        "model": model, "strategy": scenario.strategies[1], "parameters": draws, "state": scenario.content.states[0],
        "estimate": evidence.estimate("example_2001_e04"), "surv": survsim.Surv.right([1.0, 2], [True, False], unit="months"),
        "check": survsim.check_evidence(study),
    }  # fmt: skip
    for name, item in shown.items():
        assert checked(item._repr_html_()), name
        assert len(repr(item).splitlines()) <= 20 or name == "parameters", name
    text = scenario._repr_html_()
    assert "By how much would survival differ" in text and "hazard ratio of progression" in text
    assert repr(scenario) == (
        "Scenario strategies: 2 strategies (usual_care, drug_first), 3 states, 3 transitions, 7 parameters, 60 months, "
        "reference usual_care"
    )
    assert "2001" in shown["selection"]._repr_html_()
