"""What a printed number may have been before it was rounded."""

from __future__ import annotations

from decimal import Decimal

MOST_PLACES = 15


def places(*numbers: float | None) -> int:
    """Decimals that numbers of one kind were printed with: those of the longest, as 0.70 arrives as 0.7.

    >>> places(0.7, 0.5, 0.98), places(1.0), places(2.5e-6)
    (2, 0, 7)
    """
    found = 0
    for number in numbers:
        if number is not None and abs(number) < float("inf"):
            exponent = Decimal(repr(float(number))).normalize().as_tuple().exponent
            found = max(found, -int(exponent))
    return min(found, MOST_PLACES)


def printed_range(number: float, decimals: int) -> tuple[float, float]:
    """The values that print as `number` with so many decimals.

    >>> printed_range(0.99, 2)
    (0.985, 0.995)
    """
    half = 0.5 * 10.0**-decimals
    return number - half, number + half
