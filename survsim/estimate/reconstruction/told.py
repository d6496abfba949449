"""What a figure tells of one arm, checked and in one form: the curve, the numbers at risk, totals and marks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from survsim.core import units
from survsim.core.checks import FloatArray, IntArray, between, float_vector, one_of
from survsim.core.errors import EvidenceWarning, InputError, warn
from survsim.core.times import apart, asked_time, lengthless, meet
from survsim.estimate.reconstruction.curve import Curve, read_curve
from survsim.estimate.reconstruction.two_columns import two_columns

OTHER_UNIT = 8.0
"""Risk tables end near the end of the curve; this many times shorter or longer, they are in another unit."""

MOST_PATIENTS = 1e6
"""A row is made for each, and forty times as many to say what the figure leaves open: minutes of work beyond this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One arm as a figure tells it.

    Attributes
    ----------
    curve : readings, first (0, 1), never rising.
    risk_time, risk : (r,) printed numbers at risk, first at 0; the number of patients alone where no table is printed.
    ended : the first printed time with nobody at risk any more, or None.
    stop : end of follow-up.
    n_event : printed total of events, or None.
    marks : (q,) times of censor marks, sorted, or None.
    n : printed number of patients; more than the first number at risk only under delayed entry.
    entry : whether patients enter late.
    """

    curve: Curve
    risk_time: FloatArray
    risk: IntArray
    ended: float | None = None
    stop: float
    n_event: int | None
    marks: FloatArray | None
    n: int | None
    entry: bool

    @property
    def table(self) -> bool:
        """Whether numbers at risk were printed after the start."""
        return self.risk.size > 1


def read_told(
    curve: Any, *, unit: str, at_risk: Any, n: Any, n_event: Any, censor_marks: Any, kind: str, entry: Any, end: Any,
    readings: str,
) -> Told:  # fmt: skip
    """Everything checked; what cannot be one arm is refused with what to do."""
    units.check_unit(unit)
    line = read_curve(curve, kind=kind, unit=unit, readings=readings)
    total = None if n is None else _whole("n", n, 1)
    if at_risk is None:
        if total is None:
            raise InputError("give the numbers at risk (at_risk) or, where none are printed, n patients.")
        risk_time, risk, ended = np.zeros(1), np.array([total], dtype=np.int64), None
    else:
        risk_time, risk, ended = _risk_table(at_risk, total, unit)
    late = _late(risk_time, risk, total, entry)
    line, risk_time = replace(line, time=line.time), meet(risk_time, line.time)
    marks = None if censor_marks is None else _marks(censor_marks, line.time, unit)
    last = max(
        float(line.time[-1]),
        float(risk_time[-1]),
        float(marks[-1]) if marks is not None and marks.size else 0.0,
    )
    known = np.concatenate([line.time, risk_time, [last]])
    stop = last if end is None else asked_time("end", end, known, unit=unit)
    if stop < last:
        asked, latest = apart(stop, last)
        raise InputError(f"end {asked} lies before the last reading, mark or number at risk, {latest}.")
    _same_unit(line, risk_time, risk, unit, asked=end is not None)
    patients = int(total if total is not None else risk[0])
    events = None
    if n_event is not None:
        events = _whole("n_event", n_event, 0)
        if events > patients and not (late and total is None):
            raise InputError(
                f"n_event must lie within 0 and {patients} patients, a whole number; got {n_event!r}."
            )
    if marks is not None and not late and marks.size > patients:
        raise InputError(f"censor_marks has {marks.size} marks for {patients} patients.")
    return Told(
        curve=line,
        risk_time=risk_time,
        risk=risk,
        ended=None if ended is None else float(meet(ended, line.time)),
        stop=stop,
        n_event=events,
        marks=marks,
        n=total,
        entry=late,
    )


def _whole(name: str, value: Any, least: int) -> int:
    number = between(name, value, -np.inf, np.inf, open_ends=False)
    if number != np.floor(number) or not least <= number <= MOST_PATIENTS:
        raise InputError(f"{name} must lie within {least} and 1 million, a whole number; got {value!r}.")
    return int(number)


def _risk_table(given: Any, n: int | None, unit: str) -> tuple[FloatArray, IntArray, float | None]:
    t, risk = two_columns("at_risk", given, "n_risk", ("at_risk", "n", "risk"), unit=unit)
    if lengthless(t[:-1], t[1:]).any():
        raise InputError(f"times of at_risk must increase; got {t[:6].tolist()}.")
    if np.any(risk != np.round(risk)) or risk.min() < 0:
        raise InputError(f"at_risk must hold whole numbers from 0; got {risk[:6].tolist()}.")
    if risk.max() > MOST_PATIENTS:
        raise InputError(f"at_risk holds {risk.max():g} patients, more than 1 million; check the table.")
    if t[0] > 0.0:
        if n is None:
            raise InputError(
                f"times of at_risk must start at 0 (it starts at {t[0]:g}); or give n, the patients at 0."
            )
        t, risk = np.append(0.0, t), np.append(float(n), risk)
    if risk.max() <= 0:
        raise InputError("at_risk holds no patients; its first number must be positive.")
    # Trailing zeros say only by when follow-up ended.
    keep = int(np.flatnonzero(risk > 0)[-1]) + 1
    return t[:keep], risk[:keep].astype(np.int64), float(t[keep]) if keep < t.size else None


def _late(t: FloatArray, risk: IntArray, n: int | None, entry: Any) -> bool:
    """Whether patients enter after the start; a rising table says so, unless it was excluded."""
    one_of("entry", entry, (None, "auto", True, False))
    grows = np.flatnonzero(np.diff(risk) > 0)
    if n is not None and risk.max() > n:
        i = int(risk.argmax())
        raise InputError(f"at_risk holds {risk[i]} patients at time {t[i]:g}, more than n = {n}.")
    if grows.size:
        i = int(grows[0]) + 1
        what = f"at_risk grows from {risk[i - 1]} to {risk[i]} at time {t[i]:g}"
        if entry is False:
            raise InputError(
                f"{what}; without late entry it cannot. Check the table, or let entry be 'auto'."
            )
        if entry is not True:
            warn(
                f"{what}: patients enter late (left truncation). They are reconstructed with entry times; use them "
                "with estimators that know delayed entry.",
                EvidenceWarning,
            )
        return True
    if risk[0] <= 0:
        raise InputError("at_risk must be positive at its first time.")
    if n is not None and risk[0] < n and entry is not True:
        raise InputError(
            f"n is {n}, but {risk[0]} are at risk at 0. Give one of them; or entry=True if the others entered later."
        )
    return entry is True


def _marks(given: Any, known: FloatArray, unit: str) -> FloatArray:
    if hasattr(given, "columns") or isinstance(given, dict):
        from survsim.core.frames import as_frame

        frame = as_frame(given, "censor_marks")
        names = [str(c).strip().lower() for c in frame.columns]
        if "time" not in names and len(names) != 1:
            raise InputError(f"censor_marks needs a column time; it has: {', '.join(names)}.")
        given = frame.iloc[:, names.index("time") if "time" in names else 0]
    marks = np.sort(meet(float_vector("censor_marks", given, unit=unit), known))
    if marks.size and marks[0] < 0:
        raise InputError(f"censor_marks must not be negative; found {marks[0]:g}.")
    return marks


def _same_unit(line: Curve, risk_time: FloatArray, risk: IntArray, unit: str, *, asked: bool) -> None:
    """A table in years under a curve in months, or the other way round."""
    if risk_time.size < 3 or line.time[-1] <= 0.0:
        return
    ratio = float(line.time[-1] / risk_time[-1])
    if ratio > OTHER_UNIT or (ratio < 1.0 / OTHER_UNIT and not asked):
        raise InputError(
            f"the curve ends at {line.time[-1]:g} {unit}, the numbers at risk at {risk_time[-1]:g}: they seem to be in "
            f"different units. Give both in {unit}"
            + ("." if ratio > 1 else ", or end= if follow-up went on so long after the last drop.")
        )
