"""A curve as it is to be drawn and read: from its own origin, with its limits, in its unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from survsim.core.checks import FloatArray, float_vector
from survsim.core.display import displayed
from survsim.core.errors import InputError
from survsim.core.kinds import dimensions
from survsim.core.read_only import close_fields
from survsim.core.times import meet


@displayed
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Steps:
    """One curve of a result: what holds from each time on, the first of which is the curve's origin.

    A result says here where its curve and its limits begin (survival at 1, a beta-product limit below 1, incidence at
    0, a band on a stretch at that stretch); whatever draws or reads the curve adds nothing.

    Attributes
    ----------
    time : (k,) not decreasing, in `unit`; the first is the origin.
    estimate : (k,) value from that time on ("steps"), or at that time ("lines", joined straight).
    conf_low, conf_high : (k,) limits, NaN where there is none; None for a curve without an interval.
    unit : of time.
    joined : "steps" or "lines".

    Example
    -------
    >>> from survsim import Surv, kaplan_meier
    >>> curve = kaplan_meier(Surv.right([5, 8, 12], [1, 0, 1], unit="months")).steps()
    >>> curve.time.tolist(), [round(v, 3) for v in curve.estimate.tolist()]
    ([0.0, 5.0, 8.0, 12.0], [1.0, 0.667, 0.667, 0.0])
    >>> round(float(curve.at(6.0)), 3)
    0.667
    """

    time: FloatArray
    estimate: FloatArray
    unit: str
    conf_low: FloatArray | None = None
    conf_high: FloatArray | None = None
    joined: Literal["steps", "lines"] = "steps"

    def __post_init__(self) -> None:
        close_fields(self)

    @classmethod
    def from_origin(
        cls,
        time: FloatArray,
        estimate: FloatArray,
        limits: tuple[FloatArray, FloatArray] | None = None,
        *,
        start: float,
        limits_start: tuple[float, float] | None = None,
        unit: str,
        joined: Literal["steps", "lines"] = "steps",
    ) -> Steps:
        """The curve with its origin, time 0, put before its first time (unless that is 0 itself).

        Parameters
        ----------
        time, estimate, limits : (k,) as the result holds them.
        start, limits_start : value at time 0 and its limits; the limits are `start` if not given.
        """
        first = limits_start or (start, start)
        at_zero = time.size > 0 and time[0] == 0

        def whole(begin: float, values: FloatArray) -> FloatArray:
            return values if at_zero else np.concatenate([[begin], values])

        low, high = (None, None) if limits is None else (whole(b, v) for b, v in zip(first, limits))
        return cls(
            time=whole(0.0, time),
            estimate=whole(start, estimate),
            conf_low=low,
            conf_high=high,
            unit=unit,
            joined=joined,
        )

    @staticmethod
    def place(label: Any, labels: Sequence[Any], what: str = "group") -> int:
        """Position of a curve by its label; None is the only one there is."""
        if label is None and len(labels) == 1:
            return 0
        if label not in labels:
            raise InputError(f"{what} must be one of {', '.join(map(repr, labels))}; got {label!r}.")
        return list(labels).index(label)

    def at(self, times: Any, of: str = "estimate") -> FloatArray:
        """The value (or "conf_low", "conf_high") at `times`; NaN before the origin, and for lines beyond the end."""
        asked = np.asarray(float_vector("times", np.atleast_1d(times)))
        values = np.asarray(getattr(self, of), dtype=np.float64)
        if self.joined == "lines":
            found = np.interp(asked, self.time, values, left=np.nan, right=np.nan)
        else:
            k = np.searchsorted(self.time, meet(asked, self.time), side="right") - 1
            found = np.where(k < 0, np.nan, values[np.maximum(k, 0)])
        return found[0] if dimensions(times) == 0 else found

    def corners(self, of: str) -> tuple[FloatArray, FloatArray]:
        """The points through which the curve (or a limit) is drawn with straight lines."""
        values = np.asarray(getattr(self, of))
        if self.joined == "lines":
            return self.time, values
        return np.repeat(self.time, 2)[1:], np.repeat(values, 2)[:-1]
