"""What a printed number may have been before it was rounded.

Numbers arrive as floats, which have lost the zeros they were printed with: 0.70 arrives as 0.7. The decimals are those of
the shortest text that reads back as the same number, and numbers of one kind in one row (a ratio and its limits) were
printed with the decimals of the longest of them. From 10 on they show no more digits than the longest shows: 12 (1.5 to 98)
was printed with two digits. Of the readings this leaves, that is the coarsest, so nothing that rounding may explain is
held for a contradiction.
"""

from __future__ import annotations

import math
from decimal import Decimal

MOST_PLACES = 15
LAST_BITS = 1e-9
"""Distances that are rounding of the computer's, not of the printer's."""
Range = tuple[float, float]


def places(*numbers: float | None) -> int:
    """Decimals that numbers of one kind were printed with: those of the longest, as 0.70 arrives as 0.7.

    >>> places(0.7, 0.5, 0.98), places(1.0), places(2.5e-6)
    (2, 0, 7)
    """
    return min(max((-_exponent(n) for n in numbers if _finite(n)), default=0), MOST_PLACES)


def printed_range(number: float, *beside: float | None, least: int = 0) -> Range:
    """The values that print as `number` does in a row that holds the numbers `beside`; `least` decimals were printed.

    >>> printed_range(0.99), printed_range(0.5, 0.25, 1.5)
    ((0.985, 0.995), (0.495, 0.505))
    >>> printed_range(12.0, 1.5, 98.0), printed_range(1.0, least=1)
    ((11.5, 12.5), (0.95, 1.05))
    """
    if not math.isfinite(number):
        return number, number
    decimals = max(places(number, *beside), least)
    if abs(number) >= 10.0:
        shown = max(_digits(n) for n in (number, *beside) if _finite(n))
        decimals = min(decimals, max(shown - _before_point(number), places(number)))
    half = 0.5 * 10.0**-decimals
    return number - half, number + half


def gap(first: Range, second: Range) -> float:
    """How far two ranges lie apart; 0 or less where they meet.

    >>> gap((0.0, 1.0), (1.5, 2.0)), gap((0.0, 2.0), (1.0, 3.0))
    (0.5, -1.0)
    """
    return max(first[0] - second[1], second[0] - first[1])


def _finite(number: float | None) -> bool:
    return number is not None and math.isfinite(number)


def _exponent(number: float | None) -> int:
    """Power of ten of the last digit, at most 0."""
    exponent = Decimal(repr(float(number or 0.0))).normalize().as_tuple().exponent
    return min(int(exponent), 0)


def _before_point(number: float) -> int:
    return len(str(int(abs(number))))


def _digits(number: float | None) -> int:
    """Digits shown from the first that is not 0: 3 of 1.08, 1 of 0.05, 3 of 120."""
    value = Decimal(repr(float(number or 0.0))).normalize()
    return value.adjusted() - _exponent(number) + 1
