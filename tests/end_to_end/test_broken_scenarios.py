"""Scenarios that cannot run: each ends with 2, all faults at once, and the same whether it is to be told or to be run."""

from __future__ import annotations

import copy
import re
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from survsim.cli import main
from survsim.core.yaml_files import read_yaml
from tests.helpers.broken_scenarios import mutated, write

ROOT = Path(__file__).parents[2]
GALLERY = "07_scenario_gallery"
CASE = "03_case_strategies"
FIRST = read_yaml(ROOT / "analyses" / GALLERY / "first_line.yml")


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the study's scenarios, strategies and of what the case's calibration reads."""
    root = tmp_path_factory.mktemp("study")
    for name in (GALLERY, CASE):
        (root / "analyses" / name).mkdir(parents=True)
        for file in (ROOT / "analyses" / name).glob("*.yml"):
            shutil.copy(file, root / "analyses" / name)
    results = Path("analyses") / "04_pooled_evidence" / "results"
    (root / results).mkdir(parents=True)
    shutil.copy(ROOT / results / "summary.json", root / results)
    shutil.copytree(ROOT / "data" / "strategies", root / "data" / "strategies")
    return root


def command(capsys: pytest.CaptureFixture[str], path: Path, *words: str) -> tuple[int, str]:
    with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit) as ended, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a changed scenario may be doubtful, and is not refused for it
        patch.setattr("sys.argv", ["survsim", "simulate", str(path), *words])
        patch.chdir(ROOT)
        main.run()
    return int(ended.value.code or 0), capsys.readouterr().err


def both(capsys: pytest.CaptureFixture[str], path: Path, out: Path) -> tuple[int, str]:
    """The answer of the command, which must be one whether the scenario is told or run."""
    told = command(capsys, path, "--explain")
    sizes = ("--patients", "4", "--draws", "2", "--workers", "1")
    ran = command(capsys, path, *sizes, "--out", str(out))
    assert told[0] in (0, 2)
    assert ran[0] == told[0], (told, ran)
    if told[0]:
        assert ran == told
        assert not out.exists()
    return told


def put(place: str, value: Any) -> Callable[[Any], None]:
    def change(content: Any) -> None:
        *steps, last = (int(s) if s.isdigit() else s for s in place.split("/"))
        for step in steps:
            content = content[step]
        content[last] = value

    return change


def top(**keys: Any) -> Callable[[Any], None]:
    return lambda content: content.update(keys)


def override(**keys: Any) -> Callable[[Any], None]:
    return top(overrides={"other": {"label": "another one", **keys}})


def several(*changes: Callable[[Any], None]) -> Callable[[Any], None]:
    def change(content: Any) -> None:
        for one in changes:
            one(content)

    return change


EFFECT = "treatments/second_drug/effects/0"
LAW = "parameters/shape/distribution"
HAND: dict[str, tuple[Callable[[Any], None], str]] = {
    "a state nobody reaches": (lambda c: c["states"].append({"name": "lost"}), "state lost cannot be reached from stable"),
    "a state nobody leaves": (lambda c: c["transitions"].pop(), "state progressed is not a death but cannot be left"),
    "a way twice": (lambda c: c["transitions"].append(c["transitions"][0]), "stable>progressed is declared twice"),
    "a treatment undefined": (lambda c: c["treatments"].update(third=c["treatments"].pop("second_drug")), "second_drug is not a treatment; known: third"),
    "an effect without duration": (lambda c: c["treatments"]["second_drug"]["effects"][0].pop("lasts"), "says not how long it lasts"),
    "an effect before it begins": (put(f"{EFFECT}/lasts", {"for": -3}), "lasts.for reaches -3, and a time lies at 0 or above"),
    "an effect on no way": (put(f"{EFFECT}/transition", "stable>dead"), "no transition is called 'stable>dead'"),
    "an effect twice": (lambda c: c["treatments"]["second_drug"]["effects"].append(c["treatments"]["second_drug"]["effects"][0]), "hr_second_drug acts twice on stable>progressed"),
    "a ratio twice": (lambda c: c["treatments"]["second_drug"]["effects"].append({"transition": "stable>progressed", "hazard_ratio": "hr_second_drug", "lasts": {"for": 24}}), "hr_second_drug acts twice on stable>progressed"),
    "a hazard ratio of 105": (put(f"{EFFECT}/hazard_ratio", 105), "hazard_ratio is 105, and a hazard ratio of anything published"),
    "a parameter unused": (lambda c: c["parameters"].update(idle={**c["parameters"]["shape"]}), "'idle' is defined but nothing uses it"),
    "a parameter undefined": (put("transitions/0/distribution/shape", "shap"), "'shap' is used but not defined"),
    "parameters in a circle": (lambda c: c["parameters"].update(
        a={"source": "derived", "rule": "product", "of": ["b"], "meaning": "one of a circle"},
        b={"source": "derived", "rule": "product", "of": ["a"], "meaning": "one of a circle"}), "is derived from 'b', which is not defined above it"),
    "a file that extends itself": (top(extends="broken.yml"), "extends itself, a file that is no whole scenario"),
    "a file that extends none": (top(extends="nowhere.yml"), "no file"),
    "strategies of one name": (top(strategies=["../../data/strategies/ifosfamide.yml"] * 2), "two strategies are called ifosfamide"),
    "a strategy that is a scenario": (top(strategies=["broken.yml"]), "strategy: Field required"),
    "a strategy elsewhere": (top(strategies=["../../../../../etc/passwd"]), "leaves the study's folder"),
    "a horizon below tau": (top(horizon=6), "outcomes.tau 12 must lie above 0 and not beyond the horizon, 6"),
    "a decision at no tau": (put("outcomes/decision_tau", 17), "outcomes.decision_tau 17 must be one of tau (12, 24)"),
    "a step beyond the horizon": (put("outcomes/grid_step", 100), "grid_step 100 is longer than the horizon"),
    "a horizon that is no number": (top(horizon=float("nan")), "horizon: must be a finite number"),
    "a horizon that is yes": (top(horizon=True), "horizon: yes/no found where a number belongs"),
    "a patient of negative age": (put("population/covariates", [{"name": "age", "distribution": "fixed", "value": -3}]), "covariate age reaches -3"),
    "patients of negative age": (put("population/covariates", [{"name": "age", "distribution": "normal", "mean": 10, "sd": 30}]), "nobody is younger than 0"),
    "a seed in words": (top(seed="today"), "seed: text came where a number belongs"),
    "a seed in quotes": (top(seed="70101"), "seed: text came where a number belongs; write it without quotes (found '70101')"),
    "a seed that is yes": (top(seed=True), "seed: yes/no found where a number belongs"),
    "a unit nobody knows": (top(time_unit="fortnights"), "time_unit 'fortnights' is none of days, weeks, months, years"),
    "years for months": (top(time_unit="years"), "Give it in years, the unit of the scenario"),
    "a start nobody knows": (top(start="nowhere"), "start 'nowhere' is not a state"),
    "a start that does not add up": (top(start={"stable": 0.5, "progressed": 0.2}), "add up to 1"),
    "a row nobody knows": (put("parameters/hr_second_drug/rows", ["nobody_e01"]), "no estimate is called nobody_e01"),
    "a row of another measure": (put("parameters/hr_second_drug/rows", ["homesley_2007_gog0161_e01"]), "its measure is median"),
    "no rows": (put("parameters/hr_second_drug/rows", []), "rows: must hold at least 1; it holds 0"),
    "a calibration that is none": (top(calibration="broken.yml"), "study_sd: Field required"),
    "a calibration missing": (put("parameters/shape", {"source": "calibration", "meaning": "shape from nowhere"}), "is taken as 'shape' from a calibration"),
    "a law upside down": (put(LAW, {"law": "uniform", "low": 3, "high": 1}), "must be below high"),
    "a law of negative spread": (put(LAW, {"law": "normal", "mean": 1, "sd": -1}), "sd: must be at least 0"),
    "a law far off": (put(LAW, {"law": "normal", "mean": 80, "sd": 1}), "its law is 80 in the middle"),
    "a utility of 80": (put("states/0/utility", 80), "a utility lies at 1 or below"),
    "a performance status that is yes": (put("population/performance_status", True), "yes/no found where a status"),
    "nested laws": (put("transitions/0/distribution", [[]]), "a distribution, a family with its parameters"),
    "an alternative nowhere": (override(set={"nothing.here": 3}), "override other: set nothing.here: there is no 'nothing'"),
    "an alternative that cannot run": (override(set={"transitions.stable>progressed.target": "gone"}), "override other: transition stable>gone: 'gone' is not a state"),
    "an alternative of another form": (override(set={"treatments": 3}), "override other: what it sets or adds has not the form of the place"),
    "an alternative that adds no parameter": (override(add={"parameters": {"p": 3}}), "override other: what it sets or adds"),
    "a history out of order": (top(histories={"early": {"now": 2, "path": [{"state": "progressed", "at": 5}]}}), "histories.early: now (2.0) comes before progressed (5.0)"),
    "a size beyond all memory": (put("full/patients", 10**15), "ask for fewer patients or draws"),
    "an empty file": (lambda c: c.clear(), "scenario: Field required"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "words"), HAND.values(), ids=HAND)
def test_broken_by_hand(
    change: Callable[[Any], None], words: str, study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = copy.deepcopy(FIRST)
    change(content)
    path = write(study / "analyses" / GALLERY, content, "broken.yml")
    code, error = both(capsys, path, tmp_path / "out")
    assert code == 2
    assert words in error


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (several(top(horizon=-1, seed="x"), top(strategies=["none.yml"])), ["horizon: must be", "seed: text", "none.yml"]),
        (
            several(
                lambda c: c["states"].append({"name": "lost"}), put("outcomes/reference", "nobody"),
                put("transitions/0/distribution/shape", "shap"), put("treatments", {}),
            ),
            ["state lost cannot be reached", "reference 'nobody'", "'shap' is used", "second_drug is not a treatment"],
        ),
        (
            top(
                overrides={
                    "one": {"label": "one", "set": {"horizon": -3}},
                    "two": {"label": "two", "set": {"transitions.stable>progressed.distribution.shape": 105}},
                },
                histories={"h": {"now": 3, "given": [{"treatment": "x", "start": 1, "status": "running"}]}},
            ),
            ["override one: horizon", "override two: transitions", "histories.h: 'x' is not a treatment"],
        ),
    ],
)  # fmt: skip
def test_all_faults_at_once(
    change: Callable[[Any], None],
    words: list[str],
    study: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    content = copy.deepcopy(FIRST)
    change(content)
    code, error = both(capsys, write(study / "analyses" / GALLERY, content, "broken.yml"), tmp_path / "out")
    assert code == 2
    assert [w for w in words if w not in error] == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("folder", "name", "count", "least"),
    [
        (GALLERY, "first_line.yml", 40, 30),
        (GALLERY, "second_line.yml", 25, 18),
        pytest.param(CASE, "scenario.yml", 4, 1, marks=pytest.mark.long),
    ],
)
def test_broken_at_random(
    folder: str,
    name: str,
    count: int,
    least: int,
    study: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Whatever is done to a file, the command refuses it in one message or runs it: it never breaks."""
    content = read_yaml(ROOT / "analyses" / folder / name)
    refused = 0
    for i, broken in enumerate(mutated(content, np.random.default_rng(130_013), count)):
        path = write(study / "analyses" / folder, broken.content, "broken.yml")
        code, error = both(capsys, path, tmp_path / f"out{i}")
        if code:
            refused += 1
            assert re.match(r"survsim: \S", error), broken.what
            assert "Traceback" not in error and error.count("survsim:") == 1, broken.what
    assert refused >= least
