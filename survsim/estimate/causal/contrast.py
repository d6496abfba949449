"""Two treatment strategies compared: survival at times, restricted means, differences, ratios, intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.checks import FloatArray, one_of
from survsim.core.errors import InputError, SmallSampleWarning, warn
from survsim.core.result import Result, format_number, result
from survsim.core.steps import Steps
from survsim.core.tables import Columns
from survsim.core.times import apart, asked_time, asked_times, same

if TYPE_CHECKING:
    pass

QUANTITIES = ("survival", "rmst")
CONTRASTS = ("difference", "ratio")
NO_SPREAD = 1e-12
"""Share of a number within which resamples that differ differ by rounding."""


@result
class CausalContrast(Result):
    """Survival under two strategies in the same patients.

    Attributes
    ----------
    groups : labels, the reference first.
    quantity, group : (k,) "survival" or "rmst", and the group's label, "difference" or "ratio" (of the
        second group to the first).
    time : (k,) time of the survival, or horizon of the restricted mean, in `unit`.
    estimate, std_error, conf_low, conf_high : (k,); limits NaN without resamples, a ratio to zero NaN.
    curves : for each group the times and heights of its curve, steps down at the times.
    replicates : (B, k) on resampled patients, empty when the interval is a formula.
    n_undefined : resamples without an answer (a group nobody was left in), not used.
    note : what a reader should see beside the numbers.

    Percentile limits of 99 resamples of weighted curves held the truth in 83 to 89 of 100 data sets of 60 patients
    (record of the tests; the robust interval in 94 to 96): take 500 or more, and below 100 patients read them
    as too narrow.
    """

    groups: tuple[Any, ...]
    quantity: tuple[str, ...]
    group: tuple[Any, ...]
    time: FloatArray
    estimate: FloatArray
    std_error: FloatArray
    conf_low: FloatArray
    conf_high: FloatArray
    curves: tuple[tuple[FloatArray, FloatArray], ...]
    replicates: FloatArray
    n_undefined: int
    n_patients: int
    conf_level: float
    unit: str
    note: str = ""

    def steps(self, group: Any = None) -> Steps:
        """Survival under one strategy from time 0, where it is 1."""
        time, height = self.curves[Steps.place(group, self.groups)]
        return Steps.from_origin(time, height, start=1.0, unit=self.unit)

    def columns(self) -> Columns:
        """Columns quantity, group (a label, "difference" or "ratio"), time, estimate, std_error, conf_low, conf_high."""
        names = ("quantity", "group", "time", "estimate", "std_error", "conf_low", "conf_high")
        return {n: list(getattr(self, n)) for n in names}

    def headline(self) -> str:
        kind = "" if not self.replicates.size else f", bootstrap of {len(self.replicates)}"
        first = (
            f"{type(self).__name__}: {self.groups[1]} against {self.groups[0]}, {self.n_patients} patients "
            f"(time in {self.unit}), {self.conf_level:.0%} intervals{kind}"
        )
        return f"{first}\n{self.note}" if self.note else first

    def row(self, quantity: str, group: Any, time: float | None = None) -> dict[str, float]:
        """One line of the table: time, estimate, std_error, conf_low, conf_high; `time` where there are several."""
        one_of("quantity", quantity, QUANTITIES)
        found = [
            k
            for k in range(len(self.quantity))
            if self.quantity[k] == quantity
            and self.group[k] == group
            and (time is None or same(self.time[k], time))
        ]
        if len(found) != 1:
            have = sorted({(q, str(g), float(t)) for q, g, t in zip(self.quantity, self.group, self.time)})
            raise InputError(
                f"{len(found)} rows match ({quantity!r}, {group!r}, {time!r}); there are "
                + ", ".join(f"({q}, {g}, {format_number(t)})" for q, g, t in have[:12])
                + "."
            )
        names = ("time", "estimate", "std_error", "conf_low", "conf_high")
        return {n: float(getattr(self, n)[found[0]]) for n in names}


def asked(
    times: Any, tau: float | None, last: float, unit: str, known: FloatArray
) -> tuple[FloatArray, float]:
    """Times and horizon as asked for, within the follow-up `last`; None takes a default from it.

    Times that differ from a `known` one in the last bits are put to it.
    """
    known = np.append(known, last)
    horizon = last if tau is None else asked_time("tau", tau, known, unit=unit)
    at = np.array([horizon]) if times is None else np.unique(asked_times("times", times, known, unit))
    if not at.size:
        raise InputError("times must hold at least one time, or be None for the horizon.")
    beyond = max(horizon, float(at.max()))
    if beyond > last:
        end, came = apart(last, beyond)
        raise InputError(
            f"times and tau must lie within the follow-up of both groups, {end} {unit}; got {came}."
        )
    return at, horizon


def common_end(time: FloatArray, treated: Any) -> float:
    """Time up to which both groups are followed."""
    return float(min(time[treated].max(), time[~treated].max()))


def contrast_values(survival: FloatArray, means: FloatArray) -> FloatArray:
    """Values in the order of `contrast_labels` from survival (B, 2, T) and restricted means (B, 2)."""
    table = np.concatenate([survival, means[:, :, None]], axis=2)
    first, second = table[:, 0], table[:, 1]
    ratio = np.divide(second, first, out=np.full_like(first, np.nan), where=first > 0)
    return np.concatenate([first, second, second - first, ratio], axis=1)


def contrast_labels(groups: tuple[Any, ...], times: FloatArray, tau: float) -> dict[str, Any]:
    """The fields quantity, group and time of a `CausalContrast`."""
    names = (*groups, *CONTRASTS)
    return {
        "quantity": tuple(q for _ in names for q in (*["survival"] * times.size, "rmst")),
        "group": tuple(n for n in names for _ in range(times.size + 1)),
        "time": np.tile(np.append(times, tau), len(names)),
    }


def percentile_limits(replicates: FloatArray, size: int, conf_level: float) -> dict[str, Any]:
    """Fields std_error, conf_low, conf_high, replicates and n_undefined by the percentile bootstrap."""
    tail = (1.0 - conf_level) / 2
    nothing = np.full(size, np.nan)
    defined = ~np.isnan(replicates[:, : size // 2]).any(axis=1) if replicates.size else np.zeros(0, bool)
    fields: dict[str, Any] = {"replicates": replicates, "n_undefined": int((~defined).sum())}
    if defined.sum() < 2:
        return fields | {"std_error": nothing, "conf_low": nothing.copy(), "conf_high": nothing.copy()}
    kept = replicates[defined]
    reach = np.abs(kept).max(axis=0, initial=0.0, where=~np.isnan(kept))
    if (np.nan_to_num(kept.max(axis=0) - kept.min(axis=0)) <= NO_SPREAD * reach).all():
        warn(
            "all resamples give the same numbers (one cluster, or nothing that happens): resampling does not tell how far chance "
            "moves them, so there are no standard errors and no limits (NaN). Build the response without cluster, or ask later.",
            SmallSampleWarning,
        )
        return fields | {"std_error": nothing, "conf_low": nothing.copy(), "conf_high": nothing.copy()}
    error, low, high = nothing.copy(), nothing.copy(), nothing.copy()
    for k in range(size):
        column = kept[~np.isnan(kept[:, k]), k]
        if column.size > 1:
            error[k] = column.std(ddof=1)
            low[k], high[k] = np.quantile(column, [tail, 1.0 - tail])
    return fields | {"std_error": error, "conf_low": low, "conf_high": high}


def step_area(time: FloatArray, curve: FloatArray, tau: float) -> FloatArray:
    """Area (B,) from 0 to tau under curves (B, m) that step at `time`."""
    inside = time < tau
    edges = np.concatenate([[0.0], time[inside], [tau]])
    heights = np.concatenate([np.ones((curve.shape[0], 1)), curve[:, inside]], axis=1)
    return heights @ np.diff(edges)


def step_values(time: FloatArray, curve: FloatArray, at: FloatArray) -> FloatArray:
    """Heights (B, T) of curves (B, m) that step at `time`, read at `at`."""
    heights = np.concatenate([np.ones((curve.shape[0], 1)), curve], axis=1)
    return heights[:, np.searchsorted(time, at, side="right")]
