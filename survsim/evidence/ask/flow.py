"""The flow of a selection: what was found, what was left out at each step and why, what remained."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.checks import IntArray
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.tables import Columns, counted

if TYPE_CHECKING:
    import pandas as pd

TWICE, NO_NUMBER = "the same number under two names", "kept for its group sizes alone"
SHARED = "shares patients with a study that was kept"
COUNTED = {
    "estimates": ("number", "numbers", "study", "studies"),
    "patients": ("patient", "patients", "cohort", "cohorts"),
    "cases": ("case", "cases", "report", "reports"),
}
"""Table -> what one row of it is, one and several, and what rows belong to."""


@result
class EvidenceFlow(Result):
    """Steps of a selection, in order, as a PRISMA flow picture has them.

    Attributes
    ----------
    reasons : what each step left out; the first is the start, the last what remained.
    numbers_left, studies_left : (k,) numbers and studies that remain after each step.
    numbers_out, studies_out : (k,) numbers that the step left out, and studies that it left without any.
    counted : the table whose rows are counted; ``"patients"`` and ``"cases"`` stand in the place of numbers there.
    """

    reasons: tuple[str, ...]
    numbers_left: np.ndarray
    studies_left: np.ndarray
    numbers_out: np.ndarray
    studies_out: np.ndarray
    counted: str = "estimates"

    def columns(self) -> Columns:
        """Columns reason, numbers_out, studies_out, numbers_left, studies_left."""
        return {
            "reason": self.reasons,
            "numbers_out": self.numbers_out,
            "studies_out": self.studies_out,
            "numbers_left": self.numbers_left,
            "studies_left": self.studies_left,
        }

    def headline(self) -> str:
        _, rows, _, groups = COUNTED[self.counted]
        return (
            f"Evidence flow: {self.numbers_left[-1]} of {self.numbers_left[0]} {rows}, "
            f"{self.studies_left[-1]} of {self.studies_left[0]} {groups}"
        )


def evidence_flow(
    studies: Iterable[str],
    code: IntArray,
    reasons: Sequence[str],
    criteria: Mapping[str, Any],
    *,
    counted: str = "estimates",
) -> EvidenceFlow:
    """Count numbers and studies after each step of a selection; steps that left nothing out are not listed.

    Parameters
    ----------
    studies : (n,) study of each number; code : (n,) the step that left it out, 0 where none did.
    reasons : what each step left out, step 1 first; criteria : what was asked for, for the ancestry.
    counted : the table whose rows are counted.
    """
    import pandas as pd

    study, _ = pd.factorize(np.asarray(studies, dtype=object))
    steps = [(f"all {COUNTED[counted][1]}", 0, 0, len(code), int(study.max(initial=-1)) + 1)]
    left = np.ones(len(code), bool)
    for number, reason in enumerate(reasons, 1):
        gone = code == number
        if not gone.any():
            continue
        before = steps[-1]
        left &= ~gone
        remain = int(np.unique(study[left]).size)
        name = SHARED if reason == "overlap" else reason
        steps.append((name, int(gone.sum()), before[4] - remain, int(left.sum()), remain))
    columns = list(zip(*steps))
    return EvidenceFlow(
        reasons=tuple(columns[0]),
        numbers_out=np.array(columns[1], np.int64),
        studies_out=np.array(columns[2], np.int64),
        numbers_left=np.array(columns[3], np.int64),
        studies_left=np.array(columns[4], np.int64),
        counted=counted,
        provenance=Provenance.of("flow", f"{counted}:*", **criteria),
    )


def flow_from_search(flow: EvidenceFlow, tables: Callable[[str], pd.DataFrame]) -> EvidenceFlow:
    """The flow with what was seen and not taken in before its first step: rows of ``excluded``, studies without a number.

    Parameters
    ----------
    flow : steps of a selection of numbers; `tables` gives a table of the store by name.
    """
    excluded = tables("excluded")
    reason = (
        excluded["reason"].str.partition(";")[0].str.replace(r"^the same number as .*", TWICE, regex=True)
    )
    counts = counted(reason)
    numbers = int((excluded["kind"] == "estimate").sum())
    studies = int((excluded["kind"] == "study").sum())
    bare = int((~tables("studies")["study_id"].isin(tables("estimates")["study_id"])).sum())
    told = [f"{word} ({n})" for word, n in counts.items()] + ([f"{NO_NUMBER} ({bare})"] if bare else [])
    if not told:
        return flow
    start = ("seen", int(flow.numbers_left[0]) + numbers, int(flow.studies_left[0]) + studies + bare)
    steps = {
        "numbers_out": [0, numbers, *flow.numbers_out[1:]],
        "studies_out": [0, studies + bare, *flow.studies_out[1:]],
        "numbers_left": [start[1], *flow.numbers_left],
        "studies_left": [start[2], *flow.studies_left],
    }
    return EvidenceFlow(
        reasons=(start[0], f"seen and not taken in: {', '.join(told)}", *flow.reasons[1:]),
        **{name: np.array(counted, np.int64) for name, counted in steps.items()},
        counted=flow.counted,
        provenance=Provenance.of("flow_from_search", "excluded:*", flow),
    )
