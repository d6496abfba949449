"""Names of endpoints, by one rule for typed tables and spreadsheets: declared, or refused with the name that was meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping

from survsim.core.errors import EvidenceError
from survsim.core.file_faults import seen
from survsim.evidence.raw.declared import Row

USUAL = {
    "os": "overall_survival",
    "pfs": "progression_free_survival",
    "dfs": "disease_free_survival",
    "rfs": "recurrence_free_survival",
    "efs": "event_free_survival",
    "css": "disease_specific_survival",
    "dss": "disease_specific_survival",
    "orr": "response",
    "rr": "response",
    "ae": "toxicity",
}
"""What abbreviations mean in papers, where the study declares no other meaning."""
SHOWN = 12
MOST = 20
"""Faults that are listed."""


def meant_endpoint(name: str, known: Mapping[str, str]) -> str:
    """The endpoint that an abbreviation, another spelling or a slip stands for; empty where none is near.

    `known` are endpoints with their abbreviations.
    """
    plain = _plain(name)
    short = {a.lower(): endpoint for endpoint, a in known.items() if a}
    found = short.get(plain) or USUAL.get(plain, "")
    if found in known:
        return found
    if plain in known:
        return plain
    near = difflib.get_close_matches(plain, known, 1, 0.6)
    return near[0] if near else ""


def endpoint_fault(name: str, known: Mapping[str, str]) -> str:
    """What is wrong with an endpoint that the study does not have, and what to do."""
    near = meant_endpoint(name, known)
    new = "one that is new gets a row of its own in data/raw/declared/endpoints.csv first"
    if near:
        return f"{seen(name)}: did you mean {near}? If not: {new}"
    listed = ", ".join(list(known)[:SHOWN]) + (" ..." if len(known) > SHOWN else "")
    return f"{name!r} is no endpoint of this study; it has: {listed}. {new[0].upper()}{new[1:]}"


def with_undeclared(declared: list[Row], rows: Iterable[tuple[str, Row]]) -> list[Row]:
    """The declared endpoints; of a study that declares none, those that its numbers name.

    Parameters
    ----------
    declared : rows of declared/endpoints.csv.
    rows : estimates and points of curves, each with its name.

    Raises
    ------
    EvidenceError : an endpoint that is not among those declared; of a study that declares none, one that is another
        spelling of a second.
    """
    known = {r["endpoint"]: r.get("abbreviation", "") for r in declared}
    used: dict[str, str] = {}
    for at, row in rows:
        used.setdefault(row.get("endpoint", ""), at)
    used.pop("", None)  # an empty cell is a fault of its own
    if known:
        faults = [f"{at}, endpoint {endpoint_fault(n, known)}" for n, at in used.items() if n not in known]
    else:
        faults = [
            f"{at}, endpoint {seen(n)}: did you mean {one}? Both are used; write one of them"
            for n, at in used.items()
            if (one := _twin(n, used))
        ]
    if faults:
        more = f"\n... and {len(faults) - MOST} more" if len(faults) > MOST else ""
        raise EvidenceError(
            "endpoints that the study does not have:\n" + "\n".join(f"{f}." for f in faults[:MOST]) + more
        )
    new = {
        "kind": "time_to_event",
        "time_origin": "not_stated",
        "event": "not_stated",
        "censoring_rule": "not_stated",
    }
    return declared or [{"endpoint": name, **new} for name in used]


def _twin(name: str, used: Mapping[str, str]) -> str:
    """Another used name that this one spells or abbreviates; empty where there is none."""
    plain = _plain(name)
    found = USUAL.get(plain, plain)
    return found if found != name and found in used else ""


def _plain(name: str) -> str:
    return name.strip().lower().replace(" ", "_").replace("-", "_")
