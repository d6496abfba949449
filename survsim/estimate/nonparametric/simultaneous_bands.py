"""Bands that hold over a whole stretch of time at once: Hall-Wellner and equal precision."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.checks import FloatArray, between, one_of
from survsim.core.errors import InputError, SmallSampleWarning, warn
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.steps import Steps
from survsim.core.tables import Columns
from survsim.core.times import asked_time
from survsim.estimate.nonparametric.kaplan_meier import KaplanMeier
from survsim.kernels.boundary import bridge_quantile

if TYPE_CHECKING:
    pass

KINDS = ("equal-precision", "hall-wellner")
SCALES = ("log-log", "plain", "arcsine")
NOTHING = 1e-24
"""Variance of log S up to which it is 0 but for rounding: one event among a million million patients has it."""


@result
class SimultaneousBand(Result):
    """A band that contains the whole survival curve between `start` and `end` with the stated confidence.

    Attributes
    ----------
    group : (k,) labels, time, estimate, conf_low, conf_high : (k,) at the curve's times in the stretch.
    groups, start, end, critical_value : one a group, times in `unit`.
    """

    group: tuple[Any, ...]
    time: FloatArray
    estimate: FloatArray
    conf_low: FloatArray
    conf_high: FloatArray
    groups: tuple[Any, ...]
    start: FloatArray
    end: FloatArray
    critical_value: FloatArray
    kind: str
    scale: str
    conf_level: float
    unit: str

    def curve_groups(self) -> tuple[Any, ...]:
        """Labels that `steps` knows."""
        return self.groups

    def steps(self, group: Any = None) -> Steps:
        """Curve and band of one group on its stretch, whose first time is the origin: before it there is no band."""
        label = self.groups[Steps.place(group, self.groups)]
        rows = [k for k, g in enumerate(self.group) if g == label]
        return Steps(
            time=self.time[rows],
            estimate=self.estimate[rows],
            conf_low=self.conf_low[rows],
            conf_high=self.conf_high[rows],
            unit=self.unit,
        )

    def headline(self) -> str:
        lines = [f"{self.conf_level:.0%} {self.kind} band ({self.scale} scale), time in {self.unit}"]
        for label, a, b, c in zip(self.groups, self.start, self.end, self.critical_value):
            lines.append(f"  {label}: from {a:.4g} to {b:.4g}, critical value {c:.4f}")
        return "\n".join(lines)

    def columns(self) -> Columns:
        """Columns group, time, estimate, conf_low, conf_high."""
        names = ("time", "estimate", "conf_low", "conf_high")
        return {"group": list(self.group), **{n: getattr(self, n) for n in names}}


def simultaneous_band(
    km: KaplanMeier,
    kind: str = "equal-precision",
    *,
    scale: str = "log-log",
    start: float | None = None,
    end: float | None = None,
    conf_level: float = 0.95,
) -> SimultaneousBand:
    """Band for S over [start, end]: S (1 +- c g(t)) on the scale, g the standard error's shape.

    With v(t) the variance of log S and K = n v/(1 + n v), equal precision uses c sqrt(v), the level of c
    by Miller & Siegmund's approximation; Hall-Wellner uses c (1 + n v)/sqrt(n), c the exact quantile of
    the supremum of a Brownian bridge over [K(start), K(end)].

    n is `n_effective` of the curve: patients, the sum of weights that are numbers of patients, or, with the robust variance,
    the effective number of clusters or patients. Equal precision does not depend on it; the Hall-Wellner band keeps its level
    whatever n is, which decides where it is narrow.

    Parameters
    ----------
    km : curves; each group gets its own band.
    kind : "equal-precision" (Nair 1984) or "hall-wellner" (Hall & Wellner 1980).
    scale : "log-log", "plain" (cut at 0 and 1) or "arcsine".
    start, end : stretch in the unit of `km`; by default from the first event to the last at which S is
        above 0 (equal precision is unstable near both ends: narrower is better).

    Returns
    -------
    SimultaneousBand : estimate and limits at each event time of the stretch, and the critical value of each group.

    Raises
    ------
    InputError : no event inside the stretch.

    Reference: Klein & Moeschberger 2003, section 4.4.

    Example
    -------
    >>> from survsim import Surv, kaplan_meier
    >>> from survsim.nonparametric import simultaneous_band
    >>> km = kaplan_meier(Surv.right([1, 2, 3, 4, 5, 6], [1, 1, 0, 1, 1, 0], unit="months"))
    >>> simultaneous_band(km, "hall-wellner", start=1, end=4).critical_value.round(4).tolist()
    [1.3205]
    """
    start, end = (
        None if t is None else asked_time(name, t, km.time, unit=km.unit, open_ends=False)
        for name, t in (("start", start), ("end", end))
    )
    one_of("kind", kind, KINDS)
    one_of("scale", scale, SCALES)
    between("conf_level", conf_level, 0.0, 1.0)
    parts = [_group_band(km, g, kind, scale, (start, end), conf_level) for g in range(len(km.groups))]
    sizes = [part[0].size for part in parts]
    columns = [np.concatenate([part[k] for part in parts]) for k in range(4)]
    return SimultaneousBand(
        group=tuple(label for label, size in zip(km.groups, sizes) for _ in range(size)),
        time=columns[0],
        estimate=columns[1],
        conf_low=columns[2],
        conf_high=columns[3],
        groups=km.groups,
        start=np.array([part[0][0] for part in parts]),
        end=np.array([part[0][-1] for part in parts]),
        critical_value=np.array([part[4] for part in parts]),
        kind=kind,
        scale=scale,
        conf_level=float(conf_level),
        unit=km.unit,
        provenance=Provenance.of(
            "simultaneous_band", km, kind=kind, scale=scale, start=start, end=end, conf_level=conf_level
        ),
    )


def _group_band(
    km: KaplanMeier,
    g: int,
    kind: str,
    scale: str,
    stretch: tuple[float | None, float | None],
    conf_level: float,
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, float]:
    rows = slice(int(km.bounds[g]), int(km.bounds[g + 1]))
    time, s, v = km.time[rows], km.estimate[rows], km.variance_log[rows]
    inside = (s < 1) & (s > 0)
    events = km.n_event[rows] > 0
    usable = time[inside & events]
    low = usable.min() if stretch[0] is None and usable.size else stretch[0]
    high = usable.max() if stretch[1] is None and usable.size else stretch[1]
    keep = inside if low is None or high is None else inside & (time >= low) & (time <= high)
    if not (keep & events).any():
        raise InputError(
            f"group {km.groups[g]!r} has no event with survival between 0 and 1 in the stretch asked for; "
            "a simultaneous band needs one. Widen start and end."
        )
    time, s, v = time[keep], s[keep], v[keep]
    n = float(km.n_patients[g] if km.n_effective is None else km.n_effective[g])
    told = np.asarray(v > NOTHING)
    if not told.all():
        _warn_of_no_variance(km.groups[g])
        v = np.where(told, v, np.nan)
    a, b = (float(x) for x in (n * v / (1 + n * v))[[0, -1]])
    if not a + b > 0.0:  # the ends set the critical value of the whole stretch
        c, half = np.nan, np.full(v.size, np.nan)
    elif kind == "equal-precision":
        c = _equal_precision_value(a, b, 1.0 - conf_level)
        half = c * np.sqrt(v)
    else:
        c = bridge_quantile(conf_level, a, b)
        half = c * (1 + n * v) / np.sqrt(n)
    return time, s, *_on_scale(s, half, scale), c


def _warn_of_no_variance(label: Any) -> None:
    warn(
        f"group {label!r}: the curve has no variance, or one of 0, somewhere in the stretch (one cluster, or clusters that say the "
        "same), so it has no band there, and none at all where that is at the start or the end (NaN). Choose a stretch in which "
        "clusters differ, or build the response without cluster.",
        SmallSampleWarning,
    )


def _on_scale(s: FloatArray, half: FloatArray, scale: str) -> tuple[FloatArray, FloatArray]:
    if scale == "plain":
        return np.maximum(s - s * half, 0.0), np.minimum(s + s * half, 1.0)
    if scale == "log-log":
        spread = np.exp(half / -np.log(s))
        return s**spread, s ** (1.0 / spread)
    angle, width = np.arcsin(np.sqrt(s)), 0.5 * half * np.sqrt(s / (1.0 - s))
    return np.sin(np.maximum(angle - width, 0.0)) ** 2, np.sin(np.minimum(angle + width, np.pi / 2)) ** 2


def _equal_precision_value(a: float, b: float, alpha: float) -> float:
    """Root of 4 phi(c)/c + phi(c) (c - 1/c) log[b(1-a)/(a(1-b))] = alpha (Miller & Siegmund 1982)."""
    span = np.log(b * (1 - a) / (a * (1 - b)))
    low, high = 1.0, 10.0
    for _ in range(60):
        c = 0.5 * (low + high)
        density = np.exp(-0.5 * c * c) / np.sqrt(2 * np.pi)
        tail = 4 * density / c + density * (c - 1 / c) * span
        low, high = (c, high) if tail > alpha else (low, c)
    return float(0.5 * (low + high))
