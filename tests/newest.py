"""The suite with the newest versions that exist: ``python -m tests.newest [3.12 ...] [-- PYTEST ARGUMENTS]``.

Each Python found (3.11 and later, on the path or under pyenv) gets a throw-away environment that ignores
``constraints.txt``: first as ``pip install`` makes it, then with the newest pandas put beside the pin of lifelines, then
installed with ``pip install --target``. One line is printed for each.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OLDEST = (3, 11)
ASKED = "import sys; print(*sys.version_info[:3])"
VERSIONS = """
import importlib.metadata as m
print(", ".join(f"{n} {m.version(n)}" for n in ("numpy", "scipy", "pandas", "numba", "lifelines")))
"""


def interpreters() -> dict[str, str]:
    """Python 3.11 and later on this machine, by their minor version; the first found of each."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    tried = [sys.executable, *(str(p) for p in sorted(pyenv.glob("*/bin/python3"), reverse=True))]
    tried += [found for minor in range(OLDEST[1], 30) if (found := shutil.which(f"python3.{minor}"))]
    known: dict[str, str] = {}
    for python in tried:
        told = subprocess.run(
            [python, "-c", ASKED], capture_output=True, text=True, check=False
        ).stdout.split()
        if len(told) == 3 and (int(told[0]), int(told[1])) >= OLDEST:
            known.setdefault(f"{told[0]}.{told[1]}", python)
    return dict(sorted(known.items(), key=lambda item: int(item[0].partition(".")[2])))


def last_line(text: str) -> str:
    """What a program said last, without colours; of pytest also the first tests that failed."""
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line).strip() for line in text.splitlines() if line.strip()]
    failed = [line for line in lines if line.startswith(("FAILED ", "ERROR "))]
    return "; ".join([*failed[:20], lines[-1]]) if lines else "nothing was said"


def run(command: Sequence[str | os.PathLike[str]], **more: str) -> tuple[bool, str]:
    """Whether a command went well, and its last line."""
    outer = {k: v for k, v in os.environ.items() if k not in ("PIP_CONSTRAINT", "VIRTUAL_ENV")}
    done = subprocess.run(
        list(command), cwd=ROOT, env=outer | {"MPLBACKEND": "Agg", "OPENBLAS_NUM_THREADS": "1"} | more,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode == 0, last_line(done.stdout if done.stdout.strip() else done.stderr)


def suite(python: Path, arguments: Sequence[str]) -> tuple[bool, str]:
    """The tests in one environment: versions in use and the last line of pytest."""
    versions = run([python, "-c", VERSIONS])[1]
    good, said = run([python, "-m", "pytest", "-n", "2", "--dist", "worksteal", *arguments])
    return good, f"{said} ({versions})"


def at_target(python: Path, folder: Path) -> tuple[bool, str]:
    """``pip install --target``: the tables that come with survsim are found from there."""
    good, said = run(
        [python, "-m", "pip", "install", "--quiet", "--no-deps", "--target", folder / "packages", ROOT]
    )
    if not good:
        return good, said
    code = "import os, sys; os.chdir(sys.argv[1]); import survsim; e = survsim.load_evidence(); print(survsim.__file__, len(e.estimates))"
    good, said = run([python, "-c", code, folder], PYTHONPATH=str(folder / "packages"))
    return good and said.startswith(str(folder / "packages")), said


def tried(version: str, interpreter: str, arguments: Sequence[str]) -> Iterator[tuple[str, bool, str]]:
    """What was tried with one interpreter, whether it went well, and what was said."""
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch) / "environment"
        python = home / ("Scripts" if os.name == "nt" else "bin") / "python"
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        for command in (
            [interpreter, "-m", "venv", home],
            [*pip, "--upgrade", "pip"],
            [*pip, "--editable", ".[dev]"],
        ):
            good, said = run(command)
            if not good:
                yield f"Python {version}, newest", False, f"not installed: {said}"
                return
        yield f"Python {version}, newest", *suite(python, arguments)
        run([*pip, "--upgrade", "--no-deps", "pandas"])
        yield f"Python {version}, newest pandas beside the pin", *suite(python, arguments)
        yield f"Python {version}, --target", *at_target(python, Path(scratch))


def main(words: Sequence[str]) -> int:
    """Try the interpreters named, all of them without a name; 1 if anything failed."""
    named, arguments = list(words), []
    if "--" in named:
        at = named.index("--")
        named, arguments = named[:at], named[at + 1 :]
    found = {v: p for v, p in interpreters().items() if not named or v in named}
    if not found:
        print("no such Python was found; name 3.11 or later")
        return 2
    all_good = True
    for version, interpreter in found.items():
        for what, good, said in tried(version, interpreter, arguments):
            all_good &= good
            print(f"{what}: {'ok' if good else 'FAILED'}: {said}", flush=True)
    return 0 if all_good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
