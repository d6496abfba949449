"""Formulas at the door: a closed vocabulary, the words of R users, and columns that are what they look like.

A formula is text that would be run as Python. What may stand in it is listed here, and everything else is refused
before anything is evaluated, also for a formula that came out of a file.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.checks import positions
from survsim.core.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

CODINGS = ("C", "Treatment", "Sum", "Helmert", "Diff", "Poly", "contr")
CURVES = ("bs", "cr", "cs", "cc", "poly")
NUMERIC = {
    "log": np.log, "log2": np.log2, "log10": np.log10, "log1p": np.log1p, "exp": np.exp, "expm1": np.expm1,
    "sqrt": np.sqrt, "abs": np.abs, "sin": np.sin, "cos": np.cos, "minimum": np.minimum, "maximum": np.maximum,
    "where": np.where, "floor": np.floor, "ceil": np.ceil, "sign": np.sign,
}  # fmt: skip
VOCABULARY = (*CODINGS, *CURVES, "I", "Q", "center", "scale", "standardize", "exp2", "exp10", *NUMERIC)
"""Functions that a formula may call; those of `NUMERIC` also as np.log and so on."""
OWN_FUNCTIONS = {
    name: function for name, function in NUMERIC.items() if name not in ("log", "log2", "log10", "exp")
}
"""What the formula library does not bring itself."""

LONGEST, HIGHEST_POWER, MOST_LEVELS, MOST_CURVES = 2_000, 4, 50, 50

_ELSEWHERE = {
    "strata": "strata belong to the response: Surv.right(..., stratum=frame[{0}])",
    "cluster": "clusters belong to the response: Surv.right(..., cluster=frame[{0}])",
    "frailty": "a frailty is an option of the fit: cox_ph(..., frailty=frame[{0}])",
    "offset": "an offset is an option of the fit: offset=frame[{0}]",
    "Surv": "the response is the Surv you pass first; formula is the right-hand side only",
    "ns": "natural splines are cr({0}, df=3, constraints='center')",
    "rcs": "natural splines are cr({0}, df=3, constraints='center')",
    "pspline": "splines are bs({0}, df=3), or cr({0}, df=3, constraints='center')",
    "s": "splines are bs({0}, df=3), or cr({0}, df=3, constraints='center')",
    "tt": "a time-varying effect is royston_parmar(..., time_varying=...), or the fit's hazard_ratio_over_time",
    "ridge": "a penalty is an option of the fit: cox_ph(..., penalty='ridge', penalty_strength=...)",
    "cut": "bands are a column made by pandas.cut beforehand, or a comparison such as I({0} > 60)",
    "ifelse": "a condition is a comparison inside I(), such as I(age > 60)",
    "relevel": "choose the reference level by C({0}, Treatment('level'))",
}
_ALLOWED = (
    ast.Expression, ast.Call, ast.Name, ast.Load, ast.Constant, ast.keyword, ast.UnaryOp, ast.UAdd, ast.USub, ast.Invert,
    ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.BitAnd, ast.BitOr,
    ast.Compare, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Attribute, ast.List, ast.Tuple, ast.Dict,
)  # fmt: skip
_ESCAPES = re.compile(r"\x1b\[[0-9;]*m|[⧛⧚]")


def parse_formula(formula: Any, columns: Iterable[Any] = ()) -> Any:
    """The formula as the formula library has it, after every check that needs no data.

    Raises
    ------
    InputError : no text, a response, words of R with no meaning here, functions outside the vocabulary, a formula
        without intercept, or one that does not parse.
    """
    if not isinstance(formula, str) or "~" in formula:
        raise InputError(
            f"formula is the right-hand side only, for example 'age + stage'; got {formula!r}. "
            "The response is the Surv you pass first."
        )
    if len(formula) > LONGEST:
        raise InputError(f"formula has {len(formula)} characters; at most {LONGEST} are read.")
    _refuse_powers(formula)
    _refuse_words(formula)
    text = re.sub(r"\b(as\.)?factor\s*\(", "C(", formula)
    from formulaic import Formula  # 0.3 s: not paid by those who fit nothing

    try:
        parsed = Formula(text)
    # The parser raises of any kind on text that is no formula.
    except Exception as error:
        raise InputError(
            f"formula {formula!r} does not parse: {plain(error)}.{_quoting(formula, columns)}"
        ) from None
    if type(parsed).__name__ == "StructuredFormula":
        raise InputError(f"formula {formula!r} has several parts; give one right-hand side, without '|'.")
    check_vocabulary(parsed, formula)
    if len(list(parsed)) and not any(str(term) == "1" for term in parsed):
        raise InputError(
            f"formula {formula!r} takes the intercept out, but the model keeps its own (a baseline hazard, or a constant): "
            "leave out '0 +' and '- 1'. Each category is then compared with the first; another reference is "
            "C(site, Treatment('name'))."
        )
    return parsed


def check_vocabulary(parsed: Any, formula: str) -> None:
    """Refuse a formula with a factor that is more than columns, numbers, arithmetic and listed functions."""
    for term in parsed:
        for factor in term.factors:
            if getattr(factor.eval_method, "name", "") == "PYTHON":
                _check_expression(str(factor.expr), formula)


def _check_expression(text: str, formula: str) -> None:
    bare = re.sub(r"`[^`]*`", "column", text)
    try:
        tree = ast.parse(bare, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise InputError(f"formula {formula!r}: {text!r} cannot be read.") from None
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        if not isinstance(node, _ALLOWED):
            raise _outside(text, formula)
        if isinstance(node, ast.Attribute) and not _listed(node):
            raise _outside(text, formula)
        if isinstance(node, ast.Name) and (
            node.id.startswith("_") or (id(node) in called and node.id not in VOCABULARY)
        ):
            raise _outside(text, formula, node.id)
        if isinstance(node, ast.Call) and not isinstance(node.func, ast.Name | ast.Attribute):
            raise _outside(text, formula)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in CURVES:
            _check_size(node, text, formula)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
            power = node.right.operand if isinstance(node.right, ast.UnaryOp) else node.right
            if (
                not isinstance(power, ast.Constant)
                or not isinstance(power.value, int | float)
                or power.value > 20
            ):
                raise InputError(f"formula {formula!r}: a power is a number up to 20; got {text!r}.")


def _check_size(curve: ast.Call, text: str, formula: str) -> None:
    """A curve of thousands of columns would never end."""
    given = [*curve.args[1:], *(k.value for k in curve.keywords if k.arg in ("df", "degree"))]
    sizes = [node.value for node in given if isinstance(node, ast.Constant)]
    if any(isinstance(size, int | float) and size > MOST_CURVES for size in sizes):
        raise InputError(
            f"formula {formula!r}: {text!r} asks for more than {MOST_CURVES} columns; use a smaller df."
        )


def _listed(node: ast.Attribute) -> bool:
    """np.log and its kind, contr.treatment and its kind."""
    if not isinstance(node.value, ast.Name) or node.attr.startswith("_"):
        return False
    return (node.value.id == "np" and node.attr in NUMERIC) or node.value.id == "contr"


def _outside(text: str, formula: str, name: str = "") -> InputError:
    what = f"{name}()" if name else "what it asks for"
    if " ^ " in text or "^" in formula:
        what = "^ (a power is written **)"
    return InputError(
        f"formula {formula!r}: {text!r} is not evaluated, because {what} is outside the vocabulary. A formula may use "
        f"columns, numbers, arithmetic and {', '.join(VOCABULARY)}. For anything else add a column to the data first."
    )


def _refuse_powers(formula: str) -> None:
    """(a + b + ...)**k is expanded term by term; a large k would never end."""
    bare = re.sub(r"\([^()]*\)", "()", formula)
    alone = re.search(r"(?<![\w.`)(])\s*(`[^`]+`|[^\W\d][\w.]*)\s*(?:\*\*|\^)\s*(\d+)", bare)
    if alone:
        name, power = alone.groups()
        raise InputError(
            f"formula {formula!r}: {alone[0].strip()!r} is an interaction of {name} with itself, which is {name} alone. A power "
            f"is written I({name}**{power}), or poly({name}, {power})."
        )
    for power in re.findall(r"\)\s*(?:\*\*|\^)\s*(\d+)", formula):
        if int(power) > HIGHEST_POWER:
            raise InputError(
                f"formula {formula!r} asks for interactions of {power} variables; at most {HIGHEST_POWER} are expanded. "
                "A power of a number is written as a column of the data."
            )


def _refuse_words(formula: str) -> None:
    """Words that mean something in R's formulas, with what is typed here."""
    for word, inside in re.findall(r"(?<![\w.`])([A-Za-z]\w*)\s*\(\s*([\w.]*)", formula):
        if word in _ELSEWHERE:
            advice = _ELSEWHERE[word].format(repr(inside) if "frame" in _ELSEWHERE[word] else inside or "x")
            raise InputError(f"formula {formula!r}: {word}(...) is not part of a formula here; {advice}.")


def _quoting(formula: str, columns: Iterable[Any]) -> str:
    if re.search(r"[<>]|[=!]=", formula):
        return " A comparison is written inside I(), for example I(age > 60)."
    odd = [str(c) for c in columns if not str(c).isidentifier() and str(c) in formula]
    if odd:
        return f" A name that is not one word is written in backticks: `{max(odd, key=len)}`."
    return (
        " A column whose name is not one word is written in backticks, for example `tumour size`."
        if " " in formula.strip()
        else ""
    )


def plain(error: BaseException) -> str:
    """The message of an error on one line, without colours of a terminal."""
    lines = _ESCAPES.sub("", str(error)).split("\n")
    return " ".join(line.strip() for line in lines if line.strip()).rstrip(".")


def used_columns(parsed: Any, data: pd.DataFrame) -> list[Any]:
    """The columns of `data` that the formula reads, also through Q("name")."""
    quoted = {name for f in factors(parsed) for name in re.findall(r"Q\(\s*['\"]([^'\"]*)['\"]", str(f))}
    names = {str(v) for v in parsed.required_variables} | quoted
    return [c for c in data.columns if c in names]


def factors(parsed: Any) -> list[Any]:
    """Every factor of every term."""
    return [factor for term in getattr(parsed, "formula", parsed) for factor in term.factors]


def typed_columns(parsed: Any, data: pd.DataFrame) -> pd.DataFrame:
    """The used columns as numpy numbers or plain categories, whatever library holds them.

    Raises
    ------
    InputError : a column of numbers with a word in it, or a category with nearly as many levels as rows.
    """
    used = used_columns(parsed, data)
    bare = {str(f) for f in factors(parsed)}
    changed: dict[Any, Any] = {}
    for name in used:
        column = data[name]
        if getattr(column, "ndim", 1) != 1:
            raise InputError(f"data has the column {name!r} more than once; give each column its own name.")
        kind = getattr(column.dtype, "kind", "O")
        if kind in "mMc":
            what = {"m": "durations", "M": "dates", "c": "complex numbers"}[kind]
            raise InputError(
                f"column {name!r} holds {what}, which are no numbers; convert it first, for example durations by "
                f"data[{name!r}] / pandas.Timedelta(days=1)."
            )
        if hasattr(column.dtype, "categories"):
            column = changed[name] = column.cat.remove_unused_categories()
        if not isinstance(column.dtype, np.dtype) and not hasattr(column.dtype, "categories"):
            whole = {"b": bool, "i": np.int64, "u": np.int64, "f": np.float64}.get(kind, object)
            column = changed[name] = column.astype(whole)
        if column.dtype == object and len(column) and all(isinstance(v, Decimal | Fraction) for v in column):
            column = changed[name] = column.astype(np.float64)
        if column.dtype == object or hasattr(column.dtype, "categories"):
            _refuse_blank(name, column)
        if column.dtype == object:
            _refuse_odd_words(name, column, as_number=str(name) in bare)
    typed = data.assign(**{str(k): v for k, v in changed.items()}) if changed else data
    return typed.drop(columns=_called_alike(parsed, typed))


def _called_alike(parsed: Any, data: pd.DataFrame) -> list[Any]:
    """Columns with the name of a function that the formula calls: left out, so that ``log(age)`` is the logarithm."""
    texts = [str(factor.expr) for factor in factors(parsed)]
    called = {name for text in texts for name in re.findall(r"(?<![\w.`])([A-Za-z_]\w*)\s*\(", text)}
    clash = [column for column in data.columns if column in called]
    read = [column for column in clash if any(_reads(text, column) for text in texts)]
    if read:
        raise InputError(
            f"the formula calls {read[0]}(...) and reads the column {read[0]!r} too; rename the column."
        )
    return clash


def _reads(text: str, column: str) -> bool:
    """Whether a factor holds the name as a column and not as a function."""
    return re.search(rf"(?<![\w.]){re.escape(column)}(?![\w`]*\s*\(|\w)", text) is not None


def _refuse_blank(name: Any, column: Any) -> None:
    """Text without a letter is a missing label, not a category of its own."""
    blank = np.array([isinstance(v, str) and not v.strip() for v in column.to_numpy()], bool)
    if blank.any():
        raise InputError(
            f"column {name!r} is blank in {positions(blank)}; give those rows a label or drop them."
        )


def _refuse_odd_words(name: Any, column: Any, *, as_number: bool) -> None:
    values = column.to_numpy()
    if all(isinstance(v, bool | int | float | np.number | np.bool_) for v in values):
        return
    reads = np.array([_reads_as_number(v) for v in values])
    if as_number and reads.any() and reads.mean() >= 0.5:
        words = sorted({repr(v) for v, number in zip(values, reads) if not number})
        if words:
            raise InputError(
                f"column {name!r} holds {', '.join(words[:3])} in {positions(~reads)} among numbers; correct or drop those "
                f"rows and convert the column (pandas.to_numeric), or write C({name}) if the numbers are codes."
            )
        comma = any(isinstance(v, str) and "," in v for v in values)
        how = f"data[{name!r}].str.replace(',', '.').astype(float)" if comma else "pandas.to_numeric"
        raise InputError(
            f"column {name!r} holds numbers as text; convert it ({how}), or write C({name}) if they are codes."
        )
    levels = len(set(map(str, values)))
    if levels > MOST_LEVELS and levels > len(values) / 2:
        raise InputError(
            f"column {name!r} has {levels} different words in {len(values)} rows: a name or a free text is no category. "
            "Group them first."
        )


def _reads_as_number(value: Any) -> bool:
    if isinstance(value, str):
        try:
            # With a decimal comma it is a number too, which pandas left as text.
            float(value.replace(",", ".") if value.count(",") == 1 else value)
        except ValueError:
            return False
        return value.strip().lower() not in ("nan", "inf", "-inf", "infinity")
    return isinstance(value, int | float | np.number)
