"""The rows of a treatment network: connected, complete in multi-arm studies, with their covariance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from survsim.core.checks import FloatArray, label_list
from survsim.core.errors import EvidenceError, InputError
from survsim.core.pairing import paired
from survsim.estimate.printed.study_rows import study_rows

PRINTING_ERROR = 0.0015
"""What three contrasts printed to three decimals can miss one another by: half a unit of the last place each."""
COHERENCE_SHARE = 0.25
"""Share of the smallest standard error of a study by which its contrasts may miss one another."""


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
    """Check and arrange contrasts; every fault names its studies.

    The contrasts of a multi-arm study must add up, ``y_CB = y_CA - y_BA``. They may miss by 0.0015 (three numbers
    printed to three decimals) or by a quarter of the smallest of the three standard errors, whichever is more:
    ratios printed to two decimals (three errors of about 0.01 on the log scale) and pairs of arms fitted one by one
    stay within it, a lost sign or rows exchanged do not. Within it the contrasts against the first arm are used.

    Raises
    ------
    InputError : rows that cannot be arranged.
    EvidenceError : contrasts of one study that do not add up.
    """
    study, treatment, comparator, estimate, std_error = paired(
        study=study, treatment=treatment, comparator=comparator, estimate=estimate, std_error=std_error
    )
    names = [str(s) for s in label_list("study", study)]
    checked = study_rows(estimate, std_error, labels=names, clusters=range(len(names)))
    left = [str(t) for t in label_list("treatment", treatment)]
    right = [str(c) for c in label_list("comparator", comparator)]
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
    values = [_effect_of(effect, *pair) for pair in pairs]
    block = np.empty((len(others), len(others)))
    for i, a in enumerate(others):
        for j, b in enumerate(others):
            v_a, v_b = variance[frozenset((base, a))], variance[frozenset((base, b))]
            block[i, j] = v_a if i == j else 0.5 * (v_a + v_b - variance[frozenset((a, b))])
    _refuse_incoherent(label, base, others, effect, variance)
    if np.linalg.eigvalsh(block)[0] <= 0:
        raise InputError(
            f"{label}: the standard errors of its contrasts contradict one another; check the rows."
        )
    return values, pairs, block


def _effect_of(effect: dict[tuple[str, str], float], base: str, other: str) -> float:
    """`other` over `base`, whichever way round the row has it."""
    return effect[base, other] if (base, other) in effect else -effect[other, base]


def _refuse_incoherent(
    label: str,
    base: str,
    others: list[str],
    effect: dict[tuple[str, str], float],
    variance: dict[frozenset[str], float],
) -> None:
    """The contrasts that the model does not use must be those that it implies."""
    for i, b in enumerate(others):
        for c in others[i + 1 :]:
            to_b, to_c, printed = (_effect_of(effect, *p) for p in ((base, b), (base, c), (b, c)))
            smallest = min(variance[frozenset(pair)] for pair in ((base, b), (base, c), (b, c))) ** 0.5
            allowed = max(PRINTING_ERROR, COHERENCE_SHARE * smallest)
            if abs(printed - (to_c - to_b)) > allowed:
                raise EvidenceError(
                    f"{label}: {c} over {b} is given as {printed:g}, but {c} over {base} ({to_c:g}) less {b} over {base} "
                    f"({to_b:g}) is {to_c - to_b:.4g}; rounding explains {allowed:.2g} at most. Look for a lost sign, "
                    "treatments exchanged, or numbers of different analyses."
                )


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
