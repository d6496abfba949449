"""Evidence that counts twice: a row to which the course was calibrated, taken again for a parameter beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from survsim.core.errors import EvidenceWarning, warn
from survsim.scenario import parameter_spec as spec
from survsim.scenario.evidence_curves import curve_rows

if TYPE_CHECKING:
    from survsim.estimate.calibration.targets import Target
    from survsim.evidence.ask.store import EvidenceStore


class Patients(NamedTuple):
    """Whose number it is, and of what: rows that agree in all of it are of the same patients."""

    study: str
    arm: str
    endpoint: str
    detail: str


def warn_of_double_use(
    specs: Mapping[str, spec.ParameterSpec],
    targets: Iterable[Target],
    evidence: EvidenceStore,
    *,
    scenario: str,
) -> None:
    """Warn of each row behind a parameter that is a target of the calibration as well, or speaks of a target's patients.

    Parameters
    ----------
    specs : parameters of a scenario; targets : of its calibration, used and held out.
    evidence : where the rows stand; scenario : its name, for the message.
    """
    for told in double_uses(specs, targets, evidence, scenario=scenario):
        warn(told, EvidenceWarning)


def double_uses(
    specs: Mapping[str, spec.ParameterSpec],
    targets: Iterable[Target],
    evidence: EvidenceStore,
    *,
    scenario: str,
) -> Iterator[str]:
    """The sentences of `warn_of_double_use`, each with both places."""
    held = [
        (source, t)
        for t in targets
        for source in t.source
        if source.partition(":")[0] in ("estimates", "curves")
    ]
    if not held:
        return
    asked = {name: tuple(_sources(one, evidence)) for name, one in specs.items()}
    patients = _patients_of([*(s for s, _ in held), *(s for a in asked.values() for _, s in a)], evidence)
    known = [(source, patients[source], t) for source, t in held]
    for name, sources in asked.items():
        for key, source in sources:
            here = patients[source]
            place = f"{scenario}: parameters.{name}.{key}"
            for other, there, target in known:
                row = source.partition(":")[2]
                used = "a target" if target.use == "fit" else "a target that is held out"
                if other == source:
                    yield f"{row} is {used} of the calibration ({target.label}) and stands in {place} as well: {_harm(target)}"
                elif here is not None and here == there:
                    yield (
                        f"{row} in {place} and {other.partition(':')[2]}, {used} of the calibration ({target.label}), are of the "
                        f"same patients ({here.study}, arm {here.arm}, {here.endpoint.replace('_', ' ')}): {_harm(target)}"
                    )


def _harm(target: Target) -> str:
    if target.use == "fit":
        return "its patients count twice. Drop one of the two"
    return "what is used is no longer held out. Drop one of the two"


def _sources(one: spec.ParameterSpec, evidence: EvidenceStore) -> Iterator[tuple[str, str]]:
    """Key and reference of each row or curve behind a parameter."""
    if isinstance(one, spec.FromRows):
        yield from (("rows", f"estimates:{row}") for row in one.rows)
    elif isinstance(one, spec.FromContrast):
        yield from (("treated", f"estimates:{row}") for row in one.treated)
        yield from (("control", f"estimates:{row}") for row in one.control)
    elif isinstance(one, spec.FromReconstructed):
        for key, curves in (("curves", one.curves), ("control", one.control)):
            yield from ((key, f"curves:{curve_rows(evidence, c)['curve_id'].iloc[0]}") for c in curves)


def _patients_of(sources: Iterable[str], evidence: EvidenceStore) -> dict[str, Patients | None]:
    """Whose number each reference is; None where the evidence does not say of which arm.

    The rows are looked up together, which costs what one does.
    """
    wanted = dict.fromkeys(sources)
    rows = [name for table, _, name in (s.partition(":") for s in wanted) if table != "curves"]
    found: dict[str, Patients | None] = {}
    for source, record in zip((f"estimates:{row}" for row in rows), evidence.records(*rows)):
        one = Patients(record.study_id, record.arm_id, record.endpoint, record.event_detail)
        found[source] = one if one.arm and one.endpoint else None
    for source in wanted:
        if source not in found:
            first = curve_rows(evidence, source.partition(":")[2]).iloc[0]
            found[source] = Patients(str(first["study_id"]), str(first["arm_id"]), str(first["endpoint"]), "")
    return found
