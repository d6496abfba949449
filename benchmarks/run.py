"""Run every benchmark, each in a process of its own, and print what it prints.

Ratios of medians within one run are what counts; absolute times are those of the machine at hand.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
HELPERS = {"run.py", "data.py"}


def main(names: list[str]) -> int:
    """Run the benchmarks named, or all; the number of those that failed."""
    scripts = [p for p in sorted(HERE.glob("*.py")) if p.name not in HELPERS]
    chosen = [p for p in scripts if not names or p.stem in names]
    if not chosen:
        print(f"no benchmark of that name; there are: {', '.join(p.stem for p in scripts)}", file=sys.stderr)
        return 2
    failed = 0
    for script in chosen:
        print(f"\n== {script.stem} ==", flush=True)
        failed += (
            subprocess.run(
                [sys.executable, "-m", f"benchmarks.{script.stem}"], cwd=HERE.parent, check=False
            ).returncode
            != 0
        )
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
