"""Single cases, and the case under study with its facts and its course."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from survsim.core.errors import EvidenceError
from survsim.core.file_faults import meant
from survsim.core.yaml_files import read_yaml
from survsim.evidence.raw.csv_text import read_or_raise
from survsim.evidence.raw.declared import Declared, Row, records
from survsim.evidence.raw.described import declared_changes
from survsim.evidence.schema.catalogue import tables


def read_cases(raw: Path, declared: Declared) -> dict[str, list[Row]]:
    """Rows of cases, case_facts and case_timeline, and the corrections of cases."""
    cases: list[Row] = []
    changes: list[Row] = []
    for path in sorted((raw / "literature").glob("*/cases.csv")):
        for row in records(read_or_raise(path, root=raw)):
            case = {name: row.get(name, "") for name in tables()["cases"].names}
            case["source_id"] = path.parent.name
            case["directness"] = case["directness"] or case_directness(case)
            for note in declared.annotations("cases", case["case_id"]):
                if note["column"] not in case:
                    raise EvidenceError(
                        f"declared/annotations.csv, cases {case['case_id']}: there is no column {note['column']!r}"
                        f"{meant(note['column'], case)}."
                    )
                case[note["column"]] = note["value"]
            changes += declared_changes("cases", case["case_id"], case, declared)
            cases.append(case)
    timeline: list[Row] = []
    for path in sorted((raw / "case").glob("*timeline.csv")):
        for row in records(read_or_raise(path, root=raw)):
            timeline.append({name: row.get(name, "") for name in tables()["case_timeline"].names})
    facts = [row for path in sorted((raw / "case").glob("*.yml")) for row in _facts(path)]
    corrections = [change | {"rule": "second_look"} for change in changes]
    return {"cases": cases, "case_facts": facts, "case_timeline": timeline, "corrections": corrections}


def case_directness(case: Row) -> str:
    """Nearness to the index case: spinal canal, nervous system, or neither."""
    if case["strict_cns"] != "yes":
        return "indirect"
    return "spinal_canal" if case["cns_site"] in ("intraspinal", "both") else "central_nervous_system"


def _facts(path: Path) -> list[Row]:
    content = read_yaml(path, error=EvidenceError)
    if not isinstance(content, dict) or "case_id" not in content:
        raise EvidenceError(f"{path.name} must be a mapping with a case_id.")
    case_id = str(content.pop("case_id"))
    return [{"case_id": case_id, "fact": name, "value": value} for name, value in _leaves("", content)]


def _leaves(prefix: str, node: Any) -> list[tuple[str, str]]:
    if isinstance(node, dict):
        return [leaf for k, v in node.items() for leaf in _leaves(f"{prefix}.{k}" if prefix else str(k), v)]
    if isinstance(node, list):
        return [leaf for i, v in enumerate(node) for leaf in _leaves(f"{prefix}.{i + 1}", v)]
    if isinstance(node, bool):
        return [(prefix, "yes" if node else "no")]
    return [(prefix, "" if node is None else str(node))]
