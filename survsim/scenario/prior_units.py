"""The unit that a prior declares, against what the course of the calibration takes its parameter for."""

from __future__ import annotations

from collections.abc import Mapping

from survsim.core.errors import ScenarioError
from survsim.scenario.calibration_file import DeclaredPrior
from survsim.scenario.measures import Calibrated, of_unit


def refuse_other_units(
    priors: Mapping[str, DeclaredPrior], roles: Mapping[str, Calibrated], file: str
) -> None:
    """Refuse a prior in another unit than the file counts in; one without a unit is in the unit of its place.

    Parameters
    ----------
    priors : parameter -> prior.
    roles : parameter -> what the calibration uses it for (`calibrated_roles`); file : its name, for the message.

    Raises
    ------
    ScenarioError : every prior whose unit is not that of its place, with the unit that belongs there.

    Example
    -------
    >>> from survsim.scenario.calibration_file import DeclaredPrior
    >>> from survsim.scenario.measures import Calibrated
    >>> rate = DeclaredPrior(distribution={"law": "fixed", "value": 0.1}, reason="an example of one",
    ...     meaning="hazard of death", unit="per year")
    >>> refuse_other_units({"death": rate}, {"death": Calibrated("rate", "years", "c.yml")}, "c.yml")
    """
    faults = []
    for name, prior in priors.items():
        if name not in roles or not prior.unit.strip():
            continue
        kind, time_unit, _ = roles[name]
        wanted = {"time": time_unit, "rate": f"per {time_unit.removesuffix('s')}"}.get(kind, "")
        told, taken = of_unit(prior.unit), of_unit(wanted)
        if (told.kind, told.unit) != (taken.kind, taken.unit):
            remedy = f"give it in {wanted}" if wanted else "leave unit out"
            faults.append(
                f"priors.{name}: the course takes {taken.words}; it declares unit {prior.unit!r}; {remedy}"
            )
    if faults:
        raise ScenarioError(f"{file} does not fit together:\n  " + "\n  ".join(faults))
