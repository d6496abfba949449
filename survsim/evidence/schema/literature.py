"""Tables of published studies: sources, studies, arms, endpoints, estimates, curves, numbers at risk."""

from __future__ import annotations

from survsim.evidence.schema.pooling import (
    ANALYSIS_SETS,
    ESTIMATORS,
    EXPOSURE_TIMING,
    FOLLOWUP_KINDS,
    FOLLOWUP_METHODS,
    LINES,
    P_SCOPES,
    SETTINGS,
    UNITS,
)
from survsim.evidence.schema.table import (
    ADJUSTMENTS,
    CONTRASTS,
    DESIGNS,
    DIRECTNESS,
    MEASURES,
    POPULATIONS,
    READ_WHAT,
    ROUTES,
    STATUSES,
    TIME_UNITS,
    YES_NO,
    ForeignKey,
    Table,
    date,
    integer,
    number,
    text,
    year,
)

SOURCES = Table(
    name="sources",
    title="Where the raw files come from",
    description="One row a set of raw files: what it is, how to cite it, under which terms it may be used.",
    key=("source_id",),
    columns=(
        text("source_id", "Name of the set.", required=True),
        text("title", "What the set holds.", required=True),
        text("kind", "Kind of set.", required=True, allowed=("literature", "patients", "case")),
        text(
            "citation",
            "How to cite it; `not_stated` declares that nothing citable was printed.",
            required=True,
        ),
        text("licence", "Terms of use; `not_stated` declares that none was seen.", required=True),
        text("licence_note", "What a reader should know about the terms."),
        text("retrieved", "Commit, date or version that was read."),
        text("time_origin", "Time zero of patient-level data."),
        text("extractor", "Reading that typed the numbers, a name of the table readings."),
        text("checked_by", "Reading that compared all of them with the sources; empty when none did."),
        text("note", "Limits of the set as a whole."),
    ),
)

READINGS = Table(
    name="readings",
    title="Readings",
    description="Who typed, compared or described numbers, as roles with a date; persons are not named.",
    key=("reading_id",),
    columns=(
        text("reading_id", "Name of the reading."),
        text(
            "kind",
            "What was done.",
            required=True,
            allowed=("extraction", "comparison", "audit", "description", "search", "judgement"),
        ),
        date("date", "Day; empty when none was recorded."),
        text("what", "What was read, how far, and what was done with it.", required=True),
    ),
)

SEARCHES = Table(
    name="searches",
    title="Searches",
    description="One row a search for publications: what was sought, where, when, and what it gave.",
    key=("search_id",),
    columns=(
        text("search_id", "Name of the search."),
        text("question", "What was sought.", required=True),
        text("where", "Databases or kind of pages; not_reported when no record was kept.", required=True),
        text("terms", "Search string; not_reported when no record was kept.", required=True),
        date("date", "Day of the search; empty when none was recorded."),
        integer("searches_n", "How many searches were made."),
        integer("found_n", "Publications seen; empty when nobody counted."),
        integer("included_n", "Studies taken in."),
        integer("numbers_n", "Numbers taken in."),
        text("reading", "Reading that made it, a name of the table readings.", required=True),
        text("note", "What else a reader must know."),
    ),
)

STUDIES = Table(
    name="studies",
    title="Studies",
    description="One row a publication or trial.",
    key=("study_id",),
    foreign_keys=(ForeignKey(columns=("source_id",), table="sources", references=("source_id",)),),
    columns=(
        text("study_id", "Name of the study here; a year inside it is only a label.", required=True),
        text("source_id", "Set of raw files it came with.", required=True),
        text(
            "cohort",
            "The study behind this paper: papers of one trial or cohort share it; empty for the only paper.",
        ),
        text("first_author", "First author as printed; empty when the page did not print one."),
        year("year", "Year of publication."),
        text("title", "Title as printed, or a description when it was not printed."),
        text("journal", "Journal, with volume and pages when printed."),
        text("doi", "Digital object identifier."),
        text("pmid", "PubMed number."),
        text("nct", "Trial registration number."),
        text("url", "Page that was read."),
        text("site", "Site or setting, as fine as the source gives it.", required=True),
        text("site_group", "Site or setting in broad groups, for maps and tables.", required=True),
        text("histology", "Histology of the study as a whole.", required=True),
        text(
            "population",
            "index: the disease of this study folder; mixed: that disease among others; control: compared with "
            "it; surrogate: another disease used as a prior only.",
            required=True,
            allowed=POPULATIONS,
        ),
        text("directness", "How near to the index patient's situation.", required=True, allowed=DIRECTNESS),
        text("design", "Design of the study.", required=True, allowed=DESIGNS),
        text("randomised", "Whether arms were assigned at random.", required=True, allowed=YES_NO),
        text("country_or_source", "Country, centre, group or registry."),
        year("period_start", "First year of inclusion."),
        year("period_end", "Last year of inclusion."),
        integer("n_total", "Patients in the study.", unit="patients"),
        number("median_followup_months", "Median follow-up.", unit="months"),
        number("max_followup_months", "Longest follow-up.", unit="months"),
        text(
            "followup_method",
            "Whose follow-up the median is of, or how it was estimated.",
            required=True,
            allowed=FOLLOWUP_METHODS,
        ),
        text("followup_note", "Follow-up in words, where it is no median of the study."),
        text("stages", "Stages included, as printed."),
        text("population_note", "Who was included."),
        text("risk_of_bias_note", "What may bias the numbers."),
        text("read_what", "How much of the publication was read.", required=True, allowed=READ_WHAT),
        text(
            "evidence_grade",
            "Design letter, directness number and reading, by the stated rule.",
            required=True,
        ),
        text("overlap_note", "Known sharing of patients, in words; the table overlaps has it in rows."),
    ),
)

ARMS = Table(
    name="arms",
    title="Arms",
    description="One row a group of patients within a study, comparators that are only labels included.",
    key=("study_id", "arm_id"),
    foreign_keys=(ForeignKey(columns=("study_id",), table="studies", references=("study_id",)),),
    columns=(
        text("study_id", "Study.", required=True),
        text("arm_id", "Group, unique within its study.", required=True),
        text(
            "declared_as",
            "arm: has numbers of its own; label: only compared with.",
            required=True,
            allowed=("arm", "label"),
        ),
        text("label", "Name of the group in words."),
        text("treatment", "Class of treatment; mixed marks prognostic and whole-cohort groups too."),
        text("regimen", "Drugs, doses, fields."),
        text("site", "Site or setting of this group.", required=True),
        text("site_group", "Site or setting in broad groups.", required=True),
        text("histology", "Histology of this group.", required=True),
        text("population", "As in studies, for this group.", required=True, allowed=POPULATIONS),
        integer("n_arm", "Patients in the group, when one number is stated.", unit="patients"),
        text("setting", "Where in the course of the disease.", required=True, allowed=SETTINGS),
        text("line", "Line of systemic therapy.", required=True, allowed=LINES),
        number("followup_months", "Follow-up of this group.", unit="months"),
        text("followup_kind", "What kind of follow-up that is.", allowed=FOLLOWUP_KINDS),
        text(
            "followup_method",
            "Whose follow-up it is, or how it was estimated.",
            required=True,
            allowed=FOLLOWUP_METHODS,
        ),
        text("performance_status", "Performance status of the group, as printed, or not_reported."),
        text("stage_mix", "Stages of the group, as printed, or not_reported."),
        text("residual_disease", "Disease left after surgery, as printed, or not_reported."),
    ),
)

ENDPOINTS = Table(
    name="endpoints",
    title="Endpoints",
    description="What is counted, from when, and what ends observation without counting.",
    key=("endpoint",),
    columns=(
        text("endpoint", "Name.", required=True),
        text("abbreviation", "Usual abbreviation."),
        text("kind", "time_to_event or occurrence.", required=True, allowed=("time_to_event", "occurrence")),
        text("time_origin", "Usual origin; a row's own origin stands in estimates.origin.", required=True),
        text("event", "What counts as the event.", required=True),
        text("competing_events", "What makes the event impossible."),
        text("censoring_rule", "What ends observation without event.", required=True),
    ),
)

ESTIMATES = Table(
    name="estimates",
    title="Estimates",
    description="One row a published number, as printed, with its place in the source.",
    key=("estimate_id",),
    foreign_keys=(
        ForeignKey(columns=("study_id",), table="studies", references=("study_id",)),
        ForeignKey(columns=("study_id", "arm_id"), table="arms", references=("study_id", "arm_id")),
        ForeignKey(columns=("endpoint",), table="endpoints", references=("endpoint",)),
    ),
    columns=(
        text("estimate_id", "Name of the number.", required=True),
        text("study_id", "Study.", required=True),
        text("arm_id", "Group.", required=True),
        text("arm_label", "Name of the group as used for this number."),
        text("endpoint", "Endpoint.", required=True),
        text(
            "event_detail", "Which event within the endpoint: kind of toxicity, of response, of recurrence."
        ),
        text("grade", "Toxicity grade, as printed."),
        text("state", "State or event of a disease model that the number informs."),
        text("origin", "Time origin of this number; not_stated when the source did not say.", required=True),
        text(
            "origin_basis",
            "What the origin was read from; or why there is none: not_in_text_read, or not_applicable.",
            required=True,
        ),
        text("origin_set_by", "Reading that set the origin, a name of the table readings."),
        text("measure", "What the value is.", required=True, allowed=MEASURES),
        text("estimator", "How the value was estimated.", required=True, allowed=ESTIMATORS),
        text("analysis_set", "Whose data are in it.", required=True, allowed=ANALYSIS_SETS),
        text("unit_of_analysis", "What was counted.", required=True, allowed=UNITS),
        text("instrument", "Questionnaire or method of a utility."),
        number("time", "Horizon of a probability or proportion.", unit="months"),
        number("value", "The number as printed (percent as proportion)."),
        text("value_unit", "Unit of the value; empty for ratios, probabilities and proportions."),
        text(
            "value_qualifier",
            "How to read the value.",
            allowed=("upper_bound", "lower_bound", "approximate", "zero_in_words"),
        ),
        number("conf_low", "Lower limit."),
        text(
            "conf_low_note", "Why there is no lower limit.", allowed=("one_sided", "cut_off", "not_reached")
        ),
        number("conf_high", "Upper limit."),
        text(
            "conf_high_note", "Why there is no upper limit.", allowed=("one_sided", "cut_off", "not_reached")
        ),
        number("conf_level", "Level of the interval."),
        text(
            "conf_note",
            "Kind of interval when it is not an ordinary two-sided one.",
            allowed=("one_sided", "level_not_stated", "interquartile_range_not_used"),
        ),
        number("p_value", "P value as printed."),
        text("p_qualifier", "Relation printed before the p value.", allowed=("<", ">")),
        text("p_note", "What else was printed with the p value."),
        text("p_scope", "What the p value tests.", allowed=P_SCOPES),
        integer("n_arm", "Patients behind this number.", unit="patients"),
        integer("n_event", "Events behind this number.", unit="events"),
        text("comparator", "Group compared with, an arm of the same study."),
        text("contrast", "What the two groups differ in, for a comparison.", allowed=CONTRASTS),
        text("adjustment", "Kind of adjustment.", required=True, allowed=ADJUSTMENTS),
        text("adjusted_for", "Covariates of the final model, as printed."),
        text("adjusted_codes", "The same in codes joined by `; ` (the words of pooling.COVARIATES)."),
        text("candidate_codes", "Covariates that were tried and are not in the final model, in codes."),
        text(
            "exposure_timing",
            "Whether what the groups differ in was known at time zero.",
            allowed=EXPOSURE_TIMING,
        ),
        number("landmark_months", "Landmark, from the origin.", unit="months"),
        text("stage", "Stage or setting of the patients behind this number."),
        text("histology", "Histology of the patients behind this number.", required=True),
        text("population", "As in studies, for this number.", required=True, allowed=POPULATIONS),
        text("place", "Where in the source the number stands.", required=True),
        text("route", "How the number came here.", required=True, allowed=ROUTES),
        text("extractor", "Reading that typed it, a name of the table readings.", required=True),
        date("extracted_on", "Day; empty when none was recorded."),
        text("checked_by", "Reading that compared it with the source; empty when none did."),
        date("checked_on", "Day; empty when none was recorded."),
        text("status", "State of checking.", required=True, allowed=STATUSES),
        text("note", "What else a reader must know, as typed."),
    ),
)

CURVES = Table(
    name="curves",
    title="Survival curves",
    description="Coordinates of published survival curves.",
    key=("curve_id", "time"),
    foreign_keys=(
        ForeignKey(columns=("study_id", "arm_id"), table="arms", references=("study_id", "arm_id")),
        ForeignKey(columns=("endpoint",), table="endpoints", references=("endpoint",)),
    ),
    columns=(
        text("curve_id", "Name of the curve.", required=True),
        text("study_id", "Study.", required=True),
        text("arm_id", "Group.", required=True),
        text("endpoint", "Endpoint.", required=True),
        number("time", "Time.", required=True),
        text("time_unit", "Unit of time.", required=True, allowed=TIME_UNITS),
        number("survival", "Probability at that time.", required=True),
        text("place", "Figure of the source.", required=True),
        text("route", "How it came here.", required=True, allowed=ROUTES),
    ),
)

AT_RISK = Table(
    name="at_risk",
    title="Numbers at risk",
    description="Numbers at risk printed below survival curves.",
    key=("curve_id", "time"),
    foreign_keys=(
        ForeignKey(columns=("study_id", "arm_id"), table="arms", references=("study_id", "arm_id")),
    ),
    columns=(
        text("curve_id", "Curve they belong to.", required=True),
        text("study_id", "Study.", required=True),
        text("arm_id", "Group.", required=True),
        number("time", "Time.", required=True),
        text("time_unit", "Unit of time.", required=True, allowed=TIME_UNITS),
        integer("n_risk", "Patients at risk.", required=True, unit="patients"),
        text("place", "Figure of the source.", required=True),
    ),
)

TABLES = (SOURCES, READINGS, SEARCHES, STUDIES, ARMS, ENDPOINTS, ESTIMATES, CURVES, AT_RISK)
