"""Declared matrices as numbers of one draw: each row sums to one, or the row and its sum are said."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from survsim.core.checks import FloatArray
from survsim.core.errors import ScenarioError
from survsim.core.numerals import NUMERAL, number_in
from survsim.core.plain_csv import named_rows
from survsim.simulation.declared.cycles import REST, SUM, Cycles, CycleStrategy, Matrix, MatrixFile
from survsim.simulation.declared.model import Numbers
from survsim.simulation.declared.varying import ByTime, Together, Varying


def matrices_at(
    declared: Cycles, strategy: str, draw: int, number: Numbers, ends: FloatArray
) -> list[FloatArray]:
    """The matrix (states, states) of each cycle between `ends` (cycles + 1,), in one draw."""
    bands = declared.strategies[strategy].of_time()
    until = np.array([np.inf if band.until is None else band.until for band in bands])
    made: dict[int, FloatArray] = {}
    found = []
    for begin, end in itertools.pairwise(ends.tolist()):
        k = int(np.searchsorted(until, 0.5 * (begin + end), side="right"))
        band = bands[k]
        where = f"strategy {strategy}" + (f", until {band.until:g}" if band.until is not None else "")
        if isinstance(band.matrix, Matrix) and band.matrix.changes:
            told = f"{where}, cycle from {begin:g} to {end:g}"
            values = _numbers(band.matrix, draw, number, told, declared.states, (begin, end))
            found.append(checked_matrix(values, declared, told))
            continue
        if k not in made:
            values = _numbers(band.matrix, draw, number, where, declared.states, (begin, end))
            made[k] = checked_matrix(values, declared, where)
        found.append(made[k])
    return found


def in_cycle(entry: Varying, begin: float, end: float, number: Numbers) -> float:
    """The probability of an entry in the cycle from `begin` to `end`."""
    if isinstance(entry, Together):
        parts = [in_cycle(one, begin, end, number) for one in entry.others]
        return float(sum(parts) + sum(number(v) for v in entry.numbers))
    if isinstance(entry, ByTime):
        at = begin if entry.at == "start" else end
        # a cycle end is a multiple that may miss a break by its last bits
        return number(entry.values[int(np.searchsorted(entry.breaks, at * (1 + 1e-12), side="right"))])
    # numbers of a law are in the unit of the model, whichever it is: the unit of the object does not matter here
    law = entry.law.build(number, "years")
    spent = float(law.cumulative_hazard(end)) - float(law.cumulative_hazard(begin))
    return float(-np.expm1(-number(entry.hazard_ratio) * spent))


def _numbers(
    matrix: Any,
    draw: int,
    number: Numbers,
    where: str,
    states: Sequence[str],
    cycle: tuple[float, float],
) -> FloatArray:
    if isinstance(matrix, MatrixFile):
        raise ScenarioError(
            f"{where}: the matrix {matrix.file} has not been read; read the scenario from its file."
        )
    k = len(states)
    if isinstance(matrix, Matrix):
        if len(matrix.rows) != k or any(len(row.entries) != k for row in matrix.rows):
            sizes = " x ".join(
                str(n) for n in (len(matrix.rows), max((len(r.entries) for r in matrix.rows), default=0))
            )
            raise ScenarioError(f"{where}: the matrix is {sizes}; with {k} states it is {k} x {k}.")
        values = np.array([[number(v) for v in row.entries] for row in matrix.rows])
        for i, row in enumerate(matrix.rows):
            for j, entry in row.varying.items():
                values[i, j] = in_cycle(entry, *cycle, number)
            if row.rest is not None:
                values[i, row.rest] = _left(values[i], where, states[i])
        return values
    values = np.asarray(matrix, dtype=np.float64)
    values = values[draw] if values.ndim == 3 else values
    if values.shape != (k, k):
        raise ScenarioError(
            f"{where}: the matrix is {values.shape[0]} x {values.shape[1]}; with {k} states it is {k} x {k}."
        )
    return values


def _left(row: FloatArray, where: str, state: str) -> float:
    left = 1.0 - float(row.sum())
    if left < -SUM:
        raise ScenarioError(
            f"{where}: the other entries of row {state} sum to {row.sum():.10g}, above 1; nothing is left as rest."
        )
    return max(left, 0.0)


def checked_matrix(values: FloatArray, declared: Cycles, where: str) -> FloatArray:
    """The matrix, its rows made to sum to 1 to the last bit; refused with the row and its sum where they do not."""
    states, faults = declared.states, []
    for i, row in enumerate(values):
        entries = " + ".join(f"{name} {p:.10g}" for name, p in zip(states, row) if p)
        bad = [j for j, p in enumerate(row) if not 0 <= p <= 1]
        if bad:
            j = bad[0]
            faults.append(
                f"{where}: from {states[i]} to {states[j]} stands {row[j]:.10g}; a probability lies between 0 and 1"
            )
        elif abs(row.sum() - 1.0) > SUM:
            faults.append(
                f"{where}: row {states[i]} sums to {row.sum():.10g} ({entries}); a row sums to 1. Correct a number, or write "
                f"{REST} for the entry that takes what the others leave"
            )
        elif states[i] in declared.deaths and row[i] != 1.0:
            faults.append(
                f"{where}: {states[i]} is a death, and its row leads on ({entries}); nobody leaves it"
            )
    if faults:
        raise ScenarioError("the matrix cannot be used as written:\n  " + "\n  ".join(faults))
    return values / values.sum(axis=1, keepdims=True)


def read_matrix_csv(text: str, name: str, declared: Cycles) -> CycleStrategy:
    """The matrices of a CSV: columns ``from`` and one for each state; with a column ``until``, a matrix for each of its times.

    An empty ``until`` is that of the last matrix. Cells are numbers, names of parameters, or rest.
    """
    rows = named_rows(text, name)
    head = rows.columns
    wanted = ["from", *declared.states]
    if sorted(c for c in head if c != "until") != sorted(wanted):
        raise ScenarioError(
            f"{name} needs the columns {', '.join(wanted)}, and until where it changes; it has: {', '.join(head)}."
        )
    bands: dict[str, dict[str, list[float | str]]] = {}
    for line, cell in zip(rows.lines, rows.cells):
        band = bands.setdefault(cell.get("until", ""), {})
        if cell["from"] not in declared.states or cell["from"] in band:
            raise ScenarioError(
                f"{name}, line {line}: {cell['from']!r} {'stands twice' if cell['from'] in band else 'is not a state'}; states: "
                f"{', '.join(declared.states)}."
            )
        band[cell["from"]] = [_entry(cell[s]) for s in declared.states]
    made = []
    for end, by_state in bands.items():
        missing = [s for s in declared.states if s not in by_state]
        if missing:
            raise ScenarioError(f"{name}: no row from {', '.join(missing)}{f' until {end}' if end else ''}.")
        made.append(
            {"matrix": [by_state[s] for s in declared.states], **({"until": _time(end, name)} if end else {})}
        )
    if len(made) == 1 and "until" not in made[0]:
        return CycleStrategy(matrix=made[0]["matrix"])
    until: list[Any] = [one.get("until") for one in made]
    if None in until[:-1] or until[-1] is not None or sorted(until[:-1]) != until[:-1]:
        told = ", ".join("none" if t is None else f"{t:g}" for t in until)
        raise ScenarioError(
            f"{name}: the matrices follow each other, until increases, and that of the last is empty; found until {told}."
        )
    return CycleStrategy.model_validate({"bands": made})


def _entry(text: str) -> float | str:
    """A cell of the file: a number, the name of a parameter, or nothing for 0."""
    return float(text or 0) if not text or NUMERAL.fullmatch(text) else text


def _time(text: str, name: str) -> float:
    try:
        return number_in(text)
    except ValueError:
        raise ScenarioError(f"{name}: until is a time; found {text!r}.") from None
