"""Guyot's method as its paper describes it, written again in plain Python: the baseline of the reconstruction study.

Guyot, Ades, Ouwens & Welton 2012, BMC Med Res Methodol 12:9. It shares no line with the package, repairs nothing and
keeps the paper's habits: the first click has no event, the first guess compares the *first* clicks of two intervals,
events lie at clicks, the censored of a click halfway to the next one. A risk table that rises is walked like any other,
which is how the published method fails under late entry.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

ROUNDS = 200
"""The paper repeats "until equal"; where it would circle for ever the last pass stands."""


@dataclass
class _Walk:
    """Counts at the clicks while the walk goes on; `last` is the latest click with an event."""

    click: list[float]
    level: list[float]
    deaths: list[int]
    lost: list[int]
    left: list[int]
    curve: list[float]
    last: int = 0

    def pass_over(self, first: int, stop: int, start_n: int, last: int) -> int:
        """Step 3 over the clicks first..stop-1; the number at risk after them."""
        self.left[first] = start_n
        for k in range(first, stop):
            n = self.left[k]
            d = 0
            if k > 0 and n > 0 and self.curve[last] > 0:
                d = int(np.floor(n * (1 - self.level[k] / self.curve[last]) + 0.5))
                d = min(max(d, 0), n)
            self.deaths[k] = d
            self.curve[k] = self.curve[last] * (1 - d / n) if k > 0 and n > 0 else self.curve[last]
            self.left[k + 1] = n - d - self.lost[k]
            if d:
                last = k
        self.last = last
        return self.left[stop]

    def spread(self, first: int, stop: int, end: float, count: int) -> None:
        """Step 2: `count` censorings evenly between the first click and `end`, counted into the clicks' bins."""
        begin = self.click[first]
        times = [begin + j * (end - begin) / (count + 1) for j in range(1, count + 1)]
        edges = np.array([*self.click[first:stop], np.inf])
        inside = np.searchsorted(edges, times, side="right") - 1
        self.lost[first:stop] = np.bincount(inside, minlength=stop - first)[: stop - first].tolist()


def guyot_as_published(
    click: np.ndarray, level: np.ndarray, risk_time: np.ndarray, at_risk: np.ndarray, total: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Times and events (d,), (d,) from clicks (first at 0 with level 1), a risk table and perhaps all events."""
    click, level = [float(x) for x in click], [float(x) for x in level]
    first_click = [int(np.searchsorted(click, t)) for t in risk_time]
    keep = [
        i
        for i, f in enumerate(first_click)
        if f < len(click) and (i == 0 or f > first_click[i - 1]) and (at_risk[i] > 0 or i == 0)
    ]
    lower = [first_click[i] for i in keep]
    n = [int(at_risk[i]) for i in keep]
    m, size = len(lower), len(click)
    walk = _Walk(click, level, [0] * size, [0] * size, [0] * (size + 1), [1.0] * size)
    censored, last = [0] * m, 0
    for i in range(m - 1):
        n[i + 1], censored[i], last = _interval(walk, lower[i], lower[i + 1], n[i], n[i + 1], last)
    _last_interval(walk, lower[-1], n[-1], censored, last, total)
    return _patients(walk, n[0])


def _interval(walk: _Walk, first: int, stop: int, n: int, n_next: int, last: int) -> tuple[int, int, int]:
    """Step 4: the number censored varies until the next printed number is met."""
    ratio = walk.level[stop] / walk.level[first] if walk.level[first] > 0 else 0.0
    count = int(np.floor(n * ratio - n_next + 0.5))
    most = max(n - n_next, 0)
    seen: set[int] = set()
    for _ in range(ROUNDS):
        count = min(max(count, 0), most)
        walk.spread(first, stop, walk.click[stop], count)
        found = walk.pass_over(first, stop, n, last)
        if found == n_next or count in seen:
            break
        seen.add(count)
        count += found - n_next
    # Where fewer are left than were printed, the walk goes on with those.
    return min(found, n_next) if found > 0 else max(found, 0), min(max(count, 0), most), walk.last


def _last_interval(
    walk: _Walk, first: int, n: int, censored: list[int], last: int, total: int | None
) -> None:
    """Step 5: the rate of censoring before, or what the printed total of events asks for."""
    size, end = len(walk.click), walk.click[-1]
    past = walk.click[first] - walk.click[0]
    rate = sum(censored[:-1]) / past if past > 0 else 0.0
    count = min(int(np.floor(rate * (end - walk.click[first]) + 0.5)), n)
    before = sum(walk.deaths[:first])
    if total is not None and before >= total:
        walk.lost[first:] = [0] * (size - first)
        walk.deaths[first:] = [0] * (size - first)
        return
    seen: set[int] = set()
    for _ in range(ROUNDS):
        count = min(max(count, 0), n)
        walk.spread(first, size, end, count)
        walk.pass_over(first, size, n, last)
        made = before + sum(walk.deaths[first:])
        if total is None or made == total or count in seen:
            break
        seen.add(count)
        count += made - total


def _patients(walk: _Walk, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Step 6, for n patients: no more than n leave, in the order of time."""
    time, event, left = [], [], n
    for k, t in enumerate(walk.click):
        after = walk.click[k + 1] if k + 1 < len(walk.click) else t
        d = min(walk.deaths[k], left)
        c = min(max(walk.lost[k], 0), left - d)
        left -= d + c
        time += [t] * d + [(t + after) / 2] * c
        event += [True] * d + [False] * c
    time += [walk.click[-1]] * left
    event += [False] * left
    return np.array(time), np.array(event, bool)
