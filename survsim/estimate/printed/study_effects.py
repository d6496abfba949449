"""What pools estimates takes them as the step before returns them: effect sizes, a selection, records, or arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from survsim.core.complete import complete_columns
from survsim.core.errors import InputError
from survsim.core.pairing import by_names, first_index, paired
from survsim.estimate.printed.effect_sizes import UNNAMED, EffectSize, EffectSizes, effect_sizes
from survsim.estimate.printed.records import records_of

NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class StudyEffects:
    """Arrays, and what came with them: (k,) estimates, errors, names, clusters of shared patients, in one order, and sources."""

    estimate: Any
    std_error: Any
    labels: Sequence[Any] | None
    source: Any
    clusters: Sequence[Any] | None

    def beside(self, name: str, values: Any) -> Any:
        """Columns or a frame with a row a study, in the order of these studies."""
        rows = first_index(self.estimate, self.std_error, self.labels, self.clusters)
        return by_names(self.labels, name, values, rows)

    def complete(
        self, missing: str, more: Mapping[str, Any] = NOTHING, *, data: Any = None, names: Any = None
    ) -> tuple[StudyEffects, tuple[Any, ...], Any]:
        """The studies, further columns and data beside them, without rows that lack a value where `missing` is "drop".

        A frame is asked for the columns `names`, or for all.
        """
        own = {n: getattr(self, n) for n in _COLUMNS if getattr(self, n) is not None}
        found, data = complete_columns({**own, **more}, missing, data=data, names=names)
        return replace(self, **dict(zip(own, found))), found[len(own) :], data


_COLUMNS = ("estimate", "std_error", "labels", "clusters")


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
        return _in_one_order(StudyEffects(estimate, std_error, labels, source, clusters))
    if std_error is not None:
        raise InputError(
            f"{type(estimate).__name__} has its own standard errors; leave std_error out, or give numbers for both."
        )
    repeated = made.clusters is not None and len(set(made.clusters)) < len(made.clusters)
    return _in_one_order(
        StudyEffects(
            made.estimate,
            made.std_error,
            made.labels if labels is None else labels,
            made.source if isinstance(source, tuple) and not source else source,
            clusters if clusters is not None else made.clusters if repeated else None,
        )
    )


def _in_one_order(given: StudyEffects) -> StudyEffects:
    columns = {name: getattr(given, name) for name in _COLUMNS}
    return replace(given, **dict(zip(columns, paired(**columns))))


def _with_errors(given: Any) -> StudyEffects | None:
    """The effects of an object that carries its own errors; None for plain numbers."""
    if hasattr(given, "study_estimate") and hasattr(given, "study_std_error"):
        return StudyEffects(_with_rows(given), given.study_std_error, given.labels, given, None)
    if isinstance(given, EffectSizes):
        return StudyEffects(given.log_hazard_ratio, given.std_error, given.labels, given, given.studies)
    if isinstance(given, EffectSize):
        given = [given]
    if isinstance(given, list | tuple) and given and all(isinstance(e, EffectSize) for e in given):
        labels = [f"study {i}" if e.label == UNNAMED else e.label for i, e in enumerate(given, 1)]
        return StudyEffects(
            [e.log_hazard_ratio for e in given], [e.std_error for e in given], labels, tuple(given), None
        )
    rows = _rows(given)
    return None if rows is None else _with_errors(effect_sizes(rows))


def _with_rows(pooled: Any) -> Any:
    """The effects of the studies of a result, with the labels of the rows in which they came, if these had some."""
    index = getattr(pooled, "row_labels", None)
    if index is None:
        return pooled.study_estimate
    import pandas as pd

    return pd.Series(pooled.study_estimate, index=index)


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
