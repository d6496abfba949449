"""How much of what a pooling decision needs is filled in, field by field, and what to read for the rest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from survsim.core.checks import BoolArray
from survsim.evidence.schema.pooling import NOT_APPLICABLE, UNKNOWN
from survsim.evidence.schema.table import RATIOS

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("table", "field", "rows", "filled", "missing", "share", "to_do")


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field whose absence limits what may be pooled: where it applies, when it says something, what to do."""

    table: str
    name: str
    to_do: str
    applies: Callable[[pd.DataFrame], pd.Series] | None = None
    says: Callable[[pd.DataFrame], pd.Series] | None = None


def _word(name: str) -> Callable[[pd.DataFrame], pd.Series]:
    return lambda f: ~f[name].isin(UNKNOWN)


def _applicable(name: str) -> Callable[[pd.DataFrame], pd.Series]:
    return lambda f: f[name] != NOT_APPLICABLE


def _compared(f: pd.DataFrame) -> pd.Series:
    return f["comparator"] != ""


FIELDS = (
    Field(
        table="estimates",
        name="origin",
        to_do="read in the methods from when survival counts",
        applies=_applicable("origin_basis"),
    ),
    Field(
        table="estimates",
        name="estimator",
        to_do="read in the methods how it was estimated",
        applies=_applicable("estimator"),
    ),
    Field(
        table="estimates",
        name="analysis_set",
        to_do="read in the flow of patients whose data are in it",
        applies=_applicable("analysis_set"),
    ),
    Field(
        table="estimates",
        name="unit_of_analysis",
        to_do="read whether patients, lesions or courses were counted",
        applies=_applicable("unit_of_analysis"),
    ),
    Field(
        table="estimates",
        name="n_arm",
        to_do="read the size of the group",
        says=lambda f: f["n_arm"].notna(),
    ),
    Field(
        table="estimates",
        name="interval",
        to_do="read both limits and their level in the table of results",
        applies=lambda f: f["measure"].isin([*RATIOS, "survival_probability", "median"]),
        says=lambda f: f[["conf_low", "conf_high", "conf_level"]].notna().all(axis=1),
    ),
    Field(
        table="estimates",
        name="p_scope",
        to_do="read which groups the p value compares",
        applies=lambda f: f["p_value"].notna(),
    ),
    Field(
        table="estimates",
        name="comparator",
        to_do="read the reference group",
        applies=lambda f: f["measure"].isin(RATIOS),
        says=_compared,
    ),
    Field(
        table="estimates",
        name="adjusted_codes",
        to_do="read the covariates of the final model, and those that were tried",
        applies=lambda f: f["adjusted_codes"] != "",
        says=lambda f: f["adjusted_codes"] != "not_named",
    ),
    Field(
        table="estimates",
        name="exposure_timing",
        to_do="read when the groups became known, and whether a landmark was used",
        applies=lambda f: _compared(f) & (f["exposure_timing"] != NOT_APPLICABLE),
    ),
    Field(
        table="estimates",
        name="instrument",
        to_do="read the questionnaire and its value set",
        applies=lambda f: f["measure"].str.startswith("utility"),
    ),
    Field(
        table="estimates",
        name="checked_by",
        to_do="compare the number with its source a second time",
    ),
    Field(
        table="estimates",
        name="extracted_on",
        to_do="write the day on which the number is read again",
    ),
    Field(
        table="estimates",
        name="origin_set_by",
        to_do="name the reading that looked for the origin",
        applies=_applicable("origin_source"),
    ),
    Field(
        table="arms",
        name="setting",
        to_do="read who was included, and when in the disease",
        applies=_applicable("setting"),
    ),
    Field(
        table="arms",
        name="line",
        to_do="read the earlier systemic treatment",
        applies=_applicable("line"),
    ),
    Field(table="arms", name="performance_status", to_do="read it in the table of patients"),
    Field(table="arms", name="stage_mix", to_do="read it in the table of patients"),
    Field(table="arms", name="residual_disease", to_do="read it in the table of patients"),
    Field(
        table="arms",
        name="followup_months",
        to_do="read the follow-up of each group",
        says=lambda f: f["followup_months"].notna(),
    ),
    Field(table="studies", name="first_author", to_do="find the publication by its title"),
    Field(
        table="studies",
        name="year",
        to_do="find the publication by its title",
        says=lambda f: f["year"].notna(),
    ),
    Field(
        table="studies",
        name="identifier",
        to_do="find the publication by its title",
        says=lambda f: (f[["doi", "pmid", "nct", "url"]] != "").any(axis=1),
    ),
    Field(
        table="studies",
        name="median_followup_months",
        to_do="read the follow-up in the results",
        says=lambda f: f["median_followup_months"].notna(),
    ),
    Field(table="studies", name="followup_method", to_do="read whose follow-up the median is of"),
)


def completeness(table: Callable[[str], pd.DataFrame], *, population: str | None = None) -> pd.DataFrame:
    """Rows to which each field applies, how many say something, and what to read for the others.

    A word such as ``not_reported`` says that somebody looked and the text at hand is silent: it counts as missing.

    Parameters
    ----------
    table : gives a typed table by its name, as `EvidenceStore.table` does.
    population : only rows, groups and studies of this population (``"index"`` ...); default all.

    Returns
    -------
    DataFrame : table, field, rows, filled, missing, share (filled of rows), to_do.

    Example
    -------
    >>> import survsim
    >>> survsim.load_evidence().completeness(population="index")["field"].iloc[0]
    'origin'
    """
    import pandas as pd

    rows = []
    for field in FIELDS:
        frame = table(field.table)
        if population is not None:
            frame = frame[frame["population"] == population]
        used = frame[field.applies(frame)] if field.applies else frame
        said: BoolArray = np.asarray((field.says or _word(field.name))(used), bool)
        n, filled = len(used), int(said.sum())
        share = filled / n if n else np.nan
        rows.append((field.table, field.name, n, filled, n - filled, share, field.to_do))
    return pd.DataFrame(rows, columns=list(COLUMNS))
