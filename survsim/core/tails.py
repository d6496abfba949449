"""Two-sided probabilities of two tails."""

from __future__ import annotations


def two_tails(below: float, above: float) -> float:
    """Twice the smaller tail, within 0 and 1.

    Tails of discrete laws overlap and may add up to more than 1; tails taken as a difference may round below 0.

    >>> two_tails(0.02, 0.98), two_tails(0.7, 0.6), two_tails(1.0, -2e-16)
    (0.04, 1.0, 0.0)
    """
    return min(1.0, max(0.0, 2.0 * min(below, above)))
