"""No circle of files, whenever the import happens: at the top, inside a function, for types only, or by a string."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "survsim"
BY_STRING = {
    "_public.py": "the table of public names",
    "core/upward.py": "the three stated upward calls",
    "kernels/warm.py": "walks its own package to find what to compile",
}
"""Files that may import what a string names, and why."""


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def package_sources() -> dict[str, str]:
    return {module_name(p): p.read_text(encoding="utf-8") for p in sorted(PACKAGE.rglob("*.py"))}


def imports_of(name: str, source: str, known: set[str]) -> set[str]:
    """Modules of the package that a module names in any import statement, at whatever depth."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                found.add(inner if inner in known else node.module)
        elif isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
    return {m for m in found if m in known and m not in (name, "survsim", "survsim._public")}


def circles(graph: dict[str, set[str]]) -> list[tuple[str, ...]]:
    """Groups of modules that reach each other (Tarjan 1972)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    groups = []

    def visit(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in sorted(graph.get(node, ())):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            cut = stack.index(node)
            group = tuple(sorted(stack[cut:]))
            del stack[cut:]
            if len(group) > 1:
                groups.append(group)

    for node in sorted(graph):
        if node not in index:
            visit(node)
    return groups


def test_no_circle_of_files():
    sources = package_sources()
    graph = {name: imports_of(name, text, set(sources)) for name, text in sources.items()}
    assert circles(graph) == []


@pytest.mark.parametrize(
    "planted",
    [
        "from survsim.estimate.cox.regression import cox_ph",
        "def later():\n    from survsim.estimate.cox.regression import cox_ph",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from survsim.estimate.cox import regression",
    ],
    ids=["at the top", "inside a function", "for types only"],
)
def test_a_planted_circle_is_found(planted):
    sources = package_sources()
    sources["survsim.estimate.cox.baseline"] += f"\n{planted}\n"
    graph = {name: imports_of(name, text, set(sources)) for name, text in sources.items()}
    (group,) = circles(graph)
    assert {"survsim.estimate.cox.baseline", "survsim.estimate.cox.regression"} <= set(group)


def test_imports_by_string_are_where_they_are_stated():
    pattern = re.compile(r"\bimport_module\(|__import__\(")
    found = {
        p.relative_to(PACKAGE).as_posix() for p in PACKAGE.rglob("*.py") if pattern.search(p.read_text())
    }
    assert found == set(BY_STRING)


def test_upward_calls_are_four():
    from survsim.core.upward import UPWARD

    assert sorted(UPWARD) == ["plot", "save", "to_lifelines", "uncertainty"]
