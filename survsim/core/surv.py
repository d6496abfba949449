"""The response: follow-up times with a unit, events, delayed entry, weights, strata, clusters.

This is the one door for patient data. Behind it nothing is checked again. The risk-set convention is
stated in `survsim.kernels.risk_set`: at risk at t means ``entry < t <= time``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from survsim.core import event_labels, named_columns, start_stop, times, units
from survsim.core.checks import (
    BoolArray,
    FloatArray,
    IntArray,
    float_vector,
    label_codes,
    one_of,
    positions,
    require_columns,
)
from survsim.core.door import with_doors
from survsim.core.encoding import stored
from survsim.core.errors import InputError
from survsim.core.follow_up import check_entry, countable, join_near_ties, late_only, times_and_events
from survsim.core.frames import as_frame
from survsim.core.origin import Origin
from survsim.core.pairing import in_order_of, index_of, paired
from survsim.core.read_only import view
from survsim.core.selection import selected_rows
from survsim.kernels import risk_set

if TYPE_CHECKING:
    import pandas as pd

LEAST_WEIGHT = 1e-150  # the square of a smaller weight is 0 in floating point


@stored
@with_doors
@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class Surv:
    """Right-censored, possibly left-truncated follow-up of n patients (or start-stop rows).

    Built by `Surv.right`, `Surv.competing` or `Surv.from_frame`, never directly.

    Attributes
    ----------
    time : (n,) float64, end of follow-up in `unit`; near-ties joined.
    event : (n,) bool, event seen at `time` (of any cause).
    unit : "days", "weeks", "months" or "years".
    entry : (n,) float64, at risk only after it; None where nobody enters after the origin, also if zeros were given.
    weight : (n,) float64 > 0 or None.
    stratum, stratum_labels : (n,) int64 codes or None, and what they stand for.
    cluster, cluster_labels : the same for clusters.
    cause, cause_labels : (n,) int64, 0 censored and k the k-th label; None without competing risks.
    id, id_labels : the same for patients, where rows are start-stop intervals of patients.
    index : row labels of the pandas columns it was made from, or None; columns and frames used with this
        response later are put in their order.
    order : (n,) int64, stable sorting order of `time`, or None when times are whole numbers (a
        counting pass needs no sort); made when first asked for.
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
    sources: tuple[str, ...] = ()
    id: IntArray | None = None
    id_labels: tuple[Any, ...] = ()
    index: Any = None
    _closes_its_arrays: ClassVar[bool] = True
    _origin: Origin = field(init=False, default=Origin())
    _whole: bool | None = field(init=False, default=None)
    _order: IntArray | None = field(init=False, default=None)
    _sorted: tuple[FloatArray, BoolArray] | None = field(init=False, default=None)
    _counts: IntArray | None = field(init=False, default=None)

    def __new__(cls, *columns: Any, **parts: Any) -> Surv:
        # A copy is made of nothing, and given its parts afterwards.
        if columns or (parts and not {"time", "event", "unit"} <= parts.keys()):
            raise InputError(
                "a response is not made by Surv(...) itself, which checks nothing: write Surv.right(time, event, unit='months'), "
                "Surv.competing(time, cause, unit='months') or Surv.from_frame(frame, time='...', event='...', unit='months')."
            )
        return object.__new__(cls)

    def __post_init__(self) -> None:
        # Also of the rows that a selection leaves: whoever asks for delayed entry asks whether entry is there.
        object.__setattr__(self, "entry", late_only(self.entry))
        for name in ("time", "event", "entry", "weight", "stratum", "cluster", "cause", "id"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, view(getattr(self, name)))

    @property
    def whole(self) -> bool:
        """True when all times are whole numbers small enough to count instead of sort."""
        if self._whole is None:
            object.__setattr__(self, "_whole", countable(self.time))
        return bool(self._whole)

    @property
    def sorted(self) -> tuple[FloatArray, BoolArray]:
        """Times in increasing order and the events in that order (any order among equal times)."""
        if self._sorted is None:
            packed = risk_set.unpack(risk_set.packed_sort(self.time, self.event))
            object.__setattr__(self, "_sorted", (view(packed[0]), view(packed[1])))
        return self._sorted or (self.time, self.event)

    @property
    def order(self) -> IntArray | None:
        if self.whole:
            return None
        if self._order is None:
            object.__setattr__(self, "_order", view(np.argsort(self.time, kind="stable")))
        return self._order

    @classmethod
    def right(
        cls,
        time: Any,
        event: Any,
        *,
        unit: str,
        data: Any = None,
        event_value: Any = None,
        entry: Any = None,
        weight: Any = None,
        stratum: Any = None,
        cluster: Any = None,
        id: Any = None,
        missing: str = "refuse",
        source: str | Iterable[str] = (),
    ) -> Surv:
        """Right-censored data, with delayed entry if `entry` is given.

        With `data`, columns may be named instead of passed, here and wherever this response is used afterwards:
        ``kaplan_meier(surv, by="arm")``, ``cox_ph(surv, "age + arm")``.

        Parameters
        ----------
        time : (n,) non-negative finite numbers in `unit`, or durations (timedelta), which are converted into
            it; 0 is allowed (such a patient counts in n and is at risk for an event at 0 only).
        event : (n,) True/False or 0/1, or any labels together with `event_value`.
        unit : "days", "weeks", "months" or "years"; there is no default.
        data : frame (pandas, polars, Arrow, or a dictionary of columns) whose columns the other arguments name.
        event_value : the label in `event` that marks the event, or a list of them: ``"dead"``, ``2``. All others are no
            event; several of them are said in a warning, unless they are words for just that ("alive", "lost").
        entry : (n,) non-negative times before `time`; at risk from just after it. All 0 is as if it were left out.
        weight : (n,) positive case or sampling weights.
        stratum, cluster : (n,) labels, or with `data` names of several columns that are combined, ``["site", "stage"]``.
        id : (n,) labels of patients, when a patient has several rows (start-stop data with `entry`): counts,
            censorings and follow-up are then those of patients, rows of one must not overlap, nor follow an event, and where
            no cluster is named robust variances and resampling keep them together.
        missing : "refuse" a column with gaps, or "drop" those rows with a warning that counts them; columns and frames with
            the row labels of all rows lose those rows too, wherever they are used with this response.
        source : references ``table:row`` of the data, carried into every result.

        Raises
        ------
        InputError : with what came, where, what is allowed and what to do.

        Example
        -------
        >>> from survsim import Surv
        >>> Surv.right([5, 8, 8, 12], [1, 0, 1, 1], unit="months")
        Surv: 4 patients, 3 events, follow-up to 12 months
        >>> Surv.right("t", "state", data={"t": [5, 8], "state": ["dead", "alive"]}, event_value="dead", unit="months")
        Surv: 2 patients, 1 events, follow-up to 8 months
        """
        units.check_unit(unit)
        given: dict[str, Any] = dict(time=time, event=event, entry=entry, weight=weight)
        given |= dict(stratum=stratum, cluster=cluster, id=id)
        named = named_columns.named(given, data, missing)
        labels, given, frame = _one_order(named.values, named.frame)
        origin = Origin.of(given, frame, named.names, named.left_out)
        time, event, entry, weight, stratum, cluster, id = given.values()
        end, seen, counts = times_and_events(time, event, event_value, unit)
        n = end.size
        begin = None if entry is None else float_vector("entry", entry, n, unit=unit)
        start = late_only(begin)
        if counts is None or start is not None:
            counts = None
            end, start, whole, in_order = join_near_ties(end, start, seen)
        else:  # whole numbers of that size are no near-ties
            whole, in_order = True, None
        if start is not None:
            check_entry(start, end)
        heavy = None if weight is None else float_vector("weight", weight, n).copy()
        if heavy is not None and heavy.min() <= LEAST_WEIGHT:
            bad = heavy <= LEAST_WEIGHT
            raise InputError(
                f"weight must be positive; found {heavy[bad][0]:g} in {positions(bad)}. "
                "Drop patients of weight zero."
            )
        strata = (None, ()) if stratum is None else label_codes("stratum", stratum, n)
        clusters = (None, ()) if cluster is None else label_codes("cluster", cluster, n)
        patients = (None, ()) if id is None else label_codes("id", id, n)
        made = cls(
            time=end,
            event=seen,
            unit=unit,
            entry=start,
            weight=heavy,
            stratum=strata[0],
            stratum_labels=strata[1],
            cluster=clusters[0],
            cluster_labels=clusters[1],
            sources=(source,) if isinstance(source, str) else tuple(source),
            id=patients[0],
            id_labels=patients[1],
            index=labels if labels is not None and len(labels) == n else None,
        )
        if patients[0] is not None:
            start_stop.check_rows(patients[0], patients[1], begin if start is None else start, end, seen)
        object.__setattr__(made, "_whole", whole)
        object.__setattr__(made, "_counts", counts)
        object.__setattr__(made, "_origin", origin)
        if in_order is not None:
            object.__setattr__(made, "_sorted", (view(in_order[0]), view(in_order[1])))
        return made

    @classmethod
    def competing(
        cls,
        time: Any,
        cause: Any,
        *,
        unit: str,
        censored: Any = 0,
        data: Any = None,
        missing: str = "refuse",
        **options: Any,
    ) -> Surv:
        """Competing risks: `cause` holds a label per patient, `censored` is the label of no event.

        Other parameters are those of `Surv.right`. Labels of causes sort, a Categorical keeps its order.

        Example
        -------
        >>> from survsim import Surv
        >>> s = Surv.competing([1, 2, 3], ["tumour", "none", "other"], unit="years", censored="none")
        >>> s.cause_labels
        ('other', 'tumour')
        """
        apart = {name: options.pop(name) for name in ("source", "event_value") if name in options}
        named = named_columns.named({"time": time, "cause": cause, **options}, data, missing)
        index, columns, frame = _one_order(named.values, named.frame)
        origin = Origin.of(columns, frame, named.names, named.left_out)
        time, cause = columns.pop("time"), columns.pop("cause")
        n = len(float_vector("time", time, unit=units.check_unit(unit)))
        codes, labels = label_codes("cause", cause, n)
        names = event_labels.causes(labels, censored)
        number = {label: k + 1 for k, label in enumerate(names)} | {censored: 0}
        coded = np.array([number[label] for label in labels], np.int64)[codes]
        base = cls.right(time, coded > 0, unit=unit, data=frame, **columns, **apart)
        own = index if index is not None and len(index) == n else None
        made = base.with_parts(cause=coded, cause_labels=names, index=own)
        return cls._remembering(made, origin)

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
        """Response from the columns of a frame: ``entry=``, ``weight=``, ``stratum=``, ``cluster=``, ``id=`` name columns."""
        require_columns(frame, [time, event, *columns.values()])
        rest: dict[str, Any] = dict(columns)
        return cls.right(time, event, unit=unit, data=frame, source=source, **rest)

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
            f"Surv: {self.counted}, {int(self.event.sum())} events, "
            f"follow-up to {self.time.max():g} {self.unit}{tail}"
        )

    @property
    def n_patients(self) -> int:
        """Patients, told apart by `id`; without it each row counts as one."""
        return len(self) if self.id is None else int(np.unique(self.id).size)

    @property
    def begin(self) -> FloatArray:
        """(n,) where each row begins: its entry, or 0."""
        return np.zeros(len(self)) if self.entry is None else self.entry

    @property
    def together(self) -> IntArray | None:
        """(n,) codes of the rows that are not independent of each other, None where each row is: the clusters, and where none
        are named, patients with several rows. Robust variances sum over them, and resampling draws them whole."""
        if self.cluster is not None or self.id is None:
            return self.cluster
        kinds, codes = np.unique(self.id, return_inverse=True)
        return None if kinds.size == len(self) else codes.astype(np.int64)

    @property
    def patients(self) -> tuple[IntArray, IntArray]:
        """The first row of each patient (P,), in the order of the rows, and the patient 0..P-1 of every row (n,)."""
        if self.id is None:
            return np.arange(len(self)), np.arange(len(self))
        order = np.lexsort((self.begin, self.id))
        fresh = np.concatenate([[True], np.diff(self.id[order]) != 0])
        place = np.argsort(np.argsort(order[fresh]))
        patient = np.empty(len(self), np.int64)
        patient[order] = place[np.cumsum(fresh) - 1]
        return np.sort(order[fresh]), patient

    @property
    def counted(self) -> str:
        """How many there are, in the right word: with entry and no `id`, nobody knows whether rows are patients."""
        if self.id is not None and self.n_patients != len(self):
            return f"{self.n_patients} patients in {len(self)} rows"
        return f"{len(self)} {self.noun}"

    @property
    def noun(self) -> str:
        """What the rows are called in a sentence."""
        return "patients" if self.entry is None or self.id is not None else "rows"

    @property
    def continues(self) -> BoolArray:
        """(n,) True for a row without event that goes on in another row of the patient: nobody is lost there."""
        return start_stop.goes_on(self.id, self.entry, self.time, self.event)

    @property
    def frame(self) -> Any:
        """The frame given as `data`, rows as in this response, or None; columns can be named from it."""
        return self._origin.frame

    @property
    def origin(self) -> Origin:
        """What it was made of; forgotten in a file, and in a response made anew from its parts."""
        return self._origin

    def with_data(self, data: Any) -> Surv:
        """The same response, with columns of `data` to be named; rows pair by their labels, else by position."""
        frame = self._in_order("data", as_frame(data))
        if len(frame) != len(self):
            raise InputError(f"data has {len(frame)} rows for {len(self)} rows of the response.")
        index = index_of(frame) if self.index is None else self.index
        return self._remembering(replace(self, index=index), replace(self._origin, frame=frame))

    def paired(self, name: str, values: Any) -> Any:
        """A column or frame in the row order of this response, by the row labels where both have them.

        A text is the name of a column of `frame`, or several as ``"arm + stage"`` or ``["arm", "stage"]``. Of a column with
        the rows that were left out when this response was made, those are left out too.
        """
        # Also a column of the frame, which may have been sorted in place since.
        return self._in_order(name, named_columns.resolved(self.frame, name, values, len(self)))

    def _in_order(self, name: str, values: Any) -> Any:
        left_out = self._origin.left_out
        if left_out is not None:
            values = left_out.without(self.index, len(self), name, values)
        return in_order_of(self.index, name, values, "the response")

    def take(self, rows: Any) -> Surv:
        """The response of some rows: their positions (m,), repeats allowed, or a mask (n,), paired by its row labels.

        Whose rows are taken twice is two patients, with an `id` each: a resample has no patient who is at risk twice at a time.

        Raises
        ------
        InputError : positions that are no whole numbers or beyond the rows, a mask of another length or with a
            gap, more than one dimension, a selection of nobody.
        """
        index = selected_rows(rows, len(self), self.paired)
        parts: dict[str, Any] = {
            name: None if getattr(self, name) is None else getattr(self, name)[index]
            for name in ("time", "event", "entry", "weight", "stratum", "cluster", "cause", "id")
        }
        if self.id is not None:
            parts["id"], parts["id_labels"] = start_stop.told_apart(self.id, self.id_labels, index)
        parts["index"] = None if self.index is None else self.index[index]
        return self._remembering(replace(self, **parts), self._origin.take(index, self.index, len(self)))

    def with_parts(self, **parts: Any) -> Surv:
        """The same rows with other parts, (n,) each: columns can be named from its frame as before.

        `dataclasses.replace` would forget where it came from, which is no part that is stored.
        """
        return self._remembering(replace(self, **parts), self._origin)

    def to_unit(self, unit: str) -> Surv:
        """The same follow-up in another time unit."""
        factor = units.conversion_factor(self.unit, unit)
        if factor == 1.0:
            return self
        time = self.time * factor
        times.refuse_overflow("time", time)
        entry = None if self.entry is None else self.entry * factor
        return self.with_parts(time=time, entry=entry, unit=unit)

    def for_cause(self, label: Any) -> Surv:
        """Cause-specific response: events of `label`, everything else censored."""
        if self.cause is None:
            raise InputError("this response has no causes; build it with Surv.competing.")
        one_of("cause", label, self.cause_labels)
        code = self.cause_labels.index(label) + 1
        return self.with_parts(event=self.cause == code, cause=None, cause_labels=())

    @staticmethod
    def _remembering(made: Surv, origin: Origin) -> Surv:
        object.__setattr__(made, "_origin", origin)
        return made


def as_surv(given: Any, data: Any = None) -> Surv:
    """The response at a function's door: a `Surv`, or what gives one (reconstructed patients).

    With `data` its columns can be named, as when the response was built with them.

    Raises
    ------
    InputError : anything else, with the constructor to use.
    """
    if isinstance(given, Surv):
        return given if data is None else given.with_data(data)
    made = getattr(given, "surv", None)
    if callable(made):
        response = made()
        if isinstance(response, Surv):
            return response if data is None else response.with_data(data)
    what = type(given).__name__
    if hasattr(given, "columns"):
        raise InputError(
            f"the response must be a Surv; got a {what}. Make one: Surv.from_frame(frame, time='...', event='...', "
            "unit='months')."
        )
    raise InputError(
        f"the response must be a Surv; got {what}. Make one: Surv.right(time, event, unit='months')."
    )


def _one_order(columns: dict[str, Any], frame: Any) -> tuple[Any, dict[str, Any], Any]:
    """The row labels of a response, and its columns and frame in their order: those of the first that carries labels.

    Columns without labels belong to the rows of the frame by position, and are called as these are.
    """
    columns = dict(zip(columns, paired(**columns)))
    labels = next((i for v in columns.values() if (i := index_of(v)) is not None), None)
    frame = None if frame is None else in_order_of(labels, "data", frame, "the response")
    return index_of(frame) if labels is None else labels, columns, frame
