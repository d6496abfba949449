"""Survival curves and Cox regression weighted by the inverse probability of treatment."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.checks import (
    BoolArray,
    FloatArray,
    IntArray,
    between,
    label_codes,
    label_list,
    one_of,
    positions,
)
from survsim.core.complete import complete_design
from survsim.core.errors import ConvergenceError, InputError
from survsim.core.frames import as_frame
from survsim.core.provenance import Provenance
from survsim.core.result import result
from survsim.core.surv import Surv
from survsim.estimate.causal.contrast import (
    CausalContrast,
    asked,
    common_end,
    contrast_labels,
    contrast_values,
    percentile_limits,
    step_area,
    step_values,
)
from survsim.estimate.causal.treatment_weights import (
    TreatmentWeights,
    fit_propensity,
    treatment_weights,
    truncated,
    weights_of,
)
from survsim.estimate.nonparametric.contrast import spread_of_difference, wald_difference, wald_ratio
from survsim.estimate.nonparametric.kaplan_meier import KaplanMeier, kaplan_meier
from survsim.estimate.nonparametric.rmst import rmst
from survsim.estimate.nonparametric.shared_clusters import shared_variance, up_to
from survsim.estimate.resampling.bootstrap import resample_counts
from survsim.kernels import batch_product_limit as batch
from survsim.kernels.product_limit import area_beyond

if TYPE_CHECKING:
    import pandas as pd

    from survsim.estimate.cox.result import CoxFit

INTERVALS = ("robust", "bootstrap")


@result
class IpwKaplanMeier(CausalContrast):
    """Weighted curves of two treatments and their contrast.

    Attributes
    ----------
    weighted : the curves with weighted numbers at risk; weights : behind them.
    interval : "robust" (weights taken as known) or "bootstrap" (weights estimated again).
    """

    weighted: KaplanMeier
    weights: TreatmentWeights
    interval: str


def ipw_kaplan_meier(
    surv: Surv,
    treatment: Any,
    formula: str | None = None,
    data: pd.DataFrame | None = None,
    *,
    weights: TreatmentWeights | None = None,
    times: Any = None,
    tau: float | None = None,
    interval: str = "bootstrap",
    n_resamples: int = 500,
    seed: int = 1,
    conf_level: float = 0.95,
    missing: str = "refuse",
    **options: Any,
) -> IpwKaplanMeier:
    """Kaplan-Meier curve of each treatment, each patient counted by her weight, and their contrast.

    S_a(t) = prod over u <= t of (1 - sum w d / sum w at risk), both sums over the patients given a. A patient with several
    rows (`id` of the response) enters the propensity model once, with the covariates of the first, and has one weight.

    Parameters
    ----------
    surv : response; its own weights multiply those of treatment, whose model counts each patient once.
    treatment : (n,) labels of two groups, known at time 0.
    formula, data, options : of `treatment_weights`; or
    weights : its result, of these rows.
    times, tau : at which survival and restricted means are compared; the end of common follow-up if None.
    interval : "bootstrap" (percentile; the propensity is estimated again in each resample, by Firth's
        likelihood where it separates) or "robust" (jackknife with the weights taken as known).
    missing : "refuse", or "drop" for leaving out patients without a known treatment or covariate, counted in a warning.

    Returns
    -------
    IpwKaplanMeier : the two weighted curves, and survival and restricted means of each with their contrasts and limits.

    Raises
    ------
    InputError : not two groups, weights of other patients, an option outside its list, a horizon beyond common follow-up.
    ConvergenceError : the covariates decide the treatment (`separation="firth"` goes on).

    References
    ----------
    Cole & Hernan 2004 (Comput Methods Programs Biomed 75:45); Austin 2016 (Stat Med 35:5642) on intervals.

    Example
    -------
    >>> import pandas as pd
    >>> from survsim import Surv, ipw_kaplan_meier
    >>> s = Surv.right([1, 2, 3, 4, 5, 6, 7, 8], [1] * 8, unit="months")
    >>> frame = pd.DataFrame({"old": [0, 0, 0, 0, 1, 1, 1, 1]})
    >>> fit = ipw_kaplan_meier(s, [0, 0, 0, 1, 0, 1, 1, 1], "old", frame, times=4, tau=4, interval="robust")
    >>> fit.row("survival", "difference")["estimate"]
    0.0
    """
    one_of("interval", interval, INTERVALS)
    between("conf_level", conf_level, 0.0, 1.0)
    surv, treatment, data = _complete(surv, treatment, formula, data, weights, missing)
    made, patients = _weights(surv, treatment, formula, data, weights, options)
    treated, weight = made.treated[patients[1]], made.weight[patients[1]]
    at, horizon = asked(times, tau, common_end(surv.time, treated), surv.unit, surv.time)
    heavy = weighted_response(surv, weight)
    labels = np.where(treated, 1, 0)
    curves = kaplan_meier(heavy, labels, conf_level=conf_level, robust=True)
    own = np.ones(len(surv)) if surv.weight is None else surv.weight
    lines = [_Line(surv, treated == bool(g)) for g in (0, 1)]
    estimate = _values(lines, (own * weight)[None, :], at, horizon)[0]
    if interval == "robust":
        spread = _robust(heavy, labels, curves, at, horizon, conf_level)
    else:
        between("n_resamples", n_resamples, 2, 1e6, open_ends=False)
        counts = _resampled_weights(surv, made, patients, n_resamples, seed)
        spread = percentile_limits(_values(lines, counts * own, at, horizon), estimate.size, conf_level)
    return IpwKaplanMeier(
        groups=made.groups,
        **contrast_labels(made.groups, at, horizon),
        estimate=estimate,
        **spread,
        curves=tuple((curves.time[curves.rows(g)], curves.estimate[curves.rows(g)]) for g in (0, 1)),
        n_patients=surv.n_patients,
        conf_level=float(conf_level),
        unit=surv.unit,
        weighted=replace(curves, groups=made.groups),
        weights=made,
        interval=interval,
        provenance=Provenance.of(
            "ipw_kaplan_meier", surv, made, interval=interval, times=at, tau=horizon,
            n_resamples=n_resamples if interval == "bootstrap" else None,
            seed=seed if interval == "bootstrap" else None,
        ),
    )  # fmt: skip


def ipw_cox(
    surv: Surv,
    treatment: Any,
    formula: str | None = None,
    data: pd.DataFrame | None = None,
    *,
    weights: TreatmentWeights | None = None,
    ties: str = "efron",
    conf_level: float = 0.95,
    missing: str = "refuse",
    **options: Any,
) -> CoxFit:
    """Marginal hazard ratio of treatment: Cox regression on treatment alone, weighted, robust variance.

    Parameters
    ----------
    surv, treatment, formula, data, weights, options : as in `ipw_kaplan_meier`.
    ties : "efron" or "breslow".
    missing : as in `ipw_kaplan_meier`.

    Returns
    -------
    CoxFit with the one term ``treated``. The robust variance takes the weights as known, which for "ate"
    makes the interval somewhat too wide (Austin 2016).

    Raises
    ------
    InputError, ConvergenceError : as `ipw_kaplan_meier`, and what `cox_ph` refuses.

    Reference: Cole & Hernan 2004 (Comput Methods Programs Biomed 75:45); Austin 2016 (Stat Med 35:5642).

    Example
    -------
    >>> import pandas as pd
    >>> from survsim import Surv, ipw_cox
    >>> s = Surv.right([5, 3, 8, 2, 9, 7, 6, 4], [1, 1, 0, 1, 1, 0, 1, 1], unit="months")
    >>> frame = pd.DataFrame({"old": [0, 0, 0, 0, 1, 1, 1, 1]})
    >>> ipw_cox(s, [0, 0, 1, 1, 0, 1, 1, 1], "old", frame).terms
    ('treated',)
    """
    import pandas as pd

    from survsim.estimate.cox.regression import cox_ph

    surv, treatment, data = _complete(surv, treatment, formula, data, weights, missing)
    made, (_, patient) = _weights(surv, treatment, formula, data, weights, options)
    frame = pd.DataFrame({"treated": made.treated[patient].astype(np.float64)}, index=surv.index)
    fit = cox_ph(
        weighted_response(surv, made.weight[patient]),
        None,
        frame,
        ties=ties,
        robust=True,
        conf_level=conf_level,
    )
    return replace(
        fit,
        note=f"Marginal hazard ratio of {made.groups[1]!r} against {made.groups[0]!r}, weights taken as known.",
        provenance=Provenance.of("ipw_cox", surv, made, ties=ties, conf_level=conf_level),
    )


def weighted_response(surv: Surv, weight: FloatArray) -> Surv:
    """The response with its weights multiplied by those of treatment (n,)."""
    own = 1.0 if surv.weight is None else surv.weight
    heavy = own * weight
    if not (np.isfinite(heavy).all() and (heavy > 0).all()):
        raise InputError(
            "treatment weights must be finite and positive; the propensity model has 0 or 1 in it."
        )
    return surv.with_parts(weight=heavy)


def _complete(
    surv: Surv, treatment: Any, formula: str | None, data: Any, weights: Any, missing: str
) -> tuple[Surv, Any, Any]:
    """Response, treatment and data in one order, without the rows that lack a value where `missing` is "drop"."""
    if weights is not None and missing != "refuse":
        raise InputError(
            "weights are of the rows they were made from; leave the rows that lack a value out before treatment_weights, "
            "or pass formula and data in the place of weights."
        )
    frame = None if data is None else surv.paired("data", as_frame(data))
    surv, _, frame, rows = complete_design(surv, formula, frame, {"treatment": treatment}, missing)
    return surv, surv.paired("treatment", rows["treatment"]), frame


def _weights(
    surv: Surv, treatment: Any, formula: Any, data: Any, weights: Any, options: dict[str, Any]
) -> tuple[TreatmentWeights, tuple[IntArray, IntArray]]:
    """The weights, the rows (P,) that they are of, and the place of each row of the response among them (n,)."""
    if weights is None:
        if formula is None or data is None:
            raise InputError(
                "pass formula and data of the propensity model, or weights from treatment_weights(...)."
            )
        data = as_frame(data)
        if len(data) != len(surv):
            raise InputError(
                f"data has {len(data)} rows for {len(surv)} patients; they must be in one order."
            )
        first, patient = surv.patients
        if first.size < len(surv):
            treatment, data = _of_patients(surv, treatment), data.iloc[first]
        return treatment_weights(treatment, formula, data, **{"source": surv.sources} | options), (
            first,
            patient,
        )
    if formula is not None or data is not None or options:
        raise InputError("weights already has its formula and options; pass one or the other.")
    weights = weights.in_order_of(surv)
    labels = label_list("treatment", treatment)
    if len(labels) != len(surv) or weights.treated.size != len(surv):
        raise InputError(
            f"treatment ({len(labels)}), weights ({weights.treated.size}) and response ({len(surv)}) differ in length."
        )
    if any((label == weights.groups[1]) != bool(z) for label, z in zip(labels, weights.treated)):
        raise InputError("treatment is not the one that the weights were made for.")
    return weights, (np.arange(len(surv)), np.arange(len(surv)))


def _of_patients(surv: Surv, treatment: Any) -> Any:
    """The treatment of each patient, on which all rows of one must agree."""
    codes, labels = label_codes("treatment", treatment, len(surv))
    first, patient = surv.patients
    changed = codes != codes[first][patient]
    if changed.any():
        raise InputError(
            f"treatment changes between the rows of a patient ({positions(changed)}); it must be known at time 0. For a "
            "treatment that is started or stopped on the way use marginal_structural_cox or clone_censor_weight."
        )
    return [labels[k] for k in codes[first]]


class _Line:
    """One treatment's patients, laid out for weighted curves."""

    def __init__(self, surv: Surv, mine: BoolArray):
        part = surv.take(mine)
        self.mine = mine
        self.layout = batch.Resampled(part.time, part.event, part.entry)

    def curves(self, weight: FloatArray) -> FloatArray:
        """Curves (B, m) for weights (B, n) of all patients; NaN where a resample has none of the group."""
        own = weight[:, self.mine]
        found = self.layout.curves(own)
        found[own.sum(axis=1) == 0] = np.nan
        return found


def _values(lines: list[_Line], weight: FloatArray, at: FloatArray, tau: float) -> FloatArray:
    survival, means = [], []
    for line in lines:
        curve = line.curves(weight)
        survival.append(step_values(line.layout.time, curve, at))
        means.append(step_area(line.layout.time, curve, tau))
    return contrast_values(np.stack(survival, axis=1), np.stack(means, axis=1))


def _resampled_weights(
    surv: Surv, made: TreatmentWeights, patients: tuple[IntArray, IntArray], n_resamples: int, seed: int
) -> FloatArray:
    """Resample counts times weights estimated in each resample, (B, n); NaN rows are without an answer."""
    cluster = None if surv.together is None else np.unique(surv.together, return_inverse=True)[1]
    counts = resample_counts(len(surv), n_resamples, seed, stream="ipw", cluster=cluster)
    weighted = np.zeros_like(counts)
    first, patient = patients
    for b, every in enumerate(counts):
        row = every[first]
        if row[made.treated].sum() == 0 or row[~made.treated].sum() == 0:
            continue
        try:
            fit = fit_propensity(made.design.matrix, made.treated, row, "firth")
            weight = weights_of(fit.chance, made.treated, row, made.estimand, made.stabilised)
        except ConvergenceError:
            continue
        weighted[b] = every * truncated(weight, made.truncate, row)[patient]
    return weighted


def _robust(
    heavy: Surv, labels: Any, curves: KaplanMeier, at: FloatArray, tau: float, conf_level: float
) -> dict[str, Any]:
    """Intervals by the jackknife variance of each curve, and by the normal law for the contrasts."""
    points = curves.survival_at(at)
    # One cluster a patient asks for the jackknife also where the weights happen to be whole numbers.
    together = np.arange(len(heavy)) if heavy.together is None else heavy.together
    single = replace(heavy, cluster=together)
    means = rmst(single, labels, tau, conf_level=conf_level)
    shape = (2, at.size)
    columns = [
        np.column_stack([getattr(points, name).reshape(shape), getattr(means, name)])
        for name in ("estimate", "std_error", "conf_low", "conf_high")
    ]
    value, error = columns[0], columns[1]
    shared = _shared(single, labels, at, tau, value)
    rows = []
    for kind in (wald_difference, wald_ratio):
        for k in range(at.size + 1):
            _, low, high, _ = kind(value[:, k], error[:, k], conf_level, shared=shared[k])
            if kind is wald_difference:
                most = 1.0 if k < at.size else tau
                low, high = np.clip([low, high], -most, most)
            spread = spread_of_difference(error[:, k], shared[k])
            if kind is wald_ratio:
                own = value[:, k]
                spread = (
                    own[1] / own[0] * spread_of_difference(error[:, k] / own, shared[k] / np.prod(own))
                    if own.min() > 0
                    else np.nan
                )
            rows.append((spread, low, high))
    contrasts = np.array(rows)
    fields = {
        name: np.concatenate([columns[k + 1].ravel(), contrasts[:, k]])
        for k, name in enumerate(("std_error", "conf_low", "conf_high"))
    }
    return fields | {"replicates": np.empty((0, value.size * 2)), "n_undefined": 0}


def _shared(surv: Surv, labels: Any, at: FloatArray, tau: float, value: FloatArray) -> FloatArray:
    """Covariances (T + 1,) of the two groups' survival at `at` and of their restricted means, by clusters that stand in both."""
    moved = [shared_variance(surv, labels, up_to(float(end))) for end in at]
    mean = shared_variance(surv, labels, lambda table: area_beyond(table, tau))
    return np.array([*(np.array(moved) * value[:, :-1].prod(axis=0)), mean])
