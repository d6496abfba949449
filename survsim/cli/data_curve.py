"""`survsim data add-curve`: a published figure, digitised and stored with its study in one command."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from survsim.cli.data_more import _own_data


def add_curve(
    study_id: Annotated[str, typer.Argument(metavar="STUDY", help="A study of the evidence.")],
    figure: Annotated[
        Path,
        typer.Argument(
            metavar="FIGURE", help="A picture, SVG or PDF page; or a folder that survsim digitise wrote."
        ),
    ],
    arm: Annotated[
        list[str] | None,
        typer.Option(
            "--arm", metavar="ARM=LABEL", help="Arm of the study and the label of its curve; repeat."
        ),
    ] = None,
    endpoint: Annotated[
        str, typer.Option("--endpoint", help="What the curve shows, a name of the table endpoints.")
    ] = "overall_survival",
    place: Annotated[str, typer.Option("--place", help="Number of the figure, for example 'figure 2'.")] = "",
    page: Annotated[str, typer.Option("--page", help="Page of the publication.")] = "",
    panel: Annotated[str | None, typer.Option("--panel", help="Panel of a figure that has several.")] = None,
    unit: Annotated[
        str | None, typer.Option("--unit", help="Unit of time, where the figure does not say it.")
    ] = None,
    kind: Annotated[str, typer.Option("--kind", help="survival or incidence.")] = "survival",
    read_by: Annotated[
        str, typer.Option("--read-by", help="Reading that digitised it (declared/readings.csv).")
    ] = "not_stated",
    checked_by: Annotated[
        str, typer.Option("--checked-by", help="Reading that compared the overlay with the figure.")
    ] = "",
    replace: Annotated[bool, typer.Option("--replace", help="Replace curves of the same name.")] = False,
) -> None:
    """Digitise a figure and store its curves, marks and numbers at risk; all of it or nothing."""
    from survsim.core.errors import InputError
    from survsim.evidence.bring_in.curve_in import add_curves

    arms = {}
    for text in arm or ():
        name, sign, label = text.partition("=")
        if not sign or not name or not label:
            raise InputError(f"--arm wants ARM=LABEL, for example --arm chemo='Arm A'; got {text!r}.")
        arms[name] = label
    study = _own_data()
    told = place or (f"panel {panel}" if panel else figure.stem.replace("_", " "))
    with tempfile.TemporaryDirectory() as room:
        ready = figure if figure.is_dir() else _digitised(figure, Path(room) / "figure", panel, unit, kind)
        done = add_curves(
            study, study_id, ready, endpoint=endpoint, place=told, page=page, read_by=read_by, checked_by=checked_by,
            arms=arms, unit=unit, replace=replace,
        )  # fmt: skip
    for text in done.warnings:
        typer.echo(f"warning of the reading: {text}")
    if not done.changed:
        typer.echo("every row is there already; nothing to do")
        return
    names = {"curves": "readings", "at_risk": "numbers at risk", "censor_marks": "censor marks"}
    counts = ", ".join(f"{n} {names[table]}" for table, n in done.rows.items() if n)
    typer.echo(f"stored in raw/literature/{done.set_name}: {', '.join(done.curves.values())} ({counts})")
    typer.echo("curated. Next: look at the overlay, fill checked_by, survsim data check")


def _digitised(figure: Path, room: Path, panel: str | None, unit: str | None, kind: str) -> Path:
    """The folder of a figure that is digitised now."""
    import survsim.digitising
    from survsim.cli.words import in_options
    from survsim.core.errors import InputError

    if not figure.is_file():
        raise InputError(f"{figure} is neither a figure nor a folder of a digitised one.")
    digitise = getattr(survsim.digitising, "digitise", None)
    if digitise is None:
        raise InputError(
            f"{figure.name} has to be digitised first: survsim digitise FIGURE --out DIR, then give DIR."
        )
    words = in_options({"panel": "--panel", "kind": "--kind", "unit": "--unit"})
    try:
        read = digitise(figure, panel=panel, kind=kind, unit=unit)
    except InputError as error:
        raise InputError(f"{words(str(error))} (survsim digitise has options for more help.)") from None
    if not read.unit:
        raise InputError(
            f"the unit of time could not be read from the axis of {figure.name}; --unit gives it."
        )
    read.save(room)
    return room
