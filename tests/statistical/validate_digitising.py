"""Figures drawn from known curves, read again: errors, refusals, silent failures, and hazard ratios at the end.

Run: python -m tests.statistical.validate_digitising [figures]

The gallery comes from a seed that nobody had looked at while the readers were written; each goal stands in the record with
what was reached there. A seed whose failures were looked into belongs to `DEVELOPED_ON` from then on, and a new one takes
its place. Figures by base R and survminer are among them where R has both.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import warnings
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from joblib import Parallel, delayed

from survsim import digitise
from survsim._version import __version__
from survsim.core.files import write_json
from survsim.errors import InputError
from tests.helpers import drawn_figures, drawn_traps, figure_to_ratio, hostile_figures
from tests.helpers.contact_sheet import sheet
from tests.helpers.digitising_scores import Score, curves, doubts, names_help, score, spent, table

RECORD = Path(__file__).parent / "records" / "digitising.json"
SHEET = RECORD.with_name("digitising_worst.png")
FIGURES = 330
UNSEEN, DEVELOPED_ON = 8686, (drawn_figures.SEED, 31, 32, 2828, 4747, 5656, 6161, 7373, 9191)
WORST = 20
LIMIT_SECONDS = 10.0


def main() -> None:
    """Draw, read, compare, and write the record and the sheet of the worst."""
    figures = int(sys.argv[1]) if len(sys.argv) > 1 else FIGURES
    with tempfile.TemporaryDirectory() as made:
        record = {
            "program": f"survsim {__version__}",
            "call": f"python -m tests.statistical.validate_digitising {figures}",
            "unseen": judged(Path(made) / "unseen", figures, UNSEEN, SHEET),
            "developed_on": list(DEVELOPED_ON),
            "traps": traps(Path(made) / "traps"),
            "hostile": hostile(Path(made) / "hostile"),
        }
    record["goals"] = goals(record)
    write_json(RECORD, record)
    _say(record)


def judged(folder: Path, figures: int, seed: int, drawn: Path | None = None) -> dict[str, Any]:
    """What came of one gallery; the sheet of its worst is drawn where `drawn` says."""
    entries = drawn_figures.gallery(
        folder, drawn_figures.plan(figures, seed=seed, makers=drawn_figures.all_makers())
    )
    kept: dict[str, Any] = {}
    scores = []
    for one, read in Parallel(n_jobs=os.cpu_count())(delayed(_scored_apart)(e, folder) for e in entries):
        scores.append(one)
        kept |= read
    if drawn is not None:
        sheet(drawn, folder, worst(scores), {e["file"]: e for e in entries}, kept)
    return {
        "seed": seed,
        "figures": len(scores),
        "all": table(scores, lambda _: "all")[0],
        "claims": claims(scores),
        **{name: table(scores, by) for name, by in GROUPS.items()},
        "hazard_ratios": ratios(entries, kept),
        "not_read": [
            {"file": s.file, "outcome": s.outcome, "message": s.message}
            for s in scores
            if s.outcome != "read"
        ],
        "worst": [_row(s) for s in worst(scores)],
    }


def scored(entry: dict[str, Any], folder: Path, kept: dict[str, Any]) -> Score:
    one = score(entry, folder, digitise, kept)
    if one.silent or one.outcome != "read" or one.error > 0.01:
        told = (
            one.message[:150]
            or f"missing {one.missing}, extra {one.extra}, errors {np.round(one.errors, 4).tolist()}"
        )
        print(f"{one.file}: {one.outcome}{' SILENT' if one.silent else ''}; {told}", flush=True)
    return one


def _scored_apart(entry: dict[str, Any], folder: Path) -> tuple[Score, dict[str, Any]]:
    """The score of one figure in a process of its own, and what was read."""
    kept: dict[str, Any] = {}
    return scored(entry, folder, kept), kept


GROUPS = {
    "by_family": lambda s: s.style["family"],
    "by_form": lambda s: s.style["form"],
    "by_maker": lambda s: s.style["maker"],
    "by_look": lambda s: s.style["look"],
    "by_dpi": lambda s: "vector" if s.style["form"] in drawn_figures.VECTOR else str(s.style["dpi"]),
}


def claims(scores: list[Score]) -> dict[str, Any]:
    """The figures that the goals are about."""
    vector = [s for s in scores if s.style["form"] in drawn_figures.VECTOR]
    fine = [s for s in scores if s not in vector and s.style["dpi"] >= 150 and s.outcome == "read"]
    refused = [s for s in scores if s.outcome == "refused"]
    read = [s.error for s in vector if s.outcome == "read"]
    return {
        "vector_figures": len(vector),
        "vector_read": len(read),
        "vector_worst_error": float(np.max(read)) if read else None,
        "raster_150_read": len(fine),
        "raster_150_median": float(np.median([s.error for s in fine])) if fine else None,
        "raster_150_95": float(np.quantile([s.error for s in fine], 0.95)) if fine else None,
        "share_without_help": round(float(np.mean([s.without_help for s in scores])), 4),
        "refusals_that_name_help": f"{sum(names_help(s.message) for s in refused)} of {len(refused)}",
        "crashed": sum(s.outcome == "crashed" for s in scores),
        "silent": [s.file for s in scores if s.silent],
    }


def goals(record: dict[str, Any]) -> list[dict[str, Any]]:
    """Each goal beside what the unseen gallery and the traps reached."""
    found = record["unseen"]["claims"]
    silent_traps = sum(said.startswith("read without") for said in record["traps"].values())
    rows = (
        ("worst error of a drawing", 1e-4, found["vector_worst_error"]),
        ("median error of a picture of 150 dpi and above", 0.003, found["raster_150_median"]),
        ("95th percentile of the same", 0.01, found["raster_150_95"]),
        ("share of figures that need help", 0.05, round(1.0 - found["share_without_help"], 4)),
        ("figures read wrongly without a word", 0, len(found["silent"])),
        ("figures on which the reader broke off", 0, found["crashed"]),
        ("traps read without a word", 0, silent_traps),
        ("median error of the log hazard ratio", 0.05, record["unseen"]["hazard_ratios"]["median"]),
    )
    return [
        {"goal": name, "at_most": most, "reached": reached, "met": bool(reached <= most)}
        for name, most, reached in rows
    ]


def ratios(entries: list[dict[str, Any]], kept: dict[str, Any]) -> dict[str, Any]:
    """Log hazard ratios of two-arm figures beside those of the patients behind them."""
    rows = []
    for entry in entries:
        if entry["file"] in kept and len(entry["panels"][0]["arms"]) == 2:
            one = kept[entry["file"]][0][0]
            rows.append(figure_to_ratio.of_figure(entry, one, curves(one, entry["kind"])))
    done = [row for row in rows if row is not None and row["found"] is not None]
    gaps = [abs(row["found"] - row["true"]) for row in done]
    return {
        "figures": len(rows),
        "done": len(done),
        "median": round(float(np.median(gaps)), 5) if gaps else None,
        "percentile_95": round(float(np.quantile(gaps, 0.95)), 5) if gaps else None,
        "refused": [row for row in rows if row is not None and row["found"] is None],
    }


def traps(folder: Path) -> dict[str, str]:
    """What was answered to each figure that is no survival curve."""
    return {path.name: answer(path) for path in drawn_traps.draw_traps(folder)}


def hostile(folder: Path) -> dict[str, str]:
    """What was answered to each broken or ill-meant file, and to sound ones in rare dress."""
    found = {path.name: answer(path) for path in hostile_figures.refused_files(folder)}
    for entry in hostile_figures.odd_but_sound(folder):
        one = score(entry, folder, digitise)
        found[entry["file"]] = (
            f"{one.outcome}, error {one.error:.4f}"
            if one.outcome == "read"
            else f"{one.outcome}: {one.message}"
        )
        found[entry["file"]] += _late(one.seconds) + (" SILENT" if one.silent else "")
    return found


def answer(path: Path) -> str:
    """Refused, warned, read without a word, or crashed; and whether that took too long."""
    start = spent()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what is warned stands in the result too
            read = digitise(path, unit="months")
        said = f"warned: {'; '.join(told)}" if (told := doubts(read.warnings)) else "read without a word"
    except InputError as refusal:
        said = f"refused: {refusal}"
    except Exception as crash:
        said = f"crashed: {type(crash).__name__}: {crash}"
    return said[:300].replace(str(path.parent) + "/", "") + _late(spent() - start)


def _late(seconds: float) -> str:
    return f" TOOK {seconds:.0f} s" if seconds > LIMIT_SECONDS else ""


def worst(scores: list[Score]) -> list[Score]:
    """The twenty furthest off: silent ones first, then what was not read, then by error."""
    return sorted(scores, key=lambda s: (not s.silent, s.outcome == "read", -max(s.errors, default=0.0)))[
        :WORST
    ]


def _row(one: Score) -> dict[str, Any]:
    kept = asdict(one)
    style = kept.pop("style")
    return {
        **kept,
        "error": None if np.isnan(one.error) else one.error,
        "tolerance": None if np.isnan(one.tolerance) else one.tolerance,
        "style": {k: style[k] for k in ("family", "maker", "form", "dpi", "arms", "look", "censor", "scan")},
    }


def _say(record: dict[str, Any]) -> None:
    part = record["unseen"]
    for name in GROUPS:
        print(name)
        for row in part[name]:
            print(
                f"  {row['group']:26s} {row['without_help']:3d}/{row['figures']:3d} refused {row['refused']:2d}"
                f" wrong, warned {row['wrong_but_warned']:2d} silent {row['silent']:2d} crashed {row['crashed']:2d}"
                f" error {row['error_median']} / {row['error_95']} marks {row['marks_found']}/{row['marks_drawn']}"
                f" (+{row['marks_false']}) tables {row['risk_tables_exact']}/{row['risk_tables']}"
            )
    print(json.dumps({k: part[k] for k in ("all", "claims")}, indent=1))
    print(json.dumps({k: v for k, v in part["hazard_ratios"].items() if k != "refused"}))
    for row in record["goals"]:
        print(
            f"goal: {row['goal']} at most {row['at_most']}; reached {row['reached']}{'' if row['met'] else ', NOT MET'}"
        )
    for kind in ("traps", "hostile"):
        for name, said in record[kind].items():
            print(f"{kind} {name}: {said[:140]}")


if __name__ == "__main__":
    main()
