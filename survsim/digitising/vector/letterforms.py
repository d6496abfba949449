"""Letters read from their outlines."""

from __future__ import annotations

from survsim.core.checks import FloatArray


def letter_of(outline: list[FloatArray], tall: float) -> str:
    """The letter an outline shows."""
    return "\N{REPLACEMENT CHARACTER}"
