"""Patient data reconstructed from a published survival curve and its numbers at risk."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core import units
from survsim.core.checks import BoolArray, FloatArray, IntArray, between, float_vector
from survsim.core.errors import EvidenceWarning, InputError, warn
from survsim.core.pairing import paired
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.surv import Surv
from survsim.core.tables import Columns
from survsim.core.times import asked_time, join, lengthless, meet, refuse_overflow
from survsim.kernels import reconstruct as kernel

if TYPE_CHECKING:
    pass

RISE_TOLERANCE = 0.02
"""Readings may rise by this much (the thickness of a printed line); more is an error."""
READING_ERROR = 0.01
"""A reading may lie before time 0 by this share of the last time, as a click beside the axis does."""
ROUNDING = 1e-9
"""Differences of printed shares are held against the two limits above with this much for their last bits."""
POOR_AGREEMENT = 0.05
FEW_EVENTS = 0.05
"""A total of events met within this share (or two events) is a matter of rounding."""


@result
class ReconstructedIPD(Result):
    """Times and events that reproduce a published curve; not the patients themselves.

    Attributes
    ----------
    time, event : (n,) in `unit`.
    click_time, click_survival, fitted_survival : (m,) readings used and the reconstructed curve there.
    at_risk_times, at_risk, fitted_at_risk : (r,) the risk table as printed and as reconstructed.
    n_event : total events; n_event_reported : as printed, or None.
    rmse, mean_absolute_error, max_absolute_error : of the reconstructed curve at the readings.
    references : of the curve.
    notes : where the printed numbers could not be met.
    """

    time: FloatArray
    event: BoolArray
    unit: str
    click_time: FloatArray
    click_survival: FloatArray
    fitted_survival: FloatArray
    at_risk_times: FloatArray
    at_risk: IntArray
    fitted_at_risk: IntArray
    n_event: int
    n_event_reported: int | None
    rmse: float
    mean_absolute_error: float
    max_absolute_error: float
    references: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def surv(self) -> Surv:
        """The reconstructed response; its sources are those of the curve."""
        return Surv.right(self.time, self.event, unit=self.unit, source=self.references)

    def columns(self) -> Columns:
        """One row a reconstructed patient: time, event."""
        return {"time": self.time, "event": self.event}

    def headline(self) -> str:
        """Size and agreement."""
        lines = [
            f"Reconstructed from a curve: {self.time.size} patients, {self.n_event} events, time in {self.unit}",
            f"agreement at {self.click_time.size} readings: RMSE {self.rmse:.4f}, largest error {self.max_absolute_error:.4f}",
        ]
        return "\n".join([*lines, *(f"Note: {note}" for note in self.notes)])


def reconstruct_ipd(
    times: Any,
    survival: Any,
    *,
    at_risk_times: Any,
    at_risk: Any,
    unit: str,
    n_event: int | None = None,
    end: float | None = None,
    source: str | Iterable[str] = (),
) -> ReconstructedIPD:
    """Invert the product-limit formula between printed numbers at risk.

    Within each interval of the risk table the number censored is varied, spread evenly, until ``d_k =
    round(n_k (1 - S_k / S(k-1)))`` events at the readings leave the next printed number at risk.

    Parameters
    ----------
    times, survival : (m,) readings, preferably at every drop (time of the drop, level after it).
    at_risk_times, at_risk : (r,) the printed numbers at risk, first at time 0.
    unit : of all times.
    n_event : total number of events, if printed; it fixes the censoring after the last number at risk.
    end : end of follow-up; the last reading or number at risk if None.
    source : reference of the curve.

    Returns
    -------
    ReconstructedIPD : a row a patient, how well curve and risk table are met, and what had to be assumed; `.surv()` is the response.

    Notes
    -----
    The first guess of the censored compares the curve just before the ends of the interval (the paper: at
    its first readings), and an event is moved by one where rounding alone keeps the risk table from being met.

    Raises
    ------
    InputError : readings that rise, or lie beside the axes, by more than a line's thickness, a risk table that grows, or units.

    References
    ----------
    Guyot et al. 2012, BMC Med Res Methodol 12:9, section "Algorithm".

    Example
    -------
    >>> from survsim import reconstruct_ipd
    >>> r = reconstruct_ipd([2, 5, 9], [0.9, 0.7, 0.6], at_risk_times=[0, 6], at_risk=[10, 7], unit="months")
    >>> r.n_event, r.fitted_survival.round(3)
    (4, array([1. , 0.9, 0.7, 0.6]))
    """
    units.check_unit(unit)
    t, s = _readings(times, survival, unit)
    risk_time, risk = _risk_table(at_risk_times, at_risk, unit)
    risk_time = meet(risk_time, t)
    if n_event is not None:
        whole = between("n_event", n_event, -np.inf, np.inf, open_ends=False)
        if whole != np.floor(whole) or not 0 <= whole <= risk[0]:
            raise InputError(
                f"n_event must lie within 0 and {risk[0]} at risk, a whole number; got {n_event!r}."
            )
        n_event = int(whole)
    stop = max(float(t[-1]), float(risk_time[-1]))
    stop = stop if end is None else asked_time("end", end, np.append(t, risk_time), unit=unit)
    if stop < max(t[-1], risk_time[-1]):
        raise InputError(
            f"end {stop:g} lies before the last reading {t[-1]:g} or number at risk {risk_time[-1]:g}."
        )
    time, event, fitted = _build(t, s, risk_time, risk, stop, n_event)
    fitted_risk = (time[None, :] >= risk_time[:, None]).sum(axis=1).astype(np.int64)
    error = fitted - s
    notes = _notes(risk_time, risk, fitted_risk, int(event.sum()), n_event)
    worst = float(np.abs(error).max())
    if worst > POOR_AGREEMENT:
        k = int(np.abs(error).argmax())
        warn(
            f"the reconstruction misses the curve by {worst:.3f} at time {t[k]:g}: readings and numbers at risk disagree; "
            "check both against the figure.",
            EvidenceWarning,
        )
    if n_event is not None and abs(n_event - int(event.sum())) > max(2.0, FEW_EVENTS * n_event):
        warn(
            f"{n_event} events are printed, and curve and numbers at risk give {int(event.sum())}: check the three against "
            "the paper.",
            EvidenceWarning,
        )
    references = (source,) if isinstance(source, str) else tuple(source)
    return ReconstructedIPD(
        provenance=Provenance.of("reconstruct_ipd", references, n_event=n_event, note="; ".join(notes)),
        time=time,
        event=event,
        unit=unit,
        click_time=t,
        click_survival=s,
        fitted_survival=fitted,
        at_risk_times=risk_time,
        at_risk=risk,
        fitted_at_risk=fitted_risk,
        n_event=int(event.sum()),
        n_event_reported=n_event,
        rmse=float(np.sqrt(np.mean(error**2))),
        mean_absolute_error=float(np.abs(error).mean()),
        max_absolute_error=worst,
        references=references,
        notes=notes,
    )


def perturbed_reconstructions(
    reconstructed: ReconstructedIPD,
    n: int,
    *,
    seed: int = 1,
    time_error: float,
    survival_error: float = 0.005,
) -> tuple[Surv, ...]:
    """n responses from readings moved at random, to carry the error of digitising on.

    Each reading is moved by normal errors and the curve made monotone again; the risk table stays.

    Parameters
    ----------
    reconstructed : result of `reconstruct_ipd`.
    n : how many.
    seed : of the generator.
    time_error, survival_error : standard deviations of a reading, in the unit of time and as a share.

    Returns
    -------
    tuple of n `Surv`, one a perturbed reading of the whole curve.

    Raises
    ------
    InputError : negative errors.

    Reference: Guyot et al. 2012 (BMC Med Res Methodol 12:9), on the error of readings.

    Example
    -------
    >>> from survsim import reconstruct_ipd
    >>> from survsim.reconstruction import perturbed_reconstructions
    >>> r = reconstruct_ipd([2, 5, 9], [0.9, 0.7, 0.6], at_risk_times=[0, 6], at_risk=[10, 7], unit="months")
    >>> len(perturbed_reconstructions(r, 3, seed=1, time_error=0.1))
    3
    """
    if time_error < 0 or survival_error < 0:
        raise InputError(f"errors must not be negative; got {time_error:g} and {survival_error:g}.")
    between("n", n, 1, 1e7, open_ends=False)
    rng = np.random.default_rng(seed)
    t, s = reconstructed.click_time, reconstructed.click_survival
    stop = float(reconstructed.time.max())
    moved_t = np.clip(t + time_error * rng.standard_normal((n, t.size)), 0.0, stop)
    moved_s = np.clip(s + survival_error * rng.standard_normal((n, t.size)), 0.0, 1.0)
    moved_t[:, 0], moved_s[:, 0] = 0.0, 1.0
    moved_t = np.maximum.accumulate(moved_t, axis=1)
    moved_s = np.minimum.accumulate(moved_s, axis=1)
    draws = []
    for row_t, row_s in zip(moved_t, moved_s):
        time, event, _ = _build(
            row_t,
            row_s,
            reconstructed.at_risk_times,
            reconstructed.at_risk,
            stop,
            reconstructed.n_event_reported,
        )
        draws.append(Surv.right(time, event, unit=reconstructed.unit, source=reconstructed.references))
    return tuple(draws)


def _build(
    t: FloatArray, s: FloatArray, risk_time: FloatArray, risk: IntArray, stop: float, n_event: int | None
) -> tuple[FloatArray, BoolArray, FloatArray]:
    """Times, events, and the reconstructed curve at the readings."""
    deaths, censored = kernel.reconstruct(
        t.tolist(), s.tolist(), risk_time.tolist(), risk.tolist(), stop, n_event
    )
    d = np.array(deaths, dtype=np.int64)
    lost = np.array([c for part in censored for c in part], dtype=np.float64)
    n_rest = max(int(risk[0]) - int(d.sum()) - lost.size, 0)
    time = np.concatenate([np.repeat(t, d), lost, np.full(n_rest, stop)])
    event: BoolArray = np.arange(time.size) < int(d.sum())
    # At risk at a reading: neither dead at an earlier one nor censored before it.
    at_risk = (
        risk[0] - np.concatenate([[0], np.cumsum(d)[:-1]]) - np.searchsorted(np.sort(lost), t, side="left")
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        factor: FloatArray = np.where(d > 0, 1.0 - d / at_risk, 1.0)
    return np.asarray(time, dtype=np.float64), event, np.asarray(np.cumprod(factor), dtype=np.float64)


def _readings(times: Any, survival: Any, unit: str) -> tuple[FloatArray, FloatArray]:
    """Sorted by time, (0, 1) first, never rising."""
    times, survival = paired(times=times, survival=survival)
    t, s = float_vector("times", times, unit=unit), float_vector("survival", survival)
    refuse_overflow("times", t)
    if t.size != s.size or t.size == 0:
        raise InputError(f"times has {t.size} readings, survival {s.size}. Give one level a time.")
    t, s = _within_axes(t, s)
    t = join(t)[0]
    order = np.lexsort((-s, t))
    t, s = t[order], s[order]
    floor = np.minimum.accumulate(s)
    rise = s - floor
    if rise.max() > RISE_TOLERANCE + ROUNDING:
        k = int(rise.argmax())
        raise InputError(
            f"survival rises by {rise[k]:.3g} at time {t[k]:g}; a survival curve cannot. Read it again."
        )
    if t[0] > 0.0 or floor[0] < 1.0:
        t, floor = np.concatenate([[0.0], t]), np.concatenate([[1.0], floor])
    return t, floor


def _within_axes(t: FloatArray, s: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Readings a click beside the axes are put on them, and it is said; others are refused."""
    slack = RISE_TOLERANCE + ROUNDING
    before = READING_ERROR * max(float(t.max()), 0.0) + ROUNDING
    if t.min() < -before or s.min() < -slack or s.max() > 1 + slack:
        raise InputError(
            f"readings need times from 0 and survival within 0 and 1; got {t.min():g} and {s.min():g} to {s.max():g}. "
            "Divide per cent by 100."
        )
    beside = (t < 0) | (s < 0) | (s > 1)
    if beside.any():
        k = int(np.flatnonzero(beside)[0])
        warn(
            f"{int(beside.sum())} of {t.size} readings lie a click beside the axes (the first: survival {s[k]:g} at "
            f"time {t[k]:g}); they are put on them.",
            EvidenceWarning,
        )
    return np.maximum(t, 0.0), np.clip(s, 0.0, 1.0)


def _risk_table(at_risk_times: Any, at_risk: Any, unit: str) -> tuple[FloatArray, IntArray]:
    at_risk_times, at_risk = paired(at_risk_times=at_risk_times, at_risk=at_risk)
    t, n = float_vector("at_risk_times", at_risk_times, unit=unit), float_vector("at_risk", at_risk)
    if t.size != n.size or t.size == 0:
        raise InputError(f"at_risk_times has {t.size} values, at_risk {n.size}. Give one number a time.")
    if t[0] != 0.0 or lengthless(t[:-1], t[1:]).any():
        raise InputError(f"at_risk_times must start at 0 and increase; got {t[:6].tolist()}.")
    if np.any(n != np.round(n)) or n[0] <= 0 or n.min() < 0:
        raise InputError(f"at_risk must hold whole numbers, the first positive; got {n[:6].tolist()}.")
    grows = np.flatnonzero(np.diff(n) > 0)
    if grows.size:
        i = int(grows[0]) + 1
        raise InputError(
            f"at_risk grows from {n[i - 1]:g} to {n[i]:g} at time {t[i]:g}; without late entry it cannot."
        )
    # Trailing zeros say only that follow-up ended.
    keep = max(int((n > 0).sum()), 1)
    return t[:keep], n[:keep].astype(np.int64)


def _notes(
    risk_time: FloatArray, risk: IntArray, fitted: IntArray, n_event: int, reported: int | None
) -> tuple[str, ...]:
    notes = [
        f"{fitted[i]} at risk at {risk_time[i]:g}, printed {risk[i]}" for i in np.flatnonzero(fitted != risk)
    ]
    if reported is not None and reported != n_event:
        notes.append(f"{n_event} events, printed {reported}")
    if reported is None and risk_time.size == 1:
        notes.append(
            f"one number at risk and no total of events: nobody is censored before the end, and {n_event} events are the "
            "most the curve allows"
        )
    return tuple(notes)
