"""Scenarios that declare a cohort: which keys go together, and the CSV files they name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from survsim.core.errors import ScenarioError
from survsim.core.plain_csv import csv_text
from survsim.simulation.cohort.curve_files import read_points_csv
from survsim.simulation.cohort.matrices import read_matrix_csv
from survsim.simulation.declared.cycles import CycleStrategy, MatrixFile
from survsim.simulation.declared.partitioned import FileCurve

PATIENTS_ALONE = ("states", "transitions", "treatments", "strategies", "histories", "start", "calibration")
"""Keys that a cohort does not take."""


def refuse_other_models(content: Any) -> None:
    """One model a scenario: states and transitions, or `partitioned`, or `cycles`.

    Raises
    ------
    ValueError : two of them, or none that is whole.
    """
    if content.partitioned is not None and content.cycles is not None:
        raise ValueError("a scenario declares partitioned or cycles, not both; write a scenario for each")
    if content.cohort is None:
        if len(content.states) < 2 or not content.transitions or not content.strategies:
            short = [
                what
                for what, missing in (
                    ("states (at least 2)", len(content.states) < 2),
                    ("transitions (at least 1)", not content.transitions),
                    ("strategies (at least 1)", not content.strategies),
                )
                if missing
            ]
            raise ValueError(
                f"it needs {', '.join(short)}; or, for a cohort, partitioned or cycles in their place"
            )
        return
    which = "partitioned" if content.partitioned is not None else "cycles"
    also = [key for key in PATIENTS_ALONE if getattr(content, key)]
    if also:
        raise ValueError(f"{which} says its own states and strategies; leave out {', '.join(also)}")


def refuse_cohort(content: Any, name: str) -> None:
    """Refuse a scenario, read from the file `name`, that has no patients.

    Raises
    ------
    ScenarioError : it declares a cohort.
    """
    if content.cohort is not None:
        raise ScenarioError(
            f"{name} declares a cohort, which has no patients to follow; simulate the scenario itself."
        )


def with_files_read(content: Any, scenario: Path, inside: Callable[[Path, str], Path]) -> Any:
    """The content with the points of curves and the matrices that lie in files beside the scenario."""
    if content.partitioned is not None:
        made = {}
        for name, one in content.partitioned.strategies.items():
            update = {
                which: read_points_csv(csv_text(inside(scenario, curve.file)), curve)
                for which in ("progression_free", "overall")
                if isinstance(curve := getattr(one, which), FileCurve)
            }
            made[name] = one.model_copy(update=update)
        return content.model_copy(
            update={"partitioned": content.partitioned.model_copy(update={"strategies": made})}
        )
    if content.cycles is not None:
        read = {
            name: _with_matrices(one, content.cycles, scenario, inside)
            for name, one in content.cycles.strategies.items()
        }
        return content.model_copy(update={"cycles": content.cycles.model_copy(update={"strategies": read})})
    return content


def _with_matrices(
    one: CycleStrategy, cycles: Any, scenario: Path, inside: Callable[[Path, str], Path]
) -> CycleStrategy:
    if isinstance(one.matrix, MatrixFile):
        found = read_matrix_csv(csv_text(inside(scenario, one.matrix.file)), one.matrix.file, cycles)
        return found.model_copy(update={"label": one.label, "values": one.values})
    bands = []
    for band in one.bands:
        if isinstance(band.matrix, MatrixFile):
            found = read_matrix_csv(csv_text(inside(scenario, band.matrix.file)), band.matrix.file, cycles)
            if found.bands:
                raise ScenarioError(
                    f"{band.matrix.file} holds bands of its own; name it as the matrix of the strategy."
                )
            bands.append(band.model_copy(update={"matrix": found.matrix}))
        else:
            bands.append(band)
    return one.model_copy(update={"bands": tuple(bands)}) if bands else one
