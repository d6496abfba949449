"""Planted faults that no single cell makes: each takes the right tables and gives those that it replaces."""

from __future__ import annotations

from collections.abc import Callable

from tests.helpers.mini_study import planted, row_at, rows_of, table_of

E = "estimates"
Content = dict[str, bytes]


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


def _progression_after_survival(right: Content) -> Content:
    kinds = rows_of(right["endpoints"])
    free = kinds[0] | {"endpoint": "progression_free_survival", "abbreviation": "pfs"}
    cells = {"endpoint": "progression_free_survival", "time": "12", "value": "0.80"}
    return {
        "endpoints": table_of([*kinds, free]),
        E: planted(right[E], row_at(right[E], estimate_id="alpha_e04"), **cells),
    }


def _unlike_other_medians(right: Content) -> Content:
    """Twelve more studies of the site; the last has years for months."""
    copies: dict[str, list[dict[str, str]]] = {}
    for table, where in (("studies", {}), ("arms", {}), (E, {})):
        like = rows_of(right[table])[row_at(right[table], study_id="delta_2015", **where)]
        copies[table] = rows_of(right[table]) + [
            {**like, "study_id": f"more_{i}"}
            | (
                {"doi": f"10.1/more{i}", "pmid": f"9{i}", "title": f"Series {i}"}
                if table == "studies"
                else {}
            )
            | ({"max_followup_months": "", "median_followup_months": ""} if table == "studies" else {})
            | (
                {"estimate_id": f"more_{i}_e01", "value": "70" if i == 11 else f"{8 + i / 10:g}"}
                if table == E
                else {}
            )
            for i in range(12)
        ]
    return {table: table_of(rows) for table, rows in copies.items()}


def _correction_not_there(right: Content) -> Content:
    cells = {"table": E, "row_id": "alpha_e01", "column": "value", "was": "0.86", "became": "0.99", "rule": "second_look",
             "why": "misread"}  # fmt: skip
    head = right["corrections"].decode().splitlines()[0].split(",")
    return {"corrections": table_of([*rows_of(right["corrections"]), {c: cells.get(c, "") for c in head}])}


def _named_by_study(right: Content, last: str) -> Content:
    rows = rows_of(right[E])
    more = [r | {"estimate_id": f"{r['study_id']}_e{i:02d}"} for i, r in enumerate(rows)]
    more[-1]["estimate_id"] = last
    names = {r["estimate_id"]: m["estimate_id"] for r, m in zip(rows, more)}
    judged = [r | {"row_id": names.get(r["row_id"], r["row_id"])} for r in rows_of(right["bias"])]
    return {E: table_of(more), "bias": table_of(judged)}


def _name_out_of_pattern(right: Content) -> Content:
    return _named_by_study(right, "detla_2015_e09")


def _end_of_name(right: Content) -> Content:
    return _named_by_study(right, "delta_2015_09")


def _prior_narrower(right: Content) -> Content:
    rows = rows_of(right["bias_priors"])
    return {"bias_priors": table_of([*rows, rows[0] | {"judgement": "high", "sd": "0.05"}])}


def _agent_of_another_name(right: Content) -> Content:
    row = rows_of(right["drugs"])[0] | {"agent_as_recorded": "taxol"}
    agents = {"d1": "paclitaxel", "d2": "paclitaxel", "d3": "docetaxel"}
    people = rows_of(right["patients"])
    counted = [r | ({"drug_records_n": "3"} if r["patient_id"] == row["patient_id"] else {}) for r in people]
    return {
        "drugs": table_of([row | {"course_id": c, "agent": a} for c, a in agents.items()]),
        "patients": table_of(counted),
    }


def _death_against_status(right: Content) -> Content:
    names = right["follow_up_forms"].decode().splitlines()[0].split(",")
    form = {"dataset": "people", "patient_id": "p1", "form": "f", "vital_status": "alive", "death_day": "400"}
    return {"follow_up_forms": table_of([dict.fromkeys(names, "") | form])}


OTHER_CHANGES: dict[str, Callable[[Content], Content]] = {
    "bias_prior_narrower": _prior_narrower,
    "agent_of_another_name": _agent_of_another_name,
    "death_against_status": _death_against_status,
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
    "progression_after_survival": _progression_after_survival,
    "unlike_other_medians": _unlike_other_medians,
    "correction_not_there": _correction_not_there,
    "name_out_of_pattern": _name_out_of_pattern,
    "end_of_name": _end_of_name,
}
"""Changes that are no cell of one row: rule -> the tables that it replaces."""
