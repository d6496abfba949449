"""Pieces of a simulation that can run anywhere: which draws and patients, and what they sum to."""

from __future__ import annotations

import functools

import numpy as np

from survsim.core.checks import FloatArray
from survsim.core.streams import CELL, Streams
from survsim.simulation.engine.engine import simulate_block
from survsim.simulation.engine.known import what_is_known
from survsim.simulation.engine.luck import Luck
from survsim.simulation.engine.measures import cell_moments, patient_values
from survsim.simulation.engine.paths import Paths
from survsim.simulation.engine.plain import is_plain
from survsim.simulation.engine.plan import compile_disease, compile_strategy
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
        "products": (draws, cells, names, strategies, strategies),
        "counts": (draws, strategies, states, job.follow.points),
    }


def run_chunk(job: Job, chunk: Chunk) -> ChunkSums:
    """Simulate a chunk block by block; blocks are reduced to sums and dropped."""
    keep_freed_memory()
    names = job.measures
    draws = chunk.last_draw - chunk.first_draw
    shape = shapes(job, chunk)
    sums, products = np.zeros(shape["sums"]), np.zeros(shape["products"])
    counts = np.zeros(shape["counts"], dtype=np.int64)
    streams = Streams(job.seed)
    writer = PatientWriter(job, chunk) if job.patient_folder else None
    for d in range(draws):
        run = DrawRun(job, chunk.first_draw + d, streams)
        # without rules there are fewer arrays, and room for twice as many patients in the caches
        block = job.block_cells * CELL * (2 if run.plain else 1)
        for start in range(chunk.first, chunk.last, block):
            size = min(block, chunk.last - start)
            first = (start - chunk.first) // CELL
            part = slice(first, first + -(-size // CELL))
            paths = run.block(start, size)
            if writer is not None:
                writer.add(chunk.first_draw + d, start, paths)
            for s, p in enumerate(paths):
                counts[d, s] += p.counts
            for m, name in enumerate(names):
                sums[d, part, m], products[d, part, m] = run.moments(name, paths, size)
    if writer is not None:
        writer.close()
    return ChunkSums(sums=sums, products=products, counts=counts)


class DrawRun:
    """One draw of a job: everything compiled once, blocks of patients on request."""

    def __init__(self, job: Job, draw: int, streams: Streams) -> None:
        model = job.model
        self.job, self.draw, self.streams = job, draw, streams
        self.number = model.numbers_at(draw)
        self.disease = compile_disease(model, self.number, draw)
        self.plans = [compile_strategy(model, s, self.number, self.disease) for s in model.strategies]
        self.known = what_is_known(model, model.history, self.number, self.disease) if model.history else None
        self.plain = self.known is None and all(
            is_plain(self.disease, plan, job.follow) for plan in self.plans
        )
        myelopathy = model.cord.myelopathy
        self.models = myelopathy.models if myelopathy else ()

    def block(self, start: int, size: int) -> list[Paths]:
        """Paths of patients `start` to `start + size - 1` under each strategy, on the same luck."""
        luck = Luck(self.streams, self.draw, start, size)
        patients = luck.patients(self.job.model.population, self.number, self.known)
        return [
            simulate_block(
                self.disease, plan, self.job.model.cord, luck, patients, self.job.follow, self.known
            )
            for plan in self.plans
        ]

    def moments(self, name: str, paths: list[Paths], size: int) -> tuple[FloatArray, FloatArray]:
        """Cell sums and products of one measure over the strategies."""
        follow = self.job.follow
        alpha_beta = self.job.model.cord.alpha_beta
        values = [
            patient_values(name, p, plan, follow, self.models, self.disease.group_names, alpha_beta)
            for p, plan in zip(paths, self.plans)
        ]
        return cell_moments(values, size)
