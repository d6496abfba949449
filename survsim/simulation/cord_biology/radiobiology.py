"""Doses in the linear-quadratic model: BED, EQD2, courses that overlap, recovery, its doubtful range."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from survsim.core.checks import FloatArray, float_vector, numbers
from survsim.core.errors import ExtrapolationWarning, InputError, warn
from survsim.core.pairing import paired
from survsim.core.times import increasing, meet

LQ_LIMIT = 8.0
"""Dose per fraction in Gy above which the linear-quadratic model is doubtful (8 to 10 Gy)."""


def bed(
    dose: ArrayLike,
    fractions: ArrayLike,
    alpha_beta: float,
    *,
    days: ArrayLike | None = None,
    kick_off: float | None = None,
    loss_per_day: float | None = None,
) -> FloatArray:
    """Biologically effective dose, BED = D (1 + d / (alpha/beta)) with d = D / n, less what repopulation takes.

    With the three arguments of overall time, BED falls by ``loss_per_day`` for each day beyond ``kick_off``, not below 0.

    Parameters
    ----------
    dose : total physical dose D in Gy, any shape.
    fractions : number n of equal fractions, broadcast against `dose`.
    alpha_beta : alpha/beta in Gy, above 0.
    days : overall treatment time, first to last fraction, broadcast against `dose`; None to leave time out, as for
        late effects.
    kick_off, loss_per_day : day on which repopulation begins, and the BED in Gy it takes a day; given with `days`.

    Returns
    -------
    BED in Gy of that alpha/beta. Fractions above 8 Gy warn: the model is doubtful there.

    Raises
    ------
    InputError : a negative dose, fractions below 1, an alpha/beta not above 0, overall time told by halves.

    References
    ----------
    Fowler 1989, Br J Radiol 62:679.

    Examples
    --------
    >>> from survsim.radiotherapy import bed
    >>> float(bed(30.0, 10, alpha_beta=2.0))
    75.0
    >>> float(bed(70.0, 35, alpha_beta=10.0, days=46, kick_off=28, loss_per_day=0.9).round(6))
    67.8
    """
    dose, fractions, days = paired(dose=dose, fractions=fractions, days=days)
    total, each = _checked(dose, fractions, alpha_beta)
    return _less_time(total * (1.0 + each / alpha_beta), days, kick_off, loss_per_day)


def eqd2(
    dose: ArrayLike,
    fractions: ArrayLike,
    alpha_beta: float,
    *,
    days: ArrayLike | None = None,
    kick_off: float | None = None,
    loss_per_day: float | None = None,
) -> FloatArray:
    """Equivalent dose in 2 Gy fractions, EQD2 = BED / (1 + 2 / (alpha/beta)) = D (d + alpha/beta) / (2 + alpha/beta).

    With overall time it is the dose in 2 Gy fractions, given before repopulation begins, that has the same BED.

    Parameters
    ----------
    dose, fractions, alpha_beta, days, kick_off, loss_per_day : as for `bed`; the loss is one of BED.

    Returns
    -------
    EQD2 in Gy, of the shape of `dose` and `fractions` together.

    Raises
    ------
    InputError : a negative dose, fractions below 1, an alpha/beta not above 0, overall time told by halves.

    References
    ----------
    Fowler 1989, Br J Radiol 62:679.

    Examples
    --------
    >>> from survsim.radiotherapy import eqd2
    >>> float(eqd2(30.0, 10, alpha_beta=2.0))
    37.5
    """
    dose, fractions, days = paired(dose=dose, fractions=fractions, days=days)
    total, each = _checked(dose, fractions, alpha_beta)
    whole = total * (each + alpha_beta) / (2.0 + alpha_beta)
    if days is None and kick_off is None and loss_per_day is None:
        return whole
    effect = _less_time(total * (1.0 + each / alpha_beta), days, kick_off, loss_per_day)
    return effect / (1.0 + 2.0 / alpha_beta)


def _less_time(effect: FloatArray, days: Any, kick_off: Any, loss_per_day: Any) -> FloatArray:
    """BED less the loss of the days beyond `kick_off`, at least 0."""
    if days is None and kick_off is None and loss_per_day is None:
        return effect
    if days is None or kick_off is None or loss_per_day is None:
        raise InputError(
            "overall time needs days, kick_off and loss_per_day together; leave all three out to count no repopulation."
        )
    time = numbers("days", days)
    begin, loss = plain_number("kick_off", kick_off), plain_number("loss_per_day", loss_per_day)
    try:
        np.broadcast_shapes(effect.shape, time.shape)
    except ValueError:
        raise InputError(
            f"days has shape {time.shape} and the doses {effect.shape}; give one of each."
        ) from None
    if not (np.isfinite(time).all() and (time >= 0).all() and 0 <= begin < np.inf and 0 <= loss < np.inf):
        raise InputError("days, kick_off and loss_per_day must be finite and at least 0.")
    return np.maximum(effect - loss * np.maximum(time - begin, 0.0), 0.0)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """A course of radiation: fractions that reach each region of the cord, at one dose per fraction.

    Parameters
    ----------
    dose_per_fraction : Gy.
    fractions : number of fractions by region; a region left out gets none.
    months_since_previous : interval from the end of the course before, None for the first.
    kind : "conventional" or "stereotactic", which decides the re-irradiation criteria that apply.

    Examples
    --------
    >>> second = Course(dose_per_fraction=2.0, fractions={"first_target": 10, "elsewhere": 20})
    >>> second.dose("first_target")
    20.0
    """

    dose_per_fraction: float
    fractions: dict[str, int]
    months_since_previous: float | None = None
    kind: str = "conventional"

    def __post_init__(self) -> None:
        object.__setattr__(
            self, "dose_per_fraction", plain_number("dose_per_fraction", self.dose_per_fraction)
        )
        dose, interval = self.dose_per_fraction, self.months_since_previous
        if not isinstance(self.fractions, Mapping):
            raise InputError(f"fractions is a dictionary, region: number; got {self.fractions!r}.")
        for region, n in self.fractions.items():
            plain_number(f"fractions[{region!r}]", n)
        if interval is not None:
            interval = plain_number("months_since_previous", interval)
        # written so that a missing value (nan) fails, too
        if not 0 < dose < np.inf or not all(n >= 0 for n in self.fractions.values()):
            raise InputError(
                "a course has a dose per fraction above 0 and no negative number of fractions; "
                f"got {dose!r} Gy, fractions {self.fractions!r}."
            )
        if interval is not None and not 0 <= interval < np.inf:
            raise InputError(
                f"months_since_previous is an interval, at least 0 and finite, None for a first course; got {interval!r}."
            )
        if self.kind not in ("conventional", "stereotactic"):
            raise InputError(f"kind must be conventional or stereotactic; got {self.kind!r}.")

    def dose(self, region: str) -> float:
        """Physical dose in Gy to a region."""
        return self.dose_per_fraction * self.fractions.get(region, 0)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """Share of earlier dose that no longer counts after an interval: a step function, an assumption.

    Parameters
    ----------
    after : intervals in the time unit of the model, increasing.
    share : share forgiven from that interval on, between 0 and 1, not decreasing.
    """

    after: tuple[float, ...]
    share: tuple[float, ...]

    def __post_init__(self) -> None:
        after, share = paired(after=self.after, share=self.share)
        for name, values in (("after", after), ("share", share)):
            object.__setattr__(self, name, tuple(float_vector(name, values).tolist()))
        if self.after and min(self.after) < 0:
            raise InputError(f"recovery begins after an interval of 0 or more; got {min(self.after):g}.")
        if len(self.after) != len(self.share) or not increasing(np.array(self.after)):
            raise InputError("recovery needs increasing intervals and one share for each.")
        if any(not 0 <= s <= 1 for s in self.share) or list(self.share) != sorted(self.share):
            raise InputError("recovered shares lie between 0 and 1 and do not fall with time.")

    def recovered(self, interval: ArrayLike) -> FloatArray:
        """Share recovered after `interval`."""
        steps = np.array([0.0, *self.share])
        return steps[np.searchsorted(np.array(self.after), meet(interval, self.after), side="right")]


def cumulative_eqd2(
    courses: Sequence[Course], alpha_beta: float, *, recovery: Recovery | None = None
) -> dict[str, float]:
    """EQD2 in Gy that each region of the cord has received over all courses.

    Each course adds D (d + alpha/beta) / (2 + alpha/beta) where it reaches the region. With `recovery`,
    what was there before a course is first reduced by the share recovered over the interval.

    Parameters
    ----------
    courses : in the order in which they were given.
    alpha_beta : of the cord, in Gy.
    recovery : what is forgotten between courses; None for nothing.

    Returns
    -------
    dict : region -> EQD2 in Gy.

    Raises
    ------
    InputError : an alpha/beta not above 0; with `recovery`, a later course without its interval.

    Reference: Fowler 1989 (Br J Radiol 62:679); Nieder et al. 2006 (Int J Radiat Oncol Biol Phys 66:1446).

    Examples
    --------
    >>> from survsim.radiotherapy import Course, cumulative_eqd2
    >>> first = Course(dose_per_fraction=2.0, fractions={"first_target": 22})
    >>> second = Course(dose_per_fraction=2.0, fractions={"first_target": 10, "elsewhere": 20})
    >>> cumulative_eqd2([first, second], alpha_beta=2.0)
    {'elsewhere': 40.0, 'first_target': 64.0}
    """
    if isinstance(courses, Course) or not all(isinstance(course, Course) for course in courses):
        raise InputError(
            f"courses is a list of Course(...), in the order in which they were given; got {courses!r}."
        )
    unknown = [k for k, course in enumerate(courses) if k and course.months_since_previous is None]
    if recovery is not None and unknown:
        raise InputError(
            f"course {unknown[0] + 1} has no months_since_previous, so what was recovered before it is unknown. Give the "
            "interval (0 for none), or leave recovery out."
        )
    regions = sorted({region for course in courses for region in course.fractions})
    total = dict.fromkeys(regions, 0.0)
    for course in courses:
        interval = course.months_since_previous
        kept = 1.0 if recovery is None or interval is None else 1.0 - float(recovery.recovered(interval))
        for region in regions:
            n = course.fractions.get(region, 0)
            added = float(eqd2(course.dose(region), n, alpha_beta)) if n else 0.0
            total[region] = kept * total[region] + added
    return total


def plain_number(name: str, value: Any) -> float:
    """A single number; its range is checked behind."""
    if isinstance(value, (bool, str, bytes)) or np.ndim(value) != 0:
        raise InputError(f"{name} must be a number; got {value!r}.")
    return float(numbers(name, value))


def _checked(dose: ArrayLike, fractions: ArrayLike, alpha_beta: float) -> tuple[FloatArray, FloatArray]:
    total, count = numbers("dose", dose), numbers("fractions", fractions)
    if not 0 < plain_number("alpha_beta", alpha_beta) < np.inf:
        raise InputError(f"alpha_beta must be above 0 Gy; got {alpha_beta!r}.")
    try:
        np.broadcast_shapes(total.shape, count.shape)
    except ValueError:
        raise InputError(
            f"dose has shape {total.shape} and fractions {count.shape}; give one of each."
        ) from None
    if not (np.isfinite(total).all() and (total >= 0).all()):
        raise InputError("dose must be finite and at least 0 Gy.")
    if not (np.isfinite(count).all() and (count >= 1).all()):
        raise InputError("fractions must be at least 1.")
    each = total / count
    with np.errstate(over="ignore"):
        if not np.isfinite(total * (each / alpha_beta)).all():
            raise InputError(
                f"alpha_beta {alpha_beta!r} Gy and these doses give an effective dose beyond the range of numbers."
            )
    if np.any(each > LQ_LIMIT):
        warn(
            f"{float(np.max(each)):g} Gy per fraction is beyond the range of the linear-quadratic model "
            "(doubtful above 8 to 10 Gy); read BED and EQD2 with that in mind.",
            ExtrapolationWarning,
        )
    return total, each
