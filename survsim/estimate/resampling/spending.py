"""How an error is spent as information grows."""

from __future__ import annotations

from typing import Literal

import numpy as np
from scipy.special import ndtr, ndtri

from survsim.core.checks import FloatArray, between, one_of
from survsim.core.errors import InputError

SpendingFunction = Literal["obrien-fleming", "pocock", "hwang-shih-decani", "power"]
FUNCTIONS = ("obrien-fleming", "pocock", "hwang-shih-decani", "power")
_LIMITS = {"hwang-shih-decani": (-40.0, 40.0), "power": (0.0, 50.0)}


def spent_share(
    t: FloatArray, level: float, function: SpendingFunction, parameter: float | None
) -> FloatArray:
    """Of `level`, what is spent by information t (looks,), a share of the whole.

    O'Brien-Fleming type ``2 - 2 Phi(z_{level/2} / sqrt t)`` and Pocock type ``level log(1 + (e - 1) t)`` (Lan, DeMets 1983);
    ``level (1 - exp(-gamma t)) / (1 - exp(-gamma))`` (Hwang, Shih, De Cani 1990); ``level t ** rho`` (Kim, DeMets 1987).
    """
    t = np.minimum(t, 1.0)
    if function == "obrien-fleming":
        return np.asarray(2.0 * ndtr(ndtri(0.5 * level) / np.sqrt(t)))
    if function == "pocock":
        return np.asarray(level * np.log1p((np.e - 1.0) * t))
    assert parameter is not None
    if function == "power":
        return np.asarray(level * t**parameter)
    if parameter == 0.0:
        return level * t
    return np.asarray(level * np.expm1(-parameter * t) / np.expm1(-parameter))


def checked_function(name: str, function: str, parameter: float | None) -> float | None:
    """The parameter of a spending function, refused where it is missing, not wanted, or out of range."""
    one_of(name, function, FUNCTIONS)
    if function not in _LIMITS:
        if parameter is not None:
            raise InputError(f"{name} {function!r} takes no parameter; got {parameter!r}.")
        return None
    if parameter is None:
        what = "gamma, such as -4" if function == "hwang-shih-decani" else "rho, such as 3"
        raise InputError(f"{name} {function!r} needs its parameter {what}: give {name}_parameter.")
    low, high = _LIMITS[function]
    return between(f"{name}_parameter", parameter, low, high, open_ends=function == "power")
