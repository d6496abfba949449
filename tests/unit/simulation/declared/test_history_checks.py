"""Histories that contradict themselves, the model or the calendar; each is refused with one message."""

from __future__ import annotations

from typing import Any

import pytest

from survsim.core.declared import read_as
from survsim.core.errors import ScenarioError
from survsim.simulation.declared.history import History
from survsim.simulation.declared.model import Model
from survsim.simulation.declared.states import State, Transition
from survsim.simulation.declared.strategy import TreatmentFile, strategy_from
from tests.helpers.disease_models import exponential, weibull

COURSE: dict[str, Any] = {
    "kind": "radiotherapy",
    "duration": 1.0,
    "radiation": [{"region": "cord", "fractions": 22, "dose_per_fraction": 2.0}],
}
GONE = {"name": "gone", "grade": 5, "onset": exponential(1.0), "leads_to": "dead"}
LAMED = {"name": "lamed", "grade": 4, "onset": exponential(1.0), "leads_to": "lame"}
TREATMENTS: dict[str, Any] = {
    "rt": COURSE,
    "more": {
        **COURSE,
        "effects": [{"transition": "progressed>again", "hazard_ratio": 1.0, "lasts": "always"}],
    },
    "drug": {"cycles": 6, "cycle_length": 0.7, "toxicities": [GONE, LAMED]},
    "endless": {},
}
LINES = [
    {"line": "first", "treatments": ["rt"], "start": [{"quantity": "state", "is": "controlled"}]},
    {"line": "chemo", "treatments": ["drug"], "start": [{"quantity": "state", "is": "controlled"}]},
    {"line": "again", "treatments": ["more"], "start": [{"quantity": "state", "is": "progressed"}, {"completed": "rt"}]},
]  # fmt: skip
WAYS: list[dict[str, Any]] = [
    {"source": "controlled", "target": "progressed", "distribution": exponential(0.1)},
    {"source": "progressed", "target": "dead", "distribution": exponential(0.2)},
    {"source": "progressed", "target": "again", "distribution": exponential(0.2), "needs_effect": True},
    {"source": "again", "target": "withdrawn", "distribution": weibull(30.0, 60.0)},
    {"source": "withdrawn", "target": "dead", "distribution": exponential(1.0)},
    {"source": "lame", "target": "dead", "distribution": exponential(0.2)},
]


def model(history: dict[str, Any], *, lines: list[dict[str, Any]] | None = None, **treatments: Any) -> Model:
    file = {"format": "survsim-treatments/1", "treatments": TREATMENTS | treatments}
    living = {
        "controlled": {},
        "progressed": {"progression": True},
        "again": {},
        "lame": {},
        "withdrawn": {"treatable": False},
    }
    return Model(
        states=(*(State(name=n, **more) for n, more in living.items()), State(name="dead", death=True)),
        transitions=tuple(Transition(**way) for way in WAYS),
        treatments=read_as(TreatmentFile, file, "t").treatments,
        strategies=(strategy_from({"strategy": "s", "lines": LINES if lines is None else lines}),),
        time_unit="months",
        horizon=24.0,
        history=History.model_validate(history),
    )


RT = {"treatment": "rt", "start": 2.0, "end": 3.0, "status": "completed"}
AT = {"state": "progressed", "at": 6.0}
SOME = {"region": "cord", "fractions": 5, "dose_per_fraction": 2.0, "ended": 1.0}
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "one course twice": ({"given": [RT, RT]}, "rt from 2.0 to 3.0 stands twice; list it once"),
    "one course over itself": (
        {"given": [RT, {**RT, "start": 2.5, "end": 3.5}]},
        "rt from 2.0 to 3.0 and rt from 2.5 to 3.5 run at the same time"),
    "one course inside itself": ({"given": [RT, {**RT, "start": 2.1, "end": 2.9}]}, "run at the same time"),
    "two courses of radiation over one another": (
        {"given": [RT, {**RT, "treatment": "more", "start": 2.5, "end": 3.5}]},
        "or say allow_radiation_together: true of a line that gives both"),
    "more often than its line is given": (
        {"given": [RT, {**RT, "start": 4.0, "end": 5.0}]}, "rt stands 2 times as line first of strategy s, which is given once"),
    "all fractions at once": (
        {"given": [{**RT, "end": 2.0}]},
        "rt brought 22 fractions to cord from 2.0 to 2.0, where 1 a day come to at most 1; give its true dates, or say fractions_per_day"),
    "all fractions in a week": ({"given": [{**RT, "end": 2.23}]}, "where 1 a day come to at most 8"),
    "the fractions told in a week": (
        {"given": [{**RT, "end": 2.2, "status": "stopped", "fractions": {"cord": 12}}]}, "brought 12 fractions to cord"),
    "more fractions than declared": (
        {"given": [{**RT, "fractions": {"cord": 25}}]}, "rt brought 25 fractions to cord, and 22 are declared"),
    "completed in no time": (
        {"given": [{"treatment": "drug", "start": 3.0, "end": 3.5, "status": "completed"}]},
        "drug is said to be completed from 3.0 to 3.5, less than half of the 4.2 months it is planned to take"),
    "running beyond its cycles": (
        {"given": [{"treatment": "drug", "start": 1.0, "status": "running"}], "now": 9.0},
        "drug is said to run, but its planned end lies before now"),
    "a line nobody has": ({"given": [{**RT, "line": "frist"}]}, "rt counts as line 'frist', which no strategy has; lines: first, chemo, again"),
    "nothing given, and a line that waits for it": (
        {"path": [AT], "given": []},
        "strategy s: again can never start, because first, chemo was not given and cannot begin any more in progressed"),
    "an end in the future": ({"given": [{**RT, "end": 9.0}]}, "now (8.0) comes before end of rt (9.0)"),
    "a start before time zero": ({"given": [{**RT, "start": -1.0}]}, "start of rt (-1.0) comes before 0"),
    "a start in the future": ({"given": [{**RT, "start": 9.0, "end": None, "status": "running"}]}, "comes before start of rt (9.0)"),
    "an entry in the future": ({"path": [{**AT, "at": 9.0}]}, "now (8.0) comes before progressed (9.0)"),
    "a now before time zero": ({"now": -3.0}, "now (-3.0) comes before 0"),
    "a dose in the future": ({"doses": [{**SOME, "ended": 9.0}]}, "now (8.0) comes before dose to cord (9.0)"),
    "progressed at the very start": ({"path": [{**AT, "at": 0.0}], "given": [RT]}, "progressed is entered at 0.0, when everybody is still in controlled"),
    "a state sooner than its law allows": (
        {"path": [AT, {"state": "again", "at": 7.0}, {"state": "withdrawn", "at": 7.5}],
         "given": [RT, {"treatment": "more", "start": 6.2, "end": 7.2, "status": "completed"}]},
        "nobody has gone from again to withdrawn by 7.5"),
    "a way that only an effect opens": (
        {"path": [AT, {"state": "again", "at": 7.0}], "given": [RT]}, "unless an effect is in force, and no treatment with one was given by then"),
    "a way that only an adverse event leads": (
        {"path": [{"state": "lame", "at": 4.0}]}, "only lamed of drug leads from controlled to lame, and none was given by then"),
    "running where nothing is given": (
        {"path": [AT, {"state": "again", "at": 7.0}, {"state": "withdrawn", "at": 59.0}], "now": 60.0,
         "given": [RT, {"treatment": "more", "start": 6.2, "end": 7.2, "status": "completed"},
                   {"treatment": "endless", "start": 8.0, "status": "running"}]},
        "endless is said to run, yet nothing is given in withdrawn"),
    "a death by treatment": (
        {"given": [{"treatment": "drug", "start": 4.0, "status": "running"}], "toxicities": [{"treatment": "drug", "name": "gone"}]},
        "toxicity gone of drug leads to dead, a death"),
    "an adverse event without its state": (
        {"given": [{"treatment": "drug", "start": 4.0, "status": "running"}], "toxicities": [{"treatment": "drug", "name": "lamed"}]},
        "leads to lame, which the path does not hold"),
    "an adverse event twice": (
        {"path": [{"state": "lame", "at": 4.5}], "given": [{"treatment": "drug", "start": 4.0, "status": "running"}], "toxicities": [{"treatment": "drug", "name": "lamed"}] * 2},
        "toxicity lamed of drug stands twice"),
    "a dose that a course has brought": (
        {"given": [RT], "doses": [{**SOME, "fractions": 22, "ended": 3.0}]}, "lies within rt, which is under given: it would count twice"),
    "a dose twice": ({"doses": [SOME, SOME]}, "the dose of 5 fractions to cord that ended at 1.0 stands twice"),
    "a dose below nothing": ({"doses": [{**SOME, "dose_per_fraction": -2.0}]}, "must be above 0 Gy; it is -2.0"),
}  # fmt: skip


@pytest.mark.parametrize(("history", "words"), REFUSED.values(), ids=REFUSED)
def test_refused(history: dict[str, Any], words: str) -> None:
    with pytest.raises(ScenarioError) as raised:
        model({"now": 8.0, **history})
    assert words in str(raised.value)
    # a contradiction is one message, with its place
    assert str(raised.value).count("\n  history: ") == 1


TWICE_A_DAY = {**COURSE, "radiation": [{**COURSE["radiation"][0], "fractions_per_day": 2}]}
DRUG = {"treatment": "drug", "start": 2.0, "end": 6.5, "status": "completed"}
ACCEPTED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a drug beside radiation": ({"given": [RT, DRUG]}, {}),
    "two fractions a day": ({"given": [{**RT, "end": 2.5}]}, {"rt": TWICE_A_DAY}),
    "broken off": ({"given": [{**RT, "end": 2.3, "status": "stopped"}]}, {}),
    "fewer fractions than planned": ({"given": [{**RT, "fractions": {"cord": 9}}]}, {}),
    "delayed": ({"given": [{**RT, "end": 3.8}]}, {}),
    "a treatment of no strategy": ({"given": [{"treatment": "endless", "start": 1.0, "status": "running"}]}, {}),
    "one under the name of a line": ({"given": [{**RT, "line": "first"}, {**DRUG, "line": "chemo"}]}, {}),
    "a dose of another time": ({"given": [RT], "doses": [SOME]}, {}),
    "given again, as another line": ({"given": [RT, {**RT, "start": 4.0, "end": 5.0, "line": "again"}]}, {}),
    "led by an adverse event": (
        {"path": [{"state": "lame", "at": 4.0}], "given": [RT, {**DRUG, "end": 4.0, "status": "stopped"}],
         "toxicities": [{"treatment": "drug", "name": "lamed"}]}, {}),
    "progressed after all was given": ({"path": [AT], "given": [RT, DRUG]}, {}),
}  # fmt: skip


@pytest.mark.parametrize(("history", "treatments"), ACCEPTED.values(), ids=ACCEPTED)
def test_accepted(history: dict[str, Any], treatments: dict[str, Any]) -> None:
    assert model({"now": 8.0, **history}, **treatments).history is not None


def test_nobody_needs_a_line_that_a_strategy_leaves_out() -> None:
    assert model({"now": 8.0, "path": [AT]}, lines=LINES[:2]).history is not None
