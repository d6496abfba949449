"""What a calibration is held to: published summaries, contrasts, single patients, predictions of another model.

Each target says whether it is used ("fit") or kept to judge the result ("hold_out"), and where it comes from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import logit

from survsim.core.checks import FloatArray, float_matrix, numbers
from survsim.core.encoding import stored
from survsim.core.errors import InputError
from survsim.core.pairing import first_index, in_columns_of, names_nothing, paired
from survsim.estimate.calibration.course import Endpoint, Number

USES = ("fit", "hold_out")
WIDE_BIAS = 0.3
"""Sd of the log hazard ratio's bias where no ground for a narrower one is stated: a factor of 1.8 either way."""


@stored
@dataclass(frozen=True, slots=True, kw_only=True)
class Transport:
    """How far a number may have to travel to the patients the course is about.

    `sd` is on the log of speed (course) or log hazard ratio (contrast). Targets with the same `group` share one
    deviation: ten surrogates that are all of another histology do not average that away. Empty: one of its own.
    """

    sd: float = 0.0
    group: str = ""
    reason: str = ""

    def __post_init__(self) -> None:
        if not 0.0 <= self.sd <= 3.0:
            raise InputError(f"a transport sd lies within 0 and 3 on the log scale; got {self.sd}.")
        if self.sd > 0 and not self.reason.strip():
            raise InputError("a transport sd above 0 needs its reason.")


@stored
@dataclass(frozen=True, slots=True, kw_only=True)
class Bias:
    """Declared bias of an observational contrast, additive on the log scale: ``observed = true + N(mean, sd^2)``.

    A negative mean says the contrast looks better than the truth. Rows of one parameter that name the same `shared`
    are biased together; empty: each on its own (Turner, Spiegelhalter, Smith & Thompson 2009, J R Stat Soc A 172:21).
    """

    mean: float = 0.0
    sd: float = WIDE_BIAS
    ground: str = ""
    shared: str = ""

    def __post_init__(self) -> None:
        if not (np.isfinite(self.mean) and self.sd >= 0):
            raise InputError(f"a bias needs a finite mean and sd >= 0; got {self.mean}, {self.sd}.")
        if not self.ground.strip() and (self.mean != 0.0 or self.sd < WIDE_BIAS):
            raise InputError(
                f"a bias of mean {self.mean:g} and sd {self.sd:g} needs its ground; without one the default is "
                f"mean 0 and sd {WIDE_BIAS:g}."
            )


@stored
@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedTarget:
    """A published median or probability of an endpoint of a cohort.

    Attributes
    ----------
    label, study : of the row, and of the patients it speaks of; targets of one study share its deviation.
    cohort : name of the `Cohort`; endpoint : what was counted.
    statistic : "median", or "probability" at `time`.
    estimate, std_error : on the analysis scale, log for medians and log odds for probabilities, as
        `survsim.printed` gives them.
    use : "fit" or "hold_out".
    transport : how far from the course's own patients.
    source : references, ``table:row``.
    """

    label: str
    study: str
    cohort: str
    endpoint: Endpoint
    statistic: str
    estimate: float
    std_error: float
    time: float | None = None
    use: str = "fit"
    transport: Transport = Transport()
    source: tuple[str, ...] | str = ()

    def __post_init__(self) -> None:
        _one_source(self)
        _check(self.label, self.use, self.estimate, self.std_error)
        if self.statistic not in ("median", "probability"):
            raise InputError(f"{self.label}: a statistic is median or probability; got {self.statistic!r}.")
        if self.statistic == "median" and self.endpoint.kind not in ("event_free", "time_to"):
            raise InputError(f"{self.label}: an endpoint of kind {self.endpoint.kind!r} has no median.")
        if self.statistic == "probability" and not (self.time is not None and self.time > 0):
            raise InputError(f"{self.label}: a probability needs the time it stands at; got {self.time}.")

    @classmethod
    def of(cls, number: Any, **more: Any) -> PublishedTarget:
        """From a printed number (`survsim.printed`), which brings label, study, estimate, error, time and source.

        Its scale must be "log median" or "log odds"; what `more` names wins.
        """
        statistics = {"log median": "median", "log odds": "probability"}
        if number.scale not in statistics:
            raise InputError(
                f"{number.label}: a target is a log median or log odds; this is a {number.scale}."
            )
        found = {
            "label": number.label,
            "study": number.study or number.label,
            "statistic": statistics[number.scale],
            "estimate": number.estimate,
            "std_error": number.std_error,
            "time": number.time if number.scale == "log odds" else None,
            "source": (number.source,) if number.source else (),
        }
        return cls(**(found | more))


@stored
@dataclass(frozen=True, slots=True, kw_only=True)
class ContrastTarget:
    """A published log ratio that speaks of one parameter (a hazard ratio) directly.

    Attributes
    ----------
    parameter : its name; estimate, std_error : log ratio as printed, and its error.
    between_sd : number or parameter, sd between studies; transport, bias : see there. A randomised contrast has
        ``bias=None``.
    """

    label: str
    parameter: str
    estimate: float
    std_error: float
    between_sd: Number = 0.0
    bias: Bias | None = None
    use: str = "fit"
    transport: Transport = Transport()
    source: tuple[str, ...] | str = ()

    def __post_init__(self) -> None:
        _one_source(self)
        _check(self.label, self.use, self.estimate, self.std_error)


@stored
@dataclass(frozen=True, slots=True, kw_only=True)
class CaseTarget:
    """One patient: dead at a time, alive at a time, or dead by a time.

    Attributes
    ----------
    cohort, endpoint : her treatments as a `Cohort` of one group, and what is counted ("event_free").
    time : in the model's unit; status : "event", "free" (then) or "event_by" (an upper bound).
    """

    label: str
    cohort: str
    endpoint: Endpoint
    time: float
    status: str
    use: str = "fit"
    transport: Transport = Transport()
    source: tuple[str, ...] | str = ()

    def __post_init__(self) -> None:
        _one_source(self)
        _check(self.label, self.use, self.time, 1.0)
        if self.status not in ("event", "free", "event_by"):
            raise InputError(f"{self.label}: status is event, free or event_by; got {self.status!r}.")
        if not self.time > 0:
            raise InputError(f"{self.label}: time must be above 0; got {self.time}.")
        if self.endpoint.kind not in ("event_free", "time_to"):
            raise InputError(f"{self.label}: a case has a time to an event; {self.endpoint.kind!r} is none.")
        if self.transport.group:
            raise InputError(f"{self.label}: a case's transport is its own; leave the group empty.")


@stored
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PredictionTarget:
    """The predictive distribution of another model, as a normal law of log odds at several times.

    Attributes
    ----------
    times : (k,); estimate : (k,) log odds; covariance : (k, k), which holds that model's whole uncertainty, so no
        between-study part is added.
    """

    label: str
    cohort: str
    endpoint: Endpoint
    times: FloatArray
    estimate: FloatArray
    covariance: FloatArray
    use: str = "fit"
    source: tuple[str, ...] | str = ()

    def __post_init__(self) -> None:
        _one_source(self)
        times, estimate, covariance = paired(
            times=self.times, estimate=self.estimate, covariance=self.covariance
        )
        if hasattr(covariance, "columns") and not names_nothing(covariance.columns):
            covariance = in_columns_of(
                first_index(times, estimate, covariance), "covariance", covariance, "times"
            )
        covariance = float_matrix(f"{self.label}: covariance", covariance, truth=False)
        times, estimate = (
            numbers(f"{self.label}: {name}", v) for name, v in (("times", times), ("estimate", estimate))
        )
        for name, value in (("times", times), ("estimate", estimate), ("covariance", covariance)):
            object.__setattr__(self, name, value)
        _check(self.label, self.use, float(np.sum(self.estimate)), 1.0)
        k = np.size(self.times)
        if np.shape(self.estimate) != (k,) or np.shape(self.covariance) != (k, k):
            raise InputError(f"{self.label}: {k} times need as many log odds and a {k} by {k} covariance.")
        if np.linalg.eigvalsh(self.covariance).min() <= 0:
            raise InputError(f"{self.label}: the covariance must be positive definite; take fewer times.")

    @classmethod
    def from_draws(
        cls,
        survival: Any,
        times: Any,
        *,
        label: str,
        cohort: str,
        endpoint: Endpoint,
        use: str = "fit",
        source: Sequence[str] = (),
    ) -> PredictionTarget:
        """From draws (d, k) of survival at `times`, such as ``prediction.survival(times).T`` of an evidence model."""
        draws = numbers(f"{label}: survival", survival)
        if draws.ndim != 2 or draws.shape[1] != np.size(times) or draws.shape[0] < 50:
            raise InputError(f"{label}: draws are (d, k) with k times and d from 50; got {draws.shape}.")
        odds = logit(np.clip(draws, 1e-6, 1 - 1e-6))
        return cls(
            label=label,
            cohort=cohort,
            endpoint=endpoint,
            times=numbers(f"{label}: times", times),
            estimate=odds.mean(axis=0),
            covariance=np.atleast_2d(np.cov(odds, rowvar=False)),
            use=use,
            source=tuple(source),
        )


Target = PublishedTarget | ContrastTarget | CaseTarget | PredictionTarget


def _one_source(target: Any) -> None:
    """A single reference may be given as text."""
    if isinstance(target.source, str):
        object.__setattr__(target, "source", (target.source,))


def _check(label: str, use: str, estimate: float, std_error: float) -> None:
    if use not in USES:
        raise InputError(f"{label}: a target is used ('fit') or held out ('hold_out'); got {use!r}.")
    if not np.isfinite(estimate):
        raise InputError(f"{label}: the estimate must be a number; got {estimate}.")
    if not (std_error > 0 and np.isfinite(std_error)):
        raise InputError(f"{label}: the standard error must be above 0 and finite; got {std_error}.")
