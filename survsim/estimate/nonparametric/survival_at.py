"""Survival of each group at chosen times."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from survsim.core.checks import FloatArray
from survsim.core.result import Result, result
from survsim.core.tables import Columns

if TYPE_CHECKING:
    pass


class Gap(NamedTuple):
    """A group whose survival is unknown at some of the times asked: its last time, and those times."""

    group: Any
    last: float
    unknown: list[float]


@result
class SurvivalAt(Result):
    """Survival at chosen times, by group.

    Attributes
    ----------
    group : labels, one a row; time, n_risk, estimate, std_error, conf_low, conf_high : (k,), time in
        `unit`. NaN beyond the last follow-up of a group (a warning says so).
    """

    group: tuple[Any, ...]
    time: FloatArray
    n_risk: FloatArray
    estimate: FloatArray
    std_error: FloatArray
    conf_low: FloatArray
    conf_high: FloatArray
    conf_level: float
    unit: str

    def headline(self) -> str:
        return f"Survival at chosen times in {self.unit} ({self.conf_level:.0%} interval)"

    def columns(self) -> Columns:
        """Columns group, time, n_risk, estimate, std_error, conf_low, conf_high."""
        names = ("time", "n_risk", "estimate", "std_error", "conf_low", "conf_high")
        return {"group": list(self.group), **{n: getattr(self, n) for n in names}}
