"""One fault, one line: rows that show the same fault are joined, and what follows from another fault is told behind it.

A mistyped name of a patient leaves a dozen records without one; a limit that slipped a decimal is asymmetric and
contradicts its p value. A reader who corrects one cell wants to see one line go.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from difflib import SequenceMatcher

from survsim.evidence.rules.rule import RULES
from survsim.evidence.schema.faults import ERROR, FEW, Fault

IN_ONE_ROW = {
    "interval_contains": ("fraction_range", "ratio_range", "time_measure_range", "utility_range", "not_finite"),
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
    "curve_of_two": (
        "curve_undescribed", "curve_unchecked", "curve_reader_unknown", "curve_tolerance", "curve_checksum",
    ),
    "unused_explanation": ("unknown_rule",),
    "events_exceed_n": ("negative_count",),
    "progression_after_death": ("mixed_time_units",),
    "course_after_followup": ("mixed_time_units",),
    "bias_word_of_another_tool": ("bias_of_no_row", "vocabulary"),
    "dataset_without_origin": ("source_of_another_kind",),
    "median_beyond_followup": ("unit_missing",),
    "fraction_range": ("not_finite",),
    "ratio_range": ("not_finite",),
    "utility_range": ("not_finite",),
    "period_order": ("implausible_year",),
    "unknown_comparator": ("unknown_reference",),
    "agent_of_another_name": ("unusual_word",),
    "contrast_of_nobody": ("ratio_without_comparator", "p_without_comparator"),
}  # fmt: skip
"""What a rule finds in a row where one of these found something is the same fault seen again."""
IN_ONE_TABLE = {
    "bias_domain_missing": ("bias_of_no_row", "bias_judge_unknown", "duplicate_key"),
    "record_count": ("duplicate_key",),
    "overlap_of_parts": ("overlap_of_one",),
}
"""The same for rows of one table: a judgement under a wrong name is missing under its own."""
ALIKE = 0.85
"""Likeness of two names from which one is taken for a slip of the other."""
MOST_COMPARED = 200
"""Lines whose names are compared letter by letter; more faults than that are no slip."""
OF_ITS_NAME = (
    "unknown_reference", "duplicate_key", "name_out_of_pattern", "end_of_name", "stray_row_name", "declared_otherwise",
    "study_without_number", "not_in_descriptor", "required_cell", "unusual_word", "stray_space", "differs_from_group",
)  # fmt: skip
"""Rules whose line may mean that the row itself has the wrong name."""
SEPARATOR = "\x1f"
OF_TIMES = (
    "unit_of_one_study", "median_beyond_followup", "time_beyond_study", "median_contradicts_survival",
    "progression_after_survival", "unlike_other_medians",
)  # fmt: skip
"""Rules about times, the most telling first: what they find in one study is told in one line."""
OF_A_NAME = {
    "study_without_number": "no studies/",
    "declared_otherwise": "no studies/",
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
    follows = _links(lines)
    behind: dict[int, list[Fault]] = {}
    for i in follows:
        behind.setdefault(_first(i, follows), []).append(lines[i])
    return [_told(line, behind.get(i, [])) for i, line in enumerate(lines) if i not in follows]


def _links(lines: list[Fault]) -> dict[int, int]:
    """For each line that follows from another one, that other one; never in a circle."""
    table: dict[tuple[str, str], int] = {}
    for i, line in enumerate(lines):
        table.setdefault((line.rule, line.table), i)
    rows, groups = _same_rows(lines), _rows_by_name(lines)
    of_rule: dict[str, list[int]] = defaultdict(list)
    of_table: dict[str, list[int]] = defaultdict(list)
    for i, line in enumerate(lines):
        of_rule[line.rule].append(i)
        of_table[line.table].append(i)
    absent = {
        p: i for i, f in reversed([*enumerate(lines)]) for p in OF_A_NAME.values() if f.cause.startswith(p)
    }
    follows: dict[int, int] = {}
    for i, line in enumerate(lines):
        found = [rows.get(i), groups.get(line.cause), _misnamed(line, i, lines, of_table)]
        found.append(groups.get(line.row.rpartition("/")[0]) if line.rule == "declared_otherwise" else None)
        found += [table.get((rule, line.table)) for rule in IN_ONE_TABLE.get(line.rule, ())]
        found.append(absent.get(OF_A_NAME.get(line.rule, "")))
        if line.rule == "unknown_reference":
            # A name that is there twice and one that is missing: one of the two was mistyped.
            found.append(table.get(("duplicate_key", line.cause[3:].partition("/")[0])))
        found += _explained_under_another_name(line, lines, of_rule["unused_explanation"])
        found += _of_another_table(i, lines, of_table)
        if line.table != "known_warnings":
            # An explanation of counted rows that lost one explains too few: the row that it lost is told behind it.
            counted = f"{line.rule}/{line.table}/"
            found += [j for j in of_rule["explanation_count"] if lines[j].row.startswith(counted)]
        if line.rule == "information_exceeds_study":
            found += [j for j in of_rule["arm_exceeds_study"] if lines[j].cause == line.cause]
        if line.rule in OF_TIMES:
            found += [j for _, j in sorted(_times_of_the_study(line, lines, of_rule))]
        found += _of_a_changed_table(line, lines)
        cause = next((f for f in found if f is not None and f != i and _first(f, follows) != i), None)
        if cause is not None:
            follows[i] = cause
    return follows


def _same_rows(lines: list[Fault]) -> dict[int, int]:
    """Lines about rows that another line is about: whoever looks a row up for one of them sees the other.

    A warning follows an error that shares a row; of two warnings the one whose rows the other has as well. Two errors in
    one row are two faults, unless one of them is known to be the other seen again.
    """
    at: dict[tuple[str, str], list[int]] = {}
    named = [{line.row, *line.also} - {"", "more"} for line in lines]
    for i, line in enumerate(lines):
        for row in named[i]:
            at.setdefault((line.table, row), []).append(i)
    out: dict[int, int] = {}
    for i, line in enumerate(lines):
        others = {j for row in named[i] for j in at[line.table, row]} - {i}
        for j in sorted(others):
            if lines[j].rule in IN_ONE_ROW.get(line.rule, ()):
                out[i] = j
                break
            softer = line.severity != ERROR
            inside = named[i] <= named[j] or (line.cause != "" and line.cause == lines[j].cause)
            if softer and (lines[j].severity == ERROR or (inside and _before(lines[j], j, line, i))):
                out.setdefault(i, j)
    return out


def _rows_by_name(lines: list[Fault]) -> dict[str, int]:
    """Lines about a study or a group, by its name: numbers that contradict it have that name as their cause."""
    return {
        row: i
        for i, line in reversed([*enumerate(lines)])
        if line.table in ("studies", "arms")
        for row in (line.row, *line.also)
        if row
    }


def _before(a: Fault, i: int, b: Fault, j: int) -> bool:
    """Whether the first of two lines about the same rows is told, and the second behind it."""
    if a.rule in IN_ONE_ROW.get(b.rule, ()) or b.rule in IN_ONE_ROW.get(a.rule, ()):
        return a.rule in IN_ONE_ROW.get(b.rule, ())
    wider = len(a.also) - len(b.also)
    return i < j if wider == 0 else wider > 0


def _misnamed(line: Fault, i: int, lines: list[Fault], of_table: dict[str, list[int]]) -> int | None:
    """A row that others point at is not there, and one with a name like it has a line: that one was mistyped."""
    if not line.cause.startswith("no "):
        return None
    target, _, name = line.cause[3:].partition("/")
    near = (
        (_alike(row, name), j)
        for j in of_table.get(target, ())[:MOST_COMPARED]
        if j != i and lines[j].rule in OF_ITS_NAME and not lines[j].cause.startswith("no bias")
        for row in (lines[j].row, *lines[j].also[:FEW])
    )
    best = max(near, default=(0.0, -1))
    return best[1] if best[0] >= ALIKE else None


def _alike(a: str, b: str) -> float:
    if a.rpartition("/")[2] == b.rpartition("/")[2] != "":
        return 1.0
    return SequenceMatcher(None, a, b).ratio()


def _explained_under_another_name(line: Fault, lines: list[Fault], unused: list[int]) -> list[int]:
    """Explanations that explain nothing, where this line is what they were written for under another rule, table or row."""
    if line.table == "known_warnings":
        return []
    out = []
    for j in unused[:MOST_COMPARED]:
        for written in (lines[j].row, *lines[j].also):
            rule, _, rest = written.partition("/")
            table, _, name = rest.partition("/")
            if rule == line.rule or table == line.table:
                same_row = name == "*" or any(
                    _alike(name, row) >= ALIKE for row in (line.row, *line.also[:FEW])
                )
                if same_row:
                    out.append(j)
    return out


def _of_another_table(i: int, lines: list[Fault], of_table: dict[str, list[int]]) -> list[int]:
    """What a fault of another table brings with it: its correction, its overlaps, its judgements, its explanations."""
    line = lines[i]
    if line.rule == "correction_not_there":
        table, _, rest = line.row.partition("/")
        row = rest.rpartition("/")[0]
        return [j for j in of_table.get(table, ()) if row in (lines[j].row, *lines[j].also)]
    if line.rule == "unused_explanation":
        # A study that lost its name, or a new extreme among medians, leaves explanations of other rows without use.
        return [j for table in ("estimates", "arms", "studies") for j in of_table.get(table, ())[:1]]
    if line.rule == "histology_of_no_group":
        groups = of_table.get("estimates", ())
        return [j for j in groups if lines[j].cause.partition("/")[0] == line.row]
    if line.rule == "unlike_other_medians":
        # A median that slipped is no peer any more, and leaves another one without any near it.
        here = of_table.get("estimates", ())
        before = here.index(i)
        return [j for at, j in enumerate(here[:MOST_COMPARED]) if lines[j].rule != line.rule or at < before]
    if line.rule == "papers_of_one_study":
        return of_table.get("overlaps", [])
    if line.rule == "bias_domain_missing":
        judged = {"/".join(row.split("/")[:2]) for row in (line.row, *line.also)}
        return [
            j
            for j in of_table.get("bias", ())
            if lines[j].rule != line.rule and "/".join(lines[j].row.split("/")[:2]) in judged
        ]
    return []


def _times_of_the_study(
    line: Fault, lines: list[Fault], of_rule: dict[str, list[int]]
) -> Iterator[tuple[int, int]]:
    """Other findings about times of one study, the more telling ones: a unit that slipped contradicts several at once."""
    study = line.cause.partition(SEPARATOR)[0]
    for place, rule in enumerate(OF_TIMES[: OF_TIMES.index(line.rule)]):
        for j in of_rule.get(rule, ()) if study else ():
            if lines[j].cause.partition(SEPARATOR)[0] == study:
                yield place, j


def _of_a_changed_table(line: Fault, lines: list[Fault]) -> list[int]:
    """Where a table was changed by hand and has a fault, the other checksum is seen with that fault."""
    if line.rule != "checksum":
        return []
    here, named, read = [], [], []
    for j, other in enumerate(lines):
        if other.rule == "checksum":
            continue
        if other.table == line.table:
            here.append(j)
        elif other.cause.startswith(f"no {line.table}/"):
            named.append(j)
        elif other.rule in RULES and line.table in RULES[other.rule].needs:
            read.append(j)
    return [*here, *named, *read]


def _first(i: int, follows: dict[int, int]) -> int:
    while i in follows:
        i = follows[i]
    return i


def _told(line: Fault, consequences: list[Fault]) -> Fault:
    if not consequences:
        return line
    by_hand = " ".join(f"{c.table}.csv: {c.remedy}" for c in consequences if c.rule == "checksum")
    others = [c for c in consequences if c.rule != "checksum"]
    more = f" and {len(others) - FEW} more" if len(others) > FEW else ""
    seen = "; ".join(f"{c.row} [{c.rule}]" for c in others[:FEW])
    with_it = f"Seen with it: {seen}{more}." if others else ""
    return replace(line, remedy=" ".join(p for p in (line.remedy, with_it, by_hand) if p))
