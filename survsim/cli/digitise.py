"""`survsim digitise`: the curves of a published figure, written to a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from survsim.cli.console import progress, shown

OPTIONS = {
    "panel": "--panel", "arms": "--arms", "axes": "--x-axis and --y-axis", "kind": "--kind", "unit": "--unit",
    "page": "--page", "corrections": "--corrections", "at_risk": "--at-risk",
}  # fmt: skip


def digitise(
    figure: Annotated[
        Path,
        typer.Argument(
            metavar="FIGURE", help="SVG, PDF, PNG, JPEG or TIFF with Kaplan-Meier or incidence curves."
        ),
    ],
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder for the curves, marks, overlay and report.")
    ],
    panel: Annotated[
        str | None, typer.Option("--panel", metavar="LETTER", help="Which panel, where there are several.")
    ] = None,
    page: Annotated[int | None, typer.Option("--page", metavar="N", help="Page of a PDF, from 1.")] = None,
    kind: Annotated[
        str, typer.Option("--kind", help="survival, or incidence (curves that rise from 0).")
    ] = "survival",
    unit: Annotated[
        str | None,
        typer.Option("--unit", help="days, weeks, months or years; read from the axis if not given."),
    ] = None,
    arms: Annotated[
        list[str] | None,
        typer.Option(
            "--arms", metavar="NAME[=COLOUR]", help="Name of an arm, with its colour if need be; once an arm."
        ),
    ] = None,
    x_axis: Annotated[
        str | None,
        typer.Option("--x-axis", metavar="P:V,P:V", help="Two places on the page with their times."),
    ] = None,
    y_axis: Annotated[
        str | None,
        typer.Option("--y-axis", metavar="P:V,P:V", help="Two places on the page with their heights."),
    ] = None,
    corrections: Annotated[
        Path | None,
        typer.Option(
            "--corrections", metavar="FILE", help="Corrections as survsim.digitising.correct keeps them."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The report as JSON.")] = False,
) -> None:
    """Read the curves of a figure: curves.csv, marks.csv, at_risk.csv, overlay.png and report.json, all or none.

    Exits with 2 where the figure cannot be followed, and says what help it needs.
    """
    import json
    import warnings

    from survsim.cli.own_input import refuse_own_input
    from survsim.cli.words import in_options
    from survsim.core.errors import EvidenceWarning, InputError
    from survsim.digitising.reading import digitise as read
    from survsim.digitising.writing import NAMES, refuse_folder, report, write_folder

    words = in_options(OPTIONS)
    refuse_own_input([out / name for name in NAMES], [figure, corrections])
    refuse_folder(out)
    axes = {side: _points(side, text) for side, text in (("x", x_axis), ("y", y_axis)) if text is not None}
    with progress() as say, warnings.catch_warnings():
        # They are in the report, and printed below.
        warnings.simplefilter("ignore", EvidenceWarning)
        say(figure.name, "reading")
        try:
            found = read(
                figure, panel, _arms(arms), axes or None, kind, unit, page=page, corrections=corrections
            )
        except InputError as error:
            raise InputError(words(str(error))) from None
        say(figure.name, "writing")
        write_folder(found, out)
    if as_json:
        typer.echo(json.dumps(report(found), indent=1, ensure_ascii=False))
        return
    typer.echo(words(found.headline()))
    typer.echo(f"{shown(out)}: look at overlay.png, where the traces lie over the figure")


def _arms(given: list[str] | None) -> list[str] | dict[str, str] | None:
    """Names alone as a list; names with colours as a mapping."""
    from survsim.core.errors import InputError

    if not given:
        return None
    parts = [(name.strip(), colour.strip()) for name, _, colour in (text.rpartition("=") for text in given)]
    coloured = [bool(name) and _is_colour(colour) for name, colour in parts]
    if any(coloured) and not all(coloured):
        without = given[coloured.index(False)].strip()
        raise InputError(
            f"--arms gives some arms a colour and {without!r} none. Write --arms NAME=COLOUR for each arm that is wanted, or names "
            "alone for all of them."
        )
    names = [name for name, _ in parts] if all(coloured) else [text.strip() for text in given]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InputError(
            f"--arms names {twice!r} {names.count(twice)} times; each arm has a name of its own."
        )
    return dict(parts) if all(coloured) else names


def _is_colour(text: str) -> bool:
    """Whether the end of NAME=COLOUR is one: names of arms may hold an equals sign too, as in "n=80"."""
    return text.isalpha() or text.startswith("#")


def _points(side: str, text: str) -> list[tuple[float, float]]:
    from survsim.core.errors import InputError
    from survsim.core.numerals import number_in

    try:
        pairs = [tuple(number_in(v) for v in pair.split(":")) for pair in text.split(",")]
        return [(place, value) for place, value in pairs]
    except ValueError:
        raise InputError(
            f"--{side}-axis reads PLACE:VALUE,PLACE:VALUE, for example 80:0,400:60; got {text!r}."
        ) from None
