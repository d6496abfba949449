"""Ten million patients through every model with a known answer: writes the record that the tests read.

Run: python -m tests.statistical.validate_simulation [patients]
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from survsim import Execution
from survsim._version import __version__
from survsim.core.files import write_json
from tests.helpers.simulation_truths import TRUTHS, worst_deviation

RECORD = Path(__file__).parent / "records" / "simulation_closed_forms.json"
SEED = 20_231


def main() -> None:
    """Simulate each model, print and record its largest distance from the truth."""
    patients = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
    models = {}
    for name, make in TRUTHS.items():
        start = time.perf_counter()
        worst, label = worst_deviation(make(), patients=patients, seed=SEED, execution=Execution(workers=1))
        models[name] = {"worst_standard_errors": round(worst, 3), "where": label}
        print(
            f"{name:32} {worst:5.2f} standard errors ({label}), {time.perf_counter() - start:.1f} s",
            flush=True,
        )
    write_json(
        RECORD,
        {
            "program": f"survsim {__version__}",
            "call": "python -m tests.statistical.validate_simulation",
            "patients": patients,
            "seed": SEED,
            "models": models,
        },
    )


if __name__ == "__main__":
    main()
