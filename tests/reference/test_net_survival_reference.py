"""Net survival against relsurv, the survival of the population against survival's survexp."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from survsim import Surv
from survsim.nonparametric import NetSurvival, net_survival

PINNED = json.loads((Path(__file__).parent / "net_survival.json").read_text())
WORDS = {"pohar-perme": "pohar-perme", "ederer2": "ederer-2", "ederer1": "ederer-1"}
FORMS = {"fleming-harrington": "exponential", "kaplan-meier": "product"}
POPULATION = pd.DataFrame(PINNED["population"])
ROWS = pd.DataFrame(PINNED["rows"])
pytestmark = pytest.mark.filterwarnings("ignore:the population is known")


def curve(cell: dict[str, Any], **options: Any) -> NetSurvival:
    rows = ROWS if cell["arm"] is None else ROWS[ROWS["arm"] == cell["arm"]]
    surv = Surv.right("time", "event", data=rows, unit="days")
    return net_survival(surv, POPULATION, method=WORDS[cell["method"]], form=FORMS[cell["type"]], **options)


def named(cell: dict[str, Any]) -> str:
    return f"{cell['method']}-{cell['type']}-{cell['arm']}"


@pytest.mark.parametrize("cell", PINNED["fits"], ids=named)
def test_net_survival_equals_relsurv(cell: dict[str, Any]) -> None:
    found = curve(cell)
    assert found.time.tolist() == cell["time"]
    assert found.n_risk.tolist() == cell["n_risk"]
    # relsurv adds up over steps of a tenth of a day; the integral here is exact.
    near = 2e-5 if cell["method"] == "pohar-perme" else 1e-6
    assert found.estimate == pytest.approx(np.array(cell["surv"], float), abs=near)
    alive = found.estimate > 0
    error = (found.std_error / np.where(alive, found.estimate, 1.0))[alive]
    assert error == pytest.approx(np.array(cell["std_error_log"])[alive], rel=1e-5)
    assert found.conf_low[alive] == pytest.approx(np.array(cell["conf_low"], float)[alive], rel=1e-4)
    assert found.conf_high[alive] == pytest.approx(np.array(cell["conf_high"], float)[alive], rel=1e-4)


def test_the_survival_of_the_population_equals_survexp() -> None:
    found = curve(PINNED["fits"][0], times=PINNED["expected_times"])
    at = np.searchsorted(found.time, PINNED["expected_times"])
    assert found.expected[at] == pytest.approx(PINNED["expected"], abs=1e-12)


def test_groups_are_the_curves_of_their_patients() -> None:
    cells = [c for c in PINNED["fits"] if c["method"] == "pohar-perme" and c["arm"]]
    surv = Surv.right("time", "event", data=ROWS, unit="days")
    both = net_survival(surv, POPULATION, by="arm", form="exponential")
    assert both.groups == ("A", "B")
    for cell, low, high in zip(cells, both.bounds, both.bounds[1:]):
        assert both.estimate[low:high].tolist() == curve(cell).estimate.tolist()
