"""Rules about the risk of bias: rows that exist, words of their tool, support, judges, every domain once a judge."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import numpy as np

from survsim.evidence.rules.rows import absent_row
from survsim.evidence.rules.rule import rule
from survsim.evidence.rules.tables import Tables
from survsim.evidence.schema.bias import DOMAINS, JUDGEMENTS, NO_INFORMATION, NOT_ASKED, OF_A_FACTOR, TOOL
from survsim.evidence.schema.faults import WARNING, Fault, error

B = "bias"
SILENT = re.compile(r"\b(?:is|are|was|were) not (?:told|typed|reported)(?: in full)?$")


@rule(
    "bias_of_no_row",
    bias=("table", "row_id"),
    estimates=("estimate_id",),
    cases=("case_id",),
    excluded=("item_id",),
)
def bias_of_no_row(t: Tables) -> Iterator[Fault]:
    """A judgement is of a number or a case that is there, or that was left out and says so."""
    gone = set(t.text("excluded", "item_id"))
    known = {
        "estimates": set(t.text("estimates", "estimate_id")) | gone,
        "cases": set(t.text("cases", "case_id")),
    }
    pairs = zip(t.text(B, "table"), t.text(B, "row_id"))
    wrong = np.array([row not in known.get(table, ()) for table, row in pairs], bool)
    yield from t.where(
        "bias_of_no_row",
        B,
        wrong,
        "No row has this name; correct it.",
        column="row_id",
        cause=lambda: "no " + t.text(B, "table") + "/" + t.text(B, "row_id"),
    )


@rule("bias_word_of_another_tool", bias=("table", "tool", "domain", "judgement"))
def bias_word_of_another_tool(t: Tables) -> Iterator[Fault]:
    """Domain and judgement are words of the tool, and the tool judges rows of that table."""
    columns = [t.text(B, c) for c in ("table", "tool", "domain", "judgement")]
    wrong = np.array([not _fits(*row) for row in zip(*columns)], bool)
    yield from t.where(
        "bias_word_of_another_tool",
        B,
        wrong,
        "Use a domain and a judgement of this tool, for a row of the table it judges (see data/README.md).",
        column="judgement",
        shown=[f"{tool}, {domain}: {word}" for _, tool, domain, word in np.column_stack(columns)[wrong]],
    )


def _fits(table: str, tool: str, domain: str, judgement: str) -> bool:
    if tool not in TOOL or domain not in DOMAINS or judgement not in JUDGEMENTS:
        return True  # the vocabulary rule says so, and one fault is one line
    own = TOOL[tool]
    words = {*own.judgements, NO_INFORMATION}
    if domain in OF_A_FACTOR or tool == "jbi_case_report":
        words.add(NOT_ASKED)
    return table == own.judges and domain in own.domains and judgement in words


@rule("bias_domain_missing", bias=("table", "row_id", "tool", "domain", "judge"))
def bias_domain_missing(t: Tables) -> Iterator[Fault]:
    """Whoever judged a row by a tool judged every domain of it."""
    found: dict[tuple[str, ...], set[str]] = {}
    columns = (t.text(B, c) for c in ("table", "row_id", "tool", "judge", "domain"))
    for table, row, tool, judge, domain in zip(*columns):
        found.setdefault((table, row, tool, judge), set()).add(domain)
    lacking = {
        key: [d for d in TOOL[key[2]].domains if d not in domains]
        for key, domains in found.items()
        if key[2] in TOOL
    }
    whole = {key[:2] for key, missing in lacking.items() if not missing}
    several = Counter(key[:2] for key, missing in lacking.items() if missing)
    alone = {(*key[2:], *domains) for key, domains in found.items() if len(domains) == 1}
    for (table, row, tool, judge), missing in lacking.items():
        if not missing:
            continue
        # A domain under another tool or row is missing under its own, and stands there alone: one slip, one line.
        cause = f"domains of {table}/{row}" + (f"/{tool}" if (table, row) in whole else "")
        own = found[table, row, tool, judge]
        slipped = missing if (tool, judge, *missing) in alone else sorted(own)
        if several[table, row] == 1 and len(slipped) == 1 and (tool, judge, *slipped) in alone:
            cause = f"domain {slipped[0]} of {tool}"
        yield error(
            "bias_domain_missing",
            B,
            f"Judge {', '.join(missing)} as well; no_information if the text does not say.",
            row=f"{table}/{row}/{tool}/{judge}",
            column="domain",
            cause=cause,
        )


@rule("milder_than_its_support", bias=("judgement", "support"))
def milder_than_its_support(t: Tables) -> Iterator[Fault]:
    """What the text does not tell is not judged low, or answered with yes."""
    silent = t.matches(B, "support", lambda c: SILENT.search(c) is not None)
    yield from t.where(
        "milder_than_its_support",
        B,
        silent & t.text(B, "judgement").isin(["low", "yes"]).to_numpy(),
        "Write no_information, or say in support what tells it: its support says that the text does not.",
        column="judgement",
        severity=WARNING,
    )


@rule("bias_judge_unknown", bias=("judge",), readings=("reading_id",))
def bias_judge_unknown(t: Tables) -> Iterator[Fault]:
    """A judge is a role of the table of readings, where its date stands."""
    wrong = ~t.text(B, "judge").isin(t.text("readings", "reading_id")).to_numpy()
    yield from t.where(
        "bias_judge_unknown",
        B,
        wrong,
        "Add the reading, with its date, to declared/readings.csv.",
        column="judge",
        cause=lambda: absent_row(t, "readings", B, "judge"),
    )


@rule("bias_prior_of_no_judgement", bias_priors=("tool", "judgement", "sd"))
def bias_prior_of_no_judgement(t: Tables) -> Iterator[Fault]:
    """A prior stands for a judgement of its tool, and its standard deviation is not negative."""
    pairs = zip(t.text("bias_priors", "tool"), t.text("bias_priors", "judgement"))
    wrong = np.array(
        [tool in TOOL and word not in (*TOOL[tool].judgements, NO_INFORMATION) for tool, word in pairs], bool
    )
    wrong |= t.number("bias_priors", "sd") < 0
    yield from t.where(
        "bias_prior_of_no_judgement",
        "bias_priors",
        wrong,
        "Name a judgement of the tool, with a standard deviation of 0 or more.",
        column="judgement",
    )


@rule("bias_prior_narrower", bias_priors=("tool", "judgement", "sd"))
def bias_prior_narrower(t: Tables) -> Iterator[Fault]:
    """A worse judgement leaves at least as much open: its standard deviation is not below that of a better one."""
    rows = list(
        zip(t.text("bias_priors", "tool"), t.text("bias_priors", "judgement"), t.number("bias_priors", "sd"))
    )
    wrong = np.zeros(len(rows), bool)
    for i, (tool, word, sd) in enumerate(rows):
        order = TOOL[tool].judgements if tool in TOOL else ()
        better = (
            [s for other, w, s in rows if other == tool and w in order[: order.index(word)]]
            if word in order
            else []
        )
        wrong[i] = sd >= 0 and any(sd < s for s in better)
    yield from t.where(
        "bias_prior_narrower",
        "bias_priors",
        wrong,
        "Check the standard deviations of this tool: a better judgement has a wider one.",
        column="sd",
        severity=WARNING,
        cause=t.text("bias_priors", "tool"),
    )
