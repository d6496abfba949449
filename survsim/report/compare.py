"""Which conclusions moved since an earlier state of the study, by how much, and because of which rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from survsim.core.ledger import Ledger, LedgerEntry
from survsim.report.agreement import TOLERANCE, same_content, same_entry
from survsim.report.earlier import Earlier, earlier_state, read_curated
from survsim.report.protocol_changes import NAMES, protocol_changes
from survsim.report.resolve import DATASETS, KEYS
from survsim.report.sentences import format_entry
from survsim.report.study import Analysis
from survsim.report.tables import table

if TYPE_CHECKING:
    import pandas as pd
    from nbformat import NotebookNode

MOST_ROWS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One number that moved, came or went.

    Attributes
    ----------
    key : of the number.
    before, now : with interval, as text; empty where there was none.
    change : relative change in per cent, or the words "new" and "gone".
    because : the rows that differ among its sources, or what else did.
    """

    key: str
    before: str
    now: str
    change: str
    because: str


def moves(analysis: Analysis, now: Ledger, earlier: Earlier, tolerance: float = TOLERANCE) -> list[Move]:
    """Every number of an analysis that is not what it was, in the order of the present summary."""
    before = earlier.ledger(analysis.slug)
    if before is None:
        return []
    rows = _RowChanges(analysis.study.root, earlier)
    found = []
    for key in [*now.numbers, *(k for k in before.numbers if k not in now.numbers)]:
        old, new = before.numbers.get(key), now.numbers.get(key)
        if old is not None and new is not None and _same(old, new, tolerance):
            continue
        references: dict[str, None] = {}
        for ledger, entry in ((before, old), (now, new)):
            if entry is not None:
                references.update(dict.fromkeys(ledger.provenance(key).references()))
        was = set(before.provenance(key).references()) if old is not None else set()
        uses = set(now.provenance(key).references()) if new is not None else set()
        because = rows.because(references, was, uses) or _program(before, now)
        found.append(
            Move(
                key=key,
                before=_text(old, key),
                now=_text(new, key),
                change=_change(old, new),
                because=because,
            )
        )
    return found


def add_comparison(notebook: NotebookNode, analysis: Analysis, ledger: Ledger, old: str) -> None:
    """Append the section "What changed" to an executed notebook."""
    from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

    with earlier_state(analysis.study, old) as earlier:
        known = earlier.ledger(analysis.slug) is not None
        moved = moves(analysis, ledger, earlier)
        folders = [root / "analyses" / analysis.slug for root in (earlier.root, analysis.study.root)]
        rules = [rule for name in NAMES for rule in protocol_changes(*(folder / name for folder in folders))]
    text = f"## What changed since {Path(old).name or old}\n\n"
    if not known:
        text += "The earlier state has no results of this analysis."
    else:
        total = len(ledger.numbers)
        text += f"{len(moved)} of {total} numbers differ." if moved else f"None of the {total} numbers moved."
    if rules:
        text += "\n\nThe protocol changed:\n\n" + "\n".join(f"- {escape(rule)}" for rule in rules)
    notebook.cells.append(new_markdown_cell(text, id="compare-text"))
    if moved:
        output = new_output("display_data", {"text/html": moves_table(moved).html})
        notebook.cells.append(new_code_cell("", id="compare-table", outputs=[output]))


def moves_table(moved: list[Move]) -> Any:
    """The moves as a table: the largest relative changes first."""
    import pandas as pd

    frame = pd.DataFrame([[m.key, m.before, m.now, m.change, m.because] for m in moved])
    frame.columns = pd.Index(["number", "before", "now", "change", "because of"])
    return table(frame, title="Numbers that moved")


class _RowChanges:
    """Differences of curated tables between two states, each table compared once."""

    def __init__(self, root: Path, earlier: Earlier) -> None:
        self.root = root
        self.earlier = earlier
        self._known: dict[str, dict[str, str]] = {}

    def because(self, references: Iterable[str], was: set[str], uses: set[str]) -> str:
        """What happened to the rows named, in words; empty if nothing did."""
        words: list[str] = []
        for reference in references:
            name, _, row = reference.partition(":")
            if reference not in was:
                words.append(f"{row} came" if row != "*" else f"{name} are counted now")
            elif reference not in uses:
                words.append(f"{row} went")
            elif name in DATASETS or row == "*":
                words += [f"{name}: {text}" for text in self._whole(name)]
            elif row in self._changed(name):
                words.append(f"{row} {self._changed(name)[row]}")
        shown = "; ".join(words[:MOST_ROWS])
        return f"{shown}; and {len(words) - MOST_ROWS} rows more" if len(words) > MOST_ROWS else shown

    def _whole(self, name: str) -> list[str]:
        kinds = [text.split(" ")[0] for text in self._changed(name).values()]
        return [f"{kinds.count(kind)} rows {kind}" for kind in ("came", "went", "changed") if kind in kinds]

    def _changed(self, name: str) -> dict[str, str]:
        if name not in self._known:
            self._known[name] = _diff(self.earlier.table(name), read_curated(self.root, name), name)
        return self._known[name]


def _diff(old: pd.DataFrame | None, new: pd.DataFrame | None, name: str) -> dict[str, str]:
    """Row -> what happened to it: came, went, or changed with the columns."""
    if old is None or new is None:
        return {}
    before, now = _by_key(old, name), _by_key(new, name)
    out = {row: "came" for row in now if row not in before}
    out |= {row: "went" for row in before if row not in now}
    common = [c for c in old.columns if c in new.columns]
    for row in now:
        if row in before:
            columns = [c for c in common if before[row][c] != now[row][c]]
            if columns:
                first = columns[0]
                out[row] = f"changed: {first} {before[row][first] or 'empty'} to {now[row][first] or 'empty'}"
    return out


def _by_key(frame: pd.DataFrame, name: str) -> dict[str, dict[Any, Any]]:
    """Rows by their name; where the key repeats (patients), by key and first columns."""
    key = KEYS.get(name, str(frame.columns[0]))
    names = frame[key].astype(str)
    if names.duplicated().any():
        names = frame.iloc[:, :3].astype(str).agg("/".join, axis=1)
    names = names + names.groupby(names).cumcount().map(lambda n: f"#{n}" if n else "")
    return dict(zip(names, frame.to_dict("records")))


def _same(old: LedgerEntry, new: LedgerEntry, tolerance: float) -> bool:
    names = ("value", "conf_low", "conf_high", "mc_std_error")
    before, now = ({n: getattr(e, n) for n in names} for e in (old, new))
    return same_entry(before, now, tolerance)


def _text(entry: LedgerEntry | None, key: str) -> str:
    if entry is None:
        return ""
    has = entry.conf_low is not None or entry.conf_high is not None
    return format_entry(entry, key, "interval unit" if has else "unit").replace("95% interval ", "")


def _change(old: LedgerEntry | None, new: LedgerEntry | None) -> str:
    if old is None or new is None:
        return "new" if old is None else "gone"
    a, b = old.value, new.value
    if not isinstance(a, int | float) or not isinstance(b, int | float):
        return ""
    if same_content(a, b):
        return "interval only"
    return f"{100 * (b - a) / abs(a):+.2g}%" if a else f"{b - a:+.3g}"


def _program(before: Ledger, now: Ledger) -> str:
    if before.seed != now.seed:
        return f"seed {before.seed} to {now.seed}"
    if before.mode != now.mode:
        return f"{before.mode} results to {now.mode} results"
    return "the program or the analysis changed, no row did"
