"""`survsim trace`: from a number of a report down to the rows it was made from."""

from __future__ import annotations

from typing import Annotated

import typer


def trace(
    slug: Annotated[str, typer.Argument(metavar="SLUG", help="Analysis.")],
    key: Annotated[
        str | None,
        typer.Argument(metavar="[KEY]", help="Key of the number; all keys are listed without one."),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Read the quick results.")] = False,
) -> None:
    """Print the chain of one number down to curated rows and their place in the source."""
    from rich.console import Console

    from survsim.cli.everywhere import fact
    from survsim.report.study import Study
    from survsim.report.trace import facts_of, list_keys, trace_tree

    console = Console(highlight=False)
    if not console.is_terminal:
        # In a pipe a line is a row: nothing is cut to the width of a terminal that is not there.
        console = Console(highlight=False, width=100_000)
    analysis = Study.find().analysis(slug)
    fact(**facts_of(analysis, key, quick=quick))
    console.print(trace_tree(analysis, key, quick=quick) if key else list_keys(analysis, quick=quick))
