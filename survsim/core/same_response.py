"""Whether two fits are of the same response: what must agree before their likelihoods may be compared."""

from __future__ import annotations

from typing import Any

import numpy as np

from survsim.core.checks import IntArray
from survsim.core.surv import Surv


def first_difference(one: Surv, other: Surv) -> str | None:
    """What the first thing is in which two responses differ, or None where a likelihood sees no difference.

    No entry is entry at 0, no weight is a weight of 1, no `id` makes each row a patient. Labels of strata and patients may
    be others as long as they part the rows alike; clusters, which change variances alone, are not compared.

    Example
    -------
    >>> from survsim import Surv
    >>> from survsim.core.same_response import first_difference
    >>> plain = Surv.right([3, 5], [1, 0], unit="months")
    >>> first_difference(plain, Surv.right([3, 5], [1, 0], unit="months", weight=[2, 1]))
    'weights'
    """
    if one is other:
        return None
    if len(one) != len(other):
        return f"numbers of rows ({len(one)} and {len(other)})"
    if one.unit != other.unit:
        return f"units of time ({one.unit} and {other.unit})"
    n = len(one)
    pairs: tuple[tuple[str, Any, Any], ...] = (
        ("times", one.time, other.time),
        ("events", one.event, other.event),
        ("entries", filled(one.entry, n, 0.0), filled(other.entry, n, 0.0)),
        ("weights", filled(one.weight, n, 1.0), filled(other.weight, n, 1.0)),
        ("strata", parts(filled(one.stratum, n, 0)), parts(filled(other.stratum, n, 0))),
        ("patients (id)", _patients(one), _patients(other)),
    )
    return next((name for name, a, b in pairs if not np.array_equal(a, b)), None)


def filled(values: Any, n: int, default: float) -> Any:
    """The values, or n times what stands for none."""
    return np.full(n, default) if values is None else values


def parts(codes: Any) -> IntArray:
    """The rows' parts numbered in the order in which they appear, whatever they are called."""
    _, first, place = np.unique(codes, return_index=True, return_inverse=True)
    rank = np.empty(first.size, np.int64)
    rank[np.argsort(first)] = np.arange(first.size)
    return rank[place]


def _patients(surv: Surv) -> IntArray:
    return np.arange(len(surv)) if surv.id is None else parts(surv.id)
