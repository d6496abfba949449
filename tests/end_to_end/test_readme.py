"""What the README tells a newcomer to type works as it stands."""

import re
from pathlib import Path

import pytest

import survsim

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", TEXT, flags=re.S)


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_python_blocks_run(number, monkeypatch):
    monkeypatch.chdir(ROOT)
    code = BLOCKS[number].replace("patients=2000, draws=100", "patients=200, draws=20")
    # The blocks are one session: the second goes on where the first ended.
    names: dict = {"survsim": survsim}
    exec(compile(code, f"README block {number}", "exec"), names)
    assert {"evidence", "scenario", "surv"} & set(names)


def test_there_are_blocks_and_a_picture():
    assert len(BLOCKS) >= 2
    picture = re.search(r"!\[.*?\]\((.*?)\)", TEXT).group(1)
    assert (ROOT / picture).stat().st_size > 10_000


def test_every_file_it_links_to_exists():
    links = [t for t in re.findall(r"\]\(([^)#]+)\)", TEXT) if "://" not in t]
    assert not [t for t in links if not (ROOT / t).exists()]
