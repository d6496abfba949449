"""Pages of a PDF opened first in a process of their own: some kilobytes can draw for hours, and only a process can be stopped.

The file is a program as well, which knows nothing of the package: ``python -I alone.py SECONDS FOLDER PAGE ...`` finds
pypdfium2 in a folder if nowhere else, reads a PDF from its input, says that it begins, and prints the number of each page
(from 0) once it is opened, read and drawn small. It is isolated, so that no file beside the user's program is taken for a
module of the standard library.
"""

from __future__ import annotations

import contextlib
import importlib.util
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
_BEGUN = "the pages are opened now"
"""Said by the process before it touches a page: what ends it earlier is no fault of the PDF."""


def harmless(content: bytes, pages: Iterable[int], seconds: int = SECONDS) -> list[int]:
    """Those of the pages (from 0) that are opened within the limits, up to the first that is not.

    Where no process can be started, or it fails before it comes to the PDF, all of them.
    """
    wanted = list(pages)
    words = [sys.executable, "-I", __file__, str(seconds), _folder("pypdfium2"), *map(str, wanted)]
    try:
        said = subprocess.run(
            words, input=content, capture_output=True, timeout=BUSY * seconds, check=False
        ).stdout
    except subprocess.TimeoutExpired as late:
        said = late.stdout or b""
    except OSError:
        return wanted
    _, begun, opened = said.partition(_BEGUN.encode())
    return [int(word) for word in opened.split() if word.isdigit()] if begun else wanted


def _folder(package: str) -> str:
    """Where this process finds a package: an isolated one does not look in the user's own folders."""
    found = importlib.util.find_spec(package)
    return "" if found is None or found.origin is None else str(Path(found.origin).resolve().parents[1])


def _limited(seconds: int, memory: int) -> None:
    """Ends this process when it has taken so much; Windows has no such limits, and the clock ends it there."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def _main() -> None:
    # last of all: what the standard library and the installed packages have goes first
    sys.path.append(sys.argv[2])
    import pypdfium2

    content = sys.stdin.buffer.read()
    print(_BEGUN, flush=True)
    _limited(int(sys.argv[1]), MEMORY + 3 * len(content))
    document = pypdfium2.PdfDocument(content)
    for word in sys.argv[3:]:
        # a damaged page is harmless: whoever opens it next says what is wrong with it
        with contextlib.suppress(pypdfium2.PdfiumError):
            page = document[int(word)]
            page.get_textpage().close()
            page.render(scale=min(1.0, 2000 / max(*page.get_size(), 1.0))).close()
            page.close()
        print(word, flush=True)


if __name__ == "__main__":
    _main()
