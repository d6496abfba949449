"""Digitised curves of the evidence, by name: as patients, as effect sizes of pairs, as terms of a joint model, as numbers.

The evidence stores what was read from a figure and computes nothing; here it becomes patients.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core import units
from survsim.core.errors import EvidenceError, InputError
from survsim.core.file_faults import seen
from survsim.core.provenance import Provenance
from survsim.estimate.joint_model.terms import patients_term
from survsim.estimate.printed.effect_sizes import EffectSizes, effect_sizes
from survsim.estimate.printed.number import PrintedNumber
from survsim.estimate.reconstruction.pooled import PooledPseudo, pooled
from survsim.estimate.reconstruction.pseudo_ipd import PseudoIPD
from survsim.estimate.reconstruction.pseudo_sets import pseudo_sets
from survsim.estimate.reconstruction.reconstructed_ipd import reconstruct_ipd
from survsim.estimate.reconstruction.result import ReconstructedIPD
from survsim.scenario.evidence_terms import EvidenceTerms

if TYPE_CHECKING:
    import pandas as pd

    from survsim.evidence.ask.store import EvidenceStore

SETS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveNumber:
    """A number taken from curves: with all its variance, and the share of it that comes from reading the figures."""

    number: PrintedNumber
    added_share: float


def reconstructed(
    evidence: EvidenceStore, name: str, *, method: str = "optimised", n_event: int | None = None
) -> ReconstructedIPD:
    """Patients of a digitised curve of the evidence.

    Parameters
    ----------
    evidence : the store, from `load_evidence`.
    name : of the curve (``curve_id``), or ``study/arm`` or ``study/arm/endpoint`` where that is one curve.
    method : of `reconstruct_ipd`; censor marks are used where they were read and the method knows them.
    n_event : printed total of events, where one is known for this curve.

    Returns
    -------
    ReconstructedIPD : in the unit of the curve; its reference is the curve's.

    Raises
    ------
    EvidenceError : no such curve, or several; neither numbers at risk nor a number of patients.
    InputError : readings that cannot be one curve.

    References
    ----------
    Guyot et al. 2012, BMC Med Res Methodol 12:9; Titman 2026, Stat Med, doi 10.1002/sim.70474.

    Example
    -------
    >>> import survsim
    >>> from survsim.scenario import reconstructed
    >>> store = survsim.load_evidence()
    >>> try:
    ...     reconstructed(store, "nobody_1999/all")
    ... except survsim.errors.EvidenceError as error:
    ...     print(str(error)[:40])
    no curve is called nobody_1999/all. Curv
    """
    rows = curve_rows(evidence, name)
    first = rows.iloc[0]
    table = evidence.at_risk
    table = table[table["curve_id"] == first["curve_id"]].sort_values("time", kind="stable")
    n = _patients(evidence, first)
    if table.empty and n is None:
        raise EvidenceError(
            f"curve {first['curve_id']} has neither numbers at risk nor its arm a number of patients (n_arm); add one."
        )
    marks = evidence.censor_marks
    marks = marks[marks["curve_id"] == first["curve_id"]]
    at_risk = None if table.empty else (table["time"].to_numpy(float), table["n_risk"].to_numpy(float))
    usable = len(marks) and method in ("optimised", "marked")
    return reconstruct_ipd(
        (rows["time"].to_numpy(float), rows["survival"].to_numpy(float)),
        unit=str(first["time_unit"]),
        at_risk=at_risk,
        n=n if at_risk is None else None,
        n_event=n_event,
        censor_marks=marks["time"].to_numpy(float) if usable else None,
        method=method,
        source=f"curves:{first['curve_id']}",
    )


def reconstructed_sets(
    evidence: EvidenceStore, name: str, *, sets: int = SETS, tolerance: float | None = None, seed: int = 1
) -> PseudoIPD:
    """Pseudo data sets of a digitised curve, within the tolerance that the evidence states for it.

    Parameters
    ----------
    evidence, name : as in `reconstructed`.
    sets, seed : how many, and of the generator.
    tolerance : instead of the stated one; needed where none is stated.

    Returns
    -------
    PseudoIPD

    Raises
    ------
    EvidenceError : a curve without a stated tolerance where none is given.

    Reference: Rubin 1987, Multiple Imputation for Nonresponse in Surveys.

    Example
    -------
    >>> import survsim
    >>> from survsim.scenario import reconstructed_sets
    >>> try:
    ...     reconstructed_sets(survsim.load_evidence(), "nobody_1999/all")
    ... except survsim.errors.EvidenceError as error:
    ...     print(str(error)[:40])
    no curve is called nobody_1999/all. Curv
    """
    first = curve_rows(evidence, name).iloc[0]
    stated = first["tolerance"] if tolerance is None else tolerance
    if stated is None or not np.isfinite(stated):
        raise EvidenceError(
            f"curve {first['curve_id']} states no tolerance; give tolerance, for example 0.01."
        )
    return pseudo_sets(reconstructed(evidence, name), sets, tolerance=float(stated), seed=seed)


def reconstructed_effects(
    evidence: EvidenceStore,
    pairs: Mapping[str, tuple[str, str]],
    *,
    sets: int = SETS,
    tolerance: float | None = None,
) -> EffectSizes:
    """Log hazard ratios of pairs of digitised curves, for meta-analysis; their errors hold that of reading the figures.

    Parameters
    ----------
    evidence : the store.
    pairs : label -> (treated, control), names of curves as in `reconstructed`.
    sets, tolerance : as in `reconstructed_sets`.

    Returns
    -------
    EffectSizes : one a pair, ready for `meta_analysis`.

    Raises
    ------
    EvidenceError : unknown curves. InputError : no pair, or arms in different units.

    Reference: Parmar, Torri & Stewart 1998 (Stat Med 17:2815), what curves tell of a hazard ratio.

    Example
    -------
    >>> import survsim
    >>> from survsim.scenario import reconstructed_effects
    >>> try:
    ...     reconstructed_effects(survsim.load_evidence(), {"trial": ("a/x", "a/y")})
    ... except survsim.errors.EvidenceError as error:
    ...     print(str(error)[:27])
    no curve is called a/x. Cur
    """
    rows = []
    for label, (treated, control) in pairs.items():
        found = curve_number(
            evidence, treated, "hazard_ratio", control=control, sets=sets, tolerance=tolerance
        ).number
        variance = found.std_error**-2
        rows.append(
            {
                "observed_minus_expected": found.estimate * variance,
                "variance": variance,
                "label": label,
                "study": found.study,
                "source": found.source,
            }
        )
    if not rows:
        raise InputError("pairs is empty; give label -> (treated curve, control curve).")
    return effect_sizes(rows)


def reconstructed_terms(
    evidence: EvidenceStore,
    covariates: Mapping[str, Mapping[str, Any]],
    *,
    information: float = 1.0,
) -> EvidenceTerms:
    """Terms of a joint evidence model from digitised curves.

    Parameters
    ----------
    evidence : the store.
    covariates : name of a curve -> what its patients are, as for `patients_term`.
    information : share of their information that is used, in (0, 1].

    Returns
    -------
    EvidenceTerms : of kind "curve", one a curve, for `evidence_model`; beside `summary_terms` of other arms.

    Raises
    ------
    EvidenceError : unknown curves.

    Reference: Holford 1980 (Biometrics 36:299), the Poisson likelihood of patients in intervals.

    Example
    -------
    >>> import survsim
    >>> from survsim.scenario import reconstructed_terms
    >>> len(reconstructed_terms(survsim.load_evidence(), {}).terms)
    0
    """
    terms = []
    for name, pattern in covariates.items():
        first = curve_rows(evidence, name).iloc[0]
        studies = evidence.studies
        site = studies.loc[studies["study_id"] == first["study_id"], "site_group"].iloc[0]
        terms.append(
            patients_term(
                reconstructed(evidence, name).surv(),
                dict(pattern),
                study=str(first["study_id"]),
                arm=str(first["arm_id"]),
                site=str(site),
                curve=True,
                information=information,
            )
        )
    step = Provenance.of("reconstructed_terms", [t.source for t in terms], information=information)
    return EvidenceTerms(terms=tuple(terms), left_out=(), provenance=step)


def curve_number(
    evidence: EvidenceStore,
    name: str,
    scale: str,
    *,
    control: str | None = None,
    time: float | None = None,
    time_unit: str | None = None,
    sets: int = SETS,
    tolerance: float | None = None,
) -> CurveNumber:
    """A number of a curve on a scale of printed numbers, with both its variances; `time` and medians in `time_unit`."""
    made = reconstructed_sets(evidence, name, sets=sets, tolerance=tolerance)
    factor = 1.0 if time_unit is None else units.conversion_factor(made.unit, time_unit)
    first = curve_rows(evidence, name).iloc[0]
    if scale == "hazard_ratio":
        # Another seed: the two figures were not misread alike.
        other = reconstructed_sets(evidence, str(control), sets=sets, tolerance=tolerance, seed=2)
        found, told = pooled(made, "hazard_ratio", control=other), "log hazard ratio"
        estimate, error = found.estimate[0], found.std_error[0]
    elif scale == "median":
        found, told = pooled(made, "median"), "log median"
        estimate, error = found.estimate[0] + np.log(factor), found.std_error[0]
    else:
        found, told = pooled(made, "survival", times=float(time or 0.0) / factor), "log odds"
        share = float(found.value[0])
        # From log(-log S) to log odds by the delta method.
        estimate = np.log(share / (1.0 - share))
        error = found.std_error[0] * -np.log(share) / (1.0 - share)
    number = PrintedNumber(
        label=str(first["curve_id"]), value=float(found.value[0]) * (factor if scale == "median" else 1.0), scale=told,
        estimate=float(estimate), std_error=float(error), route="reconstructed from its curve",
        time=time, source=f"curves:{first['curve_id']}", study=str(first["study_id"]), notes=_notes(found),
    )  # fmt: skip
    return CurveNumber(number=number, added_share=float(found.added_share[0]))


def _notes(found: PooledPseudo) -> tuple[str, ...]:
    return (f"{found.added_share[0]:.1%} of its variance comes from reading the figure",)


def curve_rows(evidence: EvidenceStore, name: str) -> pd.DataFrame:
    """Readings of one curve in order of time (readings at one time in order of level, highest first)."""
    curves = evidence.curves
    found = curves[curves["curve_id"] == name]
    if found.empty and "/" in name:
        parts = dict(zip(("study_id", "arm_id", "endpoint"), name.split("/")))
        found = curves[(curves[list(parts)] == list(parts.values())).all(axis=1)]
    names = list(dict.fromkeys(found["curve_id"]))
    if len(names) > 1:
        raise EvidenceError(f"{name} has {len(names)} curves; name one: {', '.join(names)}.")
    if not names:
        known = ", ".join(list(dict.fromkeys(curves["curve_id"]))[:10]) or "none is stored yet"
        raise EvidenceError(
            f"no curve is called {seen(name)}. Curves: {known}. Store one with survsim data add-curve STUDY FIGURE."
        )
    return found.sort_values(["time", "survival"], ascending=[True, False], kind="stable")


def _patients(evidence: EvidenceStore, row: Any) -> int | None:
    arms = evidence.arms
    found = arms.loc[(arms["study_id"] == row["study_id"]) & (arms["arm_id"] == row["arm_id"]), "n_arm"]
    size = float(found.iloc[0]) if len(found) and found.iloc[0] == found.iloc[0] else np.nan
    return int(size) if np.isfinite(size) else None
