"""`survsim run`: compute the results of analyses."""

from __future__ import annotations

from typing import Annotated

import typer


def run(
    slugs: Annotated[
        list[str] | None, typer.Argument(metavar="[SLUG]", help="Analyses; all if none is named.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Small and fast, below build/quick.")] = False,
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, help="Processes to use; every core if not given.")
    ] = None,
) -> None:
    """Run analyses and put their results in place, whole or not at all."""
    from survsim.cli.console import processes_for, progress, shown
    from survsim.cli.everywhere import fact
    from survsim.report.publish import DONE
    from survsim.report.runner import run_analysis
    from survsim.report.study import Study

    workers = workers or processes_for(quick=quick)
    chosen = Study.find().choose(slugs)
    with progress() as say:
        folders = []
        for analysis in chosen:
            say(analysis.slug, "running the analysis")
            folders.append(run_analysis(analysis, quick=quick, workers=workers))
            say(analysis.slug, DONE)
    fact(results={a.slug: shown(f) for a, f in zip(chosen, folders)})
    for analysis, folder in zip(chosen, folders):
        typer.echo(f"{analysis.slug}: results in {shown(folder)}")
