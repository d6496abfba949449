"""Errors and warnings. A message says what came, what is allowed and what to do."""

from __future__ import annotations

import sys
import warnings


class SurvsimError(Exception):
    """Root of every error survsim raises on purpose; the command line exits with 2 on it."""


class InputError(SurvsimError, ValueError):
    """Data or an option that a function cannot accept."""


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


def warn(message: str, category: type[Warning]) -> None:
    """Warn at the line that called the package, however many of its functions lie between."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "survsim":
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level + 1)
