"""The table of a regression as papers print it: variables with their levels, references, effects with intervals, p."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.errors import InputError
from survsim.core.names import refuse_unmeant
from survsim.report.regression_terms import Effect, Line, Reading, read, variables_of
from survsim.report.tables import Table, decimal_places, printed_as_it_is

if TYPE_CHECKING:
    import pandas as pd

REFERENCE, NOT_ESTIMABLE = "reference", "not estimable"
MULTIVARIABLE, UNIVARIABLE = "Multivariable", "Univariable"
COUNTS = {"Patients": "n", "Events": "n_event"}
"""Columns that count -> where a line has the number."""


def table_regression(
    fit: Any,
    *,
    univariable: bool = False,
    labels: Mapping[str, str] | None = None,
    levels: Mapping[str, Mapping[Any, str]] | None = None,
    decimals: int = 2,
    counts: bool = True,
    p_value: bool = True,
    title: str = "",
) -> Table:
    """Print a regression: each variable with its levels, the reference named, effects with intervals, p-values.

    Columns without anything in them are left out. With several fits, each has its columns beside the others', in
    the lines of the variables they have in common; where their patients or events differ, each has its own counts.

    Parameters
    ----------
    fit : a regression (Cox, Fine-Gray, parametric, pooled over imputations, meta-regression); or a dictionary of
        several, such as ``{"Model 1": fit, "Model 2": other}`` or a cause-specific Cox regression.
    univariable : put beside a Cox regression each variable fitted alone, to the same patients.
    labels : column -> words for it, with its unit ("Age, per year"); words for other columns are left aside.
    levels : column -> words for its values.
    decimals : of the effects.
    counts : whether patients and events of each level stand beside it.
    p_value : whether p-values are printed, below a thousandth as "<0.001".
    title : above the table.

    Returns
    -------
    Table : shown by a notebook; ``.save("cox.docx")``, ``.html``, ``.tex`` or ``.csv`` writes it.

    Raises
    ------
    InputError : what is no regression, no fits, `univariable` for anything but one Cox regression without frailty or
        shrinkage, labels of what is nearly a variable of the fit (one dictionary may serve every table of a paper).

    References
    ----------
    Sjoberg et al. 2021, The R Journal 13:570 (gtsummary), for the conventions.

    Example
    -------
    >>> from survsim import Surv, cox_ph
    >>> from survsim.report import table_regression
    >>> surv = Surv.right([2, 3, 5, 9], [1, 1, 1, 1], unit="months")
    >>> fit = cox_ph(surv, "arm", {"arm": ["new", "old", "new", "old"]})
    >>> table_regression(fit, counts=False, labels={"arm": "Treatment"})
    Characteristic Hazard ratio (95% CI)     p
         Treatment                           \x20
               new             reference     \x20
               old   0.39 (0.03 to 4.44) 0.448
    """
    decimals = decimal_places(decimals)
    readings = _readings(fit, univariable)
    heads = _joined(readings)
    for what, given in (("labels", labels), ("levels", levels)):
        have = [line.variable for line in heads.values()]
        refuse_unmeant(what, given or {}, have, "the variables of the table")
    own = {name: {_place(line): line for line in reversed(r.lines)} for name, r in readings.items()}
    shared = _shared(own) if counts else list(COUNTS)
    rows: dict[str, list[str]] = {
        "Characteristic": [_words(line, labels or {}, levels or {}) for line in heads.values()]
    }
    for what in COUNTS if counts else {}:
        if what in shared:
            rows[what] = [_count([mine.get(at) for mine in own.values()], what) for at in heads]
    for name, reading in readings.items():
        before = f"{name}: " if len(readings) > 1 else ""
        lines = [own[name].get(at) for at in heads]
        for what in COUNTS:
            if what not in shared:
                rows[before + what.lower()] = [_count([line], what) for line in lines]
        head = f"{reading.measure} ({reading.conf_level:.0%} CI)"
        lowered = head[0].lower() + head[1:] if before else head
        rows[before + lowered] = [_cell(reading, line, decimals) for line in lines]
        if p_value:
            rows[f"{before}p"] = [_p(reading, line) for line in lines]
    return printed_as_it_is(_kept(rows), title=title, notes=_notes(readings))


def table_of(fit: Any) -> Table | None:
    """The table that ``fit.save("name.docx")`` writes; None for a result that is no regression."""
    try:
        return table_regression(fit)
    except InputError:
        return None


def _readings(fit: Any, univariable: bool) -> dict[str, Reading]:
    """Name of a column -> what stands in it."""
    if isinstance(fit, Mapping):
        if not fit:
            raise InputError(
                'there are no fits to print; give one, or a dictionary such as {"Model 1": fit}.'
            )
        if univariable:
            raise InputError("univariable goes with one fit; make the table of each fit alone.")
        return {str(name): read(one) for name, one in fit.items()}
    if type(fit).__name__ == "CauseSpecificCox":
        return _readings(fit.fits, univariable)
    reading = read(fit)
    return (
        {UNIVARIABLE: _alone(fit, reading), MULTIVARIABLE: reading}
        if univariable
        else {MULTIVARIABLE: reading}
    )


def _alone(fit: Any, reading: Reading) -> Reading:
    """Each variable of a Cox regression fitted by itself, to the same patients."""
    import pandas as pd

    from survsim.estimate.cox.regression import cox_ph

    plain = getattr(fit, "penalty", "other") in (None, "firth") and getattr(fit, "frailty", None) is None
    if not plain:
        raise InputError(
            "univariable=True is for a Cox regression without frailty and shrinkage; fit each variable yourself and "
            'give the fits side by side: {"Univariable": one, "Multivariable": fit}.'
        )
    design = fit.design
    effects: dict[str, Effect] = {}
    variables = variables_of(fit.terms, design)
    for mine in [list(one.columns) for one in variables if not one.interaction]:
        at = [design.columns.index(c) for c in mine]
        alone = cox_ph(
            fit.surv, None, pd.DataFrame(design.matrix[:, at], columns=mine, index=fit.surv.index),
            ties=fit.ties, penalty=fit.penalty, robust=fit.robust_covariance is not None, offset=fit.offset, conf_level=fit.conf_level,
        )  # fmt: skip
        effects |= read(alone).effects
    but = (
        "; interactions are not, without their main effects" if any(v.interaction for v in variables) else ""
    )
    remarks = (f"Univariable: each variable alone, fitted to the same patients{but}.",)
    return Reading(
        measure=reading.measure, ratio=True, effects=effects, lines=reading.lines,
        conf_level=reading.conf_level, remarks=remarks,
    )  # fmt: skip


def _place(line: Line) -> tuple[str, str | None]:
    """Where a line stands: fits with the same variable and level share it, each with a cell of its own."""
    level = line.level
    # A column with gaps holds its whole numbers as floats: 1.0 of one frame is 1 of another.
    whole = isinstance(level, float) and level.is_integer()
    return line.variable, None if level is None else str(int(level) if whole else level)


def _joined(readings: Mapping[str, Reading]) -> dict[tuple[str, str | None], Line]:
    """The lines of all readings by place, those of one variable together, in the order they first come."""
    blocks: dict[str, dict[tuple[str, str | None], Line]] = {}
    for reading in readings.values():
        for line in reading.lines:
            blocks.setdefault(line.variable, {}).setdefault(_place(line), line)
    return {at: line for block in blocks.values() for at, line in block.items()}


def _shared(own: Mapping[str, Mapping[Any, Line]]) -> list[str]:
    """The counts that are one for all fits: each counts, and in the lines of several these say the same."""
    shared = []
    for what, name in COUNTS.items():
        counted = [
            {at: n for at, line in mine.items() if (n := getattr(line, name)) is not None}
            for mine in own.values()
        ]
        first: dict[Any, int] = {}
        same = all(first.setdefault(at, n) == n for mine in counted for at, n in mine.items())
        if same and all(counted):
            shared.append(what)
    return shared


def _count(lines: Iterable[Line | None], what: str) -> str:
    """The count of the first line that has one."""
    return next((str(n) for line in lines if (n := getattr(line, COUNTS[what], None)) is not None), "")


def _words(line: Line, labels: Mapping[str, str], levels: Mapping[str, Mapping[Any, str]]) -> str:
    if line.level is None:
        return labels.get(line.variable, line.words)
    chosen = levels.get(line.variable, {})
    # A level is a word of the user's own data, as in Table 1: "chemo" stays "chemo", and "arm_A" "arm_A".
    return "  " + str(chosen.get(line.level, chosen.get(str(line.level), line.level)))


def _cell(reading: Reading, line: Line | None, decimals: int) -> str:
    if line is None:
        return ""
    if line.reference:
        mine = {other.term for other in reading.lines if other.variable == line.variable and other.term}
        return REFERENCE if mine & set(reading.effects) else ""
    effect = reading.effects.get(line.term or "")
    if effect is None:
        return ""
    if not np.isfinite([effect.estimate, effect.low, effect.high]).all() or (
        reading.ratio and not 0 < effect.estimate < 1e6
    ):
        return NOT_ESTIMABLE
    low, middle, high = (
        _number(v, decimals, reading.ratio) for v in (effect.low, effect.estimate, effect.high)
    )
    return f"{middle} ({low} to {high})"


def _number(value: float, decimals: int, ratio: bool) -> str:
    """With its decimals; a small ratio never as zero, a large one without decimals."""
    if not ratio or value == 0:
        return f"{value:.{decimals}f}"
    if value < 10.0**-decimals:
        return f"<{10.0**-decimals:.{decimals}f}"
    return f"{value:.0f}" if value >= 1000 else f"{value:.{decimals}f}"


def _p(reading: Reading, line: Line | None) -> str:
    effect = None if line is None else reading.effects.get(line.term or "")
    if effect is None or not np.isfinite(effect.p):
        return ""
    return "<0.001" if effect.p < 0.001 else f"{effect.p:.3f}"


def _kept(rows: Mapping[str, list[str]]) -> pd.DataFrame:
    """Columns that hold something."""
    import pandas as pd

    return pd.DataFrame({name: cells for name, cells in rows.items() if any(cells)})


def _notes(readings: Mapping[str, Reading]) -> list[str]:
    notes = []
    for name, reading in readings.items():
        several = len(readings) > 1 and name not in (UNIVARIABLE, MULTIVARIABLE)
        notes += [f"{name}: {r}" if several else r for r in reading.remarks]
    if any(line.reference for reading in readings.values() for line in reading.lines):
        notes.append("Each level is compared with the one called reference.")
    return notes
