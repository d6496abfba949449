"""States that may be seen wrongly at a visit: the likelihood of the true course behind what was seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import expm

from survsim.core.checks import BoolArray, FloatArray, IntArray
from survsim.core.errors import InputError
from survsim.estimate.competing.panel_likelihood import LEAST, Panel, generators, through_exponential

FIRST_LOG_ODDS = -2.0
"""Of seeing a state wrongly, where the search begins."""


@dataclass(frozen=True, slots=True)
class Hidden:
    """What is seen of a panel whose states may be seen wrongly.

    Attributes
    ----------
    panel : the intervals; `source` and `target` are what was seen.
    seen : (m, 2) a true state and another as which it may be seen, as places.
    turns : for each place in the sequence of visits the intervals that end there, those of the first turn beginning truly.
    patient : (n,) of each interval.
    """

    panel: Panel
    seen: IntArray
    turns: tuple[IntArray, ...]
    patient: IntArray

    @classmethod
    def of(cls, panel: Panel, seen: IntArray, patient: IntArray) -> Hidden:
        """Intervals (n,) of patients, in the order of patients and time."""
        first = np.flatnonzero(np.append(True, patient[1:] != patient[:-1]))
        turn = np.arange(patient.size) - np.repeat(first, np.diff(np.append(first, patient.size)))
        turns = tuple(np.flatnonzero(turn == k) for k in range(int(turn.max()) + 1))
        return cls(panel, seen, turns, np.cumsum(np.append(False, patient[1:] != patient[:-1])))

    @property
    def n_patients(self) -> int:
        return int(self.patient[-1]) + 1


def chances(log_odds: FloatArray, seen: IntArray, size: int) -> FloatArray:
    """The chance (S, S) of seeing each true state (rows) as each (columns), of log odds against seeing it as it is."""
    odds = np.eye(size)
    odds[seen[:, 0], seen[:, 1]] = np.exp(np.clip(log_odds, -700.0, 300.0))
    return odds / odds.sum(axis=1, keepdims=True)


def value_and_slope(theta: FloatArray, hidden: Hidden) -> tuple[float, FloatArray]:
    """Log likelihood and its gradient: the numbers of the panel, then the m log odds; forward and backward over visits."""
    panel, m = hidden.panel, len(hidden.seen)
    size = panel.size
    inner, log_odds = theta[: theta.size - m], theta[theta.size - m :]
    e = chances(log_odds, hidden.seen, size)
    q = generators(inner, panel.pairs, size, panel.z)
    scaled = q[panel.group] * panel.length[:, None, None]
    p = np.maximum(expm(scaled), 0.0)
    emitted = np.where(panel.dead[:, None], q[panel.group[panel.cell], :, panel.target], e[:, panel.target].T)
    before, expected = np.zeros((2, panel.cell.size, size))
    likelihood = np.empty(panel.cell.size)
    now = np.zeros((hidden.n_patients, size))
    now[hidden.patient[hidden.turns[0]], panel.source[hidden.turns[0]]] = 1.0
    for rows in hidden.turns:
        who = hidden.patient[rows]
        before[rows] = now[who]
        expected[rows] = np.einsum("ns,nst->nt", now[who], p[panel.cell[rows]])
        joint = expected[rows] * emitted[rows]
        likelihood[rows] = np.maximum(joint.sum(axis=1), LEAST)
        now[who] = np.where(
            panel.dead[rows, None], np.eye(size)[panel.target[rows]], joint / likelihood[rows, None]
        )
    weight = np.zeros((len(panel.length), size, size))
    of_seeing = np.zeros((size, size))
    share = np.zeros((panel.cell.size, size))
    later = np.ones((hidden.n_patients, size))
    for rows in reversed(hidden.turns):
        who, dead = hidden.patient[rows], panel.dead[rows]
        after = np.where(dead[:, None], 1.0, later[who]) / likelihood[rows, None]
        into = emitted[rows] * after
        np.add.at(weight, panel.cell[rows], before[rows][:, :, None] * into[:, None, :])
        share[rows] = expected[rows] * after
        np.add.at(of_seeing.T, panel.target[rows[~dead]], share[rows[~dead]])
        later[who] = np.einsum("nst,nt->ns", p[panel.cell[rows]], into)
    d = np.flatnonzero(panel.dead)
    slope = through_exponential(panel, q, scaled, weight, share[d])
    own = (e * of_seeing).sum(axis=1)
    a, b = hidden.seen.T
    return float(np.log(likelihood).sum()), np.append(slope, e[a, b] * (of_seeing[a, b] - own[a]))


def read_seen(
    misclassified: Mapping[Any, Sequence[Any]], states: tuple[Any, ...], possible: BoolArray, exact: IntArray
) -> IntArray:
    """Pairs (m, 2) of places, a true state and another as which it may be seen.

    Raises
    ------
    InputError : a name that is no state, a state as itself or twice, a state whose entry is exact.
    """
    pairs: list[tuple[int, int]] = []
    for true, others in misclassified.items():
        for other in others:
            strange = [name for name in (true, other) if name not in states]
            if strange:
                raise InputError(
                    f"misclassified names {strange[0]!r}, which is no state; there are {', '.join(map(repr, states))}."
                )
            pair = states.index(true), states.index(other)
            if pair[0] == pair[1] or pair in pairs:
                raise InputError(
                    f"misclassified has {true!r} seen as {other!r} twice, or as itself; name each once."
                )
            if pair[0] in exact or pair[1] in exact:
                raise InputError(
                    f"misclassified has {true!r} seen as {other!r}, but entry into one of them is exact and so never seen wrongly."
                )
            pairs.append(pair)
    if not pairs:
        raise InputError(
            "misclassified names no state; give a mapping such as {'ill': ['well']}, or leave it out."
        )
    return np.array(pairs, np.int64)


def refuse_impossible(hidden: Hidden, theta: FloatArray, labels: Sequence[object]) -> None:
    """Refuse a patient whose visits no course and no misclassification leads to."""
    panel = hidden.panel
    e = chances(theta[theta.size - len(hidden.seen) :], hidden.seen, panel.size) > 0
    ways = np.eye(panel.size, dtype=bool)
    ways[panel.pairs[:, 0], panel.pairs[:, 1]] = True
    for _ in range(panel.size):
        ways = ways.astype(np.int64) @ ways.astype(np.int64) > 0
    now = np.zeros((hidden.n_patients, panel.size), bool)
    now[hidden.patient[hidden.turns[0]], panel.source[hidden.turns[0]]] = True
    for rows in hidden.turns:
        who = hidden.patient[rows]
        now[who] = (now[who].astype(np.int64) @ ways.astype(np.int64) > 0) & e[:, panel.target[rows]].T
        lost = np.flatnonzero(~now[who].any(axis=1))
        if lost.size:
            raise InputError(
                f"the visits of patient {labels[int(rows[lost[0]])]!r} cannot be: no path of transitions and no state seen wrongly "
                "leads there. Mend the rows, or name the transition or the misclassification. The first visit is taken as true."
            )
