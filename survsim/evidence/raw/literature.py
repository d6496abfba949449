"""Typed literature tables into studies, arms and estimates: names and vocabulary, no arithmetic."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from survsim.core.errors import EvidenceError
from survsim.evidence.raw import conversions
from survsim.evidence.raw.csv_text import read_or_raise
from survsim.evidence.raw.declared import Declared, Row, need_columns, records
from survsim.evidence.raw.described import (
    ARM_DEFAULTS,
    ESTIMATE_DEFAULTS,
    STUDY_DEFAULTS,
    declared_changes,
    describe,
    fill,
    place_in_model,
    settle_origin,
    sign,
)
from survsim.evidence.schema.catalogue import tables
from survsim.evidence.schema.grade import evidence_grade

TYPED_COLUMN = "ci_lower"
"""A table with this column is in the typed format; one without it is already in the columns of the schema."""

TYPED_FORMAT = (
    "endpoint",
    "measure",
    "time_months",
    "value",
    "n_arm",
    "n_events",
    "stage_group",
    "comparator_arm_id",
    "ci_lower",
    "ci_upper",
    "ci_level",
    "p_value",
    "adjusted",
    "place",
)
NAMED_BY = {
    "studies": ("study_id", "site", "design", "read_what"),
    "estimates": ("estimate_id", "study_id", "arm_id", "endpoint", "measure", "value", "place"),
    "arms": ("study_id", "arm_id"),
}
"""Columns without which a typed table cannot be read; those of the schema that are absent are left empty."""

TYPED_CELLS = (
    "endpoint",
    "measure",
    "time",
    "value",
    "value_unit",
    "conf_low",
    "conf_high",
    "p_value",
    "n_arm",
    "n_event",
    "comparator",
    "stage",
    "n_total",
    "design",
)
"""Columns that were typed from a source: an annotation that changes one of them is a correction."""


@dataclass(slots=True, kw_only=True)
class Literature:
    """Rows gathered from all sets, and each cell that is not what was typed."""

    studies: list[Row] = field(default_factory=list)
    arms: list[Row] = field(default_factory=list)
    estimates: list[Row] = field(default_factory=list)
    corrections: list[Row] = field(default_factory=list)
    excluded: list[Row] = field(default_factory=list)
    _cells: dict[tuple[str, str, str], Row] = field(default_factory=dict)

    def correct(
        self, table: str, row_id: str, column: str, was: str, became: str, rule: str, why: str, by: str = ""
    ) -> None:
        """Declare that a cell is not what was typed; a second change of it continues the first."""
        cell = (table, row_id, column)
        before = self._cells.get(cell)
        if before is not None:
            if before["became"] != became:
                before |= {"became": became, "rule": rule, "why": f"{before['why']}; then: {why}", "by": by}
            return
        self._cells[cell] = {
            "table": table,
            "row_id": row_id,
            "column": column,
            "was": was,
            "became": became,
            "rule": rule,
            "why": why,
            "by": by,
        }
        self.corrections.append(self._cells[cell])


def literature_sets(raw: Path) -> list[Path]:
    """Folders with a typed ``studies.csv``, in order of name."""
    return sorted(p.parent for p in (raw / "literature").glob("*/studies.csv"))


WITH_STUDIES = ("estimates", "arms", "curves", "at_risk", "censor_marks", "topics")
"""Tables of a set that are read only beside its ``studies.csv``."""


def half_sets(raw: Path) -> dict[str, str]:
    """Sets with typed tables and no ``studies.csv``, of which nothing would be read: name -> its files."""
    folders = {p.parent for name in WITH_STUDIES for p in (raw / "literature").glob(f"*/{name}.csv")}
    lone = sorted(folders - set(literature_sets(raw)))
    return {
        p.name: ", ".join(f"{name}.csv" for name in WITH_STUDIES if (p / f"{name}.csv").is_file())
        for p in lone
    }


def no_studies(name: str, has: str) -> str:
    """What a half set lacks, and what to do."""
    return (
        f"The set is half assembled: it has {has} and no studies.csv, so that no row of it is read. Write "
        f"data/raw/literature/{name}/studies.csv with a row for each study, or move the rows to the set of their studies."
    )


def read_literature(raw: Path, declared: Declared) -> Literature:
    """All literature sets below `raw`, harmonised and annotated; aliases are merged later."""
    for name, has in half_sets(raw).items():
        raise EvidenceError(f"raw/literature/{name}: {no_studies(name, has)}")
    found = Literature()
    folders = literature_sets(raw)
    for folder in folders:
        found.studies += [
            _study(row, folder.name, declared, found) for row in _rows(folder / "studies.csv", raw)
        ]
    # A later reading adds numbers to studies of an earlier set.
    by_id = {s["study_id"]: s for s in found.studies}
    for folder in folders:
        out = {r["item_id"] for r in declared.rows("excluded") if r["kind"] == "estimate"}
        topics = {row["estimate_id"]: row for row in _rows(folder / "topics.csv", raw)}
        for row in _rows(folder / "estimates.csv", raw):
            if row["estimate_id"] in out:
                continue
            estimate, arm = _estimate(row, folder.name, by_id, topics, declared, found)
            found.estimates.append(estimate)
            found.arms.append(arm)
        found.arms.extend(_typed_arm(row, by_id) for row in _rows(folder / "arms.csv", raw))
    return found


def extra_rows(raw: Path, name: str) -> list[Row]:
    """Rows of ``<name>.csv`` of every set, for tables that are typed in the columns of the schema."""
    return [row for folder in literature_sets(raw) for row in _rows(folder / f"{name}.csv", raw)]


def _rows(path: Path, root: Path) -> list[Row]:
    if not path.is_file():
        return []
    frame = read_or_raise(path, root=root)
    need_columns(frame, NAMED_BY.get(path.stem, ()), f"{path.parent.name}/{path.name}")
    if path.stem == "estimates" and TYPED_COLUMN in frame.columns:
        need_columns(frame, TYPED_FORMAT, f"{path.parent.name}/{path.name}")
    return records(frame)


def _study(row: Row, source: str, declared: Declared, found: Literature) -> Row:
    names = tables()["studies"].names
    study = {name: row.get(name, "") for name in names}
    study["source_id"] = source
    n_total = conversions.thousands(study["n_total"])
    if n_total != study["n_total"]:
        found.correct(
            "studies",
            study["study_id"],
            "n_total",
            study["n_total"],
            n_total,
            "thousands_comma",
            "a comma between thousands is not part of the number",
        )
        study["n_total"] = n_total
    site = declared.lookup("sites", "site").get(study["site"], {})
    defaults = {
        "site_group": study["site"],
        "histology": "not_stated",
        "population": "index",
        "directness": "same_disease",
    }
    for name, default in defaults.items():
        study[name] = study[name] or site.get(name, default)
    fill(study, STUDY_DEFAULTS)
    study["randomised"] = study["randomised"] or ("yes" if study["design"] == "rct" else "no")
    annotate("studies", study["study_id"], study, declared, found)
    correct("studies", study["study_id"], study, declared, found)
    study["evidence_grade"] = evidence_grade(
        study["design"], study["randomised"], study["directness"], study["read_what"]
    )
    return study


def _estimate(
    row: Row,
    source: str,
    studies: dict[str, Row],
    topics: dict[str, Row],
    declared: Declared,
    found: Literature,
) -> tuple[Row, Row]:
    study = studies.get(row["study_id"])
    if study is None:
        raise EvidenceError(
            f"estimate {row['estimate_id']!r} belongs to study {row['study_id']!r}, which has no row in "
            "studies.csv of any set; add the study or correct the name."
        )
    names = tables()["estimates"].names
    estimate = {name: row.get(name, "") for name in names}
    if TYPED_COLUMN in row:
        _convert(row, estimate, declared, found)
    sign(estimate, source, declared)
    place_in_model(estimate, topics.get(row["estimate_id"]), declared)
    fill(estimate, ESTIMATE_DEFAULTS)
    arm = _arm(row, study)
    if estimate["comparator"] and not estimate["contrast"]:
        estimate["contrast"] = "prognostic" if arm["treatment"] == "mixed" else "treatment"
    annotate("arms", f"{arm['study_id']}/{arm['arm_id']}", arm, declared, found)
    for name in ("histology", "population"):
        estimate[name] = estimate[name] or arm[name]
    annotate("estimates", estimate["estimate_id"], estimate, declared, found)
    correct("estimates", estimate["estimate_id"], estimate, declared, found)
    settle_origin(estimate, declared, study["read_what"])
    describe(estimate, declared, study)
    return estimate, arm


def _arm(row: Row, study: Row) -> Row:
    """The group of a typed number, with what its study says of everybody."""
    arm = {name: row.get(name, "") for name in tables()["arms"].names}
    arm |= {
        "study_id": row["study_id"],
        "arm_id": row["arm_id"],
        "declared_as": "arm",
        "label": row.get("arm_label", ""),
        "treatment": row.get("treatment_class", row.get("treatment", "")),
        "regimen": row.get("regimen", ""),
        "site": study["site"],
        "site_group": study["site_group"],
        "histology": study["histology"],
        "population": study["population"],
        "n_arm": row.get("n_arm", ""),
    }
    fill(arm, ARM_DEFAULTS)
    return arm


def _typed_arm(row: Row, studies: dict[str, Row]) -> Row:
    study = studies.get(row["study_id"], {})
    arm = {name: row.get(name, "") for name in tables()["arms"].names}
    for name in ("site", "site_group", "histology", "population"):
        arm[name] = arm[name] or study.get(name, "")
    arm["declared_as"] = arm["declared_as"] or "arm"
    fill(arm, ARM_DEFAULTS)
    return arm


def _convert(row: Row, estimate: Row, declared: Declared, found: Literature) -> None:
    """Cells of the typed format into the columns of the schema, each change declared."""
    row_id = row["estimate_id"]
    endpoint = declared.lookup("endpoints", "abbreviation").get(row["endpoint"])
    estimate["endpoint"] = endpoint["endpoint"] if endpoint else row["endpoint"]
    measure = declared.lookup("measures", "printed").get(row["measure"])
    if measure is None:
        raise EvidenceError(f"{row_id}: measure {row['measure']!r} is not in declared/measures.csv.")
    estimate["measure"], estimate["value_unit"] = measure["measure"], measure["value_unit"]
    estimate["time"] = row["time_months"]
    estimate["n_event"] = row["n_events"]
    estimate["stage"] = row["stage_group"]
    estimate["comparator"] = row["comparator_arm_id"]
    adjusted = declared.lookup("adjustments", "printed").get(row["adjusted"])
    if adjusted is None:
        raise EvidenceError(f"{row_id}: adjusted {row['adjusted']!r} is not in declared/adjustments.csv.")
    estimate["adjustment"], estimate["adjusted_for"] = adjusted["adjustment"], adjusted["adjusted_for"]
    estimate["route"] = "reported" if "table" in row["place"] else "read_from_text"
    _convert_numbers(row, estimate, found)


def _convert_numbers(row: Row, estimate: Row, found: Literature) -> None:
    _convert_p_value(row, estimate, found)
    _convert_interval(row, estimate, found)
    if row["value"] == "" and row["n_events"] and estimate["measure"] == "proportion":
        estimate["measure"], estimate["value"] = "event_count", row["n_events"]
        estimate["value_unit"] = "events"
        why = "a count was printed and no rate; the count is the value"
        found.correct(
            "estimates",
            row["estimate_id"],
            "measure",
            row["measure"],
            "event_count",
            "count_without_rate",
            why,
        )


def _convert_p_value(row: Row, estimate: Row, found: Literature) -> None:
    split = conversions.split_p_value(row["p_value"])
    estimate["p_value"], estimate["p_qualifier"] = split.number, split.qualifier
    estimate["p_note"] = split.note
    if split.number != row["p_value"]:
        why = "the number and the words beside it stand in columns of their own"
        found.correct(
            "estimates", row["estimate_id"], "p_value", row["p_value"], split.number, "split_p_value", why
        )


def _convert_interval(row: Row, estimate: Row, found: Literature) -> None:
    """Limits and level; words about them move into notes, an interquartile range is no interval."""

    def changed(column: str, was: str, rule: str, why: str) -> None:
        if estimate[column] != was:
            found.correct("estimates", row["estimate_id"], column, was, estimate[column], rule, why)

    estimate["conf_level"], estimate["conf_note"] = conversions.level(row["ci_level"])
    changed("conf_level", row["ci_level"], "level", "words about the interval stand in conf_note")
    for typed, name in (("ci_lower", "conf_low"), ("ci_upper", "conf_high")):
        estimate[name], estimate[f"{name}_note"] = conversions.limit_note(row[typed])
        changed(name, row[typed], "limit_note", "a limit that was not reached is a note, not a number")
        if estimate["conf_note"] == "interquartile_range_not_used" and estimate[name]:
            estimate[name] = ""
            why = "the source calls the bracket an interquartile range; it is not taken as an interval"
            changed(name, row[typed], "interquartile_range", why)
        if estimate["conf_note"] == "one_sided" and not estimate[name]:
            estimate[f"{name}_note"] = "one_sided"


def annotate(table: str, row_id: str, cells: Row, declared: Declared, found: Literature) -> None:
    """Write the declared annotations of one row; what overrides a typed cell is a correction."""
    for note in declared.annotations(table, row_id):
        column, value = note["column"], note["value"]
        if column not in cells:
            raise EvidenceError(f"declared/annotations.csv, {table} {row_id}: there is no column {column!r}.")
        was, cells[column] = cells[column], value
        if column in TYPED_CELLS and was != value:
            found.correct(table, row_id, column, was, value, "annotation", note["why"], note.get("by", ""))


def correct(table: str, row_id: str, cells: Row, declared: Declared, found: Literature) -> None:
    """Write the declared corrections of one row."""
    for change in declared_changes(table, row_id, cells, declared):
        found.correct(
            table,
            row_id,
            change["column"],
            change["was"],
            change["became"],
            "second_look",
            change["why"],
            change["by"],
        )
