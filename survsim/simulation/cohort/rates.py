"""Rates that lead to a matrix of a cycle: its logarithm where that is a generator, else the nearest one, with its error.

Many matrices have no generator (Elfving's problem). Where the logarithm has rates below 0, each row is put to the nearest
row of a generator by least squares (Kreinin, Sidelnikova 2001, Algo Research Quarterly 4:23), and what its matrix departs
by is shown.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.linalg import expm, logm

from survsim.core import units
from survsim.core.checks import FloatArray, between
from survsim.core.errors import InputError
from survsim.core.pairing import in_columns_of, in_order_of, names_nothing
from survsim.core.provenance import Provenance
from survsim.core.result import Result, format_number, result
from survsim.core.tables import Columns
from survsim.simulation.cohort.matrices import checked_matrix
from survsim.simulation.declared.cycles import Cycles

TINY = 1e-10
"""Rates above minus this are 0 but for rounding."""


@result
class CycleRates(Result):
    """Rates of a process in continuous time that stands in for a matrix of fixed cycles.

    Attributes
    ----------
    probability : the matrix (states, states) that was given; rate : (states, states) per unit of time, rows sum to 0.
    back : the matrix that the rates give over one cycle; error : its largest departure from the one given.
    exact : whether the logarithm of the matrix was a generator; lowest : the lowest rate it had.
    """

    states: tuple[str, ...]
    cycle: float
    probability: FloatArray
    rate: FloatArray
    back: FloatArray
    error: float
    exact: bool
    lowest: float
    time_unit: str

    def columns(self) -> Columns:
        """Columns source, target, probability (within a cycle), rate (per unit of time), back (the probability that the
        rates give) and error (back less probability)."""
        n = len(self.states)
        i, j = (a.ravel() for a in np.meshgrid(np.arange(n), np.arange(n), indexing="ij"))
        names = np.array(self.states)
        return {
            "source": names[i],
            "target": names[j],
            "probability": self.probability[i, j],
            "rate": self.rate[i, j],
            "back": self.back[i, j],
            "error": (self.back - self.probability)[i, j],
        }

    def headline(self) -> str:
        per = self.time_unit.removesuffix("s")
        if self.exact:
            return f"Rates per {per} whose matrix over {self.cycle:g} {self.time_unit} is the one given (to {format_number(self.error)})"
        return (
            f"No rates give this matrix: its logarithm has one of {format_number(self.lowest)} per {per}. The nearest rates give "
            f"probabilities that depart by up to {format_number(self.error)} within a cycle; fixed cycles use it as it is"
        )


def rates_from_cycles(matrix: Any, *, cycle: float, time_unit: str, states: Any = None) -> CycleRates:
    """Rates of transitions per unit of time from the probabilities of a cycle, with the error they make.

    Parameters
    ----------
    matrix : (states, states) probabilities within a cycle, rows sum to 1.
    cycle, time_unit : length of the cycle in "days", "weeks", "months" or "years"; rates are per that unit.
    states : names in the order of rows; default their numbers.

    Returns
    -------
    CycleRates : rates, the matrix they give back, and by how much it departs.

    Raises
    ------
    ScenarioError : a row that does not sum to 1, an entry outside 0 to 1.
    InputError : no square matrix, names that do not fit, or a matrix without a logarithm.

    References
    ----------
    Israel, Rosenthal, Wei 2001, Math Finance 11:245; Kreinin, Sidelnikova 2001, Algo Research Quarterly 4:23.

    Example
    -------
    >>> from survsim.simulation import rates_from_cycles
    >>> found = rates_from_cycles([[0.9, 0.1], [0, 1]], cycle=12, time_unit="months", states=["well", "dead"])
    >>> found.rate.round(5).tolist()
    [[-0.00878, 0.00878], [0.0, 0.0]]
    """
    units.check_unit(time_unit)
    length = between("cycle", cycle, 0.0, np.inf)
    given = _square(_in_order_of_states(matrix, states))
    names = _names(states, given.shape[0])
    declared = Cycles.model_construct(states=names, deaths=())
    given = checked_matrix(given, declared, "matrix")
    if np.linalg.matrix_rank(given) < len(names):
        raise InputError(
            "the matrix is singular: it has no logarithm, and no rates give it. Use it in fixed cycles as it is."
        )
    with np.errstate(all="ignore"):
        log = logm(given)
    if not np.isfinite(log).all():
        raise InputError("the matrix has no logarithm in floating point. Use it in fixed cycles as it is.")
    real = np.real(log) / length
    off = real[~np.eye(len(names), dtype=bool)]
    complex_part = float(np.abs(np.imag(log)).max())
    exact = bool(complex_part <= 1e-9 and off.min() >= -TINY)
    rate = np.array([_nearest(row, i) for i, row in enumerate(real)])
    back = np.asarray(expm(rate * length))
    return CycleRates(
        provenance=Provenance.of("rates_from_cycles", cycle=length, time_unit=time_unit),
        states=names,
        cycle=length,
        probability=given,
        rate=rate,
        back=back,
        error=float(np.abs(back - given).max()),
        exact=exact,
        lowest=float(off.min()),
        time_unit=time_unit,
    )


def _in_order_of_states(matrix: Any, states: Any) -> Any:
    """A frame whose rows or columns are called by states, both in the order of these; without names for them, of its rows."""
    if not hasattr(matrix, "columns"):
        return matrix
    import pandas as pd

    order = pd.Index(list(states)) if isinstance(states, list | tuple | np.ndarray) else matrix.index
    if not names_nothing(matrix.index):
        matrix = in_order_of(order, "matrix", matrix, "states")
    return matrix if names_nothing(matrix.columns) else in_columns_of(order, "matrix", matrix, "states")


def _square(matrix: Any) -> FloatArray:
    try:
        found = np.array(matrix, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(f"matrix is a square table of numbers; got {type(matrix).__name__}.") from None
    if found.ndim != 2 or found.shape[0] != found.shape[1] or found.shape[0] < 2:
        raise InputError(
            f"matrix is a square table of numbers of at least 2 states; got shape {found.shape}."
        )
    if found.shape[0] > 500:
        raise InputError(f"a matrix of {found.shape[0]} states is more than the 500 that are put to rates.")
    if not np.isfinite(found).all():
        raise InputError("matrix holds a number that is missing or infinite.")
    return found


def _names(states: Any, n: int) -> tuple[str, ...]:
    if states is None:
        return tuple(str(k + 1) for k in range(n))
    given = states.tolist() if isinstance(states, np.ndarray) else states
    if not isinstance(given, list | tuple) or not all(isinstance(s, str) for s in given):
        raise InputError(f"states are names, one a row; got {states!r:.60}.")
    names = tuple(given)
    if len(names) != n or len(set(names)) < n:
        raise InputError(f"states are {n} different names, one a row; got {', '.join(names)}.")
    return names


def _nearest(row: FloatArray, place: int) -> FloatArray:
    """The nearest row that sums to 0 and is at least 0 off its diagonal: the projection on the cone of generators.

    With the diagonal taken as minus the sum of the others, those others minimise the squares of all departures; ones that
    fall below 0 are held at 0 one after the other, the smallest first.
    """
    others = np.delete(np.arange(row.size), place)
    free, found = list(others[np.argsort(-row[others])]), np.zeros(row.size)
    while free:
        # least squares under sum 0: each free entry and the diagonal move by the same amount
        shift = (row[free].sum() + row[place]) / (len(free) + 1)
        values = row[free] - shift
        if values.min() >= 0.0:
            found[free] = values
            break
        free.pop(int(np.argmin(values)))
    found[place] = 0.0 - found.sum()
    return found
