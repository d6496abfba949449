"""The console script: one line for an error (or a fault), exit code 2, never a traceback for bad input."""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import sys
from typing import Annotated, cast

import typer
import typer.main

from survsim._version import __version__
from survsim.cli.data import app as data_app
from survsim.cli.digitise import digitise
from survsim.cli.everywhere import MODE, Stopped, how_to_go_on, show_origin, speaking, with_options
from survsim.cli.new import new
from survsim.cli.reconstruct import reconstruct
from survsim.cli.report import report
from survsim.cli.run import run as run_command
from survsim.cli.schema import schema
from survsim.cli.simulate import simulate
from survsim.cli.trace import trace
from survsim.core.cells import visible
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


STOPPED = 130
"""Exit code of a command that was stopped by Ctrl-C, as shells have it."""


def run() -> None:
    """Answer the command that was typed, and end with its exit code."""
    with speaking() as end:
        code, fault = _answer()
        answered = MODE.json or "--json" in sys.argv[1:]
        try:
            end(code, fault)
            if sys.stdout is not None:
                sys.stdout.flush()
        except OSError as error:
            code, fault, answered = 2, fault or _of_the_system(error), False
            _give_up_output()
        if fault and not answered:
            typer.echo(f"survsim: {visible(fault)}", err=True)
    sys.exit(code)


def _give_up_output() -> None:
    """What could not be printed is not tried again when Python ends, which would say so a second time."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


NO_ROOM = (errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC))
"""How a disk that is full, a limit on files or a quota says so."""


def _of_the_system(error: OSError) -> str:
    """What the system refused, with the file where it names one, and what to do."""
    said = " ".join(str(error).split())
    if error.errno in NO_ROOM:
        return f"{said}: there is no room to write; what was being written is not there. Make room and repeat the command."
    return f"{said}. {_ADVICE.get(error.errno or 0, 'Look at that place, and repeat the command.')}"


_ADVICE = {
    errno.ENAMETOOLONG: "Give a shorter name.",
    errno.EISDIR: "Move away the folder that stands where a file belongs, or name another place.",
    errno.ENOTDIR: "Move away the file that stands where a folder belongs, or name another place.",
    errno.EACCES: "Allow reading and writing there, or name another place.",
    errno.EPERM: "Allow reading and writing there, or name another place.",
    errno.EROFS: "Name a place that can be written to.",
    errno.EBADF: "The output or the input of the command is closed: leave >&- and <&- out.",
    errno.EPIPE: "Whatever read the output stopped reading.",
    errno.ENOENT: "Check the name; where it is the folder you stand in that was deleted, go to another one.",
    errno.ELOOP: "Its links lead in a circle; name the file itself.",
    errno.EMFILE: "Close other programs, or allow more open files (ulimit -n).",
}
"""What to do about what the system refused."""


def _came(error: Exception) -> str:
    """What was typed for an option whose value cannot be used, where the message does not say it."""
    options = [o for o in getattr(getattr(error, "param", None), "opts", ()) if o.startswith("-")]
    words = sys.argv[1:]
    typed = [after for word, after in itertools.pairwise(words) if word in options]
    typed += [word.partition("=")[2] for word in words if word.partition("=")[0] in options and "=" in word]
    return f"; got {typed[-1]}." if typed and typed[-1] not in str(error) else ""


def _answer() -> tuple[int, str]:
    """Exit code of the command that was typed, and what was wrong, one fault a line."""
    try:
        code = with_options(typer.main.get_command(app))(standalone_mode=False, prog_name="survsim")
    except UsageError as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            error.show()
            return 2, ""
        return 2, " ".join(error.format_message().split()) + _came(error)
    except SurvsimError as error:
        show_origin(error)
        # All faults of a file or table at once: one a line.
        return 2, "\n".join(" ".join(line.split()) for line in str(error).splitlines())
    except OSError as error:
        show_origin(error)
        return 2, _of_the_system(error)
    except Stopped as stopped:
        return STOPPED, str(stopped)
    except (typer.Abort, KeyboardInterrupt):
        return STOPPED, how_to_go_on(sys.argv[1:])
    if code == STOPPED:
        return STOPPED, how_to_go_on(sys.argv[1:])
    return (code if isinstance(code, int) else 0), ""
