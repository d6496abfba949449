"""Between-study variance: nine estimators with their errors, Cochran's Q, I2 and the Q-profile interval.

Everything here is written for a design with p columns (p = 1, a column of ones, is plain pooling), so
that meta-analysis and meta-regression share one set of formulas. They see orthonormal columns, so that no answer knows
the origin or the unit of a moderator, and coefficients of the columns as given come back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc, chdtri

from survsim.core.checks import FloatArray
from survsim.core.errors import ConvergenceError
from survsim.kernels.orthonormal import orthonormal


@dataclass(frozen=True, slots=True)
class WeightedFit:
    """Weighted least squares with weights ``1 / (v + tau2)``.

    Attributes
    ----------
    coefficients : (p,).
    root : (p, r), its product with its transpose is the inverse of X'WX.
    weights : (k,), ``1 / (v + tau2)``.
    residuals : (k,).
    q : weighted sum of squared residuals.
    """

    coefficients: FloatArray
    root: FloatArray
    weights: FloatArray
    residuals: FloatArray
    q: float

    @property
    def covariance(self) -> FloatArray:
        """(p, p), inverse of X'WX."""
        return self.root @ self.root.T


@dataclass(frozen=True, slots=True)
class Heterogeneity:
    """Cochran's test, the shares of variance, and the interval of tau2.

    Attributes
    ----------
    q, q_df, q_p_value : test of tau2 = 0 (weights 1/v).
    i2 : per cent of the total variance that lies between studies.
    h2 : total variance over sampling variance.
    tau2_conf_low, tau2_conf_high : Q-profile interval; NaN for a fixed effect, which takes tau2 for 0.
    tau2_std_error : of tau2 by its large-sample law; NaN for a fixed effect, or without a degree of freedom.
    """

    q: float
    q_df: int
    q_p_value: float
    i2: float
    h2: float
    tau2_conf_low: float
    tau2_conf_high: float
    tau2_std_error: float


def weighted_fit(y: FloatArray, v: FloatArray, x: FloatArray, tau2: float) -> WeightedFit:
    """Weighted least squares of `y` (k,) on `x` (k, p) with variances ``v + tau2``."""
    w = 1.0 / (v + tau2)
    made, back = orthonormal(x, w)
    beta = made.T @ (w * y) / w.sum()
    residuals: FloatArray = y - np.asarray(made @ beta, dtype=np.float64)
    return WeightedFit(back @ beta, back / np.sqrt(w.sum()), w, residuals, float(np.sum(w * residuals**2)))


def tau2_estimate(y: FloatArray, v: FloatArray, x: FloatArray, method: str) -> float:
    """Between-study variance by `method` (a key of ``TAU2_ESTIMATORS``), never below zero."""
    return TAU2_ESTIMATORS[method](y, v, x)


def heterogeneity(
    y: FloatArray, v: FloatArray, x: FloatArray, tau2: float, method: str, conf_level: float
) -> Heterogeneity:
    """Q, I2 (Higgins and Thompson 2002) and the Q-profile interval of tau2 (Viechtbauer 2007)."""
    df = y.size - x.shape[1]
    q = weighted_fit(y, v, x, 0.0).q
    low, high = (float("nan"),) * 2 if method == "fixed" else q_profile(y, v, x, conf_level)
    if df == 0:
        return Heterogeneity(q, 0, 1.0, 0.0, 1.0, low, high, float("nan"))
    if method == "fixed":
        h2 = q / df
        i2 = 100.0 * max(0.0, 1.0 - df / q) if q > 0 else 0.0
    else:
        typical = typical_variance(v, x)
        h2 = tau2 / typical + 1.0
        i2 = 100.0 * tau2 / (tau2 + typical)
    return Heterogeneity(
        q, df, float(chdtrc(df, q)), i2, h2, low, high, tau2_std_error(y, v, x, tau2, method)
    )


def tau2_told(tau2: float, low: float, high: float) -> str:
    """tau2 and its limits, or tau2 alone where a fixed effect leaves it none."""
    return f"tau2 {tau2:.4g}" + ("" if np.isnan(low) else f" ({low:.4g} to {high:.4g})")


def typical_variance(v: FloatArray, x: FloatArray) -> float:
    """The sampling variance of a "typical" study, ``(k - p) / trace(P)`` (Higgins and Thompson 2002, eq. 9)."""
    return float((v.size - x.shape[1]) / _trace_p(1.0 / v, x))


def q_profile(y: FloatArray, v: FloatArray, x: FloatArray, conf_level: float) -> tuple[float, float]:
    """Interval of tau2: all values at which Q(tau2) is no surprise to chi-squared with k - p df.

    With k = p there is no information and the interval is [0, inf). An interval that holds no value
    (studies agree better than chance allows) is returned as [0, 0].
    """
    df = y.size - x.shape[1]
    if df < 1:
        return 0.0, float("inf")
    tail = (1.0 - conf_level) / 2.0
    return (
        solve_q(y, v, x, float(chdtri(df, tail))),
        solve_q(y, v, x, float(chdtri(df, 1.0 - tail))),
    )


def solve_q(y: FloatArray, v: FloatArray, x: FloatArray, target: float) -> float:
    """The tau2 at which Q(tau2), which falls monotonely, equals `target`; 0 if it starts below."""
    from scipy.optimize import brentq

    def gap(tau2: float) -> float:
        return weighted_fit(y, v, x, tau2).q - target

    if gap(0.0) <= 0.0:
        return 0.0
    high = float(np.var(y)) + float(np.max(v))
    for _ in range(200):
        if gap(high) < 0.0:
            return float(brentq(gap, 0.0, high, xtol=1e-300, rtol=1e-14, maxiter=500))
        high *= 4.0
    raise ConvergenceError("Q(tau2) does not fall to its target; check the scale of estimate and std_error.")


def _fixed(y: FloatArray, v: FloatArray, x: FloatArray) -> float:
    return 0.0


def _dersimonian_laird(y: FloatArray, v: FloatArray, x: FloatArray) -> float:
    """DerSimonian and Laird 1986; with moderators the moment estimator of Raudenbush 2009."""
    fit = weighted_fit(y, v, x, 0.0)
    return max(0.0, (fit.q - (y.size - x.shape[1])) / _trace_p(fit.weights, x))


def _paule_mandel(y: FloatArray, v: FloatArray, x: FloatArray) -> float:
    """Paule and Mandel 1982: the tau2 at which Q(tau2) equals its expectation k - p."""
    return solve_q(y, v, x, float(y.size - x.shape[1]))


def _sidik_jonkman(y: FloatArray, v: FloatArray, x: FloatArray) -> float:
    """Sidik and Jonkman 2005, started at the crude variance of the estimates."""
    start = float(np.mean((y - y.mean()) ** 2))
    if start == 0.0:
        return 0.0
    return start * weighted_fit(y, v, x, start).q / (y.size - x.shape[1])


def _hedges(y: FloatArray, v: FloatArray, x: FloatArray) -> float:
    """Hedges 1983: unweighted sum of squares less its expectation under sampling alone."""
    p = _projection(np.ones(y.size), x)
    return max(0.0, float(y @ p @ y - np.diag(p) @ v) / (y.size - x.shape[1]))


def _hunter_schmidt(y: FloatArray, v: FloatArray, x: FloatArray) -> float:
    """Hunter and Schmidt 1990: (Q - k) over the sum of the weights."""
    fit = weighted_fit(y, v, x, 0.0)
    return max(0.0, (fit.q - y.size) / float(fit.weights.sum()))


def _restricted_likelihood(y: FloatArray, v: FloatArray, x: FloatArray) -> float:
    """Restricted maximum likelihood."""
    return _best(y, v, x, restricted_log_likelihood)


def _maximum_likelihood(y: FloatArray, v: FloatArray, x: FloatArray) -> float:
    """Maximum likelihood of mean and tau2 together."""
    return _best(y, v, x, log_likelihood)


def _best(
    y: FloatArray, v: FloatArray, x: FloatArray, profile: Callable[..., tuple[FloatArray, FloatArray]]
) -> float:
    """Best cell of a grid, then the root of the score inside it.

    The grid guards against a local maximum, which Fisher scoring alone can end in.
    """
    from scipy.optimize import brentq

    x = orthonormal(x)[0]
    spread = float(np.ptp(y)) ** 2 + 1e-300
    grid = np.concatenate([[0.0], spread * np.logspace(-7, 0.7, 48)])
    likelihood, score = profile(y, v, x, grid)
    best = int(np.argmax(likelihood))
    if best == 0 and score[0] <= 0.0:
        return 0.0
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, grid.size - 1)]

    def slope(tau2: float) -> float:
        return float(profile(y, v, x, np.array([tau2]))[1][0])

    if slope(low) <= 0.0:
        return 0.0
    if slope(high) >= 0.0:  # effects so far apart that the likelihood is flat to rounding
        return float(high)
    return float(brentq(slope, low, high, xtol=1e-300, rtol=1e-14, maxiter=500))


def restricted_log_likelihood(
    y: FloatArray, v: FloatArray, x: FloatArray, tau2: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Restricted log likelihood (without its constant) and its derivative at each `tau2`, (G,) each."""
    likelihood, score, w, information = _profiled(y, v, x, tau2)
    own = np.einsum("gpq,gk,kq,kp->g", np.linalg.inv(information), w**2, x, x)
    return likelihood - 0.5 * np.linalg.slogdet(information)[1], score + 0.5 * own


def log_likelihood(
    y: FloatArray, v: FloatArray, x: FloatArray, tau2: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Log likelihood (without its constant) at the best mean for each `tau2`, and its derivative, (G,) each."""
    return _profiled(y, v, x, tau2)[:2]


def _profiled(
    y: FloatArray, v: FloatArray, x: FloatArray, tau2: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Profile log likelihood (G,), its derivative (G,), weights (G, k) and information of the coefficients (G, p, p)."""
    w = 1.0 / (v[None, :] + tau2[:, None])
    information = np.einsum("gk,kp,kq->gpq", w, x, x)
    right = np.einsum("gk,kp,k->gp", w, x, y)
    beta = np.linalg.solve(information, right[:, :, None])[:, :, 0]
    residuals = y[None, :] - beta @ x.T
    likelihood = -0.5 * (-np.log(w).sum(axis=1) + (w * residuals**2).sum(axis=1))
    return likelihood, 0.5 * ((w**2 * residuals**2).sum(axis=1) - w.sum(axis=1)), w, information


def tau2_std_error(y: FloatArray, v: FloatArray, x: FloatArray, tau2: float, method: str) -> float:
    """Standard error of tau2; NaN for a fixed effect.

    A moment estimator is a quadratic form y'Ay/c of normal estimates, whose variance is 2 tr(A S A S) / c^2 with S the
    variances v + tau2. ML and REML have the expected information of tau2; for PM and EB that of the generalised Q
    with equal weights in place.

    References: Viechtbauer 2005, J Educ Behav Stat 30:261; DerSimonian and Kacker 2007, Contemp Clin Trials 28:105.
    """
    k, df = y.size, y.size - x.shape[1]
    if method == "fixed" or df < 1:
        return float("nan")
    w = 1.0 / (v + tau2)
    if method == "ML":
        return float(np.sqrt(2.0 / (w**2).sum()))
    if method == "REML":
        return float(np.sqrt(2.0 / (_projection(w, x) ** 2).sum()))
    if method in ("PM", "EB"):
        return float(np.sqrt(2.0 * k**2 / df) / w.sum())
    start = float(np.mean((y - y.mean()) ** 2))
    weights = {"HE": np.ones(k), "SJ": 1.0 / (v + start)}.get(method, 1.0 / v)
    form = _projection(weights, x)
    scale = {
        "HE": float(df), "HS": float(weights.sum()), "SJ": df / start if start > 0 else np.inf,
    }.get(method, float(np.trace(form)))  # fmt: skip
    spread = form * (v + tau2)
    return float(np.sqrt(2.0 * (spread * spread.T).sum())) / scale


def _projection(w: FloatArray, x: FloatArray) -> FloatArray:
    """``P = W - W X (X'WX)^-1 X'W``, (k, k)."""
    own = orthonormal(x, w)[0] * w[:, None]
    return np.diag(w) - own @ own.T / w.sum()


def _trace_p(w: FloatArray, x: FloatArray) -> float:
    """Trace of ``P = W - W X (X'WX)^-1 X'W``."""
    own = orthonormal(x, w)[0] * w[:, None]
    return float(w.sum() - (own**2).sum() / w.sum())


TAU2_ESTIMATORS: dict[str, Callable[[FloatArray, FloatArray, FloatArray], float]] = {
    "fixed": _fixed,
    "DL": _dersimonian_laird,
    "PM": _paule_mandel,
    "REML": _restricted_likelihood,
    "SJ": _sidik_jonkman,
    "ML": _maximum_likelihood,
    "EB": _paule_mandel,
    "HE": _hedges,
    "HS": _hunter_schmidt,
}
"""Empirical Bayes (Morris 1983) has the estimating equation of Paule and Mandel."""
