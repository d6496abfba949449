"""Published decision models, simulated from their files and held against what was printed of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import survsim

HERE = Path(__file__).parent
MODELS = HERE.parents[1] / "tests" / "reference" / "models"
PATIENTS = {True: 5_000, False: 100_000}
"""Patients of the models that draw some, in quick mode and in full."""
WITHIN = 4.0
"""Monte Carlo errors by which a simulated mean may differ from the printed one."""


def record_published(ledger: survsim.Ledger, results: Path, *, quick: bool, workers: int) -> None:
    """Every printed mean beside the simulated one, and how many agree."""
    listed = survsim.report.read_yaml(HERE / "published.yml")["models"]
    rows = [row for model in listed for row in _compared(ledger, model, quick=quick, workers=workers)]
    frame = pd.DataFrame(rows)
    shown = frame.assign(
        agrees=np.where(frame["agrees"], "yes", "no"), mc_std_error=frame["mc_std_error"].replace(0.0, np.nan)
    )
    shown.to_csv(results / "published.csv", index=False)
    step = survsim.Provenance.of("published_models", "assumption:07_scenario_gallery/published.yml")
    ledger.record("published.models", len(listed), provenance=step)
    ledger.record("published.means", len(frame), provenance=step)
    ledger.record("published.agree", int(frame["agrees"].sum()), provenance=step)


def _compared(
    ledger: survsim.Ledger, model: dict[str, Any], *, quick: bool, workers: int
) -> Iterator[dict[str, Any]]:
    """A row for each strategy and printed result of a model."""
    name, tau = model["model"], float(model["tau"])
    scenario = survsim.Scenario.from_yaml(MODELS / name / "scenario.yml")
    folder = MODELS / model.get("printed", name)
    printed = survsim.report.read_yaml(folder / "printed.yml")
    found = survsim.simulate(scenario, patients=PATIENTS[quick], execution=survsim.Execution(workers=workers))
    source = survsim.Provenance.of("printed", f"assumption:{folder.name}/printed.yml")
    for what, measure in model["measures"].items():
        means = found.measure(measure, tau)
        for s, strategy in enumerate(found.strategies):
            value, truth = float(means.estimate[s]), printed[strategy][what]
            error = float(means.mc_std_error[s])
            key = f"published.{name}.{strategy}.{what}"
            ledger.record(f"{key}.simulated", value, provenance=source)
            ledger.record(f"{key}.printed", truth, provenance=source)
            yield {
                "model": model["label"],
                "source": model["source"],
                "strategy": found.labels[s],
                "measure": what.replace("_", " "),
                "printed": truth,
                "simulated": value,
                "mc_std_error": error,
                "agrees": abs(value - truth) <= WITHIN * error + _rounding(truth),
            }


def _rounding(printed: float) -> float:
    """Half a unit of the last digit that was printed, and no less than sums in another order differ by."""
    digits = f"{printed!r}".partition(".")[2]
    return max(0.5 * 10.0 ** -(len(digits) if digits.strip("0") else 0), 1e-13 * abs(printed))
