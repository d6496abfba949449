"""Files that a declared file names: they stay inside the study that it lies in."""

from __future__ import annotations

from pathlib import Path

from survsim.core.errors import SurvsimError

SHOWN = 200
"""Letters of a name that are shown."""


def inside_study(file: Path, name: str, error: type[SurvsimError], where: str = "") -> Path:
    """The file that `name` means as seen from `file`, which lies two folders deep in its study (``analyses/<slug>/``).

    Parameters
    ----------
    file : the file that names another; name : as it is written there.
    error : class of the error to raise; where : what opens its message, by default the name of the file.

    Raises
    ------
    error : a name that leaves the folder of the study, links followed, or that no file can have.

    Example
    -------
    >>> from survsim.core.errors import ScenarioError
    >>> inside_study(Path("/s/analyses/one/scenario.yml"), "../../data/a.yml", ScenarioError).as_posix()
    '/s/data/a.yml'
    """
    told = where or file.name
    folder = file.resolve().parent
    try:
        target = (folder / name).resolve()
    except (
        OSError,
        RuntimeError,
        ValueError,
    ):  # a NUL in it, a name too long for the disk, links in a circle
        raise error(f"{told} names a file {name[:SHOWN]!r}, which is no name that a file can have.") from None
    if not target.is_relative_to(folder.parent.parent):
        raise error(f"{told} names {name[:SHOWN]!r}, which leaves the study's folder; keep it inside.")
    return target
