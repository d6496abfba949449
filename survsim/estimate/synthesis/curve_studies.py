"""Published survival curves at common times: checked, numbers at risk completed and marked."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from survsim.core.checks import BoolArray, FloatArray, between, label_codes
from survsim.core.encoding import stored
from survsim.core.errors import EvidenceError, InputError
from survsim.core.kinds import as_numbers
from survsim.core.pairing import paired
from survsim.core.steps import Steps
from survsim.core.surv import Surv
from survsim.core.times import asked_times, join, meet

SURVIVAL_ROUNDING = 0.005
"""Half a unit of the second decimal, to which survival is printed or read from a figure."""

MOST_PATIENTS = 1e12
"""No study has as many: what is larger is no number of patients."""


class CountedAtRisk(np.ndarray[Any, np.dtype[np.float64]]):
    """Numbers at risk counted from patients; with delayed entry they may rise, which no printed table does."""


@stored
@dataclass(frozen=True, slots=True)
class CurveStudies:
    """k studies at T common times; a study that stopped earlier is NaN from then on.

    Attributes
    ----------
    labels : (k,); time : (T,) increasing, above 0.
    survival, n_risk : (k, T); `n_risk` is the number at risk at the start of the interval ending at `time`.
    is_imputed : (k, T), the number at risk was not printed.
    """

    labels: tuple[str, ...]
    time: FloatArray
    survival: FloatArray
    n_risk: FloatArray
    is_imputed: BoolArray

    def steps(self, study: int, unit: str) -> Steps:
        """The readings of one study (by position) from 1 at time 0, joined straight."""
        seen = self.is_seen[study]
        return Steps.from_origin(
            self.time[seen], self.survival[study, seen], start=1.0, unit=unit, joined="lines"
        )

    @property
    def is_seen(self) -> BoolArray:
        """(k, T) True where the study still contributes."""
        return np.isfinite(self.survival)


def curve_studies(
    study: Any,
    time: Any,
    survival: Any,
    n_risk: Any,
    *,
    n_start: Mapping[Any, float] | None,
    censoring_rate: float | None,
) -> CurveStudies:
    """Long rows to a grid; all faults of the rows in one message.

    Raises
    ------
    InputError : rows that make no curve.
    EvidenceError : printed numbers at risk above what survival leaves of earlier ones.
    """
    study, time, survival, n_risk = paired(study=study, time=time, survival=survival, n_risk=n_risk)
    t = _column("time", time)
    if t.size and np.isfinite(t).all():
        t = join(t)[0]
    codes, keys = label_codes("study", study, t.size)
    labels = tuple(str(k) for k in keys)
    s = _column("survival", survival, t.size)
    n = np.full(t.size, np.nan) if n_risk is None else _column("n_risk", n_risk, t.size)
    _refuse_bad_rows(t, s, n, [labels[c] for c in codes])
    grid = np.unique(t[t > 0])
    if grid.size == 0:
        raise InputError("time holds no value above 0; a curve needs at least one later reading.")
    shape = (len(labels), grid.size)
    table, at_risk = np.full(shape, np.nan), np.full(shape, np.nan)
    column = np.searchsorted(grid, t)
    later = t > 0
    cell = codes[later], column[later]
    if np.unique(cell[0] * grid.size + cell[1]).size < cell[0].size:
        raise InputError("a study has two rows at one time; keep one reading a study and time.")
    table[cell], at_risk[cell] = s[later], n[later]
    _refuse_gaps_and_rises(table, grid, labels)
    start = _start_numbers(keys, n_start)
    missing = np.isfinite(table) & ~np.isfinite(at_risk)
    if not isinstance(n_risk, CountedAtRisk):
        _refuse_risen_numbers(table, at_risk, grid, start, labels)
    filled = _complete(table, at_risk, grid, start, labels, censoring_rate)
    # Once nobody is left the study says nothing of later intervals.
    previous = np.column_stack([np.ones(shape[0]), table[:, :-1]])
    table = np.where((previous > 0) & (filled > 0), table, np.nan)
    return CurveStudies(labels, grid, table, np.where(np.isfinite(table), filled, np.nan), missing)


def patient_curves(
    groups: Mapping[Any, Surv], times: Any
) -> tuple[list[str], FloatArray, FloatArray, FloatArray]:
    """Rows (study, time, survival, n_risk) of Kaplan-Meier curves read at `times` within each follow-up.

    Raises
    ------
    InputError : no time above 0, a study that ends before the first one, or one without anybody at risk where an interval
        begins, by name.
    """
    from survsim.estimate.nonparametric.kaplan_meier import kaplan_meier

    grid = np.unique(join(asked_times("time", times))[0])
    grid = grid[grid > 0]
    if grid.size == 0:
        raise InputError("time holds no value above 0; a curve needs at least one later reading.")
    short = [
        f"{label} ends at {s.time.max():g}"
        for label, s in groups.items()
        if s.time.max() < meet(grid[0], s.time)
    ]
    if short:
        raise InputError(
            f"{'; '.join(short[:6])}, before the first time {grid[0]:g}: no reading can be taken there. "
            "Add an earlier time, or leave those patients out and say so."
        )
    study: list[str] = []
    parts: list[FloatArray] = []
    for label, surv in groups.items():
        inside = grid[meet(grid, surv.time) <= surv.time.max()]
        read = np.ravel(kaplan_meier(surv).survival_at(inside).estimate)
        at_risk = _followed(surv, np.concatenate([[0.0], inside[:-1]]))
        _refuse_nobody(str(label), surv, inside, read, at_risk)
        study += [str(label)] * inside.size
        parts.append(np.column_stack([inside, read, at_risk]))
    rows = np.concatenate(parts)
    return study, rows[:, 0], rows[:, 1], rows[:, 2].view(CountedAtRisk)


def _followed(surv: Surv, start: FloatArray) -> FloatArray:
    """Patients (k,) under observation just after each time; weights that are whole numbers count as so many patients.

    Other weights make the number of patients whose plain mean would be as sure, (sum w)^2 / sum w^2 (Kish 1965): their sum
    may be any number, and says nothing of how many were seen.
    """
    known = surv.time if surv.entry is None else np.concatenate([surv.time, surv.entry])
    at = meet(start, known)[:, None]
    entered = np.zeros(len(surv)) if surv.entry is None else surv.entry
    there = (surv.time[None, :] > at) & (entered[None, :] <= at)
    if surv.weight is None:
        return there.sum(axis=1).astype(np.float64)
    total = there @ surv.weight
    if (surv.weight == np.floor(surv.weight)).all():
        return np.asarray(total, dtype=np.float64)
    return total**2 / np.maximum(there @ surv.weight**2, np.finfo(float).tiny)


def _refuse_nobody(
    label: str, surv: Surv, times: FloatArray, survival: FloatArray, at_risk: FloatArray
) -> None:
    """A study with delayed entry in which nobody is observed where an interval begins, though the curve has not ended."""
    alive = np.concatenate([[1.0], survival[:-1]]) > 0
    empty = np.flatnonzero((at_risk == 0) & alive)
    if empty.size:
        k = int(empty[0])
        start = 0.0 if k == 0 else times[k - 1]
        entered = np.zeros(1) if surv.entry is None else surv.entry
        later = entered[entered > start]
        raise InputError(
            f"nobody of {label} is under observation at {start:g}, where the interval to {times[k]:g} begins"
            f"{f' (the next enters at {later.min():g})' if later.size else ''}: its survival there rests on no number at "
            "risk. Leave the study out and say so, choose other times, or count time from a later origin (landmark)."
        )


def excess_at_risk(n: FloatArray, survival: FloatArray) -> tuple[int, float] | None:
    """First place where more are at risk than survival leaves of those at risk before, and the most possible.

    Censoring only takes patients away, so ``n[i] <= n[j] S[i] / S[j]`` for j before i. Survival counts as rounded
    to two digits (1 at the first place as exact), the product is rounded up, and one patient more is allowed.

    Parameters
    ----------
    n : (m,) numbers at risk, NaN where not printed; each is compared with the last printed before it.
    survival : (m,) at the same times, never rising.
    """
    known = np.flatnonzero(np.isfinite(n))
    for before, here in itertools.pairwise(known):
        lowest = survival[before] - (SURVIVAL_ROUNDING if before else 0.0)
        ratio = (survival[here] + SURVIVAL_ROUNDING) / lowest if lowest > 0 else 1.0
        most = float(np.ceil(n[before] * min(1.0, ratio) - 1e-9)) + 1.0
        if n[here] > most:
            return int(here), most
    return None


def _refuse_bad_rows(t: FloatArray, s: FloatArray, n: FloatArray, names: list[str]) -> None:
    faults = []
    for i in range(t.size):
        if not t[i] >= 0 or not np.isfinite(t[i]):
            faults.append(f"{names[i]} (row {i}): time {t[i]:g}")
        elif not 0.0 <= s[i] <= 1.0:
            faults.append(f"{names[i]} (row {i}): survival {s[i]:g} at time {t[i]:g}; is it in per cent?")
        elif n[i] < 0 or n[i] > MOST_PATIENTS:
            faults.append(f"{names[i]} (row {i}): {n[i]:g} at risk at time {t[i]:g}")
        elif t[i] == 0 and s[i] != 1.0:
            faults.append(f"{names[i]} (row {i}): survival {s[i]:g} at time 0")
    if faults:
        raise InputError("curves need times from 0, survival within 0 and 1: " + "; ".join(faults[:6]))


def _refuse_gaps_and_rises(table: FloatArray, grid: FloatArray, labels: tuple[str, ...]) -> None:
    faults = []
    for row, label in zip(table, labels):
        seen = np.isfinite(row)
        if not seen.any():
            faults.append(f"{label} has no reading after time 0")
            continue
        last = int(np.flatnonzero(seen)[-1])
        gaps = grid[: last + 1][~seen[: last + 1]]
        if gaps.size:
            faults.append(f"{label} lacks time {', '.join(f'{g:g}' for g in gaps[:5])}")
        else:
            rises = np.flatnonzero(np.diff(np.concatenate([[1.0], row[: last + 1]])) > 1e-9)
            if rises.size:
                faults.append(f"{label} rises to {row[rises[0]]:g} at time {grid[rises[0]]:g}")
    if faults:
        raise InputError(
            f"curves must fall and be read at every common time up to their end: {'; '.join(faults[:6])}. "
            "Read them at the missing times or leave those times out for all."
        )


def _refuse_risen_numbers(
    table: FloatArray, at_risk: FloatArray, grid: FloatArray, start: FloatArray, labels: tuple[str, ...]
) -> None:
    begin = np.concatenate([[0.0], grid[:-1]])
    previous = np.column_stack([np.ones(table.shape[0]), table[:, :-1]])
    faults = []
    for j, label in enumerate(labels):
        seen = np.isfinite(previous[j])
        n = at_risk[j, seen].copy()
        if not np.isfinite(n[0]) and start[j] > 0:
            n[0] = start[j]
        found = excess_at_risk(n, previous[j, seen])
        if found is not None:
            i, most = found
            faults.append(
                f"{label} has {n[i]:g} at risk at time {begin[i]:g}, survival {previous[j, i]:g} leaves {most:g} at most"
            )
    if faults:
        raise EvidenceError(
            f"numbers at risk contradict the curves: {'; '.join(faults[:6])}. A number belongs to the start of the "
            "interval that ends at `time`; check the row it stands in, and the figure."
        )


def _start_numbers(keys: tuple[Any, ...], n_start: Mapping[Any, float] | None) -> FloatArray:
    given = dict(n_start or {})
    unknown = sorted(str(k) for k in given if k not in keys)
    if unknown:
        raise InputError(f"n_start names studies that have no rows: {', '.join(unknown)}.")
    found = np.full(len(keys), np.nan)
    for place, key in enumerate(keys):
        if key in given:
            found[place] = between(f"n_start of {key}", given[key], 0.0, MOST_PATIENTS)
    return found


def _complete(
    table: FloatArray,
    at_risk: FloatArray,
    grid: FloatArray,
    start: FloatArray,
    labels: tuple[str, ...],
    censoring_rate: float | None,
) -> FloatArray:
    """Fill numbers at risk: ``n_t = n_0 S(t-) G(t-)`` with G the share not yet censored.

    Between printed numbers log G is linear in time; after the last printed one it goes on with that study's
    rate; a study without any takes `censoring_rate`, or the mean rate of the studies that print numbers.
    """
    begin = np.concatenate([[0.0], grid[:-1]])
    previous = np.column_stack([np.ones(table.shape[0]), table[:, :-1]])
    filled = at_risk.copy()
    n_zero = np.where(np.isfinite(at_risk[:, 0]), at_risk[:, 0], start)
    need = np.isfinite(table) & ~np.isfinite(at_risk)
    lost = [
        label for label, n, miss in zip(labels, n_zero, np.asarray(need.any(axis=1))) if miss and not n > 0
    ]
    if lost:
        raise InputError(
            f"{', '.join(lost)}: neither numbers at risk nor a number of patients; pass n_start={{study: n}}."
        )
    rates = [_own_rate(begin, previous[j], at_risk[j], n_zero[j]) for j in range(len(labels))]
    shared = censoring_rate if censoring_rate is not None else _mean_rate(rates)
    for j in np.flatnonzero(need.any(axis=1)):
        rate = rates[j] if rates[j] is not None else shared
        if rate is None:
            raise InputError(
                "no study prints numbers at risk after time 0, so censoring is unknown; pass censoring_rate= per unit of "
                "time (0 claims that everybody was followed) and state it as an assumption."
            )
        filled[j] = _fill(begin, previous[j], at_risk[j], n_zero[j], float(rate))
    return filled


def _known(
    begin: FloatArray, previous: FloatArray, n: FloatArray, n_zero: float
) -> tuple[FloatArray, FloatArray]:
    """Times and log G at which the number at risk is printed, (0, 0) first."""
    use = np.isfinite(n) & (n > 0) & (previous > 0) & (begin > 0)
    share = np.minimum(1.0, n[use] / (n_zero * previous[use]))
    return np.concatenate([[0.0], begin[use]]), np.concatenate([[0.0], np.log(share)])


def _own_rate(begin: FloatArray, previous: FloatArray, n: FloatArray, n_zero: float) -> float | None:
    if not n_zero > 0:
        return None
    t, log_g = _known(begin, previous, n, n_zero)
    return None if t.size < 2 else float(-log_g[-1] / t[-1])


def _mean_rate(rates: list[float | None]) -> float | None:
    known = [r for r in rates if r is not None]
    return float(np.mean(known)) if known else None


def _fill(begin: FloatArray, previous: FloatArray, n: FloatArray, n_zero: float, rate: float) -> FloatArray:
    t, log_g = _known(begin, previous, n, n_zero)
    beyond = np.maximum(begin - t[-1], 0.0)
    completed = n_zero * previous * np.exp(np.interp(begin, t, log_g) - rate * beyond)
    return np.where(np.isfinite(n), n, completed)


def _column(name: str, values: Any, length: int | None = None) -> FloatArray:
    found, missing = as_numbers(name, values)
    array = found.copy() if missing is None else np.where(missing, np.nan, found)
    if array.ndim != 1 or (length is not None and array.size != length):
        raise InputError(
            f"{name} must be one column with {length or 'some'} values; got shape {array.shape}."
        )
    return array
