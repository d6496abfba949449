"""Points that a person gives for the axes of a picture calibrate them; they neither cut the panel nor hide a logarithm."""

from __future__ import annotations

import numpy as np
import pytest

from survsim.digitising.found import AxisPoint, Hints, Refused
from survsim.digitising.raster.ocr import present
from survsim.digitising.raster.read import read_picture
from tests.unit.digitising.test_raster_reading import ARMS, check, draw, pixels

DPI = 150


def pointed(figure, axes, x: tuple[float, float], y: tuple[float, float] | None) -> tuple[np.ndarray, Hints]:
    """The picture and the points (x, y) of its axes as a person would read them off."""
    figure.set_dpi(DPI)
    figure.set_layout_engine("none")
    axes.set_position((0.15, 0.35, 0.8, 0.6))
    picture = pixels(figure, DPI)
    places = axes.transData.transform(list(zip(x, y or axes.get_ylim(), strict=True)))
    across = tuple(AxisPoint(place=float(p) - 0.5, value=v) for p, v in zip(places[:, 0], x, strict=True))
    down = tuple(
        AxisPoint(place=picture.shape[0] - float(p) - 0.5, value=v)
        for p, v in zip(places[:, 1], y or (), strict=y is not None)
    )
    return picture, Hints(x_axis=across, y_axis=down)


def test_two_points_an_axis_cut_nothing_off() -> None:
    figure, axes = draw(ARMS, ["tab:blue", "tab:red"])
    axes.legend(loc="upper right")
    months = np.arange(0, 61, 10)
    counts = [[int((k + 1) * 37 * np.exp(-m / 30)) for m in months] for k in range(2)]
    for k, row in enumerate(counts):
        for month, count in zip(months, row, strict=True):
            axes.text(month, -0.26 - 0.08 * k, str(count), transform=axes.get_xaxis_transform(), ha="center")
    picture, hints = pointed(figure, axes, (10, 40), (0.2, 0.8))
    (panel,) = read_picture(picture, hints=hints)
    check(panel, ARMS)
    assert panel.warnings == ()
    assert panel.at_risk is not None
    np.testing.assert_array_equal(panel.at_risk.numbers, counts)
    assert sorted(t.label for t in panel.traces) == (["Arm 0", "Arm 1"] if present() else ["", ""])


def test_without_labels_the_panel_reaches_as_far_as_its_lines() -> None:
    figure, axes = draw(ARMS, ["tab:blue", "tab:red"])
    axes.legend(loc="upper right")
    axes.set(xticklabels=[], yticklabels=[])
    picture, hints = pointed(figure, axes, (10, 40), (0.2, 0.8))
    (panel,) = read_picture(picture, hints=hints)
    check(panel, ARMS)
    assert sorted(t.label for t in panel.traces) == (["Arm 0", "Arm 1"] if present() else ["", ""])


def test_one_axis_is_given_and_the_other_one_read() -> None:
    figure, axes = draw(ARMS, ["tab:blue", "tab:red"])
    axes.set(xticklabels=[])
    picture, hints = pointed(figure, axes, (0, 60), None)
    (panel,) = read_picture(picture, hints=hints)
    check(panel, ARMS)


@pytest.mark.parametrize("y", [(0.0, 1.0), None])
@pytest.mark.parametrize("labels", ["powers", "plain", "none"])
def test_a_logarithmic_axis_is_refused_whatever_points_are_given(labels: str, y) -> None:
    figure, axes = draw(ARMS, ["tab:blue", "tab:red"])
    axes.set_xscale("log")
    axes.set_xlim(1, 60)
    if labels == "plain":
        axes.set_xticks([1, 3, 10, 30], ["1", "3", "10", "30"])
    elif labels == "none":
        axes.set(xticklabels=[])
    picture, hints = pointed(figure, axes, (1, 60), y)
    with pytest.raises(Refused, match="horizontal axis is logarithmic"):
        read_picture(picture, hints=hints)


def test_a_logarithmic_height_is_refused_whatever_points_are_given() -> None:
    figure, axes = draw(ARMS[1:], ["tab:blue"])
    axes.set_yscale("log")
    axes.set_ylim(0.02, 1.05)
    picture, hints = pointed(figure, axes, (0, 60), (0.1, 1.0))
    with pytest.raises(Refused, match="vertical axis is logarithmic"):
        read_picture(picture, hints=hints)


def test_points_beside_the_numbers_that_were_read_are_told() -> None:
    figure, axes = draw(ARMS, ["tab:blue", "tab:red"])
    picture, hints = pointed(figure, axes, (0, 60), (0.0, 1.0))
    wrong = tuple(AxisPoint(place=p.place, value=2 * p.value) for p in hints.x_axis)
    (panel,) = read_picture(picture, hints=Hints(x_axis=wrong, y_axis=hints.y_axis))
    assert any("stand elsewhere than the points given" in words for words in panel.warnings)


def test_ticks_at_unequal_distances_are_told() -> None:
    figure, axes = draw(ARMS, ["tab:blue", "tab:red"])
    axes.set_xticks([0, 7, 24, 33, 60], [""] * 5)
    picture, hints = pointed(figure, axes, (0, 60), (0.0, 1.0))
    (panel,) = read_picture(picture, hints=hints)
    assert any("unequal distances" in words for words in panel.warnings)


def test_points_with_no_panel_between_them_are_refused() -> None:
    figure, axes = draw(ARMS, ["tab:blue", "tab:red"])
    picture, _ = pointed(figure, axes, (0, 60), (0.0, 1.0))
    far = tuple(AxisPoint(place=9000.0 + p, value=v) for p, v in ((0.0, 0.0), (50.0, 60.0)))
    with pytest.raises(Refused, match="hardly any of the picture"):
        read_picture(picture, hints=Hints(x_axis=far, y_axis=far[::-1]))
