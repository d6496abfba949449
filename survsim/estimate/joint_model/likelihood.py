"""Log likelihood of an evidence model with exact first and second derivatives.

``eta_ak = alpha_k + z_a' gamma``. Everything depends on eta only, so derivatives are formed there and
carried to (alpha, gamma) by sums.
"""

from __future__ import annotations

import numpy as np

from survsim.core.checks import FloatArray
from survsim.estimate.joint_model.compile import COUNT, DIED, NORMAL, Compiled


class Derivatives:
    """Value, gradient (n,) and negative Hessian (n, n) being added up over rows."""

    __slots__ = ("curvature", "gradient", "k", "value")

    def __init__(self, k: int, p: int) -> None:
        self.k = k
        self.value = 0.0
        self.gradient = np.zeros(k + p)
        self.curvature = np.zeros((k + p, k + p))

    def add_diagonal(self, g: FloatArray, w: FloatArray, z: FloatArray) -> None:
        """Rows whose negative Hessian in eta is diagonal: g, w (a, k), effects z (a, p)."""
        k = self.k
        self.gradient[:k] += g.sum(axis=0)
        self.gradient[k:] += g.sum(axis=1) @ z
        self.curvature[np.arange(k), np.arange(k)] += w.sum(axis=0)
        cross = w.T @ z
        self.curvature[:k, k:] += cross
        self.curvature[k:, :k] += cross.T
        self.curvature[k:, k:] += z.T @ (w.sum(axis=1)[:, None] * z)

    def add_dense(self, g: FloatArray, n: FloatArray, z: FloatArray) -> None:
        """Rows with a full negative Hessian n (r, k, k) in eta."""
        k = self.k
        self.gradient[:k] += g.sum(axis=0)
        self.gradient[k:] += g.sum(axis=1) @ z
        self.curvature[:k, :k] += n.sum(axis=0)
        row = n.sum(axis=2)
        cross = row.T @ z
        self.curvature[:k, k:] += cross
        self.curvature[k:, :k] += cross.T
        self.curvature[k:, k:] += z.T @ (row.sum(axis=1)[:, None] * z)


def log_likelihood(m: Compiled, theta: FloatArray) -> Derivatives:
    """Log likelihood (constants of the data left out) at theta = (alpha, gamma), with derivatives."""
    k = int(m.active.sum())
    out = Derivatives(k, m.effects.shape[1])
    alpha, gamma = theta[:k], theta[k:]
    eta = alpha + (m.effects @ gamma)[:, None]
    # Far outside the data a Newton trial may overflow; its value is -inf and the step is halved.
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        hazard = np.exp(np.minimum(eta, 500.0))
        mean = m.exposure * hazard
        out.value += float((m.events * eta - mean).sum())
        out.add_diagonal(m.events - mean, mean, m.effects)
        if m.sum_arm.size:
            _sums(m, hazard, out)
    if m.ratio_value.size:
        gap = (m.ratio_value - m.ratio_contrast @ gamma) / m.ratio_sd**2
        out.value -= 0.5 * float((gap**2 * m.ratio_sd**2).sum())
        out.gradient[k:] += gap @ m.ratio_contrast
        out.curvature[k:, k:] += m.ratio_contrast.T @ (m.ratio_contrast / m.ratio_sd[:, None] ** 2)
    return out


def sum_functions(m: Compiled, total: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """f(C), f'(C), f''(C) of the rows that depend on C = sum_k length_k h_k."""
    a, b = m.sum_first, m.sum_second
    f, f1, f2 = np.zeros_like(total), np.zeros_like(total), np.zeros_like(total)
    r = m.sum_kind == NORMAL
    gap, c, s2 = np.log(total[r]) - a[r], total[r], b[r] ** 2
    f[r], f1[r], f2[r] = -0.5 * gap**2 / s2, -gap / (s2 * c), -(1 - gap) / (s2 * c**2)
    r = m.sum_kind == COUNT
    f[r] = a[r] * np.log(total[r]) - b[r] * total[r]
    f1[r], f2[r] = a[r] / total[r] - b[r], -a[r] / total[r] ** 2
    r = m.sum_kind == DIED
    c = np.clip(total[r], 1e-300, 700.0)
    f[r] = a[r] * np.log(-np.expm1(-c))
    f1[r] = a[r] / np.expm1(c)
    f2[r] = -a[r] / np.expm1(c) * (1 + 1 / np.expm1(c))
    return f, f1, f2


def _sums(m: Compiled, hazard: FloatArray, out: Derivatives) -> None:
    c = m.sum_length * hazard[m.sum_arm]
    f, f1, _ = sum_functions(m, c.sum(axis=1))
    out.value += float(f.sum())
    out.add_dense(f1[:, None] * c, _sum_curvature(m, hazard), m.effects[m.sum_arm])


def _sum_curvature(m: Compiled, hazard: FloatArray) -> FloatArray:
    """Negative Hessians (r, k, k) of the sum rows."""
    c = m.sum_length * hazard[m.sum_arm]
    _, f1, f2 = sum_functions(m, c.sum(axis=1))
    n = -f2[:, None, None] * c[:, :, None] * c[:, None, :]
    diagonal = np.arange(c.shape[1])
    n[:, diagonal, diagonal] -= f1[:, None] * c
    return n


def mean_shift(m: Compiled, theta: FloatArray, covariance: FloatArray) -> FloatArray:
    """First-order shift from posterior mode to mean, ``Sigma t / 2``, ``t_i = sum_jk l_ijk Sigma_jk``.

    Lindley 1980 (Trabajos de Estadistica 31:223), the term in the third derivatives of the likelihood;
    for a Poisson cell it is minus mean times variance of eta, for the rows of sums the curvature is
    differentiated numerically, interval by interval.
    """
    k = int(m.active.sum())
    alpha, gamma = theta[:k], theta[k:]
    hazard = np.exp(alpha + (m.effects @ gamma)[:, None])
    cross = m.effects @ covariance[k:, :k]
    level = np.einsum("ap,ap->a", m.effects @ covariance[k:, k:], m.effects)
    variance = np.diag(covariance)[:k] + 2 * cross + level[:, None]
    slope = -m.exposure * hazard * variance
    if m.sum_arm.size:
        c = cross[m.sum_arm]
        spread = covariance[:k, :k] + c[:, :, None] + c[:, None, :] + level[m.sum_arm][:, None, None]
        for j in range(k):
            step = np.ones(k)
            step[j] = np.exp(1e-4)
            change = _sum_curvature(m, hazard * step) - _sum_curvature(m, hazard / step)
            np.add.at(slope[:, j], m.sum_arm, -(spread * change).sum(axis=(1, 2)) / 2e-4)
    t = np.concatenate([slope.sum(axis=0), slope.sum(axis=1) @ m.effects])
    return np.asarray(0.5 * covariance @ t, dtype=np.float64)
