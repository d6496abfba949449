"""Rules about times: a unit that slipped contradicts the follow-up, the years of the study, and other numbers of it.

Months typed as days, or years as months, leave a number that looks well in its own cell. What it contradicts is beside
it: how long anybody was followed, when the study began, the survival of the same group, the unit of its other times,
and what other studies of the same site saw.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from survsim.core.checks import BoolArray, FloatArray
from survsim.core.tables import counted
from survsim.core.units import DAYS_PER, DAYS_PER_MONTH
from survsim.evidence.rules.groups import joined
from survsim.evidence.rules.rule import rule
from survsim.evidence.rules.tables import Tables
from survsim.evidence.schema.faults import ERROR, WARNING, Fault

E = "estimates"
GROUP = ("study_id", "arm_id", "event_detail", "stage", "origin")
BEFORE_DEATH = ("progression_free_survival", "disease_free_survival", "time_to_progression")
FEWEST_PEERS = 5
"""Other studies of a site with a median of the endpoint, below which a study is compared with all sites together."""
BEYOND_PEERS = 2.0
"""Times beyond the extremes of the other studies of its site at which a median is pointed out."""
ODD_HORIZONS = (4.0, 5.0, 7.0, 8.0, 10.0)
"""Months at which nobody reports survival, and years at which everybody does."""
AT = "Check the unit of the value (days, weeks, months, years) and its digits in the source"


def months(t: Tables) -> FloatArray:
    """Values that are times, in months; NaN where the unit is none of time."""
    factor = t.text(E, "value_unit").map({u: d / DAYS_PER_MONTH for u, d in DAYS_PER.items()})
    return t.number(E, "value") * factor.to_numpy(float)


@rule(
    "median_beyond_followup",
    estimates=("study_id", "measure", "value", "value_unit"),
    studies=("study_id", "median_followup_months", "max_followup_months"),
)
def median_beyond_followup(t: Tables) -> Iterator[Fault]:
    """A median, in whatever unit, lies within the longest follow-up, and is pointed out beyond the median follow-up."""
    wanted = (t.text(E, "measure") == "median").to_numpy()
    at = months(t)
    study = t.text("studies", "study_id")
    for column, severity, remedy in (
        ("max_followup_months", ERROR, "A median beyond all follow-up cannot be seen; check both, and their units."),
        (
            "median_followup_months",
            WARNING,
            "Read the longest follow-up in the source and fill max_followup_months: a median beyond it cannot be seen; "
            "and check the unit.",
        ),
    ):  # fmt: skip
        limit = dict(zip(study, t.number("studies", column)))
        beyond = wanted & (at > t.text(E, "study_id").map(limit).to_numpy(float))
        yield from t.where(
            "median_beyond_followup", E, beyond, remedy, column="value", severity=severity,
            cause=lambda: t.text(E, "study_id"),
        )  # fmt: skip
        wanted = wanted & ~beyond


@rule(
    "time_beyond_study",
    estimates=("study_id", "measure", "value", "value_unit", "time"),
    studies=("study_id", "year", "period_start"),
)
def time_beyond_study(t: Tables) -> Iterator[Fault]:
    """No median and no horizon is longer than from the first inclusion to the year after the publication."""
    years = t.number("studies", "year") - t.number("studies", "period_start") + 2
    span = t.text(E, "study_id").map(dict(zip(t.text("studies", "study_id"), 12 * years))).to_numpy(float)
    for column, cells, of in (
        ("value", months(t), "median"),
        ("time", t.number(E, "time"), "survival_probability"),
    ):
        wrong = (cells > span) & (t.text(E, "measure") == of).to_numpy()
        yield from t.where(
            "time_beyond_study",
            E,
            wrong,
            "Check the unit and the years of the study: nobody was followed for so long.",
            column=column,
            severity=WARNING,
            cause=lambda: t.text(E, "study_id"),
        )  # fmt: skip


@rule(
    "unit_of_one_study",
    estimates=("study_id", "measure", "value", "value_unit"),
)
def unit_of_one_study(t: Tables) -> Iterator[Fault]:
    """The times of one study are in one unit: a paper that prints months does not print days beside them."""
    at = months(t)
    rows = np.flatnonzero(t.text(E, "measure").isin(["median", "rmst"]).to_numpy() & ~np.isnan(at))
    frame = pd.DataFrame(
        {
            "study": t.text(E, "study_id").to_numpy()[rows],
            "unit": t.text(E, "value_unit").to_numpy()[rows],
            "row": rows,
        }
    )
    mixed = frame[frame.groupby("study")["unit"].transform("nunique") > 1]
    wrong = np.zeros(len(at), bool)
    for _, group in mixed.groupby("study", sort=False):
        counts = counted(group["unit"])
        usual = "months" if counts.get("months", 0) == counts.max() else counts.index[0]
        wrong[group["row"][group["unit"] != usual]] = True
    yield from t.where(
        "unit_of_one_study",
        E,
        wrong,
        f"{AT}: the other times of its study are in another unit.",
        column="value_unit",
        severity=WARNING,
        cause=lambda: t.text(E, "study_id"),
    )


@rule("median_contradicts_survival", estimates=(*GROUP, "endpoint", "measure", "value", "value_unit", "time"))
def median_contradicts_survival(t: Tables) -> Iterator[Fault]:
    """Survival is above one half before the median of the same group and endpoint, and below it afterwards."""
    names = [*GROUP, "endpoint"]
    frame = t.frames[E][names].assign(
        at=months(t), share=t.number(E, "value"), time=t.number(E, "time"), row=np.arange(len(t.frames[E]))
    )
    medians = frame[(t.text(E, "measure") == "median").to_numpy() & frame["at"].notna()]
    shares = frame[(t.text(E, "measure") == "survival_probability").to_numpy() & frame["share"].between(0, 1)]
    pairs = medians[[*names, "at", "row"]].merge(
        shares[[*names, "share", "time", "row"]], on=names, suffixes=("", "_at")
    )
    apart = ((pairs["share"] > 0.5) & (pairs["time"] > pairs["at"])) | (
        (pairs["share"] < 0.5) & (pairs["time"] < pairs["at"])
    )
    wrong = np.zeros(len(frame), bool)
    wrong[pairs.loc[apart, ["row", "row_at"]].to_numpy().ravel()] = True
    yield from t.where(
        "median_contradicts_survival",
        E,
        wrong,
        f"{AT}, and the horizon: survival of the same group lies on the other side of one half.",
        column="value",
        severity=WARNING,
        cause=lambda: joined(t.frames[E], (*GROUP, "endpoint")),
    )  # fmt: skip


@rule("progression_after_survival", estimates=(*GROUP, "endpoint", "measure", "value", "value_unit", "time"))
def progression_after_survival(t: Tables) -> Iterator[Fault]:
    """Of one group, time without progression is not longer than survival, nor more likely at one horizon."""
    names = ["study_id", "arm_id", "stage", "origin", "measure", "horizon"]
    measure = t.text(E, "measure")
    counted = np.where(measure == "median", months(t), t.number(E, "value"))
    horizon = np.where(measure == "median", "", t.text(E, "time"))
    kept = measure.isin(["median", "survival_probability"]).to_numpy() & ~np.isnan(counted)
    # the rows and columns that are asked for, and no copy of a whole table beside them
    frame = t.frames[E].loc[kept, ["endpoint", *names[:-1]]]
    frame = frame.assign(horizon=horizon[kept], at=counted[kept], row=np.flatnonzero(kept))
    first = frame[frame["endpoint"].isin(BEFORE_DEATH)]
    death = frame[frame["endpoint"] == "overall_survival"]
    pairs = first.merge(death, on=names, suffixes=("", "_death"))
    wrong = np.zeros(len(measure), bool)
    wrong[pairs.loc[pairs["at"] > pairs["at_death"], "row"]] = True
    yield from t.where(
        "progression_after_survival",
        E,
        wrong,
        f"{AT}: survival of the same group is shorter.",
        column="value",
        severity=WARNING,
        cause=lambda: joined(t.frames[E], ("study_id", "arm_id")),
    )


@rule(
    "unlike_other_medians",
    estimates=("study_id", "endpoint", "measure", "value", "value_unit"),
    studies=("study_id", "site_group"),
)
def unlike_other_medians(t: Tables) -> Iterator[Fault]:
    """A median survival is not twice beyond what every other study of its site saw; where few are, beyond all sites."""
    at = months(t)
    measured = (t.text(E, "measure") == "median") & t.text(E, "endpoint").isin(
        ["overall_survival", *BEFORE_DEATH]
    )
    rows = np.flatnonzero(measured.to_numpy() & (at > 0))
    site = dict(zip(t.text("studies", "study_id"), t.text("studies", "site_group")))
    study, endpoint = (t.text(E, c).iloc[rows] for c in ("study_id", "endpoint"))
    frame = pd.DataFrame(
        {
            "endpoint": endpoint.to_numpy(),
            "site": study.map(site).to_numpy(),
            "study": study.to_numpy(),
            "at": at[rows],
        }
    )
    apart, peers = _beyond_others(frame, ["endpoint", "site"])
    of_all, many = _beyond_others(frame, ["endpoint"])
    far = np.where(peers >= FEWEST_PEERS, apart > BEYOND_PEERS, (many >= 2 * FEWEST_PEERS) & (of_all > 1.0))
    wrong = np.zeros(len(at), bool)
    wrong[rows] = far | ((many >= 2 * FEWEST_PEERS) & (of_all > BEYOND_PEERS))
    yield from t.where(
        "unlike_other_medians",
        E,
        wrong,
        f"{AT}: every other study of this endpoint lies far on one side.",
        column="value",
        severity=WARNING,
        cause=lambda: t.text(E, "study_id"),
    )  # fmt: skip


def _beyond_others(frame: pd.DataFrame, by: list[str]) -> tuple[FloatArray, FloatArray]:
    """How many times each value lies beyond the extremes of the other studies of its group, and how many those are."""
    ends = frame.groupby([*by, "study"], sort=False, dropna=False)["at"].agg(["min", "max"]).reset_index()
    ends["others"] = ends.groupby(by, dropna=False)["study"].transform("size") - 1
    for name, sign in (("min", 1.0), ("max", -1.0)):
        # Of each group the least two: whoever is the least itself is compared with the second.
        ordered = ends.assign(v=sign * ends[name]).sort_values("v", kind="stable")
        place = ordered.groupby(by, dropna=False).cumcount()
        least = ordered[place == 0][[*by, "study", "v"]].rename(columns={"study": "who", "v": "v1"})
        second = ordered[place == 1][[*by, "v"]].rename(columns={"v": "v2"})
        ends = ends.merge(least, on=by, how="left").merge(second, on=by, how="left")
        ends[f"{name}_of_others"] = sign * np.where(ends["who"] == ends["study"], ends["v2"], ends["v1"])
        ends = ends.drop(columns=["who", "v1", "v2"])
    at = frame.merge(ends, on=[*by, "study"], how="left")
    low, high, own = (at[c].to_numpy(float) for c in ("min_of_others", "max_of_others", "at"))
    return np.maximum(low / own, own / high), at["others"].to_numpy(float)


@rule("horizon_in_years", estimates=("measure", "time"))
def horizon_in_years(t: Tables) -> Iterator[Fault]:
    """A horizon is in months: survival at 5 or 10 of them is survival at so many years."""
    odd: BoolArray = np.isin(t.number(E, "time"), ODD_HORIZONS)
    yield from t.where(
        "horizon_in_years",
        E,
        odd & t.text(E, "measure").isin(["survival_probability"]).to_numpy(),
        "Check the horizon in the source: it is written in months, 60 for 5 years.",
        column="time",
        severity=WARNING,
    )
