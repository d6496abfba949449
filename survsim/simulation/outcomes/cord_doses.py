"""What the cord got of those who were irradiated, and what that dose would do to those who live."""

from __future__ import annotations

import numpy as np

from survsim.core.checks import FloatArray
from survsim.core.errors import InputError
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.tables import Columns
from survsim.simulation.outcomes.result import SimulationResult

GROUPS = {"once": "one course", "again": "two courses or more to one region"}


@result
class CordDoses(Result):
    """Dose to the cord by strategy, among those irradiated.

    Attributes
    ----------
    strategy, group, region : (k,) who and where; the group is a course, or one course, or two and more, whose region
        is the one that got most.
    share : (k,) of all patients who are in the group; mean_dose : (k,) mean EQD2 in Gy of those.
    interval : (k,) mean time between their courses, NaN without a second.
    models : names of the myelopathy models; risk : (models, k) mean risk of that dose given survival: models of a
        single course, without recovery. NaN for single courses of several.
    """

    strategy: tuple[str, ...]
    group: tuple[str, ...]
    region: tuple[str, ...]
    share: FloatArray
    mean_dose: FloatArray
    interval: FloatArray
    models: tuple[str, ...]
    risk: FloatArray
    unit: str

    def columns(self) -> Columns:
        """Columns strategy, group, region, share, mean_dose, interval, and risk_<model> for each model."""
        return {
            "strategy": list(self.strategy),
            "group": list(self.group),
            "region": list(self.region),
            "share": self.share,
            "mean_dose": self.mean_dose,
            "interval": self.interval,
            **{f"risk_{m}": row for m, row in zip(self.models, self.risk)},
        }

    def headline(self) -> str:
        return (
            f"Cord dose in Gy EQD2 among those irradiated, interval in {self.unit}; risk of myelopathy of that dose given "
            "survival, by models of a single course without recovery"
        )


def cord_doses(simulated: SimulationResult) -> CordDoses:
    """Doses by course and region, and by number of courses, among the patients who had them.

    Means are over all draws: the expected dose over the expected share. Patients who died before a course, or never
    got one, are not in its mean.

    Parameters
    ----------
    simulated : of `simulate_model` or `survsim.simulate`.

    Returns
    -------
    CordDoses : for each strategy, course and region the share that got it and the mean dose among them.

    Raises
    ------
    InputError : nobody is irradiated under any strategy.

    Reference: Fowler 1989 (Br J Radiol 62:679).

    Example
    -------
    >>> from survsim.simulation import Model, State, Strategy, Transition, simulate_model
    >>> dose = {"region": "target", "fractions": 10, "dose_per_fraction": 3.0}
    >>> course = {"kind": "radiotherapy", "duration": 0.5, "radiation": [dose]}
    >>> lines = [{"line": k, "treatments": [k], "start": start} for k, start in (
    ...     ("first", []), ("again", [{"completed": "first"}, {"quantity": "time_since_radiation", "at_least": 6.0}]))]
    >>> plan = Strategy(strategy="twice", treatments={"first": course, "again": course}, lines=lines)
    >>> death = {"family": "exponential", "rate": 0.1}
    >>> model = Model(time_unit="months", horizon=24.0, strategies=(plan,),
    ...     states=(State(name="alive"), State(name="dead", death=True)),
    ...     transitions=(Transition(source="alive", target="dead", distribution=death),))
    >>> from survsim.radiotherapy import cord_doses
    >>> found = cord_doses(simulate_model(model, patients=2000)).to_frame()
    >>> bool(found["mean_dose"].between(20.0, 120.0).all())
    True
    """
    names = set(simulated.measures)
    if "irradiated/once" not in names:
        raise InputError("no strategy of the simulation irradiates the cord; there is no dose to report.")
    models = tuple(
        dict.fromkeys(m.split("/")[1] for m in simulated.measures if m.startswith("myelopathy_risk/"))
    )
    places = [m.split("/")[1:] for m in simulated.measures if m.startswith("irradiated/")]
    rows: list[tuple[str, str, str, float, float, float, list[float]]] = []
    mean = {m: simulated.means[:, i].mean(axis=0) for i, m in enumerate(simulated.measures)}
    for s, strategy in enumerate(simulated.strategies):
        for place in places:
            key = "/".join(place)
            share = float(mean[f"irradiated/{key}"][s])
            if share == 0.0:
                continue
            risks = (
                [float(mean[f"myelopathy_risk/{m}/{key}"][s]) / share for m in models]
                if len(place) == 1
                else []
            )
            interval = mean["radiation_interval/again"][s] / share if key == "again" else np.nan
            rows.append(
                (strategy, GROUPS.get(place[0], place[0]) if len(place) == 1 else place[0],
                 "highest" if len(place) == 1 else place[1], share, float(mean[f"cord_dose/{key}"][s]) / share,
                 float(interval), risks or [np.nan] * len(models))
            )  # fmt: skip
    columns = list(zip(*rows)) if rows else [()] * 7
    return CordDoses(
        provenance=Provenance.of("cord_doses", simulated.provenance),
        strategy=tuple(columns[0]),
        group=tuple(columns[1]),
        region=tuple(columns[2]),
        share=np.array(columns[3], float),
        mean_dose=np.array(columns[4], float),
        interval=np.array(columns[5], float),
        models=models,
        risk=np.array(columns[6], float).reshape(len(rows), len(models)).T,
        unit=simulated.time_unit,
    )
