"""Tables of the risk of bias: what was judged of which number, by which tool, on what was read; and what it weighs."""

from __future__ import annotations

from dataclasses import dataclass

from survsim.evidence.schema.table import Table, date, number, text

NO_INFORMATION = "no_information"
"""The text that was read does not report what the domain asks for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """One tool: whose rows it judges, its domains in order, and its judgements from the best to the worst."""

    name: str
    judges: str
    domains: tuple[str, ...]
    judgements: tuple[str, ...]


TOOLS = (
    Tool(
        name="rob2",
        judges="estimates",
        domains=(
            "randomisation",
            "deviations_from_intervention",
            "missing_outcome_data",
            "measurement_of_outcome",
            "selection_of_reported_result",
        ),
        judgements=("low", "some_concerns", "high"),
    ),
    Tool(
        name="robins_i",
        judges="estimates",
        domains=(
            "confounding",
            "selection_of_participants",
            "classification_of_intervention",
            "deviations_from_intervention",
            "missing_data",
            "measurement_of_outcome",
            "selection_of_reported_result",
        ),
        judgements=("low", "moderate", "serious", "critical"),
    ),
    Tool(
        name="quips",
        judges="estimates",
        domains=(
            "study_participation",
            "study_attrition",
            "prognostic_factor_measurement",
            "outcome_measurement",
            "study_confounding",
            "analysis_and_reporting",
        ),
        judgements=("low", "moderate", "high"),
    ),
    Tool(
        name="jbi_case_report",
        judges="cases",
        domains=(
            "demographics",
            "history_as_timeline",
            "condition_on_presentation",
            "diagnostic_methods",
            "intervention",
            "condition_after_intervention",
            "adverse_events",
            "takeaway_lessons",
        ),
        judgements=("yes", "unclear", "no"),
    ),
)
"""RoB 2 (Sterne 2019) for numbers of a randomised comparison, ROBINS-I (Sterne 2016) for other contrasts of treatments,
QUIPS (Hayden 2013) for prognostic ratios and, without its two domains on a factor, for the survival of one group,
JBI (Moola 2020) for single cases."""
TOOL = {tool.name: tool for tool in TOOLS}
OF_A_FACTOR = ("prognostic_factor_measurement", "study_confounding")
"""Domains of QUIPS that ask about a factor; the survival of one group has none."""
NOT_ASKED = "not_applicable"
JUDGEMENTS = (
    *dict.fromkeys(word for tool in TOOLS for word in tool.judgements),
    NO_INFORMATION,
    NOT_ASKED,
)
DOMAINS = tuple(dict.fromkeys(domain for tool in TOOLS for domain in tool.domains))

BIAS = Table(
    name="bias",
    title="Risk of bias",
    description="One row a judgement: which number or case, which tool and domain, what was judged and on what.",
    key=("table", "row_id", "tool", "domain", "judge"),
    columns=(
        text("table", "Table of the row that is judged.", required=True, allowed=("estimates", "cases")),
        text("row_id", "Number or case that is judged.", required=True),
        text("tool", "Tool.", required=True, allowed=tuple(TOOL)),
        text("domain", "Domain of the tool.", required=True, allowed=DOMAINS),
        text(
            "judgement",
            "Judgement, in the words of the tool; no_information where the text that was read does not say.",
            required=True,
            allowed=JUDGEMENTS,
        ),
        text(
            "support", "What was read, and where; for no_information, what was looked through.", required=True
        ),
        text("judge", "Reading that judged, a name of the table readings.", required=True),
        date("judged_on", "Day of the judgement."),
    ),
)

BIAS_PRIORS = Table(
    name="bias_priors",
    title="What a judgement weighs",
    description="Prior of the bias of a log ratio for each overall judgement of a tool, for models that take one in.",
    key=("tool", "judgement"),
    columns=(
        text("tool", "Tool.", required=True, allowed=tuple(TOOL)),
        text("judgement", "Overall judgement of the tool.", required=True, allowed=JUDGEMENTS),
        number("mean", "Mean of the bias; negative flatters the treatment.", unit="log ratio", required=True),
        number("sd", "Standard deviation of the bias.", unit="log ratio", required=True),
        text("basis", "What the two numbers rest on.", required=True),
    ),
)

TABLES = (BIAS, BIAS_PRIORS)
