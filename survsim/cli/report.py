"""`survsim report`: results, notebooks and self-contained HTML pages."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def report(
    slugs: Annotated[
        list[str] | None, typer.Argument(metavar="[SLUG ...]", help="Analyses; all that changed if none.")
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Small and fast; writes only below --out or build/quick.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder of the pages; build/reports if not given.")
    ] = None,
    compare: Annotated[
        str | None, typer.Option("--compare", metavar="OLD", help="Earlier study: a folder or git revision.")
    ] = None,
    workers: Annotated[int, typer.Option("--workers", min=1, help="Processes to use.")] = 1,
) -> None:
    """Write reports: run what is stale, execute the notebooks, make the pages."""
    from survsim.cli.console import progress, shown
    from survsim.report.publish import publish
    from survsim.report.study import Study

    study = Study.find()
    done = []
    try:
        with progress() as say:
            for item in publish(
                study, slugs or (), quick=quick, out=out, compare=compare, workers=workers, say=say
            ):
                done.append(item)
    finally:
        # Reports made before one that failed are there, and are said to be.
        for item in done:
            typer.echo(f"{item.slug}: {shown(item.path)}{'' if item.made else ' (up to date)'}")
