"""`survsim data export`: the evidence for others."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from survsim.cli.console import shown


def export(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Where to write; made if it is not there.")
    ],
    data_dir: Annotated[
        Path | None,
        typer.Argument(metavar="[DATA_DIR]", help="A study or its data folder; default: where you stand."),
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Take the place of an earlier export.")] = False,
) -> None:
    """Write a spreadsheet, citations, tables for metafor and RevMan, and a folder for an archive of data."""
    from survsim.cli.console import named_study
    from survsim.cli.everywhere import fact
    from survsim.interop.evidence_export import export_evidence

    done = export_evidence(folder, named_study(data_dir, "survsim data export FOLDER STUDY"), replace=replace)
    fact(folder=str(done.folder), files=done.files, open_questions=done.open_questions)
    top = [name for name in done.files if "/" not in name]
    typer.echo(f"{shown(done.folder)}: {', '.join(top)}, archive/ ({len(done.files) - len(top)} files)")
    for question in done.open_questions:
        typer.echo(f"before it is passed on: {question}")
