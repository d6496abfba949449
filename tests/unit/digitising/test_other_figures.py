"""Figures of other kinds are refused with what help they need, whichever way they are asked to be read."""

from __future__ import annotations

import pytest
from matplotlib.figure import Figure

from survsim.digitising import digitise
from survsim.errors import InputError
from tests.helpers import drawn_traps as traps

KINDS = (
    traps.scatter, traps.scatter_dense, traps.scatter_signs, traps.error_bars, traps.up_and_down, traps.bar_chart,
    traps.bars_in_pairs, traps.bars_that_touch, traps.boxes, traps.roc, traps.spider, traps.forest, traps.histogram,
    traps.smoothed, traps.cumulative_hazard,
)  # fmt: skip
SLOW_IN_PIXELS = (traps.spider, traps.error_bars, traps.scatter_dense)


@pytest.mark.filterwarnings("ignore::survsim.errors.EvidenceWarning")
@pytest.mark.parametrize(
    ("trap", "form"),
    [
        pytest.param(
            trap,
            form,
            id=f"{trap.__name__}-{form}",
            marks=[pytest.mark.long] if form == "png" and trap in SLOW_IN_PIXELS else [],
        )
        for trap in KINDS
        for form in ("png", "svg")
    ],
)
def test_a_figure_of_another_kind_is_refused(tmp_path, trap, form):
    figure = Figure(figsize=(6, 4.5), layout="constrained")
    trap(figure.subplots())
    path = tmp_path / f"{trap.__name__}.{form}"
    figure.savefig(path, dpi=120)
    # That a rising curve of steps is a cumulative hazard is told by the title alone, which pixels do not give.
    alike = trap is traps.cumulative_hazard and form == "png"
    for kind in ("survival",) if alike else ("survival", "incidence"):
        with pytest.raises(InputError) as refused:
            digitise(path, unit="months", kind=kind)
        assert "Help:" in str(refused.value) or "kind='" in str(refused.value)


@pytest.mark.parametrize("trap", [traps.logarithmic_x, traps.logarithmic_y], ids=lambda trap: trap.__name__)
def test_a_logarithmic_picture_is_said_to_be_one_before_points_are_asked_for(tmp_path, trap):
    figure = Figure(figsize=(6, 4.5), layout="constrained")
    trap(figure.subplots())
    figure.savefig(tmp_path / "log.png", dpi=110)
    with pytest.raises(InputError, match="axis is logarithmic"):
        digitise(tmp_path / "log.png", unit="months")
