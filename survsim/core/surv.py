"""The response: follow-up times with a unit, events, delayed entry, weights, strata, clusters.

This is the one door for patient data. Behind it nothing is checked again. The risk-set convention is
stated in `survsim.kernels.risk_set`: at risk at t means ``entry < t <= time``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core import units
from survsim.core.checks import (
    BoolArray,
    FloatArray,
    IntArray,
    event_vector,
    float_vector,
    label_codes,
    positions,
    require_columns,
)
from survsim.core.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

TIE_TOLERANCE = 1.4901161193847656e-08
"""Times closer than this, absolutely or relative to the mean absolute time, are one time: the square
root of machine epsilon, R's `timefix` (survival 3.5, `aeqSurv`)."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class Surv:
    """Right-censored, possibly left-truncated follow-up of n patients (or start-stop rows).

    Built by `Surv.right`, `Surv.competing` or `Surv.from_frame`, never directly.

    Attributes
    ----------
    time : (n,) float64, end of follow-up in `unit`; near-ties joined.
    event : (n,) bool, event seen at `time` (of any cause).
    unit : "days", "weeks", "months" or "years".
    entry : (n,) float64 or None; at risk only after it.
    weight : (n,) float64 > 0 or None.
    stratum, stratum_labels : (n,) int64 codes or None, and what they stand for.
    cluster, cluster_labels : the same for clusters.
    cause, cause_labels : (n,) int64, 0 censored and k the k-th label; None without competing risks.
    order : (n,) int64, stable sorting order of `time`, or None when times are whole numbers (a
        counting pass needs no sort).
    sources : references of the rows behind the data, for provenance.
    """

    time: FloatArray
    event: BoolArray
    unit: str
    entry: FloatArray | None = None
    weight: FloatArray | None = None
    stratum: IntArray | None = None
    stratum_labels: tuple[Any, ...] = ()
    cluster: IntArray | None = None
    cluster_labels: tuple[Any, ...] = ()
    cause: IntArray | None = None
    cause_labels: tuple[Any, ...] = ()
    order: IntArray | None = None
    sources: tuple[str, ...] = ()

    @classmethod
    def right(
        cls,
        time: Any,
        event: Any,
        *,
        unit: str,
        entry: Any = None,
        weight: Any = None,
        stratum: Any = None,
        cluster: Any = None,
        source: str | Iterable[str] = (),
    ) -> Surv:
        """Right-censored data, with delayed entry if `entry` is given.

        Parameters
        ----------
        time : (n,) non-negative finite numbers in `unit`; 0 is allowed (such a patient counts in n and
            is at risk for an event at 0 only).
        event : (n,) True/False or 0/1.
        unit : "days", "weeks", "months" or "years"; there is no default.
        entry : (n,) non-negative times before `time`; at risk from just after it.
        weight : (n,) positive case or sampling weights.
        stratum, cluster : (n,) labels.
        source : references ``table:row`` of the data, carried into every result.

        Raises
        ------
        InputError : with what came, where, what is allowed and what to do.

        Example
        -------
        >>> from survsim import Surv
        >>> Surv.right([5, 8, 8, 12], [1, 0, 1, 1], unit="months")
        Surv: 4 patients, 3 events, follow-up to 12 months
        """
        units.check_unit(unit)
        end = float_vector("time", time)
        n = end.size
        if n == 0:
            raise InputError("time is empty; a survival response needs at least one patient.")
        if end.min() < 0:
            bad = end < 0
            raise InputError(
                f"time must not be negative; found {end[bad][0]:g} in {positions(bad)}. "
                "Check the order of the two dates it was computed from."
            )
        seen = event_vector(event, n).copy()
        start = None if entry is None else float_vector("entry", entry, n)
        end, start, order = _join_near_ties(end, start)
        if start is not None:
            _check_entry(start, end)
        heavy = None if weight is None else float_vector("weight", weight, n).copy()
        if heavy is not None and heavy.min() <= 0:
            bad = heavy <= 0
            raise InputError(
                f"weight must be positive; found {heavy[bad][0]:g} in {positions(bad)}. "
                "Drop patients of weight zero."
            )
        strata = (None, ()) if stratum is None else label_codes("stratum", stratum, n)
        clusters = (None, ()) if cluster is None else label_codes("cluster", cluster, n)
        return cls(
            time=end,
            event=seen,
            unit=unit,
            entry=start,
            weight=heavy,
            stratum=strata[0],
            stratum_labels=strata[1],
            cluster=clusters[0],
            cluster_labels=clusters[1],
            order=order,
            sources=(source,) if isinstance(source, str) else tuple(source),
        )

    @classmethod
    def competing(cls, time: Any, cause: Any, *, unit: str, censored: Any = 0, **options: Any) -> Surv:
        """Competing risks: `cause` holds a label per patient, `censored` is the label of no event.

        Other parameters are those of `Surv.right`. Labels of causes sort, a Categorical keeps its order.

        Example
        -------
        >>> from survsim import Surv
        >>> s = Surv.competing([1, 2, 3], ["tumour", "none", "other"], unit="years", censored="none")
        >>> s.cause_labels
        ('other', 'tumour')
        """
        n = np.asarray(time).size
        codes, labels = label_codes("cause", cause, n)
        if censored not in labels and len(labels) and codes.size:
            kinds = {type(v) for v in labels}
            if not any(isinstance(censored, k) for k in kinds):
                raise InputError(
                    f"censored={censored!r} is of another kind than the causes {labels}; name the label of "
                    "patients without event, for example censored='none'."
                )
        names = tuple(label for label in labels if label != censored)
        if not names:
            raise InputError(f"cause holds only the label of censoring, {censored!r}; there is no event.")
        number = {label: k + 1 for k, label in enumerate(names)} | {censored: 0}
        coded = np.array([number[label] for label in labels], np.int64)[codes]
        base = cls.right(time, coded > 0, unit=unit, **options)
        return replace(base, cause=coded, cause_labels=names)

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        *,
        time: str,
        event: str,
        unit: str,
        source: str | Iterable[str] = (),
        **columns: str,
    ) -> Surv:
        """Response from the columns of a frame: ``entry=``, ``weight=``, ``stratum=``, ``cluster=`` name columns."""
        require_columns(frame, [time, event, *columns.values()])
        rest = {name: frame[column] for name, column in columns.items()}
        return cls.right(frame[time], frame[event], unit=unit, source=source, **rest)

    def __len__(self) -> int:
        return int(self.time.size)

    def __repr__(self) -> str:
        extra = [
            name
            for name in ("entry", "weight", "stratum", "cluster", "cause")
            if getattr(self, name) is not None
        ]
        tail = f" ({', '.join(extra)})" if extra else ""
        return (
            f"Surv: {len(self)} patients, {int(self.event.sum())} events, "
            f"follow-up to {self.time.max():g} {self.unit}{tail}"
        )

    def take(self, rows: Any) -> Surv:
        """The response of some rows: an index array (repeats allowed) or a boolean mask (n,)."""
        index = np.asarray(rows)
        if index.dtype == bool and index.size != len(self):
            raise InputError(f"the mask has {index.size} values for {len(self)} patients.")
        if index.size == 0 or (index.dtype == bool and not index.any()):
            raise InputError("no patient is left by this selection; widen it.")
        parts: dict[str, Any] = {
            name: None if getattr(self, name) is None else getattr(self, name)[index]
            for name in ("time", "event", "entry", "weight", "stratum", "cluster", "cause")
        }
        order = None if self.order is None else np.argsort(parts["time"], kind="stable")
        return replace(self, **parts, order=order)

    def to_unit(self, unit: str) -> Surv:
        """The same follow-up in another time unit."""
        factor = units.conversion_factor(self.unit, unit)
        if factor == 1.0:
            return self
        time = self.time * factor
        entry = None if self.entry is None else self.entry * factor
        order = np.argsort(time, kind="stable") if self.order is None else self.order
        return replace(self, time=time, entry=entry, unit=unit, order=order)

    def for_cause(self, label: Any) -> Surv:
        """Cause-specific response: events of `label`, everything else censored."""
        if self.cause is None:
            raise InputError("this response has no causes; build it with Surv.competing.")
        if label not in self.cause_labels:
            raise InputError(
                f"cause must be one of {', '.join(map(repr, self.cause_labels))}; got {label!r}."
            )
        code = self.cause_labels.index(label) + 1
        return replace(self, event=self.cause == code, cause=None, cause_labels=())


def _check_entry(entry: FloatArray, time: FloatArray) -> None:
    bad = entry < 0
    if bad.any():
        raise InputError(
            f"entry must not be negative; found {entry[bad][0]:g} in {positions(bad)}. "
            "Leave entry out for patients followed from the origin."
        )
    bad = entry >= time
    if bad.any():
        i = int(np.flatnonzero(bad)[0])
        raise InputError(
            f"entry must be before time; found entry {entry[i]:g} and time {time[i]:g} in {positions(bad)}. "
            "A row of no length carries no information: drop it or correct the dates."
        )


def _join_near_ties(
    time: FloatArray, entry: FloatArray | None
) -> tuple[FloatArray, FloatArray | None, IntArray | None]:
    """Join times that differ only in the last bits; also give the sorting order of `time`.

    Whole numbers below 2^24 cannot be near-ties under the tolerance, so they are passed through.
    """
    if time.max() < 2**24 and _whole(time) and (entry is None or _whole(entry)):
        return time.copy(), None if entry is None else entry.copy(), None
    order = np.argsort(time, kind="stable")
    pooled = time[order] if entry is None else np.sort(np.concatenate([time, entry]))
    step = np.diff(pooled)
    scale = np.abs(pooled).mean() or 1.0
    near = (step > 0) & ((step <= TIE_TOLERANCE) | (step / scale <= TIE_TOLERANCE))
    if not near.any():
        return time.copy(), None if entry is None else entry.copy(), order
    first = np.concatenate([[True], ~near & (step > 0)])
    cuts = pooled[first]

    def snap(values: FloatArray) -> FloatArray:
        return cuts[np.searchsorted(cuts, values, side="right") - 1]

    joined = snap(time)
    return joined, None if entry is None else snap(entry), np.argsort(joined, kind="stable")


def _whole(values: FloatArray) -> bool:
    return bool((values == np.floor(values)).all())
