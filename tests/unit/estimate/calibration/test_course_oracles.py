"""Endpoints of a course against published oracles, closed forms, matrix exponentials and simulated patients."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import expm
from scipy.optimize import brentq, fsolve

from survsim.calibration import (
    Cohort,
    CourseModel,
    Endpoint,
    TransitionHazard,
    TreatmentEffect,
    endpoint_median,
    endpoint_probability,
)
from survsim.errors import InputError
from survsim.kernels import illness_death
from tests.helpers import plain_course

LO = 0.013
ALL = Cohort(name="all")
AFTER = Cohort(name="after progression", start="progressed")
PFS = Endpoint(kind="event_free", states=("controlled",))
OS = Endpoint(kind="event_free", states=("controlled", "progressed"))
SURVIVAL_AFTER = Endpoint(kind="event_free", states=("progressed",))
TIMES = [6.0, 12.0, 24.0]


def course(frailty="v", **more):
    arrow = {"controlled>progressed": ("lp", True), "progressed>tumour": ("ld", True)}
    arrow |= {"controlled>other": ("lo", False), "progressed>other": ("lo", False)}
    return CourseModel(
        states=("controlled", "progressed", "tumour", "other"),
        transitions=tuple(
            TransitionHazard(source=k.split(">")[0], target=k.split(">")[1], rate=r, frailty=f)
            for k, (r, f) in arrow.items()
        ),
        start="controlled",
        frailty_variance=frailty,
        unit="months",
        **more,
    )


@pytest.mark.parametrize(
    ("v", "lp", "ld", "survival", "tolerance"),
    [
        (0.0, 0.0403190, 0.2399734, [0.828602, 0.624183, 0.333834], 6e-7),
        (0.42, 0.0451014, 0.2440569, [0.811137, 0.615717, 0.359267], 6e-7),
    ],
)
def test_the_calibrated_rows_of_the_oracle(v, lp, ld, survival, tolerance):
    values = {"lp": lp, "ld": ld, "lo": LO, "v": v}
    model = course()
    assert endpoint_median(model, ALL, PFS, values, horizon=60) == pytest.approx(13.0, abs=1e-4)
    assert endpoint_median(model, AFTER, SURVIVAL_AFTER, values, horizon=60) == pytest.approx(2.74, abs=2e-5)
    np.testing.assert_allclose(endpoint_probability(model, ALL, OS, TIMES, values), survival, atol=tolerance)


def test_medians_plugged_in_as_hazards_are_wrong_by_the_published_amount():
    values = {"lp": np.log(2) / 13.0, "ld": np.log(2) / 2.74, "lo": LO, "v": 0.0}
    model = course()
    assert endpoint_median(model, ALL, PFS, values, horizon=60) == pytest.approx(10.45, abs=5e-3)
    assert endpoint_median(model, AFTER, SURVIVAL_AFTER, values, horizon=60) == pytest.approx(2.61, abs=5e-3)
    assert endpoint_median(model, ALL, OS, values, horizon=60) == pytest.approx(13.82, abs=5e-3)
    assert endpoint_probability(model, ALL, OS, [12.0], values)[0] == pytest.approx(0.560729, abs=6e-7)
    calibrated = {"lp": 0.0403190, "ld": 0.2399734, "lo": LO, "v": 0.0}
    assert endpoint_median(model, ALL, OS, calibrated, horizon=60) == pytest.approx(16.33, abs=5e-3)


def test_calibrating_to_the_two_medians_gives_the_published_hazards():
    model = course()

    def gap(log_hazards, v):
        values = {"lp": np.exp(log_hazards[0]), "ld": np.exp(log_hazards[1]), "lo": LO, "v": v}
        return [
            endpoint_median(model, ALL, PFS, values, horizon=60) - 13.0,
            endpoint_median(model, AFTER, SURVIVAL_AFTER, values, horizon=60) - 2.74,
        ]

    for v, truth in ((0.0, (0.0403190, 0.2399734)), (0.42, (0.0451014, 0.2440569))):
        found = np.exp(fsolve(gap, np.log([0.05, 0.2]), args=(v,), xtol=1e-10))
        np.testing.assert_allclose(found, truth, atol=6e-8)


def test_the_closed_forms_agree_with_the_oracle_and_with_the_grid():
    for v, lp, ld in ((0.0, 0.0403190, 0.2399734), (0.42, 0.0451014, 0.2440569), (0.8, 0.05, 0.05)):
        values = {"lp": lp, "ld": ld, "lo": LO, "v": v}
        t = np.array([1.0, 6.0, 12.0, 24.0, 60.0])
        for cohort, endpoint, closed in (
            (ALL, PFS, illness_death.progression_free(t, lp, LO, v)),
            (ALL, OS, illness_death.overall(t, lp, ld, LO, v)),
            (AFTER, SURVIVAL_AFTER, illness_death.after_progression(t, lp, ld, LO, v)),
        ):
            np.testing.assert_allclose(
                endpoint_probability(course(), cohort, endpoint, t, values), closed, atol=2e-6
            )
    assert brentq(
        lambda t: illness_death.after_progression(t, 0.0451014, 0.2440569, LO, 0.42) - 0.5, 1, 9
    ) == (pytest.approx(2.74, abs=1e-6))


def test_the_illness_death_oracle_by_quadrature():
    """Weibull to progression, clock-reset Weibull after it, constant other death (methods, section 7)."""
    model = CourseModel(
        states=("0", "1", "2"),
        transitions=(
            TransitionHazard(source="0", target="1", shape=1.2, scale=3.0),
            TransitionHazard(source="0", target="2", rate=0.05),
            TransitionHazard(source="1", target="2", shape=0.8, scale=2.0),
        ),
        start="0",
        unit="years",
    )
    t = [1.0, 2.0, 5.0, 10.0]
    pfs = endpoint_probability(model, ALL, Endpoint(kind="event_free", states=("0",)), t)
    np.testing.assert_allclose(pfs, [0.72790807, 0.48932000, 0.12295413, 0.00873109], atol=1e-6)
    os = endpoint_probability(model, ALL, Endpoint(kind="event_free", states=("0", "1")), t)
    # A hazard that is infinite at entry (shape 0.8) costs the grid two digits.
    np.testing.assert_allclose(os, [0.89788738, 0.74610928, 0.34316725, 0.07386341], atol=4e-5)


def test_a_course_with_a_way_back_is_the_matrix_exponential():
    q = np.array([[-0.35, 0.30, 0.05], [0.15, -0.55, 0.40], [0.0, 0.0, 0.0]])
    model = CourseModel(
        states=("a", "b", "dead"),
        transitions=(
            TransitionHazard(source="a", target="b", rate=0.30),
            TransitionHazard(source="a", target="dead", rate=0.05),
            TransitionHazard(source="b", target="a", rate=0.15),
            TransitionHazard(source="b", target="dead", rate=0.40),
        ),
        start="a",
        unit="years",
    )
    for t in (0.5, 2.0, 8.0):
        truth = expm(q * t)[0]
        for state in ("a", "b"):
            found = endpoint_probability(model, ALL, Endpoint(kind="event_free", states=(state,)), [t])
            assert found[0] == pytest.approx(truth["ab".index(state)], abs=1e-7)
        dead = endpoint_probability(model, ALL, Endpoint(kind="incidence", event=("dead",)), [t])
        assert dead[0] == pytest.approx(truth[2], abs=1e-7)


def test_share_of_deaths_by_cause_and_time_to_progression():
    model, values = course(), {"lp": 0.04, "ld": 0.24, "lo": LO, "v": 0.0}
    share = endpoint_probability(model, ALL, Endpoint(kind="share", event=("other",)), [12.0], values)[0]
    alive = illness_death.overall(np.linspace(0, 12, 20001), 0.04, 0.24, LO)
    other = LO * np.trapezoid(alive, dx=12 / 20000)
    assert share == pytest.approx(other / (1 - alive[-1]), abs=1e-6)
    to_progression = Endpoint(kind="time_to", states=("controlled",), event=("progressed",))
    found = endpoint_probability(model, ALL, to_progression, [12.0], values)[0]
    assert found == pytest.approx(np.exp(-0.04 * 12), abs=1e-7)


def test_simulated_patients_of_a_treated_cohort_with_frailty():
    """Three in five get a hazard ratio of 0.4 on progression for nine months; frailty 0.6."""
    rng = np.random.default_rng(5)
    n, parts = 400_000, []
    for share, ratio in ((0.6, 0.4), (0.4, 1.0)):
        parts.append(
            plain_course.illness_death(
                rng, int(n * share), lp=0.06, ld=0.3, lo=0.02, v=0.6, ratio=ratio, until=9.0
            )
        )
    progression, end, cause, _ = (np.concatenate(x) for x in zip(*parts))
    effect = TreatmentEffect(transition="controlled>progressed", hazard_ratio="hr", stop=9.0)
    cohort = Cohort.treated("series", {"drug": (0.6, (effect,))})
    values = {"lp": 0.06, "ld": 0.3, "lo": 0.02, "v": 0.6, "hr": 0.4}
    model = course()
    checks = [
        (PFS, np.minimum(progression, end)[:, None] > np.array(TIMES)),
        (OS, end[:, None] > np.array(TIMES)),
        (
            Endpoint(kind="incidence", event=("tumour",)),
            (cause == 2)[:, None] & (end[:, None] <= np.array(TIMES)),
        ),
    ]
    for endpoint, seen in checks:
        found = endpoint_probability(model, cohort, endpoint, TIMES, values)
        error = np.sqrt(seen.mean(axis=0) * (1 - seen.mean(axis=0)) / n)
        assert np.all(np.abs(found - seen.mean(axis=0)) < 4 * error)


def test_simulated_patients_who_regain_control():
    rng = np.random.default_rng(11)
    n = 200_000
    end, share, first = plain_course.with_control_regained(
        rng, n, shape=1.3, scale=10.0, regain=0.15, ld=0.2, lo=0.01, v=0.5
    )
    model = CourseModel(
        states=("controlled", "progressed", "tumour", "other"),
        transitions=(
            TransitionHazard(source="controlled", target="progressed", shape=1.3, scale=10.0, frailty=True),
            TransitionHazard(source="progressed", target="controlled", rate=0.15),
            TransitionHazard(source="progressed", target="tumour", rate=0.2, frailty=True),
            TransitionHazard(source="controlled", target="other", rate=0.01),
            TransitionHazard(source="progressed", target="other", rate=0.01),
        ),
        start="controlled",
        frailty_variance=0.5,
        unit="months",
    )
    for t in (6.0, 12.0, 30.0):
        for which, state in enumerate(("controlled", "progressed")):
            seen = share(t, which)
            found = endpoint_probability(model, ALL, Endpoint(kind="event_free", states=(state,)), [t])[0]
            assert abs(found - seen) < 4 * np.sqrt(seen * (1 - seen) / n)
        alive = np.mean(end > t)
        found = endpoint_probability(model, ALL, OS, [t])[0]
        assert abs(found - alive) < 4 * np.sqrt(alive * (1 - alive) / n)
    # Those who progress for the first time: early ones are the fast ones, whatever comes after.
    after = (end - first)[np.isfinite(first)]
    for t in (3.0, 6.0, 15.0):
        alive = np.mean(after > t)
        found = endpoint_probability(model, AFTER, OS, [t])[0]
        assert abs(found - alive) < 4 * np.sqrt(alive * (1 - alive) / after.size)


def test_an_effect_that_wanes_and_a_piecewise_hazard():
    model = CourseModel(
        states=("well", "dead"),
        transitions=(
            TransitionHazard(source="well", target="dead", breaks=(4.0,), rates=(0.1, 0.2), factors=(1.5,)),
        ),
        start="well",
        unit="months",
    )
    effect = TreatmentEffect(transition="well>dead", hazard_ratio=0.5, start=1.0, wanes_from=3.0, stop=9.0)
    alive = Endpoint(kind="event_free", states=("well",))
    found = endpoint_probability(model, Cohort(name="treated", groups=((1.0, (effect,)),)), alive, [12.0])[0]
    t = np.linspace(0, 12, 240_001)
    weight = np.where(t < 1, 0, np.where(t < 3, 1, np.where(t < 9, (9 - t) / 6, 0)))
    hazard = 1.5 * np.where(t < 4, 0.1, 0.2) * 0.5**weight
    assert found == pytest.approx(np.exp(-np.trapezoid(hazard, t)), abs=2e-5)


def test_a_course_that_does_not_hold_together_names_every_fault():
    with pytest.raises(InputError) as caught:
        CourseModel(
            states=("a", "b"),
            transitions=(
                TransitionHazard(source="a", target="b"),
                TransitionHazard(source="a", target="c", rate=0.1, shape=1.0),
                TransitionHazard(source="a", target="b", breaks=(3.0, 2.0), rates=(0.1,)),
            ),
            start="b",
            unit="months",
        )
    text = str(caught.value)
    for part in (
        "a>b needs one family",
        "'c' is none of a, b",
        "2 breaks need 3 rates",
        "must rise",
        "2 times",
        "start 'b'",
    ):
        assert part in text


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Cohort(name="c", groups=((0.5, ()),)), "sum to 1"),
        (lambda: Cohort.treated("c", {"drug": (1.2, ())}), "within 0 and 1"),
        (
            lambda: Cohort(
                name="c",
                groups=((1.0, (TreatmentEffect(transition="a>b", hazard_ratio=1, start=3, stop=2),)),),
            ),
            "start 3",
        ),
        (lambda: Endpoint(kind="median"), "one of event_free"),
        (lambda: endpoint_probability(course(), ALL, OS, [0.0], {}), "above 0"),
        (
            lambda: endpoint_probability(course(), ALL, OS, [1.0], {"lp": 0.1}),
            "no value was given for ld, lo, v",
        ),
        (
            lambda: endpoint_probability(
                course(), ALL, Endpoint(kind="time_to", states=("controlled",), event=("other",)), [1.0], {}
            ),
            "progressed>other enters the event from outside",
        ),
        (
            lambda: endpoint_median(course(), ALL, Endpoint(kind="share", event=("other",)), {}, horizon=5),
            "has none",
        ),
        (
            lambda: endpoint_probability(course(), Cohort(name="x", start="tumour"), OS, [1.0], {}),
            "no state that can be left",
        ),
    ],
)
def test_what_is_refused(make, words):
    with pytest.raises(InputError, match=words):
        make()


@pytest.mark.parametrize("way_back", [False, True])
@pytest.mark.parametrize("start", [None, "progressed"])
def test_a_mixed_cohort_is_its_groups_mixed(way_back, start):
    """Groups that go through the course together give what each gives alone."""
    back = (TransitionHazard(source="progressed", target="controlled", rate=0.1),) if way_back else ()
    model = CourseModel(
        states=("controlled", "progressed", "tumour", "other"),
        transitions=course().transitions + back,
        start="controlled",
        frailty_variance="v",
        unit="months",
    )
    early = TreatmentEffect(transition="controlled>progressed", hazard_ratio=0.5, stop=8.0)
    late = TreatmentEffect(transition="progressed>tumour", hazard_ratio=0.6)
    values = {"lp": 0.06, "ld": 0.3, "lo": 0.02, "v": 0.5}
    cohort = Cohort.treated("mixed", {"early": (0.7, (early,)), "late": (0.4, (late,))}, start=start)
    endpoint = OS if start is None else SURVIVAL_AFTER
    alone = sum(
        share
        * endpoint_probability(
            model, Cohort(name="one", groups=((1.0, effects),), start=start), endpoint, TIMES, values
        )
        for share, effects in cohort.groups
    )
    np.testing.assert_allclose(endpoint_probability(model, cohort, endpoint, TIMES, values), alone, rtol=1e-8)
