"""Pooling of published medians, survival at fixed times, and restricted means."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import expit

from survsim.core.checks import FloatArray, between, one_of
from survsim.core.errors import EvidenceWarning, InputError, warn
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.tables import Columns
from survsim.core.times import join
from survsim.estimate.printed.number import EVENT_SHARE, PrintedNumber, Terms
from survsim.estimate.printed.records import records_of
from survsim.estimate.printed.refusal import Refusal
from survsim.estimate.printed.road import take
from survsim.estimate.printed.study_rows import study_rows
from survsim.estimate.synthesis.pooling import CONF_METHODS, METHODS, MetaAnalysis, pool_rows

if TYPE_CHECKING:
    import pandas as pd


BACK: dict[str, Callable[[Any], Any]] = {"survival": expit, "median": np.exp, "rmst": np.asarray}
"""From the analysis scale to the printed one."""
ROUNDING = 1e-9
"""Rise of pooled survival that is no rise."""
FUNCTION = {"survival": "pool_survival_points", "median": "pool_medians", "rmst": "pool_rmst"}


@result
class PooledPoints(Result):
    """A published quantity pooled at each of m times (one for medians), on the printed scale.

    Attributes
    ----------
    quantity : "survival", "median" or "rmst"; unit : of times.
    time : (m,) fixed time or horizon; NaN for medians.
    estimate, conf_low, conf_high, prediction_low, prediction_high : (m,); survival within 0 and 1.
    n_study : (m,).
    analyses : (m,) the `MetaAnalysis` behind each, on its scale (log odds, log, none).
    left_out : why rows were left out, one text each.
    routes : one (time, label, route) a row: where its error came from.
    """

    quantity: str
    unit: str
    time: FloatArray
    estimate: FloatArray
    conf_low: FloatArray
    conf_high: FloatArray
    prediction_low: FloatArray
    prediction_high: FloatArray
    n_study: FloatArray
    analyses: tuple[MetaAnalysis, ...]
    routes: tuple[tuple[float, str, str], ...]
    left_out: tuple[str, ...] = ()

    def columns(self) -> Columns:
        """One row a time: time, estimate, interval, prediction interval, n_study."""
        names = ("time", "estimate", "conf_low", "conf_high", "prediction_low", "prediction_high", "n_study")
        return {name: getattr(self, name) for name in names}

    def studies(self) -> pd.DataFrame:
        """One row a study and time on the printed scale: time, label, estimate, interval, weight, route."""
        import pandas as pd

        parts = []
        for time, analysis in zip(self.time, self.analyses):
            frame = analysis.to_frame()
            frame = frame[frame["kind"] == "study"].drop(columns=["kind", "std_error"])
            for name in ("estimate", "conf_low", "conf_high"):
                frame[name] = BACK[self.quantity](frame[name].to_numpy())
            frame.insert(0, "time", time)
            parts.append(frame)
        joined = pd.concat(parts, ignore_index=True)
        told = {(t, label): route for t, label, route in self.routes}
        joined["route"] = [
            told.get((t if t == t else 0.0, label), "joined rows")
            for t, label in zip(joined["time"], joined["label"])
        ]
        return joined

    def headline(self) -> str:
        """Quantity and how many errors were assumed."""
        assumed = sum(route.startswith("number of") for _, _, route in self.routes)
        note = f"; {assumed} errors rest on numbers of patients or events" if assumed else ""
        return f"Pooled {self.quantity} from {len(self.routes)} published rows, time in {self.unit}{note}"


def pool_survival_points(
    rows: Iterable[Any],
    *,
    unit: str,
    design_factor: float | None = None,
    method: str = "REML",
    conf_method: str = "modified-knapp-hartung",
    conf_level: float = 0.95,
    unusable: str = "refuse",
    beyond_counts: str = "refuse",
    assume_level: float | None = None,
) -> PooledPoints:
    """Pool published survival at fixed times, each time by itself, on the log odds scale.

    Parameters
    ----------
    rows : `Estimate` records, or mappings with ``value`` (within 0 and 1), ``time`` and, where printed,
        ``conf_low, conf_high, conf_level, std_error, n, label, source, cluster``.
    unit : of `time`.
    design_factor : factor on the binomial variance where only the point and n are printed; None for 1.2, what the
        shipped points need that print both an interval and n (`survsim.estimate.printed.shares`).
    method, conf_method, conf_level : as in `meta_analysis`.
    unusable : "refuse" or "leave_out" (with a warning) rows that cannot be weighed: without any error, a
        bound, not reached. Rows that contradict themselves are always refused.
    beyond_counts : rows whose error is smaller than their patients or events allow are refused, or "widen".
    assume_level : level of intervals whose level the source does not state; None does not use them.

    Returns
    -------
    PooledPoints

    Warns
    -----
    EvidenceWarning : pooled survival rises from one time to the next, as other studies stand behind each.

    Raises
    ------
    InputError : rows without any error, intervals that exclude their estimate, or rows of one label whose survival rises
        over time, by name.

    References
    ----------
    Maruo 2025, Res Synth Methods (missing precision of survival rates), for the reason not to drop rows.

    Example
    -------
    >>> from survsim.synthesis import pool_survival_points
    >>> pooled = pool_survival_points([dict(value=v, conf_low=v - 0.1, conf_high=v + 0.1, time=24)
    ...     for v in (0.42, 0.50, 0.55, 0.61)], unit="months")
    >>> pooled.estimate.round(2)
    array([0.52])
    """
    terms = Terms(
        unit=unit, design_factor=design_factor, beyond_counts=beyond_counts, assume_level=assume_level
    )
    return _pool("survival", rows, terms, method, conf_method, conf_level, unusable)


def pool_medians(
    rows: Iterable[Any],
    *,
    unit: str,
    design_factor: float | None = None,
    assume_events: float | None = EVENT_SHARE,
    method: str = "REML",
    conf_method: str = "modified-knapp-hartung",
    conf_level: float = 0.95,
    unusable: str = "refuse",
    beyond_counts: str = "refuse",
    assume_level: float | None = None,
) -> PooledPoints:
    """Pool published median times on the log scale.

    The error of a row is ``(log U - log L) / (2 z)``; where the upper end was not reached, the lower half of
    the interval; without an interval ``sqrt(design_factor / events)``.

    Parameters
    ----------
    rows : `Estimate` records or mappings with ``value`` and ``conf_low, conf_high`` or ``n_event``.
    unit : of the medians.
    design_factor : factor on the variance 1 / events where no interval is printed; None for 1.56, that of a
        Kaplan-Meier median (`survsim.estimate.printed.median`).
    assume_events : share of n that had the event where neither an interval nor events are printed, an assumption that
        is named in a warning; None refuses such rows.
    method, conf_method, conf_level : as in `meta_analysis`.
    unusable : "refuse" or "leave_out" (with a warning) rows that cannot be weighed: without any error, a
        bound, not reached. Rows that contradict themselves are always refused.
    beyond_counts : rows whose error is smaller than their patients or events allow are refused, or "widen".
    assume_level : level of intervals whose level the source does not state; None does not use them.

    Returns
    -------
    PooledPoints

    Raises
    ------
    InputError : medians not reached, or without any error, by name.

    References
    ----------
    McGrath 2025, arXiv 2503.03065 (pooling of median survival with errors from printed intervals).

    Example
    -------
    >>> from survsim import pool_medians
    >>> rows = [dict(value=m, conf_low=0.7 * m, conf_high=m / 0.7) for m in (9, 11, 14, 16)]
    >>> pool_medians(rows, unit="months").estimate.round(1)
    array([12.2])
    """
    terms = Terms(
        unit=unit, design_factor=design_factor, beyond_counts=beyond_counts, assume_level=assume_level,
        assume_events=assume_events,
    )  # fmt: skip
    return _pool("median", rows, terms, method, conf_method, conf_level, unusable)


def pool_rmst(
    rows: Iterable[Any],
    *,
    unit: str,
    method: str = "REML",
    conf_method: str = "modified-knapp-hartung",
    conf_level: float = 0.95,
    unusable: str = "refuse",
    beyond_counts: str = "refuse",
    assume_level: float | None = None,
) -> PooledPoints:
    """Pool restricted mean survival times (or differences are pooled by `meta_analysis`), per horizon.

    Parameters
    ----------
    rows : mappings or records with ``value``, ``time`` (the horizon) and an interval or ``std_error``.
    unit : of both.
    method, conf_method, conf_level : as in `meta_analysis`.
    unusable : "refuse" or "leave_out" (with a warning) rows that cannot be weighed: without any error, a
        bound, not reached. Rows that contradict themselves are always refused.
    beyond_counts : rows whose error is smaller than their patients or events allow are refused, or "widen".
    assume_level : level of intervals whose level the source does not state; None does not use them.

    Returns
    -------
    PooledPoints

    Raises
    ------
    InputError : a mean beyond its horizon or without error, by name.

    References
    ----------
    Wei, Royston et al. 2015, Stat Med 34:2881, section 3.

    Example
    -------
    >>> from survsim.synthesis import pool_rmst
    >>> pool_rmst([dict(value=v, std_error=1.0, time=36) for v in (20, 22, 23)], unit="months").estimate
    array([21.66666667])
    """
    terms = Terms(unit=unit, beyond_counts=beyond_counts, assume_level=assume_level)
    return _pool("rmst", rows, terms, method, conf_method, conf_level, unusable)


def _pool(
    quantity: str,
    rows: Iterable[Any],
    terms: Terms,
    method: str,
    conf_method: str,
    conf_level: float,
    unusable: str,
) -> PooledPoints:
    one_of("method", method, METHODS)
    one_of("conf_method", conf_method, CONF_METHODS)
    between("conf_level", conf_level, 0.0, 1.0)
    one_of("unusable", unusable, ("refuse", "leave_out"))
    read, left_out = _read_all(quantity, rows, terms, unusable)
    times = _times(quantity, read)
    if quantity == "survival":
        _refuse_rises(read, times)
    told = [f"{e.label}: {note}" for e in read for note in (*e.assumed, *e.notes)]
    told += [f"left out: {text}" for text in left_out]
    if told:
        more = f"; and {len(told) - 8} more" if len(told) > 8 else ""
        warn("; ".join(told[:8]) + more, EvidenceWarning)
    options: dict[str, Any] = {"method": method, "conf_method": conf_method, "conf_level": conf_level}
    analyses = []
    for time in np.unique(times):
        chosen = np.flatnonzero(times == time)
        analyses.append(_pool_one([read[i] for i in chosen], quantity, options))
    ends = ("estimate", "conf_low", "conf_high", "prediction_low", "prediction_high")
    columns = {n: BACK[quantity](np.array([getattr(a, n) for a in analyses])) for n in ends}
    if quantity == "survival":
        _warn_of_rises(np.unique(times), columns["estimate"])
    sources = [row.source for row in read if row.source is not None]
    return PooledPoints(
        provenance=Provenance.of(FUNCTION[quantity], sources, design_factor=terms.design_factor, **options),
        quantity=quantity,
        unit=str(terms.unit),
        time=np.full(1, np.nan) if quantity == "median" else np.unique(times),
        n_study=np.array([float(a.k) for a in analyses]),
        analyses=tuple(analyses),
        routes=tuple((float(t), row.label, row.route) for t, row in zip(times, read)),
        left_out=tuple(left_out),
        **columns,
    )


def _read_all(
    quantity: str, rows: Iterable[Any], terms: Terms, unusable: str
) -> tuple[list[PrintedNumber], list[str]]:
    """Every row on its scale; faults of all rows in one message, unusable rows refused or left out."""
    read: list[PrintedNumber] = []
    faults: list[str] = []
    left_out: list[str] = []
    for position, item in enumerate(records_of(rows)):
        found = take(item, quantity, terms, position)
        if not isinstance(found, Refusal):
            read.append(found)
        elif found.contradicts or unusable == "refuse":
            faults.append(found.text)
        else:
            left_out.append(found.text)
    if faults:
        raise InputError("\n".join(faults))
    if not read:
        raise InputError("there are no rows to pool" + (": " + "; ".join(left_out[:6]) if left_out else "."))
    return read, left_out


def _times(quantity: str, read: list[PrintedNumber]) -> FloatArray:
    if quantity == "median":
        return np.zeros(len(read))
    missing = [row.label for row in read if row.time is None or not 0.0 < row.time < np.inf]
    if missing:
        raise InputError(
            f"{quantity} needs a positive time in every row, a finite one; missing for {', '.join(missing[:6])}."
        )
    return join(np.array([row.time for row in read], dtype=np.float64))[0]


def _refuse_rises(read: list[PrintedNumber], times: FloatArray) -> None:
    """Rows of one label are one curve, which never rises; a label with two rows at a time names several."""
    faults = []
    for label in dict.fromkeys(row.label for row in read):
        mine = [(float(t), row.value) for t, row in zip(times, read) if row.label == label]
        mine.sort()
        if len({t for t, _ in mine}) < len(mine):
            continue
        faults += [
            f"{label}: survival {value:g} at {time:g} after {before:g} at {earlier:g}"
            for (earlier, before), (time, value) in itertools.pairwise(mine)
            if value > before
        ]
    if faults:
        raise InputError(
            f"survival never rises: {'; '.join(faults[:6])}. Check values and times against the source; rows of different "
            "arms need labels of their own."
        )


def _warn_of_rises(times: FloatArray, pooled: FloatArray) -> None:
    """Each time is pooled by itself: other studies or other weights may lift the mean from one time to the next."""
    rises = [
        f"{pooled[i]:.3g} at {times[i]:g} to {pooled[i + 1]:.3g} at {times[i + 1]:g}"
        for i in np.flatnonzero(np.diff(pooled) > ROUNDING)
    ]
    if rises:
        warn(
            f"pooled survival rises from {'; from '.join(rises[:4])}: each time is pooled by itself, from other studies or "
            "weights. Do not read the points as a curve; pooled_survival_curve pools whole curves.",
            EvidenceWarning,
        )


def _pool_one(read: list[PrintedNumber], quantity: str, options: dict[str, Any]) -> MetaAnalysis:
    given = [row.cluster for row in read]
    # A row without a cluster is a cluster of its own.
    clusters = (
        None
        if all(c is None for c in given)
        else [("own", i) if c is None else ("shared", c) for i, c in enumerate(given)]
    )
    sources = [row.source for row in read if row.source is not None]
    rows = study_rows(
        [row.estimate for row in read],
        [row.std_error for row in read],
        labels=[row.label for row in read],
        clusters=clusters,
    )
    return pool_rows(
        rows,
        options["method"],
        options["conf_method"],
        options["conf_level"],
        0.5 if quantity != "rmst" else 0.25 * float(read[0].time or 1.0),
        Provenance.of(FUNCTION[quantity], sources, **options),
    )
