"""How fast 100,000 estimate rows are checked, loaded and selected from; prints rows per second.

    python -m benchmarks.evidence_100k [ROWS]

The rows are made from the shipped ones under new names: same words, same lengths, seeded order. The budget is held
against a whole process, from start to exit, that checks and then loads: what a user of the command line waits for.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

import survsim
from survsim.evidence.raw import package
from survsim.evidence.raw.csv_text import read_or_raise, table_bytes
from survsim.evidence.raw.locate import data_folder
from survsim.evidence.schema.catalogue import tables

# Memory: 500 MB until the estimates had 37 columns; 14 more came with the fields that decide pooling.
BUDGET_SECONDS, BUDGET_MB, BUDGET_SELECT = 5.0, 600.0, 0.050


def enlarged(rows: int, target: Path) -> None:
    """Write a data folder with `rows` estimates: copies of the shipped studies under numbered names."""
    source = data_folder(Path(__file__).resolve().parents[1])
    frames = {name: read_or_raise(source.curated / f"{name}.csv") for name in tables()}
    copies = -(-rows // len(frames["estimates"]))
    for name, keys in (
        ("studies", ["study_id"]),
        ("arms", ["study_id"]),
        ("estimates", ["study_id", "estimate_id"]),
    ):
        parts = []
        for i in range(copies):
            part = frames[name].copy()
            for key in keys:
                part[key] = part[key] + f"_{i}"
            if name == "studies":
                part[["doi", "pmid", "nct", "cohort"]] = ""
                part["title"] = part["title"] + f" {i}"
            parts.append(part)
        frames[name] = pd.concat(parts, ignore_index=True)
    frames["estimates"] = frames["estimates"].iloc[:rows]
    for name, key in (("overlaps", "study_id"), ("aliases", "study_id")):
        frames[name][key] = frames[name][key] + "_0"
    judged = frames["bias"]
    judged["row_id"] = judged["row_id"].where(judged["table"] == "cases", judged["row_id"] + "_0")
    for name in ("corrections", "flags", "known_warnings"):
        frames[name] = frames[name].iloc[:0]
    (target / "curated").mkdir()
    content = {name: table_bytes(frame) for name, frame in frames.items()}
    for name, data in content.items():
        (target / "curated" / f"{name}.csv").write_bytes(data)
    descriptor = package.descriptor(content, target / "raw")
    (target / "datapackage.json").write_text(json.dumps(descriptor), encoding="utf-8")


def whole_process(folder: str) -> tuple[float, float]:
    """Seconds, and processor seconds, of a program that imports survsim, checks the folder and loads it."""
    program = "import sys, survsim; survsim.check_evidence(sys.argv[1]); len(survsim.load_evidence(sys.argv[1]).estimates)"
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([sys.executable, "-c", program, folder], check=True)
    seconds, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main(rows: int) -> int:
    """Measure, print, and return 1 if a budget was missed."""
    survsim.load_evidence().select(endpoint="overall_survival", measure="median", allow_mixed="any")
    with tempfile.TemporaryDirectory() as folder:
        enlarged(rows, Path(folder))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        start, cpu = time.perf_counter(), time.process_time()
        report = survsim.check_evidence(folder)
        checked = time.perf_counter()
        store = survsim.load_evidence(folder)
        size = len(store.estimates)
        loaded, cpu = time.perf_counter(), time.process_time() - cpu
        store.select(endpoint="overall_survival", measure="median", allow_mixed="any")
        selections = []
        for design in np.random.default_rng(1).choice(["rct", "registry", "case_series"], 20):
            begin = time.perf_counter()
            store.select(
                endpoint="overall_survival",
                measure="hazard_ratio",
                design=str(design),
                interval=True,
                allow_mixed="any",
            )
            selections.append(time.perf_counter() - begin)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        whole, whole_cpu = whole_process(folder)
    check, load, select = checked - start, loaded - checked, float(np.median(selections))
    print(f"{size} rows: {len(report.errors)} errors, {len(report.warnings)} warnings listed")
    print(f"check   {check:6.2f} s  {rows / check:12,.0f} rows/s")
    print(f"load    {load:6.2f} s  {rows / load:12,.0f} rows/s")
    print(f"both    {cpu:6.2f} s of processor time (on a busy machine the seconds above are longer)")
    print(f"process {whole:5.2f} s from start to exit, {whole_cpu:.2f} s of processor time")
    print(f"select  {select * 1000:6.1f} ms {rows / select:12,.0f} rows/s")
    print(f"memory  {peak:6.0f} MB at most, {peak - before:.0f} MB above the start")
    # A busy machine makes seconds longer; the processor's are the program's own.
    return int(min(whole, whole_cpu) > BUDGET_SECONDS or peak > BUDGET_MB or select > BUDGET_SELECT)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000))
