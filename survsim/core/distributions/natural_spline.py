"""Restricted cubic splines in log time, in the basis of Royston and Parmar."""

from __future__ import annotations

import numpy as np

from survsim.core.checks import FloatArray


def spline_basis(u: FloatArray, knots: FloatArray, derivative: bool = False) -> FloatArray:
    """Basis 1, u, v_1(u) ... of a natural cubic spline, (n, K) for K knots; or its derivative in u.

    v_j(u) = (u - k_j)+^3 - l_j (u - kmin)+^3 - (1 - l_j) (u - kmax)+^3, l_j = (kmax - k_j) / (kmax - kmin)
    (Royston and Parmar 2002, Stat Med 21:2175, section 2.3): linear beyond the outer knots.
    """
    first, last = knots[0], knots[-1]
    out = np.empty((u.size, knots.size))
    out[:, 0] = 0.0 if derivative else 1.0
    out[:, 1] = 1.0 if derivative else u
    if knots.size == 2:
        return out
    low, high = _truncated(u - first, derivative), _truncated(u - last, derivative)
    for j, knot in enumerate(knots[1:-1], start=2):
        share = (last - knot) / (last - first)
        out[:, j] = _truncated(u - knot, derivative) - share * low - (1.0 - share) * high
    return out


def _truncated(x: FloatArray, derivative: bool) -> FloatArray:
    positive = np.maximum(x, 0.0)
    return 3.0 * positive * positive if derivative else positive * positive * positive


def cubic_pieces(coefficients: FloatArray, knots: FloatArray) -> FloatArray:
    """The spline as cubics, (..., K + 1, 4): powers 0 to 3 of the distance from the piece's origin.

    Piece 0 lies left of the first knot (origin the first knot), piece i between knots i - 1 and i (origin
    knot i - 1), piece K right of the last knot.
    """
    value = coefficients @ spline_basis(knots, knots).T
    slope = coefficients @ spline_basis(knots, knots, derivative=True).T
    pieces = np.zeros((*coefficients.shape[:-1], knots.size + 1, 4))
    pieces[..., 0, 0], pieces[..., 0, 1] = value[..., 0], slope[..., 0]
    pieces[..., 1:, 0], pieces[..., 1:, 1] = value, slope
    width = np.diff(knots)
    chord = np.diff(value, axis=-1) / width
    start, end = slope[..., :-1], slope[..., 1:]
    pieces[..., 1:-1, 2] = (3.0 * chord - 2.0 * start - end) / width
    pieces[..., 1:-1, 3] = (start + end - 2.0 * chord) / (width * width)
    return pieces


def smallest_slope(pieces: FloatArray, knots: FloatArray) -> FloatArray:
    """The least derivative of each spline anywhere, (...): not above 0 means it is not increasing."""
    least = pieces[..., 1].min(axis=-1)
    b, c, d = (pieces[..., 1:-1, k] for k in (1, 2, 3))
    with np.errstate(divide="ignore", invalid="ignore"):
        bottom = np.where(d > 0, -c / (3.0 * d), -1.0)
    inside = (bottom > 0) & (bottom < np.diff(knots))
    x = np.where(inside, bottom, 0.0)
    return np.minimum(least, (b + 2.0 * c * x + 3.0 * d * x * x).min(axis=-1))
