"""Dose arithmetic, myelopathy models and re-irradiation criteria against published and hand values."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from survsim.core.errors import ExtrapolationWarning, InputError
from survsim.simulation.cord_biology.myelopathy import (
    MODELS,
    MyelopathySettings,
    lyman_kutcher_burman,
    myelopathy_risk,
    schultheiss,
)
from survsim.simulation.cord_biology.radiobiology import Course, Recovery, bed, cumulative_eqd2, eqd2
from survsim.simulation.cord_biology.reirradiation import SBRT_LIMITS, reirradiation_criteria, sbrt_criterion

FIRST = Course(dose_per_fraction=2.0, fractions={"first_target": 22})
SECOND = Course(
    dose_per_fraction=2.0, fractions={"first_target": 10, "elsewhere": 20}, months_since_previous=4.0
)


def test_hand_values() -> None:
    assert bed(30.0, 10, 2.0) == 75.0
    assert eqd2(30.0, 10, 2.0) == 37.5
    assert eqd2(20.0, 5, 2.0) == 30.0
    assert eqd2(8.0, 1, 2.0) == 20.0
    assert eqd2(45.0, 25, 0.87) == pytest.approx(41.8641, abs=5e-5)


def test_eqd2_is_bed_over_its_factor_and_two_gray_is_itself() -> None:
    dose, n = np.array([10.0, 44.0, 60.0]), np.array([5, 22, 40])
    assert np.allclose(eqd2(dose, n, 3.0), bed(dose, n, 3.0) / (1 + 2 / 3.0))
    assert eqd2(44.0, 22, 0.87) == pytest.approx(44.0)


def test_stereotactic_limits_are_one_constraint_in_eqd2() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExtrapolationWarning)
        found = [float(eqd2(d, n, 2.0)) for n, d in SBRT_LIMITS.items()]
    assert found == pytest.approx([44.640, 44.625, 44.491, 44.562, 44.655], abs=1e-3)


def test_large_fractions_warn() -> None:
    with pytest.warns(ExtrapolationWarning, match="12 Gy per fraction is beyond the range"):
        eqd2(12.0, 1, 2.0)


@pytest.mark.parametrize(
    ("dose", "n", "ab", "message"),
    [
        (-1.0, 5, 2.0, "dose must be finite and at least 0"),
        (10.0, 0, 2.0, "fractions must be at least 1"),
        (10.0, 5, 0.0, "alpha_beta must be above 0"),
    ],
)
def test_bad_doses(dose: float, n: int, ab: float, message: str) -> None:
    with pytest.raises(InputError, match=message):
        bed(dose, n, ab)


def test_courses_that_overlap_in_part() -> None:
    assert cumulative_eqd2([FIRST, SECOND], 2.0) == {"elsewhere": 40.0, "first_target": 64.0}
    recovery = Recovery(after=(3.0, 12.0), share=(0.25, 0.5))
    assert cumulative_eqd2([FIRST, SECOND], 2.0, recovery=recovery)["first_target"] == pytest.approx(53.0)


def test_bad_courses_and_recovery() -> None:
    with pytest.raises(InputError, match="kind must be conventional or stereotactic"):
        Course(dose_per_fraction=2.0, fractions={"a": 1}, kind="proton")
    with pytest.raises(InputError, match="dose per fraction above 0"):
        Course(dose_per_fraction=0.0, fractions={"a": 1})
    with pytest.raises(InputError, match="months_since_previous is an interval"):
        Course(dose_per_fraction=2.0, fractions={"a": 1}, months_since_previous=-1.0)
    with pytest.raises(InputError, match=r"dose per fraction above 0 .*got nan Gy"):
        Course(dose_per_fraction=float("nan"), fractions={"a": 1})
    with pytest.raises(InputError, match=r"at least 0 and finite.*got nan"):
        Course(dose_per_fraction=2.0, fractions={"a": 1}, months_since_previous=float("nan"))
    with pytest.raises(InputError, match="increasing intervals"):
        Recovery(after=(6.0, 3.0), share=(0.1, 0.2))
    with pytest.raises(InputError, match="do not fall"):
        Recovery(after=(3.0, 6.0), share=(0.5, 0.2))


def test_published_points_of_the_models() -> None:
    assert schultheiss([45.0, 50.0, 59.3]) == pytest.approx([0.0003, 0.00215, 0.05], rel=5e-3)
    assert schultheiss(69.4) == pytest.approx(0.5)
    assert schultheiss(0.0) == 0.0
    assert lyman_kutcher_burman([45.0, 50.0, 60.0]) == pytest.approx([0.0323, 0.0781, 0.2882], abs=5e-5)
    assert lyman_kutcher_burman(0.0) == 0.0


def test_models_come_side_by_side_with_their_own_alpha_beta() -> None:
    risk = myelopathy_risk(45.0, 25)
    assert set(risk) == set(MODELS)
    assert risk["schultheiss_2008"] == pytest.approx(float(schultheiss(41.8641)), rel=1e-4)
    assert risk["lyman_burman_1991"] > 50 * risk["schultheiss_2008"]


def test_one_model_alone_is_refused() -> None:
    onset = {"family": "exponential", "rate": 0.1}
    with pytest.raises(ValueError, match="at least two models"):
        MyelopathySettings(models=("schultheiss_2008",), onset=onset, assumption="declared for the test")
    with pytest.raises(ValueError, match="acts_by names one of the models run"):
        MyelopathySettings(onset=onset, assumption="declared for the test", acts_by="other")


def test_a_conventional_second_course_is_outside_hytec_and_inside_nieder() -> None:
    found = {(c.source, c.criterion): c for c in reirradiation_criteria([FIRST, SECOND], "first_target")}
    assert {c.verdict for (s, _), c in found.items() if s == "HyTEC 2021"} == {"outside domain"}
    assert found["Nieder 2006", "cumulative dose"].value == pytest.approx(128.0)
    assert found["Nieder 2006", "cumulative dose"].verdict == "not met"
    assert found["Nieder 2006", "cumulative dose, small risk"].verdict == "met"
    assert found["Nieder 2006", "highest course"].verdict == "met"
    assert found["Nieder 2006", "interval"].verdict == "not met"


def test_lumbar_cord_has_its_own_alpha_beta() -> None:
    found = reirradiation_criteria([FIRST, SECOND], "first_target", cord="lumbar")
    assert next(c for c in found if c.source == "Nieder 2006").value == pytest.approx(64.0 * 1.5)


def test_hytec_inside_its_domain() -> None:
    first = Course(dose_per_fraction=2.0, fractions={"cord": 22})
    second = Course(
        dose_per_fraction=3.0, fractions={"cord": 5}, months_since_previous=6.0, kind="stereotactic"
    )
    found = {
        c.criterion: c for c in reirradiation_criteria([first, second], "cord") if c.source == "HyTEC 2021"
    }
    assert found["dose of the second course"].value == pytest.approx(15 * 5 / 4)
    assert {c.verdict for c in found.values()} == {"met"}
    nieder = [c for c in reirradiation_criteria([first, second], "cord") if c.source == "Nieder 2006"]
    assert {c.verdict for c in nieder} == {"outside domain"}


def test_criteria_ask_for_two_courses_and_an_interval() -> None:
    with pytest.raises(InputError, match="judge two courses; got 1"):
        reirradiation_criteria([FIRST], "first_target")
    with pytest.raises(InputError, match="needs months_since_previous"):
        reirradiation_criteria([FIRST, FIRST], "first_target")
    with pytest.raises(InputError, match="cord must be one of"):
        reirradiation_criteria([FIRST, SECOND], "first_target", cord="sacral")
    with pytest.raises(InputError, match="the region 'nowhere'; regions: elsewhere, first_target"):
        reirradiation_criteria([FIRST, SECOND], "nowhere")


def test_table_for_a_first_stereotactic_course() -> None:
    def course(n: int, **changes: object) -> Course:
        return Course(
            **{"dose_per_fraction": 4.0, "fractions": {"cord": n}, "kind": "stereotactic", **changes}
        )

    assert sbrt_criterion(course(5), "cord").verdict == "met"
    assert sbrt_criterion(course(5, dose_per_fraction=6.0), "cord").verdict == "not met"
    assert "1 to 5 fractions, not 8" in sbrt_criterion(course(8), "cord").reason
    assert "first course" in sbrt_criterion(course(3, months_since_previous=7.0), "cord").reason
    assert "stereotactic courses" in sbrt_criterion(FIRST, "first_target").reason


def test_recovery_needs_every_interval_and_meets_it_in_its_last_bits() -> None:
    recovery = Recovery(after=(6.0,), share=(0.5,))
    course = Course(dose_per_fraction=2.0, fractions={"a": 10})
    assert cumulative_eqd2([course, course], 2.0)["a"] == 40.0
    with pytest.raises(InputError, match="course 2 has no months_since_previous"):
        cumulative_eqd2([course, course], 2.0, recovery=recovery)
    later = Course(
        dose_per_fraction=2.0, fractions={"a": 10}, months_since_previous=0.6 / 0.1
    )  # 5.999999999999999
    assert cumulative_eqd2([course, later], 2.0, recovery=recovery)["a"] == 30.0


@pytest.mark.parametrize(
    "call",
    [
        lambda: Recovery(after=("x",), share=(0.5,)),
        lambda: Recovery(after=(np.nan,), share=(0.5,)),
        lambda: Recovery(after=(-6.0,), share=(0.5,)),
        lambda: Recovery(after=None, share=None),
        lambda: Course(dose_per_fraction="2", fractions={"a": 1}),
        lambda: Course(dose_per_fraction=2.0, fractions=[1]),
        lambda: Course(dose_per_fraction=2.0, fractions={"a": "1"}),
        lambda: cumulative_eqd2([3], 2.0),
        lambda: cumulative_eqd2(FIRST, 2.0),
        lambda: eqd2("30", 10, alpha_beta=2.0),
        lambda: eqd2(30.0, 10, alpha_beta="2"),
        lambda: eqd2([30.0, 20.0], [10, 5, 4], alpha_beta=2.0),
    ],
)
def test_what_is_no_dose_is_refused(call) -> None:
    with pytest.raises(InputError):
        call()
