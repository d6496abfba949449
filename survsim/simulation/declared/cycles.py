"""Fixed cycles as data: states, a length with its unit, and transition matrices by strategy and time."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

import numpy as np
import pydantic

from survsim.core.declared import Names
from survsim.core.numerals import NUMERAL
from survsim.core.times import increasing
from survsim.core.units import DAYS_PER
from survsim.simulation.declared.cohort_values import OwnValues
from survsim.simulation.declared.varying import AnyVarying, varying
from survsim.simulation.laws.schema import Checked, Number

REST = "rest"
"""What stands for one entry of a row: what the others leave of 1."""
SUM = 1e-8
"""By how much the sum of a row may miss 1."""

_DEAD = ("dead", "death", "died", "deceased")
"""Names of states that are deaths, whatever else is said."""

_LENGTH = re.compile(rf"({NUMERAL.pattern})\s*([A-Za-z]+)")


class Row(Checked):
    """The probabilities with which a state is left for each state within a cycle; `rest` is the place of what is left.

    `varying` are the entries that change from cycle to cycle, by place; their numbers stand as 0 among `entries`.
    """

    entries: tuple[Number, ...]
    rest: int | None = None
    varying: dict[int, AnyVarying] = pydantic.Field(default_factory=dict)


class Matrix(Checked):
    """A transition matrix, a row for each state in their order."""

    rows: tuple[Row, ...]

    @property
    def changes(self) -> bool:
        """Whether some entry is another in every cycle."""
        return any(row.varying for row in self.rows)


class MatrixFile(Checked):
    """A matrix in a CSV beside the scenario: a column ``from``, one for each state, and ``until`` where it changes."""

    file: str


def _matrix(value: Any) -> Any:
    """Rows as lists, or an array (states, states) or (draws, states, states)."""
    if isinstance(value, Matrix | MatrixFile):
        return value
    if isinstance(value, dict) and set(value) == {"file"}:
        return MatrixFile.__pydantic_validator__.validate_python(value)
    if isinstance(value, dict) and set(value) == {"rows"}:
        return Matrix.__pydantic_validator__.validate_python(value)
    if isinstance(value, np.ndarray):
        if value.ndim not in (2, 3) or value.dtype.kind not in "iuf" or value.shape[-1] != value.shape[-2]:
            raise ValueError(
                f"an array of matrices is (states, states) or (draws, states, states); got {value.shape}"
            )
        if not np.isfinite(value).all():
            raise ValueError("a matrix holds a number that is missing or infinite")
        return value.astype(np.float64)
    if not isinstance(value, list | tuple) or not all(isinstance(row, list | tuple) for row in value):
        raise ValueError(
            "a matrix is a list of rows, a mapping of states to rows, an array, or {file: name.csv} of a CSV"
        )
    return Matrix.__pydantic_validator__.validate_python({"rows": [_row(row) for row in value]})


def _row(row: Any) -> dict[str, Any]:
    places = [i for i, v in enumerate(row) if isinstance(v, str) and v == REST]
    if len(places) > 1:
        raise ValueError(f"a row has one entry that is the rest; found {len(places)}")
    changing = {i: varying(v) for i, v in enumerate(row) if isinstance(v, dict)}
    return {
        "entries": [0.0 if i in places or i in changing else v for i, v in enumerate(row)],
        "rest": places[0] if places else None,
        "varying": changing,
    }


AnyMatrix = Annotated[Any, pydantic.BeforeValidator(_matrix)]


class Band(Checked):
    """The matrix that holds until a time (in the unit of the model); the last has no end."""

    matrix: AnyMatrix
    until: float | None = pydantic.Field(default=None, gt=0)


class CycleStrategy(Checked):
    """The matrices of a strategy, one for all time or one a band, and what its states are worth beside `values`."""

    matrix: AnyMatrix = None
    bands: tuple[Band, ...] = ()
    label: str = ""
    values: dict[str, OwnValues] = pydantic.Field(default_factory=dict)

    @pydantic.field_validator("matrix", mode="before")
    @classmethod
    def _none(cls, value: Any) -> Any:
        if value is None:
            raise ValueError("a matrix belongs here, or bands in its place")
        return value

    @pydantic.model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.matrix is None) == (not self.bands):
            raise ValueError("a strategy has one matrix, or bands of matrices; give one of the two")
        ends = [b.until for b in self.bands]
        if self.bands and (ends[-1] is not None or None in ends[:-1]):
            raise ValueError("every band but the last says until when it holds; the last has no until")
        times = [e for e in ends if e is not None]
        if not increasing(np.array(times, dtype=float)):
            raise ValueError("bands follow each other: until increases")
        return self

    def of_time(self) -> tuple[Band, ...]:
        """The matrices as bands."""
        return self.bands or (Band.model_construct(matrix=self.matrix, until=None),)


Correction = Literal["start", "end", "half_cycle", "life_table", "simpson"]


class Cycles(Checked):
    """A cohort that moves at the ends of fixed cycles.

    Attributes
    ----------
    length : with its unit, such as "1 year" or "3 months".
    states, deaths : names in the order of rows and columns; those of them that are deaths.
    start : share of the cohort that begins in each state; default all in the first.
    correction : "start" and "end" count each cycle by the state at its start or end; "half_cycle" halves the first and last
        state of the whole; "life_table" takes the mean of each cycle's two ends; "simpson" weighs 1/3, 4/3, 2/3 and so on
        (an even number of cycles); or weights by themselves, one for each cycle end from 0 on.
    once : whether what is counted once, at the end of the cycle in which it happens, counts in full ("plain") or by the
        weight of that end ("weighed"), which is what models that correct whole arrays of transitions do; it matters for
        the corrections half_cycle and simpson and for weights by themselves.
    run : "cohort" for shares, exactly; "patients" for patients drawn one by one, the same luck under each strategy.
    """

    length: str
    states: Names = pydantic.Field(min_length=2)
    deaths: Names = ()
    start: dict[str, Number] = pydantic.Field(default_factory=dict)
    correction: Correction | tuple[float, ...] = "life_table"
    once: Literal["plain", "weighed"] = "plain"
    strategies: dict[str, CycleStrategy] = pydantic.Field(min_length=1)
    run: Literal["cohort", "patients"] = "cohort"

    @pydantic.field_validator("length", mode="before")
    @classmethod
    def _with_unit(cls, value: Any) -> Any:
        found = _LENGTH.fullmatch(value.strip()) if isinstance(value, str) else None
        if found is None or unit_of(found.groups()[-1]) is None or float(found.group(1)) <= 0:
            raise ValueError(
                f"the length of a cycle is a number above 0 with its unit, such as '1 year' or '3 months'; found {value!r}"
            )
        return value

    @pydantic.model_validator(mode="before")
    @classmethod
    def _mappings(cls, content: Any) -> Any:
        """Rows by name of state become rows in the order of the states."""
        if not isinstance(content, dict) or not isinstance(content.get("strategies"), dict):
            return content
        states = content.get("states")
        if not isinstance(states, list | tuple) or not all(isinstance(s, str) for s in states):
            return content
        states = list(states)
        strategies = {}
        for name, one in content["strategies"].items():
            if isinstance(one, dict):
                one = {**one}
                deaths = _names(content.get("deaths"))
                if isinstance(one.get("matrix"), dict):
                    one["matrix"] = _ordered(one["matrix"], states, deaths, name)
                if isinstance(one.get("bands"), list | tuple):
                    one["bands"] = [
                        {**b, "matrix": _ordered(b["matrix"], states, deaths, name)}
                        if isinstance(b, dict) and isinstance(b.get("matrix"), dict)
                        else b
                        for b in one["bands"]
                    ]
            strategies[name] = one
        return {**content, "strategies": strategies}

    @pydantic.model_validator(mode="after")
    def _whole(self) -> Self:
        for what, names in (("deaths", self.deaths), ("start", tuple(self.start))):
            for name in names:
                if name not in self.states:
                    raise ValueError(f"{what}: {name!r} is not a state; states: {', '.join(self.states)}")
        buried = [s for s in self.states if s.lower() in _DEAD and s not in self.deaths]
        if buried:
            raise ValueError(
                f"{buried[0]!r} is a state of the living here, and the time in it counts as life; name it under deaths"
            )
        if not isinstance(self.correction, str) and any(w < 0 for w in self.correction):
            raise ValueError("correction: weights of cycle ends are at least 0")
        if len(self.deaths) == len(self.states):
            raise ValueError("deaths: at least one state is of the living")
        return self

    @property
    def alive(self) -> tuple[str, ...]:
        """The states of the living."""
        return tuple(s for s in self.states if s not in self.deaths)

    def length_in_days(self) -> float:
        """The length of a cycle in days."""
        found = _LENGTH.fullmatch(self.length.strip())
        assert found is not None
        return float(found.group(1)) * DAYS_PER[str(unit_of(found.groups()[-1]))]


def unit_of(word: str) -> str | None:
    """The unit of time that a word, singular or plural, names."""
    plural = word.lower() if word.lower().endswith("s") else f"{word.lower()}s"
    return plural if plural in DAYS_PER else None


def _names(value: Any) -> tuple[str, ...]:
    return tuple(value) if isinstance(value, list | tuple) else ()


def _ordered(rows: dict[str, Any], states: list[str], deaths: tuple[str, ...], strategy: str) -> Any:
    if set(rows) in ({"file"}, {"rows"}):
        return rows
    for name in (*rows, *(n for row in rows.values() if isinstance(row, dict) for n in row)):
        if name not in states:
            raise ValueError(
                f"strategies.{strategy}.matrix: {name!r} is not a state; states: {', '.join(states)}"
            )
    if any(not isinstance(row, dict) for row in rows.values()):
        raise ValueError(
            f"strategies.{strategy}.matrix: each row names states and probabilities, such as {{A: rest, B: 0.1}}"
        )
    lost = [s for s in states if s not in rows and s not in deaths]
    if lost:
        raise ValueError(
            f"strategies.{strategy}.matrix: there is no row from {lost[0]}; write {{{lost[0]}: 1}} for a state that nobody leaves"
        )
    return [[rows.get(a, {a: 1.0}).get(b, 0.0) for b in states] for a in states]
