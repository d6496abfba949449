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
    check: Annotated[
        bool, typer.Option("--check", help="Run afresh, compare with the results in place, change nothing.")
    ] = False,
    tolerance: Annotated[
        float, typer.Option("--tolerance", help="With --check: relative difference that counts as none.")
    ] = 1e-9,
    formats: Annotated[
        list[str] | None,
        typer.Option("--format", metavar="FORMAT", help="word or pdf beside each page; may be repeated."),
    ] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, help="Processes to use; every core if not given.")
    ] = None,
) -> None:
    """Write reports: run what is stale, execute the notebooks, make the pages.

    With --format word or --format pdf a file of that kind stands beside each page; a PDF needs Chromium, Chrome or Edge.

    With --check nothing is written: each analysis is run afresh and every number that moved is named, with what
    moved it; the command then ends with 1.
    """
    from survsim.cli.console import processes_for, progress, shown
    from survsim.cli.everywhere import fact

    workers = workers or processes_for(quick=quick)
    if check:
        other = quick or out is not None or compare is not None or bool(formats)
        _check(slugs or [], tolerance, workers, other=other)
        return
    from survsim.report.publish import publish
    from survsim.report.study import Study

    study = Study.find()
    done = []
    try:
        with progress() as say:
            for item in publish(
                study,
                slugs or (),
                quick=quick,
                out=out,
                compare=compare,
                workers=workers,
                formats=formats or (),
                say=say,
            ):
                done.append(item)
    finally:
        fact(pages=[{"analysis": i.slug, "page": shown(i.path), "made": i.made} for i in done])
        # Reports made before one that failed are there, and are said to be.
        for item in done:
            typer.echo(f"{item.slug}: {shown(item.path)}{'' if item.made else ' (up to date)'}")
            for beside in item.others:
                typer.echo(f"{item.slug}: {shown(beside)}")


def _check(slugs: list[str], tolerance: float, workers: int, *, other: bool) -> None:
    from survsim.cli.console import progress
    from survsim.cli.everywhere import fact
    from survsim.core.errors import InputError
    from survsim.report.publish import DONE, check
    from survsim.report.study import Study

    if other:
        raise InputError(
            "--check compares full results and writes nothing; leave out --quick, --out, --compare and --format."
        )
    moved = 0
    with progress() as say:
        for slug, moves in check(Study.find(), slugs, tolerance=tolerance, workers=workers, say=say):
            say(slug, DONE)
            typer.echo(
                f"{slug}: {f'{len(moves)} numbers moved' if moves else f'all numbers agree to {tolerance:g}'}"
            )
            for move in moves:
                typer.echo(
                    f"  {move.key}: {move.before or 'none'} -> {move.now or 'none'} ({move.change}); {move.because}"
                )
            moved += len(moves)
    fact(moved=moved)
    if moved:
        raise typer.Exit(1)
