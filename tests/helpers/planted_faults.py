"""One planted fault for each rule: cells of one row of the small study, or a change that no single cell makes."""

from __future__ import annotations

from collections.abc import Callable

from tests.helpers.mini_study import planted, row_at, rows_of, table_of

E = "estimates"
Content = dict[str, bytes]

# (rule, severity, table, cells that name the row, cells that are planted)
RANDOMISED = {"row_id": "alpha_e01", "domain": "randomisation"}
PLANTED = [
    (
        "bias_of_no_row",
        "error",
        "bias",
        RANDOMISED | {"domain": "measurement_of_outcome"},
        {"row_id": "alpha_e99"},
    ),
    ("bias_word_of_another_tool", "error", "bias", RANDOMISED, {"judgement": "serious"}),
    ("bias_word_of_another_tool", "error", "bias", RANDOMISED, {"judgement": "not_applicable"}),
    ("bias_judge_unknown", "error", "bias", RANDOMISED, {"judge": "reading_9"}),
    ("bias_prior_of_no_judgement", "error", "bias_priors", {"tool": "rob2"}, {"judgement": "serious"}),
    ("bias_prior_of_no_judgement", "error", "bias_priors", {"tool": "rob2"}, {"sd": "-0.1"}),
    ("required_cell", "error", "bias", RANDOMISED, {"support": ""}),
    ("required_cell", "error", "studies", {"study_id": "alpha_2019"}, {"site_group": ""}),
    ("required_cell", "error", E, {"estimate_id": "alpha_e01"}, {"place": ""}),
    ("not_a_number", "error", E, {"estimate_id": "alpha_e01"}, {"value": "about 0.7"}),
    ("not_a_number", "error", E, {"estimate_id": "alpha_e01"}, {"p_value": "<0.001"}),
    ("decimal_comma", "error", E, {"estimate_id": "alpha_e02"}, {"value": "20,5"}),
    ("thousands_comma", "error", "studies", {"study_id": "beta_2020"}, {"n_total": "11,424"}),
    ("date_mangled", "error", E, {"estimate_id": "alpha_e02"}, {"value": "03-Apr"}),
    ("date_mangled", "error", E, {"estimate_id": "alpha_e05"}, {"grade": "04-Mar"}),
    ("date_mangled", "error", E, {"estimate_id": "alpha_e05"}, {"grade": "2024-03-04"}),
    ("not_finite", "error", E, {"estimate_id": "alpha_e02"}, {"conf_high": "inf"}),
    ("not_whole", "error", E, {"estimate_id": "alpha_e05"}, {"n_arm": "60.5"}),
    ("implausible_year", "error", "studies", {"study_id": "beta_2020"}, {"year": "20"}),
    ("vocabulary", "error", E, {"estimate_id": "alpha_e01"}, {"measure": "HR"}),
    ("vocabulary", "error", "studies", {"study_id": "beta_2020"}, {"design": "trial"}),
    ("formula_cell", "error", "studies", {"study_id": "beta_2020"}, {"title": "=HYPERLINK(1)"}),
    ("formula_cell", "error", E, {"estimate_id": "alpha_e01"}, {"place": "@SUM(A1)"}),
    ("control_character", "error", "studies", {"study_id": "beta_2020"}, {"title": "a\x07b"}),
    ("stray_space", "warning", E, {"estimate_id": "alpha_e01"}, {"place": "table 2 "}),
    ("value_missing", "error", E, {"estimate_id": "alpha_e02"}, {"value": ""}),
    ("interval_order", "error", E, {"estimate_id": "alpha_e02"}, {"conf_low": "30", "value": "25"}),
    (
        "interval_contains",
        "error",
        E,
        {"estimate_id": "alpha_e01"},
        {"conf_low": "0.85", "conf_high": "0.95"},
    ),
    ("interval_contains", "error", E, {"estimate_id": "alpha_e01"}, {"conf_high": "0.60"}),
    (
        "interval_beyond_counts",
        "warning",
        E,
        {"estimate_id": "alpha_e02"},
        {"conf_low": "20.3", "conf_high": "20.7"},
    ),
    (
        "interval_beyond_counts",
        "warning",
        E,
        {"estimate_id": "beta_e01"},
        {"conf_low": "0.39", "conf_high": "0.41"},
    ),
    (
        "interval_beyond_counts",
        "warning",
        E,
        {"estimate_id": "alpha_e01"},
        {"conf_low": "0.64", "conf_high": "0.7225"},
    ),
    ("interval_asymmetric", "warning", E, {"estimate_id": "alpha_e01"}, {"conf_high": "1.60"}),
    ("level_range", "error", E, {"estimate_id": "alpha_e01"}, {"conf_level": "95"}),
    ("level_missing", "error", E, {"estimate_id": "alpha_e01"}, {"conf_level": ""}),
    ("limit_with_note", "error", E, {"estimate_id": "alpha_e01"}, {"conf_high_note": "not_reached"}),
    (
        "interquartile_as_interval",
        "error",
        E,
        {"estimate_id": "alpha_e02"},
        {"conf_note": "interquartile_range_not_used"},
    ),
    (
        "ratio_range",
        "error",
        E,
        {"estimate_id": "alpha_e01"},
        {"value": "-0.38", "conf_low": "", "conf_high": ""},
    ),
    (
        "ratio_implausible",
        "warning",
        E,
        {"estimate_id": "alpha_e01"},
        {"value": "68", "conf_low": "54", "conf_high": "85"},
    ),
    ("fraction_range", "error", E, {"estimate_id": "alpha_e03"}, {"value": "70"}),
    ("time_measure_range", "error", E, {"estimate_id": "alpha_e06"}, {"value": "-12"}),
    ("p_range", "error", E, {"estimate_id": "alpha_e01"}, {"p_value": "1.2"}),
    ("p_contradicts_interval", "warning", E, {"estimate_id": "alpha_e01"}, {"p_value": "0.4"}),
    ("qualifier_without_p", "error", E, {"estimate_id": "alpha_e03"}, {"p_qualifier": "<"}),
    ("events_exceed_n", "error", E, {"estimate_id": "gamma_e02"}, {"n_arm": "8"}),
    ("negative_count", "error", E, {"estimate_id": "alpha_e03"}, {"time": "-12"}),
    ("negative_amount", "error", "arms", {"study_id": "alpha_2019", "arm_id": "chemo"}, {"n_arm": "-4"}),
    ("count_contradicts_value", "warning", E, {"estimate_id": "alpha_e05"}, {"n_event": "20"}),
    ("count_value", "error", E, {"estimate_id": "gamma_e02"}, {"value": "8"}),
    ("unit_missing", "error", E, {"estimate_id": "alpha_e02"}, {"value_unit": ""}),
    ("unit_missing", "error", E, {"estimate_id": "alpha_e02"}, {"value_unit": "moons"}),
    ("unit_missing", "error", E, {"estimate_id": "alpha_e03"}, {"measure": "rate"}),
    ("unit_on_ratio", "error", E, {"estimate_id": "alpha_e01"}, {"value_unit": "months"}),
    ("horizon_missing", "error", E, {"estimate_id": "beta_e01"}, {"time": ""}),
    ("origin_and_basis", "error", E, {"estimate_id": "beta_e01"}, {"origin": "not_stated"}),
    ("origin_and_basis", "error", E, {"estimate_id": "beta_e01"}, {"origin_basis": "not_in_text_read"}),
    ("origin_and_basis", "error", E, {"estimate_id": "beta_e01"}, {"origin_source": "not_in_abstract"}),
    ("origin_and_basis", "error", E, {"estimate_id": "alpha_e03"}, {"origin_source": "not_in_full_text"}),
    ("vocabulary", "error", E, {"estimate_id": "beta_e01"}, {"origin_source": "remembered"}),
    ("origin_in_words", "warning", E, {"estimate_id": "beta_e01"}, {"note": "counted from surgery"}),
    ("origin_in_words", "warning", E, {"estimate_id": "beta_e01"}, {"arm_label": "all, from gamma knife"}),
    ("interval_asymmetric", "warning", E, {"estimate_id": "alpha_e01"}, {"value": "0.74"}),
    ("p_contradicts_interval", "warning", E, {"estimate_id": "alpha_e01"}, {"p_value": "0.03"}),
    (
        "p_contradicts_interval",
        "warning",
        E,
        {"estimate_id": "alpha_e01"},
        {"p_value": "0.000001", "p_qualifier": "<"},
    ),
    (
        "information_exceeds_study",
        "warning",
        E,
        {"estimate_id": "alpha_e01"},
        {"n_arm": "", "conf_low": "0.66", "conf_high": "0.70", "p_value": "0.0001", "p_qualifier": "<"},
    ),
    ("crude_as_survival", "error", E, {"estimate_id": "beta_e01"}, {"estimator": "crude"}),
    (
        "p_without_comparator",
        "warning",
        E,
        {"estimate_id": "beta_e01"},
        {"p_value": "0.03", "p_scope": "not_reported"},
    ),
    ("scope_without_p", "error", E, {"estimate_id": "beta_e01"}, {"p_scope": "trend"}),
    ("covariate_code", "error", E, {"estimate_id": "alpha_e01"}, {"adjusted_codes": "age, stage"}),
    ("covariate_code", "error", E, {"estimate_id": "alpha_e01"}, {"candidate_codes": "age; age"}),
    ("landmark_without_month", "error", E, {"estimate_id": "alpha_e01"}, {"landmark_months": "3"}),
    (
        "utility_without_instrument",
        "warning",
        E,
        {"estimate_id": "alpha_e05"},
        {"measure": "utility", "n_event": ""},
    ),
    ("followup_kind_missing", "error", "arms", {"study_id": "gamma_2021"}, {"followup_months": "40"}),
    ("unknown_reading", "warning", E, {"estimate_id": "beta_e01"}, {"checked_by": "somebody"}),
    ("status_questioned", "warning", E, {"estimate_id": "beta_e01"}, {"status": "questioned"}),
    ("duplicate_key", "error", E, {"estimate_id": "alpha_e02"}, {"estimate_id": "alpha_e01"}),
    ("duplicate_key", "error", "patients", {"patient_id": "p2"}, {"patient_id": "p1"}),
    ("unknown_reference", "error", E, {"estimate_id": "beta_e01"}, {"study_id": "nobody_1999"}),
    ("unknown_reference", "error", E, {"estimate_id": "beta_e01"}, {"endpoint": "os"}),
    ("unknown_reference", "error", "drugs", {"course_id": "d1"}, {"patient_id": "p9"}),
    ("repeated_number", "error", E, {"estimate_id": "alpha_e04"}, {"time": "12", "value": "0.70"}),
    ("conflicting_rows", "error", E, {"estimate_id": "alpha_e04"}, {"time": "12"}),
    ("survival_rises", "error", E, {"estimate_id": "alpha_e04"}, {"value": "0.75"}),
    ("curve_rises", "error", "curves", {"time": "24"}, {"survival": "0.8"}),
    ("curve_range", "error", "curves", {"time": "24"}, {"survival": "45"}),
    ("at_risk_rises", "error", "at_risk", {"time": "24"}, {"n_risk": "45"}),
    ("at_risk_exceeds_n", "error", "at_risk", {"time": "0"}, {"n_risk": "61"}),
    ("at_risk_without_curve", "error", "at_risk", {"time": "24"}, {"curve_id": "other"}),
    ("at_risk_rises", "warning", "at_risk", {"time": "0"}, {"n_risk": "38"}),
    ("curve_of_two", "error", "curves", {"time": "24"}, {"place": "figure 2"}),
    ("curve_of_two", "error", "curves", {"time": "24"}, {"tolerance": "0.01"}),
    ("curve_undescribed", "warning", "curves", {"time": "0"}, {"tolerance": ""}),
    ("curve_undescribed", "warning", "curves", {"time": "0"}, {"read_by": ""}),
    ("curve_unchecked", "warning", "curves", {"time": "0"}, {"checked_by": ""}),
    ("curve_reader_unknown", "warning", "curves", {"time": "0"}, {"checked_by": "somebody"}),
    ("curve_tolerance", "error", "curves", {"time": "0"}, {"tolerance": "0.4"}),
    ("curve_tolerance", "error", "curves", {"time": "0"}, {"tolerance": "-0.01"}),
    ("curve_checksum", "error", "curves", {"time": "0"}, {"overlay_sha256": "0xabc"}),
    ("curve_against_number", "warning", "curves", {"time": "12"}, {"survival": "0.74"}),
    ("mark_without_curve", "error", "censor_marks", {"time": "9.5"}, {"curve_id": "other"}),
    ("mark_without_curve", "error", "censor_marks", {"time": "9.5"}, {"time": "-1"}),
    ("unit_of_another_curve", "error", "at_risk", {"time": "12"}, {"time_unit": "years"}),
    ("unit_of_another_curve", "error", "censor_marks", {"time": "20"}, {"time_unit": "days"}),
    ("unknown_comparator", "error", E, {"estimate_id": "alpha_e01"}, {"comparator": "placebo"}),
    ("self_comparison", "error", E, {"estimate_id": "alpha_e01"}, {"comparator": "chemo"}),
    ("ratio_without_comparator", "warning", E, {"estimate_id": "alpha_e01"}, {"comparator": ""}),
    ("median_beyond_followup", "error", E, {"estimate_id": "alpha_e06"}, {"value": "95"}),
    ("median_beyond_followup", "warning", E, {"estimate_id": "alpha_e06"}, {"value": "41"}),
    ("arm_exceeds_study", "warning", E, {"estimate_id": "alpha_e06"}, {"n_arm": "601"}),
    ("surrogate_as_index", "error", "studies", {"study_id": "delta_2015"}, {"population": "index"}),
    ("control_as_index", "error", "arms", {"study_id": "gamma_2021"}, {"population": "control"}),
    ("period_order", "error", "studies", {"study_id": "beta_2020"}, {"period_end": "1999"}),
    (
        "study_without_number",
        "warning",
        E,
        {"estimate_id": "delta_e01"},
        {"study_id": "gamma_2021", "arm_id": "all", "event_detail": "x"},
    ),
    ("not_findable", "warning", "studies", {"study_id": "beta_2020"}, {"doi": "", "pmid": ""}),
    ("same_identifier", "error", "studies", {"study_id": "beta_2020"}, {"doi": "10.1/A"}),
    (
        "event_coding",
        "error",
        "outcomes",
        {"patient_id": "p1", "endpoint": "overall_survival"},
        {"event": "2"},
    ),
    (
        "negative_time",
        "error",
        "outcomes",
        {"patient_id": "p2", "endpoint": "overall_survival"},
        {"time": "-5"},
    ),
    (
        "time_zero",
        "warning",
        "outcomes",
        {"patient_id": "p2", "endpoint": "progression_free_interval"},
        {"time": "0"},
    ),
    (
        "progression_after_death",
        "error",
        "outcomes",
        {"patient_id": "p1", "endpoint": "progression_free_interval"},
        {"time": "500"},
    ),
    (
        "death_not_in_overall",
        "error",
        "outcomes",
        {"patient_id": "p1", "endpoint": "overall_survival"},
        {"event": "0"},
    ),
    (
        "mixed_time_units",
        "error",
        "outcomes",
        {"patient_id": "p2", "endpoint": "overall_survival"},
        {"time_unit": "months", "time": "20"},
    ),
    ("implausible_age", "error", "patients", {"patient_id": "p2"}, {"age_years": "710"}),
    (
        "positive_nodes_exceed_removed",
        "error",
        "patients",
        {"patient_id": "p2"},
        {"pelvic_nodes_positive_n": "9"},
    ),
    ("stop_before_start", "error", "drugs", {"course_id": "d1"}, {"stop_day": "20"}),
    (
        "course_after_followup",
        "error",
        "radiotherapy",
        {"course_id": "r1"},
        {"start_day": "500", "stop_day": "520"},
    ),
    ("implausible_dose", "warning", "radiotherapy", {"course_id": "r1"}, {"fractions": "2"}),
    ("flag_contradicts_records", "warning", "patients", {"patient_id": "p1"}, {"radiotherapy": "no"}),
    ("flag_missing", "warning", "patients", {"patient_id": "p1"}, {"radiotherapy": ""}),
    ("record_count", "error", "patients", {"patient_id": "p1"}, {"drug_records_n": "2"}),
    ("licence_missing", "warning", "sources", {"source_id": "people"}, {"licence": "not_stated"}),
    ("dataset_without_source", "error", "sources", {"source_id": "people"}, {"source_id": "others"}),
    ("dataset_without_origin", "warning", "sources", {"source_id": "people"}, {"time_origin": "not_stated"}),
    (
        "case_dead_and_censored",
        "error",
        "cases",
        {"case_id": "case_a"},
        {"last_known_alive_from_cns_months": "9"},
    ),
    ("case_death_without_status", "error", "cases", {"case_id": "case_a"}, {"status": "alive"}),
    ("case_courses", "error", "cases", {"case_id": "case_a"}, {"rt_fractions": "22"}),
    ("case_courses", "error", "cases", {"case_id": "case_a"}, {"rt_dose_gy": "44/40"}),
    ("overlap_of_one", "error", "overlaps", {"study_id": "beta_2020"}, {"cluster_id": "alone"}),
    (
        "overlap_not_declared",
        "warning",
        "studies",
        {"study_id": "alpha_2019"},
        {"overlap_note": "inside beta_2020"},
    ),
    ("stray_row_name", "error", "flags", {"row_id": "people/r1"}, {"row_id": "people/r9"}),
    ("excluded_but_used", "error", "excluded", {"item_id": "epsilon_2001"}, {"item_id": "alpha_e01"}),
    ("unknown_rule", "warning", "known_warnings", {"rule": "flagged"}, {"rule": "flaged"}),
]


def _missing_column(right: Content) -> Content:
    return {
        "arms": table_of([{k: v for k, v in r.items() if k != "population"} for r in rows_of(right["arms"])])
    }


def _unknown_column(right: Content) -> Content:
    return {"overlaps": table_of([r | {"colour": "red"} for r in rows_of(right["overlaps"])])}


def _domain_missing(right: Content) -> Content:
    return {"bias": table_of([r for r in rows_of(right["bias"]) if r["domain"] != "randomisation"])}


def _parts_alone(right: Content) -> Content:
    return {"overlaps": table_of([r | {"role": "part"} for r in rows_of(right["overlaps"])])}


def _alias_still_there(right: Content) -> Content:
    head = "alias_id,study_id,alias_arm_id,arm_id,why\n"
    return {"aliases": (head + "beta_2020,alpha_2019,all,chemo,same\n").encode()}


def _not_a_date(right: Content) -> Content:
    names = right["follow_up_forms"].decode().splitlines()[0].split(",")
    form = {"dataset": "people", "patient_id": "p1", "form": "f", "form_completion_date": "26.05.2013"}
    return {"follow_up_forms": table_of([dict.fromkeys(names, "") | form])}


def _flagged(right: Content) -> Content:
    rows = rows_of(right["flags"])
    return {
        "flags": table_of([*rows, rows[0] | {"table": "drugs", "row_id": "people/d1", "column": "start_day"}])
    }


def _status_differs(right: Content) -> Content:
    rows = rows_of(right[E])
    states = {"alpha_e03": "unchecked", "alpha_e04": "checked"}
    return {E: table_of([
        r | ({"note": "as read", "status": states[r["estimate_id"]]} if r["estimate_id"] in states else {})
        for r in rows
    ])}  # fmt: skip


def _papers_of_one_study(right: Content) -> Content:
    apart = ("alpha_2019", "delta_2015")
    rows = rows_of(right["studies"])
    return {"studies": table_of([r | ({"cohort": "one"} if r["study_id"] in apart else {}) for r in rows])}


def _without_outcome(right: Content) -> Content:
    return {"outcomes": table_of([r for r in rows_of(right["outcomes"]) if r["patient_id"] != "p2"])}


def _explains_nothing(right: Content) -> Content:
    rows = rows_of(right["known_warnings"])
    return {
        "known_warnings": table_of(
            [*rows, rows[0] | {"rule": "time_zero", "table": "outcomes", "row_id": "x"}]
        )
    }


def _counted_wrong(right: Content) -> Content:
    return {"known_warnings": table_of([r | {"expected": "2"} for r in rows_of(right["known_warnings"])])}


def _not_counted(right: Content) -> Content:
    return {"known_warnings": table_of([r | {"expected": ""} for r in rows_of(right["known_warnings"])])}


def _same_ratio_elsewhere(right: Content) -> Content:
    ratio = {"measure": "hazard_ratio", "value": "0.68", "conf_low": "0.54", "conf_high": "0.85", "time": "",
             "comparator": "others", "exposure_timing": "not_reported"}  # fmt: skip
    arms = rows_of(right["arms"])
    label = next(r for r in arms if r["study_id"] == "beta_2020") | {
        "arm_id": "others",
        "declared_as": "label",
    }
    return {
        E: planted(right[E], row_at(right[E], estimate_id="beta_e01"), **ratio),
        "arms": table_of([*arms, label]),
    }


OTHER_CHANGES: dict[str, Callable[[Content], Content]] = {
    "missing_column": _missing_column,
    "unknown_column": _unknown_column,
    "bias_domain_missing": _domain_missing,
    "overlap_of_parts": _parts_alone,
    "alias_still_there": _alias_still_there,
    "not_a_date": _not_a_date,
    "flagged": _flagged,
    "status_differs": _status_differs,
    "papers_of_one_study": _papers_of_one_study,
    "patient_without_outcome": _without_outcome,
    "unused_explanation": _explains_nothing,
    "explanation_count": _counted_wrong,
    "explanation_without_count": _not_counted,
    "same_ratio_elsewhere": _same_ratio_elsewhere,
}
"""Changes that are no cell of one row: rule -> the tables that it replaces."""
