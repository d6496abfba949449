"""A course of disease as data: states, hazards between them, effects of treatment, and the cohorts seen in papers."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from survsim.core.encoding import stored
from survsim.core.errors import InputError
from survsim.core.times import increasing, lengthless
from survsim.core.units import check_unit

Number = float | str
"""A value, or the name of the parameter that holds it."""


@stored
@dataclass(frozen=True, slots=True, kw_only=True)
class TransitionHazard:
    """Hazard of moving from `source` to `target`, on the clock since the entry to `source`.

    One family: ``rate`` (exponential), ``shape`` and ``scale`` (Weibull, ``H(t) = (t / scale)^shape``), or ``breaks``
    and ``rates`` (piecewise constant, one rate more than breaks).

    Attributes
    ----------
    source, target : names of states.
    factors : numbers or parameters that multiply the hazard at all times.
    frailty : whether the patient's hidden factor multiplies it.
    """

    source: str
    target: str
    rate: Number | None = None
    shape: Number | None = None
    scale: Number | None = None
    breaks: tuple[float, ...] = ()
    rates: tuple[Number, ...] = ()
    factors: tuple[Number, ...] = ()
    frailty: bool = False

    @property
    def name(self) -> str:
        """As scenarios write it: ``source>target``."""
        return f"{self.source}>{self.target}"

    def numbers(self) -> tuple[Number, ...]:
        """Every value or parameter of the hazard."""
        own = (self.rate, self.shape, self.scale, *self.rates, *self.factors)
        return tuple(n for n in own if n is not None)

    def faults(self) -> list[str]:
        """What is wrong with the declaration, in words."""
        weibull = self.shape is not None or self.scale is not None
        families = (self.rate is not None) + weibull + bool(self.rates)
        found = []
        if any(isinstance(n, bool | np.bool_) for n in (*self.numbers(), *self.breaks)):
            found.append(
                f"{self.name}: truth values are no numbers of a hazard; write 1 or 0 where they are meant"
            )
        if families != 1:
            found.append(f"{self.name} needs one family: rate; shape and scale; or breaks and rates")
        if weibull and (self.shape is None or self.scale is None):
            found.append(f"{self.name}: a Weibull hazard needs both shape and scale")
        if self.rates and len(self.rates) != len(self.breaks) + 1:
            found.append(f"{self.name}: {len(self.breaks)} breaks need {len(self.breaks) + 1} rates")
        if not increasing(np.array([0.0, *self.breaks])):
            found.append(f"{self.name}: breaks must rise from above 0; got {self.breaks}")
        if self.source == self.target:
            found.append(f"{self.name} leads nowhere")
        return found


@stored
@dataclass(frozen=True, slots=True, kw_only=True)
class TreatmentEffect:
    """What a treatment does to one hazard, and for how long, on the clock since entry to the transition's source.

    The hazard ratio acts from `start` to `stop`. With `wanes_from` its logarithm falls on a line from there to zero at
    `stop`.
    """

    transition: str
    hazard_ratio: Number
    start: float = 0.0
    stop: float = math.inf
    wanes_from: float | None = None

    def faults(self) -> list[str]:
        """What is wrong with the declaration, in words."""
        if self.start < 0.0 or lengthless(self.start, self.stop):
            return [f"effect on {self.transition}: 0 <= start {self.start:g} < stop {self.stop:g} must hold"]
        if self.wanes_from is not None and not self.start <= self.wanes_from < self.stop < math.inf:
            return [
                f"effect on {self.transition}: start <= wanes_from {self.wanes_from:g} < stop {self.stop:g} < inf must hold"
            ]
        return []


@stored
@dataclass(frozen=True, slots=True, kw_only=True)
class CourseModel:
    """States and the hazards between them; states that nothing leaves are deaths (or other ends).

    Attributes
    ----------
    states : names, in any order.
    transitions : hazards between them; cycles are allowed.
    start : the state at time zero of a cohort that says nothing else.
    frailty_variance : of the hidden gamma factor of mean 1; 0 for none.
    unit : of every time and rate.

    Raises
    ------
    InputError : states or hazards that do not fit together, all faults at once.

    Example
    -------
    >>> from survsim.calibration import CourseModel, TransitionHazard
    >>> course = CourseModel(
    ...     states=("controlled", "progressed", "dead"),
    ...     transitions=(TransitionHazard(source="controlled", target="progressed", rate=0.05),
    ...                  TransitionHazard(source="progressed", target="dead", rate="death_rate")),
    ...     start="controlled", unit="months")
    >>> course.parameters()
    ('death_rate',)
    """

    states: tuple[str, ...]
    transitions: tuple[TransitionHazard, ...]
    start: str
    frailty_variance: Number = 0.0
    unit: str

    def __post_init__(self) -> None:
        check_unit(self.unit)
        faults = [fault for t in self.transitions for fault in t.faults()]
        for t in self.transitions:
            unknown = [s for s in (t.source, t.target) if s not in self.states]
            faults += [f"{t.name}: {s!r} is none of {', '.join(self.states)}" for s in unknown]
        names = [t.name for t in self.transitions]
        faults += [
            f"{n} is declared {names.count(n)} times" for n in dict.fromkeys(names) if names.count(n) > 1
        ]
        if self.start not in self.states or self.start in self.ends():
            faults.append(f"the start {self.start!r} must be a state that can be left")
        if isinstance(self.frailty_variance, float | int) and not self.frailty_variance >= 0:
            faults.append(f"frailty_variance must not be negative; got {self.frailty_variance:g}")
        if faults:
            raise InputError("the course of disease does not hold together:\n  " + "\n  ".join(faults))

    def ends(self) -> tuple[str, ...]:
        """States that nothing leaves."""
        left = {t.source for t in self.transitions}
        return tuple(s for s in self.states if s not in left)

    def reached_from(self, state: str) -> tuple[str, ...]:
        """States that a patient in `state` may come to, itself only by way of others."""
        found: list[str] = []
        open_states = [state]
        while open_states:
            here = open_states.pop()
            new = [t.target for t in self.transitions if t.source == here and t.target not in found]
            found += new
            open_states += new
        return tuple(found)

    def parameters(self) -> tuple[str, ...]:
        """Names of the parameters the course needs, in the order first met."""
        numbers = [n for t in self.transitions for n in t.numbers()] + [self.frailty_variance]
        return tuple(dict.fromkeys(n for n in numbers if isinstance(n, str)))


@stored
@dataclass(frozen=True, slots=True, kw_only=True)
class Cohort:
    """Patients a paper speaks of: where they start and what shares of them were given what.

    Attributes
    ----------
    name : for messages and tables.
    groups : (share, effects) pairs; shares sum to 1. `Cohort.treated` makes them from treated fractions.
    start : state at the cohort's time zero; None for that of the model. Patients who start elsewhere are those whom
        the natural course brings there, so a frailty is already tilted (early progressors are the fast ones).
    """

    name: str
    groups: tuple[tuple[float, tuple[TreatmentEffect, ...]], ...] = ((1.0, ()),)
    start: str | None = None

    def __post_init__(self) -> None:
        shares = [share for share, _ in self.groups]
        faults = [fault for _, effects in self.groups for e in effects for fault in e.faults()]
        if not shares or min(shares) < 0 or abs(sum(shares) - 1.0) > 1e-9:
            faults.append(f"shares of the groups must be from 0 to 1 and sum to 1; got {shares}")
        if faults:
            raise InputError(f"cohort {self.name!r}:\n  " + "\n  ".join(faults))

    @classmethod
    def treated(
        cls,
        name: str,
        given: Mapping[str, tuple[float, tuple[TreatmentEffect, ...]]],
        *,
        start: str | None = None,
    ) -> Cohort:
        """Groups from treated fractions: treatment -> (fraction given it, its effects), each independent of the others.

        Example
        -------
        >>> from survsim.calibration import Cohort, TreatmentEffect
        >>> effect = TreatmentEffect(transition="controlled>progressed", hazard_ratio="hr")
        >>> Cohort.treated("series", {"radiotherapy": (0.75, (effect,))}).groups[0][0]
        0.75
        """
        for treatment, (fraction, _) in given.items():
            if not 0.0 <= fraction <= 1.0:
                raise InputError(
                    f"cohort {name!r}: the fraction given {treatment} lies within 0 and 1; got {fraction}."
                )
        groups = []
        for chosen in itertools.product((True, False), repeat=len(given)):
            share, effects = 1.0, list[TreatmentEffect]()
            for taken, (fraction, own) in zip(chosen, given.values()):
                share *= fraction if taken else 1.0 - fraction
                effects += own if taken else ()
            if share > 0.0:
                groups.append((share, tuple(effects)))
        return cls(name=name, groups=tuple(groups), start=start)

    def effects(self) -> tuple[TreatmentEffect, ...]:
        """Every effect of every group."""
        return tuple(e for _, effects in self.groups for e in effects)


KINDS = ("event_free", "time_to", "incidence", "share")


@stored
@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """What a paper counts, in states of the course.

    ============ =====================================================================================
    kind         quantity at t
    ============ =====================================================================================
    event_free   P(in `states`): overall survival with all living states, progression-free survival
                 with those before progression
    time_to      P(no `event` yet) were other exits from `states` censored: time to progression,
                 cause-specific survival
    incidence    P(`event` by t), other exits competing
    share        P(`event` by t) / P(in any end by t): share of deaths by cause
    ============ =====================================================================================

    Attributes
    ----------
    kind : one of the four.
    states : those still without event; event : those that are it.
    """

    kind: str
    states: tuple[str, ...] = ()
    event: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise InputError(f"an endpoint is one of {', '.join(KINDS)}; got {self.kind!r}.")
        if self.kind in ("event_free", "time_to") and not self.states:
            raise InputError(f"an endpoint of kind {self.kind} needs the states that are free of the event.")
        if self.kind != "event_free" and not self.event:
            raise InputError(f"an endpoint of kind {self.kind} needs the states that are the event.")

    def faults(self, model: CourseModel) -> list[str]:
        """What of the endpoint the model cannot give."""
        found = [
            f"state {s!r} is none of {', '.join(model.states)}"
            for s in (*self.states, *self.event)
            if s not in model.states
        ]
        if self.kind == "time_to":
            found += [
                f"{t.name} enters the event from outside {', '.join(self.states)}"
                for t in model.transitions
                if t.target in self.event and t.source not in self.states
            ]
        if self.kind in ("incidence", "share"):
            found += [
                f"{s} can be left and entered again, so entries are no {self.kind}"
                for s in self.event
                if s in model.states and s in model.reached_from(s)
            ]
        return found
