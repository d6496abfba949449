"""`survsim new`: an empty study with an example that reaches a report at once."""

from __future__ import annotations

from typing import Annotated

import typer


def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the study and of its folder.")],
    template: Annotated[
        str,
        typer.Option(
            "--template",
            metavar="evidence|strategies|both",
            help="What it begins with: what is published, two simulated strategies, or both.",
        ),
    ] = "evidence",
) -> None:
    """Make a folder for a study of a rare cancer, with two invented studies as an example."""
    from survsim.cli.everywhere import fact
    from survsim.report.new_study import new_study, pages

    folder = new_study(name, template=template)
    made = " and ".join(pages(template))
    fact(folder=str(folder), analyses=pages(template))
    typer.echo(
        f"{folder.name}: a study with two invented example studies ({made}); next: cd {folder.name}, then survsim "
        "report. Its README.md says how to add your own."
    )
    if template == "evidence":
        typer.echo("With --template both it also holds a simulation of two treatment strategies.")
