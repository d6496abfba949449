"""The command as it is typed: Ctrl-C ends it with a sentence even while the commands are still being loaded."""

from __future__ import annotations

import sys


def run() -> None:
    """Entry point of the console script and of `python -m survsim`."""
    try:
        from survsim.cli.main import run as answer
    except KeyboardInterrupt:
        print("survsim: stopped before anything was begun; give the same command again.", file=sys.stderr)
        sys.exit(130)
    answer()
