"""An earlier state of a study: a folder, or a revision of its git history, read without touching either."""

from __future__ import annotations

import contextlib
import io
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from survsim.core.errors import InputError
from survsim.core.ledger import Ledger
from survsim.report.protocol_changes import NAMES
from survsim.report.runner import SUMMARY
from survsim.report.study import Study

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """What is left of an earlier state: summaries and curated tables.

    Attributes
    ----------
    name : the folder or revision as it was given.
    root : where it lies now.
    """

    name: str
    root: Path

    def ledger(self, slug: str) -> Ledger | None:
        """Its numbers of one analysis, or None if it had no such analysis."""
        path = self.root / "analyses" / slug / "results" / SUMMARY
        return Ledger.load(path) if path.is_file() else None

    def table(self, name: str) -> pd.DataFrame | None:
        """One of its curated tables as text, or None."""
        return read_curated(self.root, name)


def read_curated(root: Path, name: str) -> pd.DataFrame | None:
    """A curated table as text, whatever columns its version had; None if there is none."""
    import pandas as pd

    path = root / "data" / "curated" / f"{name}.csv"
    return pd.read_csv(path, dtype=str, keep_default_na=False) if path.is_file() else None


@contextlib.contextmanager
def earlier_state(study: Study, old: str) -> Iterator[Earlier]:
    """The earlier state named by a folder or by a git revision; a revision is unpacked and removed again."""
    folder = Path(old)
    if folder.is_dir():
        if not (folder / "analyses").is_dir():
            raise InputError(f"{old} is no earlier state of a study: it has no folder analyses/.")
        yield Earlier(name=old, root=folder)
        return
    with tempfile.TemporaryDirectory() as scratch:
        _unpack(study, old, Path(scratch))
        yield Earlier(name=old, root=Path(scratch))


def _unpack(study: Study, revision: str, target: Path) -> None:
    nothing = InputError(
        f"{revision!r} is neither a folder nor a git revision of this study; "
        "name an earlier copy of the study, or a commit, tag or branch."
    )
    if shutil.which("git") is None or revision.startswith("-"):
        raise nothing
    known = _git(study.root, "ls-tree", "-r", "--name-only", revision)
    if known.returncode != 0:
        raise nothing
    wanted = [
        name
        for name in known.stdout.decode().splitlines()
        if name.startswith("data/curated/")
        or name.endswith((f"/results/{SUMMARY}", *(f"/{name}" for name in NAMES)))
    ]
    if not any(name.endswith(SUMMARY) or name.startswith("data/") for name in wanted):
        raise InputError(f"revision {revision} holds no results: no analyses/*/results/{SUMMARY}.")
    archive = _git(study.root, "archive", "--format=tar", revision, *wanted)
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as tar:
        tar.extractall(target, filter="data")


def _git(root: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["git", "-C", str(root), *words], capture_output=True, check=False)
