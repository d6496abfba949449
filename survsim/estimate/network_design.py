"""The rows of a treatment network: connected, complete in multi-arm studies, with their covariance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from survsim.core.checks import FloatArray
from survsim.core.errors import InputError
from survsim.estimate.study_rows import study_rows


@dataclass(frozen=True, slots=True)
class NetworkRows:
    """n independent-within-model contrasts, each against the first arm of its study.

    Attributes
    ----------
    treatments : (T,), reference first.
    study : (n,) labels; pairs : (n,) (baseline, treatment) of each contrast.
    y : (n,); sampling : (n, n) block covariance; shared : (n, n), 1 and 1/2 within a study.
    design : (n, T - 1) contrasts in effects against the reference.
    """

    treatments: tuple[str, ...]
    study: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]
    y: FloatArray
    sampling: FloatArray
    shared: FloatArray
    design: FloatArray

    def direct_column(self, a: str, b: str) -> FloatArray:
        """(n,) +1 where a study compares b directly with a; in multi-arm studies on the side of b."""
        arms: dict[str, set[str]] = {}
        for study, pair in zip(self.study, self.pairs):
            arms.setdefault(study, set()).update(pair)
        column = np.zeros(self.y.size)
        for i, (study, (base, other)) in enumerate(zip(self.study, self.pairs)):
            if {a, b} <= arms[study]:
                column[i] = float(other == b) - float(base == b)
        return column


def network_rows(
    study: Any, treatment: Any, comparator: Any, estimate: Any, std_error: Any, reference: str | None
) -> NetworkRows:
    """Check and arrange contrasts; every fault names its studies."""
    names = [str(s) for s in study]
    checked = study_rows(estimate, std_error, labels=names, clusters=range(len(names)))
    left, right = [str(t) for t in treatment], [str(c) for c in comparator]
    if not len(left) == len(right) == len(names):
        raise InputError(
            f"study, treatment and comparator must agree in length; got {len(names)}, {len(left)}, {len(right)}."
        )
    same = [s for s, a, b in zip(names, left, right) if a == b]
    if same:
        raise InputError(f"a treatment is compared with itself in {', '.join(same)}; correct those rows.")
    order = treatments_of(left + right, reference)
    _refuse_parts(order, left, right)
    y: list[float] = []
    pairs: list[tuple[str, str]] = []
    studies: list[str] = []
    blocks: list[FloatArray] = []
    for label in dict.fromkeys(names):
        where = [i for i, name in enumerate(names) if name == label]
        effect = {(right[i], left[i]): float(checked.estimate[i]) for i in where}
        variance = {frozenset((left[i], right[i])): float(checked.std_error[i]) ** 2 for i in where}
        values, own, block = _study_block(label, effect, variance, len(where))
        y += values
        pairs += own
        studies += [label] * len(own)
        blocks.append(block)
    return NetworkRows(
        order,
        tuple(studies),
        tuple(pairs),
        np.array(y),
        _block_diagonal(blocks),
        _block_diagonal([0.5 * (np.eye(len(b)) + np.ones((len(b), len(b)))) for b in blocks]),
        _design(order, pairs),
    )


def treatments_of(arms: list[str], reference: str | None) -> tuple[str, ...]:
    """Distinct treatments, the reference first, the rest by name."""
    names = sorted(set(arms))
    if reference is None:
        return tuple(names)
    if reference not in names:
        raise InputError(f"reference {reference!r} is not among the treatments {', '.join(names)}.")
    return (reference, *(n for n in names if n != reference))


def _study_block(
    label: str,
    effect: dict[tuple[str, str], float],
    variance: dict[frozenset[str], float],
    n_rows: int,
) -> tuple[list[float], list[tuple[str, str]], FloatArray]:
    """Contrasts of one study against its first arm and their covariance from all pairwise variances."""
    arms = sorted({arm for pair in effect for arm in pair})
    needed = len(arms) * (len(arms) - 1) // 2
    if len(variance) != n_rows:
        raise InputError(f"{label} gives one contrast twice; keep one row a pair.")
    if n_rows != needed:
        raise InputError(
            f"{label} has {len(arms)} arms ({', '.join(arms)}) and {n_rows} contrasts; a multi-arm study gives all "
            f"{needed}, because their correlation follows from the standard errors."
        )
    base, others = arms[0], arms[1:]
    pairs = [(base, other) for other in others]
    values = [effect[pair] if pair in effect else -effect[pair[::-1]] for pair in pairs]
    block = np.empty((len(others), len(others)))
    for i, a in enumerate(others):
        for j, b in enumerate(others):
            v_a, v_b = variance[frozenset((base, a))], variance[frozenset((base, b))]
            block[i, j] = v_a if i == j else 0.5 * (v_a + v_b - variance[frozenset((a, b))])
    if np.linalg.eigvalsh(block)[0] <= 0:
        raise InputError(
            f"{label}: the standard errors of its contrasts contradict one another; check the rows."
        )
    return values, pairs, block


def _refuse_parts(order: tuple[str, ...], left: list[str], right: list[str]) -> None:
    part = {name: name for name in order}
    for a, b in zip(left, right):
        old, new = part[a], part[b]
        part = {name: new if root == old else root for name, root in part.items()}
    groups: dict[str, list[str]] = {}
    for name, root in part.items():
        groups.setdefault(root, []).append(name)
    if len(groups) > 1:
        told = "; ".join("{" + ", ".join(sorted(g)) + "}" for g in groups.values())
        raise InputError(
            f"the network falls into {len(groups)} parts that no study connects: {told}. "
            "Analyse them apart, or add a study that links them."
        )


def _design(order: tuple[str, ...], pairs: list[tuple[str, str]]) -> FloatArray:
    full = np.zeros((len(pairs), len(order)))
    for i, (base, other) in enumerate(pairs):
        full[i, order.index(other)] += 1.0
        full[i, order.index(base)] -= 1.0
    return full[:, 1:]


def _block_diagonal(blocks: list[FloatArray]) -> FloatArray:
    n = sum(len(b) for b in blocks)
    matrix, at = np.zeros((n, n)), 0
    for block in blocks:
        matrix[at : at + len(block), at : at + len(block)] = block
        at += len(block)
    return matrix
