"""Figures with confidence bands or limits, read again: how many, how well, and what was said of the others.

Run: python -m tests.statistical.validate_digitising_bands [figures of the plan]

They are those of the plan of `validate_digitising` whose family is one of bands or limits, from the same seed.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from survsim._version import __version__
from survsim.core.files import write_json
from tests.helpers import drawn_figures
from tests.helpers.digitising_scores import Score, table
from tests.statistical import validate_digitising as whole

RECORD = Path(__file__).parent / "records" / "digitising_bands.json"
FIGURES = 330
FAMILIES = (
    "filled bands", "dashed limits", "bands over lines", "lifelines bands", "base R limits", "survminer bands",
    "survminer bands, table",
)  # fmt: skip


def main() -> None:
    """Draw, read, compare, and write the record."""
    figures = int(sys.argv[1]) if len(sys.argv) > 1 else FIGURES
    styles = drawn_figures.plan(figures, seed=whole.UNSEEN, makers=drawn_figures.all_makers())
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        entries = drawn_figures.gallery(folder, [s for s in styles if s.family in FAMILIES])
        scores = [whole.scored(entry, folder, {}) for entry in entries]
    record = record_of(scores, figures)
    write_json(RECORD, record)
    print(json.dumps(record["claims"], indent=1))


def record_of(scores: list[Score], figures: int) -> dict[str, Any]:
    """What came of the figures."""
    return {
        "program": f"survsim {__version__}",
        "call": f"python -m tests.statistical.validate_digitising_bands {figures}",
        "seed": whole.UNSEEN,
        "figures": len(scores),
        "all": table(scores, lambda _: "all")[0],
        "claims": whole.claims(scores),
        "by_family": table(scores, lambda s: s.style["family"]),
        "by_maker": table(scores, lambda s: s.style["maker"]),
        "by_form": table(scores, lambda s: s.style["form"]),
        "not_read_or_wrong": [
            {"file": s.file, "outcome": s.outcome, "said": s.message or "; ".join(s.warned)}
            for s in scores
            if s.outcome != "read" or s.wrong
        ],
    }


if __name__ == "__main__":
    main()
