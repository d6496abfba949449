"""Which numbers the reports use: those that stand in their committed ledgers, and those that their files name."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path

ANALYSES = Path(__file__).resolve().parents[2] / "analyses"


def used_rows(known: Iterable[str]) -> dict[str, set[str]]:
    """Estimate -> analyses that use it: as an ancestor of a number of the report, or by name in one of its YAML files."""
    names = set(known)
    found: dict[str, set[str]] = {}
    for folder in sorted(p for p in ANALYSES.iterdir() if p.is_dir()):
        for name in (_in_ledger(folder) | _in_files(folder)) & names:
            found.setdefault(name, set()).add(folder.name)
    return found


def _in_ledger(folder: Path) -> set[str]:
    text = (folder / "results" / "summary.json").read_text(encoding="utf-8")
    nodes = json.dumps(json.loads(text)["nodes"])
    return set(re.findall(r"estimates:(\w+)", nodes))


def _in_files(folder: Path) -> set[str]:
    return {
        word for path in folder.glob("*.yml") for word in re.findall(r"\w+", path.read_text(encoding="utf-8"))
    }
