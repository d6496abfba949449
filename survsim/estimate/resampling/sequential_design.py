"""Boundaries of a trial with several looks: efficacy on one side or both, and futility, binding or not."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Literal, cast, get_args

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from survsim.core.checks import FloatArray, IntArray, between, float_vector, one_of
from survsim.core.errors import ConvergenceError, InputError
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.tables import Columns
from survsim.estimate.resampling.group_sequential import CLOSEST
from survsim.estimate.resampling.score_process import GoneOn, crossing
from survsim.estimate.resampling.spending import SpendingFunction, checked_function, spent_share

NEVER = 38.0
"""Beyond this no probability is left in floating point."""
FARTHEST_DRIFT = 60.0
Efficacy = Literal[SpendingFunction, "wang-tsiatis"]


@result
class GroupSequentialDesign(Result):
    """Boundaries for z at each look, and what they lead to with no effect and with the effect they are powered for.

    Attributes
    ----------
    information : (looks,) shares of the full information, the last 1.
    efficacy, futility : (looks,) a trial stops for efficacy at z at or above the one, for futility at or below the other;
        minus infinity where there is none. A two-sided design stops below ``-efficacy`` too.
    alpha, beta, sides, binding : levels; one or two sides; whether the level counts on stopping for futility.
    drift : mean of z at full information under the effect the design has power ``1 - beta`` for.
    inflation : full information over that of a trial with one look and the same level and power.
    efficacy_null, futility_null, efficacy_alternative, futility_alternative : (looks,) probabilities of ending at a look,
        with no effect and with the drift, where each crossing ends the trial. In a two-sided design the second of each is
        that of the other side.
    """

    information: FloatArray
    efficacy: FloatArray
    futility: FloatArray
    alpha: float
    beta: float
    sides: int
    binding: bool
    drift: float
    inflation: float
    efficacy_null: FloatArray
    futility_null: FloatArray
    efficacy_alternative: FloatArray
    futility_alternative: FloatArray

    def columns(self) -> Columns:
        """Columns look, information, efficacy, futility, nominal_p (of efficacy, one-sided) and the four probabilities of
        ending at the look."""
        return {
            "look": np.arange(1, self.information.size + 1),
            "information": self.information,
            "efficacy": self.efficacy,
            "futility": self.futility,
            "nominal_p": ndtr(-self.efficacy),
            "efficacy_null": self.efficacy_null,
            "futility_null": self.futility_null,
            "efficacy_alternative": self.efficacy_alternative,
            "futility_alternative": self.futility_alternative,
        }

    def headline(self) -> str:
        sided = "one-sided" if self.sides == 1 else "two-sided"
        stops = np.isfinite(self.futility).any() and self.sides == 1
        how = ("binding" if self.binding else "non-binding") + " futility" if stops else "no futility"
        return (
            f"{self.information.size} looks, {sided} {self.alpha:g}, power {1 - self.beta:g}, {how}; "
            f"full information {self.inflation:.4f} times that of one look"
        )

    def expected_information(self, *, effect: bool = True) -> float:
        """Mean information at the end, over that of a trial with one look; with the drift, or with no effect."""
        over, under = (
            (self.efficacy_alternative, self.futility_alternative)
            if effect
            else (self.efficacy_null, self.futility_null)
        )
        ends = over[:-1] + under[:-1]
        last = 1.0 - ends.sum()
        return float(self.inflation * (ends @ self.information[:-1] + last))

    def events(self, hazard_ratio: float, *, treated_share: float = 0.5) -> IntArray:
        """Events at each look (looks,) for a hazard ratio, by Schoenfeld: ``drift^2 / (p (1 - p) log(ratio)^2)``, rounded up.

        Raises
        ------
        InputError : a hazard ratio that is not above 0 or is 1; a share outside 0 to 1.
        """
        ratio = between("hazard_ratio", hazard_ratio, 0.0, np.inf)
        share = between("treated_share", treated_share, 0.0, 1.0)
        if ratio == 1.0:
            raise InputError("hazard_ratio 1 is no effect: no number of events finds it.")
        full = self.drift**2 / (share * (1.0 - share) * np.log(ratio) ** 2)
        if not full < 1e12:
            raise InputError(
                f"hazard_ratio {ratio:g} needs more than 1e12 events; choose one farther from 1."
            )
        return np.ceil(full * self.information - 1e-9).astype(np.int64)


def group_sequential_design(
    information: Sequence[float],
    *,
    alpha: float = 0.025,
    sides: int = 1,
    efficacy: Efficacy = "obrien-fleming",
    efficacy_parameter: float | None = None,
    beta: float = 0.1,
    futility: SpendingFunction | None = None,
    futility_parameter: float | None = None,
    binding: bool = False,
) -> GroupSequentialDesign:
    """Boundaries of a group-sequential trial, with futility where wanted.

    Parameters
    ----------
    information : rising shares of the full information (events seen over events planned), the last one 1.
    alpha, sides : level over all looks, of a one-sided (1) or a symmetric two-sided (2) test.
    efficacy : how alpha is spent, "obrien-fleming", "pocock" (Lan, DeMets), "hwang-shih-decani" with gamma or "power" with
        rho as `efficacy_parameter`; or "wang-tsiatis", boundaries ``c t ** (delta - 1/2)`` with delta as parameter: 0 is
        O'Brien and Fleming's own, 0.5 Pocock's.
    beta : one minus the power.
    futility, futility_parameter : how beta is spent on stopping for futility, under the effect that is powered for; none
        by default. One-sided designs only.
    binding : whether the level counts on stopping for futility. If not, it holds for those who go on, too.

    Returns
    -------
    GroupSequentialDesign : boundaries, probabilities of ending at each look, inflation; `.events(hazard_ratio)`.

    Raises
    ------
    InputError : information that does not rise from above 0 to 1; parameters that are missing or out of range; futility in
        a two-sided design.

    References
    ----------
    Jennison, Turnbull 2000, Group Sequential Methods, chapters 2, 4, 7, 19; Lan, DeMets 1983, Biometrika 70:659; Pampallona,
    Tsiatis 1994, J Stat Plan Inference 42:19.

    Example
    -------
    >>> from survsim.trials import group_sequential_design
    >>> plan = group_sequential_design([1 / 3, 2 / 3, 1], efficacy="hwang-shih-decani", efficacy_parameter=-4,
    ...     futility="hwang-shih-decani", futility_parameter=-2)
    >>> plan.efficacy.round(2).tolist(), plan.futility.round(2).tolist(), round(plan.inflation, 3)
    ([3.01, 2.55, 2.0], [-0.24, 0.94, 2.0], 1.07)
    """
    t = _information(information)
    if isinstance(sides, bool) or not isinstance(sides, int | np.integer) or sides not in (1, 2):
        raise InputError(f"sides must be one of 1, 2; got {sides!r}.")
    level = between("alpha", alpha, 0.0, 0.5 * sides)
    missed = between("beta", beta, 0.0, 1.0 - level)
    if not isinstance(binding, bool | np.bool_):
        raise InputError(f"binding is True or False; got {binding!r}.")
    asked = _Asked(
        t,
        level / sides,
        sides,
        missed,
        efficacy,
        efficacy_parameter,
        futility,
        futility_parameter,
        bool(binding),
    )
    asked = asked.checked()
    drift = _solved(asked)
    low, high = asked.bounds(drift)
    low[-1] = high[-1] if futility else low[-1]
    ends = [crossing(t, low, high, d) for d in (0.0, drift)]
    fixed = ndtri(1.0 - level / sides) + ndtri(1.0 - missed)
    return GroupSequentialDesign(
        provenance=Provenance.of(
            "group_sequential_design", alpha=level, sides=int(sides), beta=missed, looks=int(t.size)
        ),
        information=t,
        efficacy=high,
        futility=low if sides == 1 else np.full(t.size, -np.inf),
        alpha=level,
        beta=missed,
        sides=int(sides),
        binding=bool(binding),
        drift=drift,
        inflation=float((drift / fixed) ** 2),
        efficacy_null=ends[0][0],
        futility_null=ends[0][1],
        efficacy_alternative=ends[1][0],
        futility_alternative=ends[1][1],
    )


def _information(information: Sequence[float]) -> FloatArray:
    t = float_vector("information", information)
    if not t.size or t[0] <= 0 or (np.diff(t) <= 0).any() or abs(t[-1] - 1) > 1e-9:
        raise InputError(f"information must rise from above 0 to 1; got {t.tolist()}.")
    if (np.diff(t, prepend=0.0) < CLOSEST).any():
        raise InputError(
            f"looks less than {CLOSEST:g} of the trial apart are one; got {t.tolist()}. Leave one out."
        )
    if t.size > 200:
        raise InputError(f"{t.size} looks are more than the 200 that are computed.")
    return t


@dataclasses.dataclass(frozen=True, slots=True)
class _Asked:
    """A design before it is solved; `level` is that of one side."""

    t: FloatArray
    level: float
    sides: int
    beta: float
    efficacy: str
    efficacy_parameter: float | None
    futility: SpendingFunction | None
    futility_parameter: float | None
    binding: bool
    high: FloatArray | None = None
    """Upper boundaries where the drift does not move them: solved once."""

    def checked(self) -> _Asked:
        if self.futility is not None and self.sides == 2:
            raise InputError(
                "futility goes with a one-sided design (sides=1); a two-sided one stops on either side."
            )
        if self.futility is None and (self.futility_parameter is not None or self.binding):
            raise InputError("futility_parameter and binding go with futility; name how beta is spent.")
        one_of("efficacy", self.efficacy, get_args(Efficacy))
        if self.efficacy == "wang-tsiatis":
            if self.efficacy_parameter is None:
                raise InputError(
                    "efficacy 'wang-tsiatis' needs its delta: give efficacy_parameter, 0 for O'Brien and Fleming's."
                )
            if self.binding:
                raise InputError(
                    "binding futility goes with boundaries that spend alpha, not with 'wang-tsiatis'."
                )
            e: float | None = between(
                "efficacy_parameter", self.efficacy_parameter, -1.0, 1.0, open_ends=False
            )
        else:
            e = checked_function("efficacy", self.efficacy, self.efficacy_parameter)
        f = (
            None
            if self.futility is None
            else checked_function("futility", self.futility, self.futility_parameter)
        )
        asked = dataclasses.replace(self, efficacy_parameter=e, futility_parameter=f)
        return asked if self.binding else dataclasses.replace(asked, high=asked._efficacy())

    def bounds(self, drift: float) -> tuple[FloatArray, FloatArray]:
        """Lower and upper boundaries for a drift; the lower of the last look spends what is left of beta there."""
        k, high = self.t.size, self.high
        if self.futility is None:
            assert high is not None
            return (-high if self.sides == 2 else np.full(k, -np.inf)), high
        each = np.diff(spent_share(self.t, self.beta, self.futility, self.futility_parameter), prepend=0.0)
        if high is None:
            return self._bound_together(each, drift)
        low, now = np.empty(k), GoneOn.begin(drift)
        for i, t in enumerate(self.t):
            low[i] = min(_root(now.below, each[i], t, rising=True), high[i])
            if i + 1 < k:
                now = now.after(low[i], high[i], t, self.t[i + 1] - t)
        return low, high

    def _efficacy(self) -> FloatArray:
        """Upper boundaries, with nobody stopped for futility."""
        if self.efficacy == "wang-tsiatis":
            assert self.efficacy_parameter is not None
            shape = self.t ** (self.efficacy_parameter - 0.5)

            def excess(c: float) -> float:
                high = c * shape
                under = -high if self.sides == 2 else np.full(high.size, -np.inf)
                return float(crossing(self.t, under, high, 0.0)[0].sum()) - self.level

            return np.asarray(float(brentq(excess, 1e-3, 30.0, xtol=1e-11)) * shape)
        each = self._alpha_each()
        high, now = np.empty(self.t.size), GoneOn.begin(0.0)
        for i, t in enumerate(self.t):
            high[i] = _root(now.above, each[i], t, rising=False)
            under = -high[i] if self.sides == 2 else -np.inf
            if i + 1 < self.t.size:
                now = now.after(under, high[i], t, self.t[i + 1] - t)
        return high

    def _alpha_each(self) -> FloatArray:
        function = cast("SpendingFunction", self.efficacy)
        whole = spent_share(self.t, self.level, function, self.efficacy_parameter)
        return np.diff(whole, prepend=0.0)

    def _bound_together(self, beta_each: FloatArray, drift: float) -> tuple[FloatArray, FloatArray]:
        """Look by look: efficacy with no effect and futility with it, each among those whom neither stopped before."""
        alpha_each, k = self._alpha_each(), self.t.size
        low, high = np.empty(k), np.empty(k)
        null, effect = GoneOn.begin(0.0), GoneOn.begin(drift)
        for i, t in enumerate(self.t):
            high[i] = _root(null.above, alpha_each[i], t, rising=False)
            low[i] = min(_root(effect.below, beta_each[i], t, rising=True), high[i])
            if i + 1 < k:
                step = self.t[i + 1] - t
                null, effect = (one.after(low[i], high[i], t, step) for one in (null, effect))
        return low, high


def _root(probability: Callable[[float, float], float], allowed: float, t: float, *, rising: bool) -> float:
    """The z at which a probability of crossing is what may be spent; infinite where nothing may be."""

    def excess(z: float) -> float:
        return probability(z, t) - allowed

    far = -NEVER if rising else NEVER
    if allowed <= 0.0 or excess(far) >= 0.0:
        return -np.inf if rising else np.inf
    if excess(-far) <= 0.0:
        return -far
    return float(brentq(excess, -NEVER, NEVER, xtol=1e-11))


def _solved(asked: _Asked) -> float:
    """The drift with the wanted power: with futility, that at which both boundaries meet at the last look."""

    def missed(drift: float) -> float:
        low, high = asked.bounds(drift)
        if asked.futility is not None:
            low[-1] = high[-1]
        over, _ = crossing(asked.t, low, high, drift)
        return 1.0 - asked.beta - float(over.sum())

    near = 1e-6
    if missed(near) <= 0.0:
        raise InputError(
            f"a power of {1 - asked.beta:g} is reached without any effect; ask for a smaller beta."
        )
    if missed(FARTHEST_DRIFT) > 0.0:
        raise ConvergenceError(
            "no effect reaches the power with these boundaries; look at the spending functions."
        )
    return float(brentq(missed, near, FARTHEST_DRIFT, xtol=1e-10))
