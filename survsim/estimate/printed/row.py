"""One printed row as it was typed: its numbers read, its interval and p-value told for what they are.

Decided here, once, for every door:

- A row may be an `Estimate` or a mapping with the same names; ``n, label, source, study`` stand for
  ``n_arm, estimate_id, reference, study_id``. NaN, None and an absent name all mean "not printed".
- ``lower_bound`` and ``upper_bound`` are no estimates. ``approximate`` and ``zero_in_words`` are: they enter as
  printed, and the result says so.
- An interquartile range describes patients, not the error of their median, and is never an interval. An interval
  whose level the source does not state is used only with `assume_level`. A mapping that names no level at all means
  95%, as everywhere in survsim; one that holds an empty level says that none was stated.
- A limit that was not reached or cut off leaves the other half of the interval, which is used as half an interval.
- A p-value with a sign (``p < 0.001``) is a bound and no value; ``p = 1`` is one, which rounding made of 0.95 or more, and
  ``p = 0``, as programs print 0.0004, is compared with what is beside it but gives no error.
- ``unit`` is the unit of the times of a row, ``value_unit`` and ``time_unit`` those of one of them.
- A name that no row has is refused with the one that is nearest, and so are two names of one thing that differ: a number
  under a name that nobody reads would be dropped in silence.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from survsim.core import units
from survsim.core.checks import FloatArray
from survsim.core.errors import InputError
from survsim.core.estimate_record import Estimate
from survsim.core.frames import has_labels
from survsim.core.kinds import as_numbers
from survsim.core.pairing import in_order_of
from survsim.estimate.printed.refusal import contradiction, too_little

_ALIASES = {
    "n_arm": ("n",),
    "estimate_id": ("label",),
    "reference": ("source",),
    "study_id": ("study",),
    "value": ("hazard_ratio",),
    "value_unit": ("unit",),
    "time_unit": ("unit",),
}
_ONE_THING = ("value", "n_arm", "value_unit", "time_unit")
"""Names whose aliases must not say something else beside them; a label beside an `estimate_id` may."""
_NUMBERS = (
    "std_error", "one_sided", "favours", "observed_minus_expected", "variance", "observed", "expected", "cluster"
)  # fmt: skip
"""What a row may hold beside the fields of an `Estimate`."""
_DESCRIBING = (
    "author", "authors", "first_author", "year", "title", "journal", "country", "region", "centre", "doi", "pmid", "url",
    "page", "table", "figure", "arm", "arm_label", "group", "trial", "subgroup", "notes", "comment", "comments", "status",
)  # fmt: skip
"""Columns that a table of studies has to describe its rows; nothing is computed from them."""
KNOWN = frozenset(
    [f.name for f in fields(Estimate)]
    + [alias for names in _ALIASES.values() for alias in names]
    + [*_ALIASES, *_NUMBERS, *_DESCRIBING]
)
TYPED = (
    "value (hazard_ratio)", "conf_low", "conf_high", "conf_level", "std_error", "p_value", "n", "n_event", "time", "unit",
    "label", "source", "study", "cluster",
)  # fmt: skip
"""What is usually typed, for messages."""
ARMS = ("research", "control")
OF_ARMS = ("observed", "expected", "n_event", "n_arm")
"""What may be told of both arms of a comparison, in the order of `ARMS`."""
BOUNDS = ("lower_bound", "upper_bound")
IN_WORDS = {
    "approximate": "printed as approximate, taken as printed",
    "zero_in_words": "none, said in words, taken as 0",
}
USUAL_LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Interval:
    """Limits as printed (None where not), their level, and whether the level or the one side was stated."""

    low: float | None
    high: float | None
    level: float
    one_sided: bool = False
    assumed: str = ""


@dataclass(frozen=True, slots=True)
class PrintedRow:
    """What a row prints; absent numbers are None, times and medians still in their own unit."""

    item: Any
    label: str

    def text(self, name: str) -> str:
        """A word of the row, "" where there is none."""
        found = _get(self.item, name)
        return "" if found is None else str(found)

    def number(self, name: str) -> float | None:
        """A number of the row, None where there is none."""
        found = _get(self.item, name)
        if found is None or found is np.ma.masked:
            return None
        try:
            if isinstance(found, str | bytes | bool | np.bool_):
                raise TypeError
            return float(as_numbers(name, found)[0])
        except (TypeError, ValueError, OverflowError, InputError):
            raise contradiction(self.label, f"{name} must be a number; got {found!r:.80}.") from None

    def raw(self, name: str) -> Any:
        """Whatever stands under a name."""
        return _get(self.item, name)

    def named(self, name: str) -> Any:
        """Whatever stands under this very name, no alias."""
        found = _under(self.item, name)
        return found if _is_said(found) else None

    def of_arms(self, name: str) -> FloatArray | None:
        """The numbers under a name that may stand for (research, control), empty where they are no numbers; None if unsaid.

        Columns with row labels are put in the order of the first of them, or in that of the arms where they name those.
        """
        said = {key: found for key in OF_ARMS if has_labels(found := self.named(key))}
        found = self.named(name)
        if found is None:
            return None
        try:
            if name in said:
                of, first = next(iter(said.items()))
                found = in_order_of(_of_arms(first.index), name, found, of)
            return np.atleast_1d(as_numbers(name, found)[0])
        except InputError as error:
            if name in said:
                raise contradiction(self.label, str(error)) from None
            return np.zeros(0)

    @property
    def of_arm(self) -> bool:
        """Whether counts are those of one arm (a row of the evidence) and not of the whole comparison."""
        return _get(self.item, "arm_id") is not None

    def value(self) -> float:
        """The printed number; a bound and a missing number are refused."""
        qualifier, value = self.text("value_qualifier"), self.number("value")
        if value is None:
            why = f" ({qualifier})" if qualifier else ""
            raise too_little(
                self.label, f"no value is printed{why}; leave out what was not reported and say so."
            )
        if qualifier in BOUNDS:
            raise too_little(
                self.label, f"{value:g} is printed as {qualifier}, no estimate; leave it out and say so."
            )
        return value

    def said(self) -> tuple[str, ...]:
        """What the value's qualifier makes of it."""
        told = IN_WORDS.get(self.text("value_qualifier"))
        return () if told is None else (told,)

    def expect(self, *measures: str) -> None:
        """Refuse a row that says it measures something else; a mapping without `measure` is taken at its word."""
        found = self.text("measure")
        if found and found not in measures:
            raise too_little(self.label, f"its measure is {found}")

    def factor(self, name: str, unit: str | None, *, instead: str = "") -> float:
        """From the unit the row states under `name` to `unit`; 1 where either is not stated.

        In a typed row that has one time only, its unit may stand under the name of the other kind, `instead`.
        """
        stated = self.text(name)
        if not stated and name == "time_unit" and _of_evidence(self.item):
            stated = str(Estimate.__dataclass_fields__["time_unit"].default)
        if not stated and instead and isinstance(self.item, Mapping):
            other = self.text(instead)
            stated = other if other in units.DAYS_PER else ""
        if not stated or unit is None:
            return 1.0
        if stated not in units.DAYS_PER:
            raise contradiction(
                self.label, f"it is in {stated}, which is no unit of time; it cannot be pooled in {unit}."
            )
        return units.conversion_factor(stated, unit)

    def interval(self, assume_level: float | None) -> Interval | None:
        """The interval that can be used, or None."""
        low, high = self.number("conf_low"), self.number("conf_high")
        low = None if low is not None and np.isneginf(low) else low
        high = None if high is not None and np.isposinf(high) else high
        note = self.text("conf_note")
        if (low is None and high is None) or "interquartile" in note:
            return None
        level, assumed = self.number("conf_level"), ""
        if level is None and not _has(self.item, "conf_level"):
            level = USUAL_LEVEL
        if level is None or note == "level_not_stated":
            if assume_level is None:
                return None
            level, assumed = assume_level, f"an interval of unstated level taken as {assume_level:.0%}"
        if not 1e-6 < level < 1.0:
            raise contradiction(
                self.label, f"conf_level must lie in (0, 1); got {level:g}. Is it in per cent?"
            )
        one_sided = note == "one_sided" or bool(_get(self.item, "one_sided"))
        return Interval(low, high, level, one_sided, assumed)

    def p_value(self) -> float | None:
        """A two-sided p-value that is a value, or 0 where it was rounded to that."""
        p = self.number("p_value")
        if p is None or self.text("p_qualifier") in ("<", ">", "<=", ">="):
            return None
        if not 0.0 <= p <= 1.0:
            raise contradiction(
                self.label, f"p_value must lie in [0, 1]; got {p:g}. A bound such as <0.001 is no value."
            )
        return p

    def std_error(self, factor: float = 1.0) -> float | None:
        """A printed standard error, on the printed scale."""
        error = self.number("std_error")
        if error is None:
            return None
        if not 0.0 < error < np.inf:
            raise contradiction(self.label, f"std_error must be positive; got {error:g}.")
        return error * factor

    def counts(self) -> tuple[float | None, float | None]:
        """Patients and events of the row; more events than patients contradict each other."""
        n, d = self.number("n_arm"), self.number("n_event")
        for name, count in (("n", n), ("n_event", d)):
            if count is not None and not 0.0 <= count < np.inf:
                raise contradiction(self.label, f"{name} must be a count; got {count:g}.")
        if n is not None and d is not None and d > n:
            raise contradiction(
                self.label, f"{d:g} events in {n:g} patients. Check both counts in the source."
            )
        return n, d


def read_row(item: Any, position: int = 0) -> PrintedRow:
    """A row and its name; nothing is computed."""
    item = _as_mapping(item)
    label = _get(item, "estimate_id") or _get(item, "study_id")
    row = PrintedRow(item, f"row {position}" if label is None else str(label))
    if isinstance(item, Mapping):
        _refuse_unknown(row)
    _refuse_two(row)
    return row


def _as_mapping(item: Any) -> Any:
    """A row of a frame, as iterrows or itertuples give it, is a mapping of its columns."""
    if isinstance(item, Mapping | type):
        return item
    if hasattr(item, "_asdict"):
        return {name: value for name, value in item._asdict().items() if name != "Index"}
    return item.to_dict() if hasattr(item, "to_dict") and hasattr(item, "index") else item


def _refuse_unknown(row: PrintedRow) -> None:
    """Names that no row has; a row of the evidence has columns of its own, which its door knows."""
    if _of_evidence(row.item):
        return
    unknown = [name for name in row.item if name not in KNOWN]
    if not unknown:
        return
    told = []
    for name in unknown:
        near = difflib.get_close_matches(str(name).lower(), KNOWN - set(_DESCRIBING), 1)
        told.append(f"{name!r}" + (f" (did you mean {near[0]!r}?)" if near else ""))
    raise contradiction(
        row.label,
        f"{', '.join(told)} {'is no name' if len(told) == 1 else 'are no names'} of a printed number. A row holds "
        f"{', '.join(TYPED)}; leave columns out that only describe it.",
    )


def _refuse_two(row: PrintedRow) -> None:
    """Two names of one thing that say two things."""
    for name in _ONE_THING:
        said = {key: found for key in (name, *_ALIASES[name]) if _is_said(found := _under(row.item, key))}
        single = [found for found in said.values() if np.ndim(found) == 0]
        if any(found != single[0] for found in single[1:]):
            told = " and ".join(f"{key} {found!r:.40}" for key, found in said.items())
            raise contradiction(row.label, f"{told} stand for one thing; leave one of them out.")


def _of_evidence(item: Any) -> bool:
    """A row of the table of estimates, or an `Estimate`."""
    return isinstance(item, Estimate) or (
        isinstance(item, Mapping) and "estimate_id" in item and "measure" in item
    )


def _get(item: Any, name: str) -> Any:
    for key in (name, *_ALIASES.get(name, ())):
        value = _under(item, key)
        if _is_said(value):
            return value
    return None


def _under(item: Any, key: str) -> Any:
    return item.get(key) if isinstance(item, Mapping) else getattr(item, key, None)


def _of_arms(index: Any) -> Any:
    """Row labels of a pair, in the order of `ARMS` where they name those."""
    named = len(index) == len(ARMS) and {*index} == {*ARMS}
    return index[[list(index).index(arm) for arm in ARMS]] if named else index


def _has(item: Any, name: str) -> bool:
    return name in item if isinstance(item, Mapping) else hasattr(item, name)


def _is_said(value: Any) -> bool:
    """NaN, None, the empty word and pandas' marks of the missing (known by name: pandas stays unloaded) are not."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return False
    if isinstance(value, str):
        return value != ""
    return not isinstance(value, float | np.floating) or bool(value == value)
