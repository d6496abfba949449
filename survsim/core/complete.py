"""Rows with a gap left out on request, counted aloud: `missing="drop"` at the doors that take columns beside a response."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from survsim.core.checks import BoolArray, numbers, one_of, positions
from survsim.core.errors import EvidenceWarning, InputError, warn
from survsim.core.formula import parse_formula, used_columns
from survsim.core.named_columns import MISSING, gaps_of, rows_of
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
) -> tuple[Surv, Any, Any, dict[str, Any]]:
    """Response, formula, data and further columns of a model, without rows that lack what it uses.

    Parameters
    ----------
    surv, formula, data : as a model takes them; more : further columns of n rows by name (None where not given).
    more_formulas : of other predictors that read the same data (None where not given).
    missing : "refuse" (nothing is looked at here) or "drop".
    """
    one_of("missing", missing, MISSING)
    columns = {name: value for name, value in more.items() if value is not None}
    if missing == "refuse":
        return surv, formula, data, columns
    named = any(isinstance(one, str) for one in (formula, *more_formulas))
    frame = surv.paired("data", surv.frame if data is None and named else data)
    own = {name: surv.paired(name, value) for name, value in columns.items()}
    gaps = {f"{name}": gaps_of(value) for name, value in own.items()}
    asked = [one for one in (formula, *more_formulas) if isinstance(one, str)]
    if asked and hasattr(frame, "columns"):
        used = dict.fromkeys(c for one in asked for c in used_columns(parse_formula(one), frame))
        gaps |= {str(c): gaps_of(frame[c]) for c in used}
    elif hasattr(frame, "columns"):
        gaps |= {str(c): gaps_of(frame[c]) for c in frame.columns}
    elif frame is not None:
        table = np.atleast_1d(numbers("data", frame))
        gaps["data"] = np.asarray(np.isnan(table.reshape(table.shape[0], -1)).any(axis=1), dtype=bool)
    if any(g.size != len(surv) for g in gaps.values()) or not any(g.any() for g in gaps.values()):
        return surv, formula, data, columns  # the check of lengths says more
    kept = _kept(surv, gaps, frame)
    return (
        surv.take(kept),
        formula,
        None if frame is None else rows_of(frame, kept),
        {name: rows_of(value, kept) for name, value in own.items()},
    )


def _kept(surv: Surv, gaps: Mapping[str, BoolArray], labelled: Any) -> BoolArray:
    """Rows without a gap; how many are left out, and for want of what, is said."""
    out: BoolArray = np.logical_or.reduce(list(gaps.values()))
    if out.all():
        raise InputError("every row has a missing value; nothing is left to analyse.")
    why = ", ".join(f"{int(g.sum())} without {name}" for name, g in gaps.items() if g.any())
    warn(
        f"{int(out.sum())} of {len(surv)} rows left out ({why}): {positions(out, of=labelled)}.",
        EvidenceWarning,
    )
    return ~out
