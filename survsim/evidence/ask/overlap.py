"""Studies that share patients: which of them may stand beside each other in one selection.

The rule is stated and fixed: randomised before prospective single-arm before all others, then larger before
smaller, then later before earlier, then by name. Studies are taken in that order; one that shares patients
with a study already taken is left out. Parts of a whole do not exclude each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from survsim.core.errors import EvidenceError

RULE = "randomised before others, larger before smaller, later before earlier"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What decides between two studies that share patients."""

    study_id: str
    randomised: bool
    design: str
    size: float
    year: float

    @property
    def order(self) -> tuple[int, float, float, str]:
        """Sorting key: the study to keep comes first."""
        tier = (
            0 if self.randomised and self.design == "rct" else 1 if self.design == "phase2_single_arm" else 2
        )
        return (tier, -_or_zero(self.size), -_or_zero(self.year), self.study_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """One row of the table overlaps."""

    cluster_id: str
    study_id: str
    role: str
    why: str


def resolve(
    standings: Sequence[Standing],
    memberships: Sequence[Membership],
    keep: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Studies to leave out and why; `keep` names the study to keep in some clusters."""
    chosen = dict(keep or {})
    _check_choice(chosen, memberships)
    favoured = set(chosen.values())
    ordered = sorted(standings, key=lambda s: (s.study_id not in favoured, s.order))
    clusters: dict[str, list[Membership]] = {}
    for row in memberships:
        clusters.setdefault(row.study_id, []).append(row)
    taken: dict[tuple[str, str], list[Standing]] = {}
    out: dict[str, str] = {}
    for study in ordered:
        own = clusters.get(study.study_id, [])
        rival = next(
            (
                (row, s)
                for row in own
                for role in _rivals(row.role)
                for s in taken.get((row.cluster_id, role), ())
            ),
            None,
        )
        if rival is not None:
            row, kept = rival
            why = "named by the user" if kept.study_id in favoured else _why(kept, study)
            out[study.study_id] = (
                f"shares patients with {kept.study_id} (cluster {row.cluster_id}: {row.why}), kept: {why}"
            )
            continue
        for row in own:
            taken.setdefault((row.cluster_id, row.role), []).append(study)
    return out


def shared(studies: Sequence[str], memberships: Sequence[Membership]) -> dict[str, list[str]]:
    """Clusters of which two or more of `studies` are present and share patients."""
    present: dict[str, list[Membership]] = {}
    for row in memberships:
        if row.study_id in set(studies):
            present.setdefault(row.cluster_id, []).append(row)
    return {
        cluster: [r.study_id for r in rows]
        for cluster, rows in present.items()
        if len(rows) > 1 and any(r.role != "part" for r in rows)
    }


def _rivals(role: str) -> tuple[str, ...]:
    return ("member", "whole") if role == "part" else ("member", "whole", "part")


def _why(kept: Standing, left: Standing) -> str:
    words = ("by design", "larger", "later", "first by name")
    return next(w for w, a, b in zip(words, kept.order, left.order) if a != b)


def _check_choice(chosen: Mapping[str, str], memberships: Sequence[Membership]) -> None:
    members: dict[str, list[str]] = {}
    for row in memberships:
        members.setdefault(row.cluster_id, []).append(row.study_id)
    for cluster, study in chosen.items():
        if cluster not in members:
            raise EvidenceError(
                f"overlap names cluster {cluster!r}, which does not exist; clusters: {', '.join(sorted(members))}."
            )
        if study not in members[cluster]:
            raise EvidenceError(
                f"overlap keeps {study!r} in cluster {cluster!r}, whose studies are "
                f"{', '.join(members[cluster])}."
            )


def _or_zero(value: float) -> float:
    return value if value == value else 0.0
