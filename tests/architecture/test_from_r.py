"""Who comes from R finds what the translation table says, in the manual and among the sources of truth."""

from __future__ import annotations

import csv
import inspect
import re
from pathlib import Path

import pytest

import survsim
from survsim._names_elsewhere import FROM_LIFELINES, FROM_R
from survsim._public import PUBLIC, WINGS, load
from survsim.core.result import Result

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "from_r.md").read_text(encoding="utf-8")
HOW_TO = "".join(p.read_text(encoding="utf-8") for p in sorted((ROOT / "docs" / "how_to").glob("*.md")))
_ASKED_FOR = """
    kaplan_meier logrank_test milestone_test net_survival event_rates sufficient_follow_up
    cox_ph concordance time_dependent_auc brier_score likelihood_ratio_test
    parametric_survival interval_censored_parametric royston_parmar mixture_cure background_rates life_table
    aalen_johansen cause_specific_cox fine_gray mean_time_in_state panel_multistate
    meta_analysis cumulative_meta_analysis effect_size pool_proportions pool_two_arms
    treatment_weights clone_censor_weight marginal_structural_cox e_value confounder_tipping
    dose_volume_histogram geud bed eqd2 cumulative_myelopathy_risk
"""
ASKED_FOR = tuple(_ASKED_FOR.split())
"""What people who come from R reach for: each in the table, in the matrix, with refusals and references in its help."""
_METHODS = """
    predict_hazard predict_cumulative_hazard predict_quantile predict_median quantile at_risk event_free_at
    proportional_hazards_test residuals time_dependent_auc brier_score concordance transition_probabilities
"""
METHODS = tuple(_METHODS.split())


def translated() -> list[str]:
    """The cells of the table that say what is typed here."""
    rows = [re.split(r"(?<!\\)\|", line) for line in PAGE.splitlines() if line.startswith("| ")]
    return [row[2] for row in rows if len(row) > 3 and row[2].strip() not in ("survsim", "---")]


def test_every_row_stands_in_a_table_with_a_head() -> None:
    """A blank line within a table ends it: what follows would be shown as bare text."""
    pages = [*(ROOT / "docs").rglob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
    bare = []
    for page in pages:
        # Blocks of code may draw what they like.
        lines = re.sub(r"(?ms)^```.*?^```", "", page.read_text(encoding="utf-8")).splitlines()
        for before, line, after in zip(["", *lines], lines, [*lines[1:], ""]):
            if line.startswith("|") and not before.startswith("|") and not set(after) <= set("|-: "):
                bare.append(f"{page.name}: {line[:60]}")
    assert bare == []


def methods() -> set[str]:
    classes = [load(name) for name in PUBLIC if inspect.isclass(load(name))]
    return {name for cls in classes for name, _ in inspect.getmembers(cls) if not name.startswith("_")}


def test_every_option_that_the_table_names_is_one_of_its_function() -> None:
    wrong = []
    for cell in translated():
        for name, given in re.findall(r"`(?:\w+\.)*(\w+)\(([^`]*)\)`", cell):
            if name not in PUBLIC or not inspect.isfunction(load(name)):
                continue
            allowed = inspect.signature(load(name)).parameters
            flat = re.sub(r"\{[^}]*\}|\[[^\]]*\]|\([^)]*\)", "", given)
            wrong += [f"{name}({option}=)" for option in re.findall(r"(\w+)=", flat) if option not in allowed]
    assert wrong == []


@pytest.mark.parametrize("name", ASKED_FOR)
def test_what_was_asked_for_is_in_the_manual_and_has_its_source_of_truth(name: str) -> None:
    with (ROOT / "tests" / "evidence_matrix.csv").open(encoding="utf-8", newline="") as file:
        assert name in {row["estimator"] for row in csv.DictReader(file)}
    assert f"`{name}" in PAGE or f"{name}(" in PAGE
    text = inspect.getdoc(load(name)) or ""
    assert "Raises" in text and "Reference" in text


@pytest.mark.parametrize("name", METHODS)
def test_a_method_that_was_asked_for_is_in_the_table(name: str) -> None:
    assert f".{name}(" in PAGE
    assert name in methods()


@pytest.mark.parametrize("name", ["net_survival", "panel_multistate", "clone_censor_weight", "marginal_structural_cox", "milestone_test",
                                  "mean_time_in_state", "event_rates", "likelihood_ratio_test", "e_value", "confounder_tipping"])  # fmt: skip
def test_a_how_to_page_shows_it(name: str) -> None:
    assert name in HOW_TO


@pytest.mark.parametrize("name", sorted(FROM_R | FROM_LIFELINES))
def test_a_name_of_theirs_is_answered_by_what_it_is_here(name: str) -> None:
    here = (FROM_R | FROM_LIFELINES)[name]
    maker, _, method = here.partition("(...).")
    wing, _, function = maker.rpartition(".")
    assert function in (WINGS[wing] if wing else survsim._public.TOP)
    if method:
        result = inspect.get_annotations(load(function))["return"]
        assert all(method in dir(load(one)) for one in result.split(" | "))
    said = f"R's {name} is survsim.{here}" if name in FROM_R else f"lifelines' {name} see survsim.{here}"
    with pytest.raises(AttributeError, match=re.escape(said)):
        getattr(survsim, name)


def test_every_result_of_theirs_is_a_result() -> None:
    returned = {
        str(load(name).__annotations__.get("return", ""))
        for name in ASKED_FOR
        if inspect.isfunction(load(name))
    }
    classes = {
        cls
        for text in returned
        for cls in re.findall(r"\w+", text)
        if cls in PUBLIC and inspect.isclass(load(cls))
    }
    assert len(classes) > 20
    assert [
        name for name in classes if not issubclass(load(name), Result) and name != "PiecewiseExponential"
    ] == []
