"""How a typed number was estimated, and on what that rests: the text, the counts, the kind of number; or what is silent."""

from __future__ import annotations

import re

from survsim.evidence.raw.declared import Declared, Row
from survsim.evidence.schema.pooling import NOT_APPLICABLE, NOT_REPORTED

SILENT = {
    "abstract": "not_in_abstract",
    "abstract_and_table": "not_in_abstract",
    "meeting_abstract": "not_in_abstract",
    "full_text": "not_in_full_text",
    "registry_results": "not_in_registry_results",
}
"""What of a study was read -> why a field has no word; everything else that can be read is a secondary source."""
RATIOS_OF_A_MODEL = ("odds_ratio", "risk_ratio")
OF_ONE_MODEL = ("adjusted", "multivariable", "propensity_matched", "weighted", "subgroup")
RESPONSES = (
    "objective_response",
    "complete_response",
    "partial_response",
    "stable_disease",
    "disease_control",
)
"""Best responses are shares of patients by their definition (RECIST); no horizon, nobody censored."""
OF_A_CURVE = ("median", "survival_probability", "rmst")
IN_WORDS = (
    (re.compile(r"\bKaplan.?Meier\b", re.IGNORECASE), OF_A_CURVE, "kaplan_meier"),
    (re.compile(r"\bcrude\b", re.IGNORECASE), ("proportion",), "crude"),
    (re.compile(r"\bcumulative incidence\b", re.IGNORECASE), ("proportion",), "cumulative_incidence"),
    (re.compile(r"\bCox model\b", re.IGNORECASE), (*RATIOS_OF_A_MODEL, "hazard_ratio"), "model"),
)
"""Words of a note, the measures that they speak of, and what they say of the estimator."""


def settle_estimator(estimate: Row, declared: Declared, study: Row) -> None:
    """Write the estimator and what it rests on; or why there is none, by what of its study was read."""
    word, source = _by_cells(estimate, declared) or _by_words(estimate, study) or (NOT_REPORTED, "")
    if estimate["estimator"] == NOT_REPORTED:
        estimate["estimator"] = word
    elif estimate["estimator"] != word:
        source = "text_read"
    if estimate["estimator"] == NOT_APPLICABLE:
        source = NOT_APPLICABLE
    silent = SILENT.get(study["read_what"], "not_in_secondary_source")
    estimate["estimator_source"] = estimate.get("estimator_source", "") or source or silent


def _by_cells(estimate: Row, declared: Declared) -> tuple[str, str] | None:
    measure, adjustment = estimate["measure"], estimate["adjustment"]
    if estimate["endpoint"] == "relative_survival":
        return "relative", "named_by_endpoint"
    if adjustment == "pooled":
        return "meta_analysis", "pooled"
    if measure == "event_count" or (measure == "proportion" and estimate["n_event"] and estimate["n_arm"]):
        return "crude", "counts_printed"
    if measure == "hazard_ratio" or (measure in RATIOS_OF_A_MODEL and adjustment in OF_ONE_MODEL):
        return "model", "ratio_of_a_model"
    if measure in ("parameter", "person_time") or measure.startswith("utility"):
        return NOT_APPLICABLE, NOT_APPLICABLE
    if measure == "proportion" and estimate["event_detail"] in RESPONSES and not estimate["time"]:
        return "crude", "named_by_endpoint"
    kind = declared.lookup("endpoints", "endpoint").get(estimate["endpoint"], {}).get("kind", "")
    if (
        kind == "occurrence"
        and measure == "proportion"
        and not estimate["time"]
        and (_of_whole_patients(estimate) or _nobody(estimate))
    ):
        return "crude", "share_of_whole_patients"
    return None


def _by_words(estimate: Row, study: Row) -> tuple[str, str] | None:
    text = "; ".join((estimate["note"], study["population_note"], study["risk_of_bias_note"]))
    said = (
        word for saying, measures, word in IN_WORDS if estimate["measure"] in measures and saying.search(text)
    )
    word = next(said, "")
    return (word, "text_read") if word else None


def _nobody(estimate: Row) -> bool:
    """Whether the text says in words that none of a stated number of patients had the event: a crude zero."""
    return estimate["value_qualifier"] == "zero_in_words" and estimate["n_arm"] != ""


def _of_whole_patients(estimate: Row) -> bool:
    """Whether a whole number of the patients gives the share, where fewer than half of all shares are such ones.

    With many patients every share of two figures is one of them, and agreement says nothing.
    """
    try:
        n, value = int(estimate["n_arm"]), float(estimate["value"])
    except ValueError:
        return False
    step = 10.0 ** -len(estimate["value"].partition(".")[2])
    if n <= 0 or n * step > 0.5 or not 0 <= value <= 1:
        return False
    return abs(round(value * n) / n - value) <= step / 2 + 1e-9
