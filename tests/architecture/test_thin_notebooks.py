"""Analyses use public names only; notebooks call, show and say, and compute nothing themselves."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest

from survsim._public import TOP, WINGS

ROOT = Path(__file__).resolve().parents[2]
ANALYSES = sorted(p for p in (ROOT / "analyses").iterdir() if (p / "run.py").is_file())
REPORTS = [p / "report.py" for p in ANALYSES]
RUNS = [f for p in ANALYSES for f in sorted(p.glob("*.py")) if f.name != "report.py"]
"""run.py and the files beside it that it is made of."""
LOGIC = (
    ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.For, ast.While, ast.If, ast.IfExp,
    ast.Try, ast.With, ast.Assert, ast.Raise, ast.AugAssign,
)  # fmt: skip
"""What a report may not hold; a comprehension that relabels rows is still a table."""
ALLOWED_IN_REPORTS = {"survsim", "pandas"}
ALLOWED_IN_RUNS = {
    "survsim", "pandas", "numpy", "pathlib", "math", "warnings", "shutil", "typing", "collections", "__future__",
}  # fmt: skip

NUMBERS_IN_WORDS = re.compile(
    r"""95%|                     # the level of all intervals
        ^\s*\d\.\s|              # a numbered list
        phase\sI+|stages?\sI+V?|grade\sI+|
        GOG-\d+|PD-1|EQD2|T\d+|L\d+|COVID-19|
        \d+\sGy|                 # doses name a treatment
        in\s\d+\sfractions
    """,
    re.VERBOSE | re.MULTILINE,
)


def name(path):
    return path.relative_to(ROOT).as_posix()


def parsed(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield from ((node.module or "", alias.name) for alias in node.names)


def test_what_is_imported_from_beside_is_there():
    """``from .harm import record_harm`` needs harm.py in the same folder, and nothing above it."""
    faults = []
    for path in RUNS:
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.ImportFrom) and node.level:
                beside = path.with_name(f"{node.module}.py")
                if node.level > 1 or not beside.is_file():
                    faults.append(f"{name(path)}, line {node.lineno}")
    assert faults == []


def test_there_are_analyses():
    assert len(ANALYSES) >= 2


@pytest.mark.parametrize("folder", ANALYSES, ids=name)
def test_an_analysis_has_its_parts(folder):
    missing = [f for f in ("README.md", "scenario.yml", "run.py", "report.py") if not (folder / f).is_file()]
    assert missing == []
    readme = (folder / "README.md").read_text(encoding="utf-8")
    assert "**Question.**" in readme


@pytest.mark.parametrize("path", REPORTS, ids=name)
def test_a_report_holds_no_logic(path):
    found = [f"line {n.lineno}: {type(n).__name__}" for n in ast.walk(parsed(path)) if isinstance(n, LOGIC)]
    assert found == []


@pytest.mark.parametrize("path", REPORTS, ids=name)
def test_a_report_imports_survsim_and_nothing_else(path):
    assert {module for module, _ in imported(parsed(path))} <= ALLOWED_IN_REPORTS


@pytest.mark.parametrize("path", RUNS, ids=name)
def test_an_analysis_imports_few_things(path):
    found = {module.split(".")[0] for module, _ in imported(parsed(path))}
    assert found <= ALLOWED_IN_RUNS
    assert not [module for module, _ in imported(parsed(path)) if module.startswith("survsim.")]


@pytest.mark.parametrize("path", [*REPORTS, *RUNS], ids=name)
def test_only_public_names_are_used(path):
    tree = parsed(path)
    chains = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    used = {tuple(chain.split(".")[1:3]) for chain in chains if re.fullmatch(r"survsim(\.\w+){1,2}", chain)}
    used |= {(item,) for module, item in imported(tree) if module == "survsim" and item}
    public = {(name,) for name in (*TOP, *WINGS)} | {(w, name) for w in WINGS for name in WINGS[w]}
    # `survsim.Surv.right` is a name on top and a method of it
    assert sorted(one for one in used if one not in public and one[0] not in TOP) == []


@pytest.mark.parametrize("path", REPORTS, ids=name)
def test_every_number_in_the_prose_is_a_variable(path):
    loose = []
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "prose":
            for part in (a for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)):
                text = re.sub(r"\{[^{}]*\}", "", part.value)
                loose += re.findall(r"\S*\d\S*", NUMBERS_IN_WORDS.sub("", text))
    assert loose == []


@pytest.mark.parametrize("folder", ANALYSES, ids=name)
def test_the_committed_notebook_is_the_report(folder):
    """Cell by cell the same source: nobody edits a notebook and loses it at the next build."""
    import jupytext

    path = ROOT / "notebooks" / f"{folder.name}.ipynb"
    assert path.is_file(), "run `survsim report` and commit the notebook"
    written = json.loads(path.read_text(encoding="utf-8"))
    source = jupytext.reads((folder / "report.py").read_text(encoding="utf-8"), fmt="py:percent")
    assert ["".join(c["source"]) for c in written["cells"]] == [c.source for c in source.cells]


@pytest.mark.parametrize("folder", ANALYSES, ids=name)
def test_the_committed_notebook_ran_without_error_and_holds_no_clock(folder):
    written = json.loads((ROOT / "notebooks" / f"{folder.name}.ipynb").read_text(encoding="utf-8"))
    kinds = [o["output_type"] for c in written["cells"] for o in c.get("outputs", [])]
    assert "error" not in kinds
    assert "execution" not in json.dumps([c["metadata"] for c in written["cells"]])
    assert not [o for c in written["cells"] for o in c.get("outputs", []) if o.get("name") == "stderr"]


READS = re.compile(
    r"survsim\.(report|figures)\.\w+$|survsim\.(read_result|load_evidence)$|survsim\.simulation\.SimulationResult\.load$"
)
"""What a report may call of the package: it reads, draws and tells; whatever is fitted is fitted by run.py."""


def fits(tree):
    """Names of the package's functions that a report calls and that are more than reading."""
    calls = (ast.unparse(n.func) for n in ast.walk(tree) if isinstance(n, ast.Call))
    return [c for c in calls if re.fullmatch(r"survsim(\.\w+)+", c) and not READS.match(c)]


@pytest.mark.parametrize("path", REPORTS, ids=name)
def test_no_report_fits_anything(path):
    assert fits(parsed(path)) == []


def test_a_planted_fit_is_found():
    tree = ast.parse(
        "survsim.read_result(x).plot()\nsurvsim.kaplan_meier(surv).plot()\nsurvsim.cox.cox_ph(s)"
    )
    assert sorted(fits(tree)) == ["survsim.cox.cox_ph", "survsim.kaplan_meier"]
