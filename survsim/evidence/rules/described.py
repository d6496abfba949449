"""Rules about the fields that decide pooling: origin, estimator, covariates, exposure, readings, papers of a study."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from survsim.evidence.rules.rule import rule
from survsim.evidence.rules.tables import Tables
from survsim.evidence.schema.faults import WARNING, Fault
from survsim.evidence.schema.pooling import COVARIATES, ORIGIN_UNTOLD
from survsim.evidence.schema.table import RATIOS

E = "estimates"
NO_ORIGIN = ("not_stated", "")
NO_BASIS = ("not_in_text_read", "not_applicable", "")
ORIGINS_IN_WORDS = {
    "randomis": ("randomisation",),
    "diagnosis": ("diagnosis",),
    "surgery": ("surgery",),
    "operation": ("surgery",),
    "gamma knife": ("radiosurgery", "radiotherapy"),
    "gkrs": ("radiosurgery",),
    "gks": ("radiosurgery",),
    "srs": ("radiosurgery",),
    "radiosurgery": ("radiosurgery",),
    "re-irradiation": ("reirradiation",),
    "brain metasta": ("brain_metastasis",),
    "brain-metasta": ("brain_metastasis",),
    "first failure": ("first_failure",),
    "progression": ("progression",),
    "start of treatment": ("treatment",),
    "rt start": ("radiotherapy",),
}
"""Words after `from` in a note or label that name an origin, and what the origin then holds."""
FROM = re.compile(
    r"(?<!freedom )\bfrom (?:the )?(?:time of |date of |initial |first |start of )?"
    rf"({'|'.join(map(re.escape, ORIGINS_IN_WORDS))})",
    re.IGNORECASE,
)
UNKNOWN_P = ("", "not_reported", "two_groups")


@rule("origin_and_basis", estimates=("origin", "origin_basis", "origin_source"))
def origin_and_basis(t: Tables) -> Iterator[Fault]:
    """A time origin says what it was read from and on what kind of text it rests, and both belong to an origin."""
    none = t.text(E, "origin").isin(NO_ORIGIN).to_numpy()
    bare = t.text(E, "origin_basis").isin(NO_BASIS).to_numpy()
    untold = t.text(E, "origin_source").isin(ORIGIN_UNTOLD).to_numpy()
    yield from t.where(
        "origin_and_basis",
        E,
        (none != bare) | (none != untold),
        "Give the origin, what it was read from and origin_source; or not_stated, not_in_text_read and what is silent.",
        column="origin",
    )


@rule(
    "origin_in_words",
    estimates=("origin", "note", "arm_label", "endpoint", "measure"),
    endpoints=("endpoint", "kind"),
)
def origin_in_words(t: Tables) -> Iterator[Fault]:
    """A note or label that names a time origin agrees with the origin of the row."""
    kinds = dict(zip(t.text("endpoints", "endpoint"), t.text("endpoints", "kind")))
    counted = t.text(E, "measure").isin(["proportion", "event_count", "parameter"])
    timed = ((t.text(E, "endpoint").map(kinds) == "time_to_event") & ~counted).to_numpy()
    wrong = np.zeros(timed.size, bool)
    origin = t.text(E, "origin").to_numpy()
    for column in ("note", "arm_label"):
        named = t.matches(E, column, lambda c: FROM.search(c) is not None and "not printed" not in c)
        cells = t.text(E, column).to_numpy()
        for row in np.flatnonzero(timed & named & ~wrong):
            words = [w.lower() for w in FROM.findall(cells[row])]
            wrong[row] = not any(part in origin[row] for w in words for part in ORIGINS_IN_WORDS[w])
    yield from t.where(
        "origin_in_words",
        E,
        wrong,
        "Its note or label names another time origin, or one where the row has none; write it into origin.",
        column="origin",
        severity=WARNING,
    )


@rule("crude_as_survival", estimates=("measure", "estimator"))
def crude_as_survival(t: Tables) -> Iterator[Fault]:
    """A crude share is a proportion, never a survival probability: it knows nothing of censoring."""
    crude = (t.text(E, "estimator") == "crude").to_numpy()
    yield from t.where(
        "crude_as_survival",
        E,
        crude & (t.text(E, "measure") == "survival_probability").to_numpy(),
        "Write proportion as the measure and what it counts in event_detail, or correct the estimator.",
        column="measure",
    )


@rule("p_without_comparator", estimates=("p_value", "comparator", "p_scope", "measure"))
def p_without_comparator(t: Tables) -> Iterator[Fault]:
    """A p value says what it compares; of a ratio that has no comparator another rule says so."""
    unsaid = t.text(E, "p_scope").isin(UNKNOWN_P) & (t.text(E, "comparator") == "")
    unsaid &= ~t.text(E, "measure").isin(RATIOS)
    yield from t.where(
        "p_without_comparator",
        E,
        ((t.text(E, "p_value") != "") & unsaid).to_numpy(),
        "Name the comparator, or say in p_scope what else it tests (across_levels, trend, model_term ...).",
        column="p_value",
        severity=WARNING,
    )


@rule("scope_without_p", estimates=("p_value", "p_note", "p_scope"))
def scope_without_p(t: Tables) -> Iterator[Fault]:
    """What a p value tests needs a p value."""
    bare = (t.text(E, "p_value") == "") & (t.text(E, "p_note") == "")
    yield from t.where(
        "scope_without_p",
        E,
        ((t.text(E, "p_scope") != "") & bare).to_numpy(),
        "Type the p value or empty p_scope.",
        column="p_scope",
    )


@rule("covariate_code", estimates=("adjusted_codes", "candidate_codes"))
def covariate_code(t: Tables) -> Iterator[Fault]:
    """Covariates in codes use the declared words, each once, joined by a semicolon and a space."""
    for column in ("adjusted_codes", "candidate_codes"):
        wrong = t.matches(E, column, _not_codes)
        yield from t.where(
            "covariate_code",
            E,
            wrong,
            f"Use words of this list, joined by '; ': {', '.join(COVARIATES)}.",
            column=column,
        )


@rule("landmark_without_month", estimates=("exposure_timing", "landmark_months"))
def landmark_without_month(t: Tables) -> Iterator[Fault]:
    """A landmark in months belongs to an exposure known at a landmark."""
    wrong = (
        ~np.isnan(t.number(E, "landmark_months")) & (t.text(E, "exposure_timing") != "landmark").to_numpy()
    )
    yield from t.where(
        "landmark_without_month", E, wrong, "Write landmark as exposure_timing, or empty the month.",
        column="landmark_months",
    )  # fmt: skip


@rule("utility_without_instrument", estimates=("measure", "instrument"))
def utility_without_instrument(t: Tables) -> Iterator[Fault]:
    """A utility names its questionnaire or method: values of two methods differ by a quarter of the scale."""
    utility = t.text(E, "measure").str.startswith("utility").to_numpy()
    yield from t.where(
        "utility_without_instrument",
        E,
        utility & (t.text(E, "instrument") == "").to_numpy(),
        "Name the instrument (eq_5d_5l, time_trade_off ...), or write not_reported.",
        column="instrument",
        severity=WARNING,
    )


@rule("followup_kind_missing", arms=("followup_months", "followup_kind"))
def followup_kind_missing(t: Tables) -> Iterator[Fault]:
    """A follow-up of a group says whether it is a median, a mean or a limit."""
    given = ~np.isnan(t.number("arms", "followup_months"))
    wrong = given != (t.text("arms", "followup_kind") != "").to_numpy()
    yield from t.where(
        "followup_kind_missing", "arms", wrong, "Give both the months and their kind.", column="followup_kind"
    )


@rule("papers_of_one_study", studies=("study_id", "cohort", "nct"), overlaps=("cluster_id", "study_id"))
def papers_of_one_study(t: Tables) -> Iterator[Fault]:
    """Papers of one trial or cohort share a cluster of overlaps, so that no selection counts its patients twice."""
    clusters: dict[str, set[str]] = {}
    for cluster, study in zip(t.text("overlaps", "cluster_id"), t.text("overlaps", "study_id")):
        clusters.setdefault(study, set()).add(cluster)
    for column in ("cohort", "nct"):
        cells = t.text("studies", column)
        shared = (cells != "") & cells.duplicated(keep=False)
        frame = t.frames["studies"][shared.to_numpy()]
        apart = set()
        for _, papers in frame.groupby(column, sort=False)["study_id"]:
            common = set.intersection(*(clusters.get(s, set()) for s in papers))
            apart |= set() if common else set(papers.iloc[1:])
        yield from t.where(
            "papers_of_one_study",
            "studies",
            t.text("studies", "study_id").isin(apart).to_numpy(),
            "It is a further paper of a study that is there: give both one cohort and one cluster in declared/overlaps.csv.",
            column=column,
            cause=cells,
        )


def _not_codes(cell: str) -> bool:
    words = cell.split("; ") if cell else []
    return len(set(words)) != len(words) or not set(words) <= set(COVARIATES)
