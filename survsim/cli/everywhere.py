"""What every command takes and tells: --json, --quiet, --verbose, examples in its help, and how to go on when stopped."""

from __future__ import annotations

import contextlib
import io
import json
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import typer
import typer.main

from survsim.core.numerals import number_in, whole_in

EXAMPLES: dict[str, tuple[str, ...]] = {
    "new": ("survsim new thymic_carcinoma", "survsim new thymic_carcinoma --template both"),
    "report": ("survsim report", "survsim report 02_strategies --quick", "survsim report --check"),
    "run": ("survsim run", "survsim run 01_evidence_base --workers 2"),
    "trace": ("survsim trace 01_evidence_base", "survsim trace 01_evidence_base pooled.hazard_ratio"),
    "simulate": (
        "survsim simulate analyses/02_strategies/scenario.yml --explain",
        "survsim simulate analyses/02_strategies/scenario.yml --out results --patients 1000 --draws 200",
    ),
    "schema": ("survsim schema scenario",),
    "digitise": ("survsim digitise figure2.png --out figure2 --unit months",),
    "reconstruct": (
        "survsim reconstruct figure2/curves.csv --at-risk figure2/at_risk.csv --out patients.csv",
    ),
    "data check": ("survsim data check", "survsim data check --all"),
    "data curate": ("survsim data curate",),
    "data completeness": ("survsim data completeness --population index",),
    "data migrate": ("survsim data migrate",),
    "data add-study": ("survsim data add-study lee_2021 --xlsx", "survsim data add-study lee_2021"),
    "data add-curve": ("survsim data add-curve lee_2021 figure2.png --arm chemo='Arm A' --place 'figure 2'",),
    "data import": ("survsim data import lee_2021.xlsx", "survsim data import refs.bib --replace"),
    "data diff": ("survsim data diff HEAD", "survsim data diff ../before"),
    "data compare": ("survsim data compare first_reader.xlsx second_reader.xlsx",),
    "data export": ("survsim data export for_others",),
}
"""What is typed, by command; shown below its help."""
GO_ON = {
    "report": "Analyses that were done are kept; go on with the same command, which repeats only what is stale.",
    "run": "Analyses that were done are kept; name the others to go on: survsim run SLUG.",
}
"""How to go on with a command that was stopped by Ctrl-C."""
WHOLE = "Nothing was left half-written; give the same command again."


class Stopped(Exception):
    """A command was stopped by Ctrl-C and knows how to go on."""


@dataclass(slots=True)
class Mode:
    """How a command speaks: `json` collects what it would print; `facts` are what it found, by name."""

    json: bool = False
    quiet: bool = False
    verbose: bool = False
    command: str = ""
    facts: dict[str, Any] = field(default_factory=dict)


MODE = Mode()


def fact(**found: Any) -> None:
    """What a command found, for `--json`; prints nothing."""
    MODE.facts.update(found)


def with_options(command: Any) -> Any:
    """The command with the options that all take, and with examples; groups pass them on to theirs."""
    for path, one in commands(command):
        taken = {word for p in one.params for word in (*p.opts, *p.secondary_opts)}
        one.params += [p for p in _shared() if not taken & set(p.opts)]
        for parameter in one.params:
            _read_plainly(parameter)
        if path in EXAMPLES:
            one.epilog = "\n\n".join(("Examples:", *EXAMPLES[path]))
    return command


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Every command below a group, by the words that are typed."""
    inner = getattr(command, "commands", None)
    if not inner:
        yield " ".join(path), command
    for name, one in (inner or {}).items():
        yield from commands(one, (*path, name))


def _named(text: str) -> None:
    """The empty text, as of a variable of the shell that is not set, is to Python the folder one stands in."""
    if not text.strip():
        raise ValueError


_READERS: dict[Any, tuple[Callable[[str], Any], str]] = {
    int: (whole_in, "whole number"),
    float: (number_in, "number"),
    Path: (_named, "name of a file or a folder"),
}
_KINDS = {
    "integer": int, "integer range": int, "float": float, "float range": float, "path": Path, "file": Path, "directory": Path,
}  # fmt: skip


def _read_plainly(parameter: Any) -> None:
    """Numbers behind options are read as everywhere: Python itself takes 1_0 for ten; and a place has a name."""
    told = getattr(parameter, "type_descriptor", None)
    # Older versions of typer name the kind where newer ones hold it.
    kind = told.annotation if told else _KINDS.get(getattr(parameter.type, "name", ""))
    if kind not in _READERS:
        return
    read, said = _READERS[kind]
    further = parameter.process_value

    def process(context: Any, value: Any) -> Any:
        for text in [value] if isinstance(value, str) else value if isinstance(value, list | tuple) else []:
            try:
                read(text) if isinstance(text, str) else None
            except ValueError:
                raise typer.BadParameter(
                    f"a {said} belongs here; got {text}."
                    if text.strip()
                    else f"a {said} belongs here, and nothing stands there.",
                    ctx=context,
                    param=parameter,
                ) from None
        return further(context, value)

    parameter.process_value = process


def _shared() -> list[Any]:
    """The options themselves, made by typer from a command that nobody calls."""
    donor = typer.Typer(add_completion=False)
    texts = {
        "json": "What was found as JSON, a fault too.",
        "quiet": "Nothing but the answer: no progress, no hints, no warnings.",
        "verbose": "Each step and each warning; where an error came from.",
    }
    chosen: dict[str, Callable[..., None]] = {"json": _json, "quiet": _quiet, "verbose": _verbose}
    options = {
        name: typer.Option(
            False, f"--{name}", help=text, is_eager=True, expose_value=False, callback=chosen[name]
        )
        for name, text in texts.items()
    }

    def never(
        json: bool = options["json"], quiet: bool = options["quiet"], verbose: bool = options["verbose"]
    ) -> None:
        """Holds the options."""

    donor.command()(never)
    wanted = {f"--{name}" for name in texts}
    return [p for p in typer.main.get_command(donor).params if wanted & set(p.opts)]


def _json(context: typer.Context, value: bool) -> None:
    if value:
        MODE.json = True
        MODE.command = context.command_path.partition(" ")[2]
        sys.stdout = _Collected()


def _quiet(value: bool) -> None:
    if value:
        MODE.quiet = True
        warnings.simplefilter("ignore")


def _verbose(value: bool) -> None:
    MODE.verbose = MODE.verbose or value


class _Collected(io.StringIO):
    """What a command prints while it answers in JSON."""


@contextlib.contextmanager
def speaking() -> Iterator[Callable[[int, str], None]]:
    """Gives a function (exit code, fault) that ends the JSON answer; whatever was set is as before afterwards."""
    out = sys.stdout
    _reset()

    def end(code: int, fault: str = "") -> None:
        collected = sys.stdout.getvalue() if isinstance(sys.stdout, _Collected) else ""
        sys.stdout = out
        # A command with a --json of its own ends here only with a fault.
        if MODE.json or (fault and "--json" in sys.argv[1:]):
            command = MODE.command or " ".join(w for w in sys.argv[1:3] if not w.startswith("-"))
            answer = {"command": command, "exit_code": code, **MODE.facts}
            answer |= {"lines": collected.splitlines()}
            answer |= {"faults": fault.splitlines()} if fault else {}
            print(json.dumps(answer, indent=1, ensure_ascii=False, default=str))

    try:
        with warnings.catch_warnings():
            yield end
    finally:
        sys.stdout = out
        _reset()


def _reset() -> None:
    MODE.json = MODE.quiet = MODE.verbose = False
    MODE.command = ""
    MODE.facts = {}


def show_origin(error: BaseException) -> None:
    """Under --verbose: where an error came from, for whoever reports it."""
    if MODE.verbose:
        traceback.print_exception(error, file=sys.stderr)


def how_to_go_on(words: list[str]) -> str:
    """What to do after Ctrl-C, by the command that was stopped."""
    command = next((w for w in words if not w.startswith("-")), "")
    return f"stopped. {GO_ON.get(command, WHOLE)}"
