"""Curves read from pictures are held against the step functions that were drawn."""

from __future__ import annotations

import io

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from survsim.digitising.found import AxisPoint, Hints, Panel, Refused, Trace
from survsim.digitising.raster.inks import line_width
from survsim.digitising.raster.ocr import present
from survsim.digitising.raster.read import read_picture

Curve = tuple[np.ndarray, np.ndarray, float, np.ndarray]


def curve(seed: int, n: int, scale: float) -> Curve:
    """Times and survival after each drop, the end of follow-up, and censoring times of a simulated arm."""
    rng = np.random.default_rng(seed)
    event, leave = rng.exponential(scale, n), rng.uniform(20, 58, n)
    time, died = np.minimum(event, leave), event <= leave
    order = np.argsort(time)
    time, died = time[order], died[order]
    survival = np.cumprod(1 - died / np.arange(n, 0, -1))
    return np.r_[0.0, time[died]], np.r_[1.0, survival[died]], float(time[-1]), time[~died]


def pixels(figure: Figure, dpi: int) -> np.ndarray:
    """The figure as a picture."""
    buffer = io.BytesIO()
    figure.savefig(buffer, dpi=dpi)
    with Image.open(buffer) as picture:
        return np.asarray(picture.convert("RGB"))


def draw(
    arms: list[Curve],
    colours: list[str],
    dashes: list[str] | None = None,
    *,
    percent: bool = False,
    marks: bool = False,
):
    """A figure of arms and its axes."""
    figure = Figure(figsize=(6, 4.5), layout="constrained")
    axes = figure.subplots()
    top = 100 if percent else 1
    for k, (time, survival, end, censored) in enumerate(arms):
        dash = dashes[k] if dashes else "-"
        axes.step(
            np.r_[time, end],
            top * np.r_[survival, survival[-1]],
            where="post",
            color=colours[k],
            ls=dash,
            label=f"Arm {k}",
        )
        if marks:
            level = survival[np.searchsorted(time, censored, side="right") - 1]
            axes.plot(censored, top * level, ls="", marker="|", ms=7, color=colours[k])
    axes.set_ylim(0, 1.05 * top)
    axes.set_xlim(0, 60)
    axes.set_xlabel("Months")
    return figure, axes


def off(panel: Panel, trace: Trace, arm: Curve) -> float:
    """Mean absolute error in survival on 1,000 grid points."""
    grid = np.linspace(0, arm[2], 1000)
    time, value = panel.x_axis.value(trace.x), panel.y_axis.value(trace.y)
    value = value / (100 if max(v for _, v in panel.y_axis.ticks) > 1.5 else 1)
    seen = value[np.clip(np.searchsorted(time, grid, side="right") - 1, 0, None)]
    true = arm[1][np.searchsorted(arm[0], grid, side="right") - 1]
    return float(np.abs(seen - true).mean())


def check(panel: Panel, arms: list[Curve], least: float = 0.006) -> None:
    """As many traces as arms, each within `least` of one of them."""
    assert len(panel.traces) == len(arms)
    for arm in arms:
        assert min(off(panel, trace, arm) for trace in panel.traces) < least


ARMS = [curve(1, 90, 18.0), curve(2, 110, 40.0)]


@pytest.mark.parametrize("dpi", [100, 150, 300])
def test_two_colours_are_followed(dpi: int) -> None:
    figure, axes = draw(ARMS, ["tab:blue", "tab:red"])
    axes.legend()
    (panel,) = read_picture(pixels(figure, dpi))
    check(panel, ARMS)
    assert [value for _, value in panel.x_axis.ticks] == [0, 10, 20, 30, 40, 50, 60]


def test_percent_is_read_off_the_axis() -> None:
    figure, _ = draw(ARMS, ["black", "tab:orange"], percent=True)
    (panel,) = read_picture(pixels(figure, 150))
    check(panel, ARMS)
    assert max(value for _, value in panel.y_axis.ticks) == 100


def test_solid_and_dashed_of_one_black() -> None:
    figure, _ = draw(ARMS, ["black", "black"], ["-", "--"])
    (panel,) = read_picture(pixels(figure, 150))
    check(panel, ARMS)
    assert {trace.dash for trace in panel.traces} == {"solid", "dashed"}


def test_grey_panel_with_white_grid() -> None:
    with mpl.rc_context(
        {"axes.facecolor": "#ebebeb", "axes.edgecolor": "#ebebeb", "axes.grid": True, "grid.color": "white"}
    ):
        figure, _ = draw(ARMS, ["#F8766D", "#00BFC4"])
        (panel,) = read_picture(pixels(figure, 150))
    check(panel, ARMS)


def test_dark_slide() -> None:
    dark = {"figure.facecolor": "#101018", "axes.facecolor": "#101018", "axes.edgecolor": "white"}
    with mpl.rc_context({**dark, "xtick.color": "white", "ytick.color": "white", "text.color": "white"}):
        figure, _ = draw(ARMS, ["gold", "cyan"])
        (panel,) = read_picture(pixels(figure, 150))
    check(panel, ARMS)
    assert min(trace.colour[2] for trace in panel.traces) < 0.3


def test_bands_and_a_reference_line_are_no_arms() -> None:
    figure, axes = draw(ARMS, ["tab:blue", "tab:red"])
    for (time, survival, _, _), colour in zip(ARMS, ["tab:blue", "tab:red"]):
        axes.fill_between(time, survival - 0.07, survival + 0.07, step="post", alpha=0.2, color=colour, lw=0)
    axes.axhline(0.5, color="grey", ls="--", lw=1)
    (panel,) = read_picture(pixels(figure, 200))
    check(panel, ARMS)


def test_censor_marks_are_told_from_steps() -> None:
    arm = curve(5, 40, 60.0)
    figure, _ = draw([arm], ["tab:green"], marks=True)
    (panel,) = read_picture(pixels(figure, 300))
    check(panel, [arm])
    found = panel.x_axis.value(panel.traces[0].marks)
    hit = [np.abs(found - time).min() < 0.25 for time in arm[3]]
    assert np.mean(hit) > 0.75
    assert all(np.abs(arm[3] - time).min() < 0.4 for time in found)


def test_incidence_rises() -> None:
    rising = [(time, 1 - survival, end, marks) for time, survival, end, marks in ARMS]
    figure, _ = draw(rising, ["tab:blue", "tab:red"])
    (panel,) = read_picture(pixels(figure, 150), hints=Hints(kind="incidence"))
    check(panel, rising)


def test_a_scan_askew_is_straightened() -> None:
    cv2 = pytest.importorskip("cv2")
    figure, _ = draw(ARMS, ["tab:blue", "tab:red"])
    flat = pixels(figure, 200)
    height, width = flat.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), 0.9, 1.0)
    scan = cv2.warpAffine(flat, turn, (width, height), flags=cv2.INTER_CUBIC, borderValue=(255, 255, 255))
    noise = np.random.default_rng(3).normal(0, 5, scan.shape)
    (panel,) = read_picture(np.clip(scan + noise, 0, 255).astype(np.uint8))
    check(panel, ARMS, 0.01)
    assert any("turned" in warning for warning in panel.warnings)


def test_two_panels() -> None:
    figure = Figure(figsize=(10, 4), layout="constrained")
    both = figure.subplots(1, 2)
    for axes, (time, survival, end, _) in zip(both, ARMS):
        axes.step(np.r_[time, end], np.r_[survival, survival[-1]], where="post")
        axes.set(ylim=(0, 1.05), xlim=(0, 60))
    panels = read_picture(pixels(figure, 150))
    assert len(panels) == 2
    for panel, arm in zip(panels, ARMS):
        check(panel, [arm])


def test_a_logarithmic_axis_is_refused_by_name() -> None:
    figure, axes = draw(ARMS, ["tab:blue", "tab:red"])
    axes.set_xscale("log")
    axes.set_xlim(1, 100)
    axes.set_xticks([1, 10, 100], ["1", "10", "100"])
    with pytest.raises(Refused, match="logarithmic"):
        read_picture(pixels(figure, 150))


def test_axes_without_numbers_are_refused_and_read_with_two_points_each() -> None:
    figure, axes = draw(ARMS, ["tab:blue", "tab:red"])
    figure.canvas.draw()
    places = axes.transData.transform([(0, 0), (60, 1)]) * 150 / figure.dpi
    axes.set(xticklabels=[], yticklabels=[])
    figure.set_layout_engine("none")
    picture = pixels(figure, 150)
    with pytest.raises(Refused) as refused:
        read_picture(picture)
    assert "two numbers an axis" in refused.value.help
    tall = picture.shape[0]
    x = tuple(AxisPoint(place=float(place) - 0.5, value=value) for place, value in zip(places[:, 0], (0, 60)))
    y = tuple(
        AxisPoint(place=tall - float(place) - 0.5, value=value) for place, value in zip(places[:, 1], (0, 1))
    )
    (panel,) = read_picture(picture, hints=Hints(x_axis=x, y_axis=y))
    check(panel, ARMS)


def test_an_empty_page_and_bars_are_refused() -> None:
    with pytest.raises(Refused, match="no print"):
        read_picture(np.full((300, 400, 3), 255, dtype=np.uint8))
    figure = Figure(layout="constrained")
    axes = figure.subplots()
    axes.bar([0, 1, 2, 3, 4], [0.3, 0.5, 0.2, 0.7, 0.4])
    axes.set_ylim(0, 1)
    with pytest.raises(Refused):
        read_picture(pixels(figure, 150))


@pytest.mark.parametrize("width", [1.0, 2.0])
def test_a_smoothed_curve_is_refused_and_many_small_steps_are_not(width: float) -> None:
    time = np.linspace(0, 58, 400)
    figure = Figure(layout="constrained")
    axes = figure.subplots()
    axes.plot(time, np.exp(-((time / 25) ** 1.2)), color="tab:blue", lw=width)
    axes.set(ylim=(0, 1.05), xlim=(0, 60))
    with pytest.raises(Refused, match="no steps"):
        read_picture(pixels(figure, 150))
    many = curve(9, 900, 25.0)
    figure, _ = draw([many], ["tab:blue"])
    (panel,) = read_picture(pixels(figure, 150))
    check(panel, [many])


def test_numbers_at_risk_are_read_under_their_ticks() -> None:
    figure, axes = draw(ARMS, ["tab:blue", "tab:red"])
    months = np.arange(0, 61, 10)
    counts = [
        [int((arm[2] >= 0) * (k + 1) * 37 * np.exp(-m / 30)) for m in months] for k, arm in enumerate(ARMS)
    ]
    for k, row in enumerate(counts):
        for month, count in zip(months, row):
            axes.text(month, -0.26 - 0.08 * k, str(count), transform=axes.get_xaxis_transform(), ha="center")
    (panel,) = read_picture(pixels(figure, 200))
    check(panel, ARMS)
    assert panel.at_risk is not None
    np.testing.assert_array_equal(panel.at_risk.times, months)
    np.testing.assert_array_equal(panel.at_risk.numbers, counts)


@pytest.mark.parametrize(
    ("colours", "dashes"), [(["tab:blue", "tab:red"], None), (["black", "black"], ["-", "--"])]
)
def test_names_are_read_beside_the_keys_of_a_legend_where_tesseract_is(colours, dashes) -> None:
    figure, axes = draw(ARMS, colours, dashes)
    axes.legend(loc="upper right")
    (panel,) = read_picture(pixels(figure, 150))
    check(panel, ARMS)
    lower, upper = sorted(panel.traces, key=lambda trace: -float(trace.y[-1]))
    assert (lower.label, upper.label) == (("Arm 0", "Arm 1") if present() else ("", ""))


def test_an_area_of_ink_has_no_width_of_a_line() -> None:
    assert line_width(np.ones((60, 5))) == 40.0
    assert line_width(np.zeros((60, 5))) == 1.0


def test_the_rims_of_bands_that_overlap_are_no_arms() -> None:
    figure, axes = draw(ARMS, ["#ED0000", "#00468B"])
    for (time, survival, _, _), colour in zip(ARMS, ["#ED0000", "#00468B"]):
        low, high = np.clip(survival - 0.12, 0, 1), np.clip(survival + 0.12, 0, 1)
        axes.fill_between(time, low, high, step="post", color=colour, alpha=0.2, linewidth=0)
    (panel,) = read_picture(pixels(figure, 150))
    check(panel, ARMS)


def test_solid_dashed_and_dotted_of_one_black() -> None:
    three = [*ARMS, curve(4, 100, 9.0)]
    figure, _ = draw(three, ["black"] * 3, ["-", "--", ":"])
    (panel,) = read_picture(pixels(figure, 150))
    check(panel, three)


def test_points_on_no_line_are_told_as_ink_on_no_curve() -> None:
    figure = Figure(layout="constrained")
    axes = figure.subplots()
    x = np.random.default_rng(2).uniform(0, 60, 120)
    axes.scatter(x, np.clip(1 - x / 70 + np.random.default_rng(3).normal(0, 0.06, 120), 0, 1), s=12)
    axes.set_ylim(0, 1.02)
    axes.set_xlim(0, 60)
    try:
        (panel,) = read_picture(pixels(figure, 150))
    except Refused:
        return
    assert any("lies on no curve" in words for words in panel.warnings)


def test_an_arm_without_a_companion_leaves_no_ink_unexplained() -> None:
    figure, axes = draw(ARMS, ["black", "black"], ["-", "--"])
    axes.text(2, 0.05, "Log-rank p = 0.03, hazard ratio 0.61 (0.44 to 0.85), events 120 of 200", fontsize=9)
    (panel,) = read_picture(pixels(figure, 150))
    check(panel, ARMS)
    assert not any("lies on no curve" in words for words in panel.warnings)


def test_labels_of_an_axis_are_read_beside_a_title_that_touches_them() -> None:
    figure, axes = draw(ARMS, ["tab:blue", "tab:red"])
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1.0])
    axes.set_ylabel("Survival probability", fontsize=15, labelpad=-3)
    (panel,) = read_picture(pixels(figure, 200))
    check(panel, ARMS)
    assert {value for _, value in panel.y_axis.ticks} <= {0, 0.25, 0.5, 0.75, 1.0}
