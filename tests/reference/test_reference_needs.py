"""`make reference` says in one line what it lacks, before it makes anything."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RECIPE = (ROOT / "Makefile").read_text(encoding="utf-8").partition("\nreference: env")[2].partition("\n\n")[0]


def test_the_recipe_names_every_package_that_a_script_loads() -> None:
    named = set(re.findall(r"[\w.]+", RECIPE.splitlines()[0]))
    scripts = (ROOT / "tests" / "reference" / "r").glob("*.R")
    loaded = {p for s in scripts for p in re.findall(r"library\(([\w.]+)\)", s.read_text(encoding="utf-8"))}
    assert loaded <= named


def test_without_r_there_is_one_line(tmp_path: Path) -> None:
    shell = next(
        line.strip().removeprefix("@") for line in RECIPE.splitlines() if "command -v Rscript" in line
    )
    bare = {"PATH": str(tmp_path)}
    done = subprocess.run(["/bin/sh", "-c", shell], env=bare, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert (
        done.stderr
        == "make reference needs R (Rscript), which is not installed: Debian has it as r-base-core.\n"
    )


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not on this machine")
def test_without_a_package_there_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "r").mkdir()
    shutil.copy(ROOT / "tests" / "reference" / "need.R", tmp_path)
    (tmp_path / "r" / "one.R").write_text("library(stats); library(noSuchThing)\nlibrary(utils)\n")
    done = subprocess.run(
        ["Rscript", str(tmp_path / "need.R")],
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "make reference needs these packages of R, which are not installed: noSuchThing. Debian has them as r-cran-nosuchthing."
    ]
