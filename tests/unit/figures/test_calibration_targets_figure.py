"""The picture of used and held-out targets shows the numbers of the checks."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pytest

from survsim.calibration import (
    CaseTarget,
    Cohort,
    ContrastTarget,
    CourseModel,
    Endpoint,
    LogNormalLaw,
    Prior,
    PublishedTarget,
    TransitionHazard,
    calibrate,
)
from survsim.errors import InputError

mpl.use("Agg")

ALIVE = Endpoint(kind="event_free", states=("alive",))


@pytest.fixture(scope="module")
def found():
    model = CourseModel(
        states=("alive", "dead"),
        start="alive",
        unit="months",
        transitions=(TransitionHazard(source="alive", target="dead", rate="rate", factors=("hr",)),),
    )
    priors = {
        "rate": Prior(law=LogNormalLaw(0.1, 0.01, 1.0), reason="a wide guess, for a test"),
        "hr": Prior(law=LogNormalLaw(1.0, 0.2, 5.0), reason="a wide guess, for a test"),
    }
    about = {"cohort": "all", "endpoint": ALIVE}
    targets = [
        PublishedTarget(label="median", study="a", statistic="median", estimate=2.3, std_error=0.2, **about),
        PublishedTarget(
            label="far", study="b", statistic="probability", time=12.0, estimate=3.0, std_error=0.2, use="hold_out",
            **about,
        ),
        ContrastTarget(label="ratio", parameter="hr", estimate=-0.3, std_error=0.2),
        CaseTarget(label="case", time=40.0, status="free", use="hold_out", **about),
    ]  # fmt: skip
    return calibrate(model, [Cohort(name="all")], priors, targets, size=500)


def marks(axes):
    return {line.get_gid(): line for ax in axes for line in ax.lines if line.get_gid()}


def bars(axes):
    return {p.get_gid(): p for ax in axes for p in ax.patches if p.get_gid()}


def test_every_target_is_drawn_where_it_is(found):
    axes = found.plot()
    assert [ax.get_xlabel() for ax in axes] == ["Time (months)", "Probability", "Hazard ratio"]
    frame = found.checks.to_frame()
    for row in frame.itertuples():
        name = f"{row.label}:{row.quantity}"
        assert marks(axes)[f"observed:{name}"].get_xdata()[0] == pytest.approx(row.observed)
        bar = bars(axes)[f"predicted:{name}"]
        assert bar.get_x() == pytest.approx(row.predicted_low)
        end = bar.get_x() + bar.get_width()
        assert end == pytest.approx(row.predicted_high) or np.isinf(row.predicted_high)
    rings = [line for ax in axes for line in ax.lines if line.get_markersize() == 9.5]
    assert len(rings) == (~frame["inside"] & ~frame["quantity"].isin(["free at", "event by"])).sum() == 1
    texts = [t.get_text() for t in axes[-1].get_legend().get_texts()]
    assert {"predicted (80%), used", "predicted (80%), held out", "outside", "free then"} <= set(texts)
    axes[0].figure.canvas.draw()


def test_one_panel_fits_on_given_axes(found):
    from matplotlib.figure import Figure

    ax = Figure(figsize=(6, 4)).add_subplot()
    assert found.checks.plot(ax, panel="probability", labels={"far": "a far one"}) is ax
    assert [t.get_text() for t in ax.get_yticklabels()] == ["a far one, probability at 12"]


def test_a_panel_that_is_not_there_is_refused(found):
    from matplotlib.figure import Figure

    with pytest.raises(InputError, match="one of time, probability, ratio"):
        found.checks.plot(panel="survival")
    with pytest.raises(InputError, match="say which one"):
        found.checks.plot(Figure().add_subplot())
