"""The drawn values of forest, funnel and pooled-curve figures are those of the results."""

import numpy as np
import pytest

from survsim import Surv, cox_ph, effect_sizes, meta_analysis, pooled_survival_curve, small_study_tests
from survsim.errors import InputError
from survsim.figures.forest_rows import ForestRow, numbers
from survsim.synthesis import leave_one_out
from tests.helpers.pictures import faults


def lines(ax):
    return {line.get_gid(): line for line in ax.get_lines() if line.get_gid()}


def test_forest_shows_studies_diamond_and_prediction():
    pooled = meta_analysis([-0.36, -0.22, -0.51, -0.05], [0.12, 0.15, 0.21, 0.11], labels=list("ABCD"))
    ax = pooled.plot(sides=("favours A", "favours B"), title="Trials")
    drawn = lines(ax)
    assert drawn["estimate:C"].get_xdata()[0] == pytest.approx(np.exp(-0.51))
    assert drawn["interval:New study (prediction)"].get_xdata() == pytest.approx(
        np.exp([pooled.prediction_low, pooled.prediction_high])
    )
    diamond = next(p for p in ax.patches if p.get_gid() == "pooled:Pooled mean")
    xs = diamond.get_path().vertices[:, 0]
    assert (xs.min(), xs.max()) == pytest.approx(tuple(np.exp([pooled.conf_low, pooled.conf_high])))
    words = [t.get_text() for t in ax.texts]
    assert any(w.startswith("τ²") for w in words)
    assert ax.get_xscale() == "log"


def test_forest_on_the_scale_as_it_is_and_sorted():
    pooled = meta_analysis([2.0, 5.0, 3.0], [1.0, 1.0, 1.0], labels=list("ABC"))
    ax = pooled.plot(ratio=False, measure="Months gained", sort=True)
    drawn = lines(ax)
    rows = [drawn[f"estimate:{name}"].get_ydata()[0] for name in "ACB"]
    assert rows == sorted(rows)
    assert ax.get_xlabel() == "Months gained"


def test_effects_too_large_for_ratios_are_refused():
    with pytest.raises(InputError, match="pass ratio=False"):
        meta_analysis([400.0, 500.0, 450.0], [10.0, 10.0, 10.0]).plot()


def test_effect_sizes_mark_what_is_flagged():
    rows = [
        {"hazard_ratio": 0.7, "conf_low": 0.5, "conf_high": 0.98, "label": "fits"},
        {"hazard_ratio": 0.68, "conf_low": 0.54, "conf_high": 0.8, "label": "odd"},
    ]
    drawn = lines(effect_sizes(rows).plot())
    assert drawn["estimate:fits"].get_xdata()[0] == pytest.approx(0.7)
    assert "estimate:odd *" in drawn


LONG = "Smith and all authors of the cooperative group for rare cancers of the north and south, phase II, cohort "


def last_lines(ax):
    """What stands in the last two lines of each row's label, on one line."""
    return [" ".join(t.get_text().split("\n")[-2:]) for t in ax.texts if t.get_ha() == "right"]


@pytest.mark.parametrize("size", [{}, {"height": "140mm"}], ids=["grows", "fixed height"])
def test_a_long_name_in_a_narrow_forest_leaves_its_numbers(size):
    pooled = meta_analysis([-0.36, -0.22, -0.51], [0.12, 0.15, 0.21], labels=[LONG + c for c in "ABC"])
    ax = pooled.plot(width="85mm", **size)
    frame = pooled.to_frame()
    for shown, row in zip(last_lines(ax), frame[frame["kind"] == "study"].to_dict("records")):
        ends = {k: float(np.exp(row[k])) for k in ("estimate", "conf_low", "conf_high")}
        assert shown.endswith(f"{numbers(ForestRow(label='', **ends))}, {row['weight']:.0%}")
    assert any("…" in t.get_text() for t in ax.texts)
    assert faults(ax.figure) == []


def test_a_forest_too_low_for_a_name_and_its_numbers_says_how_high_it_must_be():
    pooled = meta_analysis([-0.36, -0.22, -0.51], [0.12, 0.15, 0.21])
    with pytest.raises(InputError, match=r"has no room for this picture with its words; make it \d+ mm high"):
        pooled.plot(width="85mm", height="40mm")


def test_the_mark_of_a_study_that_moves_the_mean_outlasts_its_name():
    result = leave_one_out(meta_analysis([0.1, 0.1, 0.1, 2.0], [0.1] * 4, labels=[LONG + c for c in "ABCD"]))
    ax = result.plot(width="85mm")
    rows = [t.get_text() for t in ax.texts if t.get_text().startswith("without")]
    assert [" *" in row for row in rows] == list(result.is_influential)
    assert result.is_influential.any()


@pytest.mark.parametrize("limits", [(-1, 1.1), (0, 3), (2, 0.5), (1, 1), (0.5, float("inf"))])
def test_limits_of_a_ratio_axis_that_are_none_are_refused(limits):
    fit = cox_ph(Surv.right([2.0, 3, 5, 9], [1, 1, 1, 1], unit="months"), "x", {"x": [0, 1, 0, 1]})
    for result in (fit, meta_analysis([-0.3, -0.2, -0.4], [0.2, 0.3, 0.2])):
        with pytest.raises(
            InputError, match="limits must be two finite numbers, the lower first, both above 0"
        ):
            result.plot(limits=limits)
    assert fit.plot(limits=(0.2, 4)).get_xlim() == (0.2, 4)
    plain = meta_analysis([-0.3, -0.2, -0.4], [0.2, 0.3, 0.2])
    assert plain.plot(ratio=False, measure="Months", limits=(-1, 1.1)).get_xlim() == (-1, 1.1)


def test_funnel_opens_downwards_with_filled_studies_apart():
    s = np.linspace(0.05, 0.6, 14)
    ax = small_study_tests(meta_analysis(-1.5 * s + 0.05 * np.cos(np.arange(14)), s)).plot()
    low, high = ax.get_ylim()
    assert low > high == 0.0
    assert len(ax.collections) == 3


def test_pooled_curve_passes_through_its_values():
    curve = pooled_survival_curve(
        ["A", "A", "B", "B"],
        [12, 24, 12, 24],
        [0.8, 0.6, 0.7, 0.5],
        [100, 78, 50, 33],
        unit="months",
        effects="fixed",
    )
    ax = curve.plot(title="Two studies")
    line = next(line for line in ax.get_lines() if line.get_label() == "pooled mean")
    np.testing.assert_allclose(line.get_ydata()[1:], curve.survival)
    assert ax.get_xlabel() == "Time (months)"


@pytest.mark.filterwarnings("ignore:2 studies:survsim.core.errors.SmallSampleWarning")
def test_no_power_of_ten_stands_in_the_picture():
    pooled = meta_analysis([-0.25, -0.25], [0.2, 0.22], labels=["A", "B"])
    (line,) = [t.get_text() for t in pooled.plot().texts if t.get_text().startswith("τ²")]
    assert "e-" not in line and "<0.001 to" in line
