"""The beta product confidence procedure by Monte Carlo: the laws themselves, where the method of moments takes one Beta."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from survsim.core.checks import FloatArray
from survsim.core.streams import Streams, stream_key
from survsim.estimate.nonparametric.band_scales import Band

DRAWS = 100_000


def sampled_laws(n_risk: FloatArray, n_event: FloatArray, n_censor: FloatArray, seed: int) -> Iterator[Band]:
    """Samples (DRAWS,) of the upper and the lower confidence law of S on [t_k, t_(k+1)), one time after the other.

    Upper: product over event times of Beta(Y - d + 1, d); lower: the same times Beta(number followed beyond t, 1), a point
    at 0 when nobody is (Fay, Brittain & Proschan 2013).
    """
    rng = generator(seed)
    upper = np.ones(DRAWS)
    for risk, event, censored in zip(n_risk, n_event, n_censor):
        if event > 0:
            upper = upper * rng.beta(risk - event + 1.0, event, DRAWS)
        beyond = risk - event - censored
        last = rng.random(DRAWS)
        yield upper, upper * last ** (1.0 / beyond) if beyond > 0.5 else np.zeros(DRAWS)


def generator(seed: int) -> np.random.Generator:
    """Random numbers of the procedure under `seed`."""
    key = stream_key(Streams(seed).seed, "beta product")
    return np.random.Generator(np.random.Philox(key=np.array(key, np.uint64)))


def sampled_band(
    n_risk: FloatArray,
    n_event: FloatArray,
    n_censor: FloatArray,
    conf_level: float,
    seed: int,
    *,
    mid_p: bool,
) -> Band:
    """Limits (m,), (m,) as quantiles of the sampled laws, or with `mid_p` of both samples together."""
    tail = (1.0 - conf_level) / 2
    low, high = np.zeros(n_risk.size), np.ones(n_risk.size)
    for k, (upper, lower) in enumerate(sampled_laws(n_risk, n_event, n_censor, seed)):
        both = np.concatenate([upper, lower]) if mid_p else None
        low[k] = np.quantile(lower if both is None else both, tail)
        high[k] = np.quantile(upper if both is None else both, 1.0 - tail)
    return low, high


def sampled_at(
    time: FloatArray, n_risk: FloatArray, n_event: FloatArray, n_censor: FloatArray, at: float, seed: int
) -> Band:
    """Sorted samples of the (upper, lower) confidence law of S(at)."""
    k = int(np.searchsorted(time, at, side="right"))
    if k == 0:
        return np.ones(DRAWS), np.sort(generator(seed).random(DRAWS) ** (1.0 / n_risk[0]))
    for laws in sampled_laws(n_risk[:k], n_event[:k], n_censor[:k], seed):
        upper, lower = laws
    return np.sort(upper), np.sort(lower)
