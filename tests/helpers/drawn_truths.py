"""Trials whose survival curves are known to the last bit, for figures that are drawn to be read again.

The product limit is worked out here in ten lines of its own, so that no reader is judged by the code it stands beside.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

LABELS = ("Control", "Treatment", "Surgery", "Radiation")


@dataclass(frozen=True, kw_only=True)
class Arm:
    """One arm: patients, and the step function the figure shows of them (in fractions, from time 0)."""

    label: str
    time: np.ndarray
    event: np.ndarray
    step_time: np.ndarray
    step_value: np.ndarray
    step_error: np.ndarray
    end: float
    marks: np.ndarray

    def at(self, when: np.ndarray) -> np.ndarray:
        """Survival at times."""
        return self.step_value[np.searchsorted(self.step_time, when, side="right") - 1]

    def at_risk(self, when: np.ndarray) -> np.ndarray:
        """Patients whose time is at or after each of `when`."""
        return np.array([int((self.time >= t).sum()) for t in when])


@dataclass(frozen=True, kw_only=True)
class Trial:
    """The arms of one panel, and the end of its time axis."""

    arms: tuple[Arm, ...]
    horizon: float
    title: str = ""
    extra: dict[str, str] = field(default_factory=dict)


def product_limit(time: np.ndarray, event: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Times of steps (0 first), the value after each, and Greenwood's standard error."""
    when = np.unique(time[event])
    at_risk = np.array([(time >= t).sum() for t in when])
    died = np.array([(event & (time == t)).sum() for t in when])
    value = np.cumprod(1 - died / at_risk)
    spread = np.cumsum(died / np.maximum(at_risk * (at_risk - died), 1e-9))
    error = value * np.sqrt(np.where(value > 0, spread, 0.0))
    return np.r_[0.0, when], np.r_[1.0, value], np.r_[0.0, error]


def arm(label: str, time: np.ndarray, event: np.ndarray) -> Arm:
    """The arm as a figure shows it."""
    step_time, step_value, step_error = product_limit(time, event)
    return Arm(
        label=label,
        time=time,
        event=event,
        step_time=step_time,
        step_value=step_value,
        step_error=step_error,
        end=float(time.max()),
        marks=np.unique(time[~event]),
    )


def trial(
    rng: np.random.Generator,
    *,
    arms: int,
    separation: str,
    horizon: float,
    least: float = 0.0,
    title: str = "",
    most: int = 260,
) -> Trial:
    """One simulated panel: `separation` is wide, close or crossing; no curve falls below `least`."""
    shape, base = rng.uniform(0.7, 1.3), rng.uniform(0.5, 1.1)
    made = []
    for k in range(arms):
        factor, bend = _effect(rng, separation, k)
        n = int(rng.integers(60, most))
        scale = horizon * base * factor * (1 if least == 0 else 2.2)
        died = scale * rng.weibull(shape * bend, n)
        followed = rng.uniform(0.35 * horizon, 1.15 * horizon, n)
        time = np.minimum(np.minimum(died, followed), horizon * rng.uniform(0.9, 1.0))
        event = died <= time
        time = np.maximum(np.round(time, 2), 0.05)
        made.append(arm(LABELS[k], time, event))
    if least and min(one.step_value.min() for one in made) < least + 0.02:
        return trial(
            rng, arms=arms, separation=separation, horizon=horizon, least=least, title=title, most=most
        )
    return Trial(arms=tuple(made), horizon=horizon, title=title)


def _effect(rng: np.random.Generator, separation: str, k: int) -> tuple[float, float]:
    """Factor on the scale and on the shape of the k-th arm."""
    if separation == "wide":
        return (1.0, 1.9, 0.5, 3.2)[k], 1.0
    if separation == "close":
        return 1.0 + 0.06 * k * rng.choice([-1, 1]), 1.0
    return 1.0 + 0.15 * k, (1.0, 1.8, 0.7, 1.3)[k]
