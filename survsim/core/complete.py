"""Rows with a gap left out on request, counted aloud: `missing="drop"` at the doors that take columns beside a response."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Sized
from typing import Any

import numpy as np

from survsim.core.checks import BoolArray, numbers, one_of, positions
from survsim.core.covariate_columns import covariate_columns
from survsim.core.errors import EvidenceWarning, InputError, warn
from survsim.core.formula import parse_formula, used_columns
from survsim.core.named_columns import MISSING, gaps_of, is_list_of_names, parts_of, rows_of
from survsim.core.surv import Surv


def complete_groups(surv: Surv, by: Any, missing: str) -> tuple[Surv, Any]:
    """The response and its groups, without the rows whose group is missing where `missing` is "drop"."""
    one_of("missing", missing, MISSING)
    if missing == "refuse" or by is None:
        return surv, by
    labels = surv.paired("by", by)
    gaps = gaps_of(labels)
    if gaps.size != len(surv) or not gaps.any():
        return surv, by
    kept = _kept(surv, {"a group": gaps}, labels)
    return surv.take(kept), rows_of(labels, kept)


def complete_design(
    surv: Surv,
    formula: Any,
    data: Any,
    more: Mapping[str, Any],
    missing: str,
    *,
    more_formulas: Sequence[Any] = (),
    histories: bool = False,
) -> tuple[Surv, Any, Any, dict[str, Any]]:
    """Response, formula, data and further columns of a model, without rows that lack what it uses.

    Parameters
    ----------
    surv, formula, data : as a model takes them; `data` come back as those of the response where a formula names its columns.
    more : further columns of n rows by name (None where not given), each values or a column of `data` that is named.
    more_formulas : of other predictors that read the same data (None where not given).
    missing : "refuse" (nothing is looked at here) or "drop".
    histories : rows of one patient (`surv.id`) belong together, so that she is left out whole.
    """
    one_of("missing", missing, MISSING)
    columns = {name: value for name, value in more.items() if value is not None}
    surv = _with_named(surv, data, columns.values())
    if data is None and any(isinstance(one, str) for one in (formula, *more_formulas)):
        data = surv.frame
    if missing == "refuse":
        return surv, formula, data, columns
    frame = surv.paired("data", data)
    own = {name: surv.paired(name, value) for name, value in columns.items()}
    gaps = {f"{name}": gaps_of(value) for name, value in own.items()}
    asked = [one for one in (formula, *more_formulas) if isinstance(one, str)]
    if asked and hasattr(frame, "columns"):
        used = dict.fromkeys(c for one in asked for c in used_columns(parse_formula(one), frame))
        gaps |= {str(c): gaps_of(frame[c]) for c in used}
    elif hasattr(frame, "columns"):
        frame = covariate_columns(surv, frame)
        gaps |= {str(c): gaps_of(frame[c]) for c in frame.columns}
    elif frame is not None:
        table = np.atleast_1d(numbers("data", frame, truth=True))
        gaps["data"] = np.asarray(np.isnan(table.reshape(table.shape[0], -1)).any(axis=1), dtype=bool)
    if any(g.size != len(surv) for g in gaps.values()) or not any(g.any() for g in gaps.values()):
        return surv, formula, data, columns  # the check of lengths says more
    kept = _kept(surv, gaps, frame, surv.id if histories else None)
    return (
        surv.take(kept),
        formula,
        None if frame is None else rows_of(frame, kept),
        {name: rows_of(value, kept) for name, value in own.items()},
    )


def _with_named(surv: Surv, data: Any, columns: Iterable[Any]) -> Surv:
    """The response with the columns of `data` to be named, where some of `columns` are names and no others are remembered."""
    if not hasattr(data, "columns"):
        return surv
    have = list(data.columns)
    named = [c for c in columns if isinstance(c, str) or is_list_of_names(c, len(surv), data)]
    ours = any(name in have for c in named for name in parts_of(data, c))
    return surv.with_data(data) if named and (ours or surv.frame is None) else surv


def complete_columns(
    columns: Mapping[str, Any], missing: str, *, data: Any = None, names: Sequence[str] | None = None
) -> tuple[tuple[Any, ...], Any]:
    """Columns of n rows and the frame beside them, without rows that lack a value where `missing` is "drop".

    Parameters
    ----------
    columns : in the order in which they come back.
    data : frame or matrix of as many rows, or None; names : the columns of a frame that count (all if None).
    """
    one_of("missing", missing, MISSING)
    if missing == "refuse":
        return tuple(columns.values()), data
    gaps = {name: gaps_of(value) for name, value in columns.items()}
    if hasattr(data, "columns"):
        gaps |= {str(c): gaps_of(data[c]) for c in (data.columns if names is None else names)}
    elif data is not None:
        table = np.atleast_1d(numbers("data", data, truth=True))
        gaps["data"] = np.asarray(np.isnan(table.reshape(table.shape[0], -1)).any(axis=1), dtype=bool)
    if len({g.size for g in gaps.values()}) > 1 or not any(g.any() for g in gaps.values()):
        return tuple(columns.values()), data  # the check of lengths says more
    kept = _kept(next(iter(gaps.values())), gaps, data if data is not None else next(iter(columns.values())))
    return tuple(rows_of(v, kept) for v in columns.values()), None if data is None else rows_of(data, kept)


def _kept(rows: Sized, gaps: Mapping[str, BoolArray], labelled: Any, patient: Any = None) -> BoolArray:
    """Rows without a gap; how many are left out, and for want of what, is said."""
    out: BoolArray = np.logical_or.reduce(list(gaps.values()))
    why = ", ".join(f"{int(g.sum())} without {name}" for name, g in gaps.items() if g.any())
    if patient is not None:
        whole = np.isin(patient, patient[out])
        others = int(whole.sum() - out.sum())
        why += f", {others} more of the same patients" if others else ""
        out = whole
    if out.all():
        raise InputError("every row has a missing value; nothing is left to analyse.")
    warn(
        f"{int(out.sum())} of {len(rows)} rows left out ({why}): {positions(out, of=labelled)}.",
        EvidenceWarning,
    )
    return ~out
