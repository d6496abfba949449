"""What a survival distribution is.

Everything follows from the cumulative hazard and its inverse: S(t) = exp(-H(t)), and a time is drawn by
inversion, T = H^-1(-log u) with u = S(T). Nothing here draws random numbers: uniforms come from
`survsim.core.streams`.
"""

from __future__ import annotations

import abc
import contextlib
import dataclasses
import functools
import itertools
import types
from typing import Any, ClassVar, Protocol, TypeAlias, TypeVar, dataclass_transform, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike

from survsim.core import units
from survsim.core.checks import FloatArray, positions
from survsim.core.encoding import stored
from survsim.core.errors import ConvergenceError, InputError
from survsim.core.kinds import as_numbers
from survsim.core.pairing import first_index, paired

T = TypeVar("T")
D = TypeVar("D", bound="HazardDistribution")

Parameter: TypeAlias = float | FloatArray
"""A number, or an array that broadcasts against times (one entry a patient or a parameter draw)."""


@dataclass_transform(frozen_default=True, kw_only_default=True, eq_default=False)
def distribution(cls: type[T]) -> type[T]:
    """Class decorator of every distribution: frozen, slotted, keyword-only, compared by identity; can be stored."""
    _calm(cls)
    _pair(cls)
    return stored(dataclasses.dataclass(frozen=True, slots=True, kw_only=True, eq=False)(cls))


def _pair(cls: type[Any]) -> None:
    """Parameters of patients or draws that carry row labels belong together by them, as columns do everywhere."""
    own = cls.__post_init__

    @functools.wraps(own)
    def __post_init__(self: Any) -> None:
        rows = [f.name for f in dataclasses.fields(self) if f.init and f.name not in self._inner_axes]
        given = {name: getattr(self, name) for name in rows}
        if first_index(*given.values()) is not None:
            for name, value in zip(given, paired(**given)):
                object.__setattr__(self, name, value)
        own(self)

    cls.__post_init__ = __post_init__


_ASKED = (
    "hazard", "cumulative_hazard", "inverse_cumulative_hazard", "survival", "density",
    "quantile", "sample", "sample_after", "rmst", "mean",
)  # fmt: skip


def _calm(cls: type[Any]) -> None:
    """What is beyond the range of floating point is infinite or 0: that is the right answer and no cause for a warning."""
    for name in _ASKED:
        if isinstance(vars(cls).get(name), types.FunctionType) and not hasattr(
            vars(cls)[name], "__isabstractmethod__"
        ):
            setattr(cls, name, np.errstate(over="ignore", divide="ignore")(vars(cls)[name]))


@runtime_checkable
class SurvivalDistribution(Protocol):
    """A law of time to event, in `time_unit`, arrays in and arrays out (numpy broadcasting)."""

    @property
    def time_unit(self) -> str: ...

    def survival(self, t: ArrayLike) -> FloatArray: ...

    def hazard(self, t: ArrayLike) -> FloatArray: ...

    def cumulative_hazard(self, t: ArrayLike) -> FloatArray: ...

    def quantile(self, p: ArrayLike) -> FloatArray: ...

    def sample(self, u: ArrayLike) -> FloatArray: ...


PANEL_HEIGHTS = np.concatenate(
    [np.exp(np.arange(-20.0, 0.0, 0.5)), np.arange(1.0, 41.0), np.exp(np.arange(4.0, 7.0, 0.5))]
)
"""Cumulative hazards at whose times panels of the restricted mean begin."""
MOST_JUMPS, MOST_AT_ONCE = 200, 200_000


class HazardDistribution(abc.ABC):
    """Base of the distributions shipped here: a subclass gives hazard, H and the inverse of H.

    Parameters of a subclass are floats or arrays that broadcast against t, so that one object can hold
    one patient group, many patients (a covariate effect each) or many parameter draws. H is 0 before
    time 0, and a time that is never reached is infinity.
    """

    __slots__ = ()
    time_unit: str

    # Parameters whose last axis is not patients or draws (pieces, knots): `take` leaves that axis alone.
    _inner_axes: ClassVar[dict[str, int]] = {}

    @abc.abstractmethod
    def hazard(self, t: ArrayLike) -> FloatArray:
        """Hazard h(t) per `time_unit`."""

    @abc.abstractmethod
    def cumulative_hazard(self, t: ArrayLike) -> FloatArray:
        """Cumulative hazard H(t)."""

    @abc.abstractmethod
    def inverse_cumulative_hazard(self, h: ArrayLike) -> FloatArray:
        """Time t with H(t) = h, the first one where H is flat; infinity where h is never reached."""

    def survival(self, t: ArrayLike) -> FloatArray:
        """Survival S(t) = exp(-H(t))."""
        return np.exp(-self.cumulative_hazard(t))

    def density(self, t: ArrayLike) -> FloatArray:
        """Density f(t) = h(t) S(t)."""
        left = self.survival(t)
        # where nobody is left nobody dies, however high the hazard has climbed
        with np.errstate(invalid="ignore"):
            return np.where(left == 0.0, 0.0, self.hazard(t) * left)

    def quantile(self, p: ArrayLike) -> FloatArray:
        """Time by which a share p, from 0 to 1, has had the event."""
        share = _shares("p", p)
        with np.errstate(divide="ignore"):
            return self.inverse_cumulative_hazard(-np.log1p(-share))

    def sample(self, u: ArrayLike) -> FloatArray:
        """Event times from uniforms in (0, 1] by inversion, u = S(T)."""
        with np.errstate(divide="ignore"):
            return self.inverse_cumulative_hazard(-np.log(_shares("u", u)))

    def sample_after(self, u: ArrayLike, t: ArrayLike) -> FloatArray:
        """Event times of those event-free at t (clock-forward), measured from time 0."""
        u, t = paired(u=u, t=t)
        with np.errstate(divide="ignore"):
            drawn = self.inverse_cumulative_hazard(self.cumulative_hazard(t) - np.log(u))
        return np.maximum(drawn, t)

    def rmst(self, tau: ArrayLike) -> FloatArray:
        """Restricted mean survival time to `tau`, the integral of S from 0 to tau.

        Closed form where there is one; else Gauss-Legendre on panels that halve towards time 0 (hazards
        may be infinite there) and break where the hazard jumps.
        """
        end = asked("tau", tau)
        if np.isinf(end).any():
            known = self.rmst(np.where(np.isinf(end), 0.0, end))
            return np.where(np.isinf(end), self.mean(), known)
        shape = np.shape(self.survival(end))
        edges = self._panels(np.broadcast_to(end, shape))
        nodes, weights = np.polynomial.legendre.leggauss(16)
        nodes = nodes.reshape(-1, *[1] * len(shape))  # on an axis before those of times and parameters
        total = np.zeros(shape)
        for low, high in itertools.pairwise(edges):
            middle, half = 0.5 * (low + high), 0.5 * (high - low)
            total = total + half * np.tensordot(weights, self.survival(middle + half * nodes), 1)
        return total

    def _panels(self, end: FloatArray) -> FloatArray:
        """Edges (k, ...) of the panels up to `end`: halving towards 0, where the hazard jumps, and quantiles.

        The quantiles find the fall of a steep law, and of any law where `end` is far beyond it.
        """
        more = [1] * end.ndim
        edges = [np.zeros((1, *end.shape)), end * (0.5 ** np.arange(40, -1, -1.0)).reshape(-1, *more)]
        jumps = self._jumps()
        if jumps.size <= MOST_JUMPS:
            edges.append(np.minimum(jumps.reshape(-1, *more), end))
        with contextlib.suppress(ConvergenceError):  # a law too extreme to be inverted has its halvings
            times = self.inverse_cumulative_hazard(PANEL_HEIGHTS.reshape(-1, *more))
            edges.append(np.minimum(np.nan_to_num(times, nan=0.0), end))
        return np.sort(np.concatenate([np.broadcast_to(e, (len(e), *end.shape)) for e in edges]), axis=0)

    def mean(self) -> FloatArray:
        """Mean survival time, infinity when it does not exist (a cured share, a tail too heavy).

        Closed form where there is one; else E(T) as the integral of H^-1(h) exp(-h), by the trapezoidal
        rule in log h: exact to rounding for smooth hazards, to about 1e-5 where the hazard jumps.
        """
        x = np.linspace(-45.0, np.log(700.0), 2001)
        h = np.exp(x)
        weights = np.exp(x - h) * (x[1] - x[0])
        shape = np.shape(self.inverse_cumulative_hazard(1.0))
        together = max(1, MOST_AT_ONCE // max(1, int(np.prod(shape))))
        total, last = np.zeros(shape), np.zeros(shape)
        for first in range(0, h.size, together):
            some = slice(first, first + together)
            times = self.inverse_cumulative_hazard(h[some].reshape(-1, *[1] * len(shape)))
            total = total + np.tensordot(weights[some], times, 1)
            last = weights[some][-1] * times[-1]
        return np.where(last > 1e-10 * total, np.inf, total)

    def to_unit(self, unit: str) -> HazardDistribution:
        """The same law with time counted in another unit."""
        if unit == self.time_unit:
            return self
        return InUnit(base=self, time_unit=unit)

    def take(self: D, rows: Any) -> D:
        """The distributions of some patients or draws: index the first axis of every array parameter."""
        changed: dict[str, Any] = {}
        own: Any = self
        for item in (f for f in dataclasses.fields(own) if f.init):
            value = getattr(self, item.name)
            if isinstance(value, HazardDistribution):
                changed[item.name] = value.take(rows)
            elif isinstance(value, np.ndarray) and value.ndim > self._inner_axes.get(item.name, 0):
                changed[item.name] = value[rows]
        taken: D = dataclasses.replace(own, **changed)
        return taken

    def _jumps(self) -> FloatArray:
        """Times at which the hazard jumps, for quadrature."""
        return np.empty(0)

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    def _check_time_unit(self) -> None:
        units.check_unit(self.time_unit)


_calm(HazardDistribution)


def checked(
    name: str, value: object, owner: str, *, low: float = -np.inf, high: float = np.inf, closed: bool = False
) -> Any:
    """A parameter as float or float64 array, finite and in its range; the message names the offender."""
    try:
        values: Any = value
        array, missing = as_numbers(name, values.to_numpy() if hasattr(values, "columns") else values)
        if missing is not None and missing.any():
            raise TypeError
    except (InputError, TypeError, ValueError, OverflowError):
        raise InputError(f"{owner}: {name} must be a number or an array of numbers; got {value!r}.") from None
    inside = (array >= low) & (array <= high) if closed else (array > low) & (array < high)
    good = inside & np.isfinite(array)
    if not good.all():
        where = "" if array.ndim == 0 else f" at position {int(np.flatnonzero(~good.ravel())[0])}"
        first = float(array[~good].ravel()[0])
        raise InputError(f"{owner}: {name} must be {_range(low, high, closed)}; got {first:g}{where}.")
    if array.ndim == 0:
        return float(array)
    own = array.copy()
    own.flags.writeable = False
    return own


def _range(low: float, high: float, closed: bool) -> str:
    if low == -np.inf and high == np.inf:
        return "finite"
    if high == np.inf:
        return f"finite and {'at least' if closed else 'above'} {low:g}"
    return f"between {low:g} and {high:g}{' (ends allowed)' if closed else ''}"


def check_base(base: object, name: str, owner: str) -> None:
    """The inner distribution must be one of this package's."""
    if not isinstance(base, HazardDistribution):
        raise InputError(
            f"{owner}: {name} must be a distribution such as Weibull(...); got {type(base).__name__}."
        )


def _shares(name: str, values: Any) -> FloatArray:
    """Shares from 0 to 1, of any shape."""
    share = asked(name, values)
    if share.size and not (share.min() >= 0 and share.max() <= 1):
        bad = ~((share >= 0) & (share <= 1))
        raise InputError(f"{name} must be a share from 0 to 1; got {share[bad].flat[0]:g}.")
    return share


def as_time(t: ArrayLike) -> FloatArray:
    """Times as float64, negative ones set to 0 (nothing has happened before the origin)."""
    if (isinstance(t, float) and t == t) or (type(t) is np.ndarray and t.dtype == np.float64):
        return np.maximum(t, 0.0)
    return np.maximum(asked("t", t), 0.0)


def asked(name: str, values: Any) -> FloatArray:
    """Numbers that a law is asked at, of any shape; text, dates, durations, truth values and missing ones are refused."""
    if (isinstance(values, float) and values == values) or (
        type(values) is np.ndarray and values.dtype == np.float64
    ):
        return np.asarray(values)
    array, missing = as_numbers(name, values)
    missing = np.isnan(array) if missing is None else missing | np.isnan(array)
    if missing.any():
        raise InputError(f"{name} is missing in {positions(missing.ravel())}; leave those out.")
    return array


def heights(h: Any) -> FloatArray:
    """Cumulative hazards that a law is asked the times of, of any shape."""
    array = asked("h", h)
    if array.size and array.min() < -1e-9:
        raise InputError(f"h must be a cumulative hazard, 0 or above; got {array.min():g}.")
    return array


@distribution
class InUnit(HazardDistribution):
    """The law of `base` with time counted in another unit; `distribution.to_unit(unit)` makes it.

    Example
    -------
    >>> from survsim.distributions import Exponential
    >>> float(Exponential(rate=1.2, time_unit="years").to_unit("months").hazard(1.0))
    0.1
    """

    base: HazardDistribution
    time_unit: str

    def __post_init__(self) -> None:
        check_base(self.base, "base", "InUnit")
        self._check_time_unit()

    def _factor(self) -> float:
        return units.conversion_factor(self.time_unit, self.base.time_unit)

    def hazard(self, t: ArrayLike) -> FloatArray:
        factor = self._factor()
        return factor * self.base.hazard(as_time(t) * factor)

    def cumulative_hazard(self, t: ArrayLike) -> FloatArray:
        return self.base.cumulative_hazard(as_time(t) * self._factor())

    def inverse_cumulative_hazard(self, h: ArrayLike) -> FloatArray:
        return self.base.inverse_cumulative_hazard(h) / self._factor()

    def rmst(self, tau: ArrayLike) -> FloatArray:
        return self.base.rmst(as_time(tau) * self._factor()) / self._factor()

    def mean(self) -> FloatArray:
        return self.base.mean() / self._factor()

    def _jumps(self) -> FloatArray:
        return self.base._jumps() / self._factor()
