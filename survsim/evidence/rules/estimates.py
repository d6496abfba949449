"""Rules about one published number: its interval, its range, its unit, its counts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from survsim.core.checks import BoolArray
from survsim.evidence.rules.rule import rule
from survsim.evidence.rules.tables import MOST_PER_RULE, Tables
from survsim.evidence.schema.faults import WARNING, Fault
from survsim.evidence.schema.table import FRACTIONS, RATIOS, TIME_UNITS

if TYPE_CHECKING:
    import pandas as pd

E = "estimates"
COUNT_TOLERANCE = 0.006


@rule("value_missing", estimates=("value",))
def value_missing(t: Tables) -> Iterator[Fault]:
    """A row without a value is no number."""
    yield from t.where(
        "value_missing",
        E,
        t.text(E, "value").to_numpy() == "",
        "Type the value, use event_count for a count, or move the row to excluded.",
        column="value",
    )


@rule("interval_order", estimates=("conf_low", "conf_high"))
def interval_order(t: Tables) -> Iterator[Fault]:
    """The lower limit is below the upper."""
    wrong = t.number(E, "conf_low") > t.number(E, "conf_high")
    yield from t.where(
        "interval_order", E, wrong, "Exchange the limits, or check them in the source.", column="conf_low"
    )


@rule("interval_contains", estimates=("conf_low", "conf_high", "value"))
def interval_contains(t: Tables) -> Iterator[Fault]:
    """The interval contains the value."""
    value, low, high = (t.number(E, c) for c in ("value", "conf_low", "conf_high"))
    ordered = ~(low > high)
    for column, wrong, word in (("conf_low", value < low, "above"), ("conf_high", value > high, "below")):
        rows = np.flatnonzero(wrong & ordered)
        shown = [
            f"{column} {t.text(E, column).iloc[i]} is {word} the value {t.text(E, 'value').iloc[i]}"
            for i in rows[:MOST_PER_RULE]
        ]
        yield from t.where(
            "interval_contains",
            E,
            wrong & ordered,
            "Check the value and its interval in the source.",
            column=column,
            shown=shown,
        )


@rule("level_range", estimates=("conf_level",))
def level_range(t: Tables) -> Iterator[Fault]:
    """A confidence level is a proportion such as 0.95."""
    level = t.number(E, "conf_level")
    yield from t.where(
        "level_range", E, (level <= 0.5) | (level >= 1), "Write 0.95 for 95 percent.", column="conf_level"
    )


@rule("level_missing", estimates=("conf_low", "conf_high", "conf_level", "conf_note"))
def level_missing(t: Tables) -> Iterator[Fault]:
    """An interval has a level, or says that none was stated."""
    both = ~np.isnan(t.number(E, "conf_low")) | ~np.isnan(t.number(E, "conf_high"))
    wrong = (
        both & np.isnan(t.number(E, "conf_level")) & (t.text(E, "conf_note") != "level_not_stated").to_numpy()
    )
    yield from t.where(
        "level_missing",
        E,
        wrong,
        "Give the level (0.95 for a 95% interval), or write level_not_stated in conf_note.",
        column="conf_level",
    )


@rule("limit_with_note", estimates=("conf_low", "conf_low_note", "conf_high", "conf_high_note"))
def limit_with_note(t: Tables) -> Iterator[Fault]:
    """A limit that exists has no note saying why it does not."""
    for column in ("conf_low", "conf_high"):
        wrong = ~np.isnan(t.number(E, column)) & (t.text(E, f"{column}_note") != "").to_numpy()
        yield from t.where(
            "limit_with_note", E, wrong, "Remove the limit or the note.", column=f"{column}_note"
        )


@rule("interquartile_as_interval", estimates=("conf_low", "conf_note"))
def interquartile_as_interval(t: Tables) -> Iterator[Fault]:
    """An interquartile range is not used as a confidence interval."""
    iqr = (t.text(E, "conf_note") == "interquartile_range_not_used").to_numpy()
    yield from t.where(
        "interquartile_as_interval",
        E,
        iqr & ~np.isnan(t.number(E, "conf_low")),
        "Empty both limits.",
        column="conf_low",
    )


@rule("ratio_range", estimates=("estimate_id", "measure", "value", "conf_low"))
def ratio_range(t: Tables) -> Iterator[Fault]:
    """Ratios and their limits are positive; a lower limit may round to 0."""
    ratio = _measure(t, *RATIOS)
    for column, least in (("value", np.nextafter(0.0, 1.0)), ("conf_low", 0.0)):
        yield from t.where(
            "ratio_range",
            E,
            ratio & (t.number(E, column) < least),
            "A ratio is above 0.",
            column=column,
            cause=lambda: _row(t),
        )


@rule("ratio_implausible", estimates=("measure", "value"))
def ratio_implausible(t: Tables) -> Iterator[Fault]:
    """Ratios lie between 1/50 and 50; beyond that a percent or a log was probably typed."""
    value = t.number(E, "value")
    wrong = _measure(t, *RATIOS) & (value > 0) & ((value > 50) | (value < 0.02))
    yield from t.where(
        "ratio_implausible",
        E,
        wrong,
        "Check whether a percent or a logarithm was typed.",
        column="value",
        severity=WARNING,
    )


@rule("fraction_range", estimates=("estimate_id", "measure", "value", "conf_low", "conf_high"))
def fraction_range(t: Tables) -> Iterator[Fault]:
    """Probabilities and proportions lie between 0 and 1."""
    fraction = _measure(t, *FRACTIONS)
    for column in ("value", "conf_low", "conf_high"):
        values = t.number(E, column)
        yield from t.where(
            "fraction_range",
            E,
            fraction & ((values < 0) | (values > 1)),
            "Write percent as a proportion (45% as 0.45).",
            column=column,
            cause=lambda: _row(t),
        )


@rule("time_measure_range", estimates=("measure", "value"))
def time_measure_range(t: Tables) -> Iterator[Fault]:
    """Medians, means, restricted means, rates and person-time are not negative."""
    measured = _measure(t, "median", "mean", "rmst", "rate", "person_time", "event_count")
    yield from t.where(
        "time_measure_range", E, measured & (t.number(E, "value") < 0), "Check the sign.", column="value"
    )


@rule("p_range", estimates=("p_value",))
def p_range(t: Tables) -> Iterator[Fault]:
    """P values lie between 0 and 1."""
    p = t.number(E, "p_value")
    yield from t.where("p_range", E, (p < 0) | (p > 1), "Check the p value in the source.", column="p_value")


@rule("qualifier_without_p", estimates=("p_value", "p_qualifier"))
def qualifier_without_p(t: Tables) -> Iterator[Fault]:
    """A sign before a p value needs the p value."""
    wrong = (t.text(E, "p_qualifier") != "").to_numpy() & (t.text(E, "p_value") == "").to_numpy()
    yield from t.where(
        "qualifier_without_p", E, wrong, "Type the p value or remove the sign.", column="p_qualifier"
    )


@rule("events_exceed_n", estimates=("n_event", "n_arm"))
def events_exceed_n(t: Tables) -> Iterator[Fault]:
    """Events do not exceed patients."""
    yield from t.where(
        "events_exceed_n",
        E,
        t.number(E, "n_event") > t.number(E, "n_arm"),
        "Check both counts in the source.",
        column="n_event",
    )


@rule("negative_count", estimates=("n_event", "n_arm", "time"))
def negative_count(t: Tables) -> Iterator[Fault]:
    """Counts and horizons are not negative, groups are not empty."""
    for column, wrong in (
        ("n_event", t.number(E, "n_event") < 0),
        ("n_arm", t.number(E, "n_arm") <= 0),
        ("time", t.number(E, "time") < 0),
    ):
        yield from t.where("negative_count", E, wrong, "Check the number.", column=column)


@rule("count_contradicts_value", estimates=("measure", "value", "n_event", "n_arm"))
def count_contradicts_value(t: Tables) -> Iterator[Fault]:
    """A crude proportion agrees with its counts."""
    n, events, value = (t.number(E, c) for c in ("n_arm", "n_event", "value"))
    crude = _measure(t, "proportion") & (n > 0)
    off = np.abs(events / np.where(n > 0, n, 1.0) - value)
    yield from t.where(
        "count_contradicts_value",
        E,
        crude & (off > COUNT_TOLERANCE),
        "Check numerator, denominator and percent.",
        column="value",
        severity=WARNING,
    )


@rule("count_value", estimates=("measure", "value", "n_event"))
def count_value(t: Tables) -> Iterator[Fault]:
    """An event count is whole and equals n_event."""
    value, events = t.number(E, "value"), t.number(E, "n_event")
    count = _measure(t, "event_count") & ~np.isnan(value)
    wrong = count & ((value != np.floor(np.nan_to_num(value))) | (~np.isnan(events) & (events != value)))
    yield from t.where("count_value", E, wrong, "Write the count in value and n_event.", column="value")


@rule("unit_missing", estimates=("measure", "value_unit"))
def unit_missing(t: Tables) -> Iterator[Fault]:
    """A rate, a time and a parameter have a unit."""
    unit = t.text(E, "value_unit").to_numpy()
    timed = _measure(t, "median", "mean", "rmst", "person_time")
    needs = _measure(t, "rate") | timed
    yield from t.where("unit_missing", E, needs & (unit == ""), "Give the unit.", column="value_unit")
    odd = timed & (unit != "") & ~np.isin(unit, [*TIME_UNITS, *(f"patient-{u}" for u in TIME_UNITS)])
    yield from t.where("unit_missing", E, odd, f"Use one of: {', '.join(TIME_UNITS)}.", column="value_unit")


@rule("unit_on_ratio", estimates=("measure", "value_unit"))
def unit_on_ratio(t: Tables) -> Iterator[Fault]:
    """Ratios, probabilities and proportions have no unit."""
    bare = _measure(t, *RATIOS, *FRACTIONS)
    yield from t.where(
        "unit_on_ratio",
        E,
        bare & (t.text(E, "value_unit") != "").to_numpy(),
        "Remove the unit, or correct the measure.",
        column="value_unit",
    )


@rule("horizon_missing", estimates=("measure", "time"))
def horizon_missing(t: Tables) -> Iterator[Fault]:
    """A survival probability and a restricted mean name their horizon."""
    wrong = _measure(t, "survival_probability", "rmst") & np.isnan(t.number(E, "time"))
    yield from t.where("horizon_missing", E, wrong, "Give the time in months.", column="time")


@rule("status_questioned", estimates=("status",))
def status_questioned(t: Tables) -> Iterator[Fault]:
    """A number that was questioned on reading is pointed out."""
    yield from t.where(
        "status_questioned",
        E,
        (t.text(E, "status") == "questioned").to_numpy(),
        "Read the full article, then write checked, or correct the number.",
        column="note",
        severity=WARNING,
    )


def _row(t: Tables) -> pd.Series:
    """Name of each row: what a rule finds in several cells of it is one fault."""
    return t.text(E, "estimate_id")


def _measure(t: Tables, *names: str) -> BoolArray:
    return t.text(E, "measure").isin(names).to_numpy()
