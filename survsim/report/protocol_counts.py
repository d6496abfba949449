"""What came into an analysis, question by question, counted from its protocol and written beside its results."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from survsim.core.errors import EvidenceError
from survsim.core.ledger import Ledger
from survsim.core.yaml_files import read_yaml
from survsim.evidence.ask.flow import COUNTED, EvidenceFlow
from survsim.evidence.ask.protocol import read_protocol
from survsim.evidence.ask.store import EvidenceStore

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("name", "question", "counted", "of", "kept", "left_out")


def count_protocol(
    ledger: Ledger, evidence: EvidenceStore, path: str | os.PathLike[str], results: str | os.PathLike[str]
) -> pd.DataFrame:
    """Count every question of a protocol, record how many came in of how many, and write the flows.

    Parameters
    ----------
    ledger : of the analysis; gets ``protocol.<question>.kept`` and ``protocol.<question>.of``.
    evidence : the store that is counted.
    path : the ``protocol.yml``.
    results : folder for ``protocol.csv`` (one row a question) and ``flow_<question>.json`` (read back as `EvidenceFlow`).

    Returns
    -------
    DataFrame : name, question, counted (numbers, patients or cases), of, kept, left_out (each step with its count), as in
    ``protocol.csv``.

    Raises
    ------
    EvidenceError : a file that is no protocol; a rule that names what is not there, or that disagrees with the file that
        names its numbers, with each of them.

    Example
    -------
    >>> import pathlib, tempfile, survsim
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> counted = survsim.report.count_protocol(
    ...     survsim.report.Ledger(analysis="07_scenario_gallery"), survsim.load_evidence(),
    ...     "analyses/07_scenario_gallery/protocol.yml", folder)
    >>> [int(n) for n in counted.set_index("name").loc["first_line", ["of", "kept"]]]
    [1579, 4]
    """
    import pandas as pd

    folder, rows = Path(results), []
    for name in read_yaml(path, error=EvidenceError):
        rule = read_protocol(path, str(name))
        wrong = rule.differences(evidence)
        if wrong:
            raise EvidenceError(f"{rule.where}: the rule and its file disagree.\n  " + "\n  ".join(wrong))
        flow = rule.flow(evidence)
        flow.save(folder / f"flow_{name}.json")
        for key, value in (("kept", flow.numbers_left[-1]), ("of", flow.numbers_left[0])):
            ledger.record(f"protocol.{name}.{key}", int(value), provenance=flow)
        rows.append((name, rule.question, COUNTED[flow.counted][1], *_ends(flow), _left_out(flow)))
    counted = pd.DataFrame(rows, columns=list(COLUMNS))
    counted.to_csv(folder / "protocol.csv", index=False, lineterminator="\n")
    return counted


def _ends(flow: EvidenceFlow) -> tuple[int, int]:
    return int(flow.numbers_left[0]), int(flow.numbers_left[-1])


def _left_out(flow: EvidenceFlow) -> str:
    steps = zip(flow.numbers_out[1:], flow.reasons[1:])
    return "; ".join(f"{n}: {reason.partition(';')[0].replace('_', ' ')}" for n, reason in steps)
