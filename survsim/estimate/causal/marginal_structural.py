"""Marginal structural Cox model: treatment that changes over time, weighted by the inverse of its probability."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.checks import BoolArray, FloatArray, between, one_of, positions
from survsim.core.complete import complete_design
from survsim.core.design import design_matrix, formula_variables
from survsim.core.errors import InputError, SmallSampleWarning, warn
from survsim.core.frames import as_frame
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.surv import Surv
from survsim.core.tables import Columns
from survsim.estimate.causal.logistic import SEPARATION, logistic
from survsim.estimate.causal.treatment_weights import truncated, two_treatments
from survsim.estimate.cox.regression import cox_ph
from survsim.estimate.cox.result import CoxFit

if TYPE_CHECKING:
    import pandas as pd

OWN = ("treated", "treated_before", "row_start")
"""Columns that are made here."""
HEAVY = 20.0
"""A stabilised weight above it is warned of."""


@result
class MarginalStructuralCox(Result):
    """A weighted Cox model with its weights.

    Attributes
    ----------
    cox : the fit; its first term is ``treated``, its errors are robust, patients kept whole.
    weight : (n,) stabilised weight of each row, in the order given; treated : (n,).
    numerator, denominator : formulas of the two models; truncate : share, or None.
    """

    cox: CoxFit
    weight: FloatArray
    treated: BoolArray
    numerator: str
    denominator: str
    truncate: float | None

    def columns(self) -> Columns:
        """Columns of the Cox model."""
        return self.cox.columns()

    def headline(self) -> str:
        return (
            f"Marginal structural Cox model: {self.weight.size} rows, weights mean {self.weight.mean():.3f}, "
            f"{self.weight.min():.3g} to {self.weight.max():.3g}; treatment ~ {self.denominator}, over {self.numerator}"
        )


def marginal_structural_cox(
    surv: Surv,
    treatment: Any,
    data: pd.DataFrame,
    *,
    denominator: str,
    numerator: str | None = None,
    formula: str | None = None,
    starts_once: bool = False,
    truncate: float | None = None,
    separation: str = "error",
    reference: Any = None,
    conf_level: float = 0.95,
    missing: str = "refuse",
) -> MarginalStructuralCox:
    """Effect of a treatment that changes over time, when what brings it about is changed by earlier treatment.

    Each row is weighted by the product, over the patient's rows so far, of P(treatment | baseline) / P(treatment | history):
    stabilised inverse probability weights. Adjusting for the history in a Cox model instead would take away what
    treatment does through it. The models are pooled logistic ones. What history does not hold stays confounding.

    Parameters
    ----------
    surv : start-stop rows, ``Surv.right(stop, event, entry=start, id=patient, unit=...)``. Its own weights count in the models
        of treatment as in the Cox model, so that a weight of 2 is a patient told twice.
    treatment : (n,) labels of two treatments, that of each row, chosen at its beginning.
    data : (n rows) covariates as known at the beginning of each row. Formulas may also name ``row_start``, that time, and
        ``treated_before``, treatment of the patient's row before (0 in the first).
    denominator : covariates, those over time included, that bring treatment about.
    numerator : baseline covariates of the stabilising model, each of which `formula` must hold too.
    formula : baseline covariates of the Cox model, beside treatment.
    starts_once : who is treated stays so: later rows have no choice in them. Otherwise ``treated_before`` is in both models.
    truncate : share q in (0, 0.5) of weights drawn in to their quantiles at either end.
    separation : "error", or "firth" where covariates decide treatment.
    reference : label of the untreated; the first if None.
    conf_level : of the intervals.
    missing : "refuse", or "drop" for leaving out whole patients with a gap in one of their rows, counted in a warning: a
        single row left out would take its factor out of all later weights.

    Returns
    -------
    MarginalStructuralCox : the weighted fit (``.cox``) and the weights; errors take the weights as known, which is conservative.

    Raises
    ------
    InputError : rows without id, a treated patient who stops where `starts_once`, a numerator outside `formula`.
    ConvergenceError : covariates that decide treatment.

    References
    ----------
    Hernan, Brumback & Robins 2000 (Epidemiology 11:561); Cole & Hernan 2008 (Am J Epidemiol 168:656).

    Example
    -------
    >>> import pandas as pd
    >>> from survsim import Surv
    >>> from survsim.causal import marginal_structural_cox
    >>> rows = pd.DataFrame({"id": [1, 1, 2, 2, 3, 3, 4, 4], "start": [0, 1] * 4, "stop": [1, 2.5, 1, 2, 1, 3, 1, 4]})
    >>> rows["marker"], rows["drug"] = [5, 3, 4, 4, 5, 5, 3, 4], [0, 1, 1, 1, 0, 0, 0, 1]
    >>> surv = Surv.right(rows["stop"], [0, 1, 0, 1, 0, 1, 0, 1], entry=rows["start"], id=rows["id"], unit="years")
    >>> found = marginal_structural_cox(surv, rows["drug"], rows, denominator="marker", starts_once=True)
    >>> found.weight.round(3).tolist()[:2]
    [0.697, 0.388]
    """
    between("conf_level", conf_level, 0.0, 1.0)
    if truncate is not None:
        between("truncate", truncate, 0.0, 0.5)
    one_of("separation", separation, SEPARATION)
    if surv.id is None:
        raise InputError(
            "the response needs start-stop rows that name their patients: Surv.right(stop, event, entry=start, id=patient, unit=...)."
        )
    if not isinstance(denominator, str):
        raise InputError(
            f"denominator must be a formula of what brings treatment about, such as 'age + marker'; got {denominator!r}."
        )
    data = as_frame(surv.paired("data", as_frame(data)))
    surv, _, data, rows = complete_design(
        surv,
        denominator,
        data,
        {"treatment": treatment},
        missing,
        more_formulas=(numerator, formula),
        histories=True,
    )
    treatment = rows["treatment"]
    frame, groups, treated, order = _rows(surv, treatment, data, reference)
    base = set() if formula is None else formula_variables(formula)
    outside = sorted((set() if numerator is None else formula_variables(numerator)) - base - set(OWN))
    if outside:
        raise InputError(
            f"numerator has {', '.join(map(repr, outside))}, which formula has not: weights stabilised by a covariate leave "
            "its confounding to the Cox model. Put it into formula too."
        )
    for part in (denominator, numerator, formula):
        if part is not None:
            design_matrix(part, frame)  # a column that is not there is told before any model is fitted
    free = _choices(treated, frame, starts_once, separation)
    own = np.ones(len(surv)) if surv.weight is None else surv.weight
    chance = [
        _chance(f, frame, treated, free * own, starts_once, separation) for f in (numerator, denominator)
    ]
    mine = [np.where(treated, c, 1.0 - c) for c in chance]
    ratio = np.ones(len(surv))
    ratio[free] = mine[0][free] / mine[1][free]
    weight = truncated(_running(ratio, surv, order), truncate)
    if weight.max() > HEAVY:
        warn(
            f"the heaviest row weighs {weight.max():.1f}: some treatments were all but impossible given the history. "
            "Truncate (truncate=0.01), or coarsen the denominator.",
            SmallSampleWarning,
        )
    groups_of = surv.id if surv.cluster is None else surv.cluster
    heavy = replace(surv, weight=own * weight, cluster=groups_of, index=None)
    whole = "treated" if formula is None else f"treated + {formula}"
    cox = cox_ph(heavy, whole, frame, robust=True, conf_level=conf_level)
    return MarginalStructuralCox(
        cox=cox, weight=weight, treated=treated, numerator=numerator or "1", denominator=denominator, truncate=truncate,
        provenance=Provenance.of(
            "marginal_structural_cox", surv, groups=[str(g) for g in groups], denominator=denominator, numerator=numerator,
            formula=formula, starts_once=starts_once, truncate=truncate, separation=separation, conf_level=conf_level,
        ),
    )  # fmt: skip


def _rows(
    surv: Surv, treatment: Any, data: Any, reference: Any
) -> tuple[pd.DataFrame, tuple[Any, ...], BoolArray, Any]:
    """The frame with this module's columns, labels, who is treated (n,), and the order by patient and time."""
    assert surv.id is not None
    frame = as_frame(surv.paired("data", as_frame(data)))
    taken = [name for name in OWN if name in frame.columns]
    if len(frame) != len(surv) or taken:
        raise InputError(
            f"data must have {len(surv)} rows, as the response, and none of the columns {', '.join(OWN)}; it has {len(frame)}"
            f"{' and ' + ', '.join(taken) if taken else ''}."
        )
    groups, treated = two_treatments(surv.paired("treatment", treatment), len(surv), reference)
    order = np.lexsort((surv.begin, surv.id))
    same = surv.id[order][1:] == surv.id[order][:-1]
    before = np.zeros(len(surv))
    before[order[1:][same]] = treated[order[:-1][same]]
    made = frame.reset_index(drop=True).assign(
        treated=treated.astype(float), treated_before=before, row_start=surv.begin
    )
    return made, groups, treated, order


def _choices(treated: BoolArray, frame: pd.DataFrame, starts_once: bool, separation: str) -> BoolArray:
    """Rows (n,) at whose beginning there was a choice."""
    before = frame["treated_before"].to_numpy() > 0
    stopped = before & ~treated
    if not starts_once:
        if before.any() and not stopped.any() and separation == "error":
            raise InputError(
                "nobody who was treated stops again, so that treated_before decides treatment; say starts_once=True: later rows then "
                "have no choice in them."
            )
        return np.ones(treated.size, bool)
    if stopped.any():
        raise InputError(
            f"treatment stops again in {positions(stopped)}, but starts_once says that it does not; leave starts_once out."
        )
    return ~before


def _chance(
    formula: str | None,
    frame: pd.DataFrame,
    treated: BoolArray,
    heavy: FloatArray,
    starts_once: bool,
    separation: str,
) -> FloatArray:
    """Probability (n,) of being treated by a pooled logistic model of the rows with a choice; 1 elsewhere.

    `heavy` (n,) are the rows' own weights, 0 of those without a choice.
    """
    free = heavy > 0
    columns = [np.ones((len(frame), 1))]
    terms: tuple[str, ...] = ()
    if not starts_once:
        columns.append(frame[["treated_before"]].to_numpy(dtype=np.float64))
        terms = ("treated_before",)
    if formula is not None:
        design = design_matrix(formula, frame)
        columns.append(design.matrix)
        terms = (*terms, *design.columns)
    x = np.hstack(columns)[free]
    chance = np.ones(len(frame))
    chance[free] = logistic(x, treated[free], heavy[free], separation=separation, terms=terms).chance
    return chance


def _running(ratio: FloatArray, surv: Surv, order: Any) -> FloatArray:
    """Products (n,) of each patient's ratios up to the row."""
    assert surv.id is not None
    patient = surv.id[order]
    begin = np.flatnonzero(np.append(True, patient[1:] != patient[:-1]))
    total = np.cumsum(np.log(ratio[order]))
    earlier = np.append(0.0, total)[begin]
    running = total - np.repeat(earlier, np.diff(np.append(begin, patient.size)))
    weight = np.empty(ratio.size)
    weight[order] = np.exp(running)
    return weight
