"""What follows from a Markov model of visits: generator, probabilities, sojourns, prevalence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from scipy.linalg import expm, expm_frechet
from scipy.special import expit, logit, ndtri

from survsim.core.checks import FloatArray, IntArray
from survsim.core.design import Design
from survsim.core.errors import InputError
from survsim.core.tables import frame
from survsim.estimate.competing.panel_data import Visits
from survsim.estimate.competing.panel_likelihood import generators, moved

if TYPE_CHECKING:
    import pandas as pd


class Fitted(Protocol):
    """What a prediction needs of a fit; see `PanelMultistate`."""

    @property
    def states(self) -> tuple[str, ...]: ...
    @property
    def transitions(self) -> tuple[tuple[str, str], ...]: ...
    @property
    def log_intensity(self) -> FloatArray: ...
    @property
    def coefficients(self) -> FloatArray: ...
    @property
    def covariance(self) -> FloatArray: ...
    @property
    def centre(self) -> FloatArray: ...
    @property
    def design(self) -> Design | None: ...
    @property
    def visits(self) -> Visits: ...
    @property
    def conf_level(self) -> float: ...
    @property
    def unit(self) -> str: ...


def _places(fit: Fitted) -> IntArray:
    return np.array([[fit.states.index(a), fit.states.index(b)] for a, b in fit.transitions], np.int64)


def _theta(fit: Fitted) -> FloatArray:
    return np.append(fit.log_intensity, fit.coefficients.ravel())


def _row(fit: Fitted, newdata: pd.DataFrame | None) -> FloatArray:
    """Centred covariates (p,) of the one row asked for; zeros are the means."""
    if newdata is None:
        return np.zeros(len(fit.centre))
    if fit.design is None:
        raise InputError("the model has no covariate, so newdata says nothing; leave it out.")
    values = fit.design.apply(newdata)
    if len(values) != 1:
        raise InputError(
            f"newdata must have one row; got {len(values)}. Ask for one kind of patient at a time."
        )
    return values[0] - fit.centre


def _checked(times: FloatArray) -> FloatArray:
    if times.size == 0 or times.min() < 0:
        raise InputError("times must be 0 or later, and at least one.")
    return times


def generator(fit: Fitted, newdata: pd.DataFrame | None) -> FloatArray:
    """Q (S, S)."""
    return generators(_theta(fit), _places(fit), len(fit.states), _row(fit, newdata)[None])[0]


def intensities(fit: Fitted, newdata: pd.DataFrame | None) -> tuple[FloatArray, FloatArray]:
    """Log intensities (k,) and their standard errors."""
    k, z = len(fit.transitions), _row(fit, newdata)
    map_ = np.kron(np.append(1.0, z), np.eye(k))
    return map_ @ _theta(fit), np.sqrt(np.einsum("ij,jk,ik->i", map_, fit.covariance, map_))


def sojourns(fit: Fitted, newdata: pd.DataFrame | None) -> tuple[list[str], FloatArray, FloatArray]:
    """States that can be left, the log of the mean stay in each and its standard error."""
    q, slopes = moved(_theta(fit), _places(fit), len(fit.states), _row(fit, newdata))
    left = [s for s, name in enumerate(fit.states) if any(a == name for a, _ in fit.transitions)]
    rate = -np.diag(q)[left]
    slope = -slopes[:, left, left] / rate
    return (
        [fit.states[s] for s in left],
        -np.log(rate),
        np.sqrt(np.einsum("js,jk,ks->s", slope, fit.covariance, slope)),
    )


def probabilities(fit: Fitted, times: FloatArray, newdata: pd.DataFrame | None) -> pd.DataFrame:
    """One row a time, source and target."""
    q, slopes = moved(_theta(fit), _places(fit), len(fit.states), _row(fit, newdata))
    z = float(ndtri(0.5 + fit.conf_level / 2.0))
    size, found = len(fit.states), []
    for t in _checked(times):
        p = np.clip(expm(q * t), 0.0, 1.0)
        slope = np.array([expm_frechet(q * t, s * t, compute_expm=False) for s in slopes]).reshape(
            -1, size**2
        )
        error = np.sqrt(np.maximum(np.einsum("js,jk,ks->s", slope, fit.covariance, slope), 0.0))
        found.append(
            np.column_stack([np.full(size**2, t), p.ravel(), error, *_logit_limits(p.ravel(), error, z)])
        )
    time, p, error, low, high = np.concatenate(found).T
    source, target = np.repeat(fit.states, size), np.tile(fit.states, size)
    return frame({
        "time": time, "source": np.tile(source, times.size), "target": np.tile(target, times.size), "probability": p,
        "std_error": error, "conf_low": low, "conf_high": high,
    })  # fmt: skip


def _logit_limits(p: FloatArray, error: FloatArray, z: float) -> tuple[FloatArray, FloatArray]:
    """Limits on the logit scale; those of a probability without error are the probability."""
    sure = (error <= 0) | (p <= 0) | (p >= 1)
    inner = np.where(sure, 0.5, p)
    half = z * error / (inner * (1.0 - inner))
    low, high = expit(logit(inner) - half), expit(logit(inner) + half)
    return np.where(sure, p, low), np.where(sure, p, high)


def misclassification(
    seen_as: tuple[tuple[str, str], ...], log_odds: FloatArray, covariance: FloatArray, conf_level: float
) -> pd.DataFrame:
    """One row a true state and another as which it may be seen."""
    true = np.array([a for a, _ in seen_as])
    same = (true[:, None] == true).astype(np.float64)
    odds = np.exp(log_odds)
    chance = odds / (1.0 + same @ odds)
    slope = np.diag(chance) - same * np.outer(chance, chance)
    error = np.sqrt(np.einsum("ij,jk,ik->i", slope, covariance, slope))
    low, high = _logit_limits(chance, error, float(ndtri(0.5 + conf_level / 2.0)))
    return frame({
        "state": list(true), "seen_as": [b for _, b in seen_as], "probability": chance, "std_error": error,
        "conf_low": low, "conf_high": high,
    })  # fmt: skip


def prevalence(fit: Fitted, times: FloatArray) -> pd.DataFrame:
    """One row a time and state."""
    visits, size = fit.visits, len(fit.states)
    final = np.array([all(a != name for a, _ in fit.transitions) for name in fit.states])
    first = visits.firsts
    last = np.append(first[1:], len(visits.time)) - 1
    shared = _expected(fit, first)
    rows: dict[str, list[Any]] = {name: [] for name in ("time", "at_risk", "observed", "expected", "observed_share", "expected_share")}  # fmt: skip
    for t in _checked(times):
        seen = visits.time <= t
        # Of each patient the place of the last visit at or before t.
        latest = first + np.add.reduceat(seen, first) - 1
        there = seen[first] & ((visits.time[last] >= t) | final[visits.state[last]])
        count = np.bincount(visits.state[latest[there]], minlength=size)
        share = shared(float(t))
        n = int(there.sum())
        if n == 0:
            raise InputError(
                f"nobody was followed at {t:g} {fit.unit}; ask at times between first and last visits."
            )
        rows["time"] += [t] * size
        rows["at_risk"] += [n] * size
        rows["observed"] += count.tolist()
        rows["expected"] += (share * n).tolist()
        rows["observed_share"] += (count / n).tolist()
        rows["expected_share"] += share.tolist()
    return frame({"time": rows.pop("time"), "state": list(fit.states) * times.size} | rows)


def _expected(fit: Fitted, first: IntArray) -> Any:
    """The function from a time to the mean share (S,) of patients in each state, all followed from time 0 of the data."""
    visits = fit.visits
    begun = visits.time[first]
    if np.ptp(begun) > 1e-9 * max(1.0, float(begun.max())):
        raise InputError(
            "expected numbers need a common time of the first visit, but first visits lie between "
            f"{begun.min():g} and {begun.max():g} {fit.unit}; count time from each patient's first visit."
        )
    x = np.zeros((len(first), 0)) if fit.design is None else fit.design.matrix[visits.row[first]] - fit.centre
    kinds, kind = (
        np.unique(x, axis=0, return_inverse=True) if x.shape[1] else (x[:1], np.zeros(len(first), np.int64))
    )
    q = generators(_theta(fit), _places(fit), len(fit.states), kinds)
    start = np.zeros((len(kinds), len(fit.states)))
    np.add.at(start, (kind.ravel(), visits.state[first]), 1.0 / len(first))

    def at(t: float) -> FloatArray:
        share: FloatArray = np.einsum("cs,cst->t", start, expm(q * max(t - float(begun[0]), 0.0)))
        return share

    return at
