"""The schema: every table and column of the evidence, written once.

`data/datapackage.json` and the dictionary in `data/README.md` are generated from here, the validator reads
its presence, kind and vocabulary rules from here, and the store types its columns from here.
"""

from __future__ import annotations

from dataclasses import dataclass

KINDS = ("text", "number", "integer", "year", "date")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column: `kind` of its cells, whether a cell may be empty, and the words it may hold."""

    name: str
    kind: str
    description: str
    required: bool = False
    allowed: tuple[str, ...] = ()
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignKey:
    """`columns` of this table name a row of `table` by its `references`."""

    columns: tuple[str, ...]
    table: str
    references: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table: its columns in order, the columns that name a row, and what they point at."""

    name: str
    title: str
    description: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    foreign_keys: tuple[ForeignKey, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in order."""
        return tuple(c.name for c in self.columns)

    def column(self, name: str) -> Column:
        """The column called `name`."""
        return next(c for c in self.columns if c.name == name)


def text(name: str, description: str, *, required: bool = False, allowed: tuple[str, ...] = ()) -> Column:
    """A text column, optionally with a closed vocabulary."""
    return Column(name=name, kind="text", description=description, required=required, allowed=allowed)


def number(name: str, description: str, *, unit: str = "", required: bool = False) -> Column:
    """A column of decimal numbers."""
    return Column(name=name, kind="number", description=description, unit=unit, required=required)


def integer(name: str, description: str, *, unit: str = "", required: bool = False) -> Column:
    """A column of whole numbers."""
    return Column(name=name, kind="integer", description=description, unit=unit, required=required)


def year(name: str, description: str) -> Column:
    """A column of calendar years."""
    return Column(name=name, kind="year", description=description)


def date(name: str, description: str) -> Column:
    """A column of ISO dates."""
    return Column(name=name, kind="date", description=description)


YES_NO = ("yes", "no")
TIME_UNITS = ("days", "weeks", "months", "years")
POPULATIONS = ("index", "mixed", "control", "surrogate")
DIRECTNESS = ("spinal_canal", "central_nervous_system", "same_disease", "same_site", "indirect")
DESIGNS = (
    "rct",
    "phase2_single_arm",
    "registry",
    "retrospective_cohort",
    "case_series",
    "meta_analysis",
    "prospective_cohort",
    "cross_sectional",
    "vignette_valuation",
)
MEASURES = (
    "median",
    "mean",
    "survival_probability",
    "proportion",
    "event_count",
    "person_time",
    "rate",
    "rmst",
    "hazard_ratio",
    "odds_ratio",
    "risk_ratio",
    "parameter",
    "utility",
    "utility_decrement",
    "utility_gain",
    "utility_change",
)
RATIOS = ("hazard_ratio", "odds_ratio", "risk_ratio")
FRACTIONS = ("survival_probability", "proportion")
ROUTES = ("reported", "read_from_text", "digitised", "derived")
STATUSES = ("checked", "unchecked", "questioned")
READ_WHAT = (
    "full_text",
    "abstract_and_table",
    "abstract",
    "registry_results",
    "review_table",
    "trial_summary",
    "news_report",
    "secondary_citation",
    "abstract_and_news",
    "meeting_abstract",
    "table",
)
CONTRASTS = ("treatment", "prognostic", "histology", "site", "race")
ADJUSTMENTS = (
    "unadjusted",
    "univariate",
    "adjusted",
    "multivariable",
    "stratified",
    "propensity_matched",
    "weighted",
    "matched",
    "pooled",
    "subgroup",
    "not_stated",
)
