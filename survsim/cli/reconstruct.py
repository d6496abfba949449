"""`survsim reconstruct`: a curve and the numbers printed with it in, patients out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from survsim.core.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from survsim.estimate.reconstruction.result import ReconstructedIPD


def reconstruct(
    curve: Annotated[Path, typer.Argument(metavar="CURVE.csv", help="time,survival (or time,incidence); arm for several.")],
    out: Annotated[Path, typer.Option("--out", metavar="IPD.csv", help="Patients: time,event.")],
    at_risk: Annotated[Path | None, typer.Option("--at-risk", metavar="RISK.csv", help="time,n_risk.")] = None,
    total_events: Annotated[int | None, typer.Option("--total-events", help="Printed total of events.")] = None,
    n: Annotated[int | None, typer.Option("--n", help="Patients, where no numbers at risk are printed.")] = None,
    marks: Annotated[Path | None, typer.Option("--marks", metavar="MARKS.csv", help="Censor marks: time.")] = None,
    method: Annotated[str, typer.Option("--method", help="optimised, guyot, ikm or marked.")] = "optimised",
    unit: Annotated[str, typer.Option("--unit", help="days, weeks, months or years.")] = "months",
    entry: Annotated[bool, typer.Option("--entry", help="Patients enter late: a third column, entry.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The audit as JSON.")] = False,
) -> None:  # fmt: skip
    """Patients whose survival curve is a published one, under the numbers printed with it."""
    from survsim.cli.console import progress
    from survsim.core.cells import for_spreadsheets
    from survsim.core.files import write_text

    lines = _by_arm(_read(curve), curve)
    tables = {} if at_risk is None else _by_arm(_read(at_risk), at_risk)
    ticks = {} if marks is None else _by_arm(_read(marks), marks)
    if len(lines) > 1 and (total_events is not None or n is not None):
        raise InputError("--total-events and --n are of one arm; give a CURVE.csv of one arm with them.")
    made: dict[str, ReconstructedIPD] = {}
    with progress() as say:
        for arm, line in lines.items():
            say(arm or curve.name, "reconstructing")
            made[arm] = _one(
                line, _own(tables, arm, at_risk), _own(ticks, arm, marks),
                n=n, n_event=total_events, method=method, unit=unit, entry=entry,
            )  # fmt: skip
    write_text(out, for_spreadsheets(_rows(made, entry)).to_csv(index=False, lineterminator="\n"))
    if as_json:
        typer.echo(json.dumps({arm or "all": _audit(r) for arm, r in made.items()}, indent=2))
        return
    for arm, r in made.items():
        typer.echo(f"{arm}: {r.headline()}" if arm else r.headline())
    typer.echo(f"written: {out}")


def _one(line: pd.DataFrame, table: Any, ticks: Any, *, entry: bool, **told: Any) -> ReconstructedIPD:
    from survsim.estimate.reconstruction.reconstructed_ipd import reconstruct_ipd

    kind = "incidence" if "incidence" in line.columns else "survival"
    marks = None if ticks is None else ticks[["time"]]
    try:
        return reconstruct_ipd(line, at_risk=table, censor_marks=marks, kind=kind, entry=entry, **told)
    except InputError as error:
        if not entry and "without late entry it cannot" in str(error):
            raise InputError(f"{error} With --entry patients are reconstructed with entry times.") from None
        raise


def _read(path: Path) -> pd.DataFrame:
    import pandas as pd

    if not path.is_file():
        raise InputError(f"{path} is no file.")
    try:
        frame = pd.read_csv(path)
    except (ValueError, UnicodeDecodeError) as error:
        raise InputError(f"{path.name} is no table of comma-separated values: {error}") from None
    frame.columns = [str(c).strip().lower() for c in frame.columns]
    if "time" not in frame.columns or frame.empty:
        raise InputError(
            f"{path.name} needs a column time and at least one row; it has: {', '.join(frame.columns)}."
        )
    return frame


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
    return {
        "method": r.method,
        "n": int(r.time.size),
        "n_event": r.n_event,
        "rmse": r.rmse,
        "max_absolute_error": r.max_absolute_error,
        "notes": list(r.notes),
        "audit": [{"quantity": q, "reconstructed": _finite(a), "printed": _finite(b)} for q, a, b in pairs],
    }


def _finite(value: float) -> float | None:
    return value if abs(value) < float("inf") else None
