"""Two reconstructed arms compared, beside the comparison that was printed: a check of both, never a target."""

from __future__ import annotations

from typing import Any

import numpy as np

from survsim.core.checks import FloatArray, between
from survsim.core.errors import EvidenceWarning, InputError, warn
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.surv import Surv, as_surv
from survsim.core.tables import Columns
from survsim.estimate.cox.regression import cox_ph
from survsim.estimate.nonparametric.logrank import logrank_test

CLOSE = 0.1
"""Distance of log hazard ratios from which two curves and a printed ratio do not tell of the same patients."""


@result
class PairCheck(Result):
    """Hazard ratio and log-rank test of two reconstructed arms, and those that were printed.

    Attributes
    ----------
    quantity : "hazard ratio", its limits, "log-rank p".
    reconstructed, printed : (q,) numbers; printed is missing (NaN) where none is.
    log_distance : of the two log hazard ratios, NaN if none is printed.
    agrees : whether that is below 0.1, or None.
    """

    quantity: tuple[str, ...]
    reconstructed: FloatArray
    printed: FloatArray
    log_distance: float
    agrees: bool | None

    def columns(self) -> Columns:
        """One row a quantity: quantity, reconstructed, printed."""
        return {"quantity": list(self.quantity), "reconstructed": self.reconstructed, "printed": self.printed}

    def headline(self) -> str:
        """The ratio, and whether it is the printed one."""
        said = {
            None: "none printed",
            True: "agrees with the printed one",
            False: "differs from the printed one",
        }
        return f"Two reconstructed arms: hazard ratio {self.reconstructed[0]:.3f}, {said[self.agrees]}"


def compare_pair(
    a: Any,
    b: Any,
    *,
    hazard_ratio: float | None = None,
    conf_int: tuple[float, float] | None = None,
    p_value: float | None = None,
    conf_level: float = 0.95,
) -> PairCheck:
    """Hazard ratio of `a` against `b` by Cox regression and the log-rank test, beside the printed ones.

    Parameters
    ----------
    a, b : reconstructed arms (or responses) in one unit; the ratio is that of a to b.
    hazard_ratio, conf_int, p_value : as printed; they change nothing, they are compared.
    conf_level : of the interval, reconstructed and printed.

    Returns
    -------
    PairCheck; a printed ratio further than 0.1 away on the log scale also gives an `EvidenceWarning`.

    Raises
    ------
    InputError : arms in different units, or printed numbers that cannot be.

    Reference: Guyot et al. 2012, BMC Med Res Methodol 12:9 (reported hazard ratios as the check).

    Example
    -------
    >>> from survsim import reconstruct_ipd
    >>> from survsim.reconstruction import compare_pair
    >>> a = reconstruct_ipd(([2, 5, 9], [0.9, 0.7, 0.6]), at_risk=([0, 6], [10, 7]), unit="months")
    >>> b = reconstruct_ipd(([1, 3, 9], [0.8, 0.5, 0.3]), at_risk=([0, 6], [10, 5]), unit="months")
    >>> compare_pair(a, b, hazard_ratio=0.4).agrees
    True
    """
    first, second = as_surv(a), as_surv(b)
    if first.unit != second.unit:
        raise InputError(f"the arms are in {first.unit} and {second.unit}; reconstruct both in one unit.")
    _check_printed(hazard_ratio, conf_int, p_value)
    entry = None
    if first.entry is not None or second.entry is not None:
        entry = np.concatenate([_entry(first), _entry(second)])
    both = Surv.right(
        np.concatenate([first.time, second.time]),
        np.concatenate([first.event, second.event]),
        unit=first.unit,
        entry=entry,
    )
    arm = np.repeat([1.0, 0.0], [len(first), len(second)])
    fit = cox_ph(both, None, arm[:, None], conf_level=conf_level).to_frame()
    p = float(logrank_test(both, arm).p_value)
    ratio, *limits = (float(fit[name].iloc[0]) for name in ("hazard_ratio", "conf_low", "conf_high"))
    printed = (np.nan, np.nan) if conf_int is None else (float(conf_int[0]), float(conf_int[1]))
    distance = np.nan if hazard_ratio is None else abs(float(np.log(ratio / hazard_ratio)))
    agrees = None if hazard_ratio is None else bool(distance < CLOSE)
    if agrees is False:
        warn(
            f"the reconstructed hazard ratio is {ratio:.3f}, printed {hazard_ratio:g}: check the curves, the numbers at risk "
            "and whether the printed ratio is adjusted or of other patients.",
            EvidenceWarning,
        )
    return PairCheck(
        provenance=Provenance.of("compare_pair", a, b, hazard_ratio=hazard_ratio, p_value=p_value),
        quantity=("hazard ratio", "lower limit", "upper limit", "log-rank p"),
        reconstructed=np.array([ratio, *limits, p]),
        printed=np.array([_or_nan(hazard_ratio), *printed, _or_nan(p_value)]),
        log_distance=distance,
        agrees=agrees,
    )


def _entry(surv: Surv) -> FloatArray:
    return np.zeros(len(surv)) if surv.entry is None else surv.entry


def _or_nan(value: float | None) -> float:
    return np.nan if value is None else float(value)


def _check_printed(hazard_ratio: Any, conf_int: Any, p_value: Any) -> None:
    if hazard_ratio is not None:
        between("hazard_ratio", hazard_ratio, 0.0, np.inf)
    if p_value is not None:
        between("p_value", p_value, 0.0, 1.0, open_ends=False)
    if conf_int is not None and not (
        len(conf_int) == 2 and 0 < float(conf_int[0]) < float(conf_int[1]) < np.inf
    ):
        raise InputError(f"conf_int is (lower, upper) of the printed hazard ratio; got {conf_int!r}.")
