"""The columns that a formula reads, as what they hold: labels to code and numbers to calculate with."""

from __future__ import annotations

import difflib
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core import kinds
from survsim.core.checks import positions
from survsim.core.errors import InputError, MissingValues
from survsim.core.formula import expressions, factors, read_names
from survsim.core.formula_expression import refuse_text
from survsim.core.frames import with_categories
from survsim.core.kinds import made_of_gaps, no_label

if TYPE_CHECKING:
    import pandas as pd

MOST_LEVELS = 50
_NO_NUMBERS = {"m": "durations", "M": "dates", "c": "complex numbers", "V": "records of several values"}
"""Kinds of columns that are neither labels nor numbers."""
_NUMBERS = (bool, int, float, Decimal, Fraction, np.bool_, np.number)


def typed_columns(parsed: Any, data: pd.DataFrame, formula: str) -> pd.DataFrame:
    """The columns that the formula reads, and no other, as numpy numbers or plain categories, whatever library holds them.

    What is not handed on cannot be read by the formula library, under whatever name.

    Raises
    ------
    InputError : a name that is no column, a column of numbers with a word in it, a category with nearly as many levels
        as rows, arithmetic on text.
    """
    import pandas as pd

    names = read_names(parsed)
    _refuse_strangers(names, data, formula)
    as_numbers = _bare(parsed)
    typed = {c: _typed(c, data[c], as_number=c in as_numbers) for c in data.columns if c in set(names)}
    words = {name for name, column in typed.items() if not holds_numbers(column)}
    for found in expressions(parsed, formula):
        refuse_text(found, words, formula)
    return pd.DataFrame(typed, index=data.index)


def told_by_row(parsed: Any, data: pd.DataFrame) -> bool:
    """Whether every column that the formula reads is of one kind in all rows and in any of them that hold all its labels.

    Objects are read as numbers, words or names by what most of them are; and two columns of categories can be compared
    only while both have the same.
    """
    read, bare = set(read_names(parsed)), _bare(parsed)
    calculated = {name for found in expressions(parsed) if found.coded() is None for name in found.columns()}
    for name in (c for c in data.columns if c in read):
        column = with_categories(data[name])
        if hasattr(column.dtype, "categories"):
            if name in calculated:
                return False
        elif column.dtype.kind not in "buif":
            words = column.unique()
            known = len(words) <= MOST_LEVELS and all(isinstance(word, str) for word in words)
            if not known or (name in bare and any(map(_reads_as_number, words))):
                return False
    return True


def holds_numbers(column: Any) -> bool:
    """Whether a typed column is of numbers or truth values."""
    return getattr(column.dtype, "kind", "O") in "buif" and not hasattr(column.dtype, "categories")


def as_numbers(typed: pd.DataFrame) -> pd.DataFrame:
    """Typed columns with every number in float64, so that nothing that is calculated runs over: int8 ends at 127."""
    wide = {
        name: column.astype(np.float64)
        for name, column in typed.items()
        if holds_numbers(column) and column.dtype.kind in "uif" and column.dtype != np.float64
    }
    if not wide:
        return typed
    import pandas as pd

    return pd.DataFrame({name: wide.get(name, column) for name, column in typed.items()}, index=typed.index)


def _refuse_strangers(names: list[Any], data: pd.DataFrame, formula: str) -> None:
    have = list(data.columns)
    strangers = [name for name in names if name not in set(have)]
    if strangers:
        close = difflib.get_close_matches(str(strangers[0]), list(map(str, have)), n=1)
        number = [c for c in have if not isinstance(c, str) and str(c) == strangers[0]]
        hint = f" Did you mean {close[0]!r}?" if close else ""
        hint = f" A column with a number for its label is Q({number[0]})." if number else hint
        raise InputError(
            f"formula {formula!r} cannot be used on these data: {strangers[0]!r} is no column.{hint} "
            f"Columns: {', '.join(map(str, have[:20]))}."
        )


def _bare(parsed: Any) -> set[Any]:
    """Columns that are terms as they stand: as a name, in braces, in I() or Q()."""
    plain = {str(f.expr) for f in factors(parsed) if f.eval_method.value == "lookup"}
    return plain | {found.column(found.tree) for found in expressions(parsed)}


def _typed(name: Any, column: Any, *, as_number: bool) -> Any:
    """One column as numpy has its kind."""
    if getattr(column, "ndim", 1) != 1:
        raise InputError(f"data has the column {name!r} more than once; give each column its own name.")
    column = with_categories(column)
    kind = getattr(column.dtype, "kind", "O")
    if kind in _NO_NUMBERS:
        what = _NO_NUMBERS[kind]
        raise InputError(
            f"column {name!r} holds {what}, which are no numbers; convert it first, for example durations by "
            f"data[{name!r}] / pandas.Timedelta(days=1)."
        )
    if hasattr(column.dtype, "categories"):
        column = column.cat.remove_unused_categories()
        _refuse_blank(name, column)
        return column
    if not isinstance(column.dtype, np.dtype):
        whole = {"b": bool, "i": np.int64, "u": np.int64, "f": np.float64}.get(kind, object)
        column = column.astype(whole)
    if column.dtype == object and len(column) and all(isinstance(v, _NUMBERS) for v in column):
        return _of_numbers(name, column)
    if column.dtype == object:
        _refuse_blank(name, column)
        _refuse_odd_words(name, column, as_number=as_number)
    return column


def _of_numbers(name: Any, column: Any) -> Any:
    """Numbers that pandas keeps as objects: truth values, whole numbers, or any."""
    if all(isinstance(v, bool | np.bool_) for v in column):
        return column.astype(bool)
    whole = all(isinstance(v, int | np.integer) and -(2**63) <= v < 2**63 for v in column)
    try:
        return column.astype(np.int64 if whole else np.float64)
    except OverflowError:
        kinds.as_numbers(f"column {name!r}", column)  # names the row
        raise


def _refuse_blank(name: Any, column: Any) -> None:
    """Text without a letter is a missing label, not a category of its own, and so is text made of a missing value."""
    values = column.to_numpy()
    blank = np.array([isinstance(v, str) and no_label(v) for v in values], bool)
    if blank.any():
        told = made_of_gaps(values[blank])
        raise MissingValues(
            f"column {name!r} is {'missing' if told else 'blank'} in {positions(blank)}{told}",
            "give them a label",
        )


def _refuse_odd_words(name: Any, column: Any, *, as_number: bool) -> None:
    values = column.to_numpy()
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
