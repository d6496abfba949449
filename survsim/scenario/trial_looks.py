"""What is seen at a look of many simulated trials: the test's z, its information, and when a look comes."""

from __future__ import annotations

import dataclasses
from typing import Literal, cast

import numpy as np

from survsim.core.checks import FloatArray, IntArray, between, one_of
from survsim.core.errors import InputError
from survsim.estimate.resampling.trial_analysis import in_one_pass
from survsim.kernels import batch_trials
from survsim.simulation.trials.trial_data import TrialData

LookTest = Literal["logrank", "weighted", "rmst"]


@dataclasses.dataclass(frozen=True, slots=True)
class LookedAt:
    """A test (B,) at calendar times: z with benefit positive, 0 without an answer; information; events."""

    z: FloatArray
    information: FloatArray
    events: IntArray


@dataclasses.dataclass(frozen=True, slots=True)
class AskedTest:
    """Which test is done at each look: `weights` are rho and gamma of Fleming and Harrington, `tau` a restricted mean's."""

    name: LookTest
    weights: tuple[float, float]
    tau: float | None
    unit: str

    @classmethod
    def checked(
        cls, test: str, weights: tuple[float, float] | None, tau: float | None, unit: str
    ) -> AskedTest:
        """The test, with what it needs and nothing else.

        Raises
        ------
        InputError : an unknown test, weights or tau that are missing, out of range, or of another test.
        """
        one_of("test", test, ("logrank", "weighted", "rmst"))
        if (weights is not None) != (test == "weighted"):
            raise InputError(
                "weights, rho and gamma of Fleming and Harrington, go with test='weighted', and only with it; (0, 1) weighs late "
                "events."
            )
        if (tau is not None) != (test == "rmst"):
            raise InputError(
                "tau, the horizon of the restricted means, goes with test='rmst', and only with it."
            )
        if tau is not None:
            between("tau", tau, 0.0, np.inf)
        pair = (0.0, 0.0) if weights is None else weights
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise InputError(f"weights are two numbers, rho and gamma, such as (0, 1); got {weights!r}.")
        rho, gamma = (between("weights", w, 0.0, 10.0, open_ends=False) for w in pair)
        return cls(cast("LookTest", test), (rho, gamma), tau, unit)

    def at(self, data: TrialData, calendar: FloatArray) -> LookedAt:
        """The test at calendar times (B,): information is the variance of the score, of restricted means one over theirs."""
        time, event, here = data.cut_at(calendar)
        seen = event & here
        followed = np.where(here, time, 0.0)
        if self.name == "rmst":
            found = in_one_pass(followed, seen, data.arm, unit=self.unit, tau=self.tau)
            difference, error = np.asarray(found.rmst_difference), np.asarray(found.rmst_std_error)
            known = np.isfinite(difference) & (error > 0)
            error = np.where(known, error, 1.0)
            z = np.where(known, difference, 0.0) / error
            return LookedAt(z, np.where(known, error**-2.0, 0.0), seen.sum(axis=1))
        score, variance = batch_trials.weighted(batch_trials.pack(followed, seen, data.arm), *self.weights).T
        known = variance > 0
        z = np.where(known, -score, 0.0) / np.sqrt(np.where(known, variance, 1.0))
        return LookedAt(z, variance, seen.sum(axis=1))


def calendar_of_information(test: AskedTest, data: TrialData, wanted: float, end: FloatArray) -> FloatArray:
    """Calendar time (B,) of the first event at which each trial has the information wanted; its end where it never has.

    Information grows with events but for a wobble of one, so the number of events is halved between too few and enough.
    """
    seen_on = np.sort(data.seen_on, axis=1)
    most = np.maximum((seen_on <= end[:, None]).sum(axis=1), 1)
    rows = np.arange(most.size)

    def when(number: IntArray) -> FloatArray:
        return np.minimum(seen_on[rows, number - 1], end)

    low, high = np.zeros(most.size, dtype=np.int64), most.copy()
    never = test.at(data, when(high)).information < wanted
    while (high - low > 1).any():
        middle = np.maximum((low + high) // 2, 1)
        enough = test.at(data, when(middle)).information >= wanted
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return np.where(never, end, when(high))
