"""Many two-arm trials analysed in one pass: power and bias of a design before it is run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import ndtri

from survsim.core import units
from survsim.core.checks import BoolArray, FloatArray, IntArray, between
from survsim.core.errors import ExtrapolationWarning, InputError, warn
from survsim.core.execution import Execution, bundled, checked
from survsim.core.kinds import dimensions
from survsim.core.pairing import paired
from survsim.core.provenance import Provenance
from survsim.core.result import Result, format_number, result
from survsim.core.tables import Columns
from survsim.core.times import meet
from survsim.core.trial_rows import arm_of_patients, as_table, numbers, trial_rows
from survsim.kernels import batch_product_limit, batch_trials
from survsim.kernels.threads import map_threads

if TYPE_CHECKING:
    pass

BLOCK = 200_000


@result
class SimulatedTrials(Result):
    """One analysis a trial.

    Attributes
    ----------
    n_event : (B,); z : (B,) log-rank statistic, positive when arm 1 has more events than expected.
    log_hazard_ratio, std_error : (B,) Cox (Efron), arm 1 against 0; +-inf where an arm has no event while
        both are at risk, NaN where there is none at all.
    rmst_difference, rmst_std_error : (B,) arm 1 minus arm 0 to `tau`; NaN without a horizon, or where a
        trial's follow-up ends before it.
    n_patients : of a trial; tau : horizon or None, in `unit`.
    """

    n_event: FloatArray
    z: FloatArray
    log_hazard_ratio: FloatArray
    std_error: FloatArray
    rmst_difference: FloatArray
    rmst_std_error: FloatArray
    n_patients: int
    tau: float | None
    unit: str

    def headline(self) -> str:
        return (
            f"{self.z.size} simulated trials of {self.n_patients} patients, "
            f"{format_number(float(self.n_event.mean()))} events on average"
        )

    def power(self, alpha: float = 0.05) -> dict[str, float]:
        """Share of trials significant at two-sided `alpha`, by test; a trial without an answer is not."""
        between("alpha", alpha, 0.0, 1.0)
        limit = -float(ndtri(alpha / 2.0))  # from the tail: 1 - alpha has no digits left for a small alpha
        with np.errstate(invalid="ignore", divide="ignore"):
            found = {
                "logrank": np.abs(self.z) >= limit,
                "cox_wald": np.abs(self.log_hazard_ratio / self.std_error) >= limit,
            }
            if self.tau is not None:
                found["rmst"] = np.abs(self.rmst_difference / self.rmst_std_error) >= limit
        return {name: float(hit.mean()) for name, hit in found.items()}

    @property
    def undefined(self) -> dict[str, int]:
        """Trials without an answer, by test: no event where both arms are at risk, or an arm not followed to tau."""
        found = {
            "logrank": 0,  # nobody to compare is no difference
            "cox_wald": int(np.isnan(self.log_hazard_ratio).sum()),
        }
        if self.tau is not None:
            found["rmst"] = int(np.isnan(self.rmst_difference).sum())
        return found

    def columns(self) -> Columns:
        """Columns test, power (two-sided 5%), mc_std_error, n_undefined (trials without an answer, which are not significant)."""
        share = self.power()
        error = [(p * (1 - p) / self.z.size) ** 0.5 for p in share.values()]
        return {
            "test": list(share),
            "power": list(share.values()),
            "mc_std_error": error,
            "n_undefined": list(self.undefined.values()),
        }


@bundled(workers="workers")
def analyse_trials(
    time: Any,
    event: Any,
    arm: Any,
    *,
    unit: str,
    tau: float | None = None,
    execution: Execution | None = None,
) -> SimulatedTrials:
    """Log-rank, Cox and (with `tau`) restricted mean survival for every row of simulated trials.

    Parameters
    ----------
    time : (B, n) non-negative times in `unit`; event : (B, n) True/False.
    arm : (n,) or (B, n), 0 or 1.
    tau : horizon of the restricted means, or None.
    execution : how many threads, `Execution(workers=...)`; default all cores.

    Returns
    -------
    SimulatedTrials : statistic, log hazard ratio and difference of means of each trial (B,); `.power()` is the share that rejects.

    Raises
    ------
    InputError : shapes that do not agree, negative or missing times, an arm other than 0 and 1, a `tau` that no trial reaches.
        Trials in which an arm is not followed to tau have no restricted mean: they are counted in a warning.

    Reference: Mantel 1966 (Cancer Chemother Rep 50:163); Efron 1977 (J Am Stat Assoc 72:557).

    Example
    -------
    >>> from survsim.trials import analyse_trials
    >>> analyse_trials([[1.0, 3, 4, 6, 8, 9]], [[1, 1, 1, 1, 1, 0]], [0, 0, 0, 1, 1, 1], unit="months").z.round(3)
    array([-2.248])
    """
    made = in_one_pass(time, event, arm, unit=unit, tau=tau, execution=execution)
    lost = made.undefined["rmst"] if tau is not None else 0
    if lost:
        if lost == made.z.size:
            raise InputError(
                f"no trial follows both arms to tau={tau!r} {unit}; choose an earlier tau, or leave it out."
            )
        warn(
            f"{lost} of {made.z.size} trials do not follow both arms to tau={tau!r} {unit}: their restricted means are unknown "
            "(NaN) and count as not significant. Choose an earlier tau.",
            ExtrapolationWarning,
        )
    return made


def in_one_pass(
    time: Any, event: Any, arm: Any, *, unit: str, tau: float | None, execution: Execution | None = None
) -> SimulatedTrials:
    """`analyse_trials` for who knows what to do with trials that have no restricted mean."""
    units.check_unit(unit)
    arm = arm_of_patients(arm, time, event)
    if dimensions(time) != 2 or dimensions(event) != 2:
        time, event = paired(time=time, event=event)
        one = as_table("time", time), as_table("event", event)
        time, event = (np.ma.atleast_2d(t) if np.ma.isMA(t) else np.atleast_2d(t) for t in one)
    times, events = trial_rows(time, event)
    found = numbers("arm", arm)
    if found.shape not in (times.shape, times.shape[1:]):
        raise InputError(
            f"arm must have one value a patient, {times.shape[1:]} or {times.shape}; got {found.shape}."
        )
    if not ((found == 0) | (found == 1)).all():
        raise InputError(f"arm must be 0 or 1; found {np.unique(found)[:5].tolist()}.")
    if found.min() == found.max():
        raise InputError(f"arm is {found.min():g} for everybody in every trial; there is nothing to compare.")
    arms = found.astype(np.int64)
    if tau is not None:
        between("tau", tau, 0.0, np.inf)
    step = max(1, BLOCK // times.shape[1])
    blocks = [slice(k, k + step) for k in range(0, times.shape[0], step)]

    def analyse(rows: slice) -> tuple[FloatArray, FloatArray]:
        arm_here = arms if arms.ndim == 1 else arms[rows]
        tests = batch_trials.two_arm(batch_trials.pack(times[rows], events[rows], arm_here))
        return tests, _rmst(times[rows], events[rows], arm_here, tau)

    made = map_threads(analyse, blocks, checked(execution).threads("analyse_trials"))
    tests, means = np.concatenate([m[0] for m in made]), np.concatenate([m[1] for m in made])
    n_event, score, variance, estimate, error = tests.T
    return SimulatedTrials(
        n_event=n_event,
        z=np.divide(score, np.sqrt(variance), out=np.zeros_like(score), where=variance > 0),
        log_hazard_ratio=estimate,
        std_error=error,
        rmst_difference=means[:, 0],
        rmst_std_error=means[:, 1],
        n_patients=times.shape[1],
        tau=tau,
        unit=unit,
        provenance=Provenance.of("analyse_trials", trials=times.shape[0], patients=times.shape[1], tau=tau),
    )


def _rmst(time: FloatArray, event: BoolArray, arm: IntArray, tau: float | None) -> FloatArray:
    """Difference of restricted means and its standard error, (B, 2)."""
    if tau is None:
        return np.full((time.shape[0], 2), np.nan)
    time = meet(time, [tau])
    here = np.broadcast_to(arm, time.shape)
    # Events before censorings at equal times, as `risk_set.packed_sort` has it.
    key = ((time + 0.0).view(np.uint64) << np.uint64(1)) | (~event).astype(np.uint64)
    order = np.argsort(key, axis=1)
    t, e, a = (np.take_along_axis(x, order, axis=1) for x in (time, event, here))
    first = batch_product_limit.row_means(t, e, a == 0, tau)
    second = batch_product_limit.row_means(t, e, a == 1, tau)
    return np.stack([second[0] - first[0], np.sqrt(first[1] + second[1])], axis=1)
