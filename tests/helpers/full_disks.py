"""Commands that write, on a disk that is full: one message and exit 2, and the repeat finishes when there is room.

``python -m tests.helpers.full_disks`` fills the disk for every writing command, at several sizes, and ends with 1 if
anything is left. A limit on the size of a file stands for the full disk: writing ends with the same kind of error.
"""

from __future__ import annotations

import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.helpers.kills import COMMANDS, HIDDEN, SCENARIO, Writing, done, study_at

SIZES = (0, 300, 3_000, 40_000)
"""Bytes after which a file may grow no more: before the first line, in small tables, in larger ones, in figures."""


def full(study: Path, command: Writing, size: int) -> tuple[int, str, str]:
    """Exit code, what was printed and what was said to the terminal, with files limited to `size` bytes."""
    words = [word.replace("{study}", str(study)) for word in command.words]
    process = subprocess.run(
        [sys.executable, "-c", "from survsim.cli.main import run; run()", *words],
        cwd=SCENARIO.parents[2] if command.home else study,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)),
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )
    return process.returncode, process.stdout, process.stderr


def fill(command: Writing, size: int, template: Path, folder: Path) -> list[str]:
    """What is wrong with a command on a full disk, or when it is repeated with room."""
    study = folder / "study"
    shutil.copytree(template, study)
    command.before(study)
    name = f"{command.name} with {size} bytes"
    wrong = []
    code, _, said = full(study, command, size)
    if code not in (0, 2) or "Traceback" in said or (code == 2 and not said.strip()):
        wrong.append(f"{name}: ends with {code}: {said[-600:]}")
    finished = code == 0
    code, said = done(study, *command.words, home=command.home)
    again = finished and command.again and command.again in said
    if "Traceback" in said or (code != 0 and not again):
        wrong.append(f"{name}: repeated, it ends with {code}: {said[-300:]}")
    code, said = done(study, "data", "check") if command.checked else (0, "")
    if code != 0:
        wrong.append(f"{name}: then data check ends with {code}: {said[-300:]}")
    known = {p.name for p in template.rglob(".*")}
    left = [str(p.relative_to(study)) for p in study.rglob(".*") if p.name not in known | HIDDEN]
    left += [f"{p.name} of another run" for p in folder.glob(".*")]
    return [*wrong, f"{name}: left behind {', '.join(left)}"] if left else wrong


def fills(commands: tuple[Writing, ...] = COMMANDS, sizes: tuple[int, ...] = SIZES) -> list[str]:
    """What full disks did to the commands that no message named and no repeat mended."""
    wrong = []
    with tempfile.TemporaryDirectory() as scratch:
        template = study_at(Path(scratch))
        for command in commands:
            for size in sizes:
                folder = Path(scratch) / f"{command.name}_{size}".replace(" ", "_")
                wrong += fill(command, size, template, folder)
                shutil.rmtree(folder)
    return wrong


if __name__ == "__main__":
    chosen = [c for c in COMMANDS if not sys.argv[1:] or c.name in sys.argv[1:]]
    count = 0
    for one in chosen:
        found = fills((one,))
        count += len(found)
        print("\n".join([*found, f"{one.name}: {len(SIZES)} full disks, {len(found)} faults"]), flush=True)
    sys.exit(bool(count))
