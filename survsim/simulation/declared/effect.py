"""What a treatment does to a hazard, and for how long: the rule that decides more than the size of an effect."""

from __future__ import annotations

from typing import Any, Literal, Self

import numpy as np
import pydantic

from survsim.core.times import increasing, lengthless
from survsim.simulation.laws.law import Law
from survsim.simulation.laws.schema import Checked, Number

DURATIONS = "while_on, always, {for: time} or {waning: {from: time, to: time}}"
"""What `lasts` may say; times count from the start of the treatment."""


class WaningStep(Checked):
    """From `after` (time since the start of the treatment) on, the factor is `factor`."""

    after: float = pydantic.Field(gt=0)
    factor: Number


class _Exposed(Checked):
    """What the rules that outlive a treatment share: how long it must have been given for that."""

    unless_stopped_before: Number = 0.0
    """An exposure: stopped sooner, the effect ends with the treatment."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class LastsFor(_Exposed):
    """The effect acts until `for` after the start, most often the follow-up over which it was reported."""

    for_: Number = pydantic.Field(alias="for")


class WaningSpan(Checked):
    """Where the logarithm of the factor begins to fade, and where nothing of it is left."""

    from_: Number = pydantic.Field(alias="from")
    to: Number

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class LastsWaning(_Exposed):
    """The effect is whole until `from` after the start; its logarithm then falls linearly to nothing at `to`."""

    waning: WaningSpan


Lasts = Literal["while_on", "always"] | LastsFor | LastsWaning
"""How long an effect lasts; no effect is without such a rule."""


class Effect(Checked):
    """What a treatment does to the hazard of a transition while it lasts.

    The factor applies from `delay` after the start for as long as `lasts` says; `waning` replaces it by
    later factors from given times after the start. `hazard_ratio` multiplies the hazard,
    `acceleration_factor` slows its clock (above 1: later events). With `ends_on: progression` the first
    progression after the start ends it, whatever `lasts` says. A `distribution` takes the place of the transition's own while it
    lasts: a law of its own for those on the treatment, on the transition's clock, whatever dose or adherence; factors of
    other effects act on it too.

    Example
    -------
    >>> from survsim.simulation import Effect
    >>> Effect(transition="well>sick", hazard_ratio=0.7, lasts={"for": 24.0}).factor()
    0.7
    """

    transition: str
    hazard_ratio: Number | None = None
    acceleration_factor: Number | None = None
    distribution: Law | None = None
    lasts: Lasts
    ends_on: Literal["progression"] | None = None
    delay: Number = 0.0
    waning: tuple[WaningStep, ...] = ()
    among: Literal["all", "responders"] = "all"

    @pydantic.model_validator(mode="before")
    @classmethod
    def _has_duration(cls, content: Any) -> Any:
        if isinstance(content, dict) and content.get("lasts") is None:
            raise ValueError(
                f"the effect on {content.get('transition')} says not how long it lasts; give lasts: {DURATIONS}. "
                "Most often the source decides: the ratio acts over the follow-up over which it was estimated"
            )
        return content

    @pydantic.model_validator(mode="after")
    def _whole(self) -> Self:
        given = (self.hazard_ratio, self.acceleration_factor, self.distribution)
        if sum(one is not None for one in given) != 1:
            raise ValueError("give hazard_ratio, acceleration_factor or distribution, one of them")
        if self.distribution is not None and (self.waning or isinstance(self.lasts, LastsWaning)):
            raise ValueError(
                "a distribution does not wane; say lasts: {for: time}, or give a hazard_ratio that wanes"
            )
        for name, value in (
            ("hazard_ratio", self.hazard_ratio),
            ("acceleration_factor", self.acceleration_factor),
        ):
            if isinstance(value, float) and value <= 0:
                raise ValueError(f"{name} must be above 0; use a small number for a near-complete effect")
        if isinstance(self.delay, float) and self.delay < 0:
            raise ValueError("delay is a time from the start, at least 0")
        times = [step.after for step in self.waning]
        if not increasing(np.array(times, dtype=float)) or (
            times and isinstance(self.delay, float) and lengthless(self.delay, times[0])
        ):
            raise ValueError("the times of waning must increase and lie beyond delay")
        if self.waning and isinstance(self.lasts, LastsWaning):
            raise ValueError("waning is said twice: in steps, and as lasts: {waning: ...}; keep one")
        return self

    def factor(self) -> Number:
        """The declared hazard ratio or acceleration factor; 1 where it is a distribution."""
        return self.hazard_ratio if self.hazard_ratio is not None else self.acceleration_factor or 1.0

    def landmarks(self) -> tuple[tuple[str, Number], ...]:
        """The times since the start that must increase, each with the word it is declared by."""
        times: list[tuple[str, Number]] = [("delay", self.delay)]
        if isinstance(self.lasts, LastsFor):
            times.append(("for", self.lasts.for_))
        elif isinstance(self.lasts, LastsWaning):
            times += [("from", self.lasts.waning.from_), ("to", self.lasts.waning.to)]
        return tuple(times)
