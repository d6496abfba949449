"""Rules about published curves: readings that rise, numbers at risk, censor marks, who read and who checked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

import numpy as np
import pandas as pd

from survsim.evidence.rules.groups import joined, rises
from survsim.evidence.rules.rule import rule
from survsim.evidence.rules.tables import Tables
from survsim.evidence.schema.faults import WARNING, Fault

C = "curves"
OF_ONE_CURVE = (
    "study_id",
    "arm_id",
    "endpoint",
    "time_unit",
    "shown_as",
    "place",
    "page",
    "route",
    "tolerance",
    "read_by",
    "checked_by",
    "overlay_sha256",
)
"""Columns in which all readings of one curve say the same."""
CHECKSUM = re.compile(r"[0-9a-f]{64}")
LARGEST_TOLERANCE = 0.05
NUMBER_SLACK = 0.02
"""Beyond the tolerance, how far a curve may be from a printed survival of its arm: rounding to per cent, both ways."""


@rule("curve_rises", curves=("curve_id", "time", "survival"))
def curve_rises(t: Tables) -> Iterator[Fault]:
    """Survival never rises along a curve."""
    frame = t.frames[C][["curve_id"]].assign(
        at=t.number(C, "time"), s=t.number(C, "survival"), row=np.arange(len(t.frames[C]))
    )
    yield from rises(t, frame, ["curve_id"], "curve_rises", C, "survival")


@rule("curve_range", curves=("time", "survival"))
def curve_range(t: Tables) -> Iterator[Fault]:
    """Survival lies between 0 and 1, time is not negative."""
    s, at = t.number(C, "survival"), t.number(C, "time")
    yield from t.where(
        "curve_range", C, (s < 0) | (s > 1), "Write survival as a proportion.", column="survival"
    )
    yield from t.where("curve_range", C, at < 0, "Times start at 0.", column="time")


@rule("curve_of_two", curves=("curve_id", *OF_ONE_CURVE))
def curve_of_two(t: Tables) -> Iterator[Fault]:
    """The readings of one curve belong to one group, endpoint, figure and reading."""
    frame = t.frames[C]
    for column in OF_ONE_CURVE:
        yield from t.where(
            "curve_of_two",
            C,
            (frame[column] != _commonest(frame, column)).to_numpy(),
            "One curve_id is one curve: give the other its own name, or correct the cell.",
            column=column,
            cause=partial(joined, frame, ("curve_id",)),
        )


@rule("curve_undescribed", curves=("curve_id", "route", "tolerance", "read_by"))
def curve_undescribed(t: Tables) -> Iterator[Fault]:
    """A digitised curve says how exact it is and who read it."""
    first = _first_rows(t)
    digitised = (t.text(C, "route") == "digitised").to_numpy() & first
    for column in ("tolerance", "read_by"):
        wrong = digitised & (t.text(C, column) == "").to_numpy()
        yield from t.where(
            "curve_undescribed",
            C,
            wrong,
            "Without it the error of the reading cannot be carried on; digitise the figure again and fill it in.",
            column=column,
            severity=WARNING,
        )


@rule("curve_unchecked", curves=("curve_id", "route", "checked_by"))
def curve_unchecked(t: Tables) -> Iterator[Fault]:
    """A digitised curve was laid over its figure by a person and compared."""
    wrong = (
        _first_rows(t) & ((t.text(C, "route") == "digitised") & (t.text(C, "checked_by") == "")).to_numpy()
    )
    yield from t.where(
        "curve_unchecked",
        C,
        wrong,
        "Look at the overlay, then fill checked_by with the reading that did.",
        column="checked_by",
        severity=WARNING,
    )


@rule("curve_reader_unknown", curves=("curve_id", "read_by", "checked_by"), readings=("reading_id",))
def curve_reader_unknown(t: Tables) -> Iterator[Fault]:
    """Whoever digitised or compared a curve is a reading with a row, where a study keeps such a table."""
    if not len(t.frames["readings"]):
        return
    known = {"", "not_stated", *t.text("readings", "reading_id")}
    for column in ("read_by", "checked_by"):
        wrong = _first_rows(t) & ~t.text(C, column).isin(known).to_numpy()
        yield from t.where(
            "curve_reader_unknown",
            C,
            wrong,
            "Add it to declared/readings.csv, with its date and what was read.",
            column=column,
            severity=WARNING,
        )


@rule("curve_tolerance", curves=("tolerance",))
def curve_tolerance(t: Tables) -> Iterator[Fault]:
    """The tolerance of a reading is a small proportion."""
    tolerance = t.number(C, "tolerance")
    yield from t.where(
        "curve_tolerance",
        C,
        (tolerance < 0) | (tolerance > LARGEST_TOLERANCE),
        f"Write it as a proportion from 0 to {LARGEST_TOLERANCE:g}; a curve read worse than that is not used.",
        column="tolerance",
    )


@rule("curve_checksum", curves=("overlay_sha256",))
def curve_checksum(t: Tables) -> Iterator[Fault]:
    """The checksum of an overlay has 64 hexadecimal digits."""
    wrong = ~t.matches(C, "overlay_sha256", lambda cell: cell == "" or CHECKSUM.fullmatch(cell) is not None)
    yield from t.where(
        "curve_checksum", C, wrong, "Copy the SHA-256 of the overlay again.", column="overlay_sha256"
    )


@rule(
    "curve_against_number",
    curves=("curve_id", "study_id", "arm_id", "endpoint", "time", "time_unit", "survival", "tolerance"),
    estimates=("study_id", "arm_id", "endpoint", "event_detail", "measure", "time", "value"),
)
def curve_against_number(t: Tables) -> Iterator[Fault]:
    """A curve passes through the survival that its own paper prints."""
    columns = ("study_id", "arm_id", "endpoint")
    months = (t.text(C, "time_unit") == "months").to_numpy()
    of_curve = joined(t.frames[C], columns).to_numpy()
    E = "estimates"
    points = ((t.text(E, "measure") == "survival_probability") & (t.text(E, "event_detail") == "")).to_numpy()
    tolerance = np.nan_to_num(t.number(C, "tolerance"), nan=0.0)
    of_point = joined(t.frames[E], columns).to_numpy()
    known = set(of_curve)
    apart: dict[int, float] = {}
    shown: dict[int, str] = {}
    for i in np.flatnonzero(points & np.array([name in known for name in of_point], bool)):
        rows = np.flatnonzero(months & (of_curve == of_point[i]))
        at, value = t.number(E, "time")[i], t.number(E, "value")[i]
        before = rows[t.number(C, "time")[rows] <= at]
        # what is no time or no survival is the fault of another rule
        if not before.size or not 0.0 <= value <= 1.0 or not at <= t.number(C, "time")[rows].max():
            continue
        row = int(before[t.number(C, "time")[before].argmax()])
        read = t.number(C, "survival")[row]
        # of numbers that contradict one another, which is another fault, the one near the curve is held against it
        if abs(read - value) < apart.get(row, np.inf):
            apart[row] = abs(read - value)
            shown[row] = f"{read:g} at {at:g} months, printed {value:g}"
    wrong = np.zeros(len(t.frames[C]), bool)
    wrong[[row for row, gap in apart.items() if gap > NUMBER_SLACK + tolerance[row]]] = True
    yield from t.where(
        "curve_against_number",
        C,
        wrong,
        "Compare axis, arm and unit of the reading with the figure, and the printed number with its source.",
        column="survival",
        severity=WARNING,
        shown=[shown[int(row)] for row in np.flatnonzero(wrong)],
    )


@rule("at_risk_rises", at_risk=("curve_id", "time", "n_risk"))
def at_risk_rises(t: Tables) -> Iterator[Fault]:
    """Numbers at risk never rise after they fell; a rise at the start is late entry, and pointed out."""
    frame = (
        t.frames["at_risk"][["curve_id"]]
        .assign(at=t.number("at_risk", "time"), n=t.number("at_risk", "n_risk"))
        .assign(row=np.arange(len(t.frames["at_risk"])))
        .dropna()
        .sort_values(["curve_id", "at"], kind="stable")
    )
    step = frame.groupby("curve_id", sort=False)["n"].diff()
    fell = (step < 0).groupby(frame["curve_id"], sort=False).cummax()
    for rows, severity, remedy in (
        ((step > 0) & fell, "error", "A later number is above an earlier one; check both in the source."),
        (
            (step > 0) & ~fell,
            WARNING,
            "Patients came under observation after time 0: reconstruct this arm with entries, if the figure says so.",
        ),
    ):
        wrong = np.zeros(len(t.frames["at_risk"]), bool)
        wrong[frame["row"].to_numpy()[rows.to_numpy(bool)]] = True
        yield from t.where("at_risk_rises", "at_risk", wrong, remedy, column="n_risk", severity=severity)


@rule("at_risk_exceeds_n", at_risk=("study_id", "arm_id", "n_risk"), arms=("study_id", "arm_id", "n_arm"))
def at_risk_exceeds_n(t: Tables) -> Iterator[Fault]:
    """Numbers at risk do not exceed the group."""
    sizes = dict(zip(joined(t.frames["arms"], ("study_id", "arm_id")), t.number("arms", "n_arm")))
    n = joined(t.frames["at_risk"], ("study_id", "arm_id")).map(sizes).to_numpy(float)
    yield from t.where(
        "at_risk_exceeds_n",
        "at_risk",
        (t.number("at_risk", "n_risk") > n) & (n >= 0),
        "Check the table below the figure.",
        column="n_risk",
        cause=lambda: joined(t.frames["at_risk"], ("study_id", "arm_id")),
    )


@rule("at_risk_without_curve", at_risk=("curve_id",), curves=("curve_id",))
def at_risk_without_curve(t: Tables) -> Iterator[Fault]:
    """Numbers at risk belong to a curve."""
    wrong = ~t.text("at_risk", "curve_id").isin(t.text("curves", "curve_id")).to_numpy()
    yield from t.where(
        "at_risk_without_curve",
        "at_risk",
        wrong,
        "Add the curve or correct its name.",
        column="curve_id",
        cause=lambda: t.text("at_risk", "curve_id"),
    )


@rule("mark_without_curve", censor_marks=("curve_id", "time"), curves=("curve_id", "time"))
def mark_without_curve(t: Tables) -> Iterator[Fault]:
    """A censor mark belongs to a curve and does not lie before time 0."""
    wrong = ~t.text("censor_marks", "curve_id").isin(t.text(C, "curve_id")).to_numpy()
    remedy = "Add the curve or correct its name."
    yield from t.where("mark_without_curve", "censor_marks", wrong, remedy, column="curve_id")
    before = t.number("censor_marks", "time") < 0
    yield from t.where("mark_without_curve", "censor_marks", before, "Times start at 0.", column="time")


@rule(
    "unit_of_another_curve",
    at_risk=("curve_id", "time_unit"),
    censor_marks=("curve_id", "time_unit"),
    curves=("curve_id", "time_unit"),
)
def unit_of_another_curve(t: Tables) -> Iterator[Fault]:
    """Numbers at risk and marks count time as their curve does."""
    unit = dict(zip(t.text(C, "curve_id"), t.text(C, "time_unit")))
    for name in ("at_risk", "censor_marks"):
        of_curve = t.text(name, "curve_id").map(unit)
        wrong = (of_curve.notna() & (of_curve != t.text(name, "time_unit"))).to_numpy()
        yield from t.where(
            "unit_of_another_curve", name, wrong, "Write the unit of the curve.", column="time_unit"
        )


def _commonest(frame: pd.DataFrame, column: str) -> pd.Series:
    """What most readings of a curve say, for each reading; of equally many the first."""
    size = frame.groupby(["curve_id", column], sort=False)[column].transform("size")
    best = size.groupby(frame["curve_id"], sort=False).idxmax()
    return frame["curve_id"].map(frame[column].reindex(best).set_axis(best.index))


def _first_rows(t: Tables) -> np.ndarray:
    """The first reading of each curve, at which what is said of the whole curve is reported."""
    return ~t.frames[C].duplicated("curve_id", keep="first").to_numpy()
