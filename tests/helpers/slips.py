"""Slips of people who type tables, made at random in the shipped data: each field wrong once, in a plausible way.

A slip is a kind of fault: which rows it can happen to, what it makes of their cells, and whether the tables say anything
against it. `UNSEEN` are those that no rule can see from the tables alone, with the reason; all others are to be one line.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

Row = dict[str, str]
E = "estimates"
UNITS = ("days", "weeks", "months", "years")


@dataclass(frozen=True, slots=True)
class Slip:
    """A kind of fault in one cell of a table; `unseen` says why nothing in the tables can contradict it."""

    name: str
    table: str
    happens_to: Callable[[Row], bool]
    makes: Callable[[Row, random.Random], Row]
    unseen: str = ""


def cell(column: str, change: Callable[[str, random.Random], str]) -> Callable[[Row, random.Random], Row]:
    """A change of one cell."""
    return lambda row, rng: {column: change(row[column], rng)}


def to(word: str) -> Callable[[str, random.Random], str]:
    """Another word in the cell."""
    return lambda was, rng: word


def times(factor: float) -> Callable[[str, random.Random], str]:
    """A slipped decimal, a percent, another unit."""
    return lambda was, rng: f"{float(was) * factor:g}"


def misspelt(was: str, rng: random.Random) -> str:
    """Two letters exchanged, in the middle of a word."""
    at = [i for i in range(1, len(was) - 2) if was[i] != was[i + 1] and was[i : i + 2].isalpha()]
    i = rng.choice(at)
    return was[:i] + was[i + 1] + was[i] + was[i + 2 :]


def doubled(was: str, rng: random.Random) -> str:
    """A letter typed twice."""
    at = [i for i in range(1, len(was) - 1) if was[i].isalpha()]
    i = rng.choice(at)
    return was[: i + 1] + was[i] + was[i + 1 :]


def transposed(was: str, rng: random.Random) -> str:
    """Two neighbouring figures exchanged."""
    at = [i for i in range(len(was) - 1) if was[i : i + 2].isdigit() and was[i] != was[i + 1]]
    i = rng.choice(at)
    return was[:i] + was[i + 1] + was[i] + was[i + 2 :]


def can_transpose(was: str) -> bool:
    """Whether a cell has two neighbouring figures that differ."""
    return any(was[i : i + 2].isdigit() and was[i] != was[i + 1] for i in range(len(was) - 1))


def swapped(a: str, b: str) -> Callable[[Row, random.Random], Row]:
    """Two cells exchanged."""
    return lambda row, rng: {a: row[b], b: row[a]}


def measured(*names: str, **filled: bool) -> Callable[[Row], bool]:
    """Rows of some measures with cells filled (or empty, where False)."""
    return lambda r: r["measure"] in names and all((r[c] != "") == want for c, want in filled.items())


def has(*columns: str) -> Callable[[Row], bool]:
    """Rows with these cells filled."""
    return lambda r: all(r[c] != "" for c in columns)


def ratio(r: Row) -> bool:
    """A ratio with interval, p value and comparator."""
    return r["measure"] == "hazard_ratio" and has("conf_low", "conf_high", "p_value", "comparator")(r) and (
        r["status"] != "questioned" and float(r["conf_low"]) < float(r["value"]) < float(r["conf_high"])
    )  # fmt: skip


def judged(tool: str) -> Callable[[Row], bool]:
    """Judgements by a tool."""
    return lambda r: r["tool"] == tool
