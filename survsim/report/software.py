"""The programs a report was made with, and their versions, as a sentence."""

from __future__ import annotations

import platform
from importlib import metadata

from survsim._version import __version__
from survsim.report.sentences import join_words

LIBRARIES = ("numpy", "scipy", "pandas", "lifelines", "statsmodels", "numba", "matplotlib")
"""Those that numbers or pictures pass through."""


def sentence() -> str:
    """What computed and drew: the package, Python, libraries; a library that is not installed is left out."""
    found = []
    for name in LIBRARIES:
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            continue
    return (
        f"**Software.** survsim {__version__} on Python {platform.python_version()} with {join_words(found)}."
    )
