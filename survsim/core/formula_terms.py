"""The operators of a formula, looked at before they are expanded: nothing that was typed may drop out without a word."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from survsim.core.errors import InputError

HIGHEST_POWER, MOST_TERMS = 4, 5_000


def check_operators(text: str, formula: str) -> None:
    """Refuse operators that expand without end, and those that say less than their signs seem to.

    Parameters
    ----------
    text : what is parsed; formula : what the user wrote, for the messages.

    Raises
    ------
    InputError : a power of one term, a number that scales, divides or is divided, a difference of two columns, more
        than `MOST_TERMS` terms, a column with the name of the constant.
    """
    from formulaic.parser import DefaultFormulaParser
    from formulaic.parser.types import ASTNode

    tree = DefaultFormulaParser().get_ast(text)
    if not isinstance(tree, ASTNode):
        return
    for node in _inside_out(tree):
        sign = node.operator.symbol
        if sign in ("**", "^"):
            _check_power(node, formula)
        elif sign in (":", "*", "/", "in"):
            _check_product(node, formula)
        elif sign == "+":
            _check_sum(node, formula)
        elif sign == "-":
            _check_difference(node, formula)
    for leaf in _leaves(tree):
        if not _is_number(leaf) and str(leaf.token) == "Intercept":
            raise InputError(
                f"formula {formula!r}: 'Intercept' is the name of the model's own constant; rename that column."
            )


def check_kept(text: str, parsed: Any, formula: str) -> None:
    """Refuse a formula of which a column fell out as it was expanded, other than by its own minus sign."""
    from formulaic.parser import DefaultFormulaParser
    from formulaic.parser.types import ASTNode

    tree = DefaultFormulaParser().get_ast(text)
    if not isinstance(tree, ASTNode):
        return
    kept = {str(f.expr) for term in parsed for f in term.factors if f.eval_method.value != "literal"}
    kept |= {
        str(leaf.token)
        for node in _inside_out(tree)
        if node.operator.symbol == "-"
        for leaf in _leaves(node.args[-1])
    }
    for leaf in _leaves(tree):
        if not _is_number(leaf) and str(leaf.token) not in kept:
            raise InputError(
                f"formula {formula!r}: the column {str(leaf.token)!r} reads as the constant, and would be left out; rename it."
            )


def _check_power(node: Any, formula: str) -> None:
    """(a + b + ...)**k is expanded term by term; a power of one term is that term."""
    base, exponent = node.args
    written = f"{_written(base)}{node.operator.symbol}{_written(exponent)}"
    if not _is_number(exponent) or not str(exponent.token).isdigit():
        raise InputError(
            f"formula {formula!r}: {written!r} has no whole number for its power; a power of a number is written "
            f"I({_written(base)}**2)."
        )
    terms, power = _terms(base), int(exponent.token)
    if len(terms) == 1:
        raise _itself(written, _written(base), power, formula)
    if power > HIGHEST_POWER:
        raise InputError(
            f"formula {formula!r} asks for interactions of {power} variables; at most {HIGHEST_POWER} are expanded. "
            "A power of a number is written as a column of the data."
        )
    _check_size(len(terms) ** power, formula)


def _check_product(node: Any, formula: str) -> None:
    """Interactions are of columns: a number among them would scale or vanish."""
    one, other = node.args
    written = f"{_written(one)} {node.operator.symbol} {_written(other)}"
    if _is_number(one) or _is_number(other):
        asked = written.replace(" : ", " * ").replace(" in ", " * ")
        raise InputError(
            f"formula {formula!r}: {written!r} joins columns, and does not calculate with a number; that is I({asked})."
        )
    left, right = _terms(one), _terms(other)
    if node.operator.symbol in (":", "*") and len(left) == len(right) == 1 and set(left) == set(right):
        raise _itself(written, _written(one), 2, formula)
    _check_size(len(left) * len(right), formula)


def _itself(written: str, name: str, power: int, formula: str) -> InputError:
    number = name[2:-1] if name.startswith("I(") and name.endswith(")") else name
    return InputError(
        f"formula {formula!r}: {written!r} is an interaction of {name} with itself, which is {name} alone. A power "
        f"is written I({number}**{power}), or poly({number}, {power})."
    )


def _check_sum(node: Any, formula: str) -> None:
    numbers = [str(arg.token) for arg in node.args if _is_number(arg) and str(arg.token)[0] not in "'\""]
    if any(number != "1" for number in numbers):
        raise InputError(
            f"formula {formula!r} adds the number {numbers[-1]}, which is no column; a model has its constant. Numbers are "
            "added inside I()."
        )


def _check_difference(node: Any, formula: str) -> None:
    """A minus takes a term out of the formula: one that is not in it was meant as a number."""
    there = _terms(node.args[0]) if len(node.args) == 2 else []
    gone = _terms(node.args[-1])
    absent = [term for term in gone if term not in set(there) and str(term) != "1"]
    if absent:
        name = str(absent[0])
        raise InputError(
            f"formula {formula!r} takes {name} out, which is not in it. A difference, or a changed sign, is calculated "
            f"inside I(), for example I(first - second) or I(-{name})."
        )


def _check_size(count: int, formula: str) -> None:
    if count > MOST_TERMS:
        raise InputError(
            f"formula {formula!r} expands to {count} terms; at most {MOST_TERMS} are read. Name the interactions."
        )


def _inside_out(tree: Any) -> Iterator[Any]:
    """Every node with an operator, those inside first, so that a large power is refused before it is expanded."""
    from formulaic.parser.types import ASTNode

    found, waiting = [], [tree]
    while waiting:
        node = waiting.pop()
        found.append(node)
        waiting.extend(arg for arg in node.args if isinstance(arg, ASTNode))
    return reversed(found)


def _leaves(node: Any) -> list[Any]:
    """The names, numbers and expressions below a node."""
    from formulaic.parser.types import ASTNode

    found, waiting = [], [node]
    while waiting:
        one = waiting.pop()
        if isinstance(one, ASTNode):
            waiting.extend(one.args)
        else:
            found.append(one)
    return found


def _terms(node: Any) -> list[Any]:
    return list(node.to_terms())


def _is_number(node: Any) -> bool:
    """Whether a leaf is a number or a text in quotes, and no column."""
    return getattr(getattr(node, "kind", None), "value", None) == "value"


def _written(node: Any) -> str:
    """A node as it may be typed again."""
    from formulaic.parser.types import ASTNode

    if not isinstance(node, ASTNode):
        text = str(node.token)
        plain = node.kind.value != "name" or text.isidentifier()
        return text if plain else f"`{text}`"
    inner = f" {node.operator.symbol} ".join(_written(arg) for arg in node.args)
    return f"({inner})"
