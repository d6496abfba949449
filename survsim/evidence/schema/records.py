"""Tables of single cases and of the bookkeeping: overlaps, aliases, corrections, exclusions, warnings."""

from __future__ import annotations

from survsim.evidence.schema.table import (
    DIRECTNESS,
    READ_WHAT,
    YES_NO,
    ForeignKey,
    Table,
    integer,
    number,
    text,
    year,
)

CASES = Table(
    name="cases",
    title="Single cases",
    description="One row a published patient.",
    key=("case_id",),
    columns=(
        text("case_id", "Name of the case.", required=True),
        text("source_id", "Set of raw files it came with.", required=True),
        text("first_author", "First author as printed."),
        year("year", "Year of publication."),
        text("title", "Title as printed, or a description."),
        text("journal", "Journal."),
        text("doi", "Digital object identifier."),
        text("pmid", "PubMed number."),
        text("url", "Page that was read."),
        text("source", "Kind of report."),
        number("age_years", "Age.", unit="years"),
        text("sex", "F or M.", allowed=("F", "M")),
        text("primary_site", "Site of the primary tumour."),
        text("histology", "Histology in words."),
        text("cns_site", "Where in the nervous system or its coverings."),
        text("presentation", "First signs."),
        number("interval_primary_to_cns_months", "From primary diagnosis to the lesion.", unit="months"),
        text("surgery", "Extent; unknown when it was not stated."),
        text("radiotherapy", "Fields, in words."),
        text("rt_dose_gy", "Dose of each course in Gy, in order, joined by `then`."),
        text("rt_fractions", "Fractions of each course, in order, joined by `then`."),
        text("systemic_therapy", "Drugs, in words."),
        number("survival_from_cns_months", "Time to death.", unit="months"),
        text("survival_qualifier", "How to read the time.", allowed=("exact", "upper_bound", "approximate")),
        number("last_known_alive_from_cns_months", "Right-censoring time.", unit="months"),
        number("survival_from_primary_diagnosis_months", "Time to death from the primary.", unit="months"),
        text("status", "Last status.", allowed=("dead", "alive", "unknown")),
        text("cause_of_death", "Cause."),
        text(
            "strict_cns",
            "Whether it is the index disease itself at the site in question.",
            required=True,
            allowed=YES_NO,
        ),
        text("directness", "How near to the situation of the index case.", required=True, allowed=DIRECTNESS),
        text("read_what", "How much was read.", required=True, allowed=READ_WHAT),
        text("note", "What else a reader must know, as typed."),
    ),
)

CASE_FACTS = Table(
    name="case_facts",
    title="Facts of the case under study",
    description="One row a fact of a case that is described in full, by its path in the raw file.",
    key=("case_id", "fact"),
    foreign_keys=(ForeignKey(columns=("case_id",), table="cases", references=("case_id",)),),
    columns=(
        text("case_id", "Case.", required=True),
        text("fact", "Name of the fact, a dotted path.", required=True),
        text("value", "Value as stated.", required=True),
    ),
)

CASE_TIMELINE = Table(
    name="case_timeline",
    title="Course of the case under study",
    description="Events of a case in the order stated; days only where the report dates them.",
    key=("case_id", "order"),
    foreign_keys=(ForeignKey(columns=("case_id",), table="cases", references=("case_id",)),),
    columns=(
        text("case_id", "Case.", required=True),
        integer("order", "Place in the order of events.", required=True),
        text("event", "What happened.", required=True),
        text("detail", "In words."),
        number("day_from_surgery", "Day, when stated.", unit="days"),
        text("day_basis", "What the report says about the date."),
        number("dose_gy", "Dose of a radiotherapy course.", unit="Gy"),
        integer("fractions", "Fractions of a radiotherapy course."),
        text("drug", "Drugs, joined by +."),
        text("dose_text", "Doses as printed."),
        number("cycles_given", "Cycles given."),
        text("note", "What else a reader must know."),
    ),
)

OVERLAPS = Table(
    name="overlaps",
    title="Studies that share patients",
    description="One row a study within a cluster of studies that share patients.",
    key=("cluster_id", "study_id"),
    columns=(
        text("cluster_id", "Name of the cluster.", required=True),
        text("study_id", "Study.", required=True),
        text(
            "role",
            "member: shares patients with every study of the cluster; whole: contains the parts; part: shares "
            "patients with wholes and members, not with other parts.",
            required=True,
            allowed=("member", "whole", "part"),
        ),
        text(
            "certainty", "How sure the sharing is.", required=True, allowed=("stated", "likely", "possible")
        ),
        text("why", "Registry, centre or trial that is shared.", required=True),
    ),
    foreign_keys=(ForeignKey(columns=("study_id",), table="studies", references=("study_id",)),),
)

ALIASES = Table(
    name="aliases",
    title="Studies that came under two names",
    description="Names that were merged into one.",
    key=("alias_id",),
    columns=(
        text("alias_id", "Name that is no longer used.", required=True),
        text("study_id", "Name that is kept.", required=True),
        text("alias_arm_id", "Arm under the old name.", required=True),
        text("arm_id", "The same arm under the kept name.", required=True),
        text("why", "How it is known that both are one.", required=True),
    ),
    foreign_keys=(ForeignKey(columns=("study_id",), table="studies", references=("study_id",)),),
)

CORRECTIONS = Table(
    name="corrections",
    title="Declared departures from the raw files",
    description="Each cell that is not what was typed: what it was, what it became, by which rule, and why.",
    key=("table", "row_id", "column"),
    columns=(
        text("table", "Curated table.", required=True),
        text("row_id", "Row.", required=True),
        text("column", "Column.", required=True),
        text("was", "Cell as typed."),
        text("became", "Cell now."),
        text("rule", "Conversion rule, annotation or merge that did it.", required=True),
        text("why", "Reason.", required=True),
        text("by", "Reading that found it, a name of the table readings; empty for a conversion rule."),
    ),
)

FLAGS = Table(
    name="flags",
    title="Entries left as recorded that look wrong or contradict each other",
    description="Nothing was changed in these rows; a reader must decide.",
    key=("table", "row_id", "column", "flag"),
    columns=(
        text("table", "Curated table.", required=True),
        text("row_id", "Row.", required=True),
        text("column", "Column.", required=True),
        text("flag", "Kind of doubt.", required=True),
        text("value", "Entry as recorded."),
        text("explanation", "What is odd and what may be meant.", required=True),
    ),
)

EXCLUDED = Table(
    name="excluded",
    title="Found and not used",
    description="Publications and rows that were seen and left out, with the reason, so nobody screens twice.",
    key=("item_id",),
    columns=(
        text("item_id", "Name of the row or publication.", required=True),
        text("kind", "What was left out.", required=True, allowed=("study", "estimate")),
        text("description", "What it is.", required=True),
        text("identifier", "DOI, PubMed or registration number."),
        text("reason", "Why it was left out.", required=True),
    ),
)

KNOWN_WARNINGS = Table(
    name="known_warnings",
    title="Warnings that were looked into",
    description="An explanation for each kind of warning that `survsim data check` gives on these data.",
    key=("rule", "table", "row_id"),
    columns=(
        text("rule", "Rule that warns.", required=True),
        text("table", "Table it warns about.", required=True),
        text("row_id", "Row, or rows joined by `; `, or * for every row of the table."),
        integer("expected", "How many warnings it explains; needed where the row is *."),
        text("explanation", "What was found on looking.", required=True),
    ),
)

TABLES = (
    CASES,
    CASE_FACTS,
    CASE_TIMELINE,
    OVERLAPS,
    ALIASES,
    CORRECTIONS,
    FLAGS,
    EXCLUDED,
    KNOWN_WARNINGS,
)
