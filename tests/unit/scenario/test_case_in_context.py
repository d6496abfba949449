"""One patient against references: hand cases, units, self-containment, the figure read back."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from survsim import case_in_context, evidence_model
from survsim.distributions import Exponential
from survsim.errors import EvidenceError, InputError
from survsim.joint_model import case_term, median_term, tipping_point

LAW = Exponential(rate=np.array([0.05, 0.1]), time_unit="months")


def test_predictive_percentile_by_hand():
    c = case_in_context(10, LAW, unit="months", conf_level=0.999999)
    s = np.exp([-0.5, -1.0])
    assert c.longer[0] == pytest.approx([s.mean(), s[1], s[0]], abs=1e-5)
    assert c.percentile[0] == pytest.approx(
        [100 * (1 - s.mean()), 100 * (1 - s[0]), 100 * (1 - s[1])], abs=1e-3
    )
    # Given alive at 5: the next patient's chance is the ratio of the means, not the mean of ratios.
    assert c.landmarks.tolist() == [2.5, 5.0, 7.5]
    assert c.conditional[0, 1, 0] == pytest.approx(s.mean() / np.exp([-0.25, -0.5]).mean())
    m = c.median[0, 0]
    assert np.exp(-m * np.array([0.05, 0.1])).mean() == pytest.approx(0.5)


def test_units_are_converted():
    years = case_in_context(10 / 12, LAW, unit="years", shifts=(0.0,))
    months = case_in_context(10, LAW, unit="months", shifts=(0.0,))
    assert years.percentile == pytest.approx(months.percentile)
    assert years.median[0, 0] * 12 == pytest.approx(months.median[0, 0])


def test_alive_patient_is_a_lower_end():
    c = case_in_context(10, LAW, unit="months", event=False, label="she")
    assert c.headline().startswith("she was alive at 10 months: at least percentile")


def test_reference_must_not_contain_the_case():
    terms = [
        case_term(t, study=s, unit="months", source=f"cases:{s}") for s, t in (("a", 3.0), ("index", 11.0))
    ]
    model = evidence_model([*terms, median_term(9, study="b", unit="months", n=20)], breaks=[6])
    with pytest.raises(EvidenceError, match=r"contains the case itself \(cases:index\)"):
        case_in_context(11, {"cases": model.predict(draws=100)}, unit="months", source="cases:index")
    assert case_in_context(11, model.predict(draws=100), unit="months", source="cases:other").names == (
        "evidence model",
    )


def test_tables_have_one_row_a_reference_and_point():
    c = case_in_context(10, {"a": LAW, "b": LAW}, unit="months", shifts=(-1, 0, 1), landmarks=[0, 5])
    assert len(c.to_frame()) == 2 and len(c.conditional_frame()) == 4 and len(c.origin_frame()) == 6
    assert c.conditional_frame()["survival"][0] == pytest.approx(c.longer[0, 0])
    assert "10 months" in repr(c)


def test_never_reached_median_is_infinite():
    from survsim.distributions import MixtureCure

    law = MixtureCure(cure_fraction=0.7, latency=Exponential(rate=0.1, time_unit="months"))
    assert case_in_context(10, law, unit="months").median[0, 0] == np.inf


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: case_in_context(0, LAW, unit="months"), "case_time must lie in"),
        (lambda: case_in_context(5, {}, unit="months"), "reference is empty"),
        (lambda: case_in_context(5, [1, 2], unit="months"), "a prediction or a distribution; got list"),
        (lambda: case_in_context(5, LAW, unit="months", landmarks=[6]), "landmarks must lie between"),
        (lambda: case_in_context(5, LAW, unit="months", shifts=[-6]), "shifts move the case's time"),
        (lambda: case_in_context(5, LAW, unit="months", horizon=2), "horizon must lie in"),
    ],
)
def test_messages(call, message):
    with pytest.raises(InputError, match=message):
        call()


def by_gid(figure):
    return {a.get_gid(): a for a in figure.findobj() if a.get_gid()}


def test_figure_shows_the_numbers():
    course = pd.DataFrame(
        [("surgery", "event", 0.0, 0.0, False), ("radiotherapy", "course", 1.0, 2.0, True)],
        columns=["label", "kind", "start", "stop", "assumed"],
    )
    c = case_in_context(10, {"a": LAW, "b": LAW}, unit="months", course=course, horizon=36)
    drawn = by_gid(c.plot().figure)
    assert drawn["curve:a"].get_ydata() == pytest.approx(c.curves[0, :, 0])
    assert drawn["case:b"].get_xydata()[0] == pytest.approx([10, c.longer[1, 0]])
    assert drawn["percentile:a"].get_xdata() == pytest.approx([c.percentile[0, 0]])
    assert "row:0" in drawn  # the treatment lane
    from survsim.figures.style import new_axes

    ax = c.plot(new_axes(), reference="b")
    assert "curve:b" in by_gid(ax.figure) and "curve:a" not in by_gid(ax.figure)


def test_tipping_figure_marks_the_crossing():
    found = tipping_point(LAW, 15.0, threshold=6.0)
    drawn = by_gid(found.plot().figure)
    assert drawn["tipping:0"].get_xydata()[0] == pytest.approx([found.tipping[0], 50.0])
    assert drawn["percentile"].get_ydata() == pytest.approx(found.percentile[:, 0])


def test_prediction_figure_shows_median_and_next_patient():
    prediction = evidence_model([median_term(9, study="b", unit="months", n=20)], breaks=[6]).predict(
        draws=200
    )
    drawn = by_gid(prediction.plot().figure)
    frame = prediction.to_frame()
    assert drawn["median:evidence model"].get_ydata() == pytest.approx(frame["survival"].to_numpy())
    assert drawn["predictive:evidence model"].get_ydata() == pytest.approx(frame["predictive"].to_numpy())
