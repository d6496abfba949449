"""Several arms of one figure reconstructed in one call: a number of patients and of events an arm, and their hazard ratio."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from survsim.core import progress
from survsim.core.checks import FloatArray
from survsim.core.errors import InputError, SurvsimError
from survsim.core.frames import as_frame
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.surv import Surv
from survsim.core.tables import Columns
from survsim.estimate.reconstruction.pair import PairCheck, compare_pair
from survsim.estimate.reconstruction.reconstructed_ipd import reconstruct_ipd
from survsim.estimate.reconstruction.result import ReconstructedIPD

CONTROL = re.compile(r"(?i)\b(control|placebo|standard|observation|sham|reference|usual|supportive)\b")
"""Names of arms that others are compared with."""


@result
class ReconstructedArms(Result):
    """Reconstructed arms of one figure, in the order of the figure.

    Attributes
    ----------
    arms : names; reference : the arm that others are compared with.
    parts : the reconstruction of each arm.
    ratios : of each other arm against the reference, with what reading the figure adds; None where there is no ratio.
    without : why not, "" where there is one.
    """

    arms: tuple[str, ...]
    parts: tuple[ReconstructedIPD, ...]
    reference: str
    ratios: tuple[PairCheck | None, ...]
    without: tuple[str, ...]

    def __getitem__(self, arm: str) -> ReconstructedIPD:
        """The reconstruction of one arm."""
        if arm not in self.arms:
            raise InputError(f"there is no arm {arm!r}; there are {', '.join(map(repr, self.arms))}.")
        return self.parts[self.arms.index(arm)]

    @property
    def others(self) -> tuple[str, ...]:
        """The arms that are compared with the reference, as `ratios`."""
        return tuple(arm for arm in self.arms if arm != self.reference)

    def surv(self) -> Surv:
        """All patients as one response, in the order of `to_frame()`, whose column arm says whose they are."""
        late = any(part.entry is not None for part in self.parts)
        references = tuple(dict.fromkeys(r for part in self.parts for r in part.references))
        return Surv.right(
            np.concatenate([part.time for part in self.parts]),
            np.concatenate([part.event for part in self.parts]),
            unit=self.parts[0].unit,
            entry=np.concatenate([_entries(part) for part in self.parts]) if late else None,
            source=references,
        )

    def columns(self) -> Columns:
        """One row a reconstructed patient: arm, time, event, and entry where patients of an arm entered late."""
        found: Columns = {
            "arm": np.repeat(np.array(self.arms, dtype=object), [part.time.size for part in self.parts]),
            "time": np.concatenate([part.time for part in self.parts]),
            "event": np.concatenate([part.event for part in self.parts]),
        }
        if any(part.entry is not None for part in self.parts):
            found = {**found, "entry": np.concatenate([_entries(part) for part in self.parts])}
        return found

    def headline(self) -> str:
        """Each arm, and each hazard ratio, with what the figure leaves open."""
        lines = [f"{arm}: {part.headline()}" for arm, part in zip(self.arms, self.parts, strict=True)]
        for arm, ratio, why in zip(self.others, self.ratios, self.without, strict=True):
            if ratio is None:
                lines.append(f"{arm} against {self.reference}: no hazard ratio: {why}")
                continue
            low, high = ratio.reconstructed[1:3]
            lines.append(
                f"{arm} against {self.reference}: hazard ratio {ratio.reconstructed[0]:.3f} (95% CI {low:.3f} to {high:.3f}), "
                f"log-rank p {ratio.reconstructed[3]:.3g}"
            )
            lines += ratio.may_be_wrong()
        return "\n".join(lines)


def reconstruct_arms(
    curves: Any,
    *,
    unit: str,
    at_risk: Any = None,
    n: Any = None,
    n_event: Any = None,
    censor_marks: Any = None,
    reference: str | None = None,
    method: str = "optimised",
    kind: str = "survival",
    entry: Any = None,
    readings: str = "auto",
    tolerance: float | None = None,
    time_tolerance: float = 0.0,
    source: str | Iterable[str] = (),
) -> ReconstructedArms:
    """Patients of every arm of a figure, and the hazard ratios of the arms.

    Parameters
    ----------
    curves : frame with the columns arm, time and survival (or incidence), as `digitise(...).curves` is; or a mapping of
        each arm's name to its curve in any form that `reconstruct_ipd` takes.
    unit : of all times.
    at_risk, censor_marks : frame with a column arm, or a mapping by arm.
    n, n_event : one number an arm: a mapping by name (an arm may be left out), or a sequence in the order of the arms (None
        for one that is not printed).
    reference : the arm that the others are compared with; the one whose name says so (control, placebo, standard, ...) or
        else the first if None.
    method, kind, entry, readings, tolerance, time_tolerance, source : as `reconstruct_ipd` takes them.

    Returns
    -------
    ReconstructedArms : `result["arm"]` is one arm, `.ratios` the hazard ratios, `.surv()` all patients.

    Raises
    ------
    InputError : numbers that are not one an arm, names that no curve has, or what `reconstruct_ipd` refuses, with the arm.

    References
    ----------
    Guyot et al. 2012, BMC Med Res Methodol 12:9; Titman 2026, Statistics in Medicine, doi 10.1002/sim.70474.

    Example
    -------
    >>> from survsim.reconstruction import reconstruct_arms
    >>> curves = {"control": ([1, 3, 9], [0.8, 0.5, 0.3]), "treated": ([2, 5, 9], [0.9, 0.7, 0.6])}
    >>> made = reconstruct_arms(curves, n={"control": 10, "treated": 10}, n_event=[7, 4], unit="months")
    >>> made["treated"].n_event, made.reference
    (4, 'control')
    """
    lines = _by_arm("curves", curves)
    names = tuple(lines)
    if reference is not None and reference not in names:
        raise InputError(f"reference {reference!r} is no arm of the curves: {', '.join(map(repr, names))}.")
    tables, ticks = _by_arm("at_risk", at_risk), _by_arm("censor_marks", censor_marks)
    many, events = per_arm("n", n, names), per_arm("n_event", n_event, names)
    made = []
    for arm, line in progress.each("reconstructing", lines.items()):
        try:
            part = reconstruct_ipd(
                line, unit=unit, at_risk=_own("at_risk", tables, arm), n=many[arm], n_event=events[arm],
                censor_marks=_own("censor_marks", ticks, arm), method=method, kind=kind, entry=entry, readings=readings,
                tolerance=tolerance, time_tolerance=time_tolerance, source=source,
            )  # fmt: skip
        except InputError as error:
            raise InputError(f"arm {arm!r}: {error}") from None
        made.append(part)
    return together(names, tuple(made), reference)


def together(
    names: Sequence[str], parts: Sequence[ReconstructedIPD], reference: str | None
) -> ReconstructedArms:
    """Arms that were reconstructed, with the hazard ratios of the others against the reference."""
    base = reference if reference is not None else usual_reference(names)
    own = parts[list(names).index(base)]
    ratios = tuple(_ratio(part, own) for arm, part in zip(names, parts, strict=True) if arm != base)
    return ReconstructedArms(
        provenance=Provenance.of("reconstruct_arms", *parts, reference=base),
        arms=tuple(names),
        parts=tuple(parts),
        reference=base,
        ratios=tuple(ratio for ratio, _ in ratios),
        without=tuple(why for _, why in ratios),
    )


def _ratio(arm: ReconstructedIPD, reference: ReconstructedIPD) -> tuple[PairCheck | None, str]:
    """The comparison of two arms, or why there is none: an arm without a comparable event."""
    try:
        return compare_pair(arm, reference), ""
    except SurvsimError as error:
        return None, str(error)


def usual_reference(names: Sequence[str]) -> str:
    """The one arm whose name says that others are compared with it, else the first."""
    said = [name for name in names if CONTROL.search(name.replace("_", " "))]
    return said[0] if len(said) == 1 else names[0]


def per_arm(name: str, given: Any, arms: Sequence[str]) -> dict[str, Any]:
    """One value an arm, None where none is told."""
    order = ", ".join(map(repr, arms))
    if given is None:
        return dict.fromkeys(arms)
    if isinstance(given, Mapping):
        unknown = [str(key) for key in given if key not in arms]
        if unknown:
            raise InputError(
                f"{name} names {', '.join(map(repr, unknown))}; the curves have the arms {order}."
            )
        return {arm: given.get(arm) for arm in arms}
    if isinstance(given, str | bytes) or not isinstance(given, Sequence | np.ndarray):
        if len(arms) == 1:
            return {arms[0]: given}
        raise InputError(
            f"{name} is one number an arm, by name or in the order {order}; got {given!r:.60} for {len(arms)} arms."
        )
    if len(given) != len(arms):
        raise InputError(
            f"{name} has {len(given)} numbers for {len(arms)} arms; give one an arm in the order {order}."
        )
    return dict(zip(arms, given, strict=True))


def _by_arm(name: str, given: Any) -> dict[str, Any]:
    """What belongs to each arm, in the order given."""
    if given is None:
        return {}
    plain = isinstance(given, Mapping)
    if (hasattr(given, "columns") and not plain) or (plain and "arm" in given):
        frame = as_frame(given, name)
        columns = {str(c).strip().lower(): c for c in frame.columns}
        if "arm" not in columns:
            raise InputError(
                f"{name} needs a column arm; it has {', '.join(columns)}. One arm alone: reconstruct_ipd."
            )
        arm = columns["arm"]
        if frame[arm].isna().any():
            raise InputError(f"{name} has rows without an arm; name it in each row.")
        return {str(key): part.drop(columns=arm) for key, part in frame.groupby(arm, sort=False)}
    if isinstance(given, Mapping) and given:
        return {str(key): value for key, value in given.items()}
    raise InputError(
        f"{name} is a frame with a column arm, or a mapping of each arm's name to its own; got {given!r:.60}."
    )


def _own(name: str, found: dict[str, Any], arm: str) -> Any:
    if found and arm not in found:
        raise InputError(f"{name} has nothing for this arm; it has {', '.join(map(repr, found))}.")
    return found.get(arm)


def _entries(part: ReconstructedIPD) -> FloatArray:
    return np.zeros(part.time.size) if part.entry is None else part.entry
