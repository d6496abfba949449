"""A cohort model in plain sentences, made from its data alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from survsim.core.result import format_number
from survsim.simulation.declared.cohort_values import OwnValues
from survsim.simulation.declared.cycles import Cycles, Matrix, MatrixFile, Row
from survsim.simulation.declared.explain_states import explain_values, told_number
from survsim.simulation.declared.partitioned import (
    STATES,
    Partitioned,
    PointsCurve,
    RatioCurve,
    SplineCurve,
)
from survsim.simulation.declared.values import Values
from survsim.simulation.declared.varying import OfLaw, Together
from survsim.simulation.laws.law import LawBase


def explain_cohort(declared: Partitioned | Cycles, time_unit: str, values: Values | None = None) -> str:
    """The model as sentences, a strategy after the other, and what is counted."""
    lines = (
        _partitioned(declared, time_unit)
        if isinstance(declared, Partitioned)
        else _cycles(declared, time_unit)
    )
    return "\n".join([*lines, *explain_values(values, {}, time_unit)])


_COUNT = {
    "start": "each cycle counts by its start",
    "end": "each cycle counts by its end",
    "life_table": "each cycle counts by the mean of its two ends",
    "half_cycle": "the ends of cycles count, the first and the last by half",
    "simpson": "the ends of cycles count by Simpson's weights",
}


def _counting(declared: Partitioned | Cycles) -> str:
    how = declared.correction
    told = _COUNT[how] if isinstance(how, str) else "the ends of cycles count by weights of their own"
    return (
        f"{told}; what is counted once counts {'in full' if declared.once == 'plain' else 'by those weights'}"
    )


def _own(values: Mapping[str, OwnValues]) -> Iterator[str]:
    """What an outcome counts under one strategy in place of what it counts for all."""
    for name, one in values.items():
        told = [
            f"{field.replace('_', ' ')} {', '.join(f'{k} {told_number(v)}' for k, v in getattr(one, field).items())}"
            for field in ("by_state", "at_entry", "at_transition")
            if getattr(one, field)
        ]
        if one.at_beginning != 0.0:
            told.append(f"{told_number(one.at_beginning)} at the beginning")
        for span in one.added:
            more = ", ".join(f"{k} {told_number(v)}" for k, v in span.by_state.items())
            told.append(f"{more} on top from {span.from_:g} to {span.until:g}")
        yield f"  {name}: {'; '.join(told) or 'as for all'}"


def _partitioned(declared: Partitioned, unit: str) -> Iterator[str]:
    yield f"A cohort partitioned by two curves a strategy into {', '.join(STATES)}; times in {unit}."
    yield (
        "Progression-free survival is taken down to overall survival where it lies above."
        if declared.nested
        else "Progression-free survival above overall survival is refused."
    )
    yield (
        "The time in each state is the exact area between the curves."
        if declared.cycle is None
        else f"The curves are read at the ends of cycles (length {declared.cycle:g}, in {unit}): {_counting(declared)}."
    )
    if declared.state_transition is not None:
        yield (
            "Beside it stands a model of transitions fitted to the same curves; of the events of progression-free survival "
            f"the share {declared.state_transition.deaths} is taken to be deaths."
        )
    for name, one in declared.strategies.items():
        yield f"{one.label or name} ({name})"
        yield f"  progression_free: {_curve(one.progression_free, unit)}"
        yield f"  overall: {_curve(one.overall, unit)}"
        yield from _own(one.values)


def _curve(curve: Any, unit: str) -> str:
    if isinstance(curve, tuple):
        return f"{len(curve)} curves, one a draw"
    if isinstance(curve, RatioCurve):
        return f"the curve of {curve.reference}, hazards multiplied by {told_number(curve.hazard_ratio)}"
    if isinstance(curve, SplineCurve):
        return f"a spline of {len(curve.knots)} knots on the {curve.scale} scale"
    if isinstance(curve, PointsCurve):
        last = format_number(curve.survival[-1])
        return f"{len(curve.times)} points to {curve.times[-1]:g} {unit}, down to {last}, joined by {curve.joined}"
    if isinstance(curve, LawBase):
        told = ", ".join(f"{k} {told_number(v)}" for k, v in curve if k != "family")
        return f"{curve.family} with {told}"
    return type(curve).__name__


def _cycles(declared: Cycles, unit: str) -> Iterator[str]:
    yield f"A cohort in cycles of {declared.length} over the states {', '.join(declared.states)}; times in {unit}."
    start = (
        ", ".join(f"{v} in {k}" for k, v in declared.start.items()) or f"everybody in {declared.states[0]}"
    )
    yield f"It begins with {start}."
    counting = _counting(declared)
    yield f"{counting[0].upper()}{counting[1:]}."
    for name, one in declared.strategies.items():
        yield f"{one.label or name} ({name})"
        for band in one.of_time():
            yield (
                f"  until {band.until:g} {unit}:"
                if band.until is not None
                else "  in each cycle:"
                if len(one.of_time()) == 1
                else "  from then on:"
            )
            yield from _matrix(band.matrix, declared.states)
        yield from _own(one.values)


def _matrix(matrix: Any, states: tuple[str, ...]) -> Iterator[str]:
    if isinstance(matrix, MatrixFile):
        yield f"    the matrix of {matrix.file}"
    elif isinstance(matrix, Matrix):
        for state, row in zip(states, matrix.rows):
            yield f"    {state}: {_row(row, states)}"
    else:
        yield (
            f"    a matrix in each of {matrix.shape[0]} draws"
            if matrix.ndim == 3
            else "    a matrix of numbers"
        )


def _entry(entry: Any) -> str:
    if isinstance(entry, Together):
        return " + ".join([*map(told_number, entry.numbers), *(_entry(one) for one in entry.others)])
    if isinstance(entry, OfLaw):
        ratio = "" if entry.hazard_ratio == 1.0 else f", hazard times {told_number(entry.hazard_ratio)}"
        return f"that of each cycle by the law {_curve(entry.law, '')}{ratio}"
    values = ", ".join(map(told_number, entry.values))
    return f"{values} by the cycle's {entry.at} between {', '.join(f'{b:g}' for b in entry.breaks)}"


def _row(row: Row, states: tuple[str, ...]) -> str:
    parts = [
        f"{told_number(v)} to {s}"
        for i, (s, v) in enumerate(zip(states, row.entries))
        if v != 0.0 and i != row.rest
    ]
    parts += [f"{_entry(v)} to {states[i]}" for i, v in sorted(row.varying.items())]
    if row.rest is not None:
        parts.append(f"the rest to {states[row.rest]}")
    return ", ".join(parts) or "nothing"
