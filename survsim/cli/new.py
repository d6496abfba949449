"""`survsim new`: an empty study with an example that reaches a report at once."""

from __future__ import annotations

from typing import Annotated

import typer


def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the study and of its folder.")],
) -> None:
    """Make a folder for a study of a rare cancer, with two invented studies as an example."""
    from survsim.report.new_study import new_study

    folder = new_study(name)
    typer.echo(
        f"{folder.name}: a study with two invented example studies; next: cd {folder.name}, then survsim report. "
        "Its README.md says how to add your own."
    )
