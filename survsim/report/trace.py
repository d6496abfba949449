"""From a number of a report down to curated rows: the chain, printed as a tree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import survsim
from survsim.core.cells import visible
from survsim.core.errors import EvidenceWarning, warn
from survsim.core.ledger import Ledger, LedgerEntry
from survsim.core.provenance import Provenance
from survsim.report.resolve import resolve
from survsim.report.runner import SUMMARY, check_data, check_own
from survsim.report.sentences import format_entry
from survsim.report.study import Analysis, Study

if TYPE_CHECKING:
    from rich.tree import Tree

    from survsim.evidence.ask.store import EvidenceStore

MOST_ROWS = 40
"""Leaves printed below one step; the rest are counted."""
MOST_STEPS = 20_000
"""Steps printed below one number: one that several rest on is printed below each of them."""


def open_ledger(analysis: Analysis, *, quick: bool = False) -> tuple[Ledger, EvidenceStore]:
    """The numbers of an analysis and the evidence they were made from; refuses other data and what no run wrote."""
    ledger = Ledger.load(analysis.results(quick=quick) / SUMMARY)
    evidence = survsim.load_evidence(analysis.study.data)
    check_own(analysis.slug, ledger, analysis.results(quick=quick))
    check_data(analysis, ledger, evidence.checksum)
    for key, entry in ledger.numbers.items():
        if _outside(entry):
            warn(
                f"{key} = {format_entry(entry, key, 'interval')} lies outside its own interval.",
                EvidenceWarning,
            )
    return ledger, evidence


def trace_tree(analysis: Analysis, key: str, *, quick: bool = False) -> Tree:
    """The chain of one number as a tree: steps with their options, rows with their place."""
    from rich.tree import Tree

    ledger, evidence = open_ledger(analysis, quick=quick)
    step = ledger.provenance(key)
    entry = ledger.numbers[key]
    extras = "interval unit" if entry.conf_low is not None or entry.conf_high is not None else "unit"
    tree = Tree(_plain(f"{key} = {format_entry(entry, key, extras)}"))
    room = [MOST_STEPS]
    _grow(tree, step, evidence, analysis.study, room)
    if room[0] < 0:
        tree.add(_plain(f"and more: the first {MOST_STEPS} steps are shown"))
    return tree


def _outside(entry: LedgerEntry) -> bool:
    """Whether a value lies beyond its interval by more than rounding; it can, and is worth a look."""
    if isinstance(entry.value, str | bool | None):
        return False
    slack = 1e-9 * abs(entry.value)
    low, high = entry.conf_low, entry.conf_high
    return (low is not None and entry.value < low - slack) or (
        high is not None and entry.value > high + slack
    )


def list_keys(analysis: Analysis, *, quick: bool = False) -> Any:
    """Every number of an analysis with its key, as a table."""
    from rich.table import Table

    ledger, _ = open_ledger(analysis, quick=quick)
    shown = Table("key", "value", "interval", "unit", box=None, pad_edge=False)
    for key, entry in ledger.numbers.items():
        has = entry.conf_low is not None or entry.conf_high is not None
        interval = format_entry(entry, key, "interval").split("interval ")[-1].rstrip(")") if has else ""
        shown.add_row(*map(_plain, (key, format_entry(entry, key), interval, entry.unit)))
    return shown


def facts_of(analysis: Analysis, key: str | None, *, quick: bool = False) -> dict[str, Any]:
    """The same as plain data: every number with its interval and unit, or one with the rows it was made from."""
    ledger, _ = open_ledger(analysis, quick=quick)
    rows = {"rows": ledger.provenance(key).references()} if key else {}
    numbers = {
        name: {"value": e.value, "conf_low": e.conf_low, "conf_high": e.conf_high, "unit": e.unit}
        for name, e in ledger.numbers.items()
        if key in (None, name)
    }
    return {"analysis": analysis.slug, "numbers": numbers, **rows}


def trace_all(analysis: Analysis, *, quick: bool = False) -> dict[str, tuple[str, ...]]:
    """For every number of an analysis the rows it was made from, each looked up in the evidence.

    Raises
    ------
    EvidenceError : a number that rests on nothing, or names a row that is not there.
    """
    ledger, evidence = open_ledger(analysis, quick=quick)
    checked: dict[str, str] = {}
    rows: dict[str, tuple[str, ...]] = {}
    for key in ledger.numbers:
        references = ledger.provenance(key).references()
        if not references:
            raise survsim.errors.EvidenceError(f"{key} of {analysis.slug} rests on no row and no assumption.")
        for reference in references:
            if reference not in checked:
                checked[reference] = resolve(reference, evidence, analysis.study)
        rows[key] = references
    return rows


def _grow(tree: Tree, step: Provenance, evidence: EvidenceStore, study: Study, room: list[int]) -> None:
    """Add a step with all below it; `room` holds how many more may be added."""
    room[0] -= 1
    if room[0] < 0:
        return
    options = ", ".join(f"{name}={_short(value)}" for name, value in step.options)
    branch = tree.add(_plain(f"{step.method}({options})" if options else step.method))
    if step.note:
        branch.add(_plain(f"note: {step.note}"))
    leaves = 0
    for item in step.inputs:
        if isinstance(item, Provenance):
            _grow(branch, item, evidence, study, room)
            continue
        leaves += 1
        if leaves <= MOST_ROWS:
            branch.add(_plain(resolve(item, evidence, study)))
    if leaves > MOST_ROWS:
        branch.add(_plain(f"and {leaves - MOST_ROWS} rows more"))


def _short(value: Any) -> str:
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _plain(text: str) -> Any:
    """Text that the printer does not read as markup, for sources hold square brackets, nor a terminal as commands."""
    from rich.text import Text

    return Text(visible(text))
