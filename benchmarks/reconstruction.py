"""Reconstruction of 1,000 arms of 60 readings and 6 numbers at risk: processor seconds a method.

python -m benchmarks.reconstruction
"""

from __future__ import annotations

import time
import warnings

import numpy as np

from survsim import reconstruct_ipd

ARMS = 1000
GOALS = {"guyot": 2.0, "optimised": 20.0}


def arms() -> list[tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]]:
    """Curves with exactly 60 drops read to 0.001, and their risk tables."""
    rng = np.random.default_rng(14)
    made = []
    while len(made) < ARMS:
        n = int(rng.choice([100, 200, 500]))
        life, follow_up = 20 * rng.weibull(1.1, n), rng.uniform(10, 40, n)
        end, died = np.minimum(life, follow_up), life <= follow_up
        at = np.unique(end[died])
        if at.size < 60:
            continue
        left = n - np.searchsorted(np.sort(end), at)
        level = np.cumprod(1 - 1 / left)
        shown = np.linspace(0, at.size - 1, 60).astype(int)
        table = np.arange(0, 30, 5.0)
        made.append(((at[shown], level[shown].round(3)), (table, (end[None] >= table[:, None]).sum(axis=1))))
    return made


def main() -> None:
    """Prints a line a method; the first call, which loads compiled code, is not counted."""
    # What a single arm has to say is not asked here.
    warnings.simplefilter("ignore")
    given = arms()
    for method, goal in GOALS.items():
        reconstruct_ipd(given[0][0], at_risk=given[0][1], unit="months", method=method)
        begun = time.process_time()
        for curve, table in given:
            reconstruct_ipd(curve, at_risk=table, unit="months", method=method)
        seconds = time.process_time() - begun
        print(f"{method}: {ARMS} arms in {seconds:.2f} s (goal {goal:g} s)")


if __name__ == "__main__":
    main()
