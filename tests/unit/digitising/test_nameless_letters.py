"""Letters that a drawing holds as nameless outlines, as R's svg() writes them, are read from their shapes."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from survsim.digitising import digitise
from survsim.digitising.vector.drawn_letters import flattened, read_text
from survsim.digitising.vector.svg_page import read_svg
from tests.helpers.small_figures import draw

FOLDER = Path(__file__).parent / "drawn_by_r"


@pytest.mark.filterwarnings("ignore::survsim.errors.EvidenceWarning")
def test_a_figure_of_base_r_comes_without_help():
    read = digitise(FOLDER / "base_r.svg", unit="days")
    assert read.exact
    assert [v for _, v in read.ticks["x"]] == [0, 200, 400, 600, 800, 1000]
    true = pd.read_csv(FOLDER / "base_r.csv")
    arms = sorted(read.arms, key=lambda arm: read.curves.query("arm == @arm").survival.iloc[-1])
    for name, arm in zip(("Male", "Female"), arms, strict=True):
        part = read.curves[read.curves.arm == arm]
        own = true[true.arm == name]
        at = np.searchsorted(part.time.to_numpy(), own.time.to_numpy() + 0.3, side="right") - 1
        np.testing.assert_allclose(part.survival.to_numpy()[at], own.survival, atol=2e-4)
    # The table that R printed: summary(survfit(...), times = ...).
    numbers = {tuple(part.n_risk) for _, part in read.at_risk.groupby("arm", sort=False)}
    assert numbers == {(45, 28, 17, 9, 4, 2), (25, 16, 12, 8, 2, 0)}


@pytest.mark.filterwarnings("ignore::survsim.errors.EvidenceWarning")
def test_numbers_upright_and_turned_are_those_that_were_written(tmp_path):
    draw(tmp_path / "named.svg")
    text = (tmp_path / "named.svg").read_text(encoding="utf-8")
    named = digitise(tmp_path / "named.svg", unit="months")
    names = sorted(set(re.findall(r"DejaVuSans(?:-\w+)?-[0-9a-f]+", text)), key=len, reverse=True)
    assert names
    for k, name in enumerate(names):
        text = text.replace(f'"{name}"', f'"glyph0-{k}"').replace(f'"#{name}"', f'"#glyph0-{k}"')
    nameless = re.sub(r"<!--.*?-->", "", text, flags=re.S)
    (tmp_path / "nameless.svg").write_text(nameless, encoding="utf-8")
    read = digitise(tmp_path / "nameless.svg", unit="months")
    assert [v for _, v in read.ticks["x"]] == [v for _, v in named.ticks["x"]]
    assert [v for _, v in read.ticks["y"]] == [v for _, v in named.ticks["y"]]
    np.testing.assert_allclose(read.curve_value, named.curve_value, atol=1e-6)
    words = {w.text for w in read_svg(nameless.encode()).words}
    assert {"0.0", "1.0"} <= words or {"0", "100"} <= words


def test_shapes_that_are_no_letters_say_nothing():
    assert flattened("no path") == () and flattened("M 0 0 L 1 1") == ()
    assert read_text([]) == ""
