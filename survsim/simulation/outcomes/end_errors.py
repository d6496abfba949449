"""How far the ends of an interval over parameter draws may be off because only so many draws were simulated."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from survsim.core.checks import FloatArray, between, numbers
from survsim.core.errors import InputError


def interval_errors(by_draw: ArrayLike, conf_level: float = 0.95) -> tuple[FloatArray, FloatArray]:
    """Monte Carlo standard errors of the two ends of a central interval over draws.

    The ends are quantiles of the values that were simulated, so that they carry the luck of the draws and, through the
    noise of each value, that of the patients in it. Of d draws the number below a quantile p has the standard deviation
    ``sqrt(d p (1 - p))``; the error is half the distance between the values that many ranks to either side. At the very
    end of the draws, where there are no ranks left on one side, the distance on the other is taken whole.

    Parameters
    ----------
    by_draw : (..., d) values of a quantity by draw, such as `Decision.by_draw`.
    conf_level : of the interval.

    Returns
    -------
    (low_error, high_error) : (...) each, in the unit of the values.

    Raises
    ------
    InputError : fewer than two draws, values that are not finite, or a level outside 0 to 1.

    Reference: Serfling 1980, Approximation Theorems of Mathematical Statistics, section 2.3.

    Example
    -------
    >>> import numpy as np
    >>> from survsim.simulation import interval_errors
    >>> low, high = interval_errors(np.random.default_rng(1).normal(size=100_000))
    >>> bool(abs(high / (np.sqrt(0.025 * 0.975 / 100_000) / 0.05845) - 1.0) < 0.1)
    True
    """
    values = numbers("by_draw", by_draw)
    between("conf_level", conf_level, 0.0, 1.0)
    if values.ndim == 0 or values.shape[-1] < 2:
        raise InputError("by_draw needs at least two draws along its last axis.")
    if not np.isfinite(values).all():
        raise InputError(
            "by_draw must be finite; a quantity that is not reached in some draw has no error of its end."
        )
    d = values.shape[-1]
    found = []
    for p in (0.5 * (1.0 - conf_level), 0.5 * (1.0 + conf_level)):
        ranks = np.sqrt(p * (1.0 - p) / d)
        low, middle, high = (
            np.quantile(values, np.clip(q, 0.0, 1.0), axis=-1) for q in (p - ranks, p, p + ranks)
        )
        if p - ranks < 0.0:
            found.append(np.asarray(high - middle))
        elif p + ranks > 1.0:
            found.append(np.asarray(middle - low))
        else:
            found.append(np.asarray(0.5 * (high - low)))
    return found[0], found[1]
