"""What the commands print: progress on the error stream, answers on the output stream."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from survsim.cli.everywhere import MODE
from survsim.core.progress import silent
from survsim.report.publish import DONE, Say


@contextmanager
def progress(words: Callable[[str], str] = str) -> Iterator[Say]:
    """A function that shows what is being done: a spinner on a terminal, plain lines elsewhere.

    `words` puts warnings into the words of the command.
    """
    from rich.console import Console

    with silent():
        # What runs inside tells nothing by itself: this does.
        yield from _told(Console(stderr=True), words)


def _told(console: Any, words: Callable[[str], str]) -> Iterator[Say]:
    """The one function that `progress` gives, for the console at hand."""
    from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

    if MODE.quiet:
        yield lambda slug, step: None
        return
    if not MODE.verbose:
        warnings.showwarning = _shown_once(words)
    if not console.is_terminal or MODE.verbose:

        def line(slug: str, step: str) -> None:
            if step != DONE:
                console.print(f"{slug}: {step}", highlight=False, soft_wrap=True)

        yield line
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        tasks: dict[str, TaskID] = {}

        def say(slug: str, step: str) -> None:
            if slug not in tasks:
                tasks[slug] = bar.add_task(slug)
            bar.update(tasks[slug], description=f"{slug}: {step}")
            if step == DONE:
                bar.stop_task(tasks[slug])

        yield say


def _shown_once(words: Callable[[str], str]) -> Callable[..., None]:
    """Prints a warning as one line, once, without the place in the code that a reader of a report has no use for."""
    told: set[str] = set()

    def show(message: Warning | str, category: type[Warning], *rest: object, **named: object) -> None:
        line = f"survsim: {category.__name__}: {' '.join(words(str(message)).split())}"
        if line not in told:
            told.add(line)
            print(line, file=sys.stderr)

    return show


def shown(path: Path) -> str:
    """A path as short as it can be written from here."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative


def processes_for(*, quick: bool) -> int:
    """Processes for analyses when nobody said how many: every core, but one where starting others takes longer."""
    from survsim.kernels.threads import usable_cores

    return 1 if quick else usable_cores()


def named_study(given: Path | None, instead: str) -> Path | None:
    """What a command works on: the folder that was named, or the study one stands in, never another one unasked."""
    from survsim.core.errors import InputError
    from survsim.evidence.raw.locate import find_study

    if given is None and find_study() is None:
        raise InputError(f"no study at {Path.cwd()} or above; change into one, or name one: {instead}.")
    return given
