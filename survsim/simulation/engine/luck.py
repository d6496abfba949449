"""The luck of one block of patients in one draw: made once, shared by every strategy."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import numpy as np

from survsim.core.checks import FloatArray
from survsim.core.streams import Streams
from survsim.simulation.declared.population import Population
from survsim.simulation.engine.known import Known, frailty_given
from survsim.simulation.laws.law import Lookup

T = TypeVar("T")


class Luck:
    """Uniforms and exponentials of patients `start` to `start + size - 1`, kept for the strategies to share."""

    __slots__ = ("_covariates", "_exponentials", "_shared", "_uniforms", "draw", "size", "start", "streams")

    def __init__(self, streams: Streams, draw: int, start: int, size: int) -> None:
        self.streams, self.draw, self.start, self.size = streams, draw, start, size
        self._uniforms: dict[tuple[str, int], FloatArray] = {}
        self._exponentials: dict[tuple[str, int], FloatArray] = {}
        self._covariates: dict[str, FloatArray] = {}
        self._shared: dict[tuple[str, ...], object] = {}

    def uniform(self, name: str, visit: int = 0) -> FloatArray:
        """Uniforms (size,) of a stream."""
        key = (name, visit)
        if key not in self._uniforms:
            self._uniforms[key] = self.streams.uniforms(
                name, size=self.size, start=self.start, draw=self.draw, visit=visit
            )
        return self._uniforms[key]

    def exponential(self, name: str, visit: int = 0) -> FloatArray:
        """Unit exponentials (size,) of a stream."""
        key = (name, visit)
        if key not in self._exponentials:
            self._exponentials[key] = self.streams.exponentials(
                name, size=self.size, start=self.start, draw=self.draw, visit=visit
            )
        return self._exponentials[key]

    def shared(self, key: tuple[str, ...], make: Callable[[], T]) -> T:
        """What `make` gives, made once a block: for whatever is the same under every strategy."""
        if key not in self._shared:
            self._shared[key] = make()
        return cast(T, self._shared[key])

    def patients(
        self, population: Population, number: Lookup, known: Known | None = None
    ) -> dict[str, FloatArray]:
        """Covariates, frailties (as ``frailty/<name>``) and performance status of the block.

        Under a history its covariates are everybody's, and frailties follow the law that it leaves.
        """
        if not self._covariates:
            given = known.covariates if known else {}
            for c in population.covariates:
                u = self.uniform(f"covariate/{c.name}")
                self._covariates[c.name] = (
                    np.full(u.size, given[c.name]) if c.name in given else c.values(u, number)
                )
            for f in population.frailties:
                u = self.uniform(f"frailty/{f.name}")
                tilt = known.tilts.get(f.name) if known else None
                self._covariates[f"frailty/{f.name}"] = (
                    f.values(u, number) if tilt is None else frailty_given(f, tilt, u, number)
                )
            fixed = isinstance(population.performance_status, int)
            u = np.zeros(self.size) if fixed else self.uniform("performance_status")
            self._covariates["performance_status"] = population.performance(u)
        return self._covariates
