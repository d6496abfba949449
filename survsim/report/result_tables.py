"""Tables that papers print of results: survival at chosen times, parameters with their sources, strategies, studies."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.errors import ExtrapolationWarning, InputError
from survsim.core.names import group_words, readable
from survsim.core.result import format_number, time_in_words
from survsim.figures.strategy_comparison import WORDS
from survsim.report.tables import Table, decimal_places, printed_as_it_is

if TYPE_CHECKING:
    import pandas as pd

    from survsim.estimate.nonparametric.kaplan_meier import KaplanMeier
    from survsim.evidence.ask.store import EvidenceStore
    from survsim.scenario.parameterise import Parameters
    from survsim.simulation.outcomes.compare import StrategyComparison

BEYOND = "beyond follow-up"


def table_survival(
    km: KaplanMeier,
    times: Sequence[float],
    *,
    names: Mapping[Any, str] | None = None,
    event_name: str = "Events",
    decimals: int = 0,
    title: str = "",
) -> Table:
    """Print patients, events, the median and survival at chosen times, one line a group.

    Parameters
    ----------
    km : the curves.
    times : in their unit; a time given twice is shown once.
    names : label to show for each group.
    event_name : head of the column of events ("Deaths").
    decimals : of the percentages.
    title : above the table.

    Returns
    -------
    Table : shown by a notebook; ``.save("table.docx")``, ``.html``, ``.tex`` or ``.csv`` writes it.

    Raises
    ------
    InputError : no times, or times that are negative; names for groups that are not there.

    Example
    -------
    >>> from survsim import Surv, kaplan_meier
    >>> from survsim.report import table_survival
    >>> km = kaplan_meier(Surv.right([2, 3, 5, 9], [1, 1, 1, 0], unit="months"), conf_type="none")
    >>> table_survival(km, [4]).frame.iloc[0].tolist()
    ['All patients', '4', '3', '4', '50%']
    """
    if not len(times):
        raise InputError("there are no times; give at least one, such as times=[12, 24].")
    decimals = decimal_places(decimals)
    times = list(dict.fromkeys(np.atleast_1d(np.asarray(times)).tolist()))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExtrapolationWarning)  # the table says it in words
        at = km.survival_at(times)
    if (at.time < 0).any():
        raise InputError(
            f"times must not be negative; got {format_number(float(at.time.min()))}. They count {km.unit} from the origin."
        )
    middle, shown_as = km.median(), group_words(km.groups, names, "All patients")
    level = f" ({km.conf_level:.0%} CI)" if km.conf_type != "none" else ""
    rows = []
    for k, group in enumerate(km.groups):
        cells = [
            shown_as[group],
            format_number(float(km.n_patients[k])),
            format_number(float(km.n_events[k])),
        ]
        cells.append(_with_limits(middle.estimate[k], middle.conf_low[k], middle.conf_high[k], time_in_words))
        for j in [j for j, g in enumerate(at.group) if g == group]:
            middle_share, low, high = (100 * float(v[j]) for v in (at.estimate, at.conf_low, at.conf_high))
            shown = _with_limits(middle_share, low, high, f"{{:.{decimals}f}}".format, "%")
            cells.append(BEYOND if np.isnan(at.estimate[j]) else shown)
        rows.append(cells)
    heads = ["Group", "Patients", event_name, f"Median, {km.unit}{level}"]
    heads += [f"At {format_number(float(t))} {km.unit}{level}" for t in times]
    return printed_as_it_is(_frame(rows, heads), title=title)


def table_parameters(
    parameters: Parameters, *, labels: Mapping[str, str] | None = None, title: str = ""
) -> Table:
    """Print each parameter with its value and interval, and where it comes from.

    Parameters
    ----------
    parameters : of `scenario_parameters` or a simulation.
    labels : name of a parameter or of a row of the evidence -> words.
    title : above the table.

    Returns
    -------
    Table : shown by a notebook; ``.save("table.docx")``, ``.html``, ``.tex`` or ``.csv`` writes it.

    Raises
    ------
    InputError : labels of parameters and rows that are not there.

    Example
    -------
    >>> import numpy as np
    >>> from survsim.report import Provenance, table_parameters
    >>> from survsim.scenario import Parameters
    >>> from survsim.scenario.parameterise import Parameter
    >>> rate = Parameter("rate", "assumption", "log", "per month", "hazard of death", np.full(9, 0.1), Provenance.of("example"),
    ...     reason="no curve is in the evidence")
    >>> table_parameters(Parameters(parameters={"rate": rate}, provenance=Provenance.of("example")))
          Parameter Median (95% interval)      Unit                               Source
    hazard of death                   0.1 per month assumed: no curve is in the evidence
    """
    frame = parameters.to_frame()
    known = set(frame["parameter"]) | {r for cell in frame["rows"] for r in _listed(cell)}
    unknown = next((name for name in labels or {} if name not in known), None)
    if unknown is not None:
        raise InputError(f"labels names {unknown!r}, which is neither a parameter nor a row behind one.")
    said = labels or {}
    rows = []
    for row in frame.to_dict("records"):
        words = said.get(row["parameter"]) or row["meaning"] or readable(row["parameter"])
        fixed = row["low"] == row["high"]
        value = _with_limits(row["median"], np.nan if fixed else row["low"], row["high"], _number)
        rows.append([words, value, row["unit"] or "", _source(row, said)])
    heads = ["Parameter", "Median (95% interval)", "Unit", "Source"]
    note = "Intervals hold the central 95% of the draws. Assumptions are named as such, with their reason."
    return printed_as_it_is(_frame(rows, heads), title=title, notes=note)


def table_comparison(
    comparison: StrategyComparison,
    measures: Sequence[str] | None = None,
    *,
    labels: Mapping[str, str] | None = None,
    title: str = "",
) -> Table:
    """Print the paired differences of strategies from the reference, one line a strategy.

    Parameters
    ----------
    comparison : of ``simulation.compare(reference)``.
    measures : those printed, as the comparison names them ("survival_time@24"); the first four if None.
    labels : measure -> words for its column.
    title : above the table.

    Returns
    -------
    Table : shown by a notebook; ``.save("table.docx")``, ``.html``, ``.tex`` or ``.csv`` writes it.

    Raises
    ------
    InputError : a measure that was not simulated.

    Example
    -------
    >>> import numpy as np
    >>> from survsim.report import Provenance, table_comparison
    >>> from survsim.simulation import StrategyComparison
    >>> one = StrategyComparison(reference="a", strategies=("a", "b"), labels=("none", "drug"), measures=("alive@12",),
    ...     difference=np.array([[0, 0.1]]), conf_low=np.array([[0, 0.0]]), conf_high=np.array([[0, 0.2]]),
    ...     mc_std_error=np.zeros((1, 2)), probability_higher=np.full((1, 2), 0.5), variance_reduction=np.ones((1, 2)),
    ...     time_unit="months", conf_level=0.95, provenance=Provenance.of("example"))
    >>> table_comparison(one)
    Strategy P(alive) at 12 months
        none             reference
        drug   0.10 (0.00 to 0.20)
    """
    wanted = list(dict.fromkeys(comparison.measures[:4] if measures is None else measures))
    unknown = next((m for m in wanted if m not in comparison.measures), None)
    if unknown is not None:
        raise InputError(f"{unknown} was not simulated; there are: {', '.join(comparison.measures)}.")
    at = [comparison.measures.index(m) for m in wanted]
    rows = []
    for s, name in enumerate(comparison.strategies):
        if name == comparison.reference:
            rows.append([comparison.labels[s], *["reference"] * len(at)])
            continue
        values = [
            (comparison.difference[m, s], comparison.conf_low[m, s], comparison.conf_high[m, s]) for m in at
        ]
        rows.append([comparison.labels[s], *(_with_limits(*v, _two) for v in values)])
    heads = ["Strategy", *((labels or {}).get(m, _measure(m, comparison.time_unit)) for m in wanted)]
    errors = np.asarray(comparison.mc_std_error)[at].max(axis=1)
    reference = comparison.labels[comparison.strategies.index(comparison.reference)]
    notes = [
        f"Differences from {reference} in the same patients, with {comparison.conf_level:.0%} intervals over parameter draws.",
        f"Largest Monte Carlo standard errors: {', '.join(format_number(float(f'{e:.2g}')) for e in errors)}.",
    ]
    return printed_as_it_is(_frame(rows, heads), title=title, notes=notes)


def table_studies(store: EvidenceStore, studies: Iterable[str] | None = None, *, title: str = "") -> Table:
    """Print the studies of the evidence: design, site, patients, years, follow-up, what of each was read.

    Parameters
    ----------
    store : of `load_evidence`.
    studies : their ids, in this order; all if None.
    title : above the table.

    Returns
    -------
    Table : shown by a notebook; ``.save("studies.docx")``, ``.html``, ``.tex`` or ``.csv`` writes it.

    Raises
    ------
    InputError : an id that the evidence lacks.

    Example
    -------
    >>> from survsim import load_evidence
    >>> from survsim.report import table_studies
    >>> table_studies(load_evidence(), ["homesley_2007_gog0161"]).frame["Patients"].tolist()
    ['179']
    """
    frame = store.table("studies").set_index("study_id")
    wanted = list(frame.index) if studies is None else list(dict.fromkeys(studies))
    unknown = next((s for s in wanted if s not in frame.index), None)
    if unknown is not None:
        raise InputError(f"the evidence has no study {unknown!r}; store.table('studies') lists their ids.")
    rows = [_study(frame.loc[one]) for one in wanted]
    heads = ["Study", "Design", "Site", "Patients", "Years", "Median follow-up, months", "Read"]
    return printed_as_it_is(_frame(rows, heads), title=title)


def _study(row: Any) -> list[str]:
    years = [f"{v:.0f}" for v in (row["period_start"], row["period_end"]) if _there(v)]
    author = str(row["first_author"] or "").strip() or readable(row.name)
    return [
        f"{author} {row['year']:.0f}" if _there(row["year"]) else author,
        readable(row["design"]) + (", randomised" if str(row["randomised"]) in ("yes", "True") and row["design"] != "rct" else ""),
        readable(row["site"]),
        f"{row['n_total']:.0f}" if _there(row["n_total"]) else "",
        " to ".join(dict.fromkeys(years)),
        format_number(float(row["median_followup_months"])) if _there(row["median_followup_months"]) else "",
        readable(row["read_what"]),
    ]  # fmt: skip


def _there(value: Any) -> bool:
    return isinstance(value, int | float | np.number) and bool(np.isfinite(float(value)))


def _source(row: Mapping[Any, Any], labels: Mapping[str, str]) -> str:
    """Where a number is from, in words: its rows, its formula, or that it is assumed and why."""
    reason = str(row["reason"] or "").strip()
    named = [labels.get(r, readable(r)) for r in _listed(row["rows"])]
    if row["source"] == "assumption":
        return f"assumed: {reason}" if reason else "assumed"
    if row["source"] == "derived":
        return f"derived: {row['method']}"
    return "; ".join([*named, *([reason] if reason else [])]) or str(row["source"])


def _listed(cell: Any) -> list[str]:
    return (
        [part.strip() for part in str(cell).replace(";", ",").split(",") if part.strip()]
        if isinstance(cell, str)
        else []
    )


def _measure(name: str, unit: str) -> str:
    kind, _, at = name.partition("@")
    words = WORDS.get(kind, readable(kind.replace("/", ", ")))
    horizon = f" {'at' if kind in ('alive', 'progression_free') else 'to'} {at} {unit}" if at else ""
    whole = f"{words}{horizon}" + (f" ({unit})" if kind.endswith("_time") else "")
    return whole[0].upper() + whole[1:]


def _with_limits(middle: float, low: float, high: float, words: Any, sign: str = "") -> str:
    if np.isnan(low) or np.isnan(high) or (np.isinf(middle) and np.isinf(low)):
        return f"{words(middle)}{sign if np.isfinite(middle) else ''}"
    return f"{words(middle)}{sign if np.isfinite(middle) else ''} ({words(low)} to {words(high)})"


def _two(value: float) -> str:
    return f"{value:.2f}"


def _number(value: float) -> str:
    return format_number(float(f"{value:.3g}"))


def _frame(rows: Sequence[Sequence[str]], heads: Sequence[str]) -> pd.DataFrame:
    """The rows under their heads, without columns that hold nothing."""
    import pandas as pd

    frame = pd.DataFrame([list(r) for r in rows], columns=list(heads), dtype=object)
    return frame.loc[:, frame.astype(bool).any().to_numpy()]
