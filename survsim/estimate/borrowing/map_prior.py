"""Meta-analytic-predictive prior: what earlier studies say about a new one, by quadrature over tau."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from scipy.interpolate import CubicHermiteSpline

from survsim.core.checks import (
    FloatArray,
    between,
    float_vector,
    known,
    one_of,
    positions,
    shares,
)
from survsim.core.errors import InputError
from survsim.core.pairing import names_in, paired
from survsim.core.provenance import Provenance
from survsim.core.renamed import renamed
from survsim.core.result import Result, result
from survsim.core.tables import Columns, from_rows
from survsim.estimate.borrowing.mixture import Mixture, NormalMixture
from survsim.estimate.printed.study_effects import StudyEffects, study_effects
from survsim.estimate.printed.study_rows import (
    ONE_OF_EACH,
    refuse_vanishing,
    row_names,
    warn_of_repeats,
)

TAU_PRIORS = ("half-normal", "half-cauchy", "fixed")
PANELS, NODES = 48, 8
LEAST_TAU = 1e-12
"""Of the smallest standard error; the square of less is lost beside that of the error."""
# Below exp(-DROP) of its peak the density of tau is left out.
DROP = 40.0

_QUANTITY = ("quantity", "mean", "sd", "q025", "median", "q975")


@result
class BorrowingPrior(Result):
    """A prior made from earlier evidence, carried as a mixture.

    Attributes
    ----------
    method : how it was made: "map", "robust map", "power prior", "commensurate prior", ...
    mixture : `NormalMixture` (log hazard, log ratio, mean) or `GammaMixture` (rate).
    scale : "normal" or "rate".
    vague : index of the vague component in the mixture, or -1.
    labels : the studies behind it; empty for a prior made from another prior or from a mixture.
    """

    method: str
    mixture: Mixture
    scale: str = "normal"
    vague: int = -1
    labels: tuple[str, ...] = ()

    def density(self, x: Any) -> FloatArray:
        """Prior density at x."""
        return self.mixture.density(known("x", x))

    def cdf(self, x: Any) -> FloatArray:
        """Prior distribution function at x."""
        return self.mixture.cdf(known("x", x))

    def quantile(self, p: Any) -> FloatArray:
        """Prior quantiles."""
        return self.mixture.quantile(known("p", p))

    def draws(self, u: Any) -> FloatArray:
        """Prior draws from uniforms in (0, 1)."""
        return self.mixture.draws(known("u", u))

    def columns(self) -> Columns:
        """One row a quantity: columns quantity, mean, sd, q025, median, q975."""
        return from_rows([_row("prior", self.mixture)], _QUANTITY)

    def headline(self) -> str:
        """Method and studies; the components where no studies are named."""
        k, m = len(self.labels), self.mixture.weight.size
        name = self.method if self.method.endswith("prior") else f"{self.method} prior"
        if k == 0:
            return f"{name}: mixture of {m} component{'s' * (m > 1)} on the {self.scale} scale"
        return f"{name} from {k} {'study' if k == 1 else 'studies'}"


@result
class MapPrior(BorrowingPrior):
    """Predictive distribution of the parameter in a new study.

    Attributes
    ----------
    tau_nodes, tau_weights : (g,) quadrature nodes of tau and their posterior weights.
    mean_mixture : posterior of the mean mu, a normal mixture over the nodes.
    tau_table : (3, m) values of tau, its posterior distribution function and its density.
    log_marginal : log marginal likelihood of the evidence (improper priors: up to a constant).
    """

    tau_nodes: FloatArray
    tau_weights: FloatArray
    mean_mixture: NormalMixture
    tau_table: FloatArray
    log_marginal: float

    def tau_quantile(self, p: Any) -> FloatArray:
        """Posterior quantiles of tau."""
        share = shares("p", p)
        value, below, slope = self.tau_table
        if value.size == 1:
            return np.full(share.shape, value[0])
        cdf = CubicHermiteSpline(value, below, slope)
        low = np.full(share.shape, value[0])
        high = np.full(share.shape, value[-1])
        for _ in range(60):
            middle = 0.5 * (low + high)
            under = cdf(middle) < share
            low, high = np.where(under, middle, low), np.where(under, high, middle)
        return 0.5 * (low + high)

    def columns(self) -> Columns:
        """Rows new study, mean, tau; columns quantity, mean, sd, q025, median, q975."""
        tau_mean = float(self.tau_weights @ self.tau_nodes)
        low, middle, high = self.tau_quantile([0.025, 0.5, 0.975])
        tau = {
            "quantity": "tau",
            "mean": tau_mean,
            "sd": float(np.sqrt(self.tau_weights @ (self.tau_nodes - tau_mean) ** 2)),
            "q025": low,
            "median": middle,
            "q975": high,
        }
        return from_rows([_row("new study", self.mixture), _row("mean", self.mean_mixture), tau], _QUANTITY)

    def headline(self) -> str:
        """Number of studies and what the prior is for."""
        few = "\nFewer than three studies: tau is mostly its prior." if len(self.labels) < 3 else ""
        studies = f"{len(self.labels)} {'study' if len(self.labels) == 1 else 'studies'}"
        return f"MAP prior from {studies}: predictive distribution of a new study{few}"


@renamed(sources="source")
def map_prior(
    estimate: Any,
    std_error: Sequence[float] | FloatArray | None = None,
    *,
    tau_scale: float,
    tau_prior: str = "half-normal",
    mean_prior: tuple[float, float] | None = None,
    labels: Sequence[Any] | None = None,
    source: str | Iterable[str] = (),
) -> MapPrior:
    """Meta-analytic-predictive prior p(theta_new | y) by one-dimensional quadrature over tau.

    ``y_j ~ N(theta_j, s_j^2)``, ``theta_j ~ N(mu, tau^2)``, ``mu ~ N(m, s^2)`` or flat. Given tau all is
    normal, so the prior is the mixture over tau of ``N(m(tau), v(tau) + tau^2)``, without sampling.

    Parameters
    ----------
    estimate, std_error : (k,) on a scale where the estimates are near normal (log hazard, log ratio). Or `estimate`
        alone: `EffectSizes`, a selection of hazard ratios, or a meta-analysis, whose studies are taken.
    tau_scale : scale of the prior of tau, in the unit of the estimates; for log hazard ratios 0.5 allows
        for reasonable, 1 for large heterogeneity. With ``tau_prior="fixed"`` it is tau itself.
    tau_prior : "half-normal", "half-cauchy" or "fixed".
    mean_prior : (mean, sd) of mu, or None for a flat prior.
    labels : names of the studies.
    source : references of the rows used.

    Returns
    -------
    MapPrior.

    Raises
    ------
    InputError : lengths that differ, standard errors or scale that are not positive, a `mean_prior` that is no
        finite mean with a positive sd.

    References
    ----------
    Neuenschwander et al. 2010, Clinical Trials 7:5, section 2; Schmidli et al. 2014, Biometrics 70:1023.

    Example
    -------
    >>> from survsim import map_prior
    >>> prior = map_prior([-51, -49, -36], [10.2, 6.8, 4.9], tau_scale=44, mean_prior=(0, 88))
    >>> [round(float(q)) for q in prior.quantile([0.025, 0.5, 0.975])]
    [-92, -43, 7]
    """
    given = independent_effects(estimate, std_error, labels=labels, source=source)
    source = given.source
    y, s, names = checked_estimates(given.estimate, given.std_error, given.labels, source)
    if mean_prior is not None:
        mean_prior = checked_mean_prior(mean_prior)
    one_of("tau_prior", tau_prior, TAU_PRIORS)
    scale, least = between("tau_scale", tau_scale, 0.0, np.inf, open_ends=False), LEAST_TAU * float(s.min())
    if tau_prior != "fixed" and scale < least:
        raise InputError(
            f"tau_scale must be above {least:g}, below which it is nothing beside these standard errors; got {scale:g}. For no "
            "heterogeneity: tau_prior='fixed', tau_scale=0."
        )
    nodes, weights, table, log_marginal = _tau_posterior(y, s, scale, tau_prior, mean_prior)
    mean, var = _mean_given_tau(y, s, nodes, mean_prior)[:2]
    step = Provenance.of(
        "map_prior", source, tau_scale=scale, tau_prior=tau_prior, mean_prior=mean_prior, labels=names
    )
    return MapPrior(
        method="map",
        mixture=NormalMixture(weights, mean, np.sqrt(var + nodes**2)),
        labels=names,
        tau_nodes=nodes,
        tau_weights=weights,
        mean_mixture=NormalMixture(weights, mean, np.sqrt(var)),
        tau_table=table,
        log_marginal=log_marginal,
        provenance=step,
    )


def checked_mean_prior(mean_prior: tuple[float, float]) -> tuple[float, float]:
    """(mean, sd) of a normal prior: finite, and positive and finite."""
    try:
        mean, sd = mean_prior
    except (TypeError, ValueError):
        raise InputError(f"mean_prior is (mean, sd); got {mean_prior!r}.") from None
    return between("mean_prior mean", mean, -np.inf, np.inf), between("mean_prior sd", sd, 0.0, np.inf)


def independent_effects(estimate: Any, std_error: Any, *, labels: Any, source: Any) -> StudyEffects:
    """Effects of independent studies; several rows of one study would count its patients twice."""
    given = study_effects(estimate, std_error, labels=labels, source=source)
    if given.clusters is not None:
        twice = sorted({str(c) for c in given.clusters if list(given.clusters).count(c) > 1})
        raise InputError(
            f"{', '.join(twice[:5])}: several rows of one study, which share patients. Keep one of each, or pool first: "
            "meta_analysis(...) joins them and can be given here."
        )
    return given


_LEAST_ERROR = 1e-100
"""Smaller standard errors than any study has; the inverse of their square overflows."""


def checked_estimates(
    estimate: Any, std_error: Any, labels: Sequence[Any] | None = None, source: Any = ()
) -> tuple[FloatArray, FloatArray, tuple[str, ...]]:
    """Estimates, standard errors and study names after the checks every borrowing function makes."""
    estimate, std_error, labels = paired(estimate=estimate, std_error=std_error, labels=labels)
    labels = names_in(estimate) if labels is None else labels
    y = float_vector("estimate", estimate)
    s = float_vector("std_error", std_error)
    if y.size == 0 or y.size != s.size:
        raise InputError(f"estimate has {y.size} values and std_error {s.size}; give one of each per study.")
    if s.min() < _LEAST_ERROR:
        raise InputError(f"std_error must be positive; found {s.min():g} in {positions(s < _LEAST_ERROR)}.")
    names = row_names(labels, y.size)
    refuse_vanishing(s, names)
    warn_of_repeats(names, source, named=labels is not None, advice=ONE_OF_EACH)
    return y, s, names


def _mean_given_tau(
    y: FloatArray, s: FloatArray, tau: FloatArray, mean_prior: tuple[float, float] | None
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Mean and variance of mu given each tau, and the log marginal likelihood of tau."""
    w = 1.0 / (s**2 + np.atleast_1d(tau)[:, None] ** 2)
    precision, pull = w.sum(axis=1), w @ y
    centre = 0.0
    log_value = 0.5 * np.log(w).sum(axis=1) - 0.5 * y.size * np.log(2 * np.pi)
    if mean_prior is not None:
        m, sd = mean_prior
        precision, pull = precision + sd**-2, pull + m * sd**-2
        centre = m
        log_value = log_value - np.log(sd)
    else:
        log_value = log_value + 0.5 * np.log(2 * np.pi)
    mean = pull / precision
    spread = (w * (y - mean[:, None]) ** 2).sum(axis=1)
    if mean_prior is not None:
        spread = spread + ((mean - centre) / mean_prior[1]) ** 2
    return mean, 1.0 / precision, log_value - 0.5 * spread - 0.5 * np.log(precision)


def log_tau_prior(tau: FloatArray, scale: float, kind: str) -> FloatArray:
    """Log density of the half-normal or half-Cauchy law at tau."""
    if kind == "half-normal":
        return 0.5 * np.log(2 / np.pi) - np.log(scale) - 0.5 * (tau / scale) ** 2
    return np.log(2 / np.pi) - np.log(scale) - np.log1p((tau / scale) ** 2)


def _tau_posterior(
    y: FloatArray, s: FloatArray, scale: float, kind: str, mean_prior: tuple[float, float] | None
) -> tuple[FloatArray, FloatArray, FloatArray, float]:
    """Nodes, posterior weights, table of the distribution function, log marginal likelihood."""
    if kind == "fixed":
        tau = np.array([scale])
        log_value = _mean_given_tau(y, s, tau, mean_prior)[2]
        return tau, np.ones(1), np.array([[scale], [1.0], [np.inf]]), float(log_value[0])

    def log_posterior(tau: FloatArray) -> FloatArray:
        return _mean_given_tau(y, s, tau, mean_prior)[2] + log_tau_prior(tau, scale, kind)

    # Tails: a half-normal ends; a half-Cauchy is cut where the tail that is lost is below 1e-6.
    # Studies far apart for the scale of the prior pull tau beyond it, to the root of their distance times the scale.
    centre = y.mean() if mean_prior is None else mean_prior[0]
    apart = float(np.sqrt(((y - centre) ** 2).sum()))
    if kind == "half-normal":
        reach = 9.0 * scale + np.sqrt(apart * scale)
    else:
        reach = max(1e6 * scale, 1e4 * apart)
    scan = np.concatenate([[0.0], np.geomspace(reach * 1e-7, reach, 2000)])
    first = np.clip(int(np.argmax(log_posterior(scan))), 1, scan.size - 2)
    scan = np.unique(np.append(scan, np.linspace(scan[first - 1], scan[first + 1], 500)))
    value = log_posterior(scan)
    keep = np.flatnonzero(value + np.log(np.maximum(scan, reach * 1e-7)) > _peak(value, scan, reach) - DROP)
    low, high = scan[max(keep[0] - 1, 0)], scan[min(keep[-1] + 1, scan.size - 1)]
    nodes, log_width = _panels(_edges(low, high, kind, PANELS))
    log_node = log_posterior(nodes) + log_width
    top = log_node.max()
    mass = np.exp(log_node - top)
    total = float(mass.sum())
    edges = _edges(low, high, kind, 8 * PANELS)
    fine, log_width = _panels(edges)
    piece = np.exp(log_posterior(fine) + log_width - top).reshape(-1, NODES).sum(axis=1)
    below = np.concatenate([[0.0], np.cumsum(piece) / piece.sum()])
    density = np.exp(log_posterior(edges) - top) / total
    return nodes, mass / total, np.stack([edges, below, density]), float(np.log(total) + top)


def _panels(edges: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Gauss-Legendre nodes of every panel and the logarithm of their weights."""
    x, w = np.polynomial.legendre.leggauss(NODES)
    half = 0.5 * np.diff(edges)
    return (edges[:-1, None] + half[:, None] * (x + 1)).ravel(), np.log(half[:, None] * w).ravel()


def _peak(value: FloatArray, scan: FloatArray, reach: float) -> float:
    return float((value + np.log(np.maximum(scan, reach * 1e-7))).max())


def _edges(low: float, high: float, kind: str, panels: int) -> FloatArray:
    """Panels: square-root spacing keeps them narrow near zero; a heavy tail needs geometric ones."""
    if kind == "half-cauchy":
        return np.concatenate([[low], np.geomspace(max(low, high * 1e-8) + high * 1e-9, high, 2 * panels)])
    return low + (high - low) * np.linspace(0.0, 1.0, panels + 1) ** 2


def _row(name: str, mixture: Mixture) -> dict[str, Any]:
    low, middle, high = mixture.quantile([0.025, 0.5, 0.975])
    return {
        "quantity": name,
        "mean": mixture.mean_value(),
        "sd": float(np.sqrt(mixture.variance())),
        "q025": low,
        "median": middle,
        "q975": high,
    }
