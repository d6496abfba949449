"""What pandas hands out may be read-only (pandas 3): nothing of it is changed in place without a copy of its own."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted(p for folder in ("survsim", "analyses") for p in (ROOT / folder).rglob("*.py"))
VIEWS = ("to_numpy", "values", "array")
SAME_MEMORY = ("asarray", "ascontiguousarray", "atleast_1d", "ravel", "reshape", "asanyarray")


def _borrowed(node: ast.AST) -> bool:
    """Whether an expression may be memory of a pandas object."""
    if isinstance(node, ast.UnaryOp | ast.BinOp | ast.Compare | ast.Constant):
        return False  # a new array
    if isinstance(node, ast.Attribute):
        own = isinstance(node.value, ast.Name) and node.value.id == "self"
        return node.attr in VIEWS and not own
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if node.func.attr == "to_numpy":
            return not any(k.arg == "copy" for k in node.keywords)
        if node.func.attr in SAME_MEMORY:
            return any(_borrowed(a) for a in (node.func.value, *node.args))
    if isinstance(node, ast.Subscript):
        return isinstance(node.slice, ast.Slice) and _borrowed(node.value)
    return False


def _own_steps(function: ast.AST) -> Iterator[ast.Assign | ast.AugAssign]:
    """Assignments of a function or module, those of functions inside it left out."""
    for child in ast.iter_child_nodes(function):
        if isinstance(child, ast.Assign | ast.AugAssign):
            yield child
        if not isinstance(child, ast.FunctionDef | ast.Lambda):
            yield from _own_steps(child)


def changed_in_place(tree: ast.AST) -> Iterator[int]:
    """Lines that write into what a name of the same function borrowed from pandas."""
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef | ast.Module):
            continue
        borrowed: dict[str, bool] = {}
        for node in _own_steps(function):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                if isinstance(target, ast.Name) and isinstance(node, ast.Assign):
                    borrowed[target.id] = _borrowed(node.value)
                    continue
                base = target.value if isinstance(target, ast.Subscript) else target
                if _borrowed(base) or (isinstance(base, ast.Name) and borrowed.get(base.id, False)):
                    yield node.lineno


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_nothing_borrowed_from_pandas_is_changed_in_place(path):
    assert list(changed_in_place(ast.parse(path.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("x = f.isin([1]).to_numpy()\nx &= y", [2]),
        ("x = np.asarray(f.values)\nx[0] = 1", [2]),
        ("f['a'].values[0] = 1", [1]),
        ("x = f.to_numpy(copy=True)\nx[0] = 1", []),
        ("x = ~f.to_numpy()\nx &= y", []),
        ("x = f.to_numpy()\nx = x & y\nx &= z", []),
    ],
)
def test_the_search_finds_what_it_should(text, lines):
    assert sorted(set(changed_in_place(ast.parse(text)))) == lines
