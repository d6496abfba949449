"""Two reconstructed arms compared, beside the comparison that was printed: a check of both, never a target."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import ndtri

from survsim.core.checks import FloatArray, between
from survsim.core.errors import EvidenceWarning, InputError, SurvsimError, warn
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.surv import Surv, as_surv
from survsim.core.tables import Columns
from survsim.estimate.nonparametric.logrank import logrank_test
from survsim.estimate.printed.number import Terms
from survsim.estimate.printed.refusal import Refusal
from survsim.estimate.printed.road import take
from survsim.estimate.printed.rounding import places, printed_range
from survsim.estimate.reconstruction.pooled import both_arms, log_ratio_of, ratio_fit
from survsim.estimate.reconstruction.result import ReconstructedIPD
from survsim.estimate.reconstruction.rubin import Pooled, rubin
from survsim.estimate.reconstruction.uncertainty import SEED, SETS, SPREAD, sets_of

HALF = 1.959964
SAME_IN_ALL = 1e-6
"""Error of reading under which all pseudo data sets gave one ratio."""
TERMS = Terms(offered=False)
CLOSE = 0.1
"""Distance of log hazard ratios from which two curves and a printed ratio do not tell of the same patients."""
CLOSE_Z = 0.5
"""The same of p-values, in standard errors: tests of one hypothesis differ by less, and `CLOSE` may be more."""
LEAST_P = 1e-300


@result
class PairCheck(Result):
    """Hazard ratio and log-rank test of two reconstructed arms, and those that were printed.

    Attributes
    ----------
    quantity : "hazard ratio", its limits, "log-rank p".
    reconstructed, printed : (q,) numbers; printed is missing (NaN) where none is.
    log_distance : of the two log hazard ratios, NaN if none is printed; the middle of an interval printed alone stands for its ratio.
    agrees : whether that is below 0.1, and interval and p-value can be those of as many events; of a p-value alone, whether it is
        within half a standard error, or 0.1 of the log hazard ratio; None if nothing is printed.
    log_hazard_ratio : reconstructed. reading_error : standard deviation of it that reading the figure and unknown censoring
        add: 2.5 times that of pseudo data sets (`SPREAD`); NaN where an arm is no reconstruction.
    reading_range : (2,) the hazard ratios that the figure leaves open (95%), patients taken as they are.
    total_range : (2,) the confidence interval with both, that patients are a sample and that a figure was read (Rubin's rules).
    n_draws : pseudo data sets of each arm, 0 where there are none.
    """

    quantity: tuple[str, ...]
    reconstructed: FloatArray
    printed: FloatArray
    log_distance: float
    agrees: bool | None
    log_hazard_ratio: float = float("nan")
    reading_error: float = float("nan")
    reading_range: tuple[float, float] = (float("nan"), float("nan"))
    total_range: tuple[float, float] = (float("nan"), float("nan"))
    n_draws: int = 0

    def columns(self) -> Columns:
        """One row a quantity: quantity, reconstructed, printed."""
        return {"quantity": list(self.quantity), "reconstructed": self.reconstructed, "printed": self.printed}

    def headline(self) -> str:
        """The ratio, whether it is the printed one, and by how much reading the figure may have moved it."""
        said = {
            None: "none printed",
            True: "agrees with what is printed",
            False: "differs from what is printed",
        }
        lines = [f"Two reconstructed arms: hazard ratio {self.reconstructed[0]:.3f}, {said[self.agrees]}"]
        return "\n".join([*lines, *self.may_be_wrong()])

    def may_be_wrong(self) -> list[str]:
        """One line on what reading the figure adds; none where nothing was read."""
        if self.n_draws == 0:
            return []
        low, high = self.reading_range
        if not np.isfinite(self.reading_error):
            return [
                f"may be wrong by: hazard ratio {low:.3g} to {high:.3g} from reading and unknown censoring alone: in some of the "
                f"{self.n_draws} pseudo data sets an arm has no comparable event"
            ]
        if self.reading_error < SAME_IN_ALL:
            return [
                f"may be wrong by: all {self.n_draws} pseudo data sets give the hazard ratio {self.reconstructed[0]:.3f}, for none changes "
                "the order of its few events; that is no certainty: a ratio of few events moves in jumps, and one event read before "
                "instead of after one of the other arm would move it; with the sampling of patients "
                f"{self.total_range[0]:.3f} to {self.total_range[1]:.3f}"
            ]
        return [
            f"may be wrong by: hazard ratio {low:.3f} to {high:.3f} (ln HR {self.log_hazard_ratio:.3f} +/- "
            f"{HALF * self.reading_error:.3f}) from reading and unknown censoring alone; with the sampling of patients "
            f"{self.total_range[0]:.3f} to {self.total_range[1]:.3f} ({self.n_draws} pseudo data sets)"
        ]


def compare_pair(
    a: Any,
    b: Any,
    *,
    hazard_ratio: float | None = None,
    conf_int: tuple[float, float] | None = None,
    p_value: float | None = None,
    conf_level: float = 0.95,
    m: int = SETS,
    seed: int = SEED,
) -> PairCheck:
    """Hazard ratio of `a` against `b` by Cox regression and the log-rank test, beside the printed ones.

    Parameters
    ----------
    a, b : reconstructed arms (or responses) in one unit; the ratio is that of a to b.
    hazard_ratio, conf_int, p_value : as printed; they change nothing, they are compared. A bound (p < 0.001) is no p-value.
    conf_level : of the interval, reconstructed and printed.
    m, seed : pseudo data sets of each arm, from which comes by how much the ratio may be wrong; 0 for none.

    Returns
    -------
    PairCheck; a printed ratio further than 0.1 away on the log scale, a p-value alone of another test, or an interval or p-value that the events of the arms
    do not allow, also gives an `EvidenceWarning`.

    Raises
    ------
    InputError : arms in different units, or printed numbers that cannot be, or not all of them together.
    ConvergenceError : an arm without events that can be compared, so that the ratio is 0 or infinite.

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
    row, stated = _printed_row(hazard_ratio, conf_int, p_value, conf_level)
    both, arm = both_arms(first, second)
    fitted = ratio_fit((both, arm), conf_level)
    fit, error = fitted.to_frame(), float(fitted.std_error[0])
    p = float(logrank_test(both, arm).p_value)
    ratio, *limits = (float(fit[name].iloc[0]) for name in ("hazard_ratio", "conf_low", "conf_high"))
    distance = np.nan if stated is None else abs(float(np.log(ratio / stated)))
    agrees, differ = None, f"hazard ratio is {ratio:.3f}, printed {stated or 0.0:.4g}"
    if stated is not None:
        agrees = bool(distance < CLOSE)
    elif p_value is not None:
        agrees = _far_in_p(p, p_value) < max(CLOSE_Z, CLOSE / error)
        differ = f"log-rank p is {p:.2g}, printed {p_value:g}"
    if agrees is False:
        warn(
            f"the reconstructed {differ}: check the curves, the numbers at risk "
            "and whether what is printed is adjusted or of other patients.",
            EvidenceWarning,
        )
    against = "" if hazard_ratio is None else _against_events(row, first, second)
    if against:
        warn(f"the events of the reconstructed arms contradict what is printed: {against}.", EvidenceWarning)
    return PairCheck(
        provenance=Provenance.of(
            "compare_pair", a, b, hazard_ratio=hazard_ratio, p_value=p_value, m=m, seed=seed
        ),
        quantity=("hazard ratio", "lower limit", "upper limit", "log-rank p"),
        reconstructed=np.array([ratio, *limits, p]),
        printed=np.array(
            [row.get(name, np.nan) for name in ("hazard_ratio", "conf_low", "conf_high", "p_value")]
        ),
        log_distance=distance,
        agrees=agrees and not against,
        log_hazard_ratio=float(np.log(ratio)),
        **_reading(a, b, float(np.log(ratio)), m, seed, conf_level),
    )


def _reading(a: Any, b: Any, log_ratio: float, m: int, seed: int, conf_level: float) -> dict[str, Any]:
    """What the pseudo data sets of two reconstructed arms say of the ratio; nothing for other responses."""
    if m == 0 or not (isinstance(a, ReconstructedIPD) and isinstance(b, ReconstructedIPD)):
        return {}
    found = _ratios(a, b, m, seed)
    each = np.array([estimate for estimate, _ in found])
    if not np.isfinite(each).all():
        # In some sets one arm has no event while the other is at risk: the figure leaves the ratio open on that side.
        low, high = (float(np.quantile(each, q, method="inverted_cdf")) for q in (0.025, 0.975))
        ends = (min(low, log_ratio), max(high, log_ratio))
        return {"reading_range": (float(np.exp(ends[0])), float(np.exp(ends[1]))), "n_draws": int(m)}
    both = rubin(each[:, None], np.array([[error] for _, error in found]))
    error = SPREAD * _bare_error(both, log_ratio)
    total = both.limits(conf_level)
    return {
        "reading_error": error,
        "reading_range": (float(np.exp(log_ratio - HALF * error)), float(np.exp(log_ratio + HALF * error))),
        "total_range": (float(np.exp(total[0][0])), float(np.exp(total[1][0]))),
        "n_draws": int(m),
    }


def _ratios(a: ReconstructedIPD, b: ReconstructedIPD, m: int, seed: int) -> list[tuple[float, float]]:
    """ln HR and its error in each pair of sets; arms are read one by one, so that their errors are drawn apart."""
    return [
        _one_ratio(x, y)
        for x, y in zip(sets_of(a, m, seed).survs(), sets_of(b, m, seed + 1).survs(), strict=True)
    ]


def _bare_error(both: Pooled, log_ratio: float) -> float:
    """Spread of the sets about the reconstruction, their drift from it with them, not yet widened."""
    return float(np.sqrt(both.between[0] + (float(both.estimate[0]) - log_ratio) ** 2))


def bare_ratio(a: ReconstructedIPD, b: ReconstructedIPD, m: int, seed: int) -> tuple[float, float]:
    """ln HR of two reconstructed arms and the error that reading adds, not yet widened; an infinite one where a set has none."""
    log_ratio = float(log_ratio_of(a.surv(), b.surv())[0][0])
    found = np.array(_ratios(a, b, m, seed))
    if not np.isfinite(found).all():
        return log_ratio, float("inf")
    return log_ratio, _bare_error(rubin(found[:, :1], found[:, 1:]), log_ratio)


def _one_ratio(treated: Surv, control: Surv) -> tuple[float, float]:
    """ln HR of two sets and its error; infinite where the likelihood has no maximum."""
    try:
        estimate, error = log_ratio_of(treated, control)
    except SurvsimError:
        return (np.inf if treated.event.sum() > control.event.sum() else -np.inf), np.inf
    return float(estimate[0]), float(error[0])


def _far_in_p(p: float, printed: float) -> float:
    """How far a p-value lies from what prints as another, in standard errors of the two-sided test; 0 prints what is below 0.0005."""
    low, high = printed_range(printed, least=3)
    ends = (min(max(low, 0.0), 1.0), min(high, 1.0))
    z = [float(ndtri(1.0 - 0.5 * each)) for each in (ends[1], max(p, LEAST_P), max(ends[0], LEAST_P))]
    return max(z[0] - z[1], z[1] - z[2], 0.0)


def _printed_row(
    hazard_ratio: Any, conf_int: Any, p_value: Any, conf_level: float
) -> tuple[dict[str, Any], float | None]:
    """What is printed as a row of the road of printed numbers, which refuses what cannot all be true.

    An interval without a ratio is that of its middle, with the decimals of its limits. The ratio, if any, stands beside the row.
    """
    row: dict[str, float] = {}
    if hazard_ratio is not None:
        row["hazard_ratio"] = between("hazard_ratio", hazard_ratio, 0.0, np.inf)
    if conf_int is not None:
        row["conf_low"], row["conf_high"] = _printed_interval(conf_int)
    if p_value is not None:
        row["p_value"] = between("p_value", p_value, 0.0, 1.0, open_ends=False)
    whole: dict[str, Any] = {**row, "conf_level": conf_level, "label": "compare_pair"}
    if hazard_ratio is None and row.get("conf_low", 0.0) > 0.0:
        limits = row["conf_low"], row["conf_high"]
        whole["hazard_ratio"] = min(
            max(round(float(np.sqrt(np.prod(limits))), places(*limits)), limits[0]), limits[1]
        )
    found = take(whole, "hazard_ratio", TERMS)
    if isinstance(found, Refusal) and found.contradicts:
        raise InputError(found.text)
    return (whole if hazard_ratio is not None else row), whole.get("hazard_ratio")


def _against_events(row: dict[str, Any], *arms: Surv) -> str:
    """What the events of both arms contradict in a printed row, "" for nothing."""
    events = [float(arm.event.sum()) for arm in arms]
    found = take(row | {"n_event": events}, "hazard_ratio", TERMS) if min(events) > 0.0 else None
    return found.reason if isinstance(found, Refusal) and found.contradicts else ""


def _printed_interval(conf_int: Any) -> tuple[float, float]:
    if len(conf_int) == 2:
        low, high = (
            between("each limit of conf_int", limit, 0.0, np.inf, open_ends=False) for limit in conf_int
        )
        if low < high < np.inf:
            return low, high
    raise InputError(f"conf_int is (lower, upper) of the printed hazard ratio; got {conf_int!r}.")
