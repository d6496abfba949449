"""Public functions say what goes in, what comes out, what is refused, from whom it is, and how it is called."""

from __future__ import annotations

import ast
import doctest
import inspect
import re

import pytest

from survsim._public import PUBLIC, WING_OF, load

FUNCTIONS = sorted(name for name in PUBLIC if inspect.isfunction(load(name)))
METHODS = ("survsim.estimate.", "survsim.simulation.outcomes.", "survsim.simulation.cord_biology.")
"""Where a function follows a publication and names it; readers, pictures and tables follow none."""


def section(name: str) -> dict[str, str]:
    """Headings of a docstring with the text below each."""
    text = inspect.getdoc(load(name)) or ""
    parts = re.split(
        r"^(Parameters|Returns|Raises|Warns|Notes|References?|Examples?)(?:\n-+$|: )", text, flags=re.M
    )
    return {head.rstrip("s") if head[0] in "RE" and head != "Returns" and head != "Raises" else head: body
            for head, body in zip(parts[1::2], parts[2::2])}  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_public_function_says_what_it_takes_gives_and_refuses(name):
    found = section(name)
    wanted = ["Raises", "Example"]
    signature = inspect.signature(load(name))
    wanted += ["Parameters"] if signature.parameters else []
    wanted += ["Returns"] if signature.return_annotation not in (None, "None") else []
    wanted += ["Reference"] if PUBLIC[name].startswith(METHODS) else []
    assert [head for head in wanted if not found.get(head, "").strip()] == []
    assert ">>>" in found["Example"]


GIVES_WAY = {"simulated_trials"}
"""Their example shows what took their place."""


@pytest.mark.parametrize("name", sorted(set(FUNCTIONS) - GIVES_WAY))
def test_an_example_imports_the_public_name_where_it_is_found(name):
    examples = doctest.DocTestParser().get_examples(inspect.getdoc(load(name)) or "")
    tree = ast.parse("".join(one.source for one in examples))
    places = {"survsim", f"survsim.{WING_OF[name]}"}
    imported = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module in places
        for alias in node.names
    }
    chains = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert name in imported or chains & {f"{place}.{name}" for place in places}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_a_result_is_said_to_do_it_does(name):
    classes = [
        load(w) for w in re.findall(r"\w+", str(load(name).__annotations__.get("return", ""))) if w in PUBLIC
    ]
    said = re.findall(r"`\.(\w+)\(", section(name).get("Returns", ""))
    assert [one for one in said if not any(hasattr(cls, one) for cls in classes)] == []
