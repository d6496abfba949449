"""How far a long computation is: after two seconds, where somebody watches, and gone when it is done."""

from __future__ import annotations

import io
import sys
import types

import numpy as np
import pytest

import survsim
from survsim.core import progress
from survsim.report.new_study import new_study


class Screen(io.StringIO):
    """An error stream that somebody watches."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch):
    """Time that passes by a second at each look."""
    now = iter(range(10_000))
    monkeypatch.setattr(progress.time, "monotonic", lambda: float(next(now)))


@pytest.fixture
def watch(monkeypatch):
    """Puts a watched screen in the place of the error stream, from within the test (pytest has its own before)."""

    def begin():
        made = Screen()
        monkeypatch.setattr(sys, "stderr", made)
        return made

    return begin


def work(what="simulating", given=None, steps=8):
    with progress.shown(what, given) as tell:
        for k in range(steps):
            tell(k + 1, steps)


def test_a_terminal_shows_share_and_time_left_and_is_clean_afterwards(clock, watch):
    screen = watch()
    work()
    text = screen.getvalue()
    assert "simulating [######" in text and "25%, about" in text and "s left" in text
    assert text.endswith("\r\x1b[K") and "\n" not in text
    assert "12%" not in text  # one second had passed then


def test_short_work_shows_nothing(watch):
    screen = watch()
    work()
    assert screen.getvalue() == ""


def test_a_file_or_pipe_and_a_command_that_tells_by_itself_show_nothing(clock, monkeypatch):
    plain = io.StringIO()
    monkeypatch.setattr(sys, "stderr", plain)
    work()
    watched = Screen()
    monkeypatch.setattr(sys, "stderr", watched)
    with progress.silent():
        work()
    assert plain.getvalue() == watched.getvalue() == ""
    monkeypatch.setattr(sys, "stderr", None)
    work()


def test_the_callers_own_function_is_called_instead(clock, watch):
    screen = watch()
    calls = []
    work(given=lambda done, total: calls.append((done, total)))
    assert calls == [(k, 8) for k in range(1, 9)] and screen.getvalue() == ""


def test_a_notebook_shows_one_escaped_bar_that_is_updated_and_emptied(clock, monkeypatch):
    shown = []

    class Handle:
        def update(self, item):
            shown.append(item._repr_html_())

    class ZMQInteractiveShell:
        """What a notebook's shell is called."""

    def display(item, display_id):
        shown.append(item._repr_html_())
        assert repr(item).startswith("<b>: ")
        return Handle()

    ipython = types.SimpleNamespace(get_ipython=ZMQInteractiveShell)
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", types.SimpleNamespace(display=display))
    work("<b>")
    assert len(shown) >= 3 and shown[-1] == ""
    assert all("&lt;b&gt;" in one and '<progress max="1"' in one for one in shown[:-1])


def test_a_simulation_that_is_watched_shows_it_and_its_bits_are_the_same(clock, watch, tmp_path):
    screen = watch()
    study = new_study("tumour", tmp_path, template="strategies")
    scenario = survsim.Scenario.from_yaml(study / "analyses/02_strategies/scenario.yml")
    options = {"patients": 100, "draws": 12, "evidence": survsim.load_evidence(study)}
    watched = survsim.simulate(scenario, execution=survsim.Execution(folder=tmp_path / "run"), **options)
    assert "simulating [" in screen.getvalue()
    with progress.silent():
        alone = survsim.simulate(scenario, **options)
    assert watched.means.tobytes() == alone.means.tobytes()


def _surv(n=40):
    rng = np.random.default_rng(2)
    return survsim.Surv.right(np.ceil(rng.exponential(10, n)), rng.uniform(size=n) < 0.8, unit="months"), rng


def _function_of_resamples():
    survsim.bootstrap(_surv()[0], lambda s: float(s.time.mean()), n_resamples=30)


def _cross_validation():
    surv, rng = _surv()
    survsim.cox.penalty_path(surv, None, rng.normal(size=(40, 2)), strengths=[1.0, 10.0], folds=5)


def _validation():
    surv, rng = _surv()
    survsim.cox_ph(surv, None, rng.normal(size=(40, 1))).validate(n_bootstrap=10)


def _arms():
    names = [f"arm {k}" for k in range(6)]
    curve = ([1, 3, 9], [0.8, 0.5, 0.3])
    many = dict.fromkeys(names, 10)
    survsim.reconstruction.reconstruct_arms(
        dict.fromkeys(names, curve), n=many, n_event=dict.fromkeys(names, 7), unit="months", method="guyot"
    )


def _pseudo_sets():
    made = survsim.reconstruction.reconstruct_ipd(
        ([1, 3, 9], [0.8, 0.5, 0.3]), unit="months", n=10, n_event=7, method="guyot"
    )
    survsim.reconstruction.pseudo_sets(made, m=8, tolerance=0.01)


@pytest.mark.parametrize(
    ("begin", "word"),
    [
        (_function_of_resamples, "resampling"),
        (_cross_validation, "cross-validating"),
        (_validation, "validating"),
        (_arms, "reconstructing"),
        (_pseudo_sets, "pseudo sets"),
    ],
)
def test_other_long_work_shows_its_share_too_and_leaves_a_clean_line(clock, watch, begin, word):
    screen = watch()
    begin()
    text = screen.getvalue()
    assert f"{word} [" in text and "%, about" in text and text.endswith("\r\x1b[K")


def test_work_inside_work_shows_one_bar(clock, watch):
    screen = watch()
    for _ in progress.each("outer", range(6)):
        work("inner")
    assert "outer [" in screen.getvalue() and "inner" not in screen.getvalue()


def test_work_that_is_left_early_leaves_nothing_behind(clock, watch):
    screen = watch()
    for k in progress.each("left", range(9)):
        if k == 5:
            break
    assert screen.getvalue().endswith("\r\x1b[K") and progress._open == []
    with pytest.raises(ValueError, match="stop"):
        for _ in progress.each("fails", range(9)):
            raise ValueError("stop")
    assert progress._open == []


def test_reading_a_figure_of_several_panels_says_how_far_it_is(clock, watch, tmp_path):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.2))
    for ax, middle in zip(figure.subplots(1, 2), (9.0, 14.0), strict=True):
        times = np.linspace(0.0, 24.0, 25)
        ax.step(times, np.exp2(-times / middle), where="post", color="tab:blue")
        ax.set(xlim=(0, 24), ylim=(0, 1.02), xlabel="Months", ylabel="Survival")
    figure.savefig(tmp_path / "two.png", dpi=200)
    screen = watch()
    survsim.digitising.digitise(tmp_path / "two.png", panel="A", unit="months")
    assert "reading the figure [" in screen.getvalue() and screen.getvalue().endswith("\r\x1b[K")


def test_many_drawn_curves_say_how_far_they_are_and_are_those_of_one_piece(clock, watch, monkeypatch):
    from survsim.estimate.synthesis import curve_pooling

    centre, covariance = np.array([1.2, 1.1]), np.array([[0.02, 0.01], [0.01, 0.03]])
    whole = curve_pooling.draw_curves(centre, covariance, 900, 4)
    monkeypatch.setattr(curve_pooling, "BLOCK", 100)
    screen = watch()
    pieces = curve_pooling.draw_curves(centre, covariance, 900, 4)
    assert "drawing curves [" in screen.getvalue()
    np.testing.assert_allclose(pieces, whole, rtol=1e-13)
