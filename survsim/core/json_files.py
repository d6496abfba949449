"""JSON that a person may have written: no key twice, no word that is no number, nothing nested without end."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from survsim.core.files import read_regular

MOST_BYTES = 10_000_000
"""What is typed, or written for a person to look at, is a page; ten megabytes are a mistake."""


def read_typed_json(path: str | os.PathLike[str]) -> Any:
    """Content of a JSON file that was written or changed by hand.

    Raises
    ------
    OSError : there is no such file.
    ValueError : it is larger than 10 MB, not UTF-8 or not JSON, nested too deeply, has a key twice in one object, or says NaN or
        Infinity, which JSON does not know; the message says which.

    Example
    -------
    >>> import pathlib, tempfile
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "typed.json"
    >>> _ = file.write_text('{"arms": {"A": "red", "A": "blue"}}')
    >>> read_typed_json(file)
    Traceback (most recent call last):
    ValueError: the key 'A' stands twice in one object; keep one
    """
    file = Path(path)
    if file.is_file() and file.stat().st_size > MOST_BYTES:
        raise ValueError(
            f"{file.stat().st_size / 1e6:.0f} MB; such a file may have {MOST_BYTES / 1e6:.0f} MB"
        )
    try:
        return json.loads(
            read_regular(file).decode("utf-8-sig"), object_pairs_hook=_once, parse_constant=_no_number
        )
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys all differ."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {key!r} stands twice in one object; keep one")
        found[key] = value
    return found


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no number in JSON")
