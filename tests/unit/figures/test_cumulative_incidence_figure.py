"""The drawn values are the result's, and no text lies on another."""

from __future__ import annotations

from typing import Any

import matplotlib
import numpy as np
import pandas as pd
import pytest

matplotlib.use("Agg")

from survsim import Surv, aalen_johansen, fine_gray
from survsim.competing import multistate_occupancy, prepare_multistate
from survsim.errors import InputError
from tests.helpers.pictures import overlapping_texts

CURVES = aalen_johansen(Surv.competing([1, 2, 3, 4, 6, 7], list("aboaba"), unit="months", censored="o"))


def lines(ax: Any) -> dict[str, Any]:
    return {line.get_gid(): line for line in ax.lines}


def test_steps_are_the_incidence() -> None:
    ax = CURVES.plot(
        names={"a": "relapse", "b": "death without relapse"}, origin="surgery", title="Relapse and death"
    )
    line = lines(ax)["curve:all:a"]
    assert line.get_drawstyle() == "steps-post"
    np.testing.assert_allclose(line.get_ydata(), [0.0, *CURVES.estimate[0]])
    np.testing.assert_allclose(line.get_xdata(), [0.0, *CURVES.time])
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["relapse", "death without relapse"]
    assert ax.get_xlabel() == "Time since surgery (months)"
    assert {c.get_gid() for c in ax.collections} == {"band:all:a", "band:all:b"}
    assert overlapping_texts(ax) == []


def test_groups_have_colours_and_causes_dashes() -> None:
    surv = Surv.competing([1, 2, 3, 4, 6, 7, 8, 9], list("abababoo"), unit="months", censored="o")
    drawn = lines(aalen_johansen(surv, list("xxyyxyxy")).plot())
    assert len(drawn) == 4
    assert drawn["curve:x:a"].get_color() == drawn["curve:x:b"].get_color() != drawn["curve:y:a"].get_color()
    assert drawn["curve:x:a"].get_linestyle() != drawn["curve:x:b"].get_linestyle()


def test_one_cause_alone_and_an_unknown_one() -> None:
    assert set(lines(CURVES.plot(causes=["b"], until=5.0))) == {"curve:all:b"}
    with pytest.raises(InputError, match="there is no cause 'c'"):
        CURVES.plot(causes=["c"])
    with pytest.raises(InputError, match="until must lie"):
        CURVES.plot(until=0.0)


def test_states_fill_the_axes() -> None:
    patients = pd.DataFrame({"patient_id": [1, 2, 3], "follow_up": [10.0, 8.0, 9.0]})
    events = pd.DataFrame({"patient_id": [1, 1], "state": ["ill", "dead"], "time": [4.0, 10.0]})
    ways = {"well": ["ill", "dead"], "ill": ["dead"]}
    found = multistate_occupancy(
        prepare_multistate(patients, events, start="well", transitions=ways, unit="months")
    )
    ax = found.plot(title="States")
    areas = {c.get_gid(): c.get_paths()[0].vertices[:, 1] for c in ax.collections}
    assert set(areas) == {"state:well", "state:ill", "state:dead"}
    assert areas["state:well"].min() == 0.0 and areas["state:dead"].max() == pytest.approx(1.0)
    assert np.isin(np.round(found.estimate[0], 6), np.round(areas["state:well"], 6)).all()
    assert overlapping_texts(ax) == []
    with pytest.raises(InputError, match="group must be one of"):
        found.plot(group="x")


def test_predicted_incidence_one_line_a_patient() -> None:
    rng = np.random.default_rng(1)
    surv = Surv.competing(rng.integers(1, 20, 40), rng.integers(0, 3, 40), unit="months")
    data = pd.DataFrame({"x": rng.normal(size=40)})
    found = fine_gray(surv, "x", data, cause=1).predict_incidence(
        pd.DataFrame({"x": [0.0, 1.0]}, index=["low", "high"])
    )
    ax = found.plot(names={1: "relapse", "low": "low risk"}, title="Two patients")
    np.testing.assert_allclose(lines(ax)["curve:high"].get_ydata()[1:], found.estimate[0, 1])
    assert ax.get_ylabel() == "Cumulative incidence of relapse"
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["low risk", "high"]
    assert overlapping_texts(ax) == []
    with pytest.raises(InputError, match="cause must be one of 1"):
        found.plot(cause=2)
