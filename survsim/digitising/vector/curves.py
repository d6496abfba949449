"""Curves told from everything else that lines are used for: references, limits, legends, frames, smooth fits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from survsim.core.checks import FloatArray
from survsim.digitising.found import Box
from survsim.digitising.vector.chains import Chain, joined, over_gaps
from survsim.digitising.vector.drawing import THINNED, Colour, Drawing, Stroke, is_step, is_thinned_step
from survsim.digitising.vector.frames import Frame, inside

SHORTEST = 0.04
"""Of the width of the axes: what is shorter is a mark or a line of a legend."""
_SLACK = 0.02
_NOT_AT_START = 0.03
_TOGETHER = 0.95
"""Share of the steps of a limit that are those of its estimate."""


@dataclass(frozen=True, kw_only=True)
class Curve:
    """A step function on the page, with the chain it was made of."""

    x: FloatArray
    y: FloatArray
    chain: Chain
    left: bool = False
    """Whether it ends because it leaves the frame through its floor or ceiling."""

    def at(self, place: float) -> float:
        """Height at a place along the page; the first or last known one beyond the ends."""
        k = int(np.searchsorted(self.x, place + 1e-6, side="right")) - 1
        return float(self.y[max(k, 0)])

    def before(self, place: float) -> float:
        """Height just before a place."""
        k = int(np.searchsorted(self.x, place - 0.05, side="right")) - 1
        return float(self.y[max(k, 0)])

    @property
    def drops(self) -> int:
        """How many steps there are."""
        return int((np.abs(np.diff(self.y)) > _SLACK).sum())


@dataclass(frozen=True, kw_only=True)
class Sorted:
    """What was found among the lines of a frame."""

    curves: tuple[Curve, ...]
    limits: tuple[Curve, ...]
    smooth: tuple[Chain, ...]
    both_ways: tuple[Curve, ...]
    bars: int
    said: tuple[str, ...]


def sort_lines(drawing: Drawing, frame: Frame, *, rising: bool) -> Sorted:
    """Curves of a frame, and what else its lines are; `rising` for incidence."""
    paper = _background(drawing, frame.box)
    strokes = [
        s for s in drawing.strokes
        if _could_be_line(s, frame.box, paper)
    ]  # fmt: skip
    steps, smooth = _steps_and_smooth(strokes, frame)
    curves = [c for c in steps if not _is_reference(c, frame, rising)]
    one_way = [c for c in curves if _one_way(c, frame, rising)]
    both_ways = [c for c in curves if not _one_way(c, frame, rising)]
    kept, limits = without_limits(_once(one_way))
    kept, alike = without_limits_of_one_style(kept)
    kept, said = _without_strays(kept, frame, rising)
    if alike:
        limits += alike
        said.append(
            f"{len(alike)} lines that hold a third one of their own colour and dash between them were taken as its confidence "
            "limits; look at the overlay."
        )
    return Sorted(
        curves=tuple(sorted(kept, key=lambda c: float(np.mean(c.y)))), limits=tuple(limits), smooth=tuple(smooth),
        both_ways=tuple(both_ways), bars=bars(drawing, frame), said=tuple(said),
    )  # fmt: skip


def _background(drawing: Drawing, box: Box) -> Colour:
    """Colour of the paper behind a frame: of the last area that covers it."""
    areas = [
        s.fill for s in drawing.strokes if s.fill and s.straight and s.alpha > 0.9 and inside(box, s.box, 2.0)
    ]
    return areas[-1] if areas else (1.0, 1.0, 1.0)


def _could_be_line(s: Stroke, box: Box, paper: Colour) -> bool:
    """An open line in the frame that can be seen and is no side of it."""
    if s.colour is None or s.fill is not None or s.closed or s.alpha < 0.05:
        return False
    if max(abs(a - b) for a, b in zip(s.colour, paper, strict=True)) < 0.02 or np.allclose(
        s.points[0], s.points[-1]
    ):
        return False
    b = s.box
    if b.x1 < box.x0 - 1 or b.x0 > box.x1 + 1 or b.y1 < box.y0 - 1 or b.y0 > box.y1 + 1:
        return False
    if s.points.shape[0] > 2:
        return True
    side = min(abs(b.x0 - box.x0) + abs(b.x1 - box.x0), abs(b.x0 - box.x1) + abs(b.x1 - box.x1))
    level = min(abs(b.y0 - box.y0) + abs(b.y1 - box.y0), abs(b.y0 - box.y1) + abs(b.y1 - box.y1))
    edge = level < 1.0 and b.x1 - b.x0 > 0.9 * (box.x1 - box.x0)
    return not (edge or (side < 1.0 and b.y1 - b.y0 > 0.5 * (box.y1 - box.y0)))


def _steps_and_smooth(strokes: Sequence[Stroke], frame: Frame) -> tuple[list[Curve], list[Chain]]:
    """Step functions and other long lines; dashes that were drawn one by one are joined first."""
    box = frame.box
    wide = SHORTEST * (box.x1 - box.x0)
    chains = joined(strokes)
    long = [c for c in chains if np.ptp(c.points[:, 0]) >= wide]
    steps, smooth = _by_shape(long, frame, wide)
    rest = [c for c in chains if np.ptp(c.points[:, 0]) < wide and not any(_lies_on(c, s) for s in steps)]
    by_style: dict[object, list[Chain]] = defaultdict(list)
    for chain in _uncrossed(rest):
        by_style[chain.style].append(chain)
    for own in by_style.values():
        made = [c for c in over_gaps(own) if c.broken and len(c.strokes) >= 8 and _mostly_along(c)]
        steps += _by_shape(made, frame, wide)[0]
    return steps, smooth


def _by_shape(chains: Sequence[Chain], frame: Frame, wide: float) -> tuple[list[Curve], list[Chain]]:
    steps, smooth = [], []
    for chain in chains:
        points, left = _clipped(chain.points, frame)
        if points.shape[0] < 2 or np.ptp(points[:, 0]) < wide:
            continue
        if all(s.straight for s in chain.strokes) and is_thinned_step(points):
            steps.append(replace(_curve(points, chain), left=left))
        elif points.shape[0] > 3 and np.ptp(points[:, 0]) > 4 * wide:
            smooth.append(chain)
    return steps, smooth


def _clipped(points: FloatArray, frame: Frame) -> tuple[FloatArray, bool]:
    """What of a line lies in a frame that is drawn, up to where it leaves it, and whether it leaves through floor or ceiling."""
    if not frame.drawn:
        return points, False
    points = points[::-1] if points[-1, 0] < points[0, 0] else points
    b = frame.box
    above_or_below = (points[:, 1] < b.y0 - 0.5) | (points[:, 1] > b.y1 + 0.5)
    out = above_or_below | (points[:, 0] > b.x1 + 0.5)
    entered = np.maximum.accumulate(~above_or_below & (points[:, 0] >= b.x0 - 0.5))
    left = np.flatnonzero(out & entered)
    through = False
    if left.size:
        # What is not seen is not known: a line that was only cut off would run on along the edge as a false level.
        k = int(left[0])
        through = bool(above_or_below[k] and points[k, 0] <= b.x1 + 0.5)
        upright = k > 0 and abs(points[k, 0] - points[k - 1, 0]) <= THINNED
        points = points[:k] if through and upright else points[: k + 1]
    cut = np.clip(points, [b.x0 - 0.5, b.y0 - 0.5], [b.x1 + 0.5, b.y1 + 0.5])
    moved = np.ones(len(cut), dtype=bool)
    moved[1:] = (cut[1:] != cut[:-1]).any(axis=1)
    return np.asarray(cut[moved]), through


def _curve(points: FloatArray, chain: Chain) -> Curve:
    """Corners as places with the height after each; the first stays as it is, a fall at the very start comes second."""
    points = points[::-1] if points[-1, 0] < points[0, 0] else points
    xs, ys = [float(points[0, 0])], [float(points[0, 1])]
    at = xs[0]
    for x, y in points[1:]:
        if abs(y - ys[-1]) <= 1e-9:
            at = float(x)
        elif abs(x - at) <= THINNED and abs(y - ys[-1]) > abs(x - at):
            at = float(x + at) / 2
            if len(xs) > 1 and abs(xs[-1] - at) <= 1e-9:
                ys[-1] = float(y)
            else:
                xs.append(at)
                ys.append(float(y))
        else:
            # A fall too small to be seen, which a program drew into the level after it.
            xs.append((at + float(x)) / 2)
            ys.append(float(y))
            at = float(x)
    if at > xs[-1] + 1e-9 or len(xs) == 1:
        xs.append(at)
        ys.append(ys[-1])
    return Curve(x=np.array(xs), y=np.array(ys), chain=chain)


def _lies_on(chain: Chain, curve: Curve) -> bool:
    """Whether a short piece is a mark on a curve of its colour."""
    if chain.style[0] != curve.chain.style[0]:
        return False
    x, y = chain.points.mean(axis=0)
    tall = max(float(np.ptp(chain.points[:, 1])), float(np.ptp(chain.points[:, 0]))) / 2 + 0.5
    low, high = sorted((curve.at(x), curve.before(x)))
    return low - tall <= y <= high + tall


def _uncrossed(chains: Sequence[Chain]) -> list[Chain]:
    """Pieces without those that cross another in the middle: plus signs."""
    centres = [tuple(np.round((c.points.min(axis=0) + c.points.max(axis=0)) / 2, 0)) for c in chains]
    return [c for c, at in zip(chains, centres, strict=True) if centres.count(at) == 1]


def _mostly_along(chain: Chain) -> bool:
    moves = np.abs(np.diff(chain.points, axis=0)).sum(axis=0)
    return bool(moves[0] > 0.3 * np.ptp(chain.points[:, 0]) and moves[0] > 0)


def _is_reference(curve: Curve, frame: Frame, rising: bool) -> bool:
    """A level, a median with its plumb line, a line of a legend: at most one corner, and not from the start of curves."""
    few_lines = len(curve.chain.strokes) <= 3 and all(s.points.shape[0] == 2 for s in curve.chain.strokes)
    if curve.drops > 1:
        return False
    start = _value(curve.y[0], frame)
    ends = abs(float(frame.x.axis.value(curve.x[:1])[0])) > 0.02 * np.ptp(frame.x.axis.value(frame.x.places))
    away = abs(start - (0.0 if rising else 1.0)) > _NOT_AT_START
    if ends or away:
        return True
    b = frame.box
    full = curve.x[-1] >= max(b.x1 - 1.0, float(frame.x.places.max()) - 1.0) or curve.x[0] <= b.x0 + 0.6
    return (curve.drops == 0 and full) or (few_lines and curve.drops == 1)


def _value(y: float, frame: Frame) -> float:
    """Height as a fraction."""
    top = float(frame.y.axis.value(frame.y.places).max())
    return float(frame.y.axis.value(np.array([y]))[0]) / (100.0 if top > 1.5 or frame.y.percent else 1.0)


def _one_way(curve: Curve, frame: Frame, rising: bool) -> bool:
    steps = np.diff(curve.y) * np.sign(frame.y.axis.slope)
    against = -steps if rising else steps
    return bool((against <= _SLACK).all())


def _once(curves: Sequence[Curve]) -> list[Curve]:
    """Curves without copies of themselves, as a halo or a second layer draws them; the last one lies on top."""
    kept: list[Curve] = []
    for curve in reversed(curves):
        twin = any(
            c.x.shape == curve.x.shape and np.abs(c.x - curve.x).max() < 0.05 and np.abs(c.y - curve.y).max() < 0.05
            and (c.chain.colour == curve.chain.colour or curve.chain.style[2] > c.chain.style[2])
            for c in kept
        )  # fmt: skip
        if not twin:
            kept.append(curve)
    return kept[::-1]


def without_limits(curves: Sequence[Curve]) -> tuple[list[Curve], list[Curve]]:
    """Curves and their confidence limits: two lines of one style, one never above and one never below a third."""
    kept, limits = list(curves), []
    found = True
    while found:
        found = False
        best: tuple[float, Curve, Curve] | None = None
        for a, b in combinations(kept, 2):
            if a.chain.style != b.chain.style:
                continue
            for middle in kept:
                if middle is not a and middle is not b and middle.chain.style != a.chain.style:
                    gap = _brackets(a, b, middle)
                    if gap < np.inf and (best is None or gap < best[0]):
                        best = gap, a, b
        if best is not None:
            kept = [c for c in kept if c is not best[1] and c is not best[2]]
            limits += [best[1], best[2]]
            found = True
    return kept, limits


def without_limits_of_one_style(curves: Sequence[Curve]) -> tuple[list[Curve], list[Curve]]:
    """Curves and their limits where all three have one style: limits step where their estimate does, arms each for itself."""
    by_style: dict[object, list[Curve]] = defaultdict(list)
    for curve in curves:
        by_style[curve.chain.style].append(curve)
    limits: list[Curve] = []
    for own in by_style.values():
        if len(own) == 3:
            low, middle, high = sorted(own, key=lambda c: float(np.mean([c.at(x) for x in _common(own)])))
            together = all(_steps_of(limit, middle) for limit in (low, high))
            if together and _brackets(low, high, middle) < np.inf:
                limits += [low, high]
    return [c for c in curves if not any(c is one for one in limits)], limits


def _steps_of(limit: Curve, estimate: Curve) -> bool:
    """Whether a line steps only where another one does."""
    places = limit.x[1:-1]
    away = np.abs(places[:, None] - estimate.x[None, :]).min(axis=1) if places.size else np.zeros(0)
    return bool(places.size and (away < _SLACK).mean() > _TOGETHER)


def _common(curves: Sequence[Curve]) -> FloatArray:
    """Places over which all curves are drawn."""
    return np.linspace(max(c.x[0] for c in curves), min(c.x[-1] for c in curves), 200)


def _brackets(a: Curve, b: Curve, middle: Curve) -> float:
    """Mean distance of two lines that hold a third between them; infinite if they do not everywhere."""
    places = np.unique(np.concatenate([a.x, b.x, middle.x]))
    low, high = max(a.x[0], b.x[0], middle.x[0]), min(a.x[-1], b.x[-1], middle.x[-1])
    places = places[(places >= low) & (places <= high)]
    if places.size < 3 or abs(a.y[0] - middle.y[0]) > 1.0 or abs(b.y[0] - middle.y[0]) > 1.0:
        return float("inf")
    seen = np.array([[c.at(p + 0.03) for p in places] for c in (a, b, middle)])
    above, below = seen[:2].min(axis=0), seen[:2].max(axis=0)
    held = (above <= seen[2] + 0.3).all() and (below >= seen[2] - 0.3).all()
    consistent = (seen[0] <= seen[1] + 0.3).all() or (seen[1] <= seen[0] + 0.3).all()
    return (
        float((below - above).mean()) if held and consistent and (below - above).max() > 0.5 else float("inf")
    )


def _without_strays(curves: list[Curve], frame: Frame, rising: bool) -> tuple[list[Curve], list[str]]:
    """Of several lines those that begin where curves begin; a line of a step or two from elsewhere is named and left out."""
    start = 0.0 if rising else 1.0
    good = [c for c in curves if abs(_value(c.y[0], frame) - start) <= _NOT_AT_START]
    if not good or len(good) == len(curves):
        return curves, []
    strays = [c for c in curves if not any(c is g for g in good) and c.drops <= 2]
    said = [f"a stepped line that begins at {_value(c.y[0], frame):.3g} was left out." for c in strays]
    return [c for c in curves if not any(c is s for s in strays)], said


def bars(drawing: Drawing, frame: Frame) -> int:
    """Filled rectangles in the frame that stand on one level."""
    feet = [
        round(s.box.y1)
        for s in drawing.strokes
        if s.fill is not None and s.straight and s.closed and s.points.shape[0] in (4, 5) and is_step(s.points, 0.1)
        and inside(s.box, frame.box, 2.0) and s.box.x1 - s.box.x0 < 0.5 * (frame.box.x1 - frame.box.x0)
        and s.box.x1 - s.box.x0 > 2 and abs(s.box.y1 - frame.y.places.max()) < 0.1 * np.ptp(frame.y.places)
    ]  # fmt: skip
    return max((feet.count(f) for f in feet), default=0)
