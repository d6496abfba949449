"""Pages of a PDF opened first in a process of their own: some kilobytes can draw for hours, and only a process can be stopped.

The file is a program as well, which knows nothing of the package: ``python alone.py SECONDS PAGE ...`` reads a PDF from its
input and prints the number of each page (from 0) once it is opened, read and drawn small.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

SECONDS = 5
"""Seconds of processor time for one page; a figure of a paper takes some hundredths."""
BUSY = 10
"""How many times as long it may take on the clock, where other programs want the processor too."""
MEMORY = 600_000_000
"""Bytes beside the file; a figure of a paper takes a tenth of that."""


def harmless(content: bytes, pages: Iterable[int], seconds: int = SECONDS) -> list[int]:
    """Those of the pages (from 0) that are opened within the limits, up to the first that is not.

    Where no process can be started, all of them.
    """
    wanted = list(pages)
    words = [sys.executable, "-P", str(Path(__file__)), str(seconds), *map(str, wanted)]
    paths = os.pathsep.join(filter(None, sys.path))
    try:
        done = subprocess.run(
            words, input=content, capture_output=True, timeout=BUSY * seconds, check=False,
            env=os.environ | {"PYTHONPATH": paths},
        )  # fmt: skip
    except subprocess.TimeoutExpired as late:
        return [int(word) for word in (late.stdout or b"").split()]
    except OSError:
        return wanted
    return [int(word) for word in done.stdout.split()]


def _limited(seconds: int, memory: int) -> None:
    """Ends this process when it has taken so much; Windows has no such limits, and the clock ends it there."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def _main() -> None:
    import pypdfium2

    content = sys.stdin.buffer.read()
    _limited(int(sys.argv[1]), MEMORY + 3 * len(content))
    document = pypdfium2.PdfDocument(content)
    for word in sys.argv[2:]:
        # a damaged page is harmless: whoever opens it next says what is wrong with it
        with contextlib.suppress(pypdfium2.PdfiumError):
            page = document[int(word)]
            page.get_textpage().close()
            page.render(scale=min(1.0, 2000 / max(*page.get_size(), 1.0))).close()
            page.close()
        print(word, flush=True)


if __name__ == "__main__":
    _main()
