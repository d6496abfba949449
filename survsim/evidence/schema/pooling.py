"""Words of the fields that decide what may be pooled with what."""

from __future__ import annotations

NOT_REPORTED, NOT_APPLICABLE = "not_reported", "not_applicable"
"""The text that was read does not say; the question does not arise for this row."""
UNKNOWN = ("", NOT_REPORTED, NOT_APPLICABLE, "not_stated")
"""Words that say nothing and therefore contradict nothing."""

SETTINGS = (
    "primary",
    "neoadjuvant",
    "adjuvant",
    "maintenance",
    "advanced_or_recurrent",
    "recurrent",
    "palliative",
    "reirradiation",
    "supportive",
    "several",
    NOT_APPLICABLE,
    NOT_REPORTED,
)
LINES = ("first", "second_or_later", "several", NOT_APPLICABLE, NOT_REPORTED)
ESTIMATORS = (
    "kaplan_meier",
    "cumulative_incidence",
    "crude",
    "relative",
    "model",
    "meta_analysis",
    NOT_APPLICABLE,
    NOT_REPORTED,
)
ANALYSIS_SETS = (
    "randomised",
    "eligible",
    "evaluable",
    "treated",
    "enrolled",
    "matched",
    "responders",
    "survivors",
    "deaths",
    NOT_APPLICABLE,
    NOT_REPORTED,
)
UNITS = (
    "patient",
    "lesion",
    "course",
    "assessment",
    "study",
    "respondent",
    NOT_APPLICABLE,
    NOT_REPORTED,
)
P_SCOPES = (
    "two_groups",
    "across_levels",
    "trend",
    "non_inferiority",
    "superiority",
    "model_term",
    "interaction",
    "against_fixed_value",
    NOT_REPORTED,
)
EXPOSURE_TIMING = ("at_time_zero", "after_time_zero", "landmark", NOT_APPLICABLE, NOT_REPORTED)
ORIGIN_TOLD = ("text_read", "registry_definition", "trial_registration")
"""On what a stated time origin rests: the text that was read; how the registry counts; the registration of the trial."""
ORIGIN_UNTOLD = (
    "not_in_abstract",
    "not_in_abstract_read_twice",
    "not_in_secondary_source",
    "not_in_registry_results",
    "not_in_full_text",
    "not_in_landmark_analysis",
    "told_for_a_part",
    NOT_APPLICABLE,
)
"""Why there is no time origin: what was read and is silent; a landmark whose own zero is not told; a registry
(diagnosis) with other patients beside it; or no origin is needed."""
ESTIMATOR_TOLD = (
    "text_read",
    "counts_printed",
    "share_of_whole_patients",
    "ratio_of_a_model",
    "pooled",
    "named_by_endpoint",
)
"""On what a stated estimator rests: the text; numerator and denominator; a share without horizon that a whole number of
the patients gives; a ratio that only a model gives; studies put together; the name of the endpoint."""
ESTIMATOR_UNTOLD = (
    "not_in_abstract",
    "not_in_secondary_source",
    "not_in_registry_results",
    "not_in_full_text",
    NOT_APPLICABLE,
)
"""Why no estimator is stated: what was read and is silent; or nothing was estimated."""
FOLLOWUP_METHODS = ("reverse_kaplan_meier", "survivors", "all_patients", NOT_REPORTED)
FOLLOWUP_KINDS = ("median", "mean", "average", "minimum", "maximum")
"""`average` is what a source calls an average without saying which."""
COVARIATES = (
    "age",
    "sex",
    "race",
    "year",
    "site",
    "stage",
    "grade",
    "histology",
    "component",
    "tumour_size",
    "invasion",
    "lymphovascular_invasion",
    "nodes",
    "cytology",
    "residual_disease",
    "metastases",
    "extent",
    "performance_status",
    "symptoms",
    "neurological_function",
    "comorbidity",
    "marker",
    "socioeconomic",
    "hospital",
    "surgery",
    "lymphadenectomy",
    "radiotherapy",
    "dose",
    "chemotherapy",
    "systemic_therapy",
    "response",
    "interval",
    "follow_up_time",
    "country",
    "not_named",
)
"""Covariates of a model, in a cell joined by `; `; `not_named` stands for those the source does not name."""
