"""The console script: one line for an error (or a fault), exit code 2, never a traceback for bad input."""

from __future__ import annotations

import sys
from typing import Annotated, cast

import typer

from survsim._version import __version__
from survsim.cli.data import app as data_app
from survsim.cli.digitise import digitise
from survsim.cli.new import new
from survsim.cli.reconstruct import reconstruct
from survsim.cli.report import report
from survsim.cli.run import run as run_command
from survsim.cli.schema import schema
from survsim.cli.simulate import simulate
from survsim.cli.trace import trace
from survsim.core.errors import SurvsimError

app = typer.Typer(
    name="survsim",
    help="Rare-cancer evidence, survival models and treatment-strategy simulation.",
    no_args_is_help=True,
    add_completion=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)
app.add_typer(data_app, name="data")
app.command("new")(new)
app.command("digitise")(digitise)
app.command("run")(run_command)
app.command("reconstruct")(reconstruct)
app.command("report")(report)
app.command("schema")(schema)
app.command("simulate")(simulate)
app.command("trace")(trace)

# typer carries a copy of click of its own in new versions, so its base error is found, not imported.
UsageError = cast(
    "type[typer.BadParameter]",
    next(c for c in typer.BadParameter.__mro__ if c.__name__ == "ClickException"),
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
        code = app(standalone_mode=False, prog_name="survsim")
    except UsageError as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            error.show()
            sys.exit(2)
        _fail(" ".join(error.format_message().split()))
    except SurvsimError as error:
        # All faults of a file or table at once: one a line.
        _fail("\n".join(" ".join(line.split()) for line in str(error).splitlines()))
    except OSError as error:
        _fail(" ".join(str(error).split()))
    except typer.Abort:
        _fail("stopped.")
    sys.exit(code if isinstance(code, int) else 0)


def _fail(message: str) -> None:
    typer.echo(f"survsim: {message}", err=True)
    sys.exit(2)
