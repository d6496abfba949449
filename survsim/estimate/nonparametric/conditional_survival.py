"""Survival of those who have survived so far."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.checks import FloatArray, between, one_of
from survsim.core.complete import complete_groups
from survsim.core.errors import ExtrapolationWarning, InputError, warn
from survsim.core.event_table import group_rows
from survsim.core.kinds import dimensions
from survsim.core.provenance import Provenance
from survsim.core.renamed import reordered
from survsim.core.result import Result, result
from survsim.core.surv import Surv, as_surv
from survsim.core.tables import Columns
from survsim.core.times import apart, asked_times, meet
from survsim.estimate.nonparametric.confidence_bands import BANDS
from survsim.estimate.nonparametric.kaplan_meier import curves, jackknifed, survival_and_gaps
from survsim.estimate.nonparametric.landmark import landmark
from survsim.estimate.nonparametric.survival_at import Gap

if TYPE_CHECKING:
    pass

COLUMNS = ("given", "time", "n_risk", "estimate", "std_error", "conf_low", "conf_high")


@result
class ConditionalSurvival(Result):
    """P(T > given + time | T > given), by group.

    Attributes
    ----------
    group : (k,) labels; given, time : (k,) in `unit`, time counted from `given`; n_risk : (k,) under
        observation just after `given`; estimate, std_error, conf_low, conf_high : (k,).
    """

    group: tuple[Any, ...]
    given: FloatArray
    time: FloatArray
    n_risk: FloatArray
    estimate: FloatArray
    std_error: FloatArray
    conf_low: FloatArray
    conf_high: FloatArray
    conf_type: str
    conf_level: float
    unit: str

    def headline(self) -> str:
        return f"Conditional survival, time in {self.unit} after the time survived ({self.conf_level:.0%} interval)"

    def columns(self) -> Columns:
        """Columns group, given, time, n_risk, estimate, std_error, conf_low, conf_high."""
        return {"group": list(self.group), **{n: getattr(self, n) for n in COLUMNS}}


def _given_came_second(surv: Surv, args: tuple[Any, ...], named: Mapping[str, Any]) -> bool:
    """The order of 0.1, `(surv, given, times, by)`: no label a patient, or no third for the times."""
    if args[0] is None or isinstance(args[0], str):
        return False
    two_only = len(args) == 2 and not named.keys() & {"given", "times"}
    return two_only or dimensions(args[0]) == 0 or len(args[0]) != len(surv)


@reordered(
    ("given", "times", "by"), now="conditional_survival(surv, by, given, times)", old_order=_given_came_second
)
def conditional_survival(
    surv: Surv,
    by: Any = None,
    given: Any = None,
    times: Any = None,
    *,
    conf_type: str = "log-log",
    conf_level: float = 0.95,
    data: Any = None,
    missing: str = "refuse",
) -> ConditionalSurvival:
    """Survival for a further `times` among patients who have survived `given`: S(given + t)/S(given).

    Parameters
    ----------
    surv : response of n patients.
    by : (n,) labels of groups, or None.
    data : frame of the n patients in which `by` is a column (or several, "arm + stage"); not needed where the
        response was made from it.
    given, times : numbers or arrays in the unit of `surv`; they have no default.
    conf_type, conf_level : as in `kaplan_meier`, applied to those still at risk.
    missing : "refuse" a group that is missing, or "drop" those rows with a warning that counts them.

    Returns
    -------
    ConditionalSurvival : a row for each group, time survived and time ahead, with limits.

    Raises
    ------
    InputError : `given` or `times` left out, nobody followed beyond `given`, times below 0, an option outside its list.

    Reference: Henson & Ries 1995; the interval is that of the curve from the landmark (Davis et al. 1999).

    Example
    -------
    >>> from survsim import Surv, conditional_survival
    >>> s = Surv.right([1, 2, 3, 4, 5], [1, 1, 1, 1, 0], unit="years")
    >>> conditional_survival(s, given=2, times=1).estimate.round(4).tolist()
    [0.6667]
    """
    surv = as_surv(surv, data)
    surv, by = complete_groups(surv, by, missing)
    if given is None or times is None:
        raise InputError("conditional_survival needs given (the time survived) and times (how much further).")
    one_of("conf_type", conf_type, BANDS)
    between("conf_level", conf_level, 0.0, 1.0)
    starts, ahead = (asked_times(k, v, unit=surv.unit) for k, v in (("given", given), ("times", times)))
    if not starts.size or not ahead.size:
        raise InputError("given and times must each hold one time at least; got an empty list.")
    groups, parts = group_rows(surv, by)
    _refuse_unfollowed(groups, parts, starts, surv.unit)
    robust = jackknifed(surv)
    labels: list[Any] = []
    rows: list[FloatArray] = []
    for label, part in zip(groups, parts):
        for start in starts:
            rest = landmark(part, float(start)).surv
            curve = curves(rest, ((label,), [rest]), conf_type, conf_level, robust=robust)
            at, gaps = survival_and_gaps(curve, ahead)
            for gap in gaps:
                _warn_of_gap(gap, float(start), surv.unit)
            under = len(rest) if rest.weight is None else rest.weight.sum()
            if rest.entry is not None:
                under = (rest.entry == 0).sum() if rest.weight is None else rest.weight[rest.entry == 0].sum()
            shown = (np.full(ahead.size, start), ahead, np.full(ahead.size, float(under)))
            rows.append(np.stack([*shown, at.estimate, at.std_error, at.conf_low, at.conf_high]))
            labels.extend([label] * ahead.size)
    table = np.concatenate(rows, axis=1)
    return ConditionalSurvival(
        group=tuple(labels),
        **dict(zip(COLUMNS, table)),
        conf_type=conf_type,
        conf_level=float(conf_level),
        unit=surv.unit,
        provenance=Provenance.of(
            "conditional_survival",
            surv,
            given=starts,
            times=ahead,
            conf_type=conf_type,
            conf_level=conf_level,
        ),
    )


def _refuse_unfollowed(groups: tuple[Any, ...], parts: list[Surv], starts: FloatArray, unit: str) -> None:
    """Every group must have somebody who is followed beyond each of the times survived."""
    last = [float(part.time.max()) for part in parts]
    latest = float(starts.max())
    short = [k for k, end in enumerate(last) if not meet(latest, parts[k].time) < end]
    if not short:
        return
    k = short[0]
    asked, *ends = apart(latest, *last)
    who = "nobody" if len(groups) == 1 else f"nobody of group {groups[k]!r}"
    others = [f"{label!r}: {ends[j]}" for j, label in enumerate(groups) if j != k]
    raise InputError(
        f"{who} is followed beyond given={asked} {unit}; the last time is {ends[k]}"
        + (f" (of the other groups: {', '.join(others[:5])})" if others else "")
        + f". Choose given below {ends[last.index(min(last))]}"
        + (", or leave out the groups that end earlier." if others else ".")
    )


def _warn_of_gap(gap: Gap, start: float, unit: str) -> None:
    last, *unknown = apart(gap.last, *gap.unknown)
    warn(
        f"group {gap.group!r} was followed to {start + gap.last:.12g} {unit} only, {last} beyond given={start:g}; survival "
        f"at {', '.join(unknown)} further {unit} is unknown (NaN).",
        ExtrapolationWarning,
    )
