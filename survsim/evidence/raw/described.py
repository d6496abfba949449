"""What curation writes beside a typed number: who read it, from when it counts, what a correction changed."""

from __future__ import annotations

import re

from survsim.core.errors import EvidenceError
from survsim.evidence.raw.declared import FOLDER, Declared, Row
from survsim.evidence.raw.estimators import OF_ONE_MODEL, SILENT, settle_estimator
from survsim.evidence.schema.pooling import NOT_APPLICABLE, NOT_REPORTED

NOT_STATED = "not_stated"
NO_ORIGIN = "not_in_text_read"
TIMED = ("median", "mean", "survival_probability", "rmst", "rate", "person_time", "hazard_ratio")
"""Measures of an endpoint in time; other numbers of the same endpoint (counts, shares) start nowhere."""

SHARES = ("proportion", "event_count")
"""Numbers that start nowhere unless a horizon is printed with them."""

DURATIONS = ("days", "weeks", "months", "years")
"""Units of a number that starts somewhere even where its endpoint is an occurrence: how long a response lasted."""

COUNTED_IN_PATIENTS = (
    "overall_survival",
    "progression_free_survival",
    "progression_free_interval",
    "time_to_progression",
    "disease_specific_survival",
    "disease_free_survival",
    "relative_survival",
)

OF_ONE_GROUP = ("median", "mean", "survival_probability", "proportion", "parameter", "utility")
MODELLED = ("model", "meta_analysis")

AT_DIAGNOSIS = re.compile(
    r"^(?:(?:AJCC )?stage|FIGO) (?:[IV]|[1-4]\b)|\bage\b|\byears or (?:younger|older)\b", re.IGNORECASE
)
"""Words of a label whose groups differ in what is known at diagnosis."""
ESTIMATE_DEFAULTS = {
    "origin": NOT_STATED,
    "adjustment": NOT_STATED,
    "route": "reported",
    "extractor": NOT_STATED,
    "status": "unchecked",
    "estimator": NOT_REPORTED,
    "analysis_set": NOT_REPORTED,
    "unit_of_analysis": NOT_REPORTED,
}
ARM_DEFAULTS = {"setting": NOT_REPORTED, "line": NOT_REPORTED, "followup_method": NOT_REPORTED}
CASE_MIX = ("performance_status", "stage_mix", "residual_disease")
STUDY_DEFAULTS = {"followup_method": NOT_REPORTED}


def fill(cells: Row, defaults: Row) -> None:
    """Put the declared word for `nobody said` into cells that are empty."""
    for name, default in defaults.items():
        cells[name] = cells.get(name) or default


def sign(estimate: Row, source: str, declared: Declared) -> None:
    """The readings behind a number, from the row of its set in sources, with their dates."""
    of_set = declared.lookup("sources", "source_id").get(source, {})
    dates = {r["reading_id"]: r.get("date", "") for r in declared.rows("readings")}
    for name, day in (("extractor", "extracted_on"), ("checked_by", "checked_on")):
        estimate[name] = estimate[name] or of_set.get(name, "")
        estimate[day] = estimate[day] or dates.get(estimate[name], "")
    estimate["status"] = estimate["status"] or ("checked" if estimate["checked_by"] else "unchecked")


def place_in_model(estimate: Row, topic: Row | None, declared: Declared) -> None:
    """State, kind of event and time origin from the set's own table of topics."""
    if topic is None:
        return
    for name in ("state", "event_detail"):
        estimate[name] = topic.get(name, "") or estimate[name]
    printed = topic.get("time_origin", "")
    if printed in ("", "not stated"):
        return
    word = declared.lookup("origins", "printed").get(printed)
    if word is None:
        raise EvidenceError(
            f"{estimate['estimate_id']}: origin {printed!r} is not in {FOLDER}/origins.csv; add a row for it."
        )
    estimate["origin"], estimate["origin_basis"] = word["origin"], f"printed: {printed}"
    estimate["origin_set_by"] = estimate["extractor"]


def describe(estimate: Row, declared: Declared, study: Row) -> None:
    """Fill what the typed cells settle by themselves; a declared word stays.

    A count, and a share printed with numerator and denominator, is crude and therefore unadjusted, and so is any number
    of one group that no model made; a hazard ratio comes from a model, an odds or risk ratio does when it is adjusted;
    survival is counted in patients, and so is whatever has a group size. Groups that differ in stage or age are known
    from the diagnosis on, and so at any time zero.
    """
    measure, adjustment = estimate["measure"], estimate["adjustment"]
    settle_estimator(estimate, declared, study)
    of_one_group = measure in OF_ONE_GROUP and estimate["estimator"] not in MODELLED
    if adjustment == NOT_STATED and (estimate["estimator"] == "crude" or of_one_group):
        estimate["adjustment"] = "unadjusted"
    if measure in ("parameter", "person_time") or measure.startswith("utility"):
        estimate["analysis_set"] = _said(estimate["analysis_set"]) or NOT_APPLICABLE
    timed = estimate["endpoint"] in COUNTED_IN_PATIENTS and measure in TIMED
    sized = estimate["n_arm"] and estimate["endpoint"] != "local_recurrence_free_survival"
    if estimate["unit_of_analysis"] == NOT_REPORTED and measure != "parameter" and (timed or sized):
        estimate["unit_of_analysis"] = "patient"
    if not estimate["adjusted_codes"] and adjustment in (*OF_ONE_MODEL, "matched"):
        estimate["adjusted_codes"] = "not_named"
    if not estimate["p_scope"] and estimate["p_value"]:
        estimate["p_scope"] = NOT_REPORTED
    if not estimate["exposure_timing"] and estimate["comparator"]:
        known = estimate["contrast"] == "prognostic" and AT_DIAGNOSIS.search(estimate["arm_label"])
        estimate["exposure_timing"] = "at_time_zero" if known else NOT_REPORTED


def _said(word: str) -> str:
    return "" if word == NOT_REPORTED else word


def settle_origin(estimate: Row, declared: Declared, read_what: str) -> None:
    """Say what the origin rests on and who set it; or why there is none, by what of its study was read."""
    note = _annotated(estimate, declared, "origin", "origin_source", "origin_basis")
    if estimate["origin"] != NOT_STATED:
        estimate["origin_basis"] = estimate["origin_basis"] or note.get("why", "") or "as typed"
        estimate["origin_set_by"] = estimate["origin_set_by"] or note.get("by", "") or estimate["extractor"]
        estimate["origin_source"] = estimate["origin_source"] or "text_read"
        return
    kind = declared.lookup("endpoints", "endpoint").get(estimate["endpoint"], {}).get("kind", "")
    counted = (
        kind != "occurrence" or estimate["measure"] == "hazard_ratio" or estimate["value_unit"] in DURATIONS
    )
    timed = (counted and estimate["measure"] in TIMED) or (
        bool(estimate["time"]) and estimate["measure"] in SHARES
    )
    estimate["origin_basis"] = estimate["origin_basis"] or (NO_ORIGIN if timed else NOT_APPLICABLE)
    if not estimate["origin_source"]:
        silent = SILENT.get(read_what, "not_in_secondary_source")
        estimate["origin_source"] = silent if timed else NOT_APPLICABLE
    if estimate["origin_basis"] != NOT_APPLICABLE and not estimate["origin_set_by"]:
        # An empty cell means that whoever typed the row did not see it in the text; a later look has its own name.
        estimate["origin_set_by"] = note.get("by", "") or estimate["extractor"]


def _annotated(estimate: Row, declared: Declared, *columns: str) -> Row:
    """The annotation of the first of some columns that has one."""
    notes = declared.annotations("estimates", estimate["estimate_id"])
    return next((n for column in columns for n in notes if n["column"] == column), {})


def declared_changes(table: str, row_id: str, cells: Row, declared: Declared) -> list[Row]:
    """Write the declared corrections of one row into its cells, and return them.

    A correction says what the cell was; where the cell says something else, the correction belongs to another
    state of the data and is refused.
    """
    changes = declared.corrections(table, row_id)
    for change in changes:
        column = change["column"]
        if column not in cells:
            raise EvidenceError(f"{FOLDER}/corrections.csv, {table} {row_id}: there is no column {column!r}.")
        if cells[column] not in (change["was"], change["became"]):
            raise EvidenceError(
                f"{FOLDER}/corrections.csv, {table} {row_id}, {column}: the correction was written for "
                f"{change['was']!r}, the cell holds {cells[column]!r}; look at both and write the correction again."
            )
        cells[column] = change["became"]
        if column == "origin" and table == "estimates":
            cells["origin_basis"], cells["origin_set_by"] = change["why"], change["by"]
            cells["origin_source"] = "text_read"
    return changes
