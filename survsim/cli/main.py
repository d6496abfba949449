"""The console script: one line for an error, exit code 2, never a traceback for bad input."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from survsim._version import __version__
from survsim.core.errors import SurvsimError

app = typer.Typer(
    name="survsim",
    help="Rare-cancer evidence, survival models and treatment-strategy simulation.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"survsim {__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it.")
    ] = False,
) -> None:
    """Work on the study you stand in: the nearest folder upwards with data/ and analyses/."""


def run() -> None:
    """Entry point of the console script."""
    try:
        app()
    except SurvsimError as error:
        typer.echo(f"survsim: {error}", err=True)
        sys.exit(2)
