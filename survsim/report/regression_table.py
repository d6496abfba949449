"""The table of a regression as papers print it: variables with their levels, references, effects with intervals, p."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.errors import InputError
from survsim.report.regression_terms import Effect, Line, Reading, groups_of, read
from survsim.report.tables import Table, decimal_places, table

if TYPE_CHECKING:
    import pandas as pd

REFERENCE, NOT_ESTIMABLE = "reference", "not estimable"
MULTIVARIABLE, UNIVARIABLE = "Multivariable", "Univariable"


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
    the lines of the variables they have in common.

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
    lines = _joined(readings)
    _check(lines, labels or {}, levels or {})
    rows: dict[str, list[str]] = {
        "Characteristic": [_words(line, labels or {}, levels or {}) for line in lines]
    }
    if counts:
        rows["Patients"] = ["" if line.n is None else str(line.n) for line in lines]
        rows["Events"] = ["" if line.n_event is None else str(line.n_event) for line in lines]
    for name, reading in readings.items():
        head = f"{reading.measure} ({reading.conf_level:.0%} CI)"
        before = f"{name}: " if len(readings) > 1 else ""
        lowered = head[0].lower() + head[1:] if before else head
        rows[before + lowered] = [_cell(reading, line, decimals) for line in lines]
        if p_value:
            rows[f"{before}p"] = [_p(reading, line) for line in lines]
    return table(_kept(rows), title=title, notes=_notes(readings), missing="")


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
    for _, mine, _ in groups_of(fit.terms, design):
        at = [design.columns.index(c) for c in mine]
        alone = cox_ph(
            fit.surv, None, pd.DataFrame(design.matrix[:, at], columns=mine, index=fit.surv.index),
            ties=fit.ties, penalty=fit.penalty, robust=fit.robust_covariance is not None, offset=fit.offset, conf_level=fit.conf_level,
        )  # fmt: skip
        effects |= read(alone).effects
    remarks = ("Univariable: each variable alone, fitted to the same patients.",)
    return Reading(
        measure=reading.measure, ratio=True, effects=effects, lines=reading.lines,
        conf_level=reading.conf_level, remarks=remarks,
    )  # fmt: skip


def _joined(readings: Mapping[str, Reading]) -> list[Line]:
    """The lines of all readings, those of one variable together, in the order they first come."""
    blocks: dict[str, dict[str, Line]] = {}
    for reading in readings.values():
        for line in reading.lines:
            blocks.setdefault(line.variable, {}).setdefault(str(line.level), line)
    return [line for block in blocks.values() for line in block.values()]


def _check(lines: list[Line], labels: Mapping[str, str], levels: Mapping[str, Any]) -> None:
    """Refuse a name that was meant for one of the table; words for other variables of the paper may be there too."""
    have = list(dict.fromkeys(line.variable for line in lines))
    for what, given in (("labels", labels), ("levels", levels)):
        without = [name for name in have if name not in given]
        for name in given:
            meant = [] if name in have else get_close_matches(str(name), without, n=1, cutoff=0.6)
            if meant:
                raise InputError(
                    f"{what} names {name!r}; the variables of the table are {', '.join(have)}: did you mean {meant[0]}?"
                )


def _words(line: Line, labels: Mapping[str, str], levels: Mapping[str, Mapping[Any, str]]) -> str:
    if line.level is None:
        return labels.get(line.variable, _variable(line.variable))
    chosen = levels.get(line.variable, {})
    # A level is a word of the user's own data, as in Table 1: "chemo" stays "chemo".
    plain = str(line.level).replace("_", " ")
    return "  " + str(chosen.get(line.level, chosen.get(str(line.level), plain)))


def _variable(name: str) -> str:
    """A column's name as words; a formula as it was written, an interaction with its sign and levels."""
    if "(" in name:
        return name
    parts = (re.sub(r"\[(?:T\.)?(.+?)\]", r" \1", part) for part in name.split(":"))
    return " × ".join(part.replace("_", " ") for part in parts)


def _cell(reading: Reading, line: Line, decimals: int) -> str:
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


def _p(reading: Reading, line: Line) -> str:
    effect = reading.effects.get(line.term or "")
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
