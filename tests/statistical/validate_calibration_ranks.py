"""Simulation-based calibration of the calibration: ranks of true parameters over simulated evidence bases.

Run: python -m tests.statistical.validate_calibration_ranks [bases]

Two records are made, one as the method stands and one in which the sampler is told half of every standard error. The
tests ask that the first stays inside the band of uniform ranks and the second does not.
"""

from __future__ import annotations

import sys
import time
import warnings
from collections import Counter
from pathlib import Path

from survsim._version import __version__
from survsim.core.files import write_json
from survsim.errors import ConvergenceWarning
from tests.helpers.calibration_bases import half_width, ranks, worst_distance

RECORD = Path(__file__).parent / "records" / "calibration_ranks.json"
FIRST_SEED = 13_000
BASES = 300
FACTORS = {"as it is": 1.0, "standard errors halved": 0.5}


def main() -> None:
    """Simulate, calibrate, rank, and write both records."""
    bases = int(sys.argv[1]) if len(sys.argv) > 1 else BASES
    grid, width = half_width(bases)
    runs = {}
    for name, factor in FACTORS.items():
        start = time.perf_counter()
        found, methods, effective = _ranks(bases, factor)
        distance = {parameter: round(worst_distance(values, grid), 3) for parameter, values in found.items()}
        print(f"{name}: {distance}, band {width:.3f}, {time.perf_counter() - start:.0f} s", flush=True)
        runs[name] = {
            "factor": factor,
            "worst_distance": distance,
            "methods": dict(methods),
            "least_effective": round(min(effective), 1),
            "ranks": {parameter: [round(v, 4) for v in values] for parameter, values in found.items()},
        }
    write_json(
        RECORD,
        {
            "program": f"survsim {__version__}",
            "call": f"python -m tests.statistical.validate_calibration_ranks {bases}",
            "bases": bases,
            "first_seed": FIRST_SEED,
            "band": round(width, 4),
            "level": 0.99,
            "runs": runs,
        },
    )


def _ranks(bases: int, factor: float) -> tuple[dict[str, list[float]], Counter[str], list[float]]:
    found: dict[str, list[float]] = {}
    methods, effective = Counter[str](), []
    for i in range(bases):
        with warnings.catch_warnings():
            # Of halved errors some posteriors contradict themselves; what counts is where the truth lies.
            warnings.simplefilter("ignore", ConvergenceWarning)
            place, result = ranks(FIRST_SEED + i, factor=factor)
        methods[result.method] += 1
        effective.append(result.effective)
        for parameter, value in place.items():
            found.setdefault(parameter, []).append(value)
    return found, methods, effective


if __name__ == "__main__":
    main()
