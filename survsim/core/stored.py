"""Results written whole and read back as they were: numbers, words, arrays, frames, nested results, ancestry."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any, TypeVar, overload

from survsim import _public
from survsim.core import files
from survsim.core.encoding import Decoder, Encoder
from survsim.core.errors import InputError

R = TypeVar("R")
FORMAT = 2
AGAIN = "Save the result again where it was made (analyses: survsim run SLUG)."


def write_result(result: Any, path: str | os.PathLike[str]) -> None:
    """Write a result as JSON that `read_result` turns into the same result, to the last bit.

    Parameters
    ----------
    result : any result of this package (what ``.save("name.json")`` writes).
    path : file to write, whole or not at all.

    Raises
    ------
    InputError : the result holds what a file cannot hold exactly, such as a function of the caller's.

    Example
    -------
    >>> import tempfile, pathlib
    >>> from survsim import Surv, kaplan_meier, read_result, write_result
    >>> km = kaplan_meier(Surv.right([5, 8, 12], [1, 0, 1], unit="months"))
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "km.json"
    >>> write_result(km, path)
    >>> read_result(path).estimate.tolist() == km.estimate.tolist()
    True
    """
    encoder = Encoder()
    name = type(result).__name__
    content = {"format": FORMAT, "class": name, "result": encoder.plain(result, "")}
    # Options of a step may hold NaN, which JSON has no word for: the nodes are text inside.
    content["nodes"] = json.dumps(encoder.nodes, sort_keys=True, ensure_ascii=False)
    files.write_json(path, content | {"checksum": _checksum(content)})


@overload
def read_result(kind: type[R], path: str | os.PathLike[str]) -> R: ...
@overload
def read_result(kind: str | os.PathLike[str]) -> Any: ...
def read_result(kind: Any, path: Any = None) -> Any:
    """Read what `write_result` or `.save` wrote.

    Parameters
    ----------
    kind : the class expected; with the path alone, whatever result the file holds.
    path : the file.

    Returns
    -------
    The result, equal to the one written.

    Raises
    ------
    InputError : no such file, another class, a file that was changed or cut, or one of a newer version.

    Example
    -------
    >>> import pathlib, tempfile
    >>> from survsim import Surv, kaplan_meier, read_result
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "km.json"
    >>> km = kaplan_meier(Surv.right([5, 8, 12], [1, 0, 1], unit="months"))
    >>> _ = km.save(path)
    >>> type(read_result(path)).__name__
    'KaplanMeier'
    """
    expected, path = (None, kind) if path is None else (kind, path)
    content = _content(path)
    found, wanted = content.get("class"), getattr(expected, "__name__", None)
    if wanted is not None and found != wanted:
        raise InputError(f"{path} holds a {found}, not a {wanted}; read it with read_result({found}, path).")
    try:
        if content["format"] == 1:
            return _first_format(content)
        return Decoder(json.loads(content["nodes"]), _public.load_kind).back(content["result"])
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        if isinstance(error, InputError):
            raise InputError(f"{path} cannot be read: {error}") from None
        raise InputError(
            f"{path} does not fit the {found} of this version ({error}). It was written by another. {AGAIN}"
        ) from None


def _content(path: str | os.PathLike[str]) -> dict[str, Any]:
    try:
        there = Path(path).is_file()
    except (TypeError, ValueError, OSError) as error:
        raise InputError(f"a result is read from a path ({error}).") from None
    if not there:
        raise InputError(f"no stored result at {path}; run the analysis first: survsim run SLUG.")
    try:
        content = files.read_json(path)
    except ValueError as error:
        raise InputError(f"{path} is damaged or no result file ({error}). {AGAIN}") from None
    if not isinstance(content, dict) or not isinstance(content.get("format"), int):
        raise InputError(f"{path} is damaged or no result file (it does not name its format). {AGAIN}")
    if content["format"] > FORMAT:
        raise InputError(
            f"{path} has format {content['format']}, made by a newer version of survsim; this one reads up to "
            f"{FORMAT}. Update survsim."
        )
    checksum = content.pop("checksum", None)
    if content["format"] > 1 and checksum != _checksum(content):
        raise InputError(f"{path} was changed after it was written: its checksum does not fit. {AGAIN}")
    return content


def _checksum(content: dict[str, Any]) -> str:
    """Of the values, not of the bytes: line ends and indentation may change on the way."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _first_format(content: dict[str, Any]) -> Any:
    """Files of survsim 0.1: fields of plain parts."""
    content["fields"]["provenance"] = {"provenance": content["provenance"]}
    return Decoder(content["nodes"], _public.load_kind).back(
        {"object": content["class"], "fields": content["fields"]}
    )
