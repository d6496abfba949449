"""What a row of the table is: a workload, those who do it, and what is wanted of survsim."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Call = Callable[[], Any]
Contestant = Callable[[dict[str, Any]], tuple[Call, Callable[[Any], list[float]]]]
"""From the data to a call and to the numbers in its answer that all must agree on."""


@dataclass(frozen=True, slots=True)
class Timed:
    """What a call returns that timed itself (another program, or a part of a longer run): seconds and its answer."""

    cpu: float
    wall: float
    answer: list[float]


@dataclass(frozen=True, slots=True)
class Goal:
    """A wish: at most so many times the processor time of another, at least so many times faster, or a figure.

    Attributes
    ----------
    against : name of another contestant; "fastest" for all of them; "" for a figure of survsim's own answer.
    times : survsim may take this many times the other's time, or with `faster` must be this many times faster.
    limit, measure, unit : for a figure: the most that is allowed of "cpu", "wall", or the number of an answer.
    """

    against: str = ""
    times: float = 1.0
    faster: bool = False
    limit: float = 0.0
    measure: str | int = "cpu"
    unit: str = "s"

    def told(self) -> str:
        """The wish in words."""
        if not self.against:
            return f"at most {self.limit:g} {self.unit}"
        if self.against == "fastest":
            return "fastest of all"
        return (
            f"{self.times:g} x faster than {self.against}"
            if self.faster
            else f"at most {self.times:g} x {self.against}"
        )


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    Attributes
    ----------
    title : the workload in a few words.
    data : makes the data, the same in every process.
    contestants : by name; "survsim" first. Those named `own` run in survsim's environment, others in the peers'.
    goals : all must hold for "met".
    tolerance : largest relative difference of the answers.
    rounds : timed calls of each, in turn.
    share : how much of the work a slow contestant does (0.1: a tenth); its time is scaled up.
    once : the first call is the measurement (long runs).
    """

    title: str
    data: Callable[[], dict[str, Any]]
    contestants: dict[str, Contestant]
    goals: tuple[Goal, ...]
    tolerance: float = 1e-6
    rounds: int = 7
    share: dict[str, float] = field(default_factory=dict)
    once: bool = False


OWN = ("survsim", "hand")
"""Contestants whose names begin so are run by survsim's own interpreter."""
