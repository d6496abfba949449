"""Rules about publications and days: identifiers of the right shape, years that agree, days that exist and follow."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from functools import partial

import numpy as np

from survsim.core.checks import BoolArray
from survsim.evidence.rules.rule import rule
from survsim.evidence.rules.tables import Tables
from survsim.evidence.schema.catalogue import tables
from survsim.evidence.schema.faults import WARNING, Fault

E = "estimates"
SHAPES = {
    "doi": (re.compile(r"10\.\d+(?:\.\d+)*/\S+"), "10.1016/j.ygyno.2011.11.042"),
    "pmid": (re.compile(r"\d{1,8}"), "22138373"),
    "nct": (re.compile(r"NCT\d{8}"), "NCT00954174"),
    "url": (re.compile(r"https?://\S+"), "https://doi.org/10.1016/j.ygyno.2011.11.042"),
}
"""How an identifier is written, with an example."""
YEAR_IN_JOURNAL = re.compile(r"(?<!\d)(?:19|20)\d\d(?=[;:(),.\s]|$)")
ISO = re.compile(r"\d{4}-\d{2}-\d{2}")
FEW_OF_A_READING = 0.1
SIGNED = (("extractor", "extracted_on"), ("checked_by", "checked_on"))


@rule("identifier_shape", studies=tuple(SHAPES))
def identifier_shape(t: Tables) -> Iterator[Fault]:
    """An identifier is written as its registry writes it."""
    for column, (shape, example) in SHAPES.items():
        yield from t.where(
            "identifier_shape",
            "studies",
            t.matches("studies", column, partial(_misshapen, shape)),
            f"Look it up and write it in full, for example {example}.",
            column=column,
            severity=WARNING,
        )


def _misshapen(shape: re.Pattern[str], cell: str) -> bool:
    return cell != "" and shape.fullmatch(cell) is None


@rule("year_of_journal", studies=("year", "journal"))
def year_of_journal(t: Tables) -> Iterator[Fault]:
    """The year of a publication is the one that stands with its journal."""
    pairs = zip(t.text("studies", "year"), t.text("studies", "journal"))
    wrong = np.array([_another_year(year, journal) for year, journal in pairs], bool)
    yield from t.where(
        "year_of_journal",
        "studies",
        wrong,
        "Check the year of publication against the volume.",
        column="year",
        severity=WARNING,
    )


def _another_year(year: str, journal: str) -> bool:
    printed = YEAR_IN_JOURNAL.findall(journal)
    return bool(year and printed) and year not in printed


@rule("period_after_publication", studies=("year", "period_start", "period_end"))
def period_after_publication(t: Tables) -> Iterator[Fault]:
    """Inclusion ends before the publication, and a study does not take a lifetime."""
    year, start, end = (t.number("studies", c) for c in ("year", "period_start", "period_end"))
    ordered = ~(start > end)  # another rule says that the two years are exchanged
    late = ordered & (np.fmax(start, end) > year)
    yield from t.where(
        "period_after_publication",
        "studies",
        late,
        "Check the years of inclusion and of publication; the study ended after it was published.",
        column="period_end",
        severity=WARNING,
    )


@rule("no_such_day")
def no_such_day(t: Tables) -> Iterator[Fault]:
    """A day is one of the calendar, and has come already when the tables were made."""
    for name, table in tables().items():
        for column in table.columns:
            if column.kind == "date" and t.has(name, (column.name,)):
                yield from t.where(
                    "no_such_day",
                    name,
                    t.matches(name, column.name, _not_a_day),
                    "Write a day that exists, as YYYY-MM-DD.",
                    column=column.name,
                )


def _not_a_day(cell: str) -> bool:
    if ISO.fullmatch(cell) is None:
        return False  # another rule says that it is no date at all
    try:
        return date.fromisoformat(cell) > date.today()
    except ValueError:
        return True


@rule("day_of_another_reading", readings=("reading_id", "date"))
def day_of_another_reading(t: Tables) -> Iterator[Fault]:
    """The day beside a role is the day of that reading, and no comparison comes before its extraction."""
    days = dict(zip(t.text("readings", "reading_id"), t.text("readings", "date")))
    for table, role, day in ((E, *SIGNED[0]), (E, *SIGNED[1]), ("bias", "judge", "judged_on")):
        if not t.has(table, (role, day)):
            continue
        own, of_reading = (
            t.text(table, day),
            t.text(table, role).map(lambda name: days.get(name, "")).astype(str),
        )
        wrong = ((own != of_reading) & (of_reading != "")) | ((own != "") & (t.text(table, role) == ""))
        real = ~t.matches(table, day, lambda c: c != "" and (ISO.fullmatch(c) is None or _not_a_day(c)))
        # A reading may take several days; one row in ten that leaves its day is a slip.
        wrong &= wrong.groupby(t.text(table, role)).transform("mean") <= FEW_OF_A_READING
        yield from t.where(
            "day_of_another_reading",
            table,
            wrong.to_numpy() & real,
            "Write the day that the table readings has for this role, or name the role that it belongs to.",
            column=day,
            severity=WARNING,
            cause=f"day of a reading in {table}" if wrong.sum() > 1 else "",
        )
    if t.has(E, ("extracted_on", "checked_on")):
        first, second = t.text(E, "extracted_on"), t.text(E, "checked_on")
        early: BoolArray = ((first != "") & (second != "") & (second < first)).to_numpy()
        yield from t.where(
            "day_of_another_reading",
            E,
            early,
            "Check both days; a number is compared after it was typed.",
            column="checked_on",
            severity=WARNING,
        )
