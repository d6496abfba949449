"""Numbers of a patient that a simulation averages, and their sums and products cell by cell."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from survsim.core.checks import FloatArray
from survsim.core.streams import CELL
from survsim.kernels.threads import one_blas_thread
from survsim.simulation.declared.counted import (
    COST,
    DISCOUNTED,
    FREE,
    JOINT,
    LIFE,
    PROGRESSION_FREE,
    QUALITY,
    counted,
    discount_of_life,
    uses_cost,
    uses_quality,
)
from survsim.simulation.declared.model import Model
from survsim.simulation.engine.cord_measures import cord_measures, cord_values, is_cord_measure
from survsim.simulation.engine.follow import Follow
from survsim.simulation.engine.paths import Paths
from survsim.simulation.engine.plan import StrategyPlan

LEAST_WIDTH = 128
"""Numbers that are summed without halving them."""
MANY = 64
"""Strategies above which products of all pairs are one matrix product a cell: with BLAS at one thread its order of sums is
fixed, and so many pairs would outweigh the paths. Fewer are summed pair by pair, the same bits with or without others."""


def measure_names(
    model: Model, taus: Sequence[float], times: Sequence[float], values: bool
) -> tuple[str, ...]:
    """Names of the measures of a simulation, ``kind`` or ``kind@time``, in the order of its arrays."""
    names = [f"survival_time@{tau:.12g}" for tau in taus]
    names += [f"alive@{t:.12g}" for t in times]
    if any(s.progression for s in model.states):
        names += [f"progression_free_time@{tau:.12g}" for tau in taus]
    outcomes = model.values.outcomes if model.values else {}
    if values:
        old = [kind for kind in (QUALITY, COST) if kind not in outcomes]
        names += [f"{kind}@{tau:.12g}" for kind in old for tau in taus]
        names += [f"time_in/{g}@{tau:.12g}" for g in model.groups for tau in taus]
    names += [f"{kind}@{tau:.12g}" for kind in _counted_names(model, values) for tau in taus]
    if model.history or any(s.lines for s in model.strategies):
        names += ["cord_dose", "toxicity_grade_3"]
        for s in model.strategies:
            used = dict.fromkeys(t for line in s.lines for t in line.treatments)
            events = [(t, x.name) for t in used for x in getattr(model.treatment(s, t), "toxicities", ())]
            names += [f"toxicity/{t}/{x}" for t, x in events]
            names += [f"line/{line.line}" for line in s.lines]
        if model.cord.myelopathy:
            names += [f"myelopathy/{m}" for m in model.cord.myelopathy.models]
        names += cord_measures(model)
    if any(s.progression for s in model.states):
        names += [f"{PROGRESSION_FREE}@{t:.12g}" for t in times]
    return tuple(dict.fromkeys(names))


def _counted_names(model: Model, values: bool) -> list[str]:
    """Measures of what a model counts: each outcome, its discounted sum, and sums of effect and cost for their joint error."""
    if model.values is None:
        return []
    items = counted(model)
    names = [one.name for one in items if one.plain]
    if discount_of_life(model) is not None:
        names += [DISCOUNTED + LIFE]
        names += [DISCOUNTED + FREE] if any(s.progression for s in model.states) else []
    names += [DISCOUNTED + one.name for one in items if one.discount is not None]
    declared = model.values.outcomes
    costs = [name for name, outcome in declared.items() if outcome.low_is_good]
    effects = [LIFE, *(name for name in declared if name not in costs)]
    if values:
        effects += [QUALITY] if uses_quality(model) else []
        costs += [COST] if uses_cost(model) else []
    for cost in costs:
        for effect in effects:
            late = [DISCOUNTED + n if DISCOUNTED + n in names else n for n in (effect, cost)]
            names += dict.fromkeys([joint(effect, cost), joint(*late)])
    return names


def joint(effect: str, cost: str) -> str:
    """The measure whose variance tells how an effect and a cost of one patient go together: their sum."""
    return f"{JOINT}{effect}/{cost}"


def patient_values(
    name: str,
    paths: Paths,
    plan: StrategyPlan,
    follow: Follow,
    models: Sequence[str],
    groups: Sequence[str] = (),
    alpha_beta: float = 2.0,
    counts: Sequence[str] = (),
) -> FloatArray | None:
    """The measure `name` of each patient (n,), or None where it is 0 for all."""
    kind, _, at = name.partition("@")
    if at:
        if kind.startswith("time_in/"):
            return paths.in_group[groups.index(kind.removeprefix("time_in/")), follow.taus.index(float(at))]
        if kind.startswith(JOINT):
            return _joint(kind, float(at), paths, follow, counts)
        return _timed(kind, float(at), paths, follow, counts)
    if is_cord_measure(kind):
        return cord_values(kind, paths, plan, alpha_beta) if paths.course_dose.size else None
    if kind == "cord_dose":
        return paths.cord_dose if paths.cord_dose.size else None
    if kind == "toxicity_grade_3":
        return (paths.worst_grade >= 3).astype(np.float64) if paths.worst_grade.size else None
    group, _, rest = kind.partition("/")
    if group == "toxicity":
        streams = [x.stream for x in plan.toxicities]
        return paths.toxicity[streams.index(kind)] if kind in streams else None
    if group == "line":
        lines = [line.name for line in plan.lines]
        return np.minimum(paths.started[lines.index(rest)], 1.0) if rest in lines else None
    if not paths.myelopathy_at.size:
        return None
    onset = paths.myelopathy_at[list(models).index(rest)]
    return (onset < np.minimum(paths.death_at, follow.horizon)).astype(np.float64)


def _timed(
    kind: str, time: float, paths: Paths, follow: Follow, counts: Sequence[str] = ()
) -> FloatArray | None:
    if kind == LIFE:
        return np.minimum(paths.death_at, time)
    if kind == "alive":
        return (paths.death_at > time).astype(np.float64)
    if kind == PROGRESSION_FREE:
        return (np.minimum(paths.progression_at, paths.death_at) > time).astype(np.float64)
    if kind == FREE:
        return np.minimum(np.minimum(paths.progression_at, paths.death_at), time)
    name = kind.removeprefix(DISCOUNTED)
    if follow.discount is not None and kind == DISCOUNTED + name and name in (LIFE, FREE):
        if (kind, time) not in paths.late:
            paths.late[kind, time] = follow.discount.until(np.asarray(_timed(name, time, paths, follow)))
        return paths.late[kind, time]
    # the undiscounted sums of states and treatments have arrays of their own, unless an outcome bears the name
    old = kind in (QUALITY, COST) and kind not in follow.declared
    if name in counts and not old:
        row = counts.index(name) * len(follow.taus) + follow.taus.index(time)
        return (paths.plain if kind == name else paths.discounted)[row]
    found = paths.quality if kind == QUALITY else paths.cost
    return None if found is None else found[follow.taus.index(time)]


def _joint(kind: str, time: float, paths: Paths, follow: Follow, counts: Sequence[str]) -> FloatArray | None:
    """An effect and a cost of each patient together."""
    effect, cost = (_timed(name, time, paths, follow, counts) for name in kind.removeprefix(JOINT).split("/"))
    return effect if cost is None else cost if effect is None else effect + cost


def cell_moments(
    values: Sequence[FloatArray | None], size: int, draws: int = 1
) -> tuple[FloatArray, FloatArray]:
    """Sums (cells, strategies) and sums of products (cells, strategies, strategies) of one measure.

    Values (draws times size,): the cells of one draw, of `size` patients, come after those of another.
    """
    n, there = len(values), [i for i, x in enumerate(values) if x is not None]
    whole = by_cell([x for x in values if x is not None], size, draws)
    cells = whole.shape[1]
    sums, products = np.zeros((cells, n)), np.zeros((cells, n, n))
    sums[:, there] = whole.sum(axis=2).T
    if len(there) > MANY:
        with one_blas_thread():
            for cell, product in enumerate(products):
                block = np.ascontiguousarray(whole[:, cell])
                if len(there) == n:
                    np.matmul(block, block.T, out=product)
                else:
                    product[np.ix_(there, there)] = block @ block.T
        return sums, products
    for k, i in enumerate(there):
        # not a matrix product: its order of sums may change with the number of threads
        crossed = np.einsum("ck,jck->cj", whole[k], whole[: k + 1])
        products[:, i, there[: k + 1]] = products[:, there[: k + 1], i] = crossed
    return sums, products


def by_cell(values: Sequence[FloatArray], size: int, draws: int) -> FloatArray:
    """Values (draws times size,) laid out as (values, cells, patients of a cell)."""
    of_draw, width = -(-size // CELL), _width(size)
    # the last cell is filled up with zeros, so that every cell is summed in the same order
    room = of_draw * width
    flat = (np.empty if room == size else np.zeros)((len(values), draws, room))
    for row, x in zip(flat, values):
        row[:, :size] = x.reshape(draws, size)
    return flat.reshape(len(values), draws * of_draw, width)


def products_of(one: FloatArray, other: FloatArray) -> FloatArray:
    """Sums of products (cells,) of two measures laid out by cell."""
    return np.einsum("ck,ck->c", one, other)


def _width(size: int) -> int:
    """Patients to whom a cell is filled up: a whole cell, or what gives the same sums for few.

    Sums are formed in halves down to 128 numbers, so that a half, quarter, ... of zeros changes no bit.
    """
    width = LEAST_WIDTH
    while width < min(size, CELL):
        width *= 2
    return width
