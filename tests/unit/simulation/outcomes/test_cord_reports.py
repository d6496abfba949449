"""Cord dose among those irradiated, its risk given survival, and the criteria for irradiating again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from survsim.core.errors import InputError
from survsim.core.execution import Execution
from survsim.simulation.cord_biology.myelopathy import (
    CordSettings,
    MyelopathySettings,
    lyman_kutcher_burman,
    schultheiss,
)
from survsim.simulation.declared.history import History
from survsim.simulation.declared.model import Model
from survsim.simulation.declared.states import State, Transition
from survsim.simulation.declared.strategy import Treatment, strategy_from
from survsim.simulation.outcomes.cord_criteria import cord_criteria
from survsim.simulation.outcomes.cord_doses import cord_doses
from survsim.simulation.running.patient_output import read_patients
from survsim.simulation.running.run import simulate_model
from tests.helpers.disease_models import exponential

N = 20_000


def course(*parts: tuple[str, int], duration: float = 1.0) -> Treatment:
    radiation = [{"region": r, "fractions": n, "dose_per_fraction": 2.0} for r, n in parts]
    return Treatment.model_validate({"kind": "radiotherapy", "duration": duration, "radiation": radiation})


FIRST = course(("target", 22))
SECOND = course(("target", 10), ("rest", 20))


def model(death: float = 0.2, **options: Any) -> Model:
    again = [{"completed": "first"}, {"quantity": "time_since_radiation", "at_least": 3.0}]
    lines = [
        {
            "line": "one",
            "treatments": ["first"],
            "start": [{"quantity": "time", "at_least": 1.0}],
            "accept": 0.5,
        },
        {"line": "two", "treatments": ["second"], "start": again},
    ]
    myelopathy = MyelopathySettings.model_validate(
        {"onset": exponential(0.1), "assumption": "an onset for a test"}
    )
    settings: dict[str, Any] = {
        "states": (State(name="alive"), State(name="dead", death=True)),
        "transitions": (Transition(source="alive", target="dead", distribution=exponential(death)),),
        "strategies": (strategy_from({"strategy": "s", "lines": lines}),),
        "treatments": {"first": FIRST, "second": SECOND},
        "cord": CordSettings(myelopathy=myelopathy),
        "time_unit": "months",
        "horizon": 24.0,
    }
    return Model(**{**settings, **options})


def table(found: Model, **options: Any) -> Any:
    report = cord_doses(simulate_model(found, patients=N, seed=5, **options))
    return report.to_frame().set_index(["group", "region"])


def test_doses_are_of_those_who_had_them() -> None:
    found = table(model())
    assert found.loc[("first", "target"), "mean_dose"] < 44.0  # some died within the course
    shares = found["share"]
    assert shares["first", "target"] == pytest.approx(0.5 * np.exp(-0.2), abs=0.02)
    # alive when the second course begins, at 1 + 1 + 3 months, and for its first fraction
    assert shares["second", "rest"] == pytest.approx(0.5 * np.exp(-0.2 * 5.05), abs=0.015)
    certain = table(model(death=1e-7))
    both = certain.loc[("two courses or more to one region", "highest")]
    assert (both["share"], both["mean_dose"]) == pytest.approx((0.5, 64.0), abs=0.02)
    assert both["interval"] == pytest.approx(3.0)
    assert certain.loc[("second", "rest"), "mean_dose"] == pytest.approx(40.0)
    assert certain.loc[("first", "target"), "mean_dose"] == pytest.approx(44.0)
    assert np.isnan(certain.loc[("first", "target"), "risk_schultheiss_2008"])


def test_the_risk_given_survival_is_that_of_the_dose_by_each_model() -> None:
    """64 Gy in 2 Gy fractions: 18% and 41%, however many die before they could fall ill."""
    for death in (1e-7, 0.4):
        found = table(model(death=death, horizon=60.0))
        both = found.loc[("two courses or more to one region", "highest")]
        whole = both["mean_dose"] == pytest.approx(64.0)
        assert whole or death > 0.1
        if whole:
            assert both["risk_schultheiss_2008"] == pytest.approx(float(schultheiss(64.0)))
            assert both["risk_lyman_burman_1991"] == pytest.approx(float(lyman_kutcher_burman(64.0)))
            assert both["risk_schultheiss_2008"] == pytest.approx(0.18, abs=0.005)
            assert both["risk_lyman_burman_1991"] == pytest.approx(0.41, abs=0.01)
        else:
            assert 0.05 < both["risk_schultheiss_2008"] < 0.18


def test_what_has_recovered_still_counts_in_the_report() -> None:
    cord = model().cord.model_copy(update={"recovery_after": (2.0,), "recovery_share": (0.5,)})
    found = model(death=1e-7, cord=cord)
    assert table(found).loc[("two courses or more to one region", "highest"), "mean_dose"] == pytest.approx(
        64.0
    )
    result = simulate_model(found, patients=100, seed=5)
    assert result.measure("cord_dose").estimate[0] == pytest.approx(42.0 * 0.5, abs=6.0)


def test_courses_of_the_past_are_in_the_report() -> None:
    given = {"treatment": "first", "start": 1.0, "end": 2.0, "status": "completed"}
    other = {"region": "target", "fractions": 5, "dose_per_fraction": 4.0, "ended": 0.5}
    history = History.model_validate({"now": 4.0, "given": [given], "doses": [other]})
    found = table(model(death=1e-7, history=history))
    both = found.loc[("two courses or more to one region", "highest")]
    assert (both["share"], both["mean_dose"], both["interval"]) == pytest.approx((1.0, 44 + 30 + 20, 0.5))
    assert found.loc[("before", "target"), "mean_dose"] == pytest.approx(30.0)


def test_intervals_of_patients_are_written_down(tmp_path: Any) -> None:
    how = Execution(folder=tmp_path)
    simulate_model(model(death=1e-7), patients=500, seed=5, execution=how, patient_output=True)
    interval = read_patients(tmp_path)["radiation_interval"]
    assert np.unique(interval[np.isfinite(interval)]) == pytest.approx([3.0])


def test_without_radiation_there_is_nothing_to_report() -> None:
    with pytest.raises(InputError, match="irradiates the cord"):
        cord_doses(simulate_model(model(strategies=(strategy_from({"strategy": "s"}),)), patients=10, seed=1))


def test_criteria_of_the_index_case() -> None:
    """44 and 20 Gy in 2 Gy fractions, 3.6 months apart: BED 128 of 120 not met, of 135.5 met; the interval short of 6."""
    found = cord_criteria(model(), "s", interval=3.6).to_frame().set_index(["source", "criterion"])
    row = found.loc[("Nieder 2006", "cumulative dose")]
    assert (row["value"], row["limit"], row["verdict"]) == (128.0, 120.0, "not met")
    row = found.loc[("Nieder 2006", "cumulative dose, small risk")]
    assert (row["value"], row["limit"], row["verdict"]) == (128.0, 135.5, "met")
    row = found.loc[("Nieder 2006", "interval")]
    assert (row["value"], row["limit"], row["verdict"]) == (pytest.approx(3.6), 6.0, "not met")
    assert set(found.loc["HyTEC 2021", "verdict"]) == {"outside domain"}
    assert set(found["region"]) == {"target"}
    with pytest.raises(InputError, match="strategy must be one of"):
        cord_criteria(model(), "t", interval=3.6)
    with pytest.raises(InputError, match="at least 0 and finite"):
        cord_criteria(model(), "s", interval=-1.0)
    weeks = model(time_unit="weeks")
    assert cord_criteria(weeks, "s", interval=52.0).interval == pytest.approx(11.96, abs=0.01)


def test_a_stereotactic_second_course_is_inside_the_domain_of_hytec() -> None:
    radiation = [{"region": "target", "fractions": 3, "dose_per_fraction": 6.0}]
    second = Treatment.model_validate({"kind": "radiotherapy", "duration": 0.2, "radiation": radiation})
    found = cord_criteria(model(treatments={"first": FIRST, "second": second}), "s", interval=7.0)
    assert "outside domain" not in [v for v, s in zip(found.verdict, found.source) if s == "HyTEC 2021"]
