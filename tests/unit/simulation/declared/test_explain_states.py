"""The states in sentences: every word comes from the data, and the picture's rows begin where patients do."""

from __future__ import annotations

from survsim.simulation import State, Transition, Values
from survsim.simulation.declared.explain_states import explain_states, ways_of

STATES = (
    State(name="well"),
    State(name="ill", label="very ill"),
    State(name="cured", absorbing=True),
    State(name="dead", death=True),
)
WAYS = (
    Transition(source="well", target="ill", distribution={"family": "exponential", "rate": "onset"}),
    Transition(
        source="ill", target="dead", clock="age", latent="other", covariates={"sex": 0.3}, frailty="z",
        distribution={"family": "piecewise_exponential", "breaks": [50, 60, 70, 80, 90, 100, 110], "rates": [0.1] * 8},
    ),
    Transition(source="ill", target="cured", clock="forward", needs_effect=True, within_stage=True,
               distribution=({"family": "weibull", "shape": 1, "scale": 2},) * 3),
)  # fmt: skip
VALUES = Values.model_validate(
    {
        "discount": {"rate": 0.03},
        "outcomes": {
            "quality": {
                "kind": "quality", "by_state": {"ill": 0.6}, "course": {"breaks": [65], "factors": [1, 0.9], "age": "age"},
                "under_treatment": [{"state": "ill", "treatment": "drug_a", "value": 0.7}], "discount": {"rate": 0},
            },
            "cost": {"kind": "cost", "unit": "EUR", "by_treatment": {"drug_a": "price"}, "at_entry": {"dead": 1000}},
        },
    }
)  # fmt: skip


def test_each_part_is_told():
    told = explain_states(
        STATES, WAYS, start={"well": 0.7, "ill": "share"}, values=VALUES, time_unit="months"
    ).split("\n")
    assert told == [
        "Patients begin 0.7 in well, share in very ill.",
        "1. From well to very ill: exponential with rate onset, by time since entry.",
        "2. From very ill to dead: piecewise exponential with breaks (50, 60, 70, 80, 90, 100 and 1 more), rates (0.1, 0.1, 0.1, "
        "0.1, 0.1, 0.1 and 2 more), by age (age), times exp(0.3 x sex), times the frailty z, one latent time of the patient, "
        "other, under every strategy.",
        "3. From very ill to cured: weibull, one in each of 3 draws, by time since the start, in months, only while a treatment "
        "that acts on it is in force, no progression.",
        "Nobody leaves cured, alive.",
        "Life is counted plain and discounted at 0.03 a year, by the year.",
        "Counted: quality (quality, in months).",
        "   by state, a month: very ill 0.6.",
        "   in very ill under drug a: 0.7 instead.",
        "   multiplied between breaks of age (age) (65) by (1, 0.9).",
        "Counted: cost (cost, in EUR, discounted at 0.03 a year, by the year).",
        "   while given, on top: drug a price.",
        "   once at entry: dead 1000.",
    ]


def test_the_picture_begins_where_patients_do():
    rows = ways_of(STATES, WAYS, {"ill": 1.0})
    assert rows[0]["source"] == "very ill" and [r["number"] for r in rows] == [2, 3, 1]
    assert [r["death"] for r in rows] == [True, False, False]
