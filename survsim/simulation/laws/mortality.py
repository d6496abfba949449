"""Mortality of the population by age, the calendar and what else tells patients apart, such as their sex."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from survsim.core.checks import FloatArray, IntArray
from survsim.core.errors import ScenarioError
from survsim.kernels.mortality import along_life


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class MortalityTable:
    """A table of rates; `of` gives the law of patients.

    Attributes
    ----------
    ages, periods : where rates change, by age and by the calendar; times all in the unit of the model.
    rates : (sheets, periods + 1, ages + 1); wheres : for each sheet the covariates and their values that it is for.
    age : covariate with the age in years at time 0; now : the calendar year at time 0, or the covariate that holds it.
    per_year : time units in a year.
    """

    ages: FloatArray
    periods: FloatArray
    rates: FloatArray
    wheres: tuple[tuple[tuple[str, float], ...], ...]
    age: str
    now: float | str | None
    per_year: float

    def of(self, covariate: Callable[[str], FloatArray]) -> MortalityOf:
        """The law of patients whose covariates (m,) can be looked up.

        Raises
        ------
        ScenarioError : patients whom no rows of the table are for.
        """
        begin = self.per_year * covariate(self.age)
        now = 0.0 if self.now is None else covariate(self.now) if isinstance(self.now, str) else self.now
        sheet = np.full(begin.size, -1, dtype=np.int64)
        for k, where in enumerate(self.wheres):
            mine = np.ones(begin.size, dtype=bool)
            for name, value in where:
                mine &= covariate(name) == value
            sheet[mine] = k
        lost = np.flatnonzero(sheet < 0)
        if lost.size:
            told = ", ".join(f"{name} {covariate(name)[lost[0]]:g}" for name, _ in self.wheres[0])
            raise ScenarioError(
                f"the life table has no rows for a patient with {told}; name each value that the covariate takes under by."
            )
        return MortalityOf(self, sheet, self.per_year * now - begin, begin)


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class MortalityOf:
    """The law of age at death of patients: cumulative hazards count from their age at time 0."""

    table: MortalityTable
    sheet: IntArray
    born: FloatArray
    begin: FloatArray

    def cumulative_hazard(self, age: FloatArray) -> FloatArray:
        """Cumulative hazard (m,) from the age at time 0 to `age` (m,)."""
        return self._along(age, inverse=False)

    def inverse_cumulative_hazard(self, spent: FloatArray) -> FloatArray:
        """Age (m,) at which a cumulative hazard is reached, infinity if never."""
        return self._along(spent, inverse=True)

    def _along(self, asked: FloatArray, *, inverse: bool) -> FloatArray:
        t = self.table
        asked = np.ascontiguousarray(asked, dtype=np.float64)
        return np.asarray(
            along_life(self.sheet, self.born, self.begin, asked, t.ages, t.periods, t.rates, inverse)
        )
