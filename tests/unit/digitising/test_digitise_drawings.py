"""Drawings read back: the curves that were drawn, to four decimals, in every dress."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pytest

from survsim.digitising import digitise
from survsim.errors import EvidenceWarning, InputError
from tests.helpers.small_figures import TWO, arm, at, draw, numbers_at_risk, panel

GRID = np.linspace(0.0, 60.0, 601) + 0.013


def read_at(found, label, when):
    rows = found.curves[found.curves["arm"] == label]
    return rows.iloc[np.searchsorted(rows["time"], when, side="right") - 1, 2].to_numpy()


def check(found, arms=TWO, *, incidence=False):
    assert sorted(found.arms) == sorted(one.label for one in arms)
    for one in arms:
        when = GRID[(one.end > GRID) & (np.abs(GRID[:, None] - one.time).min(axis=1) > 0.02)]
        truth = 1 - at(one, when) if incidence else at(one, when)
        assert np.abs(read_at(found, one.label, when) - truth).max() < 1e-4
        first = found.curves[found.curves["arm"] == one.label].iloc[0]
        assert first.iloc[1] == 0.0 and first.iloc[2] == (0.0 if incidence else 1.0)


@pytest.mark.parametrize("form", ["a.svg", "a.pdf"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"fonttype": "none"},
        {"percent": True, "grid": True},
        {"y_from": 0.2 - 0.2},
        {"band": "filled", "median": True},
        {"band": "dashed"},
        {"colours": ("black", "black"), "dashes": ("-", "--"), "marks": "|"},
        {"marks": "o"},
        {"marks": None},
        {"risk": True},
    ],
    ids=str,
)
def test_what_was_drawn_is_read(tmp_path, form, options):
    found = digitise(draw(tmp_path / form, **options), unit="months")
    check(found)
    assert found.exact and found.warnings == ()
    assert found.tolerance["survival"] < 1e-4


@pytest.mark.parametrize("form", ["a.svg", "a.pdf"])
@pytest.mark.parametrize("marks", ["+", "|", "x", "."])
def test_censor_marks_are_told_from_steps(tmp_path, form, marks):
    found = digitise(draw(tmp_path / form, marks=marks), unit="months")
    for one in TWO:
        seen = found.marks.loc[found.marks["arm"] == one.label, "time"].to_numpy()
        np.testing.assert_allclose(seen, one.marks, atol=0.01)


@pytest.mark.parametrize("form", ["a.svg", "a.pdf"])
def test_numbers_at_risk_are_read_under_their_ticks(tmp_path, form):
    found = digitise(draw(tmp_path / form, risk=True), unit="months")
    rows = {(r.arm, r.time): r.n_risk for r in found.at_risk.itertuples()}
    assert rows == {(one.label, float(t)): numbers_at_risk(one, t) for one in TWO for t in range(0, 61, 12)}


def test_incidence_rises_and_is_not_read_as_survival(tmp_path):
    path = draw(tmp_path / "a.svg", incidence=True)
    check(digitise(path, kind="incidence", unit="months"), incidence=True)
    with pytest.raises(InputError, match="the curves rise: read it with kind='incidence'"):
        digitise(path)
    with pytest.raises(InputError, match="the curves fall: read it with kind='survival'"):
        digitise(draw(tmp_path / "b.svg"), kind="incidence")


def test_an_axis_that_does_not_start_at_zero(tmp_path):
    high = (arm("High", 5, scale=150.0),)
    found = digitise(draw(tmp_path / "a.pdf", high, y_from=0.4), unit="months")
    check(found, high)


@pytest.mark.parametrize("form", ["a.svg", "a.pdf"])
def test_a_curve_that_leaves_the_axes_ends_there_and_it_is_said(tmp_path, form):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EvidenceWarning)  # one a curve; they are counted below
        found = digitise(draw(tmp_path / form, y_from=0.4), unit="months")
    assert sum("leaves the axes" in words for words in found.warnings) == len(TWO)
    for one in TWO:
        rows = found.curves[found.curves["arm"] == one.label].iloc[-1]
        left = one.time[one.survival < 0.4][0]
        assert rows["time"] == pytest.approx(left, abs=0.02)
        assert rows["survival"] == pytest.approx(float(at(one, left - 0.01)), abs=1e-4)


def test_a_curve_that_runs_past_the_end_of_the_time_axis_ends_on_its_level_there(tmp_path):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4.4))
    ax = figure.add_subplot()
    panel(ax)
    ax.set_xlim(0, 24)
    ax.set_xticks([0, 6, 12, 18, 24])
    figure.savefig(tmp_path / "a.svg")
    found = digitise(tmp_path / "a.svg", unit="months")
    assert found.warnings == ()
    for one in TWO:
        last = found.curves[found.curves["arm"] == one.label].iloc[-1]
        assert last["time"] == pytest.approx(24.0, abs=0.1)
        assert last["survival"] == pytest.approx(float(at(one, 24.0)), abs=1e-4)


def test_the_unit_is_read_or_its_conflict_is_said(tmp_path):
    path = draw(tmp_path / "a.svg")
    assert digitise(path).unit == "months"
    with pytest.warns(EvidenceWarning, match="titled 'Months', but unit='days'"):
        digitise(path, unit="days")


def test_panels_are_asked_for_by_letter(tmp_path):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 4), layout="constrained")
    for k, ax in enumerate(figure.subplots(1, 2)):
        panel(ax, (TWO[k],))
        ax.set_title("AB"[k], loc="left")
    path = tmp_path / "two.pdf"
    figure.savefig(path)
    for letter, one in zip("AB", TWO, strict=True):
        check(digitise(path, panel=letter), (one,))
    with pytest.raises(InputError, match=r"2 panels: A .*, B .*panel="):
        digitise(path)
    with pytest.raises(InputError, match="no panel 'C'"):
        digitise(path, "C")


def test_arms_are_named_and_chosen_by_colour(tmp_path):
    path = draw(tmp_path / "a.svg", legend=False)
    found = digitise(path, arms={"treated": "#d62728"})
    assert found.arms == ("treated",)
    when = np.array([5.0, 20.0])
    np.testing.assert_allclose(read_at(found, "treated", when), at(TWO[1], when), atol=1e-4)
    with pytest.raises(InputError, match=r"2 curve.* found, 3 arm.* named"):
        digitise(path, arms=["a", "b", "c"])
    with pytest.raises(InputError, match="no curve has the colour given for 'x'; curves have #"):
        digitise(path, arms={"x": "lime"})
    with pytest.raises(InputError, match="colours are written"):
        digitise(path, arms={"x": "no such colour"})
    with pytest.warns(EvidenceWarning, match="2 of 2 curves have no name"):
        assert digitise(path).arms == ("arm 1", "arm 2")


def test_axes_are_given_by_hand_where_they_cannot_be_read(tmp_path):
    path = draw(tmp_path / "a.svg")
    known = digitise(path)
    bare = tmp_path / "bare.svg"
    text = path.read_text().replace('<use xlink:href="#DejaVu', '<use xlink:href="#gone')
    bare.write_text(text)
    with pytest.raises(InputError, match=r"no pair of axes.* Help: axes="):
        digitise(bare)
    ends = {side: [known.ticks[side][0], known.ticks[side][-1]] for side in ("x", "y")}
    with pytest.warns(EvidenceWarning, match="no name that could be read|unit of time"):
        again = digitise(bare, axes=ends)
    np.testing.assert_allclose(again.curve_value, known.curve_value, atol=1e-4)
    with pytest.raises(InputError, match="two or more pairs"):
        digitise(bare, axes={"x": [(1, 2)]})
    with pytest.raises(InputError, match="keys 'x' and 'y'"):
        digitise(bare, axes={"z": [(1, 2), (3, 4)]})


def test_the_folder_holds_everything_and_is_written_whole(tmp_path, monkeypatch):
    found = digitise(draw(tmp_path / "a.svg", risk=True), unit="months")
    found.save(tmp_path / "out")
    names = sorted(p.name for p in (tmp_path / "out").iterdir())
    assert names == ["at_risk.csv", "curves.csv", "marks.csv", "overlay.png", "report.json"]
    assert (tmp_path / "out/curves.csv").read_text().splitlines()[0] == "arm,time,survival"
    said = json.loads((tmp_path / "out/report.json").read_text())
    assert said["tolerance"] == dict(found.tolerance) and said["source_sha256"] == found.checksum
    monkeypatch.setattr(
        "survsim.digitising.writing.overlay_png", lambda _: (_ for _ in ()).throw(OSError("disk"))
    )
    with pytest.raises(OSError, match="disk"):
        found.save(tmp_path / "second")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.svg", "out"]


def test_the_overlay_shows_the_traces_where_the_curves_are(tmp_path):
    found = digitise(draw(tmp_path / "a.svg"), unit="months")
    axes = found.plot()
    lines = {line.get_gid(): line for line in axes.lines}
    assert {"trace:Control", "trace:Treated", "marks:Control"} <= set(lines)
    x, y = lines["trace:Control"].get_data()
    intercept, slope = found.axes["y"]
    assert y[0] == pytest.approx((1.0 - intercept) / slope)
    assert found.box[0] <= x.min() and x.max() <= found.box[2]
    assert "data:image/png;base64," in found._repr_html_()


def test_what_a_killed_process_left_of_a_folder_is_removed(tmp_path):
    """Found by kills: the half-filled folder stayed for ever."""
    left = tmp_path / ".read.abc123.part"
    left.mkdir()
    (left / ".overlay.png.part").write_bytes(b"half")
    draw(tmp_path / "figure.svg")
    digitise(tmp_path / "figure.svg", unit="months").save(tmp_path / "read")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["figure.svg", "read"]
