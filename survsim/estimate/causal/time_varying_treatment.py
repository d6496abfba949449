"""Treatment that starts after time 0 as a covariate that switches on: start-stop rows and their Cox model."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.checks import FloatArray, IntArray, positions
from survsim.core.complete import complete_design
from survsim.core.errors import InputError
from survsim.core.frames import as_frame
from survsim.core.kinds import as_numbers
from survsim.core.provenance import Provenance
from survsim.core.surv import Surv
from survsim.core.times import join_to

if TYPE_CHECKING:
    import pandas as pd

    from survsim.estimate.cox.result import CoxFit


def start_times(start: Any, surv: Surv) -> FloatArray:
    """Treatment starts (n,) in the unit of `surv`, inf for never; everything else that is wrong is said."""
    values, gaps = as_numbers("start", surv.paired("start", start), surv.unit)
    if values.shape != (len(surv),):
        raise InputError(f"start must have one value a patient ({len(surv)}); got shape {values.shape}.")
    missing = np.isnan(values) if gaps is None else gaps | np.isnan(values)
    if missing.any():
        raise InputError(
            f"start is missing in {positions(missing)}. Pass numpy.inf for patients never treated; leave out, or "
            "impute and say so, those treated at an unknown time (missing='drop' leaves them out and counts them)."
        )
    if (values < 0).any():
        raise InputError(
            f"start must not be negative; found {values[values < 0][0]:g} in {positions(values < 0)}. Treatment "
            "from before time 0 is not a start; count such patients as starting at 0, or leave them out."
        )
    known = surv.time if surv.entry is None else np.concatenate([surv.time, surv.entry])
    values = join_to(values, known)
    late = np.isfinite(values) & (values > surv.time)
    if late.any():
        i = int(np.flatnonzero(late)[0])
        raise InputError(
            f"treatment starts after the end of follow-up in {positions(late)} (start {values[i]:g}, time "
            f"{surv.time[i]:g} {surv.unit}); check the dates."
        )
    return values


def start_stop(surv: Surv, start: Any) -> tuple[Surv, IntArray, FloatArray]:
    """Rows before and after the start of treatment, the patient of each, and 1 where treated.

    A patient seen at time 0 only, or whose treatment starts at her last moment, has no row there.
    """
    begin = start_times(start, surv)
    entry = np.zeros(len(surv)) if surv.entry is None else surv.entry
    patient = np.arange(len(surv))
    split = np.clip(begin, entry, surv.time)
    before, after = split > entry, surv.time > split
    rows = np.concatenate([patient[before], patient[after]])
    treated = np.concatenate([np.zeros(before.sum()), np.ones(after.sum())])
    from_time = np.concatenate([entry[before], split[after]])
    to_time = np.concatenate([split[before], surv.time[after]])
    last = np.concatenate([~after[before], np.ones(after.sum(), bool)])
    part = surv.with_parts(entry=None).take(rows)
    made = replace(
        part, time=to_time, entry=from_time, event=part.event & last, cause=None, cause_labels=(),
        id=rows.astype(np.int64), id_labels=tuple(range(len(surv))), index=None,
    )  # fmt: skip
    return made, rows, treated


def time_varying_treatment(
    surv: Surv,
    start: Any,
    formula: str | None = None,
    data: pd.DataFrame | None = None,
    *,
    missing: str = "refuse",
    **options: Any,
) -> CoxFit:
    """Cox regression in which a patient counts as untreated until treatment starts, then as treated.

    Removes immortal time; a changing prognosis that brings treatment about (or off) stays in.

    Parameters
    ----------
    surv : response, one row a patient.
    start : (n,) start of treatment in the unit of `surv`, ``numpy.inf`` for never.
    formula, data : further covariates, constant over time, from n rows.
    missing : "refuse", or "drop" for leaving out patients without a known start or covariate, counted in a warning. That
        favours nobody only if the values are missing by chance.
    options : of `cox_ph` (ties, penalty, conf_level, ...).

    Returns
    -------
    CoxFit whose first term is ``treated``.

    Raises
    ------
    InputError : `formula` without `data` or the reverse, a column called ``treated``, a missing start, no follow-up under one of the
        two, several causes, several rows of a patient.

    Reference: Crowley & Hu 1977 (J Am Stat Assoc 72:27); Suissa 2008 (Am J Epidemiol 167:492), immortal time.

    Example
    -------
    >>> import numpy as np
    >>> from survsim import Surv
    >>> from survsim.causal import time_varying_treatment
    >>> s = Surv.right([5, 8, 9, 12, 3, 7], [1, 1, 0, 1, 1, 1], unit="months")
    >>> time_varying_treatment(s, [2, np.inf, 4, np.inf, np.inf, 6]).terms
    ('treated',)
    """
    import pandas as pd

    from survsim.estimate.cox.prepare import refuse_causes
    from survsim.estimate.cox.regression import cox_ph

    data = None if data is None else surv.paired("data", as_frame(data))
    surv, formula, data, rows = complete_design(surv, formula, data, {"start": start}, missing)
    if (formula is None) != (data is None):
        raise InputError("formula and data come together; leave both out for treatment alone.")
    start = rows["start"]
    if data is not None and (len(data) != len(surv) or "treated" in data.columns):
        raise InputError(
            f"data must have {len(surv)} rows and no column 'treated' (the name of the switch); it has {len(data)}."
        )
    refuse_causes(surv)
    if surv.n_patients != len(surv):
        raise InputError(
            f"surv must have one row a patient; it has {surv.n_patients} patients in {len(surv)} rows. With start-stop rows of "
            "your own make a column of treatment in them and call cox_ph."
        )
    rows_surv, patient, treated = start_stop(surv, start)
    if not 0 < treated.sum() < treated.size:
        raise InputError("no follow-up under one of the two treatments; there is nothing to compare.")
    base = pd.DataFrame(index=range(len(surv))) if data is None else data
    frame = base.iloc[patient].reset_index(drop=True).assign(treated=treated)
    whole = "treated" if formula is None else f"treated + {formula}"
    fit = cox_ph(rows_surv, whole, frame, **options)
    return replace(
        fit,
        note=f"{len(surv)} patients in {len(patient)} rows; {int(np.isfinite(start_times(start, surv)).sum())} start treatment.",
        provenance=Provenance.of("time_varying_treatment", surv, formula=formula, **options),
    )
