"""Counting outcomes along the paths of a block of patients, plain and discounted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from survsim.core.checks import FloatArray, IntArray
from survsim.kernels.patient_path import CodeArray
from survsim.kernels.patient_values import add_pieces, add_stretch
from survsim.simulation.engine.counts import Counts, until_each
from survsim.simulation.engine.workspace import Workspace
from survsim.simulation.engine.worth import CoursePlan, TreatedWorth, WorthPlan
from survsim.simulation.laws.by_draw import number_of


def flush(w: Workspace, who: IntArray) -> None:
    """Count what `who` come to since they were last counted: before anything that changes the values they have."""
    counts, worth, treated = w.counts, w.disease.worth, w.plan.worth
    if counts is None or worth is None or treated is None or not who.size:
        return
    when = w.clock.time[who]
    if treated.limits is not None:
        begun = counts.since[w.patient[who]]
        counted = who.compress((begun < when) & (begun < counts.taus.max()))
        treated.limits.check(w.state[counted], w.lines.given[:, counted], w.draw[counted])
    after = until_each(worth, when)
    for o, course in enumerate(worth.courses):
        if course is not None:
            _pieces(w, counts, worth, treated, o, course, who, when, after)
    add_stretch(
        who, w.patient, w.state, w.draw, counts.since, when, counts.taus, worth.steady, treated.steady, treated.acts, w.lines.given,
        worth.discount, counts.until, after, counts.at_tau, counts.plain, counts.discounted,
    )  # fmt: skip


def flush_treated(w: Workspace, treatments: Sequence[int], who: IntArray) -> None:
    """The same before some of these treatments start or end, where one of them adds to an outcome."""
    treated = w.plan.worth
    if w.counts is not None and treated is not None and np.isin(treatments, treated.acts).any():
        flush(w, who)


def _pieces(
    w: Workspace,
    counts: Counts,
    worth: WorthPlan,
    treated: TreatedWorth,
    o: int,
    course: CoursePlan,
    who: IntArray,
    when: FloatArray,
    after: FloatArray,
) -> None:
    """Count the stretch of an outcome whose values change with time or age."""
    taus, row, nothing = counts.taus.size, int(worth.discount[o]), np.zeros(0)
    edges, until = _edges(w, worth, o, course)
    own = slice(o * taus, (o + 1) * taus)
    add_pieces(
        who, w.state, w.draw, w.patient, counts.since, when, counts.taus, worth.rate[o], treated.extra[o], treated.acts,
        w.lines.given, course.factors, edges, until, counts.until[row] if row >= 0 else nothing,
        after[row] if row >= 0 else nothing, counts.at_tau[row] if row >= 0 else nothing, counts.plain[:, own],
        counts.discounted[:, own],
    )  # fmt: skip


def _edges(w: Workspace, worth: WorthPlan, o: int, course: CoursePlan) -> tuple[FloatArray, FloatArray]:
    """When the factors of an outcome change (edges, patients or 1), and the discounted time to then."""

    def make() -> tuple[FloatArray, FloatArray]:
        edges = course.breaks[:, None]
        if course.age is not None:
            edges = edges - course.per_year * w.patients[course.age]
        origin = number_of(w.origin, w.luck.draw_of)
        edges = np.maximum(edges + origin if np.any(origin) else edges, 0.0)
        row = int(worth.discount[o])
        until = worth.discounts[row].until(edges) if row >= 0 else np.zeros((edges.shape[0], edges.shape[1]))
        return np.ascontiguousarray(edges), np.ascontiguousarray(until)

    return w.luck.shared(("edges", worth.names[o]), make)


def once(w: Workspace, amount: FloatArray | None, who: IntArray) -> None:
    """Count amounts (outcomes, 1, draws) for `who` now."""
    if amount is not None and w.counts is not None and w.disease.worth is not None:
        row = np.zeros(who.size, dtype=np.int64)
        w.counts.once(w.disease.worth, amount, who, w.patient, row, w.draw, w.clock.time)


def moves(w: Workspace, who: IntArray, source: CodeArray, target: CodeArray) -> None:
    """Count what `who` bring on by going from `source` to `target` (m,)."""
    worth = w.disease.worth
    if w.counts is None or worth is None or worth.jump is None:
        return
    row = source.astype(np.int64) * len(w.disease.names) + target
    counts = worth.jumps[row]
    w.counts.once(
        worth, worth.jump, who.compress(counts), w.patient, row.compress(counts), w.draw, w.clock.time
    )
