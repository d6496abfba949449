"""Rules about what a row says twice: a number against its group, a group against its study, a cell against its correction."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from survsim.evidence.rules.rule import rule
from survsim.evidence.rules.tables import Tables
from survsim.evidence.schema.faults import WARNING, Fault
from survsim.evidence.schema.grade import evidence_grade
from survsim.evidence.schema.pooling import NOT_APPLICABLE, NOT_REPORTED

E = "estimates"
ARM = ("study_id", "arm_id")
ORIGIN_OF_WORDS = {
    "randomis": ("randomisation",),
    "surgery": ("surgery",),
    "re-irradiation": ("reirradiation",),
    "treatment": ("treatment",),
    "chemotherapy": ("chemotherapy",),
    "radiotherapy": ("radiotherapy",),
    "gks": ("radiosurgery",),
    "gkrs": ("radiosurgery",),
    "diagnosis": ("diagnosis",),
    "injury": ("injury",),
    "admission": ("admission",),
    "study entry": ("study_entry", "randomisation"),
    "presentation": ("presentation",),
}
"""Words of what an origin was read from -> what the origin then holds."""


SIZED = ("n_arm", "n_event", "analysis_set", "unit_of_analysis")
SAYS_NOTHING = ("", NOT_REPORTED, NOT_APPLICABLE)


@rule(
    "differs_from_group",
    estimates=(*ARM, *SIZED, "histology", "population", "arm_label"),
    arms=(*ARM, "n_arm", "histology", "population", "label"),
)
def differs_from_group(t: Tables) -> Iterator[Fault]:
    """A number has the size, histology and population of its group, and not the name of another one.

    Where the group states no size, its numbers are of several, and nothing is compared. A number of some of the group
    is right where its analysis set says which of them.
    """
    asked = t.names(E, ARM)
    place = dict(zip(t.names("arms", ARM), range(len(t.frames["arms"]))))
    at = asked.map(place).fillna(-1).to_numpy().astype(int)
    there = at >= 0
    cause = lambda: asked.str.replace("\x1f", "/")  # noqa: E731
    for column, remedy in (
        (
            "n_arm",
            "Check the size in both tables; fewer than the group need the analysis set that says which of them.",
        ),
        ("histology", "Give the number the histology of its group, or the group that of its numbers."),
        ("population", "Give the number the population of its group, or the group that of its numbers."),
    ):
        own = t.text(E, column).to_numpy()
        group = t.text("arms", column).to_numpy()[at] if len(t.frames["arms"]) else own
        wrong = there & (own != group)
        wrong[wrong] = (own[wrong] != "") & (group[wrong] != "")
        if column == "n_arm":
            wrong &= ~_part_that_is_named(t, own, group, wrong)
        yield from t.where(
            "differs_from_group", E, wrong, remedy, column=column, severity=WARNING, cause=cause
        )
    yield from t.where(
        "differs_from_group",
        E,
        _of_another_group(t, at),
        "Its label is that of another group of the study: correct arm_id, or the label.",
        column="arm_id",
        severity=WARNING,
        cause=cause,
    )


def _part_that_is_named(t: Tables, own: np.ndarray, group: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Rows of another size than their group for a reason that the row tells.

    Fewer patients, with an analysis set that says who they are; a group that is those who had the event; another unit.
    """
    chosen, unit, events = (t.text(E, c).to_numpy() for c in ("analysis_set", "unit_of_analysis", "n_event"))
    fine = ~np.isin(unit, ["patient", *SAYS_NOTHING]) | (events == group)
    for row in np.flatnonzero(asked & ~fine):
        if own[row].isdigit() and group[row].isdigit():
            fine[row] = int(own[row]) < int(group[row]) and chosen[row] not in SAYS_NOTHING
    return fine


def _of_another_group(t: Tables, at: np.ndarray) -> np.ndarray:
    """Rows whose label is that of another group of their study, and not that of their own."""
    wrong = np.zeros(len(at), bool)
    if not len(t.frames["arms"]):
        return wrong
    labels = t.text("arms", "label").to_numpy()
    owners: dict[tuple[str, str], set[str]] = {}
    for study, arm, label in zip(*(t.text("arms", c) for c in (*ARM, "label"))):
        owners.setdefault((study, label), set()).add(arm)
    own = t.text(E, "arm_label").to_numpy()
    study, arm = (t.text(E, c).to_numpy() for c in ARM)
    for row in np.flatnonzero((at >= 0) & (own != labels[at])):
        others = owners.get((study[row], own[row]), ())
        wrong[row] = bool(others) and arm[row] not in others
    return wrong


@rule("size_of_nobody", arms=(*ARM, "n_arm", "declared_as"), estimates=(*ARM, "n_arm"))
def size_of_nobody(t: Tables) -> Iterator[Fault]:
    """The size of a group stands beside one of its numbers."""
    numbers = t.names(E, ARM)
    names = t.names("arms", ARM)
    told = names.isin(numbers[(t.text(E, "n_arm") != "").to_numpy()])
    wrong = (t.text("arms", "n_arm") != "") & names.isin(numbers) & ~told
    yield from t.where(
        "size_of_nobody",
        "arms",
        wrong.to_numpy(),
        "Write the size beside its numbers, or empty it here.",
        column="n_arm",
        severity=WARNING,
    )


@rule("declared_otherwise", arms=(*ARM, "declared_as"), estimates=ARM)
def declared_otherwise(t: Tables) -> Iterator[Fault]:
    """A group with numbers of its own is an arm, one without is a label."""
    has = t.names("arms", ARM).isin(set(t.names(E, ARM))).to_numpy()
    arm, label = ((t.text("arms", "declared_as") == w).to_numpy() for w in ("arm", "label"))
    yield from t.where(
        "declared_otherwise",
        "arms",
        (has & label) | (~has & arm),
        "Write arm where the group has numbers of its own, else label.",
        column="declared_as",
        severity=WARNING,
    )


@rule("site_in_two_groups", studies=("site", "site_group"), arms=("site", "site_group"))
def site_in_two_groups(t: Tables) -> Iterator[Fault]:
    """A site belongs to one broad group, in all studies and groups."""
    counts: dict[str, dict[str, int]] = {}
    for table in ("studies", "arms"):
        for site, group in zip(t.text(table, "site"), t.text(table, "site_group")):
            of_site = counts.setdefault(site, {})
            of_site[group] = of_site.get(group, 0) + 1
    usual = {site: max(of, key=lambda g: of[g]) for site, of in counts.items()}
    for table in ("studies", "arms"):
        expected = t.text(table, "site").map(usual)
        yield from t.where(
            "site_in_two_groups",
            table,
            (t.text(table, "site_group") != expected).to_numpy(),
            "Check site and site_group: elsewhere this site is in another group.",
            column="site_group",
            severity=WARNING,
            cause=t.text(table, "site"),
        )


@rule("grade_of_another_study", studies=("design", "randomised", "directness", "read_what", "evidence_grade"))
def grade_of_another_study(t: Tables) -> Iterator[Fault]:
    """The grade follows from design, randomisation, directness and reading; where it does not, one of the five is wrong."""
    columns = [t.text("studies", c) for c in ("design", "randomised", "directness", "read_what")]
    wrong = np.array(
        [evidence_grade(*row) != grade for *row, grade in zip(*columns, t.text("studies", "evidence_grade"))],
        bool,
    )
    yield from t.where(
        "grade_of_another_study",
        "studies",
        wrong & (t.text("studies", "evidence_grade") != "").to_numpy(),
        "Check design, randomised, directness and read_what against the study; survsim data curate makes the grade of them.",
        column="evidence_grade",
        severity=WARNING,
    )  # fmt: skip


@rule("randomised_by_design", studies=("design", "randomised"))
def randomised_by_design(t: Tables) -> Iterator[Fault]:
    """A randomised trial is randomised; a registry, a cohort or a series is not."""
    design, said = t.text("studies", "design"), t.text("studies", "randomised")
    wrong = ((design == "rct") & (said == "no")) | (~design.isin(["rct", "meta_analysis"]) & (said == "yes"))
    yield from t.where(
        "randomised_by_design",
        "studies",
        wrong.to_numpy(),
        "Check in the methods whether chance made the groups, and the design.",
        column="randomised",
        severity=WARNING,
    )


@rule("directness_of_population", studies=("population", "directness"))
def directness_of_population(t: Tables) -> Iterator[Fault]:
    """The disease under study is the same disease, and a surrogate or a control is another."""
    population, directness = t.text("studies", "population"), t.text("studies", "directness")
    same = directness.str.startswith("same_disease")
    wrong = ((population == "index") & ~same) | (population.isin(["surrogate", "control"]) & same)
    yield from t.where(
        "directness_of_population",
        "studies",
        wrong.to_numpy(),
        "Check population and directness: only the disease under study is the same disease.",
        column="directness",
        severity=WARNING,
    )


@rule("origin_against_basis", estimates=("origin", "origin_basis", "origin_source", "study_id"), studies=("study_id", "randomised"))  # fmt: skip
def origin_against_basis(t: Tables) -> Iterator[Fault]:
    """An origin is the one its basis names; a registry counts from diagnosis; only trials from randomisation."""
    origin = t.text(E, "origin").to_numpy()
    basis = t.text(E, "origin_basis").to_numpy()
    stated = (t.text(E, "origin_source") == "text_read").to_numpy() & (origin != "not_stated")
    wrong = np.zeros(origin.size, bool)
    for row in np.flatnonzero(stated):
        if basis[row].startswith("printed: ") and origin[row] not in ("not_stated", ""):
            words = [p for w, p in ORIGIN_OF_WORDS.items() if w in basis[row].lower()]
            wrong[row] = bool(words) and not any(part in origin[row] for p in words for part in p)
    wrong |= (t.text(E, "origin_source") == "registry_definition").to_numpy() & (origin != "diagnosis")
    chance = dict(zip(t.text("studies", "study_id"), t.text("studies", "randomised")))
    by_chance = np.array([chance.get(study, "yes") for study in t.text(E, "study_id")], dtype=object)
    wrong |= (origin == "randomisation") & (by_chance == "no")
    wrong &= origin != "not_stated"  # another rule says that an origin with a basis is there
    yield from t.where(
        "origin_against_basis",
        E,
        wrong,
        "Check the origin: what it was read from names another one, or the study cannot count from it.",
        column="origin",
        severity=WARNING,
    )


@rule("correction_not_there", corrections=("table", "row_id", "column", "became"))
def correction_not_there(t: Tables) -> Iterator[Fault]:
    """A corrected cell holds what the correction says it became."""
    wrong = np.zeros(len(t.frames["corrections"]), bool)
    shown: dict[int, str] = {}
    for table in t.text("corrections", "table").unique():
        if table not in t.frames:
            continue
        frame = t.frames[table]
        place = {name: i for i, name in enumerate(t.row_names(table, np.arange(len(frame))))}
        of_table = np.flatnonzero((t.text("corrections", "table") == table).to_numpy())
        rows = t.frames["corrections"].iloc[of_table]
        for at, row_id, column, became in zip(of_table, rows["row_id"], rows["column"], rows["became"]):
            if row_id in place and column in frame.columns:
                now = frame[column].iat[place[row_id]]
                wrong[at] = now != became
                shown[int(at)] = f"{became} here, {now} in {table}"
    yield from t.where(
        "correction_not_there",
        "corrections",
        wrong,
        "Check which of the two is right; the cell and its correction differ.",
        column="became",
        severity=WARNING,
        shown=[shown[int(i)] for i in np.flatnonzero(wrong)],
    )


@rule("correction_of_no_column", corrections=("table", "column"), flags=("table", "column"))
def correction_of_no_column(t: Tables) -> Iterator[Fault]:
    """Corrections and flags name columns of their table."""
    for name in ("corrections", "flags"):
        pairs = zip(t.text(name, "table"), t.text(name, "column"))
        wrong = np.array([f in t.frames and c != "" and c not in t.frames[f].columns for f, c in pairs], bool)
        yield from t.where(
            "correction_of_no_column",
            name,
            wrong,
            "Correct the name of the column.",
            column="column",
            severity=WARNING,
        )
