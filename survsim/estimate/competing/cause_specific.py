"""Cox regressions of all causes at once, and the cumulative incidence they imply together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.checks import FloatArray
from survsim.core.complete import complete_design
from survsim.core.errors import InputError
from survsim.core.pairing import index_of
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.surv import Surv
from survsim.core.tables import Columns, stacked
from survsim.core.times import asked_times, meet
from survsim.estimate.competing.aalen_johansen import causes_of
from survsim.estimate.cox.fitted import beside
from survsim.estimate.cox.patient_hazards import reference_hazards, strata_of, warn_beyond
from survsim.estimate.cox.regression import cox_ph
from survsim.estimate.cox.result import CoxFit

if TYPE_CHECKING:
    from survsim.estimate.competing.fine_gray_prediction import PredictedIncidence


@result
class CauseSpecificCox(Result):
    """One Cox regression a cause. `fits` maps each cause with events to its `CoxFit`."""

    causes: tuple[Any, ...]
    fits: Mapping[Any, CoxFit]
    surv: Surv

    def columns(self) -> Columns:
        """The tables of the fits one below the other, with a first column cause."""
        parts = [{"cause": cause, **fit.columns()} for cause, fit in self.fits.items()]
        return stacked(parts, tuple(parts[0]))

    def headline(self) -> str:
        found = ", ".join(f"{cause} {fit.n_event} events" for cause, fit in self.fits.items())
        return f"Cause-specific Cox regressions: {self.surv.counted}; {found}"

    def predict_incidence(
        self, data: Any, times: Any = None, *, stratum: Any = None, offset: Any = None
    ) -> PredictedIncidence:
        """Cumulative incidence of each cause for new patients, no intervals (bootstrap for those).

        `stratum`, where the response has strata: whose baseline, one label or one for each patient. `offset`, where the
        fits had one: the known part of each linear predictor, one number for all or one for each patient.

        With increments dH_k(u|x) of the causes at u and dH their sum, S(u) = S(u-) exp(-dH) and F_k grows
        by S(u-) (1 - exp(-dH)) dH_k/dH: the matrix exponential R's survfit uses; S and the F_k sum to 1.
        """
        from survsim.estimate.competing.fine_gray_prediction import PredictedIncidence

        grid = np.unique(self.surv.time[self.surv.event])
        stratum = beside(next(iter(self.fits.values())), data, "stratum", stratum)
        shown = grid if times is None else asked_times("times", times, unit=self.surv.unit)
        when = meet(shown, self.surv.time)
        jumps = np.stack([_increments(fit, data, grid, stratum, offset) for fit in self.fits.values()])
        if times is not None:
            warn_beyond(self.surv, when, strata_of(next(iter(self.fits.values())), stratum, jumps.shape[1]))
        incidence, survival = incidence_of(jumps)
        at = np.searchsorted(grid, when, side="right")
        pad = np.zeros((*incidence.shape[:2], 1))
        found = np.concatenate([pad, incidence], axis=2)[:, :, at]
        nothing = np.full(found.shape, np.nan)
        return PredictedIncidence(
            labels=tuple(range(found.shape[1]) if index_of(data) is None else index_of(data)),
            causes=tuple(self.fits),
            time=shown,
            estimate=found,
            std_error=nothing,
            conf_low=nothing.copy(),
            conf_high=nothing.copy(),
            survival=np.concatenate([pad[0] + 1.0, survival], axis=1)[:, at],
            conf_level=0.95,
            unit=self.surv.unit,
            provenance=Provenance.of("CauseSpecificCox.predict_incidence", self),
        )


def cause_specific_cox(surv: Surv, formula: Any = None, data: Any = None, **options: Any) -> CauseSpecificCox:
    """Proportional hazards regression of each cause, events of the others censored.

    Parameters
    ----------
    surv : response with causes.
    formula : as for `cox_ph`; or a mapping from cause to formula, for causes of their own covariates.
    data : as for `cox_ph`.
    options : passed to `cox_ph` (ties, robust, penalty, ...); missing="drop" leaves out whoever lacks what any of the
        causes uses.

    Returns
    -------
    CauseSpecificCox : `fits`, a `CoxFit` for each cause; `.predict_incidence(...)` joins them to incidences.

    Raises
    ------
    InputError : no causes; a cause without events (leave it out with a mapping, or merge causes).

    Reference: Prentice et al. (1978), Biometrics 34:541.

    Example
    -------
    >>> from survsim import Surv, cause_specific_cox
    >>> surv = Surv.competing([1, 2, 3, 4, 5, 6], [1, 2, 1, 2, 1, 0], unit="months")
    >>> list(cause_specific_cox(surv, None, [[0.0], [1], [1], [0], [0], [1]]).fits)
    [1, 2]
    """
    cause = causes_of(surv)
    if isinstance(formula, Mapping):
        unknown = [k for k in formula if k not in surv.cause_labels]
        if unknown:
            have = ", ".join(map(repr, surv.cause_labels))
            raise InputError(f"formula names the cause {unknown[0]!r}; the causes are {have}.")
        wanted = dict(formula)
    else:
        wanted = {label: formula for label in surv.cause_labels}
    empty = [k for k in wanted if not (cause == surv.cause_labels.index(k) + 1).any()]
    if empty:
        raise InputError(
            f"nobody has an event of cause {empty[0]!r}; name the causes to fit by a mapping from cause to formula."
        )
    left_out = [
        k for k in surv.cause_labels if k not in wanted and (cause == surv.cause_labels.index(k) + 1).any()
    ]
    if left_out:
        raise InputError(
            f"cause {left_out[0]!r} has events but no formula; the incidence of any cause needs the hazards of all."
        )
    if (missing := options.pop("missing", "refuse")) == "drop":
        # One set of patients for all causes, whichever covariates each has.
        columns: dict[str, Any] = {}
        for one in dict.fromkeys(wanted.values()):
            surv, _, data, columns = complete_design(
                surv, one, data, {k: options.get(k) for k in ("frailty", "offset")}, missing
            )
            options |= columns
    fits = {label: cox_ph(surv.for_cause(label), wanted[label], data, **options) for label in wanted}
    return CauseSpecificCox(
        causes=surv.cause_labels,
        fits=fits,
        surv=surv,
        provenance=Provenance.of("cause_specific_cox", *fits.values()),
    )


def incidence_of(jumps: FloatArray) -> tuple[FloatArray, FloatArray]:
    """F (c, m, T) and S (m, T) from hazard increments (c, m, T) of competing causes."""
    total = jumps.sum(axis=0)
    survival = np.exp(-np.cumsum(total, axis=1))
    before = np.concatenate([np.ones((total.shape[0], 1)), survival[:, :-1]], axis=1)
    share = np.where(total > 0, -np.expm1(-total) / np.where(total > 0, total, 1.0), 1.0)
    return np.cumsum(before * share * jumps, axis=2), survival


def _increments(fit: CoxFit, data: Any, grid: FloatArray, stratum: Any, offset: Any) -> FloatArray:
    """Hazard increments (m, T) of new patients, each by the baseline of its stratum, at the times of any event."""
    found = reference_hazards(fit, data, stratum, offset)
    at = np.zeros((max(len(fit.surv.stratum_labels), 1), grid.size))
    at[found.stratum, np.searchsorted(grid, found.time)] = found.jump
    return found.ratio[:, None] * at[found.code]
