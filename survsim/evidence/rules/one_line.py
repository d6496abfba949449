"""One fault, one line: rows that show the same fault are joined, and what follows from another fault is told behind it.

A mistyped name of a patient leaves a dozen records without one; a limit that slipped a decimal is asymmetric and
contradicts its p value. A reader who corrects one cell wants to see one line go.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from survsim.evidence.schema.faults import ERROR, FEW, Fault

IN_ONE_ROW = {
    "interval_contains": ("fraction_range", "ratio_range", "time_measure_range"),
    "interval_beyond_counts": (
        "interval_contains", "fraction_range", "ratio_range", "level_range", "events_exceed_n", "arm_exceeds_study",
        "ratio_implausible", "interval_asymmetric",
    ),
    "interval_asymmetric": ("ratio_implausible",),
    "information_exceeds_study": ("same_ratio_elsewhere", "interval_asymmetric", "ratio_implausible"),
    "p_contradicts_interval": (
        "interval_asymmetric", "interval_beyond_counts", "information_exceeds_study", "same_ratio_elsewhere",
        "ratio_implausible", "level_range",
    ),
    "count_contradicts_value": ("fraction_range", "events_exceed_n", "negative_count", "arm_exceeds_study"),
    "repeated_number": ("duplicate_key",),
    "same_identifier": ("duplicate_key",),
    "unused_explanation": ("unknown_rule",),
    "median_beyond_followup": ("unit_missing",),
}  # fmt: skip
"""What a rule finds in a row where one of these found something is the same fault seen again."""
IN_ONE_TABLE = {
    "bias_domain_missing": ("bias_of_no_row", "bias_judge_unknown", "duplicate_key"),
    "record_count": ("duplicate_key",),
}
"""The same for rows of one table: a judgement under a wrong name is missing under its own."""
OF_A_NAME = {
    "study_without_number": "no studies/",
    "patient_without_outcome": "no patients/",
    "record_count": "no patients/",
}
"""The same where a row that others point at is missing: it stands there under another name."""


def one_line_each(faults: Iterable[Fault]) -> list[Fault]:
    """Findings as lines: rows of one cause joined, consequences told behind the fault that they follow from."""
    return _without_consequences(_joined(faults))


def _joined(faults: Iterable[Fault]) -> list[Fault]:
    """One line for each cause. A row that is missing is one fault, whichever tables point at it."""
    together: dict[object, list[Fault]] = {}
    for number, fault in enumerate(faults):
        rule = "" if fault.cause.startswith("no ") else fault.rule
        if fault.rule in ("progression_after_death", "course_after_followup"):
            rule = "end"
        together.setdefault((rule, fault.cause) if fault.cause else number, []).append(fault)
    return [_line(group) for group in together.values()]


def _line(group: list[Fault]) -> Fault:
    first = min(group, key=lambda f: f.severity != ERROR)
    if len(group) == 1:
        return first
    named = dict.fromkeys(
        f.row if f.table == first.table else f"{f.table}: {f.row}"
        for f in group
        if (f.table, f.row) != (first.table, first.row)
    )
    return replace(first, also=(*first.also, *named))


def _without_consequences(lines: list[Fault]) -> list[Fault]:
    cell: dict[tuple[str, str, str], int] = {}
    table: dict[tuple[str, str], int] = {}
    for i, line in enumerate(lines):
        table.setdefault((line.rule, line.table), i)
        for row in (line.row, *line.also):
            cell.setdefault((line.rule, line.table, row), i)
    absent = {
        p: i for i, f in reversed([*enumerate(lines)]) for p in OF_A_NAME.values() if f.cause.startswith(p)
    }
    follows: dict[int, int] = {}
    for i, line in enumerate(lines):
        found = [cell.get((rule, line.table, line.row)) for rule in IN_ONE_ROW.get(line.rule, ())]
        found += [table.get((rule, line.table)) for rule in IN_ONE_TABLE.get(line.rule, ())]
        found.append(absent.get(OF_A_NAME.get(line.rule, "")))
        if line.rule == "unknown_reference":
            # A name that is there twice and one that is missing: one of the two was mistyped.
            found.append(table.get(("duplicate_key", line.cause[3:].partition("/")[0])))
        cause = next((f for f in found if f is not None), None)
        if cause is not None:
            follows[i] = cause
    behind: dict[int, list[Fault]] = {}
    for i in follows:
        behind.setdefault(_first(i, follows), []).append(lines[i])
    return [_told(line, behind.get(i, [])) for i, line in enumerate(lines) if i not in follows]


def _first(i: int, follows: dict[int, int]) -> int:
    while i in follows:
        i = follows[i]
    return i


def _told(line: Fault, consequences: list[Fault]) -> Fault:
    if not consequences:
        return line
    more = f" and {len(consequences) - FEW} more" if len(consequences) > FEW else ""
    seen = "; ".join(f"{c.row} [{c.rule}]" for c in consequences[:FEW])
    return replace(line, remedy=f"{line.remedy} Seen with it: {seen}{more}.")
