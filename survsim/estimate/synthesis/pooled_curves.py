"""A summary survival curve of several studies, with between-study heterogeneity and a band for a new study."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import chdtrc

from survsim.core import units
from survsim.core.checks import BoolArray, FloatArray, between, one_of, whole_number
from survsim.core.errors import EvidenceWarning, InputError, SmallSampleWarning, warn
from survsim.core.provenance import Provenance
from survsim.core.renamed import renamed
from survsim.core.result import Result, result
from survsim.core.steps import Steps
from survsim.core.surv import Surv
from survsim.core.tables import Columns
from survsim.estimate.synthesis import curve_pooling as model
from survsim.estimate.synthesis.curve_studies import CurveStudies, curve_studies, patient_curves
from survsim.estimate.synthesis.pooling import critical_value

if TYPE_CHECKING:
    from survsim.core.distributions import PiecewiseExponential


@result
class PooledSurvivalCurve(Result):
    """Pooled survival at T times, in `unit`, with interval and band for the curve of a new study.

    Attributes
    ----------
    time, survival, conf_low, conf_high, prediction_low, prediction_high : (T,).
    log_std_error : (T,) standard error of log survival.
    n_study : (T,) studies that reach each time.
    transformed, covariance : (T,), (T, T) pooled arcsine of conditional survival and its covariance.
    tau2_matrix : (T, T) between-study covariance (zero for fixed effects).
    q, q_df, q_p_value, h2, i2 : heterogeneity over all times; q_df = readings - T; i2 in per cent.
    median, median_conf_low, median_conf_high : linear between times; inf where not reached.
    rmst, rmst_conf_low, rmst_conf_high : area under the linear curve to the last time.
    studies : readings behind the curve; `studies.is_imputed` marks numbers at risk that nobody printed.
    """

    time: FloatArray
    survival: FloatArray
    conf_low: FloatArray
    conf_high: FloatArray
    prediction_low: FloatArray
    prediction_high: FloatArray
    log_std_error: FloatArray
    n_study: FloatArray
    transformed: FloatArray
    covariance: FloatArray
    tau2_matrix: FloatArray
    q: float
    q_df: int
    q_p_value: float
    h2: float
    i2: float
    median: float
    median_conf_low: float
    median_conf_high: float
    rmst: float
    rmst_conf_low: float
    rmst_conf_high: float
    studies: CurveStudies
    unit: str
    effects: str
    conf_level: float

    def steps(self, group: Any = None) -> Steps:
        """The pooled curve from 1 at time 0, its points joined straight.

        Parameters
        ----------
        group : "mean" (default): limits of the mean; "prediction": limits of a new study.
        """
        labels = ("mean", "prediction")
        kind = labels[0 if group is None else Steps.place(group, labels, "group")]
        mean = (self.conf_low, self.conf_high)
        limits = mean if kind == "mean" else (self.prediction_low, self.prediction_high)
        return Steps.from_origin(self.time, self.survival, limits, start=1.0, unit=self.unit, joined="lines")

    def columns(self) -> Columns:
        """One row a time: time, survival, interval, prediction band, log_std_error, n_study."""
        names = (
            "time",
            "survival",
            "conf_low",
            "conf_high",
            "prediction_low",
            "prediction_high",
            "log_std_error",
            "n_study",
        )
        return {name: getattr(self, name) for name in names}

    def headline(self) -> str:
        """Studies, heterogeneity, median and restricted mean."""
        n_imputed = int((self.studies.is_imputed & self.studies.is_seen).sum())
        lines = [
            f"Pooled survival of {len(self.studies.labels)} studies ({self.effects} effects), time in {self.unit}",
            f"median {self.median:.4g} ({self.median_conf_low:.4g} to {self.median_conf_high:.4g}), "
            f"restricted mean to {self.time[-1]:g}: {self.rmst:.4g} ({self.rmst_conf_low:.4g} to {self.rmst_conf_high:.4g})",
            f"I2 {self.i2:.1f}%, Q {self.q:.4g} on {self.q_df} df, p = {self.q_p_value:.3g}",
        ]
        if n_imputed:
            lines.append(f"Note: {n_imputed} numbers at risk were imputed")
        return "\n".join(lines)

    def draws(self, n: int, *, seed: int = 1, new_study: bool = True) -> FloatArray:
        """(n, T) curves from the estimated law of the pooled curve, or of the curve of a new study; n at most a million."""
        if n != int(between("n", n, 1, 1_000_000, open_ends=False)):
            raise InputError(f"n must be a whole number of curves; got {n!r}.")
        spread = self.covariance + (self.tau2_matrix if new_study else 0.0)
        return model.draw_curves(self.transformed, spread, n, seed)

    def to_distribution(self) -> PiecewiseExponential:
        """The pooled curve as a distribution with constant hazard between times (and after the last)."""
        from survsim.core.distributions import PiecewiseExponential

        steps = np.concatenate([[1.0], self.survival])
        if steps[-1] <= 0.0:
            raise InputError(
                "the pooled curve reaches 0, where no hazard is finite; leave the last time out."
            )
        width = np.diff(np.concatenate([[0.0], self.time]))
        return PiecewiseExponential(
            breaks=self.time[:-1], rates=-np.diff(np.log(steps)) / width, time_unit=self.unit
        )


@renamed(sources="source")
def pooled_survival_curve(
    study: Any = None,
    time: Any = None,
    survival: Any = None,
    n_risk: Any = None,
    *,
    unit: str | None = None,
    patients: Mapping[Any, Surv] | None = None,
    n_start: Mapping[Any, float] | None = None,
    censoring_rate: float | None = None,
    effects: str = "random",
    conf_transform: str = "arcsine",
    conf_level: float = 0.95,
    n_draws: int = 10_000,
    seed: int = 1,
    source: str | Iterable[str] = (),
) -> PooledSurvivalCurve:
    """Distribution-free summary curve: conditional survival pooled at each time, then multiplied up.

    With ``p = S(t) / S(t-1)`` and n at risk, ``y = asin sqrt((n p + 1/4) / (n + 1/2))`` has variance
    ``1 / (4 (n + 1/2))``. Random effects use the multivariate DerSimonian-Laird matrix; then ``S(t) = prod
    sin(y)^2`` and ``Var log S = L (g g' o C) L'`` with ``g = 2 cot y``.

    Parameters
    ----------
    study, time, survival : (N,) one row a reading, from each study at every common time until it stops.
    n_risk : (N,) at risk at the start of the interval that ends at `time`; NaN where not printed.
    unit : of `time`.
    patients : instead of rows, patient-level data {label: Surv}; `time` are then the times to read at. Weights count as so
        many patients where they are whole numbers; other weights as the number whose plain mean would be as sure.
    n_start : {study: patients at time 0}, for studies without printed numbers.
    censoring_rate : per unit of time, for studies that print no number at risk (an assumption of yours).
    effects : "random" or "fixed".
    conf_transform : "arcsine" (stays within 0 and 1, steady where survival is near 1), "log" (the paper's) or
        "log-log".
    conf_level, n_draws, seed : level of intervals; normal draws behind those of median and restricted mean.
    source : references for provenance.

    Returns
    -------
    PooledSurvivalCurve : pooled survival at each common time with its interval, heterogeneity, median and restricted mean.

    Notes
    -----
    Q has (readings - T) degrees of freedom, the count for T estimated means; counting (readings - studies),
    as one program does, matches no regression. Random-effects intervals use t, because with few studies the
    normal interval is too short: its degrees of freedom join (studies at a time - 1) over the times passed by
    Satterthwaite's rule, with each time's share of ``Var log S`` as weight.

    Raises
    ------
    InputError : curves that rise, gaps, numbers at risk that cannot be completed, or (of `patients`) nobody under
        observation where an interval begins, by study.
    EvidenceError : more at risk than the curve left alive, by study and time.

    References
    ----------
    Combescure, Foucher, Jackson 2014, Stat Med 33:2521; Jackson, White, Thompson 2010, Stat Med 29:1282.

    Example
    -------
    >>> from survsim import pooled_survival_curve
    >>> pooled = pooled_survival_curve(["A", "A", "B", "B"], [12, 24, 12, 24], [0.8, 0.6, 0.7, 0.5],
    ...     [100, 78, 50, 33], unit="months", effects="fixed")
    >>> pooled.survival.round(3)
    array([0.766, 0.565])
    """
    one_of("effects", effects, ("random", "fixed"))
    one_of("conf_transform", conf_transform, ("arcsine", "log", "log-log"))
    between("conf_level", conf_level, 0.0, 1.0)
    if censoring_rate is not None:
        between("censoring_rate", censoring_rate, 0.0, np.inf, open_ends=False)
    if patients is not None:
        study, time, survival, n_risk, unit, source = _from_patients(patients, time)
    if unit is None or study is None:
        raise InputError("give rows (study, time, survival) with unit=, or patients={label: Surv} and time=.")
    units.check_unit(unit)
    n_draws = whole_number("n_draws", n_draws)
    studies = curve_studies(study, time, survival, n_risk, n_start=n_start, censoring_rate=censoring_rate)
    if len(studies.labels) < 2:
        raise InputError(f"one study ({studies.labels[0]}) is a curve already; pooling needs two.")
    _warn_of_imputed(studies)
    y, v = model.transform(studies)
    between_matrix = model.between_studies(y, v) if effects == "random" else np.zeros((y.shape[1],) * 2)
    centre, covariance = model.gls(y, v, between_matrix)
    n_study = np.isfinite(y).sum(axis=0).astype(np.float64)
    curve = np.cumprod(np.sin(centre) ** 2)
    df = model.degrees_of_freedom(centre, covariance, n_study, effects == "random")
    _warn_of_few(n_study, effects)
    width = np.array([critical_value(conf_level, d) for d in df])
    error = model.log_error(centre, covariance)
    low, high = _never_rising(*model.limits(curve, error, width, conf_transform))
    ahead = model.log_error(centre, covariance + between_matrix)
    ahead_low, ahead_high = _never_rising(*model.limits(curve, ahead, width, conf_transform))
    q, q_df = model.cochran(y, v)
    simulated = model.draw_curves(centre, covariance, n_draws, seed)
    tail = (1.0 - conf_level) / 2.0
    median = model.medians(studies.time, curve[None, :])[0]
    rmst = model.areas(studies.time, curve[None, :])[0]
    median_ends = np.quantile(model.medians(studies.time, simulated), [tail, 1 - tail], method="inverted_cdf")
    rmst_ends = np.quantile(model.areas(studies.time, simulated), [tail, 1 - tail])
    return PooledSurvivalCurve(
        provenance=Provenance.of(
            "pooled_survival_curve",
            source,
            effects=effects,
            conf_transform=conf_transform,
            conf_level=conf_level,
            censoring_rate=censoring_rate,
            seed=seed,
            n_draws=n_draws,
        ),
        time=studies.time,
        survival=curve,
        conf_low=low,
        conf_high=high,
        prediction_low=ahead_low,
        prediction_high=ahead_high,
        log_std_error=error,
        n_study=n_study,
        transformed=centre,
        covariance=covariance,
        tau2_matrix=between_matrix,
        q=q,
        q_df=q_df,
        q_p_value=float(chdtrc(q_df, q)) if q_df > 0 else 1.0,
        h2=q / q_df if q_df > 0 else 1.0,
        i2=100.0 * max(0.0, 1.0 - q_df / q) if q > 0 else 0.0,
        median=float(median),
        median_conf_low=float(median_ends[0]),
        median_conf_high=float(median_ends[1]),
        rmst=float(rmst),
        rmst_conf_low=float(rmst_ends[0]),
        rmst_conf_high=float(rmst_ends[1]),
        studies=studies,
        unit=unit,
        effects=effects,
        conf_level=conf_level,
    )


def _never_rising(low: FloatArray, high: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Limits widened until neither rises, as survival does not.

    They would where fewer studies are left, whose agreement says little: a limit late on must not be surer than
    those before it, and those before it must not be passed by it.
    """
    return np.fmin.accumulate(low), np.fmax.accumulate(high[::-1])[::-1]


def _from_patients(
    patients: Mapping[Any, Surv], times: Any
) -> tuple[Any, Any, Any, Any, str, tuple[str, ...]]:
    found = {surv.unit for surv in patients.values()}
    if len(found) != 1:
        raise InputError(f"patients mixes the units {', '.join(sorted(found))}; bring all to one unit first.")
    if times is None:
        raise InputError("time= must say at which times the curves of `patients` are read.")
    source = tuple(dict.fromkeys(s for surv in patients.values() for s in surv.sources))
    return (*patient_curves(patients, times), found.pop(), source)


def _warn_of_few(n_study: FloatArray, effects: str) -> None:
    few = n_study < 3
    if effects == "random" and few.any():
        warn(
            f"fewer than three studies reach {int(few.sum())} of {n_study.size} times; heterogeneity is hardly "
            "estimable there, and where one study is left the curve follows that study.",
            SmallSampleWarning,
        )


def _warn_of_imputed(studies: CurveStudies) -> None:
    marked: BoolArray = np.asarray((studies.is_imputed & studies.is_seen).any(axis=1))
    if marked.any():
        named = ", ".join(label for label, m in zip(studies.labels, marked) if m)
        warn(
            f"numbers at risk were not printed and are imputed for {named}; see result.studies.is_imputed.",
            EvidenceWarning,
        )
