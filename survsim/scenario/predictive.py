"""Stratified draws of a predictive distribution, split into its layers, and how sure their quantiles are.

The predictive distribution of a new study is a normal mixture over tau. One stratified uniform a draw goes through its
quantile function, so d draws hold each of its d slices once and their outer quantiles are as good as those of many more
independent ones. The layers come after: given theta, the node of tau has probability proportional to
``w_k phi((theta - c_k) / s_k) / s_k``, and given the node the deviations of the layers are normal with the stated sum.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
from scipy.special import ndtri

from survsim.core.checks import FloatArray
from survsim.estimate.borrowing.map_prior import MapPrior
from survsim.estimate.borrowing.mixture import NormalMixture

Uniforms = Callable[[str], FloatArray]
"""Uniforms of one layer of one parameter, from a stream of their own."""
_ROWS = 4096
_REMEMBERED = 4096
"""Draws up to which quantiles are kept in memory for the next question, some megabytes in all."""
PROBABILITIES = (0.025, 0.5, 0.975)


def open_unit(u: FloatArray) -> FloatArray:
    """Uniforms kept off 0 and 1, where quantile functions are infinite."""
    return np.clip(u, 1e-12, 1 - 1e-12)


def stratified(uniforms: Uniforms, layer: str) -> FloatArray:
    """One uniform in each of d equal slices, in an order of its own: draws of two parameters stay independent."""
    inside = uniforms(layer)
    slices = np.argsort(np.argsort(uniforms(f"{layer}/order"), kind="stable"), kind="stable")
    return open_unit((slices + inside) / inside.size)


def predictive_layers(pooled: MapPrior, transport_sd: float, uniforms: Uniforms) -> dict[str, FloatArray]:
    """Layer -> (d,) components whose sum is a stratified draw of the new study's parameter."""
    weight = pooled.tau_weights / pooled.tau_weights.sum()
    centre, spread, tau = pooled.mean_mixture.centre, pooled.mean_mixture.spread, pooled.tau_nodes
    whole = np.sqrt(spread**2 + tau**2 + transport_sd**2)
    theta = _quantiles(weight, centre, whole, stratified(uniforms, "predictive"))
    node = _nodes(theta, weight, centre, whole, uniforms("tau"))
    parts = {
        "sampling": (spread[node], ndtri(open_unit(uniforms("sampling")))),
        "between studies": (tau[node], ndtri(open_unit(uniforms("between")))),
    }
    if transport_sd > 0:
        transport = ndtri(open_unit(uniforms("transport")))
        parts["transport"] = (np.full(theta.size, transport_sd), transport)
    free = {layer: sd * z for layer, (sd, z) in parts.items()}
    # Independent normals conditioned on their sum: each takes the share of the gap that its variance is.
    gap = theta - centre[node] - sum(free.values(), np.zeros(()))
    made = {layer: free[layer] + gap * np.square(sd / whole[node]) for layer, (sd, _) in parts.items()}
    made["sampling"] = made["sampling"] + centre[node]
    return made


def _quantiles(weight: FloatArray, centre: FloatArray, spread: FloatArray, share: FloatArray) -> FloatArray:
    """Quantiles of a normal mixture; the same few hundred draws are asked for by every question put to a scenario."""
    if share.size > _REMEMBERED:
        return NormalMixture(weight, centre, spread).quantile(share)
    return _remembered(
        *(np.ascontiguousarray(x, np.float64).tobytes() for x in (weight, centre, spread, share))
    )


@functools.lru_cache(maxsize=128)
def _remembered(*parts: bytes) -> FloatArray:
    weight, centre, spread, share = (np.frombuffer(part) for part in parts)
    found = NormalMixture(weight, centre, spread).quantile(share)
    found.flags.writeable = False
    return found


def _nodes(
    theta: FloatArray, weight: FloatArray, centre: FloatArray, sd: FloatArray, u: FloatArray
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """A node of tau for each draw, from its probabilities given theta."""
    node = np.empty(theta.size, np.int64)
    for start in range(0, theta.size, _ROWS):
        block = slice(start, start + _ROWS)
        z = (theta[block, None] - centre) / sd
        chance = np.cumsum(
            weight / sd * np.exp(-0.5 * z**2 + 0.5 * (z**2).min(axis=1, keepdims=True)), axis=1
        )
        node[block] = (chance < u[block, None] * chance[:, -1:]).sum(axis=1)
    return np.minimum(node, weight.size - 1)


def quantile_errors(draws: FloatArray, is_stratified: bool) -> FloatArray:
    """Monte Carlo standard errors of the 2.5%, 50% and 97.5% quantiles of draws, from their order statistics.

    Of d independent draws the number below a quantile has the standard deviation ``sqrt(d p (1 - p))``, of stratified ones
    at most one half; the error is half the distance between the draws that many ranks to either side.
    """
    p = np.array(PROBABILITIES)
    ranks = np.full(3, 0.5) if is_stratified else np.sqrt(draws.size * p * (1 - p))
    low, high = (np.quantile(draws, np.clip(p + side * ranks / draws.size, 0, 1)) for side in (-1, 1))
    return np.asarray(0.5 * (high - low), dtype=np.float64)
