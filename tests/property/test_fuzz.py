"""A seeded sample of hostile calls; ``python -m tests.helpers.fuzz 20000 7`` is the long run."""

from __future__ import annotations

import inspect
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import survsim
import survsim.calibration
import survsim.distributions
from survsim import _public
from survsim.core.errors import InputError, SurvsimWarning
from survsim.core.result import Result
from tests.helpers.every_result import FRAME, example
from tests.helpers.fuzz import MADE_INSIDE, findings, one, target
from tests.helpers.fuzz_courses import alive, course
from tests.helpers.fuzz_estimates import PLAUSIBLE

COURSE = {
    "model": course(),
    "cohort": survsim.calibration.Cohort(name="all"),
    "endpoint": alive(),
    "values": {"rate": 0.1},
}
LAW = survsim.distributions.Exponential(rate=0.1, time_unit="months")
TRIALS = {"control": LAW, "treated": LAW, "n_control": 8, "n_treated": 8, "accrual": 6.0, "follow_up": 12.0}
READINGS = {
    "times": [3.0, 6.0],
    "survival": [0.8, 0.6],
    "at_risk_times": [0.0],
    "at_risk": [40],
    "unit": "months",
}
WAYS = pd.DataFrame({"source": ["well", "ill"], "target": ["ill", "dead"], "death": [False, True]})
POWER = pd.DataFrame({"design": "plain", "n": [50, 100], "power": [0.5, 0.8], "mc_std_error": [0.02, 0.01]})


@pytest.mark.filterwarnings("ignore")
def test_hostile_calls_give_an_answer_or_an_error_of_ours():
    assert not [str(found) for found in findings(300, seed=7)]


def test_a_foreign_exception_a_hang_and_a_silent_nan_are_found(monkeypatch):
    """The net holds: each kind of fault, planted, is a finding."""
    import numpy as np

    from tests.helpers import fuzz

    class Found:
        estimate = np.array([np.nan])

    def fails(x):
        return 1 / x

    def hangs(x):
        while True:
            x += 1

    def waits(x):
        time.sleep(60)

    planted = {"fails": fails, "hangs": hangs, "waits": waits, "silent": lambda x: Found()}
    monkeypatch.setattr(fuzz, "target", planted.__getitem__)
    monkeypatch.setattr(fuzz, "Result", Found)
    monkeypatch.setattr(fuzz, "LIMIT", 0.2)
    monkeypatch.setattr(fuzz, "PATIENCE", 3)
    for name, says in (
        ("fails", "ZeroDivisionError"),
        ("hangs", "took longer"),
        ("waits", "took longer"),
        ("silent", "NaN without a word"),
    ):
        assert says in one(0, name, {"x": 0}).what
    assert one(0, "fails", {"y": 1}) is None
    assert one(0, "fails", {"x": 1}) is None


def test_a_machine_that_is_busy_makes_no_finding(monkeypatch):
    """A call that waits for its turn longer than the limit has spent no processor time of its own."""
    from tests.helpers import fuzz

    monkeypatch.setattr(fuzz, "target", lambda name: lambda x: time.sleep(0.5))
    monkeypatch.setattr(fuzz, "LIMIT", 0.2)
    assert one(0, "slow", {"x": 0}) is None


def test_what_calls_write_lands_outside_the_repository(monkeypatch):
    from tests.helpers import fuzz

    monkeypatch.setattr(fuzz, "target", lambda name: lambda path: Path(path).mkdir())
    before = {p.name for p in Path().iterdir()}
    assert one(0, "writer", {"path": "left_behind"}) is None
    assert {p.name for p in Path().iterdir()} == before


@pytest.mark.parametrize(
    ("name", "given", "says"),
    [
        ("borrow", {"prior": [1, 2]}, r"borrow: prior must be a BorrowingPrior; got \[1, 2\] \(list\)"),
        ("load_evidence", {"path": 2.5}, "load_evidence: path must be text or a path or None; got 2.5"),
        ("State", {"name": ["a"]}, r"State: name: must be text \(found \['a'\]"),
        (
            "conditional_survival",
            {"surv": survsim.Surv.right([1, 2], [1, 1], unit="years"), "given": [], "times": []},
            "given and times must",
        ),
        ("bed", {"dose": "x", "fractions": 2, "alpha_beta": 2.0}, "dose must hold numbers; got 'x'"),
        ("Surv.right", {"time": [1.0], "event": [1], "unit": ["months"]}, "Surv.right: unit must be text"),
        ("EvidenceStore.table", {"name": ["a"]}, "EvidenceStore.table: name must be text"),
        ("EvidenceSelection.map", {"also": 2.5}, "EvidenceSelection.map: also must be"),
        ("Table.save", {"path": None}, "Table.save: path must be"),
        ("gamma_prior", {"approximation": 0}, "gamma_prior needs what mixture_approximation"),
        ("summary_terms", {"selection": -1}, "selection must be what load_evidence"),
        ("summary_terms", {"selection": [3]}, "must hold rows of the evidence"),
        ("endpoint_median", COURSE | {"horizon": -1}, "horizon must lie in"),
        ("endpoint_median", COURSE | {"horizon": 9.0, "values": {"rate": -1.0}}, "none below 0"),
        ("endpoint_probability", COURSE | {"times": [[3.0], [6.0]]}, "times must be one-dimensional"),
        ("power_curves", {"frame": POWER.assign(power="word")}, r"frame\['power'\] must hold numbers"),
        ("power_curves", {"frame": POWER.iloc[:0]}, "no rows"),
        ("Ledger.load", {"path": ""}, "no results at"),
        ("state_diagram", {"ways": WAYS.assign(source=np.nan)}, "is missing in rows 0, 1"),
        (
            "clone_censor_weight",
            {
                "surv": survsim.Surv.right([3.0, 5, 9, 8], [0, 0, 0, 0], unit="months"),
                "start": [1, np.inf, 2, np.inf],
                "grace": 4.0,
            },
            "nobody has an event",
        ),
        (
            "meta_analysis",
            {"estimate": [0.1, 0.2, 0.3], "std_error": [0.1, 0.2, 0.1], "source": 2.5},
            "a source is a reference",
        ),
        ("reconstruct_ipd", READINGS | {"source": 2.5}, "reconstruct_ipd: source must be"),
        ("Ledger.load", {"path": "."}, "no results at"),
        ("simulated_trials", TRIALS | {"n_trials": -1}, "n_trials must lie in"),
        ("write_result", {"result": example("LogrankTest"), "path": ""}, "a file needs a name"),
    ],
)
def test_the_door_names_the_argument(name, given, says):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", SurvsimWarning)
        with pytest.raises(InputError, match=says):
            target(name)(**given)


def test_what_is_found_at_the_door_can_be_pickled():
    import pickle

    import survsim

    assert pickle.loads(pickle.dumps(survsim.kaplan_meier)) is survsim.kaplan_meier


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("name", "given", "says"),
    [
        ("MapPrior[0].quantile", {"p": ""}, "p must be numbers|must hold numbers"),
        ("EvidencePrediction[0].survival", {"t": {0: 3.0}}, "t must"),
        ("MultistateFit[0].transition_laws", {"patient": -1}, "patient must be a mapping or a row"),
        ("CoxFit[1].hazard_ratio_over_time", {"term": "age", "df": [0.5]}, "df must be a whole number"),
        ("ParametricFit[1].predict_survival", {"data": -1e300, "times": [3.0]}, "data must be a row"),
        ("CoxFit[4].predict_survival", {"data": print, "times": [3.0]}, "data must hold numbers"),
        ("CoxFit[2].plot", {"names": b"x"}, "CoxFit.plot: names must be a mapping"),
        ("ModelAverage[0].distribution", {"data": {}}, "data is a patient without any column"),
        ("SimulationResult[0].load", {"path": None}, "SimulationResult.load: path must be"),
        ("FamilyComparison[0].plot", {"until": pd.Series([1.0])}, "until must be a number"),
        ("ParametricFit[5].predict_survival", {"data": FRAME.iloc[:3], "times": []}, "times is empty"),
        ("TargetCheck[0].plot", {"labels": pd.NaT}, "TargetCheck.plot: labels must be a mapping"),
        ("Tornado[0].plot", {"labels": 3}, "Tornado.plot: labels must be a mapping"),
        ("ParametricFit[2].predict_rmst", {"tau": pd.Series([1.0])}, "tau must be a number"),
        ("KaplanMeier[3].plot", {"until": "months"}, "KaplanMeier.plot: until must be a number"),
    ],
)
def test_methods_and_pictures_of_results_stand_behind_the_door(name, given, says):
    with pytest.raises(InputError, match=says):
        target(name)(**given)


def test_every_public_callable_is_behind_the_fuzz():
    """Results have their methods behind it, what is made inside its maker; an error and a constant need none."""
    found = {name: _public.load(name) for name in _public.PUBLIC}
    asked = {name.partition(".")[0] for name in PLAUSIBLE}
    left = {
        name
        for name, one in found.items()
        if callable(one)
        and not (
            isinstance(one, type) and (issubclass(one, (Result, BaseException)) or inspect.isabstract(one))
        )
        and not getattr(one, "_is_protocol", False)
    } - asked
    assert left == set(MADE_INSIDE) - asked
    for name, maker in MADE_INSIDE.items():
        assert isinstance(found[name], type) and hasattr(_public.load(maker.partition(".")[0]), "__name__"), (
            name
        )


def test_every_result_has_its_methods_behind_the_fuzz():
    from tests.helpers.every_result import MAKERS
    from tests.helpers.fuzz_methods import method_names

    assert {name.partition("[")[0] for name in method_names()} == set(MAKERS)


def test_power_at_a_level_without_a_complement_is_that_of_the_tail():
    """1 - 1e-300 is 1, whose quantile is infinite; of the tail it is 37.0."""
    trials = example("SimulatedTrials")
    assert set(trials.power(1e-300).values()) == {0.0}
    assert trials.power(0.999)["logrank"] > 0.5
