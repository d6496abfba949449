"""Rules about what one printed number says against another: interval, estimate, p value, events, copies.

Every cell is read at its own printed precision: a cell printed as 0.3 stands for 0.25 to 0.35.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from survsim.core.checks import BoolArray, FloatArray
from survsim.evidence.rules.rule import rule
from survsim.evidence.rules.tables import Tables
from survsim.evidence.schema.faults import WARNING, Fault
from survsim.evidence.schema.table import RATIOS

E = "estimates"
LOG_SCALE = (*RATIOS, "rate")
GAP = 0.02
"""Distance on the log scale, beyond rounding, between an estimate and the middle of its interval that is pointed out."""
Z_GAP = 0.3
"""Distance between the z of a printed p value and that of its interval, beyond rounding; likelihood-ratio and log-rank
tests differ from the interval by less."""
LEAST_SHARE = 0.98


@dataclass(frozen=True, slots=True)
class Intervals:
    """Rows of ratios with two limits: natural logarithms of the ends that rounding leaves open."""

    rows: np.ndarray
    value: tuple[FloatArray, FloatArray]
    low: tuple[FloatArray, FloatArray]
    high: tuple[FloatArray, FloatArray]

    @classmethod
    def of(cls, t: Tables, measures: tuple[str, ...]) -> Intervals:
        """Rows whose value lies strictly inside two positive limits."""
        value, low, high = (t.number(E, c) for c in ("value", "conf_low", "conf_high"))
        inside = (low > 0) & (value > low) & (high > value)
        rows = np.flatnonzero(t.text(E, "measure").isin(measures).to_numpy() & inside)
        ends = []
        for column, cells in (("value", value), ("conf_low", low), ("conf_high", high)):
            half = 0.5 * 10.0 ** -_decimals(t, column, rows)
            least = np.maximum(cells[rows] - half, cells[rows] * 1e-3)
            ends.append((np.log(least), np.log(cells[rows] + half)))
        return cls(rows, *ends)

    def std_error(self, level: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Smallest and largest standard error that the printed limits allow."""
        z = _normal_quantile((1.0 + level) / 2.0)
        least = np.maximum(self.high[0] - self.low[1], 0.0)
        return least / (2.0 * z), (self.high[1] - self.low[0]) / (2.0 * z)


@rule("interval_asymmetric", estimates=("conf_low", "conf_high", "value", "measure"))
def interval_asymmetric(t: Tables) -> Iterator[Fault]:
    """A ratio lies near the middle of its interval on the log scale, each cell at its own printed precision."""
    at = Intervals.of(t, LOG_SCALE)
    middle = tuple((low + high) / 2.0 for low, high in zip(at.low, at.high))
    apart = np.maximum(middle[0] - at.value[1], at.value[0] - middle[1])
    yield from t.where(
        "interval_asymmetric",
        E,
        _at(t, at.rows, apart > GAP),
        "Check the value and both limits in the source; if they are printed so, write status questioned.",
        column="value",
        severity=WARNING,
    )


@rule(
    "p_contradicts_interval",
    estimates=("value", "p_value", "p_qualifier", "p_note", "measure", "conf_low", "conf_high", "conf_level"),
)
def p_contradicts_interval(t: Tables) -> Iterator[Fault]:
    """The p value of a ratio is the one its two limits imply, up to rounding and the kind of test."""
    at = Intervals.of(t, RATIOS)
    p, level = t.number(E, "p_value")[at.rows], t.number(E, "conf_level")[at.rows]
    usable = (p > 0) & (p < 1) & (level > 0.5) & (level < 1)
    one_sided = t.text(E, "p_note").str.contains("one-", regex=False).to_numpy()[at.rows]
    half = 0.5 * 10.0 ** -_decimals(t, "p_value", at.rows)
    share = np.where(one_sided, 1.0, 0.5)
    with np.errstate(invalid="ignore", divide="ignore"):
        least, most = at.std_error(np.where(usable, level, 0.95))
        corners = np.stack([(a + b) / 2.0 / se for a in at.low for b in at.high for se in (least, most)])
        crosses = corners.min(axis=0) * corners.max(axis=0) < 0
        smallest = np.where(crosses, 0.0, np.abs(corners).min(axis=0))
        largest = np.abs(corners).max(axis=0)
        z_high = -_normal_quantile(np.clip(np.where(usable, share * (p - half), 0.5), 1e-300, 0.5))
        z_low = -_normal_quantile(np.clip(np.where(usable, share * (p + half), 0.5), 1e-300, 0.5))
    sign = t.text(E, "p_qualifier").to_numpy()[at.rows]
    too_small = (z_low > largest + Z_GAP) & (sign != ">")
    too_large = (z_high < smallest - Z_GAP) & (sign != "<")
    yield from t.where(
        "p_contradicts_interval",
        E,
        _at(t, at.rows, usable & (too_small | too_large)),
        "Check p value, estimate and both limits; if they are of different analyses, say so in p_note and write status "
        "questioned.",
        column="p_value",
        severity=WARNING,
    )


@rule(
    "information_exceeds_study",
    estimates=(
        "study_id",
        "measure",
        "value",
        "conf_low",
        "conf_high",
        "conf_level",
        "n_arm",
        "n_event",
        "comparator",
        "contrast",
    ),
    studies=("study_id", "n_total"),
)
def information_exceeds_study(t: Tables) -> Iterator[Fault]:
    """A log hazard ratio of two groups without counts of its own is no sharper than all patients of its study allow.

    Its standard error is at least 2 over the root of the events, and there are no more events than patients. A control
    histology may be counted outside the study; then the study is one of the two groups, and the bound is 1 over the
    root. Rows with counts of their own are held against those (``interval_beyond_counts``).
    """
    at = Intervals.of(t, ("hazard_ratio",))
    total = dict(zip(t.text("studies", "study_id"), t.number("studies", "n_total")))
    most = t.text(E, "study_id").map(total).to_numpy(float)[at.rows]
    counted = ~np.isnan(t.number(E, "n_arm")) | ~np.isnan(t.number(E, "n_event"))
    level = t.number(E, "conf_level")[at.rows]
    usable = (t.text(E, "comparator") != "").to_numpy()[at.rows] & (level > 0.5) & (level < 1) & (most > 0)
    with np.errstate(invalid="ignore"):
        error = at.std_error(np.where(usable, level, 0.95))[1]
        outside = t.text(E, "contrast").isin(["histology", "site", "race"]).to_numpy()[at.rows]
        bound = np.where(outside, 1.0, 2.0) / np.sqrt(np.where(most > 0, most, 1.0))
        wrong = usable & ~counted[at.rows] & (error < LEAST_SHARE * bound)
    yield from t.where(
        "information_exceeds_study",
        E,
        _at(t, at.rows, wrong),
        "Check the limits, their level and the size: so narrow an interval needs more events than the study has patients.",
        column="conf_low",
        severity=WARNING,
        cause=lambda: t.text(E, "study_id"),
    )


@rule("same_ratio_elsewhere", estimates=("study_id", "measure", "value", "conf_low", "conf_high"))
def same_ratio_elsewhere(t: Tables) -> Iterator[Fault]:
    """A ratio with the same two limits does not stand in two studies."""
    frame = t.frames[E]
    ratio = t.text(E, "measure").isin(RATIOS) & (frame["conf_low"] != "") & (frame["conf_high"] != "")
    rows = np.flatnonzero(ratio.to_numpy())
    cells = frame.iloc[rows][["study_id", "measure", "value", "conf_low", "conf_high"]]
    studies = cells.groupby(["measure", "value", "conf_low", "conf_high"], sort=False)["study_id"]
    first = studies.transform("first")
    yield from t.where(
        "same_ratio_elsewhere",
        E,
        _at(t, rows, (first != cells["study_id"]).to_numpy()),
        "Put both studies in one cluster of overlaps or merge them through aliases: these numbers stand in an earlier "
        "study, and one of the two quotes the other or is the same.",
        column="value",
        severity=WARNING,
    )


@rule("status_differs", estimates=("study_id", "note", "status"))
def status_differs(t: Tables) -> Iterator[Fault]:
    """Rows of one study with the same note have the same status."""
    frame = t.frames[E]
    rows = np.flatnonzero((frame["note"] != "").to_numpy())
    cells = frame.iloc[rows]
    kinds = cells.groupby(["study_id", "note"], sort=False)["status"].transform("nunique")
    odd = (kinds > 1).to_numpy() & (cells["status"] != "questioned").to_numpy()
    yield from t.where(
        "status_differs",
        E,
        _at(t, rows, odd),
        "Another row of the study has this note and another status; give both the same.",
        column="status",
        severity=WARNING,
        cause=lambda: frame["study_id"] + "/" + frame["note"],
    )


def _normal_quantile(p: FloatArray) -> FloatArray:
    """Quantiles of the normal law; scipy would cost a check more memory than the tables do."""
    unique, place = np.unique(p, return_inverse=True)
    return np.array([NormalDist().inv_cdf(v) for v in unique.tolist()], float)[place.reshape(p.shape)]


def _at(t: Tables, rows: np.ndarray, wrong: BoolArray) -> BoolArray:
    out = np.zeros(len(t.frames[E]), bool)
    out[rows[wrong]] = True
    return out


def printed_half(t: Tables, column: str) -> FloatArray:
    """Half a unit of the last printed digit of each cell: what rounding leaves open."""
    return np.asarray(0.5 * 10.0 ** -_decimals(t, column, np.arange(len(t.frames[E]))), float)


def _decimals(t: Tables, column: str, rows: np.ndarray) -> FloatArray:
    """Digits printed after the point; each different cell is read once."""
    codes, cells = t.coded(E, column)
    return np.array([_digits(c) for c in cells], float)[codes[rows]].reshape(rows.size)


_POWER = re.compile(r"[+-]?[0-9]{1,9}")
_FARTHEST = 300
"""Powers of ten that a number can have."""


def _digits(cell: str) -> int:
    number, _, power = cell.lower().partition("e")
    digits = len(number.partition(".")[2])
    if not _POWER.fullmatch(power):
        return digits
    return int(np.clip(digits - int(power), -_FARTHEST, _FARTHEST))
