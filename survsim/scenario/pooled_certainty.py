"""How sure one may be of a pooled ratio: the steps of GRADE, each with the reason it was taken."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from survsim.core.errors import InputError
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.tables import Columns
from survsim.evidence.ask.bias import RiskOfBias
from survsim.evidence.ask.selection import EvidenceSelection
from survsim.evidence.schema.table import DIRECTNESS

if TYPE_CHECKING:
    from survsim.estimate.synthesis.pooling import MetaAnalysis

LEVELS = ("very low", "low", "moderate", "high")
APPRECIABLE = (0.75, 1.25)
"""A ratio beyond these is an effect that matters (Guyatt 2011, on imprecision)."""
TOLD_APART = 10
"""Fewest studies whose asymmetry says anything about what was not published."""
SERIOUS = ("high", "serious")
BEST = ("low",)
HETEROGENEOUS = 50.0


@result
class Certainty(Result):
    """Certainty of one pooled ratio.

    Attributes
    ----------
    domain, step, reason : (6,) where it starts, then the five domains of GRADE: levels below high (0, -1, -2) and why.
    level : ``"high"``, ``"moderate"``, ``"low"`` or ``"very low"``.
    """

    domain: tuple[str, ...]
    step: np.ndarray
    reason: tuple[str, ...]
    level: str

    def columns(self) -> Columns:
        """Columns domain, step, reason."""
        return {"domain": self.domain, "step": self.step, "reason": self.reason}

    def headline(self) -> str:
        return f"Certainty: {self.level}"


def certainty(selection: EvidenceSelection, pooled: MetaAnalysis, bias: RiskOfBias) -> Certainty:
    r"""Certainty of a pooled log ratio in the manner of GRADE: a level to start from, and steps down with reasons.

    Randomised comparisons start high, others low. Steps down: **risk of bias** by the worst overall judgement that is
    common (one level for concerns or where nothing is told, two where half of the numbers are high or serious, or any is
    critical); **inconsistency** one where :math:`I^2` is above 50%; **indirectness** one where the disease is the same
    but not the place, two where neither is; **imprecision** one where the interval holds no effect, two where it holds an
    appreciable effect on both sides (0.75 and 1.25); **publication bias** is not judged below ten studies.

    Parameters
    ----------
    selection : the rows that were pooled.
    pooled : their pooled log ratio.
    bias : their risk of bias, ``store.risk_of_bias(selection.frame["estimate_id"])``.

    Returns
    -------
    Certainty : the level, and every domain with its step and reason.

    Raises
    ------
    InputError : rows and pooled result of different size, or rows that nobody judged.

    Reference
    ---------
    Guyatt GH et al., J Clin Epidemiol 2011;64:383-94. The thresholds are those above; a panel may judge otherwise.

    Example
    -------
    >>> import survsim
    >>> store = survsim.load_evidence()
    >>> found = store.select(endpoint="overall_survival", measure="hazard_ratio", design="rct", site="uterus",
    ...                      comparator=["ifos", "wai"], allow_mixed="setting")
    >>> effects = survsim.effect_sizes(found.records)
    >>> pooled = survsim.meta_analysis(effects.log_hazard_ratio, effects.std_error)
    >>> survsim.scenario.certainty(found, pooled, store.risk_of_bias(found.frame["estimate_id"])).level
    'very low'
    """
    frame = selection.frame
    if len(frame) != pooled.k:
        raise InputError(
            f"{len(frame)} rows were selected, {pooled.k} were pooled; certainty is of what was pooled: give its selection."
        )
    unjudged = sorted(set(frame["estimate_id"]) - set(bias.row_id))
    if unjudged:
        raise InputError(
            f"nobody judged the risk of bias of {', '.join(unjudged[:5])}; add rows to data/raw/declared/bias.csv and run "
            "survsim data curate."
        )
    randomised = bool((frame["randomised"] == "yes").all())
    start = (0, "randomised comparisons start high") if randomised else (-2, "not all randomised: starts low")
    steps = {
        "start": start,
        "risk of bias": _bias(bias, list(frame["estimate_id"])),
        "inconsistency": _inconsistency(pooled),
        "indirectness": _indirectness([str(d) for d in frame["directness"]]),
        "imprecision": _imprecision(pooled),
        "publication bias": _publication(pooled.k),
    }
    level = LEVELS[max(0, 3 + sum(step for step, _ in steps.values()))]
    return Certainty(
        domain=tuple(steps),
        step=np.array([step for step, _ in steps.values()], np.int64),
        reason=tuple(reason for _, reason in steps.values()),
        level=level,
        provenance=Provenance.of("certainty", selection, pooled, bias),
    )


def _bias(bias: RiskOfBias, rows: list[str]) -> tuple[int, str]:
    overall = bias.overall()
    words = list(overall[overall["row_id"].isin(rows)]["overall"])
    counted = ", ".join(f"{words.count(w)} {w.replace('_', ' ')}" for w in dict.fromkeys(words))
    bad = sum(w in SERIOUS for w in words)
    if "critical" in words or 2 * bad >= len(words):
        return -2, f"overall judgements: {counted}"
    return (0 if all(w in BEST for w in words) else -1), f"overall judgements: {counted}"


def _inconsistency(pooled: MetaAnalysis) -> tuple[int, str]:
    if pooled.k < 2:
        return 0, "one study: nothing to compare"
    few = "; few studies would not show it" if pooled.k < 5 else ""
    # From Q, as Higgins defined it: a prior on tau would put its own heterogeneity into the I2 of two studies.
    i2 = max(0.0, 100.0 * (1.0 - (pooled.k - 1) / pooled.q)) if pooled.q > 0 else 0.0
    return (-1 if i2 > HETEROGENEOUS else 0), f"I² {i2:.0f}%{few}"


def _indirectness(places: list[str]) -> tuple[int, str]:
    farthest = max(places, key=DIRECTNESS.index)
    words = {
        "spinal_canal": (0, "the disease, in the spinal canal"),
        "central_nervous_system": (0, "the disease, in the nervous system"),
        "same_disease": (-1, "the disease, but outside the nervous system"),
        "same_site": (-2, "another disease at the site"),
        "indirect": (-2, "another disease elsewhere"),
    }
    return words[farthest]


def _imprecision(pooled: MetaAnalysis) -> tuple[int, str]:
    low, high = math.exp(pooled.conf_low), math.exp(pooled.conf_high)
    shown = f"interval {low:.2f} to {high:.2f}"
    if low < APPRECIABLE[0] and high > APPRECIABLE[1]:
        return -2, f"{shown} holds an appreciable effect on both sides"
    if low <= 1.0 <= high:
        return -1, f"{shown} holds no effect"
    return 0, f"{shown} is on one side"


def _publication(k: int) -> tuple[int, str]:
    if k < TOLD_APART:
        return 0, f"not judged: {k} studies are too few to see what is missing"
    return 0, "not judged here: see the tests of small-study effects"
