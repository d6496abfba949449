"""Patients and stays of a simulation as Parquet files, one pair a chunk: memory stays flat."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from survsim.core.errors import ScenarioError
from survsim.core.files import atomic_open
from survsim.simulation.declared.counted import DISCOUNTED, counted
from survsim.simulation.running.writing import how_to_write

if TYPE_CHECKING:
    import pandas as pd

    from survsim.simulation.declared.model import Model
    from survsim.simulation.engine.paths import Paths
    from survsim.simulation.outcomes.pieces import Chunk, Job


class PatientWriter:
    """Writes the patients and stays of one chunk below the job's patient folder."""

    def __init__(self, job: Job, chunk: Chunk) -> None:
        self._job, self._chunk = job, chunk
        self._patients: list[dict[str, np.ndarray]] = []
        self._stays: list[dict[str, np.ndarray]] = []

    def add(self, draw: int, strategy: int, start: int, paths: Paths) -> None:
        """Note the paths of a block under one strategy."""
        self._patients.append(_patient_columns(draw, strategy, start, paths) | _counted(self._job, paths))
        self._stays.append(_stay_columns(draw, strategy, start, paths))

    def close(self) -> None:
        """Write what was noted, whole or not at all."""
        folder, number = Path(self._job.patient_folder or "."), self._chunk.number
        model = self._job.model
        try:
            for name, parts in (("patients", self._patients), ("stays", self._stays)):
                frame = _frame(parts, model)
                with atomic_open(folder / f"{name}-{number:06d}.parquet", "wb") as file:
                    frame.to_parquet(file, index=False)
        except OSError as error:
            raise ScenarioError(
                f"patients cannot be written to {folder} ({error.strerror or error}); {how_to_write(error)} and go on."
            ) from None


def _patient_columns(draw: int, strategy: int, start: int, paths: Paths) -> dict[str, np.ndarray]:
    n = paths.death_at.size
    columns = {
        "draw": np.full(n, draw),
        "strategy": np.full(n, strategy),
        "patient": start + np.arange(n),
        "death_time": paths.death_at,
        "death_state": paths.death_state,
        "progression_time": paths.progression_at,
    }
    columns["cord_dose"] = paths.cord_dose if paths.cord_dose.size else np.zeros(n)
    columns["radiation_interval"] = paths.interval if paths.interval.size else np.full(n, np.inf)
    columns["worst_grade"] = paths.worst_grade if paths.worst_grade.size else np.zeros(n)
    return columns


def _counted(job: Job, paths: Paths) -> dict[str, np.ndarray]:
    """What each patient came to of the declared outcomes up to each horizon, discounted too where it is."""
    columns: dict[str, np.ndarray] = {}
    items, taus = counted(job.model), job.follow.taus
    for o, one in enumerate(items):
        for a, tau in enumerate(taus):
            row = o * len(taus) + a
            if one.plain:
                columns[f"{one.name}@{tau:.12g}"] = paths.plain[row]
            if one.discount is not None:
                columns[f"{DISCOUNTED}{one.name}@{tau:.12g}"] = paths.discounted[row]
    return columns


def _stay_columns(draw: int, strategy: int, start: int, paths: Paths) -> dict[str, np.ndarray]:
    stays = paths.sojourns
    if stays is None:
        return {}
    n = stays.patient.size
    return {
        "draw": np.full(n, draw),
        "strategy": np.full(n, strategy),
        "patient": start + stays.patient,
        "source": stays.source,
        "target": stays.target,
        "entry": stays.entry,
        "exit": stays.exit,
    }


def _frame(parts: list[dict[str, np.ndarray]], model: Model) -> pd.DataFrame:
    """One table; states and strategies as names, "" for the state of those who live."""
    import pandas as pd

    whole = {name: np.concatenate([p[name] for p in parts]) for name in parts[0]}
    names = np.array([*model.state_names, ""])
    for column in ("death_state", "source", "target"):
        if column in whole:
            whole[column] = names[whole[column]]
    whole["strategy"] = np.array(model.strategy_names)[whole["strategy"]]
    return pd.DataFrame(whole)


def read_patients(folder: str | Path, what: str = "patients") -> pd.DataFrame:
    """All patients (or "stays") that a run wrote below its run folder.

    Columns of patients: draw, strategy, patient, death_time, death_state, progression_time, cord_dose,
    worst_grade (times are infinite for what did not happen before the horizon), and what the patient came to of each outcome
    that the model declares, as NAME@TAU and discounted_NAME@TAU. Columns of stays: draw,
    strategy, patient, source, target (a stay that lasts to the horizon has source and target equal),
    entry, exit.

    Parameters
    ----------
    folder : the run folder that was given to the simulation.
    what : "patients" or "stays".

    Returns
    -------
    pandas.DataFrame : one row a patient (or stay), strategy and draw.

    Raises
    ------
    ScenarioError : a folder without them (the run was made without `patient_output=True`).

    Example
    -------
    >>> import tempfile
    >>> from survsim.errors import ScenarioError
    >>> from survsim.simulation import read_patients
    >>> try:
    ...     read_patients(tempfile.mkdtemp())
    ... except ScenarioError as error:
    ...     print(str(error).split("; ")[1])
    simulate with patient_output=True and folder=.
    """
    import pandas as pd

    files = sorted((Path(folder) / "patients").glob(f"{what}-*.parquet"))
    if not files:
        raise ScenarioError(f"{folder} holds no {what}; simulate with patient_output=True and folder=.")
    return pd.concat([pd.read_parquet(f) for f in files], ignore_index=True)
