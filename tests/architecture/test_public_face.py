"""What a user meets: the names on top, the wings, and that no module ever stands where a function was."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import pydoc
import re
import subprocess
import sys
from pathlib import Path

import pytest

import survsim
from survsim import _public
from survsim._public import MOVED_IN_0_2, PUBLIC, TOP, WINGS, load

ROOT = Path(__file__).resolve().parents[2]
TWO_SCREENS = 80


def test_every_name_is_in_one_wing():
    names = [name for table in WINGS.values() for name in table]
    assert len(names) == len(set(names)) == len(PUBLIC)
    assert set(TOP) | MOVED_IN_0_2 <= set(PUBLIC)
    assert not set(TOP) & MOVED_IN_0_2


def test_about_sixty_names_stand_on_top():
    assert len(TOP) <= 70
    kept = {
        "Surv", "kaplan_meier", "logrank_test", "cox_ph", "meta_analysis", "load_evidence", "simulate", "Scenario",
    }  # fmt: skip
    assert kept <= set(TOP)


def test_dir_shows_names_and_wings_and_nothing_else():
    assert dir(survsim) == sorted([*TOP, *WINGS, "__version__"])


def test_help_fits_on_two_screens_and_leads_on_to_every_wing():
    text = pydoc.plain(pydoc.render_doc(survsim))
    assert len(text.splitlines()) <= TWO_SCREENS
    for wing in WINGS:
        line = importlib.import_module(f"survsim.{wing}").__doc__.splitlines()[0]
        assert wing == "figures" or line in text, wing
    assert all(f"{wing} " in text for wing in WINGS)


@pytest.mark.parametrize("wing", sorted(WINGS))
def test_a_wing_is_a_module_that_shows_its_names(wing):
    module = importlib.import_module(f"survsim.{wing}")
    assert inspect.ismodule(module) and module.__name__ == f"survsim.{wing}"
    assert module.__all__ == dir(module) == sorted(WINGS[wing])
    with pytest.raises(AttributeError, match="no attribute 'fit_everything'"):
        _ = module.fit_everything


ALL_MODULES_FIRST = """
import importlib, inspect, pkgutil, sys
import survsim
from survsim._public import TOP, WINGS
for info in pkgutil.walk_packages(survsim.__path__, "survsim."):
    importlib.import_module(info.name)
hidden = [name for name in TOP if inspect.ismodule(getattr(survsim, name))]
for wing, names in WINGS.items():
    module = getattr(survsim, wing)
    assert module is sys.modules[f"survsim.{wing}"], wing
    hidden += [f"{wing}.{name}" for name in names if inspect.ismodule(getattr(module, name))]
    for name in set(names) & set(TOP):
        assert getattr(survsim, name) is getattr(module, name), name
print(hidden)
"""


def test_no_module_hides_a_name_after_every_module_was_imported():
    done = subprocess.run(
        [sys.executable, "-c", ALL_MODULES_FIRST], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip() == "[]"


def test_no_file_of_a_wing_has_the_name_of_something_the_wing_shows():
    for wing in WINGS:
        module = importlib.import_module(f"survsim.{wing}")
        files = {info.name for info in pkgutil.iter_modules(getattr(module, "__path__", []))}
        assert files & set(WINGS[wing]) == set(), wing


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_a_public_function_or_class_is_the_same_thing_everywhere(name):
    thing = load(name)
    if inspect.isfunction(thing) or inspect.isclass(thing):
        assert callable(thing) and thing.__name__ == name


@pytest.mark.parametrize("name", sorted(MOVED_IN_0_2))
def test_a_name_that_was_on_top_still_works_and_names_its_wing(name):
    with pytest.warns(
        DeprecationWarning, match=rf"survsim\.{name} is now survsim\.\w+\.{name}; .* 0\.3"
    ) as seen:
        thing = getattr(survsim, name)
    assert thing is load(name)
    assert all(one.filename == __file__ for one in seen)
    assert name not in dir(survsim)


def test_every_name_of_0_1_is_still_found():
    old = (ROOT / "tests/architecture/names_of_0_1.txt").read_text(encoding="utf-8").split()
    assert len(old) == 264
    with pytest.warns(DeprecationWarning):
        assert [name for name in old if not hasattr(survsim, name)] == []


def test_a_name_that_never_was_on_top_tells_where_it_is(monkeypatch):
    monkeypatch.setattr(_public, "MOVED_IN_0_2", frozenset())
    with pytest.raises(AttributeError, match=r"it is survsim\.distributions\.Weibull"):
        _ = survsim.Weibull


def test_the_page_of_this_version_names_every_name_that_moved():
    page = (ROOT / "docs/from_0.1_to_0.2.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `survsim\.(\w+)` \| (.*) \|$", page, re.MULTILINE))
    assert {name for row in rows.values() for name in re.findall(r"`(\w+)`", row)} == MOVED_IN_0_2
    assert all(name in WINGS[wing] for wing, row in rows.items() for name in re.findall(r"`(\w+)`", row))


def public_callables():
    """Every public function, and every public method of a public class, with its signature."""
    for name in PUBLIC:
        thing = load(name)
        if inspect.isfunction(thing):
            yield name, inspect.signature(thing)
        elif inspect.isclass(thing):
            for method, value in inspect.getmembers(thing, inspect.isfunction):
                if not method.startswith("_") and value.__module__.startswith("survsim."):
                    yield f"{name}.{method}", inspect.signature(value)


SEEDLESS = {"ParametricFit.draws"}
"""Takes the seed or the luck itself (`uniforms`), and refuses to guess which."""


def test_a_seed_is_given_by_name_and_is_one_where_it_is_not_given():
    found = {name: s.parameters["seed"] for name, s in public_callables() if "seed" in s.parameters}
    assert len(found) > 12
    wrong = {
        name
        for name, seed in found.items()
        if seed.kind is not inspect.Parameter.KEYWORD_ONLY
        # a scenario carries its own seed, which None stands for
        or seed.default
        not in ((None,) if "scenario" in PUBLIC[name.split(".")[0]] and seed.default is None else (1,))
    }
    assert wrong <= SEEDLESS


def test_sources_is_no_argument_any_more():
    assert [name for name, s in public_callables() if "sources" in s.parameters] == []


def test_the_class_of_what_a_public_function_returns_is_public():
    hidden = set()
    for name in PUBLIC:
        thing = load(name)
        callables = [thing] if inspect.isfunction(thing) else []
        if inspect.isclass(thing):
            callables = [v for k, v in inspect.getmembers(thing, inspect.isfunction) if not k.startswith("_")]
        for function in map(inspect.unwrap, callables):
            if not function.__module__.startswith("survsim."):
                continue
            home = {**vars(importlib.import_module("builtins")), **function.__globals__}
            for word in re.findall(r"\w+", str(function.__annotations__.get("return", ""))):
                cls = home.get(word)
                if inspect.isclass(cls) and cls.__module__.startswith("survsim.") and word not in PUBLIC:
                    hidden.add(f"{name}: {word}")
    assert sorted(hidden) == []


def test_the_package_itself_never_goes_through_a_wing():
    """Wings are doors for users: inside, an import names the file, so that the contracts see it."""
    package = Path(survsim.__file__).parent
    doors = {wing for wing in WINGS if (package / f"{wing}.py").is_file()}
    through = []
    for path in package.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                last = node.module.removeprefix("survsim.")
                named = {alias.name for alias in node.names}
                if last in doors or (node.module == "survsim" and named & (doors | set(PUBLIC))):
                    through.append(f"{path.name}:{node.lineno}")
                if last in WINGS and named & set(WINGS[last]):
                    through.append(f"{path.name}:{node.lineno}")
    assert through == []
