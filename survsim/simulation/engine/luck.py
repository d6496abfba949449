"""The luck of a block of patients in one draw or several: made once, shared by every strategy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast

import numpy as np

from survsim.core.checks import FloatArray, IntArray
from survsim.core.streams import Streams
from survsim.simulation.declared.population import Covariate, Frailty, Population
from survsim.simulation.engine.known import Known, frailty_given
from survsim.simulation.laws.law import Lookup

T = TypeVar("T")


class Luck:
    """Uniforms and exponentials of patients `start` to `start + each - 1` of each draw, one draw after another.

    They are kept for the strategies to share; `size` patients in all, `draw_of` (size,) their place among the `draws`.
    """

    __slots__ = (
        "_covariates",
        "_exponentials",
        "_shared",
        "_uniforms",
        "draw_of",
        "draws",
        "each",
        "size",
        "start",
        "streams",
    )

    def __init__(self, streams: Streams, draws: Sequence[int], start: int, each: int) -> None:
        self.streams, self.draws, self.start, self.each = streams, tuple(draws), start, each
        self.size = each * len(self.draws)
        self.draw_of: IntArray = np.repeat(np.arange(len(self.draws)), each)
        self._uniforms: dict[tuple[str, int], FloatArray] = {}
        self._exponentials: dict[tuple[str, int], FloatArray] = {}
        self._covariates: dict[str, FloatArray] = {}
        self._shared: dict[tuple[str, ...], object] = {}

    def uniform(self, name: str, visit: int = 0) -> FloatArray:
        """Uniforms (size,) of a stream."""
        key = (name, visit)
        if key not in self._uniforms:
            self._uniforms[key] = self._made(self.streams.uniforms, name, visit)
        return self._uniforms[key]

    def exponential(self, name: str, visit: int = 0) -> FloatArray:
        """Unit exponentials (size,) of a stream."""
        key = (name, visit)
        if key not in self._exponentials:
            self._exponentials[key] = self._made(self.streams.exponentials, name, visit)
        return self._exponentials[key]

    def _made(self, make: Callable[..., FloatArray], name: str, visit: int) -> FloatArray:
        """A stream (size,), that of each draw as it is in a block of its own."""
        if self.streams.one_luck:
            return np.tile(make(name, size=self.each, start=self.start, visit=visit), len(self.draws))
        parts = [make(name, size=self.each, start=self.start, draw=d, visit=visit) for d in self.draws]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def place(self, k: int) -> slice:
        """Where the patients of draw number `k` of the block are."""
        return slice(k * self.each, (k + 1) * self.each)

    def alone(self, k: int) -> Luck:
        """The luck of draw number `k` of the block by itself."""
        if len(self.draws) == 1:
            return self
        return self.shared(
            ("alone", str(k)), lambda: Luck(self.streams, self.draws[k : k + 1], self.start, self.each)
        )

    def shared(self, key: tuple[str, ...], make: Callable[[], T]) -> T:
        """What `make` gives, made once a block: for whatever is the same under every strategy."""
        if key not in self._shared:
            self._shared[key] = make()
        return cast(T, self._shared[key])

    def patients(
        self, population: Population, numbers: Sequence[Lookup], known: Sequence[Known] = ()
    ) -> dict[str, FloatArray]:
        """Covariates, frailties (as ``frailty/<name>``) and performance status of the block.

        `numbers` and `known` of each draw. Under a history its covariates are everybody's, and frailties follow the law
        that it leaves.
        """
        if not self._covariates:
            for c in population.covariates:
                self._covariates[c.name] = self._each(f"covariate/{c.name}", c, numbers, known, _covariate)
            for f in population.frailties:
                self._covariates[f"frailty/{f.name}"] = self._each(
                    f"frailty/{f.name}", f, numbers, known, _frailty
                )
            fixed = isinstance(population.performance_status, int)
            u = np.zeros(self.size) if fixed else self.uniform("performance_status")
            self._covariates["performance_status"] = population.performance(u)
        return self._covariates

    def _each(
        self,
        name: str,
        what: Any,
        numbers: Sequence[Lookup],
        known: Sequence[Known],
        values: Callable[[Any, FloatArray, Lookup, Known | None], FloatArray],
    ) -> FloatArray:
        """Values (size,) from the stream `name`, draw by draw with the numbers of each."""
        u = self.uniform(name)
        histories: Sequence[Known | None] = known or [None] * len(numbers)
        parts = [values(what, u[self.place(k)], n, h) for k, (n, h) in enumerate(zip(numbers, histories))]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _covariate(covariate: Covariate, u: FloatArray, number: Lookup, known: Known | None) -> FloatArray:
    given = known.covariates if known else {}
    if covariate.name in given:
        return np.full(u.size, given[covariate.name])
    return covariate.values(u, number)


def _frailty(frailty: Frailty, u: FloatArray, number: Lookup, known: Known | None) -> FloatArray:
    tilt = known.tilts.get(frailty.name) if known else None
    return frailty.values(u, number) if tilt is None else frailty_given(frailty, tilt, u, number)
