"""The peers' environment in build/peers, made by one command: ``python -m benchmarks.environment`` (``make bench-peers``).

What cannot be installed is named and left out. coxstream 0.3.0 asks for three symbols that newer C libraries do not have;
a library of a few lines gives them to it where there is a C compiler.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "build" / "peers"
PYTHON = FOLDER / "bin" / "python"
SHIM = FOLDER / "finite.so"
PACKAGES = (
    "lifelines", "scikit-survival", "statsmodels", "greenwood", "survival", "coxdev", "coxstream", "pimeta", "numba",
)  # fmt: skip
SHIM_CODE = """
#include <math.h>
double __log_finite(double x) { return log(x); }
double __exp_finite(double x) { return exp(x); }
double __pow_finite(double x, double y) { return pow(x, y); }
"""


def main() -> int:
    """Make the environment; the number of packages that could not be had."""
    if not PYTHON.exists():
        subprocess.run([sys.executable, "-m", "venv", str(FOLDER)], check=True)
    missing = 0
    for package in PACKAGES:
        command = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", package]
        if subprocess.run(command, check=False).returncode:
            print(f"{package} cannot be had here; the table names it as absent", file=sys.stderr)
            missing += 1
    compiler = shutil.which("cc")
    if compiler:
        command = [compiler, "-shared", "-fPIC", "-x", "c", "-o", str(SHIM), "-", "-lm"]
        subprocess.run(command, input=SHIM_CODE, text=True, check=True)
    print(f"peers in {FOLDER}")
    return missing


if __name__ == "__main__":
    sys.exit(main())
