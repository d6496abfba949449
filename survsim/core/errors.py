"""Errors and warnings. A message says what came, what is allowed and what to do."""

from __future__ import annotations

import sys
import warnings
from typing import Any


class SurvsimError(Exception):
    """Root of every error survsim raises on purpose; the command line exits with 2 on it."""


class InputError(SurvsimError, ValueError):
    """Data or an option that a function cannot accept."""


class MissingValues(InputError):
    """Rows that lack a value. What to do about them is the caller's to say: some functions leave such rows out.

    Attributes
    ----------
    fact : what lacks values, and in which rows; fill : how the gaps are filled.
    """

    def __init__(
        self, fact: str, fill: str = "impute them (see pool_imputations)", *, can_drop: bool = False
    ) -> None:
        drop = "missing='drop' leaves those rows out and counts them" if can_drop else "drop those rows"
        super().__init__(f"{fact}; {drop}, or {fill}.")
        self.fact, self.fill = fact, fill

    def __reduce__(self) -> tuple[type[InputError], tuple[str]]:
        return InputError, (str(self),)

    def where_dropped(self) -> MissingValues:
        """The same, for a function that takes ``missing="drop"``."""
        return MissingValues(self.fact, self.fill, can_drop=True)


class EvidenceError(SurvsimError):
    """A published number, table or study folder that cannot be used as it stands."""


class ScenarioError(SurvsimError):
    """A scenario or strategy that cannot be simulated as written."""


class ConvergenceError(SurvsimError):
    """An estimate that does not exist or was not reached; the message lists remedies by likelihood."""


class SurvsimWarning(UserWarning):
    """Root of every warning survsim gives."""


class ConvergenceWarning(SurvsimWarning):
    """A fit that ended, but whose numbers need a second look."""


class ExtrapolationWarning(SurvsimWarning):
    """An answer beyond the time, dose or range that the data cover."""


class EvidenceWarning(SurvsimWarning):
    """Something a reader must know about the evidence behind a number."""


class SmallSampleWarning(SurvsimWarning):
    """A method used where its large-sample argument is thin."""


def in_short(value: Any, most: int = 60) -> str:
    """A value as a message shows it: on one line, cut off, and in words where it cannot be written out.

    Python writes out no whole number of more than 4,300 digits, nor a list that holds one.
    """
    try:
        text = " ".join(repr(value).split())
    except (ValueError, TypeError, AttributeError, RuntimeError):  # or an object of the caller's, half made
        text = "a value that cannot be written out"
    return text if len(text) <= most else f"{text[: most - 3]}..."


def warn(message: str, category: type[Warning]) -> None:
    """Warn at the line that called the package, however many of its functions lie between."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "survsim":
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level + 1)
