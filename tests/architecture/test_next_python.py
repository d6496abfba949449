"""What Python 3.14 warns of or has taken away is not used: found in the source, since not every machine has a 3.14."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GONE = {
    ("ast", "Num"), ("ast", "Str"), ("ast", "Bytes"), ("ast", "NameConstant"), ("ast", "Ellipsis"),
    ("pkgutil", "find_loader"), ("pkgutil", "get_loader"), ("asyncio", "iscoroutinefunction"),
    ("asyncio", "get_event_loop_policy"), ("asyncio", "set_event_loop_policy"), ("codecs", "open"),
    ("datetime", "utcnow"), ("datetime", "utcfromtimestamp"), ("argparse", "FileType"), ("typing", "ByteString"),
    ("abc", "ByteString"), ("inspect", "getargspec"), ("multiprocessing", "Process"), ("multiprocessing", "Pool"),
    ("futures", "ProcessPoolExecutor"),
}  # fmt: skip
"""Owner and name; the last three because processes start otherwise on Linux since 3.14: joblib says how for us."""


def outdated(source: str) -> list[str]:
    """Lines of a module that 3.14 would warn of, refuse or run otherwise, with why."""
    return [f"{line}: {why}" for tree in (ast.parse(source),) for line, why in _found(tree)]


def _found(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Try | ast.TryStar):
            for inner in node.finalbody:
                yield from ((line, f"{word} leaves a finally block") for line, word in _leaving(inner))
        elif isinstance(node, ast.ClassDef):
            for made in node.body:
                if isinstance(made, ast.Assign | ast.AnnAssign) and _is_partial(made.value):
                    yield made.lineno, "a partial in a class becomes a method"
        elif _unfiltered(node):
            yield getattr(node, "lineno", 0), "tarfile without filter="
        elif any(isinstance(a, ast.Name) and a.id == "NotImplemented" for a in _asked(node)):
            yield getattr(node, "lineno", 0), "NotImplemented has no truth"
        yield from ((line, ".".join(name)) for line, name in _names(node) if name in GONE)


def _names(node: ast.AST) -> Iterator[tuple[int, tuple[str, str]]]:
    """Owner and name of what is taken from a module, as an attribute or by an import."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name | ast.Attribute):
        owner = node.value.id if isinstance(node.value, ast.Name) else node.value.attr
        yield node.lineno, (owner, node.attr)
    if isinstance(node, ast.ImportFrom) and node.module:
        yield from ((node.lineno, (node.module.rpartition(".")[2], a.name)) for a in node.names)


def _unfiltered(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and getattr(node.func, "attr", "") in ("extract", "extractall")
        and "tar" in ast.unparse(node.func)
        and not any(k.arg == "filter" for k in node.keywords)
    )


def _asked(node: ast.AST) -> list[ast.expr]:
    """What a statement or operator asks the truth of."""
    if isinstance(node, ast.BoolOp):
        return node.values
    if isinstance(node, ast.UnaryOp):
        return [node.operand]
    return [node.test] if isinstance(node, ast.If | ast.While | ast.IfExp) else []


def _leaving(node: ast.AST, *, loop: bool = False) -> Iterator[tuple[int, str]]:
    """`return`, and `break` and `continue` of a loop outside, that leave a block before its end."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
        return
    if isinstance(node, ast.Return) or (isinstance(node, ast.Break | ast.Continue) and not loop):
        yield node.lineno, type(node).__name__.lower()
    inside = loop or isinstance(node, ast.For | ast.While | ast.AsyncFor)
    for child in ast.iter_child_nodes(node):
        yield from _leaving(child, loop=inside)


def _is_partial(value: ast.expr | None) -> bool:
    return isinstance(value, ast.Call) and ast.unparse(value.func).rpartition(".")[2] == "partial"


@pytest.mark.parametrize("folder", ["survsim", "tests", "analyses", "benchmarks"])
def test_nothing_outdated_is_used(folder):
    found = {
        str(path.relative_to(ROOT)): lines
        for path in sorted((ROOT / folder).rglob("*.py"))
        if (lines := outdated(path.read_text(encoding="utf-8")))
    }
    assert not found


@pytest.mark.parametrize(
    "planted",
    [
        "def f():\n    try:\n        pass\n    finally:\n        return 1\n",
        "for x in y:\n    try:\n        pass\n    finally:\n        continue\n",
        "import ast\nast.Num(3)\n",
        "from pkgutil import find_loader\n",
        "import tarfile\nwith tarfile.open(p) as tar:\n    tar.extractall(q)\n",
        "class A:\n    f = functools.partial(g, 1)\n",
        "if NotImplemented:\n    pass\n",
        "import concurrent.futures\nconcurrent.futures.ProcessPoolExecutor()\n",
    ],
)
def test_what_is_outdated_is_found(planted):
    assert outdated(planted)


def test_what_stays_inside_a_finally_block_is_none():
    assert not outdated(
        "try:\n    pass\nfinally:\n    for x in y:\n        break\n    def f():\n        return 1\n"
    )
