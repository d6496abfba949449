"""The house as CONTRIBUTING.md describes it: imports, names, paths, sizes, start-up time."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

import survsim
from survsim._public import PUBLIC, load
from survsim.figures.drawing import DRAWERS

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "survsim"
HEAVY = (
    "numpy",
    "pandas",
    "matplotlib",
    "numba",
    "lifelines",
    "statsmodels",
    "scipy",
    "formulaic",
    "typer",
    "rich",
)
MOST_LINES = 500


def python_files():
    folders = [PACKAGE, ROOT / "analyses", ROOT / "tests", ROOT / "benchmarks"]
    return sorted(p for folder in folders for p in folder.rglob("*.py") if "__pycache__" not in p.parts)


def test_import_contracts_hold():
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports"))],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert "0 broken" in done.stdout


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_a_public_name_can_be_imported_and_says_what_it_is(name):
    thing = load(name)
    assert thing.__doc__ and thing.__doc__.strip()


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'fit_everything'"):
        _ = survsim.fit_everything


@pytest.mark.parametrize("target", sorted(DRAWERS.values()))
def test_every_registered_drawing_function_is_there(target):
    module, function = target.split(":")
    assert callable(getattr(importlib.import_module(f"survsim.figures.{module}"), function))


@pytest.mark.parametrize("target", sorted(DRAWERS))
def test_every_drawn_class_exists_once(target):
    pattern = re.compile(rf"^class {target}\b", re.MULTILINE)
    homes = [p for p in PACKAGE.rglob("*.py") if pattern.search(p.read_text(encoding="utf-8"))]
    assert len(homes) == 1, homes


def test_importing_survsim_loads_nothing_heavy():
    code = f"import sys, survsim; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_path_that_the_contributing_page_names_exists():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = re.findall(
        r"`((?:survsim|tests|data|docs|analyses|notebooks|benchmarks)/[A-Za-z0-9_./-]*)`", text
    )
    assert len(named) > 12
    missing = [path for path in named if "<" not in path and not (ROOT / path).exists()]
    assert missing == []


def test_every_room_of_the_package_is_on_the_contributing_page():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rooms = [p.name for p in PACKAGE.iterdir() if p.is_dir() and (p / "__init__.py").exists()]
    assert [room for room in rooms if f"`survsim/{room}/`" not in text] == []


def test_every_dependency_has_its_reason():
    lines = (
        (ROOT / "setup.cfg")
        .read_text(encoding="utf-8")
        .split("install_requires =")[1]
        .split("include_package")[0]
    )
    packages = [re.split(r"[<>=]", line.strip())[0] for line in lines.strip().splitlines()]
    table = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").split("Why each dependency")[1]
    assert [p for p in packages if p not in table] == []


def test_every_declared_dependency_is_used():
    lines = (
        (ROOT / "setup.cfg")
        .read_text(encoding="utf-8")
        .split("install_requires =")[1]
        .split("include_package")[0]
    )
    names = {"pyyaml": "yaml", "great-tables": "great_tables", "python-docx": "docx"}
    packages = [re.split(r"[<>=]", line.strip())[0] for line in lines.strip().splitlines()]
    source = "\n".join(p.read_text(encoding="utf-8") for p in PACKAGE.rglob("*.py"))
    used_by_name = {"ipykernel": 'kernel_name="python3"', "pyarrow": "to_parquet"}
    unused = [
        p
        for p in packages
        if not re.search(rf"(import|from) {names.get(p, p)}\b", source)
        and used_by_name.get(p, "\0") not in source
    ]
    assert unused == []


@pytest.mark.parametrize("path", python_files(), ids=lambda p: p.relative_to(ROOT).as_posix())
def test_a_file_is_short_enough_to_read(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES


def test_names_of_test_modules_are_unique():
    names = [p.name for p in (ROOT / "tests").rglob("test_*.py")]
    assert sorted({n for n in names if names.count(n) > 1}) == []


def test_lifelines_is_called_where_its_models_leave_and_nowhere_else():
    found = [
        p.name
        for p in PACKAGE.rglob("*.py")
        if re.search(r"^\s*(import|from) lifelines\b", p.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert sorted(found) == ["lifelines_models.py"]


FORBIDDEN = {
    "type: ignore": re.compile(r"#\s*type:\s*ignore"),
    "TODO": re.compile(r"\b(TODO|FIXME|XXX)\b"),
    "NotImplementedError": re.compile(r"\bNotImplementedError\b"),
    "pickle": re.compile(r"^\s*import pickle", re.MULTILINE),
}


@pytest.mark.parametrize("what", sorted(FORBIDDEN))
def test_the_package_is_free_of(what):
    found = [p for p in PACKAGE.rglob("*.py") if FORBIDDEN[what].search(p.read_text(encoding="utf-8"))]
    assert found == []


def test_no_exception_is_swallowed_wholesale():
    broad = []
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ExceptHandler):
                names = (
                    {n.id for n in ast.walk(node.type) if isinstance(n, ast.Name)} if node.type else {"bare"}
                )
                raises = any(isinstance(n, ast.Raise) for n in ast.walk(node))
                if names & {"Exception", "BaseException", "bare"} and not raises:
                    broad.append(f"{path.name}:{node.lineno}")
    assert broad == []


@pytest.mark.parametrize("path", sorted((ROOT / "tests").rglob("test_*.py")), ids=lambda p: p.name)
def test_no_test_loads_pyplot(path):
    """Loaded once, it keeps every figure that is drawn afterwards in the process, and warns of the twenty-first."""
    assert not re.search(
        r"^\s*(import|from) matplotlib(\.| import )pyplot", path.read_text(encoding="utf-8"), re.M
    )
