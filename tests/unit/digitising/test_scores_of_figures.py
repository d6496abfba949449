"""The judge is judged: a reader that knows the truth scores zero, and each way of being wrong is seen."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from survsim import Surv, kaplan_meier
from survsim.errors import InputError
from tests.helpers.digitising_scores import score
from tests.helpers.drawn_figures import FAMILIES, Style, entry, plan, trials
from tests.helpers.drawn_truths import product_limit

STYLE = Style(name="000", family="two colours", seed=5, at_risk=True)
TIMES = np.array([0.0, 12, 24, 36, 48, 60])


@pytest.fixture
def shown():
    return entry(STYLE, trials(STYLE), Path("000.png"), TIMES)


def knowing(shown, *, shift=0.0, arms=None, rename=str, warned=(), numbers=0):
    """A reader that answers with the truth, spoilt as asked."""

    def digitise(path, *, panel, kind, unit):
        one = shown["panels"][0]
        told = one["arms"][:arms]
        curve = [
            (rename(a["label"]), t, v + shift)
            for a in told
            for t, v in zip(a["time"], a["value"], strict=True)
        ]
        marks = [(rename(a["label"]), t) for a in told for t in a["marks"]]
        risk = [
            (rename(a["label"]), t, n + numbers)
            for a in told
            for t, n in zip(one["at_risk"]["times"], one["at_risk"]["numbers"][a["label"]], strict=True)
        ]
        return SimpleNamespace(
            curves=pd.DataFrame(curve, columns=["arm", "time", kind]),
            marks=pd.DataFrame(marks, columns=["arm", "time"]),
            at_risk=pd.DataFrame(risk, columns=["arm", "time", "n_risk"]),
            tolerance={kind: 0.001, "time": 0.1},
            warnings=warned,
        )

    return digitise


def test_the_truth_scores_zero_under_any_names(shown):
    found = score(shown, Path(), knowing(shown, rename=lambda label: label[::-1]))
    assert found.error == 0
    assert found.without_help
    assert found.at_risk_exact
    drawn, hit, false = found.marks
    assert drawn == hit > 20
    assert false == 0


def test_an_error_is_measured_as_it_is(shown):
    found = score(shown, Path(), knowing(shown, shift=-0.03))
    assert found.errors == pytest.approx((0.03, 0.03))
    assert not found.wrong


@pytest.mark.parametrize(("spoilt", "missing"), [({"shift": -0.06}, 0), ({"arms": 1}, 1)])
def test_wrong_without_a_word_is_silent(shown, spoilt, missing):
    found = score(shown, Path(), knowing(shown, **spoilt))
    assert found.silent
    assert found.missing == missing
    assert not found.without_help
    told = score(shown, Path(), knowing(shown, **spoilt, warned=("Curves cross at 12.",)))
    assert told.wrong
    assert not told.silent


def test_a_wrong_number_at_risk_is_seen(shown):
    assert score(shown, Path(), knowing(shown, numbers=1)).at_risk_exact is False


def test_refusals_and_crashes_are_told_apart(shown):
    def refuse(path, **_):
        raise InputError("Two points of each axis are needed: axes=...")

    def crash(path, **_):
        raise ZeroDivisionError

    assert score(shown, Path(), refuse).outcome == "refused"
    assert score(shown, Path(), crash).outcome == "crashed"


def test_the_curves_drawn_are_those_of_the_patients():
    arm = trials(STYLE)[0].arms[0]
    when, value, _ = product_limit(arm.time, arm.event)
    theirs = (
        kaplan_meier(Surv.right(arm.time, arm.event, unit="months")).to_frame().set_index("time")["estimate"]
    )
    assert value[1:] == pytest.approx(theirs.loc[when[1:]].to_numpy())


def test_a_plan_holds_every_family_and_is_the_same_each_time():
    styles = plan(330, makers=("matplotlib", "lifelines", "base R", "survminer"))
    assert {s.family for s in styles} == set(FAMILIES)
    assert styles == plan(330, makers=("matplotlib", "lifelines", "base R", "survminer"))
    assert sum(s.vector for s in styles) >= 60
    assert {s.dpi for s in styles} >= {72, 100, 150, 300, 600}
