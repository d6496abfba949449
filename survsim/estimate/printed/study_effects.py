"""What pools estimates takes them as the step before returns them: effect sizes, a selection, records, or arrays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from survsim.core.errors import InputError
from survsim.estimate.printed.effect_sizes import EffectSize, EffectSizes, effect_sizes
from survsim.estimate.printed.records import records_of


@dataclass(frozen=True, slots=True)
class StudyEffects:
    """Arrays, and what came with them: (k,) estimates, errors, names, clusters of shared patients, and sources."""

    estimate: Any
    std_error: Any
    labels: Sequence[Any] | None
    source: Any
    clusters: Sequence[Any] | None


def study_effects(
    estimate: Any,
    std_error: Any = None,
    *,
    labels: Sequence[Any] | None = None,
    source: str | Iterable[str] = (),
    clusters: Sequence[Any] | None = None,
) -> StudyEffects:
    """Estimates and standard errors of whatever came.

    Parameters
    ----------
    estimate : (k,) numbers, with `std_error`; or, without it, `EffectSizes`, single `EffectSize`, a selection of
        hazard ratios, `Estimate` records or mappings (through `effect_sizes`), or a meta-analysis, for its studies.
    labels, source, clusters : replace what came with `estimate`. Rows of one study share patients.

    Raises
    ------
    InputError : numbers without standard errors, standard errors beside an object that has its own.
    """
    made = _with_errors(estimate)
    if made is None:
        if std_error is None:
            raise InputError(
                "std_error is missing: give (k,) estimates with (k,) standard errors, or what effect_sizes(...) or "
                "a selection of hazard ratios gives, which have their own."
            )
        return StudyEffects(estimate, std_error, labels, source, clusters)
    if std_error is not None:
        raise InputError(
            f"{type(estimate).__name__} has its own standard errors; leave std_error out, or give numbers for both."
        )
    repeated = made.clusters is not None and len(set(made.clusters)) < len(made.clusters)
    return StudyEffects(
        made.estimate,
        made.std_error,
        made.labels if labels is None else labels,
        made.source if isinstance(source, tuple) and not source else source,
        clusters if clusters is not None else made.clusters if repeated else None,
    )


def _with_errors(given: Any) -> StudyEffects | None:
    """The effects of an object that carries its own errors; None for plain numbers."""
    if hasattr(given, "study_estimate") and hasattr(given, "study_std_error"):
        return StudyEffects(given.study_estimate, given.study_std_error, given.labels, given, None)
    if isinstance(given, EffectSizes):
        return StudyEffects(given.log_hazard_ratio, given.std_error, given.labels, given, given.studies)
    if isinstance(given, EffectSize):
        given = [given]
    if isinstance(given, list | tuple) and given and all(isinstance(e, EffectSize) for e in given):
        return StudyEffects(
            [e.log_hazard_ratio for e in given], [e.std_error for e in given], [e.label for e in given],
            tuple(given), None,
        )  # fmt: skip
    rows = _rows(given)
    return None if rows is None else _with_errors(effect_sizes(rows))


def _rows(given: Any) -> Iterable[Any] | None:
    """Records or mappings; None for numbers."""
    records = records_of(given)
    if records is not given:
        return records
    if (
        isinstance(given, list | tuple)
        and given
        and all(hasattr(r, "keys") or hasattr(r, "measure") for r in given)
    ):
        return given
    return None
