"""Which family? An AIC/BIC table, and the average that does not have to choose."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import ndtri

from survsim.core.checks import FloatArray, between, one_of, whole_number
from survsim.core.complete import complete_design
from survsim.core.distributions import HazardDistribution, Mixture
from survsim.core.errors import ConvergenceError, ConvergenceWarning, InputError, warn
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.surv import Surv, as_surv
from survsim.core.tables import Columns
from survsim.estimate.cox import nested_fits
from survsim.estimate.parametric.fit import ParametricFit
from survsim.estimate.parametric.prediction import SurvivalPrediction
from survsim.estimate.parametric.regression import parametric_survival

if TYPE_CHECKING:
    pass

DEFAULT_FAMILIES = (
    "exponential",
    "weibull",
    "gompertz",
    "lognormal",
    "loglogistic",
    "generalised_gamma",
)
CRITERIA = ("aic", "bic")


@result
class FamilyComparison(Result):
    """Families fitted to the same patients.

    Attributes
    ----------
    fits : the fits that converged.
    failed : (family, reason) of those that did not.
    """

    fits: tuple[ParametricFit, ...]
    failed: tuple[tuple[str, str], ...]

    def columns(self) -> Columns:
        """Columns family, n_parameters, log_likelihood, aic, delta_aic, weight_aic, bic, delta_bic,
        weight_bic, best AIC first."""
        aic = np.array([f.aic for f in self.fits])
        bic = np.array([f.bic for f in self.fits])
        values: dict[str, Any] = {
            "family": [f.family for f in self.fits],
            "n_parameters": [f.estimate.size for f in self.fits],
            "log_likelihood": [f.log_likelihood for f in self.fits],
            "aic": aic,
            "delta_aic": aic - aic.min(),
            "weight_aic": criterion_weights(aic),
            "bic": bic,
            "delta_bic": bic - bic.min(),
            "weight_bic": criterion_weights(bic),
        }
        order = np.argsort(aic, kind="stable")
        return {name: [column[i] for i in order] for name, column in values.items()}

    def best(self, criterion: str = "aic") -> ParametricFit:
        """The fit with the smallest criterion."""
        one_of("criterion", criterion, CRITERIA)
        return min(self.fits, key=lambda f: float(getattr(f, criterion)))

    def headline(self) -> str:
        first = self.fits[0]
        lines = [f"{len(self.fits)} families on {first.surv.counted}, {first.n_event} events"]
        return "\n".join([*lines, *(f"{family} did not converge: {why}" for family, why in self.failed)])


@result
class ModelAverage(Result):
    """Fits averaged with weights from an information criterion.

    Attributes
    ----------
    fits : K fits; weight : (K,) their weights.
    criterion : "aic" or "bic".
    """

    fits: tuple[ParametricFit, ...]
    weight: FloatArray
    criterion: str
    conf_level: float

    def columns(self) -> Columns:
        """Columns family, criterion, value, weight."""
        values = [getattr(f, self.criterion) for f in self.fits]
        families = [f.family for f in self.fits]
        return {"family": families, "criterion": self.criterion, "value": values, "weight": self.weight}

    def headline(self) -> str:
        return f"Average of {len(self.fits)} families by {self.criterion.upper()} weights"

    def distribution(self, data: Any = None) -> Mixture:
        """The averaged law: S(t) = sum of weights times S_k(t)."""
        return Mixture(weights=self.weight, components=tuple(f.distribution(data) for f in self.fits))

    def draws(self, n: int, *, seed: int = 1, data: Any = None) -> tuple[HazardDistribution, ...]:
        """n laws: the family drawn by its weight, its coefficients from their normal distribution.

        Uncertainty about the family and about its coefficients are then both in the draws.
        """
        n = whole_number("n", n)
        uniforms = np.random.Generator(np.random.Philox(seed)).random(n)
        chosen = np.searchsorted(np.cumsum(self.weight)[:-1], uniforms, side="right")
        laws: dict[int, HazardDistribution] = {}
        for k, fit in enumerate(self.fits):
            rows = np.flatnonzero(chosen == k)
            if rows.size:
                parameters = fit.draws(rows.size, seed=seed + 1 + k)
                laws |= {int(r): fit.distribution(data, p) for r, p in zip(rows, parameters)}
        return tuple(laws[i] for i in range(n))

    def predict_survival(
        self, data: Any = None, times: Any = None, *, conf_level: float | None = None
    ) -> SurvivalPrediction:
        """Averaged survival; the standard error on the log-log scale adds the spread between families.

        se = sum of w_k sqrt(se_k^2 + (e_k - e)^2), e = log(-log S) (Buckland et al. 1997).
        """
        level = self.conf_level if conf_level is None else between("conf_level", conf_level, 0.0, 1.0)
        parts = [f.predict_survival(data, times, conf_level=level) for f in self.fits]
        survival = np.tensordot(self.weight, np.stack([p.survival for p in parts]), axes=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            centre = np.log(-np.log(survival))
            deviation = np.zeros(survival.shape)
            for weight, part in zip(self.weight, parts):
                own = np.log(-np.log(part.survival))
                error = part.std_error / np.where(
                    part.survival > 0, -part.survival * np.log(part.survival), 1.0
                )
                whole = np.sqrt(error**2 + (own - centre) ** 2)
                deviation += weight * np.where(np.isfinite(whole), whole, 0.0)
        half = ndtri(0.5 + level / 2.0) * deviation
        slope = np.where(
            (survival > 0) & (survival < 1), -survival * np.log(np.clip(survival, 1e-300, 1)), 0.0
        )
        return SurvivalPrediction(
            provenance=Provenance.of("predict_survival", self, conf_level=level),
            time=parts[0].time,
            unit=parts[0].unit,
            survival=survival,
            std_error=slope * deviation,
            conf_low=np.exp(-np.exp(centre + half)),
            conf_high=np.exp(-np.exp(centre - half)),
            conf_level=level,
            end_of_follow_up=parts[0].end_of_follow_up,
        )


def compare_families(
    surv: Surv,
    formula: Any = None,
    data: Any = None,
    *,
    families: Sequence[str] = DEFAULT_FAMILIES,
    also: Sequence[ParametricFit] = (),
    background: Any = None,
    missing: str = "refuse",
) -> FamilyComparison:
    """Fit several families to the same patients and compare AIC and BIC.

    Parameters
    ----------
    surv, formula, data, background : as in `parametric_survival`.
    families : names of families without further options.
    also : fits made elsewhere on the same response (royston_parmar, mixture_cure, piecewise).

    A family that does not converge is left out with a `ConvergenceWarning` and listed.
    missing : "refuse" rows that lack what the model uses, or "drop" them with a warning that counts them.

    Returns
    -------
    FamilyComparison : the fits, by AIC or BIC, `.best()`, and the families that did not converge with the reason.

    Raises
    ------
    InputError : an unknown family, or a fit in `also` that is of other patients, weights, entries or background.
    ConvergenceError : not one family converged.

    Reference: Akaike 1974 (IEEE Trans Autom Control 19:716); Schwarz 1978 (Ann Stat 6:461).

    Example
    -------
    >>> from survsim import Surv, compare_families
    >>> surv = Surv.right([2, 3, 5, 8, 9, 12], [1, 1, 0, 1, 1, 0], unit="months")
    >>> compare_families(surv, families=["exponential", "weibull"]).best().family
    'exponential'
    """
    surv, formula, data, rows = complete_design(
        as_surv(surv), formula, data, {"background": background}, missing
    )
    background = rows.get("background")
    fits, failed = [], []
    for family in families:
        try:
            fits.append(parametric_survival(surv, family, formula, data, background=background))
        except ConvergenceError as error:
            failed.append((family, str(error)))
            warn(f"{family} is left out of the comparison: {error}", ConvergenceWarning)
    fits += list(also)
    if not fits:
        raise ConvergenceError(f"no family converged. {failed[0][1] if failed else 'families is empty.'}")
    _refuse_different(fits)
    return FamilyComparison(
        provenance=Provenance.of("compare_families", *fits), fits=tuple(fits), failed=tuple(failed)
    )


def model_average(
    fits: FamilyComparison | Sequence[ParametricFit], *, criterion: str = "aic", conf_level: float = 0.95
) -> ModelAverage:
    """Average fits of the same patients with weights exp(-delta / 2) of AIC or BIC.

    Parameters
    ----------
    fits : a `FamilyComparison`, or fits of one response.
    criterion : "aic" or "bic".
    conf_level : of the intervals.

    Returns
    -------
    ModelAverage : the weights; `.distribution(...)` is the mixture of the fitted laws.

    Raises
    ------
    InputError : no fit, fits of different patients, weights, entries or background, an unknown criterion.

    References
    ----------
    Buckland, Burnham and Augustin (1997), Biometrics 53:603.

    Example
    -------
    >>> from survsim import Surv, compare_families, model_average
    >>> surv = Surv.right([2, 3, 5, 8, 9, 12], [1, 1, 0, 1, 1, 0], unit="months")
    >>> average = model_average(compare_families(surv, families=["exponential", "weibull"]))
    >>> round(float(average.distribution().quantile(0.5)), 1)
    7.0
    """
    one_of("criterion", criterion, CRITERIA)
    chosen = tuple(fits.fits if isinstance(fits, FamilyComparison) else fits)
    if not chosen:
        raise InputError("model_average got no fit; pass a FamilyComparison or a list of fits.")
    _refuse_different(chosen)
    weight = criterion_weights(np.array([float(getattr(f, criterion)) for f in chosen]))
    return ModelAverage(
        provenance=Provenance.of("model_average", *chosen, criterion=criterion),
        fits=chosen,
        weight=weight,
        criterion=criterion,
        conf_level=between("conf_level", conf_level, 0.0, 1.0),
    )


def criterion_weights(values: FloatArray) -> FloatArray:
    """exp(-(c - min c) / 2), divided by the sum."""
    raw = np.exp(-0.5 * (values - values.min()))
    return raw / raw.sum()


def _refuse_different(fits: Sequence[ParametricFit]) -> None:
    for fit in fits[1:]:
        unlike = nested_fits.difference(fits[0], fit)
        if unlike is not None:
            raise InputError(
                f"{fit.family} was fitted to another response than {fits[0].family}: they have different {unlike}; "
                "criteria can be compared on the same data only. Fit both to the same response."
            )
