"""From measurements to verdicts, the table in RESULTS.md, and its picture."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import time
from pathlib import Path
from typing import Any

from benchmarks.contest import Taken
from benchmarks.row import Goal, Row

HERE = Path(__file__).parent
SHOWN = ("survsim", "numpy", "scipy", "numba")


def judged(row: Row, taken: list[Taken]) -> dict[str, Any]:
    """A row as it is kept: seconds, versions, and whether each goal is met."""
    by = {t.name: t for t in taken}
    goals = [verdict(goal, by) for goal in row.goals]
    said = {"met": all(g[1] == "met" for g in goals), "missed": any(g[1] == "missed" for g in goals)}
    return {
        "title": row.title,
        "at": time.strftime("%Y-%m-%d %H:%M"),
        "goals": goals,
        "verdict": "met" if said["met"] else "missed" if said["missed"] else "not judged",
        "taken": [{k: v for k, v in vars(t).items() if k != "answer"} for t in taken],
        "answer": by["survsim"].answer if row.once else [],
    }


def verdict(goal: Goal, by: dict[str, Taken]) -> tuple[str, str, str]:
    """The wish, "met", "missed" or "absent", and the figure it was judged by."""
    own = by["survsim"]
    if own.cpu is None or own.wall is None:
        return goal.told(), "missed", own.why_not or "no time"
    if not goal.against:
        found = own.answer[goal.measure] if isinstance(goal.measure, int) else getattr(own, goal.measure)
        return goal.told(), "met" if found <= goal.limit else "missed", f"{found:.3g} {goal.unit}"
    if goal.against == "fastest":
        others = {t.name: t.cpu for t in by.values() if t.cpu and not t.name.startswith(("survsim", "hand"))}
        if not others:
            return goal.told(), "absent", "no peer"
        best = min(others, key=lambda name: others[name])
        return (
            goal.told(),
            "met" if own.cpu <= others[best] else "missed",
            f"{others[best] / own.cpu:.2f} x {best}",
        )
    other = by[goal.against]
    if other.cpu is None:
        return goal.told(), "absent", other.why_not
    ratio = other.cpu / own.cpu if goal.faster else own.cpu / other.cpu
    fine = ratio >= goal.times if goal.faster else ratio <= goal.times
    return goal.told(), "met" if fine else "missed", f"{ratio:.2f} x"


def seconds(value: float | None) -> str:
    """A time in the unit that reads best."""
    if value is None:
        return "-"
    return f"{value * 1e3:.3g} ms" if value < 1.0 else f"{value:.3g} s"


def shown(row: dict[str, Any]) -> str:
    """A row for the terminal."""
    lines = [f"{row['title']}: {row['verdict']}"]
    for t in row["taken"]:
        times = (
            t["why_not"]
            or f"{seconds(t['cpu']):>9} processor {seconds(t['wall']):>9} wall {t['mib']:6.0f} MiB"
        )
        lines.append(f"  {t['name'] + ' ' + t['version']:<28} {times}")
    return "\n".join([*lines, *(f"  {wish}: {said} ({found})" for wish, said, found in row["goals"])])


def write(rows: dict[str, dict[str, Any]]) -> None:
    """RESULTS.md with the table, what the misses rest on, and the picture."""
    peers = {t["name"]: t["version"] for r in rows.values() for t in r["taken"] if t["version"]}
    peers |= {name: importlib.metadata.version(name) for name in SHOWN if name != "survsim"}
    lines = [
        "# Results of `make bench`",
        "",
        f"{time.strftime('%Y-%m-%d')}, {processor()}, {os.cpu_count()} cores, Python {platform.python_version()}; "
        + ", ".join(f"{name} {v}" for name, v in sorted(peers.items()))
        + ".",
        "",
        "Processor seconds, the least of several calls in turn, waiting time in brackets; goals are judged by processor time "
        "unless they say otherwise. `hand` is what a careful author gets with numpy and numba without checks or result "
        "objects, BLAS held at one thread.",
        "",
        "| row | survsim | peers | hand | goal | found | |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows.values():
        own, hand, peers_ = "-", "-", []
        for t in row["taken"]:
            told = f"{seconds(t['cpu'])} ({seconds(t['wall'])})" if t["cpu"] is not None else t["why_not"]
            if t["name"] == "survsim":
                own = told
            elif t["name"] == "hand":
                hand = told
            else:
                peers_.append(f"{t['name']} {told}")
        wishes, found = "; ".join(g[0] for g in row["goals"]), "; ".join(g[2] for g in row["goals"])
        lines.append(
            f"| {row['title']} | {own} | {'; '.join(peers_) or '-'} | {hand} | {wishes} | {found} | **{row['verdict']}** |"
        )
    lines += ["", "![Times beside survsim's](results.png)", ""]
    misses = HERE / "misses.md"
    if misses.exists():
        lines.append(misses.read_text(encoding="utf-8"))
    (HERE / "RESULTS.md").write_text("\n".join(lines), encoding="utf-8")
    picture(rows)


def processor() -> str:
    """The name of the processor."""
    try:
        told = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    wide = any(line.startswith("flags") and " avx512f" in line for line in told)
    name = next(
        (line.split(":")[1].strip() for line in told if line.startswith("model name")), platform.processor()
    )
    return name + (" with AVX-512" if wide else " without AVX-512")


def picture(rows: dict[str, dict[str, Any]]) -> None:
    """How many times longer than survsim each contestant takes, row by row, on a logarithmic axis."""
    from matplotlib.figure import Figure

    compared = [
        r for r in rows.values() if sum(t["cpu"] is not None for t in r["taken"]) > 1 and r["taken"][0]["cpu"]
    ]
    figure = Figure(figsize=(7.5, 0.45 * max(len(compared), 2) + 1.2), dpi=150, layout="constrained")
    axes = figure.add_subplot()
    points = [one for y, row in enumerate(compared) for one in _points(y, row)]
    for x, y, name in points:
        hand = name == "hand"
        axes.plot(x, y, "D" if hand else "o", color="#444444" if hand else "#1f5f8b", markersize=5)
    axes.axvline(1.0, color="black", linewidth=0.8, zorder=0)
    axes.set_xscale("log")
    axes.set_xlim(min(x for x, _, _ in points) / 1.4, 1.7 * max(x for x, _, _ in points))
    axes.set_yticks(range(len(compared)), [r["title"] for r in compared], fontsize=7)
    axes.invert_yaxis()
    axes.set_xlabel("processor time beside survsim's (right of the line: slower)", fontsize=8)
    axes.tick_params(axis="x", labelsize=7)
    figure.draw_without_rendering()
    taken: list[Any] = []
    for x, y, name in points:
        _name_beside(axes, x, y, name, taken)
    figure.savefig(HERE / "results.png", dpi=150)


def _points(y: int, row: dict[str, Any]) -> list[tuple[float, int, str]]:
    """Times over survsim's of the others in a row; variants ("hand, numpy only") stand in the table alone."""
    cpu = {t["name"]: t["cpu"] for t in row["taken"] if t["cpu"] is not None and "," not in t["name"]}
    own = cpu.pop("survsim")
    return sorted((seconds / own, y, name) for name, seconds in cpu.items())


def _name_beside(axes: Any, x: float, y: int, name: str, taken: list[Any]) -> None:
    """Write a name above or below its point, nearest first, where no name stands yet."""
    for offset in (5, -5, 12, -12):
        text = axes.annotate(
            name, (x, y), xytext=(0, offset), textcoords="offset points", ha="center",
            va="bottom" if offset > 0 else "top", fontsize=6,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
        )  # fmt: skip
        box = text.get_window_extent().padded(3)
        if not any(box.overlaps(other) for other in taken):
            break
        if offset != -12:
            text.remove()
    taken.append(box)
