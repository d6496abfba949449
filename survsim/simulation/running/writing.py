"""What to do about a folder of a run that cannot be written."""

from __future__ import annotations

import errno

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""Faults that room would mend: of the disk, of a quota, of the size of a file."""


def how_to_write(error: OSError) -> str:
    """What to do about a folder that cannot be written: make room, but only where room is what is missing.

    Example
    -------
    >>> import errno
    >>> how_to_write(OSError(errno.ENOSPC, "No space left on device"))
    'make room'
    """
    if isinstance(error, FileExistsError | NotADirectoryError | IsADirectoryError):
        return (
            f"move away {error.filename or 'what'}, which stands where a folder or a file of the run belongs,"
        )
    if isinstance(error, PermissionError) or error.errno == errno.EROFS:
        return f"allow writing to {error.filename or 'it'}"
    return "make room" if error.errno in _NO_ROOM or error.errno is None else "mend that"
