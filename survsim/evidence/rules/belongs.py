"""Rules about cells that belong together: one of them alone, or beside what cannot be, says that a cell slipped.

A limit without the other, a landmark of nobody, a grade of a survival time: each cell is right in form, and only the
cells beside it tell that it is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from survsim.core.checks import BoolArray
from survsim.evidence.rules.rule import rule
from survsim.evidence.rules.tables import Tables
from survsim.evidence.schema.faults import WARNING, Fault

E, A = "estimates", "arms"
GRADED = ("toxicity", "utility")
DRUGS = ("chemo", "targeted", "immunotherapy")
NO_DRUGS = ("rt", "surgery", "none", "observation")
ADVANCED = ("advanced_or_recurrent", "recurrent", "palliative")
GIVEN = re.compile(r"\d\s*(?:mg|g/m|AUC)|AUC\s*\d", re.IGNORECASE)
OFF_SCALE = re.compile(
    r"(?:ECOG|WHO)\D{0,3}(?:[6-9]|\d\d)\b|(?:KPS|Karnofsky)\D{0,12}(?:1[1-9]\d|10[1-9]|[2-9]\d\d)\b|\bR[3-9]\b",
    re.IGNORECASE,
)
"""Marks that their scale does not have: performance beyond 5, Karnofsky beyond 100, resection beyond R2."""


@rule("limit_alone", estimates=("conf_low", "conf_low_note", "conf_high", "conf_high_note", "conf_note"))
def limit_alone(t: Tables) -> Iterator[Fault]:
    """A limit has the other beside it, or a note says why that is not there."""
    low, high = (_filled(t, E, c) for c in ("conf_low", "conf_high"))
    noted = _filled(t, E, "conf_low_note") | _filled(t, E, "conf_high_note") | _filled(t, E, "conf_note")
    for column, wrong in (("conf_low", high & ~low), ("conf_high", low & ~high)):
        yield from t.where(
            "limit_alone",
            E,
            wrong & ~noted,
            f"Look the other limit up in the source, or say in {column}_note why there is none (one_sided, cut_off, "
            "not_reached).",
            column=column,
            severity=WARNING,
        )


@rule("randomised_of_no_trial", estimates=("study_id", "analysis_set"), studies=("study_id", "randomised"))
def randomised_of_no_trial(t: Tables) -> Iterator[Fault]:
    """Only a randomised study has a set of all who were randomised; of a study that has no row another rule tells."""
    undrawn = set(t.text("studies", "study_id")[t.text("studies", "randomised") != "yes"])
    wrong = (t.text(E, "analysis_set") == "randomised") & t.text(E, "study_id").isin(undrawn)
    yield from t.where(
        "randomised_of_no_trial",
        E,
        wrong.to_numpy(),
        "Say whose data are in it: nobody was randomised in this study (or its column randomised is wrong).",
        column="analysis_set",
        cause=lambda: t.text(E, "study_id"),
    )


@rule("candidate_in_model", estimates=("adjusted_codes", "candidate_codes"))
def candidate_in_model(t: Tables) -> Iterator[Fault]:
    """What stayed in a model is in `adjusted_codes`; candidates are those that did not stay."""
    final, tried = t.text(E, "adjusted_codes").to_numpy(), t.text(E, "candidate_codes").to_numpy()
    wrong = np.zeros(len(final), bool)
    for row in np.flatnonzero((tried != "") & (final != "")):
        wrong[row] = bool(set(final[row].split("; ")) & set(tried[row].split("; ")) - {"not_named"})
    yield from t.where(
        "candidate_in_model",
        E,
        wrong,
        "Take the covariates that stayed in the model out of candidate_codes, or correct adjusted_codes.",
        column="candidate_codes",
        severity=WARNING,
    )


@rule("word_of_another_endpoint", estimates=("endpoint", "grade", "instrument"))
def word_of_another_endpoint(t: Tables) -> Iterator[Fault]:
    """Toxicity has a grade and utilities an instrument; no other endpoint has either."""
    endpoint = t.text(E, "endpoint")
    for column, of in (("grade", GRADED), ("instrument", ("utility",))):
        yield from t.where(
            "word_of_another_endpoint",
            E,
            _filled(t, E, column) & ~endpoint.isin(of).to_numpy(),
            f"Empty {column}, or correct the endpoint: only {' and '.join(of)} has one.",
            column=column,
            severity=WARNING,
        )


@rule("contrast_of_nobody", estimates=("contrast", "comparator"))
def contrast_of_nobody(t: Tables) -> Iterator[Fault]:
    """What two groups differ in needs a second group."""
    yield from t.where(
        "contrast_of_nobody",
        E,
        _filled(t, E, "contrast") & ~_filled(t, E, "comparator"),
        "Name the comparator, or empty contrast.",
        column="contrast",
        severity=WARNING,
    )


@rule("compared_by_nobody", estimates=("status", "extractor", "checked_by"))
def compared_by_nobody(t: Tables) -> Iterator[Fault]:
    """A number is checked where another reading than the one that typed it compared it, and only there."""
    status, by = t.text(E, "status"), t.text(E, "checked_by")
    known = ~t.text(E, "extractor").isin(["", "not_stated"]).to_numpy()
    alone = ((status == "checked") & (by == "")).to_numpy() & known
    itself = ((by != "") & (by == t.text(E, "extractor"))).to_numpy()
    too_much = ((status == "unchecked") & (by != "")).to_numpy()
    for wrong, remedy in (
        (alone, "Name the reading that compared it in checked_by, or write unchecked."),
        (itself & ~too_much, "Name another reading than the one that typed it, or write unchecked and empty checked_by."),
        (too_much, "Write checked, or empty checked_by."),
    ):  # fmt: skip
        yield from t.where(
            "compared_by_nobody", E, wrong, remedy, column="checked_by", severity=WARNING,
            cause=lambda: t.text(E, "study_id"),
        )  # fmt: skip


@rule("treatment_against_regimen", arms=("treatment", "regimen"))
def treatment_against_regimen(t: Tables) -> Iterator[Fault]:
    """A group that was given a dose of a drug is not called one without drugs."""
    dosed = t.matches(A, "regimen", lambda c: GIVEN.search(c) is not None)
    yield from t.where(
        "treatment_against_regimen",
        A,
        dosed & t.text(A, "treatment").isin(NO_DRUGS).to_numpy(),
        "Check treatment and regimen: the regimen names a dose of a drug.",
        column="treatment",
        severity=WARNING,
    )


@rule("line_against_treatment", arms=("treatment", "setting", "line"))
def line_against_treatment(t: Tables) -> Iterator[Fault]:
    """Drugs for advanced or recurrent disease have a line, told or not."""
    wrong = (
        t.text(A, "treatment").isin(DRUGS)
        & t.text(A, "setting").isin(ADVANCED)
        & (t.text(A, "line") == "not_applicable")
    )
    yield from t.where(
        "line_against_treatment",
        A,
        wrong.to_numpy(),
        "Write the line, or not_reported; not_applicable is for groups without drugs or with drugs beside surgery.",
        column="line",
        severity=WARNING,
    )


@rule("off_scale", arms=("performance_status", "residual_disease"))
def off_scale(t: Tables) -> Iterator[Fault]:
    """Marks of performance and of residual disease are ones that their scale has."""
    for column in ("performance_status", "residual_disease"):
        yield from t.where(
            "off_scale",
            A,
            t.matches(A, column, lambda c: OFF_SCALE.search(c) is not None),
            "Check it in the source: ECOG ends at 5, Karnofsky at 100, resection at R2.",
            column=column,
            severity=WARNING,
        )


@rule(
    "histology_of_no_group", studies=("study_id", "histology"), arms=("study_id", "declared_as", "histology")
)
def histology_of_no_group(t: Tables) -> Iterator[Fault]:
    """A study whose groups all have the disease has it too, and one that has it has a group with it."""
    arms = t.frames[A][t.text(A, "declared_as") == "arm"]
    disease = (arms["histology"] == "carcinosarcoma").groupby(arms["study_id"]).agg(["all", "any"])
    ids, own = t.text("studies", "study_id"), t.text("studies", "histology") == "carcinosarcoma"
    every, some = (ids.map(disease[c]) for c in ("all", "any"))
    wrong = (~own & every.eq(True)) | (own & some.eq(False))
    yield from t.where(
        "histology_of_no_group",
        "studies",
        wrong.to_numpy(),
        "Check the histology here and in arms: the groups of the study have another.",
        column="histology",
        severity=WARNING,
    )


@rule("same_title", studies=("title",))
def same_title(t: Tables) -> Iterator[Fault]:
    """Two publications do not have one title."""
    cells = t.text("studies", "title").str.lower()
    wrong = (cells != "") & ~cells.isin(["not_stated", "title not shown"]) & cells.duplicated(keep=False)
    yield from t.where(
        "same_title",
        "studies",
        wrong.to_numpy(),
        "Look both up: one has the title of the other, or they are one publication (declared/aliases.csv).",
        column="title",
        severity=WARNING,
        cause=cells,
    )


@rule(
    "followup_beyond_study",
    studies=("study_id", "year", "period_start", "median_followup_months", "max_followup_months"),
)
def followup_beyond_study(t: Tables) -> Iterator[Fault]:
    """The median follow-up is within the longest, and none is longer than from the first inclusion to the paper."""
    median, longest = (t.number("studies", f"{c}_followup_months") for c in ("median", "max"))
    months = 12.0 * (t.number("studies", "year") - t.number("studies", "period_start") + 2)
    yield from t.where(
        "followup_beyond_study",
        "studies",
        median > longest,
        "Exchange them, or check both in the source: the median is longer than the longest.",
        column="median_followup_months",
    )
    for column, cells in (("median_followup_months", median), ("max_followup_months", longest)):
        yield from t.where(
            "followup_beyond_study",
            "studies",
            (cells > months) & ~(median > longest),
            "Check the unit (months) and the years of the study: nobody was followed for so long.",
            column=column,
            severity=WARNING,
        )


@rule("place_outside", cases=("cns_site",), studies=("site_group",))
def place_outside(t: Tables) -> Iterator[Fault]:
    """The place of a case in the nervous system is none of the sites where a primary tumour is counted."""
    primaries = set(t.text("studies", "site_group")) - {"brain", "spine", ""}
    yield from t.where(
        "place_outside",
        "cases",
        t.text("cases", "cns_site").isin(primaries).to_numpy(),
        "Write where in the nervous system or its coverings it was; the primary has a column of its own.",
        column="cns_site",
        severity=WARNING,
    )


def _filled(t: Tables, table: str, column: str) -> BoolArray:
    return np.asarray(t.text(table, column) != "", bool)
