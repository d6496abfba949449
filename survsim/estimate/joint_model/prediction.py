"""What an evidence model predicts: one survival curve a posterior draw, and what each term paid for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.special import ndtri

from survsim.core import progress
from survsim.core.checks import FloatArray, float_vector, known
from survsim.core.distributions import PiecewiseExponential
from survsim.core.errors import InputError
from survsim.core.matrices import symmetric_root
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.streams import Streams
from survsim.core.tables import Columns
from survsim.estimate.joint_model.compile import Compiled
from survsim.estimate.joint_model.likelihood import log_likelihood
from survsim.estimate.joint_model.posterior import GridPosterior


@result
class EvidencePrediction(Result):
    """Predicted survival with its uncertainty.

    Attributes
    ----------
    distribution : `PiecewiseExponential` whose rates have a leading axis of draws.
    times : (m,) grid of the table.
    label : name of the reference for figures.
    """

    distribution: PiecewiseExponential
    times: FloatArray
    label: str
    conf_level: float

    @classmethod
    def from_rates(
        cls,
        breaks: FloatArray,
        rates: FloatArray,
        unit: str,
        *,
        label: str,
        conf_level: float,
        provenance: Provenance,
    ) -> EvidencePrediction:
        """Wrap hazards (draws, K)."""
        law = PiecewiseExponential(breaks=breaks, rates=rates, time_unit=unit)
        end = 1.5 * float(breaks[-1]) if breaks.size else 2 * float(np.median(law.quantile(0.5)))
        return cls(
            distribution=law,
            times=np.linspace(0.0, end, 121),
            label=label,
            conf_level=conf_level,
            provenance=provenance,
        )

    def survival(self, t: Any) -> FloatArray:
        """Survival of each draw, shape of t + (draws,)."""
        return self.distribution.survival(known("t", t)[..., None])

    def at(self, times: Any) -> EvidencePrediction:
        """The same prediction with another grid for its table and figure."""
        return replace(self, times=float_vector("times", np.atleast_1d(known("times", times))))

    def predictive_survival(self, t: Any) -> FloatArray:
        """Survival of the next patient: the mean over draws."""
        return self.survival(t).mean(axis=-1)

    def median(self) -> FloatArray:
        """(3,) median survival of a new study: the middle of the draws' medians, and its limits, in the unit of the law."""
        tail = (1 - self.conf_level) / 2
        return np.quantile(self.distribution.quantile(0.5), [0.5, tail, 1 - tail])

    def columns(self) -> Columns:
        """Columns time, survival (median over draws), conf_low, conf_high, predictive (mean over draws)."""
        s = self.survival(self.times)
        tail = (1 - self.conf_level) / 2
        low, middle, high = np.quantile(s, [tail, 0.5, 1 - tail], axis=-1)
        return {
            "time": self.times,
            "survival": middle,
            "conf_low": low,
            "conf_high": high,
            "predictive": s.mean(axis=-1),
        }

    def headline(self) -> str:
        """Median survival with interval."""
        middle, low, high = self.median()
        unit = self.distribution.time_unit
        return f"{self.label}: median survival {middle:.3g} {unit} ({low:.3g} to {high:.3g})"


def predictive_draws(
    post: GridPosterior,
    m: Compiled,
    z: FloatArray,
    extra: Mapping[str, float],
    transport_sd: float,
    draws: int,
    seed: int,
) -> FloatArray:
    """Log hazards (draws, K active) for effects z, plus new random effects with the factors of `extra`."""
    if draws < 1:
        raise InputError(f"draws must be at least 1; got {draws}.")
    k = int(m.active.sum())
    streams = Streams(seed)
    # Stratified over the nodes: their shares are met to within one draw.
    place = (np.arange(draws) + 0.5) / draws
    node = np.minimum(np.searchsorted(np.cumsum(post.weight), place), post.weight.size - 1)
    carry = np.concatenate([np.eye(k), np.broadcast_to(z, (k, z.size))], axis=1)
    mean = post.mean @ carry.T
    normal = np.stack([_normals(streams, f"interval {i}", draws) for i in range(k)], axis=1)
    out = np.empty((draws, k))
    for j in progress.each("drawing", np.unique(node).tolist()):
        mine = node == j
        out[mine] = mean[j] + normal[mine] @ symmetric_root(carry @ post.covariance[j] @ carry.T)
    variance = np.full(draws, transport_sd**2)
    for name, factor in extra.items():
        if name in post.names:
            variance += (factor * post.deviation[node, post.names.index(name)]) ** 2
    return out + (np.sqrt(variance) * _normals(streams, "new effect", draws))[:, None]


def _normals(streams: Streams, name: str, size: int) -> FloatArray:
    u = streams.uniforms(name, size=size)
    return ndtri(np.clip(u, 1e-16, 1 - 1e-16))


def term_information(m: Compiled, post: GridPosterior, n_terms: int) -> dict[str, FloatArray]:
    """Information in events and share of tr(Sigma I) of every term, at the heaviest node."""
    best = int(post.weight.argmax())
    theta, sigma = post.mean[best], post.covariance[best]
    k = int(m.active.sum())
    events, leverage = np.zeros(n_terms), np.zeros(n_terms)
    for i in range(n_terms):
        part = _only(m, i)
        if part is None:
            continue
        curvature = log_likelihood(part, theta).curvature
        leverage[i] = float((sigma * curvature).sum())
        ratio = part.ratio_sd.size and not part.row_term.size
        events[i] = float((4 / part.ratio_sd**2).sum()) if ratio else float(curvature[:k, :k].sum())
    total = leverage.sum()
    return {"information": events, "share": leverage / total if total > 0 else leverage}


def _only(m: Compiled, i: int) -> Compiled | None:
    """The likelihood of one term."""
    rows = np.flatnonzero(m.row_term == i)
    ratios = m.ratio_term == i
    if not rows.size and not ratios.any():
        return None
    sums = np.isin(m.sum_arm, rows)
    return replace(
        m,
        effects=m.effects[rows],
        events=m.events[rows],
        exposure=m.exposure[rows],
        row_term=m.row_term[rows],
        sum_arm=np.searchsorted(rows, m.sum_arm[sums]),
        sum_length=m.sum_length[sums],
        sum_kind=m.sum_kind[sums],
        sum_first=m.sum_first[sums],
        sum_second=m.sum_second[sums],
        ratio_term=m.ratio_term[ratios],
        ratio_contrast=m.ratio_contrast[ratios],
        ratio_value=m.ratio_value[ratios],
        ratio_sd=m.ratio_sd[ratios],
    )
