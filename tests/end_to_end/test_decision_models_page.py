"""What the page on decision models shows works as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from survsim.simulation import Values

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "how_to" / "decision_models.md").read_text(
    encoding="utf-8"
)


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", TEXT, flags=re.S)


@pytest.mark.filterwarnings("ignore::survsim.core.errors.SmallSampleWarning")
def test_its_code_runs():
    names: dict = {}
    for code in blocks("python"):
        exec(compile(code, "docs/how_to/decision_models.md", "exec"), names)
    assert names["decision"].unit == "EUR"


def test_its_values_are_read():
    (text,) = blocks("yaml")
    values = Values.model_validate(yaml.safe_load(text)["values"])
    assert set(values.outcomes) == {"quality", "cost", "home"}
