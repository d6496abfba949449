"""Numbers in text that a person wrote: digits with a point, and nothing that only Python takes for a number.

Python's own ``float("1_0")`` is ten, and it reads digits of every script and the words nan and infinity. In a table or
behind an option these are slips.
"""

from __future__ import annotations

import re

NUMERAL = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?")
"""A number written in digits, with or without a point and an exponent."""
_WHOLE = re.compile(r"[-+]?[0-9]+")
MOST_DIGITS = 300
"""A whole number of more digits is none that can be computed with."""


def number_in(text: str) -> float:
    """The number that `text` is, blanks around it left out.

    Raises
    ------
    ValueError : it is no number in digits, or more than a number can hold.

    Example
    -------
    >>> number_in(" 1e-3 ")
    0.001
    >>> number_in("1_0")
    Traceback (most recent call last):
    ValueError: '1_0' is no number
    """
    found = float(text) if NUMERAL.fullmatch(text.strip()) else float("inf")
    if abs(found) == float("inf"):
        raise ValueError(f"{text[:40]!r} is no number")
    return found


def whole_in(text: str) -> int:
    """The whole number that `text` is, blanks around it left out.

    Raises
    ------
    ValueError : it is no whole number in digits.

    Example
    -------
    >>> whole_in("12")
    12
    """
    plain = text.strip()
    if not _WHOLE.fullmatch(plain) or len(plain) > MOST_DIGITS:
        raise ValueError(f"{text[:40]!r} is no whole number")
    return int(plain)
