"""Pieces of a simulation that can run anywhere: which draws and patients, and what they sum to."""

from __future__ import annotations

import dataclasses
import functools
import itertools
from collections.abc import Iterator, Sequence

import numpy as np

from survsim.core.checks import FloatArray
from survsim.core.errors import SurvsimError
from survsim.core.streams import CELL, Streams
from survsim.simulation.declared.history import History
from survsim.simulation.engine.engine import simulate_block
from survsim.simulation.engine.known import Known, what_is_known
from survsim.simulation.engine.luck import Luck
from survsim.simulation.engine.measures import LEAST_WIDTH, by_cell, cell_moments, patient_values, products_of
from survsim.simulation.engine.paths import Paths
from survsim.simulation.engine.plain import is_plain
from survsim.simulation.engine.plan import compile_disease, compile_strategy, ways_out_of
from survsim.simulation.laws.by_draw import DifferentShapes, NumbersByDraw
from survsim.simulation.outcomes.pieces import Chunk, ChunkSums, Job
from survsim.simulation.running.patient_output import PatientWriter

CHUNK_PATIENTS = 32 * CELL
"""Patients (over all draws) that a chunk holds, before very large runs are cut coarser."""
MAX_CHUNKS = 4000


def split(patients: int, draws: int) -> list[Chunk]:
    """The chunks of a run: a function of its size alone, whoever runs them."""
    if patients >= CHUNK_PATIENTS:
        step = CHUNK_PATIENTS
        while draws * -(-patients // step) > MAX_CHUNKS and step < patients:
            step *= 2
        spans = [(i, min(i + step, patients)) for i in range(0, patients, step)]
        return [
            Chunk(n, d, d + 1, a, b)
            for n, (d, (a, b)) in enumerate((d, s) for d in range(draws) for s in spans)
        ]
    each = max(CHUNK_PATIENTS // patients, -(-draws // MAX_CHUNKS))
    # at least a few chunks, so that two workers and a resumed run have something to share
    each = max(1, min(each, -(-draws // 8)))
    return [Chunk(n, d, min(d + each, draws), 0, patients) for n, d in enumerate(range(0, draws, each))]


@functools.cache
def keep_freed_memory() -> None:
    """Let the allocator keep what one block has freed for the next, once a process.

    The GNU C library gives freed memory back above a threshold, which it raises to twice the size of the largest
    array it has seen freed, up to 32 MiB; without this a tenth of the time goes into getting the same pages again.
    """
    np.empty(31 * 2**20, dtype=np.int8)


def shapes(job: Job, chunk: Chunk) -> dict[str, tuple[int, ...]]:
    """Shape of each array of a chunk's sums."""
    strategies, states, names = len(job.model.strategies), len(job.model.states), len(job.measures)
    cells = -(-(chunk.last - chunk.first) // CELL)
    draws = chunk.last_draw - chunk.first_draw
    return {
        "sums": (draws, cells, names, strategies),
        "products": (draws, cells, names, *job.product_shape),
        "counts": (draws, strategies, states, job.follow.points),
    }


def run_chunk(job: Job, chunk: Chunk) -> ChunkSums:
    """Simulate a chunk block by block; blocks are reduced to sums and dropped."""
    keep_freed_memory()
    shape = shapes(job, chunk)
    part = ChunkSums(
        sums=np.zeros(shape["sums"]),
        products=np.zeros(shape["products"]),
        counts=np.zeros(shape["counts"], dtype=np.int64),
    )
    writer = PatientWriter(job, chunk) if job.patient_folder else None
    streams = Streams(job.seed, one_luck=job.one_luck)
    for draws in blocks_of(job, chunk):
        for run in runs_of(job, draws, streams):
            _add_run(part, run, chunk, writer)
    if writer is not None:
        writer.close()
    return part


def bunches(job: Job, chunks: Sequence[Chunk], at_least: int = 1) -> list[list[Chunk]]:
    """Chunks in bunches of one block, for `run_bunch`; `at_least` so many, if there are as many chunks."""
    most = -(-len(chunks) // at_least)
    found: list[list[Chunk]] = []
    for chunk in chunks:
        last = found[-1] if found else []
        room = draws_in_block(job, chunk) - sum(c.last_draw - c.first_draw for c in last)
        follows = bool(last) and (last[-1].last_draw, last[-1].last) == (chunk.first_draw, chunk.last)
        if follows and len(last) < most and chunk.last_draw - chunk.first_draw <= room:
            last.append(chunk)
        else:
            found.append([chunk])
    return found


def run_bunch(job: Job, bunch: Sequence[Chunk]) -> list[tuple[Chunk, ChunkSums]]:
    """Simulate chunks that follow one another as one, so that their draws share blocks; what each comes to."""
    first = bunch[0].first_draw
    whole = run_chunk(job, dataclasses.replace(bunch[0], last_draw=bunch[-1].last_draw))
    parts = [slice(c.first_draw - first, c.last_draw - first) for c in bunch]
    return [
        (c, ChunkSums(sums=whole.sums[p], products=whole.products[p], counts=whole.counts[p]))
        for c, p in zip(bunch, parts)
    ]


def draws_in_block(job: Job, chunk: Chunk) -> int:
    """How many draws share a block, so that the fixed cost of a step is paid once for all their patients."""
    return max(1, int(_room(job, chunk)))


def _room(job: Job, chunk: Chunk) -> float:
    """Draws whose patients fill a block."""
    if not job.share_blocks or job.follow.sojourns:
        return 1.0
    # below that size it is the sums of a draw that take the room
    return job.block_cells * CELL / max(chunk.last - chunk.first, LEAST_WIDTH)


def blocks_of(job: Job, chunk: Chunk) -> list[range]:
    """The draws of a chunk in blocks of like size: a few more in each rather than a block of what is left."""
    draws = chunk.last_draw - chunk.first_draw
    many = max(1, round(draws / max(_room(job, chunk), 1.0)))
    edges = [chunk.first_draw + k * draws // many for k in range(many + 1)]
    return [range(a, b) for a, b in itertools.pairwise(edges)]


def _add_run(part: ChunkSums, run: DrawRun, chunk: Chunk, writer: PatientWriter | None) -> None:
    """Simulate some draws of a chunk and put down what they come to."""
    job, draws = run.job, len(run.draws)
    here = slice(run.draws[0] - chunk.first_draw, run.draws[-1] + 1 - chunk.first_draw)
    # without rules there are fewer arrays, and room for twice as many patients in the caches
    block = job.block_cells * CELL * (2 if run.plain else 1)
    for start in range(chunk.first, chunk.last, block):
        size = min(block, chunk.last - start)
        first = (start - chunk.first) // CELL
        cells = slice(first, first + -(-size // CELL))
        if job.reference is not None:
            _add_one_by_one(part, run, (here, cells), (start, size), writer)
            continue
        paths = run.block(start, size)
        if writer is not None:
            for s, p in enumerate(paths):
                writer.add(run.draws[0], s, start, p)
        for s, p in enumerate(paths):
            part.counts[here, s] += p.counts.reshape(draws, *part.counts.shape[2:])
        for m, name in enumerate(run.measures):
            sums, products = run.moments(name, paths, size)
            part.sums[here, cells, m] = sums.reshape(draws, -1, *sums.shape[1:])
            part.products[here, cells, m] = products.reshape(draws, -1, *products.shape[1:])


def _add_one_by_one(
    part: ChunkSums,
    run: DrawRun,
    where: tuple[slice, slice],
    patients: tuple[int, int],
    writer: PatientWriter | None,
) -> None:
    """Put down each strategy as soon as it is simulated, so that of many no more than two are held at a time."""
    job, draws, (here, cells), (start, size) = run.job, len(run.draws), where, patients
    first = job.reference or 0
    beside: list[FloatArray | None] = []
    for s, p in run.each(start, size, first):
        if writer is not None:
            writer.add(run.draws[0], s, start, p)
        part.counts[here, s] += p.counts.reshape(draws, *part.counts.shape[2:])
        values = [run.values(name, p, s, size) for name in run.measures]
        beside = values if s == first else beside
        for m, (value, other) in enumerate(zip(values, beside)):
            if value is not None:
                part.sums[here, cells, m, s] = value.sum(axis=1).reshape(draws, -1)
                part.products[here, cells, m, 0, s] = products_of(value, value).reshape(draws, -1)
            if value is not None and other is not None:
                part.products[here, cells, m, 1, s] = products_of(other, value).reshape(draws, -1)


def runs_of(job: Job, draws: Sequence[int], streams: Streams) -> Iterator[DrawRun]:
    """Some draws in their order, together where their plans have one shape, else in halves."""
    try:
        run = DrawRun(job, draws, streams)
    except (DifferentShapes, SurvsimError):
        # what is wrong with a number is said of its draw alone
        if len(draws) == 1:
            raise
        half = len(draws) // 2
        yield from runs_of(job, draws[:half], streams)
        yield from runs_of(job, draws[half:], streams)
    else:
        yield run


class DrawRun:
    """Some draws of a job: everything compiled once, blocks of patients on request.

    Raises
    ------
    DifferentShapes : where the plans of the draws differ in more than numbers.
    """

    def __init__(self, job: Job, draws: Sequence[int], streams: Streams) -> None:
        model = job.model
        self.job, self.draws, self.streams, self.measures = job, tuple(draws), streams, job.measures
        number = NumbersByDraw(model.parameters, self.draws)
        self.disease = compile_disease(model, number)
        self.plans = [compile_strategy(model, s, number, self.disease) for s in model.strategies]
        self.numbers = number.each()
        self.known = self._known(model.history) if model.history else []
        self.plain = not self.known and all(is_plain(self.disease, plan, job.follow) for plan in self.plans)
        myelopathy = model.cord.myelopathy
        self.models = myelopathy.models if myelopathy else ()
        self.counts = self.disease.worth.names if self.disease.worth else ()

    def _known(self, history: History) -> list[Known]:
        """What a history comes to in each draw."""
        model = self.job.model
        if len(self.draws) == 1:
            return [what_is_known(model, history, number, self.disease) for number in self.numbers]
        # a draw at a time, and of it the ways out of the states that the patient was in: the rest is the same in all
        been = {self.disease.initial, *(self.disease.names.index(s.state) for s in history.path)}
        diseases = (
            dataclasses.replace(self.disease, out=ways_out_of(model, number, been)) for number in self.numbers
        )
        return [what_is_known(model, history, n, d) for n, d in zip(self.numbers, diseases)]

    def block(self, start: int, size: int) -> list[Paths]:
        """Paths of patients `start` to `start + size - 1` of each draw under each strategy, on the same luck."""
        return [paths for _, paths in self.each(start, size)]

    def each(self, start: int, size: int, first: int = 0) -> Iterator[tuple[int, Paths]]:
        """The same paths one by one, with the place of the strategy: that at `first`, then the others in their order."""
        luck = Luck(self.streams, self.draws, start, size)
        patients = luck.patients(self.job.model.population, self.numbers, self.known)
        for s in (first, *(s for s in range(len(self.plans)) if s != first)):
            yield (
                s,
                simulate_block(
                    self.disease,
                    self.plans[s],
                    self.job.model.cord,
                    luck,
                    patients,
                    self.job.follow,
                    self.known,
                ),
            )

    def moments(self, name: str, paths: list[Paths], size: int) -> tuple[FloatArray, FloatArray]:
        """Cell sums and products of one measure over the strategies, draw after draw."""
        values = [self._values(name, p, s) for s, p in enumerate(paths)]
        return cell_moments(values, size, len(self.draws))

    def values(self, name: str, paths: Paths, strategy: int, size: int) -> FloatArray | None:
        """One measure of every patient under one strategy, laid out by cell (cells, patients)."""
        found = self._values(name, paths, strategy)
        return None if found is None else by_cell([found], size, len(self.draws))[0]

    def _values(self, name: str, paths: Paths, strategy: int) -> FloatArray | None:
        return patient_values(
            name, paths, self.plans[strategy], self.job.follow, self.models, self.disease.group_names,
            self.job.model.cord.alpha_beta, self.counts,
        )  # fmt: skip
