"""Numbers that a file of an analysis names, and those of them that it holds out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from survsim.core.errors import EvidenceError
from survsim.core.study_files import inside_study
from survsim.core.yaml_files import read_yaml

ROW, ROWS, USE, HELD = "row", "rows", "use", "hold_out"
"""A file names a number under `row`, with its use beside it, or several under `rows`."""


def named_rows(given: Any, protocol: Path, where: str) -> tuple[tuple[str, ...], tuple[str, ...], str]:
    """All rows that a file names below some keys, those held out, and the name of the file.

    Parameters
    ----------
    given : ``{file: ..., keys: [...]}``; protocol : the file that names it; where : for messages.

    Raises
    ------
    EvidenceError : no such file or key, one outside of the study, or no row below it.
    """
    if not isinstance(given, dict) or set(given) - {"file", "keys"} or "file" not in given:
        raise EvidenceError(f"{where}: named gives a file and, if not all of it, keys; got {given!r}.")
    path = inside_study(protocol, str(given["file"]), EvidenceError, where)
    if not path.is_file():
        raise EvidenceError(f"{where}: {given['file']} is no file beside the protocol.")
    content = read_yaml(path, error=EvidenceError)
    if not isinstance(content, dict) or not content:
        raise EvidenceError(f"{where}: {path.name} holds nothing by name, so no number can be named in it.")
    asked = given.get("keys", list(content))
    keys = [asked] if isinstance(asked, str) else asked
    if not isinstance(keys, list) or not keys or not all(isinstance(k, str) for k in keys):
        raise EvidenceError(f"{where}: keys of named must be a word or a list of words; got {asked!r}.")
    missing = [k for k in keys if k not in content]
    if missing:
        raise EvidenceError(f"{where}: {path.name} has no key {missing[0]!r}.")
    found = [
        (r, item.get(USE) == HELD) for key in keys for item in _with_row(content[key]) for r in _named(item)
    ]
    if not found:
        raise EvidenceError(f"{where}: {path.name} names no row below {', '.join(map(str, keys))}.")
    return tuple(dict.fromkeys(r for r, _ in found)), tuple(r for r, held in found if held), path.name


def _named(item: dict[str, Any]) -> list[str]:
    several = item.get(ROWS, [])
    return [
        str(r) for r in ([item[ROW]] if ROW in item else []) + (several if isinstance(several, list) else [])
    ]


def _with_row(content: Any) -> Iterator[dict[str, Any]]:
    if isinstance(content, dict):
        if ROW in content or ROWS in content:
            yield content
        for value in content.values():
            yield from _with_row(value)
    elif isinstance(content, list):
        for value in content:
            yield from _with_row(value)
