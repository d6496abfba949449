"""Which evidence a file speaks of: that of the study it lies in, wherever one stands."""

from __future__ import annotations

from pathlib import Path

from survsim.evidence.ask.store import EvidenceStore, load_evidence
from survsim.evidence.raw.locate import find_study


def evidence_of(file: Path) -> EvidenceStore:
    """The evidence of the study that a scenario or calibration file lies in.

    Strategies and calibrations go by the file that names them, and so do rows: a file gives the same numbers from
    every working directory. A file that lies in no study takes what `load_evidence` finds from where one stands.

    Parameters
    ----------
    file : the scenario or calibration file.

    Raises
    ------
    EvidenceError : no tables there, or tables that are not the ones the checksums were made of.

    Example
    -------
    >>> from pathlib import Path
    >>> from survsim.scenario.own_evidence import evidence_of
    >>> evidence_of(Path("analyses/07_scenario_gallery/first_line.yml")).timeline("index_case")["event"].iloc[0]
    'presentation'
    """
    return load_evidence(find_study(file.resolve().parent))
