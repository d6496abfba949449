"""Simulated arms whose truth is known, drawn as a paper would print them, and how far a reconstruction is from them.

Nothing here uses the package: the Kaplan-Meier curve, the risk table, the clicks and the hazard ratio are computed from
the patients by the few lines below.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

SHAPES = ("light censoring", "heavy censoring", "flat tail", "ties", "late entry")
SIZES = (20, 100, 500, 2000)
TABLES: tuple[float | None, ...] = (3.0, 6.0, 12.0, None)
READINGS = ((20, 0.01), (60, 0.005), (300, 0.001))
"""Clicks on the curve, and the step to which a level is read; times are read to ten times that step, in months."""
KNOWN = ("curve", "events", "marks", "events and marks")
END = 48.0
HAZARD_RATIO = 0.7
GRID = 1000


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One kind of published figure."""

    shape: str
    n: int
    table: float | None
    clicks: int
    rounding: float


def cells() -> list[Cell]:
    """All kinds of figures: shape x size x risk table x reading."""
    return [
        Cell(shape=shape, n=n, table=table, clicks=clicks, rounding=rounding)
        for shape, n, table, (clicks, rounding) in product(SHAPES, SIZES, TABLES, READINGS)
    ]


@dataclass(frozen=True, kw_only=True)
class Arm:
    """The patients of one arm and what a paper prints of them.

    time, event, entry : (n,) the truth, months. click, level : (k,) as read, first (0, 1). risk_time, at_risk : (r,) or
    None. marks : (c,) times of the censor marks. axis : end of the drawn curve.
    """

    time: np.ndarray
    event: np.ndarray
    entry: np.ndarray
    click: np.ndarray
    level: np.ndarray
    risk_time: np.ndarray | None
    at_risk: np.ndarray | None
    marks: np.ndarray
    axis: float

    @property
    def n_event(self) -> int:
        return int(self.event.sum())


def pair(cell: Cell, rng: np.random.Generator) -> tuple[Arm, Arm]:
    """Control and treated, with hazard ratio 0.7."""
    return _arm(cell, 1.0, rng), _arm(cell, HAZARD_RATIO, rng)


def _arm(cell: Cell, ratio: float, rng: np.random.Generator) -> Arm:
    """Patients until at least three events and something to click on are there."""
    while True:
        time, event, entry = _patients(cell, ratio, rng)
        if event.sum() >= 3 and (entry <= 0).sum() >= 3 and _levels(time, event, entry)[1].min() < 0.95:
            break
    axis = float(time.max())
    click, level = _clicks(cell, *_levels(time, event, entry), axis)
    risk_time = at_risk = None
    if cell.table is not None:
        risk_time = np.arange(0.0, axis, cell.table)
        at_risk = ((entry[None, :] < risk_time[:, None]) | (risk_time[:, None] == 0) & (entry <= 0)).astype(
            int
        )
        at_risk = (at_risk & (time[None, :] >= risk_time[:, None])).sum(axis=1)
        keep = int((at_risk > 0).sum())
        risk_time, at_risk = risk_time[:keep], at_risk[:keep]
    step = 10 * cell.rounding
    marks = np.unique(np.round(time[~event] / step) * step)
    return Arm(
        time=time,
        event=event,
        entry=entry,
        click=click,
        level=level,
        risk_time=risk_time,
        at_risk=at_risk,
        marks=marks[marks > 0],
        axis=axis,
    )


def _patients(
    cell: Cell, ratio: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    n = cell.n
    entry = np.zeros(n)
    death = (rng.exponential(size=n) / ratio) ** (1 / 1.2) * 18.0
    end = rng.uniform(30.0, END, n)
    if cell.shape == "heavy censoring":
        end = np.minimum(end, rng.exponential(15.0, n))
    elif cell.shape == "flat tail":
        # Half are cured; nobody dies late, many are followed to the end.
        death = np.where(rng.random(n) < 0.5, np.inf, (rng.exponential(size=n) / ratio) * 6.0)
    elif cell.shape == "late entry":
        late = rng.random(n) < 0.5
        entry = np.where(late, rng.uniform(0.0, 12.0, n), 0.0)
        # Only who is alive and followed at entry is in the study.
        for _ in range(200):
            gone = np.minimum(death, end) <= entry
            if not gone.any():
                break
            death[gone] = (rng.exponential(size=gone.sum()) / ratio) ** (1 / 1.2) * 18.0
    time, event = np.minimum(death, end), death <= end
    if cell.shape == "ties":
        time = np.maximum(np.ceil(time), 1.0)
    elif cell.shape != "late entry":
        time = np.maximum(np.round(time, 2), 0.01)
    return time, event, entry


def _levels(time: np.ndarray, event: np.ndarray, entry: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Kaplan-Meier drops: times (m,) and levels after them (m,)."""
    drops = np.unique(time[event])
    deaths = np.searchsorted(np.sort(time[event]), drops, "right") - np.searchsorted(
        np.sort(time[event]), drops
    )
    left = time.size - np.searchsorted(np.sort(time), drops)
    # Not yet in the study: those whose entry is at or after the drop; who is there from the start always counts.
    waiting = np.where(entry > 0, entry, -1.0)
    left = left - (time.size - np.searchsorted(np.sort(waiting), drops))
    return drops, np.cumprod(1 - deaths / left)


def _clicks(cell: Cell, drops: np.ndarray, levels: np.ndarray, axis: float) -> tuple[np.ndarray, np.ndarray]:
    """What a reader clicks: every drop where they are few, else drops spread evenly over the height of the curve."""
    if drops.size > cell.clicks - 2:
        wanted = np.linspace(1.0, levels[-1], cell.clicks - 1)[1:]
        at = np.unique([int(np.argmin(np.abs(levels - w))) for w in wanted])
        drops, levels = drops[at], levels[at]
    step = 10 * cell.rounding
    click = np.concatenate([[0.0], np.round(drops / step) * step, [axis]])
    level = np.concatenate([[1.0], np.round(levels / cell.rounding) * cell.rounding, [0.0]])
    level[-1] = level[-2]
    return click, np.minimum.accumulate(level)


def curve_at(
    grid: np.ndarray, time: np.ndarray, event: np.ndarray, entry: np.ndarray | None = None
) -> np.ndarray:
    """Kaplan-Meier survival of some patients at times (g,)."""
    if not event.any():
        return np.ones(grid.size)
    drops, levels = _levels(time, event, np.zeros(time.size) if entry is None else entry)
    return np.concatenate([[1.0], levels])[np.searchsorted(drops, grid, "right")]


def rmse(arm: Arm, time: np.ndarray, event: np.ndarray, entry: np.ndarray | None = None) -> float:
    """Root mean squared distance to the arm's own Kaplan-Meier curve on 1,000 points of the drawn axis."""
    grid = np.linspace(0.0, arm.axis, GRID)
    error = curve_at(grid, time, event, entry) - curve_at(grid, arm.time, arm.event, arm.entry)
    return float(np.sqrt(np.mean(error**2)))


Group = tuple[np.ndarray, np.ndarray, np.ndarray]


def log_hazard_ratio(control: Group, treated: Group) -> float:
    """Cox's ln HR of two groups (time, event, entry) by Newton's steps on the Efron likelihood."""
    time = np.concatenate([control[0], treated[0]])
    event = np.concatenate([control[1], treated[1]])
    drops = np.unique(time[event])
    deaths, left = np.zeros((2, drops.size)), np.zeros((2, drops.size))
    for g, (t, e, start) in enumerate((control, treated)):
        t, died = np.sort(t), np.sort(t[e])
        deaths[g] = np.searchsorted(died, drops, "right") - np.searchsorted(died, drops)
        waiting = np.sort(np.where(start > 0, start, -1.0))
        left[g] = t.size - np.searchsorted(t, drops) - (t.size - np.searchsorted(waiting, drops))
    both = deaths.sum(axis=0).astype(int)
    at = np.repeat(np.arange(drops.size), both)
    share = (np.arange(at.size) - np.repeat(np.cumsum(both) - both, both)) / both[at]
    n0 = left[0, at] - share * deaths[0, at]
    n1 = left[1, at] - share * deaths[1, at]
    beta = 0.0
    for _ in range(30):
        p = n1 * np.exp(beta) / (n0 + n1 * np.exp(beta))
        information = float(np.sum(p * (1 - p)))
        if information <= 0:
            break
        step = (float(deaths[1].sum()) - float(p.sum())) / information
        beta += float(np.clip(step, -1.0, 1.0))
        if abs(step) < 1e-10:
            break
    return beta
