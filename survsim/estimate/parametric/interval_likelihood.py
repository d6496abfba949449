"""The likelihood of a parametric family when an event is only known to lie between two times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from survsim.core.checks import FloatArray, IntArray
from survsim.estimate.parametric.families import Family
from survsim.estimate.parametric.likelihood_terms import Entry, Terms, assemble, triangle
from survsim.estimate.parametric.newton import Evaluation


@dataclass(frozen=True, slots=True)
class IntervalPart:
    """Rows that contribute in one way: "exact", "right" (censored at low), "left" (low is 0) or "interval"."""

    kind: str
    low: FloatArray
    high: FloatArray
    designs: list[FloatArray]


@dataclass(frozen=True, slots=True)
class IntervalProblem:
    """Sum of log f(t), log S(low) and log [S(low) - S(high)] of one family, on the optimiser's clock."""

    family: Family
    parts: tuple[IntervalPart, ...]

    @classmethod
    def of(
        cls, family: Family, low: FloatArray, high: FloatArray, designs: Sequence[FloatArray]
    ) -> IntervalProblem:
        exact, right = low == high, np.isinf(high)
        kinds: dict[str, IntArray] = {
            "exact": np.flatnonzero(exact),
            "right": np.flatnonzero(right),
            "left": np.flatnonzero((low == 0) & ~right & ~exact),
            "interval": np.flatnonzero((low > 0) & ~right & ~exact),
        }
        return cls(
            family,
            tuple(
                IntervalPart(kind, low[rows], high[rows], [np.ascontiguousarray(d[rows]) for d in designs])
                for kind, rows in kinds.items()
                if rows.size
            ),
        )

    def evaluate(self, theta: FloatArray) -> Evaluation:
        """Log-likelihood, gradient and information; -inf where it is not defined."""
        total, gradient, information = 0.0, np.zeros(theta.size), np.zeros((theta.size, theta.size))
        with np.errstate(over="ignore", invalid="ignore", divide="ignore", under="ignore"):
            for part in self.parts:
                value, first, second = assemble(self._terms(part, theta), part.designs, None)
                total, gradient, information = total + value, gradient + first, information + second
        return (total if np.isfinite(total) else -np.inf), gradient, information

    def _terms(self, part: IntervalPart, theta: FloatArray) -> Terms:
        z, at = [], 0
        for design in part.designs:
            z.append(design @ theta[at : at + design.shape[1]])
            at += design.shape[1]
        if part.kind == "exact":
            return self.family.log_density(part.low, z)
        if part.kind == "right":
            return self.family.log_survival(part.low, z)
        late = self.family.log_survival(part.high, z)
        return between(None if part.kind == "left" else self.family.log_survival(part.low, z), late)


def between(early: Terms | None, late: Terms) -> Terms:
    """log(S(low) - S(high)) from log S(low) (None for 1) and log S(high), with its derivatives."""
    start = np.zeros_like(late.value) if early is None else early.value
    gap = np.expm1(late.value - start)
    # S(high) / (S(low) - S(high)); S(low) over the same is one more.
    lost = -1.0 - 1.0 / gap
    n = late.value.size

    def full(entry: Entry) -> FloatArray:
        return np.zeros(n) if entry is None else np.broadcast_to(entry, (n,))

    nothing: list[Entry] = [None] * len(late.second)
    a1 = [full(e) for e in (nothing[: len(late.first)] if early is None else early.first)]
    a2 = [full(e) for e in (nothing if early is None else early.second)]
    b1, b2 = [full(e) for e in late.first], [full(e) for e in late.second]
    first = [(1.0 + lost) * a - lost * b for a, b in zip(a1, b1)]
    second: list[Entry] = []
    for at, (k, j) in enumerate(triangle(len(first))):
        bend = (1.0 + lost) * (a2[at] + a1[k] * a1[j]) - lost * (b2[at] + b1[k] * b1[j])
        second.append(bend - first[k] * first[j])
    return Terms(start + np.log(-gap), list(first), second)
