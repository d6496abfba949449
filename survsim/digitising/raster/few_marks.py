"""A censor mark or two in a whole figure are more often two steps that meet than marks: they are left out, and said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from survsim.digitising.found import Trace

LEAST = 3
"""Marks in a figure from which they are believed: as many are needed to tell the size that all of them have."""


def without_few_marks(traces: tuple[Trace, ...]) -> tuple[tuple[Trace, ...], list[str]]:
    """The traces, without their marks where all of them together have fewer than three."""
    seen = sum(trace.marks.size for trace in traces)
    if seen == 0 or seen >= LEAST:
        return traces, []
    said = (
        f"{seen} stroke(s) looked like censor marks, too few to be sure of in one figure; they were left out."
    )
    return tuple(replace(trace, marks=np.empty(0)) for trace in traces), [said]
