"""The tests of what changed, in under a minute: ``make fast``.

What changed since `main` (on `main` itself: since the last commit) decides: the mirror below `tests/unit` of each wing
that was touched, the doctests of the touched files, touched test files, and the architecture. After a minute the
run stops and says so; what it had not reached is left to ``make test``.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SECONDS = 57.0
STOPPED = 2
"""What pytest returns when it is interrupted."""


def git(*words: str) -> list[str]:
    """Lines that git answers; none where it refuses (no `main` in a shallow clone, say)."""
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.split() if done.returncode == 0 else []


def changed() -> list[str]:
    """Paths that differ from where this branch left `main`, and those git does not know yet."""
    base = git("merge-base", "main", "HEAD") or ["HEAD"]
    if base == git("rev-parse", "HEAD") and not git("status", "--porcelain"):
        base = ["HEAD~1"]
    return sorted({*git("diff", "--name-only", base[0]), *git("ls-files", "--others", "--exclude-standard")})


def targets(paths: list[str], root: Path = ROOT) -> list[str]:
    """What pytest is to run for these changes: architecture first, then touched tests, doctests, mirrors."""
    wanted: dict[str, None] = {"tests/architecture": None}
    mirrors: dict[str, None] = {}
    for path in map(Path, paths):
        if path.suffix != ".py" or not (root / path).is_file():
            continue
        if (
            path.parts[0] == "tests"
            and path.name.startswith("test_")
            and path.parts[1] in ("unit", "property")
        ):
            wanted[path.as_posix()] = None
        elif path.parts[0] == "survsim":
            wanted[path.as_posix()] = None
            mirror = Path("tests/unit", *path.parent.parts[1:])
            while not (root / mirror).is_dir():
                mirror = mirror.parent
            if mirror != Path("tests/unit"):
                mirrors[mirror.as_posix()] = None
    inside = [w for w in wanted if not any(Path(m) in Path(w).parents for m in mirrors)]
    outer = [m for m in mirrors if not any(Path(o) in Path(m).parents for o in mirrors)]
    return [*inside, *outer]


def main() -> int:
    """Run them; 0 when nothing that was reached failed."""
    chosen = targets(changed())
    print("make fast:", *chosen[:12], f"and {len(chosen) - 12} more" if len(chosen) > 12 else "", flush=True)
    start = time.monotonic()
    command = [sys.executable, "-m", "pytest", "-x", "-n", "2", "-m", "not slow and not browser", *chosen]
    run = subprocess.Popen(command, cwd=ROOT)
    try:
        return run.wait(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        run.send_signal(signal.SIGINT)
        code = run.wait()
    print(f"make fast: stopped after {time.monotonic() - start:.0f} s; the rest is in `make test`.")
    return 0 if code in (0, STOPPED) else code


if __name__ == "__main__":
    sys.exit(main())
