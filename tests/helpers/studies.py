"""Studies on disk for tests: copies of this repository's, and a miniature that runs in a second."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

from survsim.core import files
from survsim.report.study import Study

ROOT = Path(__file__).resolve().parents[2]

RUN = '''
"""Three numbers."""

import survsim
from survsim.report.study import Study


def main(*, quick, results, workers):
    """Write them."""
    evidence = survsim.load_evidence()
    surv = evidence.surv("tcga_ucs", endpoint="overall_survival", unit="months")
    km = survsim.kaplan_meier(surv)
    ledger = survsim.Ledger(
        analysis="01_mini", seed=7, mode="quick" if quick else "full", data_checksum=evidence.checksum
    )
    median = km.median()
    ledger.record("median", median.estimate[0], conf_low=median.conf_low[0], conf_high=median.conf_high[0],
                  unit="months", provenance=median)
    estimate = evidence.estimate("homesley_2007_gog0161_e07")
    ledger.record("ratio", estimate.value, provenance=survsim.Provenance.of("as_printed", estimate))
    guess = survsim.Provenance.of("assume", "assumption:01_mini/onset")
    ledger.record("onset", 2.0, unit="months", provenance=guess)
    km.save(results / "curve.csv")
    ledger.save(results / "summary.json")
'''

REPORT = """
# %% [markdown]
# # A miniature
#
# One curve.

# %%
import survsim

numbers = survsim.report.load_ledger("01_mini")
survsim.report.prose(numbers, "Median survival is {median:.1f ci unit}.")

# %%
surv = survsim.load_evidence().surv("tcga_ucs", endpoint="overall_survival", unit="months")
survsim.kaplan_meier(surv).plot(endpoint="Overall survival")
"""


def mini_study(folder: Path) -> Path:
    """A study with this repository's curated data and one small analysis."""
    root = folder / "study"
    (root / "data").mkdir(parents=True)
    shutil.copytree(ROOT / "data" / "curated", root / "data" / "curated")
    shutil.copy(ROOT / "data" / "datapackage.json", root / "data")
    analysis = root / "analyses" / "01_mini"
    analysis.mkdir(parents=True)
    (analysis / "run.py").write_text(textwrap.dedent(RUN).lstrip())
    (analysis / "report.py").write_text(textwrap.dedent(REPORT).lstrip())
    return root


def copied_study(folder: Path) -> Path:
    """This repository's data and analyses, without their results but the numbers that other analyses read."""
    root = folder / "study"
    shutil.copytree(ROOT / "data", root / "data", ignore=shutil.ignore_patterns("raw"))
    unwanted = shutil.ignore_patterns("results", "__pycache__", ".*")
    shutil.copytree(ROOT / "analyses", root / "analyses", ignore=unwanted)
    # Report 07 simulates the published models that are written there.
    shutil.copytree(ROOT / "tests" / "reference" / "models", root / "tests" / "reference" / "models")
    for read in {other.slug for analysis in Study(root=ROOT).analyses() for other in analysis.reads}:
        (root / "analyses" / read / "results").mkdir()
        shutil.copy(
            ROOT / "analyses" / read / "results" / "summary.json", root / "analyses" / read / "results"
        )
    return root


def seal_again(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change the content of a summary as a run could have written it: its checksum is that of the new content."""
    content = files.read_json(path)
    change(content)
    files.write_json(path, files.sealed(content))


def tree_bytes(folder: Path) -> dict[str, bytes]:
    """Every file below a folder with its content."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
