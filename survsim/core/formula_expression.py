"""What stands inside a function of a formula: its tree, the columns it reads, and what may be calculated there."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import numpy as np

from survsim.core.errors import InputError

CODINGS = ("C", "Treatment", "Sum", "Helmert", "Diff", "Poly", "contr")
CODING_FAMILY = ("treatment", "sum", "helmert", "diff", "poly", "SAS", "custom")
"""Written contr.treatment and so on, as in R."""
CURVES = ("bs", "cr", "cs", "cc", "poly")
NUMERIC = {
    "log": np.log, "log2": np.log2, "log10": np.log10, "log1p": np.log1p, "exp": np.exp, "expm1": np.expm1,
    "sqrt": np.sqrt, "abs": np.abs, "sin": np.sin, "cos": np.cos, "minimum": np.minimum, "maximum": np.maximum,
    "where": np.where, "floor": np.floor, "ceil": np.ceil, "sign": np.sign,
}  # fmt: skip
VOCABULARY = (*CODINGS, *CURVES, "I", "Q", "center", "scale", "standardize", "exp2", "exp10", *NUMERIC)
"""Functions that a formula may call; those of `NUMERIC` also as np.log and so on."""

LARGEST, LARGEST_POWER, MOST_CURVES = 1e100, 20, 50

_ALLOWED = (
    ast.Expression, ast.Call, ast.Name, ast.Load, ast.Constant, ast.keyword, ast.UnaryOp, ast.UAdd, ast.USub,
    ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.BitAnd, ast.BitOr,
    ast.Compare, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Attribute, ast.List, ast.Tuple, ast.Dict,
)  # fmt: skip
_LOGICAL = (ast.BitAnd, ast.BitOr)
_PASSED_ON = ("I", "abs", "minimum", "maximum", "where", "floor", "ceil", "sign")
"""Functions that give back what they are given, also whole numbers without end and text."""
QUOTED = re.compile(r"`([^`]*)`|'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"")
"""A name in backticks (its group), or text in quotes."""


class Expression:
    """The tree of an expression, with the names in backticks as words of their own.

    Attributes
    ----------
    text : as the formula has it.
    tree : its syntax tree.
    aliases : word in the tree -> name that stood in backticks.
    """

    def __init__(self, text: str, formula: str) -> None:
        self.text = text
        self.aliases: dict[str, str] = {}
        try:
            self.tree = ast.parse(QUOTED.sub(self._alias, text), mode="eval")
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            raise InputError(f"formula {formula!r}: {text!r} cannot be read.") from None

    def _alias(self, found: re.Match[str]) -> str:
        if found[1] is None:
            return found[0]
        word = f"_column_{len(self.aliases)}_"
        self.aliases[word] = found[1]
        return word

    def column(self, node: ast.AST) -> Any:
        """The name of the column that a node is, also through ``Q("name")`` and ``I(name)``; None if it is none."""
        if isinstance(node, ast.Expression):
            return self.column(node.body)
        if isinstance(node, ast.Name):
            return self.aliases.get(node.id, node.id)
        if isinstance(node, ast.Call) and called(node) in ("Q", "I") and len(node.args) == 1:
            inner = node.args[0]
            if called(node) == "I":
                return self.column(inner)
            return inner.value if isinstance(inner, ast.Constant) else None
        return None

    def columns(self) -> list[Any]:
        """Names of the columns that are looked up, in the order of the text."""
        return [self.column(node) for node in self.looked_up()]

    def looked_up(self) -> list[ast.AST]:
        """The nodes that are columns."""
        codings = {id(name) for node in ast.walk(self.tree) for name in _codings(node)}
        values = (node for node in _values(self.tree.body) if id(node) not in codings)
        return [node for node in values if self.column(node) is not None]

    def functions(self) -> set[str]:
        """Names that are looked up as functions, codings or their families."""
        nodes = list(ast.walk(self.tree))
        found = {
            node.func.id for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        found |= {n.value.id for n in nodes if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name)}
        return found | {coding.id for node in nodes for coding in _codings(node)}

    def coded(self) -> Any:
        """What C(...) codes as labels, where the expression is that; else None."""
        whole = self.tree.body
        return whole.args[0] if isinstance(whole, ast.Call) and called(whole) == "C" and whole.args else None


def called(node: ast.Call) -> str:
    """The function of a call, of ``np.log`` the last word."""
    return getattr(node.func, "id", "") or getattr(node.func, "attr", "")


def _codings(node: ast.AST) -> list[ast.Name]:
    """``Sum`` of ``C(site, Sum)``, which names a coding where another place would name a column."""
    if not isinstance(node, ast.Call) or called(node) != "C":
        return []
    given = [*node.args[1:2], *(k.value for k in node.keywords if k.arg == "contrasts")]
    return [one for one in given if isinstance(one, ast.Name) and one.id in CODINGS]


def _values(node: ast.AST) -> Iterator[ast.AST]:
    """Nodes that are looked up as a value: names, and calls of Q."""
    if isinstance(node, ast.Name) or (isinstance(node, ast.Call) and called(node) == "Q"):
        yield node
        return
    if isinstance(node, ast.Attribute):
        return
    for child in ast.iter_child_nodes(node):
        if child is not getattr(node, "func", None):
            yield from _values(child)


def check_expression(found: Expression, formula: str) -> None:
    """Refuse an expression that is more than columns, numbers, arithmetic and listed functions.

    Raises
    ------
    InputError : anything outside the vocabulary, and what would be calculated without end.
    """
    text = found.text
    calls = {id(node.func) for node in ast.walk(found.tree) if isinstance(node, ast.Call)}
    for node in ast.walk(found.tree):
        if not isinstance(node, _ALLOWED) or (isinstance(node, ast.Attribute) and not _listed(node)):
            raise _outside(text, formula)
        word = node.id if isinstance(node, ast.Name) and node.id not in found.aliases else "I"
        if word.startswith("_") or (id(node) in calls and word not in VOCABULARY):
            raise _outside(text, formula, word)
        if isinstance(node, ast.Call):
            _check_call(found, node, formula)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
            power = node.right.operand if isinstance(node.right, ast.UnaryOp) else node.right
            value = power.value if isinstance(power, ast.Constant) else None
            if not isinstance(value, int | float) or value > LARGEST_POWER:
                raise InputError(
                    f"formula {formula!r}: a power is a number up to {LARGEST_POWER}; got {text!r}."
                )
    refuse_text(found, (), formula)
    _size(found.tree.body, text, formula)


def _check_call(found: Expression, node: ast.Call, formula: str) -> None:
    if not isinstance(node.func, ast.Name | ast.Attribute) or getattr(node.func, "id", "") in found.aliases:
        raise _outside(found.text, formula)
    name = called(node)
    if name == "Q" and (found.column(node) is None or node.keywords):
        raise InputError(
            f"formula {formula!r}: Q(...) takes the name of one column, as it stands: Q('tumour size'); got {found.text!r}."
        )
    if name in CURVES:
        given = [*node.args[1:], *(k.value for k in node.keywords if k.arg in ("df", "degree"))]
        if any((_size(one, found.text, formula) or 0) > MOST_CURVES for one in given):
            # A curve of thousands of columns would never end.
            raise InputError(
                f"formula {formula!r}: {found.text!r} asks for more than {MOST_CURVES} columns; use a smaller df."
            )


def refuse_text(found: Expression, words: Collection[Any], formula: str) -> None:
    """Refuse arithmetic on text, lists and columns of `words`: 'a' * 10**9 would be written out.

    Raises
    ------
    InputError : an operator other than a comparison beside text.
    """
    for node in ast.walk(found.tree):
        if isinstance(node, ast.BinOp | ast.UnaryOp) and any(
            _is_text(one, found, words) for one in ast.iter_child_nodes(node)
        ):
            raise InputError(
                f"formula {formula!r}: {found.text!r} calculates with text or with a list; only numbers are calculated "
                "with. Compare text, as in I(site == 'ovary'), or add a column to the data first."
            )


def _is_text(node: ast.AST, found: Expression, words: Collection[Any]) -> bool:
    if isinstance(node, ast.Constant):
        return not isinstance(node.value, bool | int | float)
    if isinstance(node, ast.List | ast.Tuple | ast.Dict):
        return True
    if isinstance(node, ast.Call):
        if called(node) == "Q":
            return found.column(node) in words
        passed = node.args[1:] if called(node) == "where" else node.args
        return called(node) in (*_PASSED_ON, "C") and any(_is_text(one, found, words) for one in passed)
    return isinstance(node, ast.Name) and found.column(node) in words


def _size(node: ast.AST, text: str, formula: str) -> float | None:
    """How large a number made of constants alone is; None with a column or a function that ends in any case.

    Whole numbers grow without end as they are calculated, so the size is told before they are.
    """
    sizes = [_size(child, text, formula) for child in ast.iter_child_nodes(node)]
    value: float | None = None
    try:
        if isinstance(node, ast.Constant):
            value = abs(float(node.value)) if isinstance(node.value, int | float) else None
        elif isinstance(node, ast.UnaryOp):
            value = sizes[-1]
        elif isinstance(node, ast.BinOp):
            value = _calculated(node.op, sizes[0], sizes[-1])
        elif isinstance(node, ast.Call) and called(node) in _PASSED_ON:
            first = 2 if called(node) == "where" else 1
            value = max((size for size in sizes[first:] if size is not None), default=None)
    except OverflowError:
        value = np.inf
    if value is not None and value > LARGEST:
        raise InputError(
            f"formula {formula!r}: {text!r} holds a number larger than {LARGEST:g}, which is not calculated."
        )
    return value


def _calculated(sign: ast.operator, one: float | None, other: float | None) -> float | None:
    """A bound for the result of an operator on two sizes."""
    if one is None or other is None:
        return None
    if isinstance(sign, ast.Pow):
        return max(one, 1.0) ** other
    return (
        one * other
        if isinstance(sign, ast.Mult)
        else one + other
        if isinstance(sign, ast.Add | ast.Sub)
        else one
    )


def as_counted(found: Expression, truths: Collection[Any]) -> str:
    """The expression with truth values as 0 and 1 where numbers are calculated with, and numbers as truths beside & and |.

    To numpy True + True is True, and the logarithm of a truth value has three digits; R, and a reader, count 1 + 1 = 2.

    Parameters
    ----------
    found : the expression; truths : columns that hold True and False.
    """
    rewriting = _Counting(found, truths)
    tree = rewriting.visit(ast.parse(ast.unparse(found.tree), mode="eval"))
    return _backticked(found, tree) if rewriting.changed else found.text


class _Counting(ast.NodeTransformer):
    def __init__(self, found: Expression, truths: Collection[Any]) -> None:
        self.found, self.truths, self.changed = found, truths, False

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        read = self._truth if isinstance(node.op, _LOGICAL) else self._number
        node.left, node.right = read(node.left), read(node.right)
        return node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        node.operand = self._number(node.operand)
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if called(node) in NUMERIC:
            first = 1 if called(node) == "where" else 0
            node.args[first:] = [self._number(one) for one in node.args[first:]]
        return node

    def _number(self, node: ast.expr) -> ast.expr:
        if not self._holds_truths(node):
            return node
        self.changed = True
        return ast.BinOp(node, ast.Mult(), ast.Constant(1.0))

    def _truth(self, node: ast.expr) -> ast.expr:
        if self._holds_truths(node):
            return node
        self.changed = True
        return ast.Compare(node, [ast.NotEq()], [ast.Constant(0)])

    def _holds_truths(self, node: ast.expr) -> bool:
        if isinstance(node, ast.Compare):
            return True
        if isinstance(node, ast.BinOp):
            return isinstance(node.op, _LOGICAL)
        if isinstance(node, ast.Constant):
            return isinstance(node.value, bool)
        if isinstance(node, ast.Call) and called(node) == "I" and len(node.args) == 1:
            return self._holds_truths(node.args[0])
        return self.found.column(node) in self.truths


def under_own_words(text: str) -> tuple[str, dict[str, Any]]:
    """What is evaluated, with some columns as words of their own, and word -> column.

    A column that is called like a function of the expression would stand before it, and ``Q(...)`` fails inside the
    formula library's own curves.
    """
    found = Expression(text, text)
    values = {id(node): found.column(node) for node in found.looked_up()}
    apart = {
        id(node): name
        for node in ast.walk(found.tree)
        if (name := values.get(id(node))) is not None
        and (isinstance(node, ast.Call) or name in found.functions())
    }
    words = {name: f"_own_{k}_" for k, name in enumerate(dict.fromkeys(apart.values()))}
    if not words:
        return text, {}
    tree = _Renaming({node: words[name] for node, name in apart.items()}).visit(found.tree)
    return _backticked(found, tree), {word: name for name, word in words.items()}


class _Renaming(ast.NodeTransformer):
    def __init__(self, words: Mapping[int, str]) -> None:
        self.words = words

    def visit(self, node: ast.AST) -> Any:
        word = self.words.get(id(node))
        return self.generic_visit(node) if word is None else ast.Name(word, ast.Load())


def _backticked(found: Expression, tree: ast.AST) -> str:
    """A tree as text again, with the names that stood in backticks."""
    text = ast.unparse(ast.fix_missing_locations(tree))
    for word, name in found.aliases.items():
        text = text.replace(word, f"`{name}`")
    return text


def _listed(node: ast.Attribute) -> bool:
    """np.log and its kind, contr.treatment and its kind."""
    if not isinstance(node.value, ast.Name) or node.attr.startswith("_"):
        return False
    return (node.value.id == "np" and node.attr in NUMERIC) or (
        node.value.id == "contr" and node.attr in CODING_FAMILY
    )


def _outside(text: str, formula: str, name: str = "") -> InputError:
    what = f"{name}()" if name else "what it asks for"
    if " ^ " in text or "^" in formula:
        what = "^ (a power is written **)"
    return InputError(
        f"formula {formula!r}: {text!r} is not evaluated, because {what} is outside the vocabulary. A formula may use "
        f"columns, numbers, arithmetic and {', '.join(VOCABULARY)}. For anything else add a column to the data first."
    )
