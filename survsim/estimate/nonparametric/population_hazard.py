"""Mortality of a population by age, calendar year and whatever else its table tells apart, followed along each patient's life."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from survsim.core.checks import FloatArray, IntArray, as_labels, float_vector, positions, require_columns
from survsim.core.errors import ExtrapolationWarning, InputError, warn
from survsim.core.frames import as_frame, is_table
from survsim.core.times import meet
from survsim.core.units import DAYS_PER

OLDEST = 130.0
VALUES = ("probability", "rate")
DAYS_A_YEAR = DAYS_PER["years"]


@dataclass(frozen=True, slots=True)
class Population:
    """Hazards per year, constant within a cell of age and calendar year.

    Attributes
    ----------
    ages, years : (A,), (Y,) lower ends of the cells; the last goes on for ever. One year, 0, for a table without years.
    dated : whether the table has years.
    keys : further columns; hazard : (A, Y) for each combination of their labels.
    """

    ages: FloatArray
    years: FloatArray
    dated: bool
    keys: tuple[str, ...]
    hazard: dict[tuple[Any, ...], FloatArray]

    def cumulative(self, labels: tuple[Any, ...], age: float, year: float, at: FloatArray) -> FloatArray:
        """Cumulative hazard (k,) at `at` (k,), increasing years since a patient was `age` years old in `year`."""
        cuts = np.concatenate([self.ages[1:] - age, self.years[1:] - year])
        inside = np.unique(cuts[(cuts > 0.0) & (cuts < at[-1])])
        knots = np.concatenate([[0.0], inside, [max(at[-1], 0.0)]])
        middle = 0.5 * (knots[1:] + knots[:-1])
        rate = self.hazard[labels][_cell(self.ages, age + middle), _cell(self.years, year + middle)]
        return np.interp(at, knots, np.concatenate([[0.0], np.cumsum(rate * np.diff(knots))]))


@dataclass(frozen=True, slots=True)
class Lives:
    """Where each of n patients stands in the table at time 0: age and year (n,), and the labels of the further columns."""

    age: FloatArray
    year: FloatArray
    labels: list[tuple[Any, ...]]

    def hazard(self, population: Population, at: FloatArray) -> FloatArray:
        """Hazard (n,) per year of each patient at `at` (n,) years after time 0."""
        ages, years = _cell(population.ages, self.age + at), _cell(population.years, self.year + at)
        rows = zip(self.labels, ages, years)
        return np.array([population.hazard[label][a, y] for label, a, y in rows], dtype=np.float64)

    def cumulative(self, population: Population, patient: int, at: FloatArray) -> FloatArray:
        """Cumulative hazard (k,) of one patient at `at` (k,) years after time 0."""
        return population.cumulative(
            self.labels[patient], float(self.age[patient]), float(self.year[patient]), at
        )


def read_population(table: Any) -> Population:
    """The population behind a frame with the columns age, year (or none), probability or rate, and further ones.

    Raises
    ------
    InputError : both or none of probability and rate, a value outside its range, a cell twice or not at all.
    """
    if not (is_table(table) or hasattr(table, "columns")):
        raise InputError(
            "population must be a frame with a row for each age (columns age, probability or rate, and year or groups where "
            f"they matter), or a dictionary of such columns; got {type(table).__name__}."
        )
    frame = as_frame(table, "population")
    require_columns(frame, ["age"], "population")
    have = [name for name in VALUES if name in frame.columns]
    if len(have) != 1:
        raise InputError(
            f"population needs one of the columns probability (of dying within a year) and rate (per year); it has "
            f"{' and '.join(have) or 'neither'}."
        )
    if not len(frame):
        raise InputError("population has no row; give one row for each age, year and group.")
    hazard = _hazard(have[0], float_vector(have[0], frame[have[0]]))
    age = float_vector("age of population", frame["age"])
    dated = "year" in frame.columns
    year = float_vector("year of population", frame["year"]) if dated else np.zeros(len(frame))
    if (age < 0).any() or (age > OLDEST).any():
        raise InputError(
            f"age of population must be years from 0 to {OLDEST:g}; found {age[(age < 0) | (age > OLDEST)][0]:g}."
        )
    keys = tuple(str(c) for c in frame.columns if c not in ("age", "year", *VALUES))
    ages, years = np.unique(age), np.unique(year)
    rows = _labels(frame, keys)
    made: dict[tuple[Any, ...], FloatArray] = {}
    for label, a, y, value in zip(rows, np.searchsorted(ages, age), np.searchsorted(years, year), hazard):
        cells = made.setdefault(label, np.full((ages.size, years.size), np.nan))
        if not np.isnan(cells[a, y]):
            raise InputError(f"population has two rows for {_name(keys, label, ages[a], years[y], dated)}.")
        cells[a, y] = value
    for label, cells in made.items():
        if np.isnan(cells).any():
            a, y = np.argwhere(np.isnan(cells))[0]
            raise InputError(
                f"population has no row for {_name(keys, label, ages[a], years[y], dated)}; each group needs every age"
                f"{' in every year' if dated else ''}."
            )
    return Population(ages, years, dated, keys, made)


def read_lives(population: Population, data: Any, follow_up: FloatArray, names: tuple[str, str]) -> Lives:
    """Ages, years and labels of patients from the columns of `data` (n rows).

    Parameters
    ----------
    follow_up : (n,) years that each was followed.
    names : columns of the age in years and of the calendar time at time 0.

    Raises
    ------
    InputError : a column that the table needs and `data` has not, an age out of range, a label that the table has not.
    """
    age_name, year_name = names
    dated = [year_name] if population.dated else []
    require_columns(data, [age_name, *dated, *population.keys], "data")
    age = float_vector(age_name, data[age_name])
    wrong = (age < population.ages[0]) | (age > OLDEST)
    if wrong.any():
        raise InputError(
            f"{age_name} must be in years, from {population.ages[0]:g} (the youngest of the population) to {OLDEST:g}; found "
            f"{age[wrong][0]:g} in {positions(wrong)}."
        )
    year = calendar(year_name, data[year_name]) if dated else np.zeros(len(data))
    labels = _labels(data, population.keys)
    for row, label in enumerate(labels):
        if label not in population.hazard:
            raise InputError(
                f"population has no rows for {_pairs(population.keys, label)} (row {row} of the patients); it has "
                f"{'; '.join(_pairs(population.keys, known) for known in list(population.hazard)[:4])}."
            )
    if dated:
        _warn_outside(population.years, year, year + follow_up)
    _warn_older(population.ages, age + follow_up)
    return Lives(age, year, labels)


def calendar(name: str, values: Any) -> FloatArray:
    """Calendar time (n,) as years with decimals, of numbers such as 2003.5 or of dates."""
    import pandas as pd

    if pd.api.types.infer_dtype(values, skipna=True) in ("date", "datetime"):
        values = pd.to_datetime(pd.Series(list(values)))
    if pd.api.types.is_datetime64_any_dtype(values):
        when = pd.DatetimeIndex(values)
        if when.hasnans:
            raise InputError(f"{name} has a missing date; leave those patients out, or find their dates.")
        length = np.where(when.is_leap_year, 366.0, 365.0)
        return np.asarray(when.year + (when.day_of_year - 1) / length, dtype=np.float64)
    years = float_vector(name, values)
    bad = (years < 1700) | (years > 2200)
    if bad.any():
        raise InputError(
            f"{name} must be the calendar year at time 0, such as 2003.5, or a date; found {years[bad][0]:g} in {positions(bad)}."
        )
    return years


def _hazard(kind: str, values: FloatArray) -> FloatArray:
    bad = (values < 0) | (values >= 1 if kind == "probability" else ~np.isfinite(values))
    if bad.any():
        raise InputError(
            f"{kind} of population must be {'from 0 to below 1' if kind == 'probability' else '0 or above'}; found "
            f"{values[bad][0]:g} in {positions(bad)}. Rates per 1,000 or per 100,000 must be divided first."
        )
    return -np.log1p(-values) if kind == "probability" else values


def _cell(cuts: FloatArray, at: FloatArray) -> IntArray:
    """The cell that begins at or before each time; a birthday in the last bits is one."""
    return np.maximum(np.searchsorted(cuts, meet(at, cuts), side="right") - 1, 0)


def _labels(frame: Any, keys: Sequence[str]) -> list[tuple[Any, ...]]:
    if not keys:
        return [()] * len(frame)
    return list(zip(*(as_labels(key, frame[key]).tolist() for key in keys)))


def _pairs(keys: Sequence[str], label: Sequence[Any]) -> str:
    return ", ".join(f"{key} {value!r}" for key, value in zip(keys, label))


def _name(keys: Sequence[str], label: Sequence[Any], age: float, year: float, dated: bool) -> str:
    group = _pairs(keys, label)
    return f"age {age:g}{f', year {year:g}' if dated else ''}{', ' + group if group else ''}"


def _warn_outside(years: FloatArray, begin: FloatArray, end: FloatArray) -> None:
    last = years[-1] + (years[-1] - years[-2] if years.size > 1 else 1.0)
    early, late = int((begin < years[0]).sum()), int((end > last).sum())
    if early or late:
        warn(
            f"the population is known from {years[0]:g} to {last:g}; {early} patients begin before and {late} are followed "
            "beyond: its first and its last year stand for theirs.",
            ExtrapolationWarning,
        )


def _warn_older(ages: FloatArray, end: FloatArray) -> None:
    """Tell of patients who outgrow a table by age; one with a single age holds for all from it on."""
    if ages.size < 2:
        return
    last = ages[-1] + (ages[-1] - ages[-2])
    older = int((end > last).sum())
    if older:
        warn(
            f"the population is known up to age {last:g} ({ages[-1]:g} is its last age); {older} patients are followed to a higher "
            "one: the last age stands for theirs. Take a table that goes further, or leave this where its last age is an open one.",
            ExtrapolationWarning,
        )
