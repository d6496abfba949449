"""One study, one name; one arm, one row: aliases, comparators that are labels, arms stated several times."""

from __future__ import annotations

import re

from survsim.evidence.raw.declared import Declared, Row
from survsim.evidence.raw.described import ARM_DEFAULTS, CASE_MIX
from survsim.evidence.raw.literature import Literature, annotate, correct
from survsim.evidence.schema.pooling import NOT_REPORTED

SHARES_OF_STAGES = re.compile(r"%|\d+ (?:stage|trial|of)|\b[IV]+[ABC]? \d")
"""A study that counts its stages, or has other ones in each of its trials."""
PART_BY_STAGE = re.compile(
    r"stage|T[1-4]\b|local|regional|distant|\bmetastatic\b|cytolog|node (?:posit|negat|metas)|recur|(?<![a-z])(?:i{1,3}|iv)(?![a-z])",
    re.IGNORECASE,
)
"""Words of a group that is a part of its study by extent: the stages of the study are not its own."""
CONTRAST = re.compile(r" vs\.? [^,]*")
"""What a group is compared with, in a label that was printed with their ratio; a part that both share follows a comma."""
SAME_NUMBER = ("study_id", "arm_id", "endpoint", "event_detail", "measure", "time", "value", "comparator")


def merge_aliases(found: Literature, declared: Declared) -> None:
    """Give aliased studies their kept name; drop numbers that are then stated twice, and say so."""
    aliases = declared.lookup("aliases", "alias_id")
    _merge_studies(found, aliases)
    known = {_number(e): e["estimate_id"] for e in found.estimates if e["study_id"] not in aliases}
    kept = []
    for estimate in found.estimates:
        alias = aliases.get(estimate["study_id"])
        if alias is None:
            kept.append(estimate)
            continue
        _rename(estimate, alias)
        twin = known.get(_number(estimate))
        if twin is None:
            kept.append(estimate)
            found.correct(
                "estimates",
                estimate["estimate_id"],
                "study_id",
                alias["alias_id"],
                alias["study_id"],
                "alias",
                alias["why"],
            )
        else:
            found.excluded.append(
                {
                    "item_id": estimate["estimate_id"],
                    "kind": "estimate",
                    "identifier": alias["study_id"],
                    "description": f"{estimate['endpoint']} {estimate['measure']} {estimate['value']}",
                    "reason": f"the same number as {twin}; {alias['why']}",
                }
            )
    found.estimates = kept
    found.arms = [_rename(a, aliases[a["study_id"]]) if a["study_id"] in aliases else a for a in found.arms]


def merge_arms(found: Literature, declared: Declared) -> list[Row]:
    """One row an arm: the first label without its comparator, the count when all agree, and a row for each label compared with.

    Stages that a study tells of everybody are those of its groups, and those of a group are of its numbers; a group
    that is the whole study was followed as long.
    """
    merged: dict[tuple[str, str], Row] = {}
    counts: dict[tuple[str, str], set[str]] = {}
    for arm in found.arms:
        key = (arm["study_id"], arm["arm_id"])
        kept = merged.setdefault(key, dict(arm))
        counts.setdefault(key, set()).update({arm["n_arm"]} - {""})
        for name in ("label", "treatment", "regimen"):
            kept[name] = kept[name] or arm[name]
    for key, numbers in counts.items():
        merged[key]["n_arm"] = next(iter(numbers)) if len(numbers) == 1 else ""
        merged[key]["label"] = CONTRAST.sub("", merged[key]["label"])
        correct("arms", "/".join(key), merged[key], declared, found)
    stages: dict[tuple[str, str], set[str]] = {}
    for estimate in found.estimates:
        stages.setdefault((estimate["study_id"], estimate["arm_id"]), set()).add(estimate["stage"])
    for key, words in stages.items():
        stated = words - {""}
        # Stages as printed with the numbers of the group, where all of them say the same.
        merged[key]["stage_mix"] = merged[key]["stage_mix"] or (stated.pop() if len(stated) == 1 else "")
    for estimate in found.estimates:
        key = (estimate["study_id"], estimate["comparator"])
        if estimate["comparator"] and key not in merged:
            own = merged[estimate["study_id"], estimate["arm_id"]]
            merged[key] = own | {
                "arm_id": key[1],
                "declared_as": "label",
                "label": _words(*key),
                "treatment": "",
                "regimen": "",
                "n_arm": "",
                **dict.fromkeys(("stage_mix", "performance_status", "residual_disease"), ""),
                **dict.fromkeys(("followup_months", "followup_kind"), ""),
                **ARM_DEFAULTS,
            }
            annotate("arms", "/".join(key), merged[key], declared, found)
            correct("arms", "/".join(key), merged[key], declared, found)
    _inherit(merged, found)
    return list(merged.values())


def _inherit(merged: dict[tuple[str, str], Row], found: Literature) -> None:
    """Stages and follow-up of a study into its groups, stages of a group into its numbers, each where it is empty."""
    whole = {s["study_id"]: s for s in found.studies if s["n_total"] and s["median_followup_months"]}
    # A correction may have found that the study's follow-up is that of a larger series.
    emptied = {c["row_id"] for c in found.corrections if c["column"] == "followup_months" and not c["became"]}
    of_everybody = {s["study_id"]: s["stages"] for s in found.studies if _holds_for_everybody(s["stages"])}
    for arm in merged.values():
        if not PART_BY_STAGE.search(f"{arm['label']} {arm['arm_id']}"):
            arm["stage_mix"] = arm["stage_mix"] or of_everybody.get(arm["study_id"], "")
        study = whole.get(arm["study_id"])
        name = f"{arm['study_id']}/{arm['arm_id']}"
        if study and arm["n_arm"] == study["n_total"] and not arm["followup_months"] and name not in emptied:
            arm |= {"followup_months": study["median_followup_months"], "followup_kind": "median"}
            arm["followup_method"] = study["followup_method"]
        for name in CASE_MIX:
            arm[name] = arm[name] or NOT_REPORTED
        if arm["treatment"] == "mixed":
            arm["regimen"] = arm["regimen"] or "any"
    for estimate in found.estimates:
        own = merged[estimate["study_id"], estimate["arm_id"]]["stage_mix"]
        estimate["stage"] = estimate["stage"] or own.removeprefix(NOT_REPORTED)


def _holds_for_everybody(stages: str) -> bool:
    """Whether the stages of a study are those included, not shares of them that differ from group to group."""
    return stages not in ("", "all") and SHARES_OF_STAGES.search(stages) is None


def _words(study_id: str, arm_id: str) -> str:
    return arm_id.removeprefix(f"{study_id}_").replace("_", " ")


def _merge_studies(found: Literature, aliases: dict[str, Row]) -> None:
    by_id = {s["study_id"]: s for s in found.studies}
    for alias_id, alias in aliases.items():
        if alias_id not in by_id or alias["study_id"] not in by_id:
            continue
        kept, other = by_id[alias["study_id"]], by_id[alias_id]
        for name, cell in other.items():
            if cell and not kept[name]:
                kept[name] = cell
                found.correct(
                    "studies",
                    kept["study_id"],
                    name,
                    "",
                    cell,
                    "alias",
                    f"filled from {alias_id}: {alias['why']}",
                )
    found.studies = [s for s in found.studies if s["study_id"] not in aliases]


def _rename(row: Row, alias: Row) -> Row:
    row["study_id"] = alias["study_id"]
    for name in ("arm_id", "comparator"):
        if row.get(name) == alias["alias_arm_id"]:
            row[name] = alias["arm_id"]
    return row


def _number(row: Row) -> tuple[str, ...]:
    return tuple(row[name] for name in SAME_NUMBER)
