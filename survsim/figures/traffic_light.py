"""Risk of bias as traffic lights: a line a number (or numbers of a study judged alike), a lamp a domain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from survsim.core.errors import InputError
from survsim.core.names import readable
from survsim.evidence.schema.bias import NO_INFORMATION, NOT_ASKED, TOOL
from survsim.figures import placing, sheet, style
from survsim.figures.notes import notes_of

if TYPE_CHECKING:
    from survsim.evidence.ask.bias import RiskOfBias

LAMPS = {
    "low": ("#3c8d5a", "+"),
    "yes": ("#3c8d5a", "+"),
    "some_concerns": ("#e2b33c", "–"),
    "moderate": ("#e2b33c", "–"),
    "unclear": ("#e2b33c", "–"),
    "high": ("#c0392b", "×"),
    "serious": ("#c0392b", "×"),
    "no": ("#c0392b", "×"),
    "critical": ("#6d1b12", "!"),
    NO_INFORMATION: ("#d9dde1", "?"),
    NOT_ASKED: ("none", ""),
}
"""Colour and sign of each judgement: the sign alone tells it in grey."""
NAMES = {"rob2": "RoB 2", "robins_i": "ROBINS-I", "quips": "QUIPS", "jbi_case_report": "JBI case reports"}
CELL, ROW, LEFT = 0.42, 0.27, 2.9
"""Inches of a column, of a line, and usually of the names."""


@style.styled
def draw_risk_of_bias(result: RiskOfBias, ax: Any = None, *, tool: str | None = None) -> Any:
    """Lamps by number (rows) and domain (columns), with the overall judgement at the right.

    Numbers of one study that were judged alike share a line, which says how many they are. Of several judges the worst
    judgement is shown.

    Parameters
    ----------
    tool : the tool to show; needed when the rows were judged by several.

    Returns
    -------
    Axes; lamps carry ``gid`` "row|domain|judgement".
    """
    tools = list(dict.fromkeys(result.tool))
    if not tools:
        raise InputError("nobody judged these rows: there is nothing to draw (result.unjudged names them).")
    if (tool is None and len(tools) > 1) or (tool is not None and tool not in tools):
        raise InputError(f"tool must be one of {', '.join(tools)}; got {tool!r}. One picture shows one tool.")
    chosen = tools[0] if tool is None else tool
    columns = [d for d in TOOL[chosen].domains if _asked(result, chosen, d)]
    lines = _lines(result, chosen, columns)
    if ax is None:
        ax = _own_axes(len(columns) + 1, len(lines))
    for y, (label, words) in enumerate(lines):
        for x, (domain, word) in enumerate(zip([*columns, "overall"], words)):
            _lamp(ax, x + (0.35 if domain == "overall" else 0.0), y, word, f"{label}|{domain}|{word}")
    places = [*range(len(columns)), len(columns) + 0.35]
    ax.set_xticks(places, [readable(d) for d in [*columns, "overall"]], rotation=90)
    ax.set_yticks(range(len(lines)), [_in_words(label, result.names) for label, _ in lines])
    ax.set(xlim=(-0.6, len(columns) + 0.95), ylim=(len(lines) - 0.4, -0.6), ylabel="")
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    for side in ax.spines.values():
        side.set_visible(False)
    placing.title(ax, NAMES[chosen])
    _legend(ax, chosen)
    return ax


def _own_axes(columns: int, rows: int) -> Any:
    """A sheet as wide as the lamps and the names need, up to the width asked for."""
    usual = LEFT + CELL * (columns + 0.5) + 0.2
    wide = sheet.asked()
    return style.new_axes(
        usual if wide is None or wide.width is None else wide.width, 2.0 + ROW * rows, rows=rows, row=ROW
    )


def _in_words(label: str, names: Mapping[str, str]) -> str:
    name, bracket, rest = label.partition(" (")
    return names.get(name, readable(name)) + bracket + rest


def _asked(result: RiskOfBias, tool: str, domain: str) -> bool:
    words = result.judgement[(result.tool == tool) & (result.domain == domain)]
    return bool((words != NOT_ASKED).any())


def _lines(result: RiskOfBias, tool: str, columns: list[str]) -> list[tuple[str, tuple[str, ...]]]:
    """Label and judgements of each line; numbers of a study with the same judgements are one."""
    order = [NOT_ASKED, NO_INFORMATION, *TOOL[tool].judgements]
    overall = result.overall()
    overall = overall[overall["tool"] == tool]
    words: dict[str, dict[str, str]] = {}
    for row, domain, word in zip(
        *(a[result.tool == tool] for a in (result.row_id, result.domain, result.judgement))
    ):
        had = words.setdefault(row, {}).get(domain)
        words[row][domain] = word if had is None else max(had, word, key=order.index)
    rows_of: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for row, study, word in zip(overall["row_id"], overall["study_id"], overall["overall"]):
        lamps = tuple(words[row].get(d, NO_INFORMATION) for d in columns)
        rows_of.setdefault((study, (*lamps, word)), []).append(row)
    several = {study for study, _ in rows_of if sum(s == study for s, _ in rows_of) > 1}
    found = []
    for (study, lamps), rows in rows_of.items():
        name = study if study not in several else rows[0]
        found.append((name if len(rows) == 1 else f"{name} ({len(rows)} numbers)", lamps))
    return found


def _lamp(ax: Any, x: float, y: float, word: str, gid: str) -> None:
    colour, sign = LAMPS[word]
    if word == NOT_ASKED:
        return
    (dot,) = ax.plot(
        [x], [y], marker="o", markersize=14, markerfacecolor=colour, markeredgecolor="white", linestyle=""
    )
    dot.set_gid(gid)
    ink = style.SOFT if word == NO_INFORMATION else (style.INK if colour == "#e2b33c" else "white")
    ax.text(x, y, sign, ha="center", va="center_baseline", fontsize=9.5, fontweight="bold", color=ink)


def _legend(ax: Any, tool: str) -> None:
    from matplotlib.lines import Line2D

    shown = [*TOOL[tool].judgements, NO_INFORMATION]
    dots = [Line2D([], [], marker="o", linestyle="", color=LAMPS[w][0], markersize=9) for w in shown]
    names = [f"{LAMPS[w][1]}  {w.replace('_', ' ')}" for w in shown]
    placing.legend(ax, dots, names, where="below")
    notes_of(ax).after.append(_sized)


def _sized(ax: Any) -> None:
    """Lamps and their signs no larger than the cells have become."""
    (x0, y0), (x1, y1) = ax.transData.transform([(0.0, 0.0), (1.0, 1.0)])
    cell = min(abs(x1 - x0), abs(y1 - y0)) / ax.figure.figure.dpi * 72.0
    size = min(14.0, 0.86 * cell)
    for label in ax.get_xticklabels():
        label.set_fontsize(min(label.get_fontsize(), 0.82 * abs(x1 - x0) / ax.figure.figure.dpi * 72.0))
    for line in ax.get_lines():
        line.set_markersize(size)
    for text in ax.texts:
        text.set_fontsize(0.68 * size)


def lamps_of(ax: Any) -> dict[tuple[str, str], str]:
    """Judgement of each lamp of a drawn picture, by line and domain."""
    gids = [line.get_gid() for line in ax.get_lines() if line.get_gid()]
    parts = [g.rsplit("|", 2) for g in gids]
    return {(label, domain): word for label, domain, word in parts}
