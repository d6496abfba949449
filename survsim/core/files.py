"""Writing files so that nobody ever finds half of one, nor what a killed process left of one."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import json
import os
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from survsim.core.errors import InputError

_FLAGS = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
_BUSY = (errno.EWOULDBLOCK, errno.EACCES, errno.EAGAIN)
MAX_JSON = 2**30
"""A posterior of many draws takes some hundred megabytes."""
_POLL = 0.05
"""Seconds between two tries to get a lock."""


BOOK = 4_000_000
"""Bytes that the sheets of a spreadsheet may take while it is made."""


@contextlib.contextmanager
def atomic_open(path: str | os.PathLike[str], mode: str = "w") -> Iterator[IO[Any]]:
    """Open a temporary file beside `path` and rename it to `path` only if the block succeeds.

    The temporary file is ``.NAME.part``, locked while it is written: what a killed process left under that name
    is written over by the next; a second writer at the same moment takes a random name. Where `path` is a link, the
    file that it leads to is replaced and the link stays.

    Raises
    ------
    InputError : `path` has no name, or is a folder, a pipe, a socket or a device, which a rename would do away with.
    """
    target = regular_target(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.part")
    handle = _claimed(part)
    if handle is None:
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
        part = Path(name)
    encoding = None if "b" in mode else "utf-8"
    newline = None if "b" in mode else "\n"
    try:
        with os.fdopen(handle, mode, encoding=encoding, newline=newline) as file:
            file.truncate(0)
            yield file
            file.flush()
            os.fsync(file.fileno())
            part.chmod(0o644)
            if sys.platform != "win32":
                # While it is locked: nobody may begin to write into what is finished.
                part.replace(target)
        if sys.platform == "win32":
            part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


_OTHER_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def regular_target(path: str | os.PathLike[str]) -> Path:
    """The file that `path` names, links followed; it may not be there yet.

    Raises
    ------
    InputError : `path` has no name, or is there and no regular file.
    """
    if not Path(path).name:
        raise InputError(f"a file needs a name; got {str(path)!r}.")
    try:
        # of the path itself: what /dev/stdout leads to has no path that could be asked
        mode = Path(path).stat().st_mode
    except FileNotFoundError:
        return Path(os.path.realpath(path)) if Path(path).is_symlink() else Path(path)
    kind = next((words for test, words in _OTHER_KINDS if test(mode)), "")
    if kind:
        raise InputError(
            f"{os.fspath(path)} is {kind}, and a file is written whole in its place; nothing was written. "
            "Name a file that is a regular one or not there yet."
        )
    return Path(os.path.realpath(path)) if Path(path).is_symlink() else Path(path)


def open_regular(path: str | os.PathLike[str]) -> io.BufferedReader:
    """A file that somebody may have put there, open for reading: a pipe in its place would be waited on for ever.

    Raises
    ------
    OSError : there is no such file.
    InputError : it is no regular file.
    """
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    mode = os.fstat(handle).st_mode
    if stat.S_ISREG(mode):
        return os.fdopen(handle, "rb")
    os.close(handle)
    kind = next((words for test, words in _OTHER_KINDS if test(mode)), "no file")
    raise InputError(f"{os.fspath(path)} is {kind} where a file is read. Put a regular file there.")


def read_regular(path: str | os.PathLike[str]) -> bytes:
    """All of a file, as `open_regular` opens it."""
    with open_regular(path) as file:
        return file.read()


def refuse_taken(folder: Path, names: Iterable[str], ours: bool, what: str) -> None:
    """Refuse to write `names` into a folder that has some of them, unless it is `ours`: what wrote it before, may again.

    Parameters
    ----------
    folder : need not be there; names : of the files that would be written.
    ours : whether the folder says of itself that it was made by the same; what : by what, for the message.

    Raises
    ------
    InputError : files of these names are there and somebody else's.
    """
    taken = [name for name in names if os.path.lexists(folder / name)]
    if taken and not ours:
        raise InputError(
            f"{folder} holds {', '.join(taken[:SHOWN])}{' and more' if len(taken) > SHOWN else ''}, which no {what} wrote and which "
            "would be replaced; nothing was written. Name a folder that is empty or not there yet."
        )


SHOWN = 4
"""Names of files that are shown."""


@contextlib.contextmanager
def locked(folder: Path, wait: float) -> Iterator[bool]:
    """Keep every other process out of the block for the same folder; False if one held it for `wait` seconds.

    The lock is the system's, on the folder itself: it ends with the process that holds it, however that ends,
    and leaves no file behind. Where the system has none (Windows, some network disks) nothing is locked.
    """
    if sys.platform == "win32":
        yield True
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        end = time.monotonic() + wait
        while not (got := _lock(handle)) and time.monotonic() < end:
            time.sleep(_POLL)
        yield got
    finally:
        os.close(handle)


def sweep(parent: Path, pattern: str) -> None:
    """Remove folders that processes which are gone left in `parent`; those that hold theirs (`locked`) keep it."""
    for left in parent.glob(pattern):
        with contextlib.suppress(OSError), locked(left, 0.0) as free:
            if free:
                shutil.rmtree(left, ignore_errors=True)


@contextlib.contextmanager
def room_for_a_book() -> Iterator[None]:
    """Around the making of a spreadsheet: a full disk is an `OSError`, as everywhere.

    openpyxl keeps each sheet in a temporary file. Its XML writer has an error of its own for a full disk, followed by
    noise of what it left open, so that the room is tried first.
    """
    with tempfile.TemporaryFile(buffering=0) as file:
        left = memoryview(bytes(BOOK))
        while left:
            left = left[file.write(left) :]
    try:
        yield
    except Exception as error:
        if type(error).__name__ != "SerialisationError":
            raise
        raise OSError(
            errno.ENOSPC, f"no room for the sheets of a spreadsheet in {tempfile.gettempdir()}"
        ) from None


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write `text` to `path` in UTF-8, whole or not at all."""
    with atomic_open(path) as file:
        file.write(text)


def write_json(path: str | os.PathLike[str], content: Any) -> None:
    """Write `content` as indented JSON with sorted keys, so that equal content is equal bytes."""
    write_text(
        path, json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"
    )


def read_json(path: str | os.PathLike[str]) -> Any:
    """Content of a JSON file of ours.

    Raises
    ------
    ValueError : it is larger than a gigabyte, cut off, not UTF-8, not JSON, or nested too deeply.
    """
    size = Path(path).stat().st_size
    if size > MAX_JSON:
        raise ValueError(f"{size / 1e6:.0f} MB")
    try:
        return json.loads(read_regular(path).decode("utf-8"))
    except RecursionError:
        raise ValueError("nested too deeply") from None


SEAL = "checksum"
"""Key under which JSON that outlives a run carries the checksum of all else in it."""


def sealed(content: Mapping[str, Any]) -> dict[str, Any]:
    """The content of a JSON file with its checksum."""
    return {**content, SEAL: _sum_of(content)}


def seal_holds(content: Mapping[str, Any]) -> bool:
    """Whether what was read is what was sealed; a file of before there were seals has none to break."""
    return SEAL not in content or content[SEAL] == _sum_of(content)


def _sum_of(content: Mapping[str, Any]) -> str:
    rest = {name: value for name, value in content.items() if name != SEAL}
    # By way of JSON: what is read back has lists for tuples and text for the keys of mappings.
    plain = json.dumps(json.loads(json.dumps(rest)), sort_keys=True)
    return hashlib.sha256(plain.encode()).hexdigest()


def file_sha256(path: str | os.PathLike[str]) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _claimed(part: Path) -> int | None:
    """A handle of the temporary file that this process alone may write; None if another is writing it."""
    if sys.platform == "win32":
        return None
    while True:
        handle = os.open(part, _FLAGS, 0o600)
        if not _lock(handle):
            os.close(handle)
            return None
        # Between opening and locking, its writer may have finished and given the file its name.
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(handle), part.lstat()):
                return handle
        os.close(handle)


def _lock(handle: int) -> bool:
    """Whether the lock was got, or there is none to get on this disk."""
    if sys.platform == "win32":
        return True
    import fcntl

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in _BUSY
    return True
