"""What is added to curves: read back from the axes, together, and with everything still in its place."""

from __future__ import annotations

import numpy as np
import pytest

from survsim import Surv, cox_ph, kaplan_meier, logrank_test
from survsim.errors import InputError
from survsim.figures import (
    add_censor_marks,
    add_group_labels,
    add_hazard_ratio,
    add_landmarks,
    add_medians,
    add_p_value,
    add_risk_table,
    facets,
)
from tests.helpers.pictures import faults

TIME = np.array([2.0, 5, 5, 8, 12, 20, 26, 30, 3, 7])
EVENT = np.array([1, 1, 0, 1, 0, 1, 0, 1, 1, 0])
ARM = np.array(["new", "old"] * 5)
SURV = Surv.right(TIME, EVENT, unit="months")


@pytest.fixture()
def km():
    return kaplan_meier(SURV, by=ARM)


@pytest.mark.parametrize("width", ["174mm", "85mm"])
@pytest.mark.parametrize(
    "names",
    [["Surgery alone", "Surgery and radiotherapy", "Surgery and chemotherapy", "Radiotherapy"], ["a", "b"]],
)
def test_panels_whose_legends_are_long_are_as_high_as_they_need(width, names):
    surv = Surv.right(np.tile(TIME, 4), np.tile(EVENT, 4), unit="months")
    one = kaplan_meier(surv, by=np.repeat(names, 40 // len(names)))
    axes = facets({"Uterus": one, "Ovary": one, "Spine": one}, width=width)
    assert min(ax.get_window_extent().height for ax in axes) >= 1.0 * axes[0].figure.dpi
    assert faults(axes[0].figure) == []


def words(ax, start):
    return {t.get_gid(): t.get_text() for t in ax.texts if str(t.get_gid()).startswith(start)}


def test_the_three_rows_of_the_table_count_the_patients(km):
    ax = add_risk_table(km.plot(risk_table=False, width="114mm"), km, rows=("at risk", "censored", "events"))
    for tick in ax.get_xticks():
        for group in ("new", "old"):
            mine = group == ARM
            shown = [
                int(words(ax, kind)[f"{kind}:{group}:{tick:g}"])
                for kind in ("risk", "censored-by", "events-by")
            ]
            assert shown == [
                (TIME[mine] >= tick).sum(),
                ((tick >= TIME) & (EVENT == 0))[mine].sum(),
                ((tick >= TIME) & (EVENT == 1))[mine].sum(),
            ]
    assert faults(ax.figure) == []


def test_the_numbers_of_tests_and_models_are_theirs(km):
    fit, test = cox_ph(SURV, "arm", {"arm": ARM}), logrank_test(SURV, ARM)
    ax = add_hazard_ratio(add_p_value(km.plot(), test), fit, words="old against new", p_value=True)
    low, high = np.exp(fit.limits())
    assert words(ax, "p-value") == {"p-value": f"Log-rank p = {test.p_value:.3f}"}
    assert words(ax, "hazard-ratio")["hazard-ratio"] == (
        f"Hazard ratio, old against new: {fit.hazard_ratio[0]:.2f} (95% CI {low[0]:.2f} to {high[0]:.2f}), "
        f"p = {fit.p_value[0]:.3f}"
    )


def test_landmarks_stand_on_the_curves(km):
    ax = add_landmarks(km.plot(), km, [6, 12])
    points = {line.get_gid(): line for line in ax.lines}
    for time in (6, 12):
        assert set(points[f"landmark:{time}"].get_xdata()) == {time}
        for group in ("new", "old"):
            assert points[f"landmark:{time}:{group}"].get_ydata()[0] == km.steps(group).at(time)
            assert (
                f"{100 * km.steps(group).at(time):.0f}%"
                in words(ax, f"survival:{time}:{group}")[f"survival:{time}:{group}"]
            )


def test_a_landmark_beyond_a_curve_is_not_invented():
    km = kaplan_meier(Surv.right([1, 2, 3, 9], [1, 1, 1, 1], unit="months"), by=["a", "a", "a", "b"])
    ax = add_landmarks(km.plot(), km, [5])
    assert set(words(ax, "survival")) == {"survival:5:b"}


def test_medians_and_marks_are_added_where_the_result_has_them(km):
    ax = add_censor_marks(add_medians(km.plot(medians=False, censor_ticks=False), km), km)
    found = {line.get_gid(): line for line in ax.lines}
    assert set(found["median:old"].get_xdata()) == {km.median().estimate[1]}
    assert "not reached" in words(ax, "median-words:new")["median-words:new"]
    np.testing.assert_array_equal(found["censored:old"].get_xdata(), [7.0])
    np.testing.assert_array_equal(found["censored:new"].get_xdata(), [5.0, 12.0, 26.0])


@pytest.mark.parametrize("width", ["85mm", "174mm"])
def test_everything_together_still_fits(km, width):
    ax = km.plot(width=width, risk_table=False, medians=False, title="All of it")
    add_p_value(ax, logrank_test(SURV, ARM))
    add_hazard_ratio(ax, cox_ph(SURV, "arm", {"arm": ARM}))
    add_medians(ax, km)
    add_landmarks(ax, km, [12])
    add_risk_table(ax, km, rows=("at risk", "events"))
    add_group_labels(ax, km, names={"new": "the new combination of two drugs"})
    assert ax.get_legend() is None
    assert faults(ax.figure) == []


def test_names_at_ends_are_pushed_apart():
    surv = Surv.right([1.0, 9, 9, 9, 9, 9, 9, 9], [1, 0, 0, 0, 0, 0, 0, 0], unit="months")
    km = kaplan_meier(surv, by=list("abcdabcd"))
    ax = add_group_labels(km.plot(width="85mm", height="90mm"), km)
    assert {t.get_text() for t in ax.texts if str(t.get_gid()).startswith("label")} == set("abcd")
    assert faults(ax.figure) == []


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda km, ax: add_p_value(ax, km), "KaplanMeier has no single p-value"),
        (lambda km, ax: add_p_value("axes", km), "ax must be axes with curves.*got str"),
        (lambda km, ax: add_risk_table(ax, km, rows=("dead",)), "risk_table must be one of 'at risk'"),
        (lambda km, ax: add_risk_table(ax, km, rows=()), "the table has no rows"),
        (lambda km, ax: add_landmarks(ax, km, []), "times must be positive, one at the least"),
        (lambda km, ax: add_landmarks(ax, km, [-1]), "times must be positive"),
        (lambda km, ax: add_hazard_ratio(ax, cox_ph(SURV, "arm", {"arm": ARM}), term="x"), "term must be one of"),
        (lambda km, ax: add_group_labels(ax.figure.add_axes((0, 0, 1, 1)), km), "none of the groups has a curve"),
        (lambda km, ax: facets({"a": km}, columns=0), "columns must"),
        (lambda km, ax: facets({}), "results is a dictionary with at least one panel"),
        (lambda km, ax: facets({"a": 3}), "the panel 'a' holds a int, which has no plot"),
    ],
)  # fmt: skip
def test_what_cannot_be_added_is_refused(km, call, message):
    with pytest.raises(InputError, match=message):
        call(km, km.plot())


def test_panels_share_their_axes_and_fit_beside_each_other(km):
    short = kaplan_meier(Surv.right([1, 2, 3], [1, 1, 1], unit="months"))
    wide = facets({"uterus": km, "ovary": short}, width="174mm")
    narrow = facets({"uterus": km, "ovary": short}, width="85mm")
    assert wide[0].get_xlim() == wide[1].get_xlim() == (0, 30)
    assert wide[0].get_position().y0 == pytest.approx(wide[1].get_position().y0)
    assert narrow[0].get_position().y0 > narrow[1].get_position().y1
    assert faults(wide[0].figure) == faults(narrow[0].figure) == []
