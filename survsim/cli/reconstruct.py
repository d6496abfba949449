"""`survsim reconstruct`: a curve and the numbers printed with it in, patients out, and by how much they may be wrong."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from survsim.core.errors import InputError
from survsim.core.numerals import whole_in

if TYPE_CHECKING:
    import pandas as pd

    from survsim.estimate.reconstruction.arms import ReconstructedArms
    from survsim.estimate.reconstruction.result import ReconstructedIPD

OPTIONS = {
    "at_risk": "--at-risk", "n_event": "--total-events", "n": "--n", "censor_marks": "--marks", "method": "--method",
    "unit": "--unit", "kind": "--kind", "entry": "--entry True", "end": "--end", "reference": "--reference",
    "tolerance": "--tolerance", "time_tolerance": "--time-tolerance", "curve": "CURVE.csv",
}  # fmt: skip


def reconstruct(
    curve: Annotated[Path, typer.Argument(metavar="CURVE.csv", help="time,survival (or time,incidence); arm for several.")],
    out: Annotated[Path, typer.Option("--out", metavar="IPD.csv", help="Patients: time,event; an earlier result is replaced.")],
    at_risk: Annotated[Path | None, typer.Option("--at-risk", metavar="RISK.csv", help="time,n_risk; arm for several.")] = None,
    total_events: Annotated[
        list[str] | None, typer.Option("--total-events", metavar="[ARM=]D", help="Printed total of events; once an arm.")
    ] = None,
    n: Annotated[
        list[str] | None,
        typer.Option("--n", metavar="[ARM=]N", help="Patients, where no numbers at risk are printed; once an arm."),
    ] = None,
    marks: Annotated[Path | None, typer.Option("--marks", metavar="MARKS.csv", help="Censor marks: time.")] = None,
    method: Annotated[str, typer.Option("--method", help="optimised, guyot, ikm or marked.")] = "optimised",
    kind: Annotated[
        str | None, typer.Option("--kind", help="survival or incidence; told by the column's name if not given.")
    ] = None,
    unit: Annotated[str, typer.Option("--unit", help="days, weeks, months or years.")] = "months",
    entry: Annotated[bool, typer.Option("--entry", help="Patients enter late: a third column, entry.")] = False,
    end: Annotated[float | None, typer.Option("--end", help="End of follow-up; the last reading if not given.")] = None,
    reference: Annotated[
        str | None, typer.Option("--reference", metavar="ARM", help="The arm that others are compared with.")
    ] = None,
    tolerance: Annotated[
        float | None,
        typer.Option("--tolerance", help="Error of a reading; that of report.json beside CURVE.csv, or 0.005."),
    ] = None,
    time_tolerance: Annotated[
        float | None, typer.Option("--time-tolerance", help="The same of times, in --unit; as --tolerance, or 0.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The audit as JSON.")] = False,
) -> None:  # fmt: skip
    """Patients whose survival curve is a published one, and by how much events, median and hazard ratio may be wrong."""
    from survsim.cli.console import progress
    from survsim.cli.csv_in import read_table
    from survsim.cli.own_input import refuse_own_input
    from survsim.cli.words import in_options
    from survsim.core.cells import for_spreadsheets
    from survsim.core.files import write_text
    from survsim.estimate.reconstruction.arms import per_arm, together
    from survsim.report.publish import DONE

    # a blank ends the name of an option there
    words = in_options(OPTIONS if " " in curve.name else OPTIONS | {"curve": curve.name})
    refuse_own_input([out], [curve, at_risk, marks])
    _refuse_place(out)
    lines = _by_arm(read_table(curve), curve)
    kind = kind or _kind(next(iter(lines.values())), curve)
    names = tuple(lines)
    tables = {} if at_risk is None else _by_arm(read_table(at_risk), at_risk)
    ticks = {} if marks is None else _by_arm(read_table(marks), marks)
    many = per_arm("--n", _counts("--n", n, names), names)
    events = per_arm("--total-events", _counts("--total-events", total_events, names), names)
    if reference is not None and reference not in names:
        raise InputError(
            f"--reference {reference!r} is no arm of {curve.name}: {', '.join(map(repr, names))}."
        )
    exact = _exactness(curve, tolerance, time_tolerance)
    made: dict[str, ReconstructedIPD] = {}
    with progress(words) as say:
        for arm, line in lines.items():
            say(arm or curve.name, "reconstructing")
            made[arm] = _one(
                arm, line, _own(tables, arm, at_risk), _own(ticks, arm, marks), words, n=many[arm], n_event=events[arm],
                method=method, unit=unit, entry=entry, end=end, kind=kind, **exact,
            )  # fmt: skip
            if arm:
                say(arm, DONE)
        say(curve.name, "how wrong it may be")
        arms = together(names, tuple(made.values()), reference) if len(made) > 1 else None
        headline = words(next(iter(made.values())).headline() if arms is None else arms.headline())
    write_text(out, for_spreadsheets(_rows(made, entry)).to_csv(index=False, lineterminator="\n"))
    if as_json:
        ratios = {} if arms is None else _ratios(arms)
        typer.echo(
            json.dumps({arm or "all": _audit(r) | ratios.get(arm, {}) for arm, r in made.items()}, indent=2)
        )
        return
    typer.echo(headline)
    typer.echo(f"written: {out}")


def _refuse_place(out: Path) -> None:
    """Refuse a name that promises another kind of file, and a file that is no earlier result."""
    if out.suffix.lower() != ".csv":
        raise InputError(
            f"patients are written as comma-separated text; give --out a name that ends in .csv, not {out.name!r}."
        )
    if not out.is_file():
        return
    with out.open(encoding="utf-8", errors="replace") as file:
        head = file.readline(100).strip()
    if re.fullmatch("(arm,)?time,event(,entry)?", head) is None:
        raise InputError(
            f"{out} is there and holds no reconstructed patients; nothing was written. Give --out another name, or remove the file."
        )


def _one(arm: str, line: pd.DataFrame, table: Any, ticks: Any, words: Any, *, entry: bool, **told: Any) -> ReconstructedIPD:  # fmt: skip
    from survsim.estimate.reconstruction.reconstructed_ipd import reconstruct_ipd

    marks = None if ticks is None else ticks[["time"]]
    try:
        return reconstruct_ipd(line, at_risk=table, censor_marks=marks, entry=entry, **told)
    except InputError as error:
        more = ""
        if not entry and "without late entry it cannot" in str(error):
            more = " With --entry patients are reconstructed with entry times."
            error = InputError(str(error).removesuffix(", or let entry be 'auto'.") + ".")
        raise InputError(f"{f'arm {arm!r}: ' if arm else ''}{words(str(error))}{more}") from None


def _kind(line: pd.DataFrame, path: Path) -> str:
    """Told by the column's name; two columns of two kinds tell nothing."""
    survival = [c for c in ("survival", "surv") if c in line.columns]
    incidence = [c for c in ("incidence", "cumulative_incidence") if c in line.columns]
    if survival and incidence:
        raise InputError(
            f"{path.name} has a column {survival[0]} and a column {incidence[0]}; say with --kind survival or --kind incidence which is "
            "to be reconstructed."
        )
    return "incidence" if incidence else "survival"


def _counts(option: str, given: list[str] | None, names: tuple[str, ...]) -> Any:
    """By name, or in the order of the arms."""
    if not given:
        return None
    parts = [part for text in given for part in ([text] if "=" in text else text.split(","))]
    named = [text.rpartition("=") for text in parts]
    if any(sign for _, sign, _ in named):
        if not all(sign for _, sign, _ in named):
            raise InputError(f"{option} names some arms and not others; write {option} ARM=NUMBER for each.")
        return {name.strip(): _count(option, value) for name, _, value in named}
    return (
        [_count(option, text) for text in parts]
        if len(parts) > 1 or len(names) == 1
        else _count(option, parts[0])
    )


def _count(option: str, text: str) -> int:
    try:
        return whole_in(text.replace(",", ""))
    except ValueError:
        raise InputError(f"{option} takes a whole number, or ARM=NUMBER once an arm; got {text!r}.") from None


def _exactness(curve: Path, tolerance: float | None, time_tolerance: float | None) -> dict[str, float | None]:
    """As given, else as the digitiser stated it beside the curve."""
    stated: Mapping[str, float] = {}
    report = curve.with_name("report.json")
    if curve.name == "curves.csv" and report.is_file() and None in (tolerance, time_tolerance):
        stated = _stated(report)
    level = next((v for k, v in stated.items() if k != "time"), None)
    return {
        "tolerance": tolerance if tolerance is not None else level,
        "time_tolerance": time_tolerance if time_tolerance is not None else stated.get("time", 0.0),
    }


def _stated(report: Path) -> Mapping[str, float]:
    """The tolerances of a report of the digitiser; none where it is another report."""
    from survsim.core.json_files import read_typed_json

    instead = "Digitise the figure again, or give --tolerance and --time-tolerance."
    try:
        kept = read_typed_json(report)
    except (OSError, ValueError) as error:
        raise InputError(f"{report} beside the curve cannot be read ({error}). {instead}") from None
    if not isinstance(kept, Mapping) or "tolerance" not in kept:
        return {}
    stated = kept["tolerance"]
    if not isinstance(stated, Mapping) or not all(_is_width(value) for value in stated.values()):
        raise InputError(
            f"{report} beside the curve says tolerance = {json.dumps(stated):.60}; it is the half width of each reading, such as "
            f'{{"survival": 0.002, "time": 0.1}}. {instead}'
        )
    return {str(name): float(value) for name, value in stated.items()}


def _is_width(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0.0 <= value < math.inf


def _by_arm(frame: pd.DataFrame, path: Path) -> dict[str, pd.DataFrame]:
    """The rows of each arm, in the order of the file; one without a name where there is no column arm."""
    if "arm" not in frame.columns:
        return {"": frame}
    if frame["arm"].isna().any():
        raise InputError(f"{path.name} has rows without an arm; name it in each row.")
    return {str(arm): rows.drop(columns="arm") for arm, rows in frame.groupby("arm", sort=False)}


def _own(found: dict[str, pd.DataFrame], arm: str, path: Path | None) -> Any:
    """The rows that belong to an arm of the curve."""
    if path is None:
        return None
    own = found.get(arm)
    if own is None and not arm and len(found) == 1:
        return next(iter(found.values()))
    if own is None:
        have = ", ".join(repr(name) for name in found if name) or "no column arm"
        raise InputError(f"{path.name} has nothing for arm {arm or '(none)'!r} of the curve; it has {have}.")
    return own


def _rows(made: dict[str, ReconstructedIPD], entry: bool) -> pd.DataFrame:
    import pandas as pd

    parts = []
    for arm, r in made.items():
        part = pd.DataFrame({"time": r.time, "event": r.event.astype(int)})
        if entry:
            part["entry"] = 0.0 if r.entry is None else r.entry
        if arm:
            part.insert(0, "arm", arm)
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def _audit(r: ReconstructedIPD) -> dict[str, Any]:
    """Numbers as JSON has them: what does not exist or is not reached is null."""
    audit = r.audit()
    pairs = zip(audit.quantity, audit.reconstructed.tolist(), audit.printed.tolist())
    open_ = r.uncertainty()
    ranges = zip(open_.quantity, open_.value.tolist(), open_.low.tolist(), open_.high.tolist())
    return {
        "method": r.method,
        "n": int(r.time.size),
        "n_event": r.n_event,
        "rmse": r.rmse,
        "max_absolute_error": r.max_absolute_error,
        "notes": list(r.notes),
        "audit": [{"quantity": q, "reconstructed": _finite(a), "printed": _finite(b)} for q, a, b in pairs],
        "may_be_wrong": {
            "tolerance": open_.tolerance,
            "tolerance_stated": open_.stated,
            "time_tolerance": open_.time_tolerance,
            "pseudo_data_sets": open_.n_draws,
            "assumed": list(open_.assumed),
            "ranges": [
                {"quantity": q, "reconstructed": _finite(v), "low": _finite(a), "high": _finite(b)}
                for q, v, a, b in ranges
            ],
        },
    }


def _ratios(arms: ReconstructedArms) -> dict[str, dict[str, Any]]:
    """The hazard ratio of each other arm against the reference."""
    found: dict[str, dict[str, Any]] = {}
    for arm, ratio, why in zip(arms.others, arms.ratios, arms.without, strict=True):
        if ratio is None:
            found[arm] = {
                "against_reference": {"reference": arms.reference, "hazard_ratio": None, "why": why}
            }
            continue
        value, low, high, p = (_finite(x) for x in ratio.reconstructed.tolist())
        found[arm] = {
            "against_reference": {
                "reference": arms.reference, "hazard_ratio": value, "conf_low": low, "conf_high": high, "logrank_p": p,
                "log_hazard_ratio": _finite(ratio.log_hazard_ratio),
                "log_hazard_ratio_reading_error": _finite(ratio.reading_error),
                "reading_range": [_finite(x) for x in ratio.reading_range],
                "total_range": [_finite(x) for x in ratio.total_range], "pseudo_data_sets": ratio.n_draws,
            }
        }  # fmt: skip
    return found


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
