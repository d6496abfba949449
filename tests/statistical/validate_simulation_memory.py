"""Peak memory of a simulation by its number of patients: writes the record that the tests read.

Run: python -m tests.statistical.validate_simulation_memory
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from survsim._version import __version__
from survsim.core.files import write_json

RECORD = Path(__file__).parent / "records" / "simulation_memory.json"
PATIENTS = (100_000, 1_000_000, 10_000_000, 100_000_000)
_CHILD = """
import resource, sys
from survsim import Execution
from survsim.simulation.running.run import simulate_model
from survsim.simulation.declared.strategy import Strategy
from tests.helpers.disease_models import full_strategy, illness_death, tumour_model

rules, patients = sys.argv[1] == "rules", int(sys.argv[2])
model = tumour_model((Strategy(strategy="none"), full_strategy())) if rules else illness_death()
simulate_model(model, patients=patients, seed=1, execution=Execution(workers=2, executor="threads"))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def peak(kind: str, patients: int) -> float:
    """Largest resident set in MiB of a process of its own; `kind` is "plain" or "rules"."""
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", _CHILD, kind, str(patients)],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
        check=True,
        capture_output=True,
        text=True,
    )
    unit = 1024.0**2 if sys.platform == "darwin" else 1024.0
    return float(done.stdout) / unit


def main() -> None:
    """Measure, print and record."""
    peaks: dict[str, dict[str, float]] = {}
    for kind in ("plain", "rules"):
        peaks[kind] = {str(n): round(peak(kind, n), 1) for n in PATIENTS}
        print(kind, peaks[kind], flush=True)
    write_json(
        RECORD,
        {
            "program": f"survsim {__version__}",
            "call": "python -m tests.statistical.validate_simulation_memory",
            "unit": "MiB, largest resident set of the process with two threads",
            "peaks": peaks,
        },
    )


if __name__ == "__main__":
    main()
