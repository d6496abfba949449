"""Figures draw what the results say, from the results' own origins; every option of a picture is told."""

from __future__ import annotations

from typing import Any

import matplotlib
import numpy as np
import pytest

matplotlib.use("Agg")

from survsim import Surv, kaplan_meier
from survsim.core.steps import Steps
from survsim.errors import InputError
from survsim.figures.curves import draw_band
from survsim.figures.drawing import DRAWERS, ELSEWHERE
from survsim.figures.style import new_axes
from tests.helpers.every_result import FRAME, every_class, example, examples

SIX = Surv.right([2.0, 3.0, 5.0, 7.0, 8.0, 9.0], [1, 1, 1, 1, 0, 1], unit="months")


def by_gid(ax: Any, gid: str) -> Any:
    return next(a for a in [*ax.lines, *ax.collections] if a.get_gid() == gid)


def drawn(ax: Any, gid: str) -> tuple[np.ndarray, np.ndarray]:
    line = by_gid(ax, gid)
    return np.asarray(line.get_xdata()), np.asarray(line.get_ydata())


def edges(ax: Any, gid: str, time: float) -> tuple[float, float]:
    """Lower and upper edge of a band just after `time`, read from its outline; NaN where it is not drawn."""
    found = []
    for path in by_gid(ax, gid).get_paths():
        x, y = path.vertices.T
        for k in range(len(x) - 1):
            low, high = sorted((x[k], x[k + 1]))
            if low <= time + 1e-6 < high:
                found.append(np.interp(time + 1e-6, [x[k], x[k + 1]][:: 1 if x[k] < x[k + 1] else -1],
                                       [y[k], y[k + 1]][:: 1 if x[k] < x[k + 1] else -1]))  # fmt: skip
    return (min(found), max(found)) if found else (np.nan, np.nan)


def test_a_beta_product_band_begins_where_its_result_says():
    km = kaplan_meier(SIX, conf_type="beta-product")
    curve = km.steps()
    assert curve.conf_low[0] == km.conf_start[0] == pytest.approx(0.5407, abs=1e-4)
    ax = km.plot()
    assert edges(ax, "band:all", 0.0) == pytest.approx((km.conf_start[0], 1.0))
    other = kaplan_meier(SIX, conf_type="log-log").plot(second_band=km)
    x, y = drawn(other, "second:low:all")
    assert (x[0], y[0]) == (0.0, km.conf_start[0])


@pytest.mark.parametrize(
    "conf_type", ["log-log", "log", "plain", "logit", "arcsine", "likelihood", "beta-product"]
)
def test_the_band_is_drawn_over_every_step_that_has_both_limits(conf_type):
    km = kaplan_meier(SIX, conf_type=conf_type)
    curve, ax = km.steps(), km.plot()
    for k, time in enumerate(curve.time[:-1]):
        low, high = curve.conf_low[k], curve.conf_high[k]
        shown = edges(ax, "band:all", time), edges(ax, "band:all", (time + curve.time[k + 1]) / 2)
        for pair in shown:
            np.testing.assert_allclose(
                pair, (low, high) if np.isfinite(low + high) else (np.nan, np.nan), atol=1e-9
            )


def test_a_step_between_steps_without_limits_is_drawn_whole_and_alone():
    nan = np.nan
    curve = Steps(
        time=np.arange(5.0),
        estimate=np.linspace(1, 0.2, 5),
        conf_low=np.array([nan, 0.6, nan, 0.2, 0.1]),
        conf_high=np.array([1.0, 0.9, 1.0, nan, 0.4]),
        unit="months",
    )
    ax = new_axes()
    draw_band(ax, curve, gid="b")
    first, last = by_gid(ax, "b").get_paths()
    assert set(map(tuple, first.vertices.round(6))) == {(1.0, 0.6), (2.0, 0.6), (2.0, 0.9), (1.0, 0.9)}
    assert set(last.vertices[:, 0]) == {4.0}


def test_curves_are_drawn_as_their_results_give_them():
    pairs = [(name, group) for name in ("KaplanMeier", "NelsonAalen", "BaselineHazard", "PredictedSurvival",
             "SimultaneousBand", "IntervalCensoredSurvival", "IpwKaplanMeier", "StandardisedSurvival",
             "SimulatedSurvival", "SurvivalPrediction") for group in labels(name)]  # fmt: skip
    for name, group in pairs:
        made = example(name)
        curve, (x, y) = made.steps(group), drawn(made.plot(), f"curve:{group}")
        k = min(len(x), len(curve.time)) - (name in ("IpwKaplanMeier", "StandardisedSurvival"))
        np.testing.assert_array_equal(x[:k], curve.time[:k], name)
        np.testing.assert_array_equal(y[:k], curve.estimate[:k], name)
    for made, first, second in (
        (example("AalenJohansen"), "groups", "causes"),
        (example("PredictedIncidence"), "labels", "causes"),
    ):
        for one in getattr(made, first):
            cause = getattr(made, second)[0]
            gid = f"curve:{one}:{cause}" if first == "groups" else f"curve:{one}"
            x, y = drawn(made.plot(), gid)
            np.testing.assert_array_equal(x, made.steps(one, cause).time)
            np.testing.assert_array_equal(y, made.steps(one, cause).estimate)


def labels(name: str) -> Any:
    made = example(name)
    if hasattr(made, "curve_groups"):
        return made.curve_groups()
    if hasattr(made, "groups"):
        return made.groups
    return made.strategies if hasattr(made, "strategies") else range(made.survival.shape[0])


@pytest.mark.parametrize(
    ("name", "labels", "start"),
    [
        ("KaplanMeier", ("no",), 1.0), ("NelsonAalen", ("no",), 0.0), ("AalenJohansen", ("no", "tumour"), 0.0),
        ("MultistateOccupancy", (None, "well"), 1.0), ("PredictedIncidence", (0, "tumour"), 0.0),
        ("PooledSurvivalCurve", (None,), 1.0), ("PooledSurvivalCurve", ("prediction",), 1.0),
        ("IpwKaplanMeier", ("no",), 1.0), ("BaselineHazard", (None,), 1.0), ("IntervalCensoredSurvival", (None,), 1.0),
    ],
)  # fmt: skip
def test_curves_begin_at_their_origin(name, labels, start):
    made = example(name)
    curve = made.steps(*labels)
    assert (curve.time[0], curve.estimate[0]) == (0.0, start)
    assert (np.diff(curve.time) > 0).all() and not curve.time.flags.writeable
    assert curve.unit == "months"


def test_a_simultaneous_band_has_no_origin_but_its_stretch():
    band = example("SimultaneousBand")
    assert band.steps("no").time[0] >= band.start[0] > 0


def test_a_prediction_steps_where_its_curve_is_known_and_is_joined_elsewhere():
    fit, frame = example("CoxFit"), FRAME.head(1)
    assert fit.predict_survival(frame).steps(0).joined == "steps"
    some = fit.predict_survival(frame, [12.0, 6.0])
    assert (some.steps(0).joined, some.steps(0).time.tolist()) == ("lines", [0.0, 6.0, 12.0])
    assert float(some.steps(0).at(6.0)) == some.survival[0, 1]


def test_values_are_read_from_a_curve():
    km = kaplan_meier(SIX, conf_type="beta-product")
    curve = km.steps()
    assert curve.at([0.0, 1.9, 2.0, 6.0]).tolist() == [1.0, 1.0, km.estimate[0], km.estimate[2]]
    assert float(curve.at(1.0, "conf_low")) == km.conf_start[0]
    line = Steps(time=np.array([0.0, 2.0]), estimate=np.array([1.0, 0.5]), unit="years", joined="lines")
    assert line.at([1.0, 3.0]).tolist()[0] == 0.75 and np.isnan(line.at(3.0))
    with pytest.raises(InputError, match="group must be one of 'no', 'yes'; got None"):
        example("KaplanMeier").steps()


def test_interval_censored_survival_lies_between_its_earliest_and_latest_fall():
    found = example("IntervalCensoredSurvival")
    curve = found.steps()
    for low, high, after in zip(found.low, found.high, found.survival):
        if np.isfinite(high):
            assert float(curve.at(high)) == pytest.approx(after)
        assert float(curve.at(low, "conf_low")) <= float(curve.at(low, "conf_high"))


NAMES = [cls.__name__ for cls in every_class()]


def pictured(name: str) -> bool:
    for cls in type(example(name)).__mro__:
        if cls.__name__ in DRAWERS or cls.__name__ in ELSEWHERE:
            return cls.__name__ in DRAWERS
    raise AssertionError(f"{name} has neither a picture nor a word on where one is")


@pytest.mark.parametrize("name", [n for n in NAMES if n != "FittedCox"])
def test_every_result_has_a_picture_with_told_options_or_says_where_one_is(name):
    for made in examples(name):
        method = type(made).plot
        if not pictured(name):
            with pytest.raises(InputError, match=r"no picture of its own; .*(\.plot\(\)|survsim\.figures\.)"):
                made.plot()
            assert ".plot()" in (method.__doc__ or "") or "survsim.figures." in (method.__doc__ or "")
            continue
        ax = made.plot()
        one = ax[0] if isinstance(ax, list) else ax
        assert one.lines or one.collections or one.patches
        if one is ax:
            assert made.plot(ax) is ax
        with pytest.raises(InputError, match=r"has no option 'colour_of_the_sky'; it has ax[,.]"):
            made.plot(colour_of_the_sky=1)


def test_a_wrong_option_is_answered_with_the_right_ones():
    km = example("KaplanMeier")
    with pytest.raises(
        InputError, match=r"KaplanMeier.plot has no option 'bands'; did you mean 'band'\? It has ax, end"
    ):
        km.plot(bands=False)
    with pytest.raises(
        InputError, match=r"ax must be matplotlib axes .*got bool. Options are given by name: endpoint"
    ):
        km.plot(True)


def test_a_notebook_completes_the_options():
    jedi = pytest.importorskip("jedi")
    found = {c.name for c in jedi.Interpreter("km.plot(", [{"km": example("KaplanMeier")}]).complete()}
    assert {"band=", "risk_table=", "until="} <= found


def test_pictures_that_are_named_exist():
    from survsim.core.upward import load

    for place in DRAWERS.values():
        assert callable(load(f"survsim.figures.{place}"))
    assert not set(DRAWERS) & set(ELSEWHERE)
    assert set(DRAWERS) | set(ELSEWHERE) <= set(NAMES)
