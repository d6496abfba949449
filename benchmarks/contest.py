"""Run the contestants of a row in turn, call by call, each in a process of its own, and compare what they answer."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks import environment
from benchmarks.row import OWN, Row

ROOT = Path(__file__).parents[1]
FIRST, CALL, BUDGET = 900.0, 120.0, 12.0
"""Seconds allowed for a first call and for one measurement; seconds after which a contestant makes no further one."""


@dataclass
class Taken:
    """What one contestant needed."""

    name: str
    version: str = ""
    cpu: float | None = None
    wall: float | None = None
    mib: float = 0.0
    rounds: int = 0
    answer: list[float] = field(default_factory=list)
    why_not: str = ""


class Process:
    """A contestant's process and the lines it speaks."""

    def __init__(self, row: str, name: str) -> None:
        own = name.startswith(OWN)
        command = [sys.executable if own else str(environment.PYTHON), "-m", "benchmarks.child", row, name]
        variables = dict(os.environ, PYTHONPATH=str(ROOT), MPLBACKEND="Agg")
        variables.pop("OPENBLAS_NUM_THREADS", None)
        if name.startswith("hand"):  # a careful author holds BLAS at one thread for thin products
            variables["OPENBLAS_NUM_THREADS"] = "1"
        if name == "coxstream" and environment.SHIM.exists():
            variables["LD_PRELOAD"] = str(environment.SHIM)
        self.taken = Taken(name)
        self.cpu: list[float] = []
        self.wall: list[float] = []
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=variables, text=True, bufsize=1,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        ready = self.line(FIRST)
        if ready:
            self.taken.answer, self.taken.version = ready["answer"], ready["version"]

    def line(self, seconds: float) -> dict[str, Any] | None:
        """The next line of the contest, or None with the reason noted."""
        assert self.process.stdout is not None
        waiting = selectors.DefaultSelector()
        waiting.register(self.process.stdout, selectors.EVENT_READ)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if not waiting.select(end - time.monotonic()):
                break
            said = self.process.stdout.readline()
            if said.startswith("BENCH "):
                return dict(json.loads(said[6:]))
            if not said:
                return self.ended("ended without an answer")
        return self.ended(f"over {seconds:.0f} s")

    def ended(self, why: str) -> None:
        self.process.kill()
        lines = [x for x in (self.process.communicate()[1] or "").splitlines() if x.strip()]
        self.taken.why_not = why if why.startswith("over") or not lines else lines[-1][:120]

    def go(self) -> None:
        """One measurement."""
        if self.taken.why_not or sum(self.wall) > BUDGET:
            return
        assert self.process.stdin is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        found = self.line(CALL)
        if found:
            self.cpu.append(found["cpu"])
            self.wall.append(found["wall"])
            self.taken.mib = found["mib"]

    def close(self, share: float) -> Taken:
        """The least of the measurements, for noise only adds."""
        if not self.taken.why_not:
            self.process.communicate("end\n", timeout=30)
        if self.cpu:
            self.taken.cpu, self.taken.wall = min(self.cpu) / share, min(self.wall) / share
            self.taken.rounds = len(self.cpu)
        return self.taken


def hold(key: str, row: Row) -> list[Taken]:
    """All contestants of a row, survsim first; those whose answers differ are told so and have no time."""
    absent, processes = [], []
    for name in row.contestants:
        if not name.startswith(OWN) and not environment.PYTHON.exists():
            absent.append(Taken(name, why_not="absent: make bench-peers"))
        else:
            processes.append(Process(key, name))
    reference = processes[0].taken.answer
    for process in processes[1:]:
        apart = difference(reference, process.taken.answer)
        if not process.taken.why_not and not apart <= row.tolerance:
            process.ended("over")
            process.taken.why_not = f"another answer (apart by {apart:.1g})"
    for turn in range(1 if row.once else row.rounds):
        # every other round backwards: memory that one has just given back costs the next less than new memory
        for process in processes[:: -1 if turn % 2 else 1]:
            process.go()
    return [p.close(row.share.get(p.taken.name, 1.0)) for p in processes] + absent


def difference(one: list[float], other: list[float]) -> float:
    """Largest relative difference of what both answered; 0 where one of them answers nothing comparable."""
    return max((abs(a - b) / max(abs(a), 1e-9) for a, b in zip(one, other)), default=0.0)
