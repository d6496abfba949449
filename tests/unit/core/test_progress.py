"""How far a long computation is: after two seconds, where somebody watches, and gone when it is done."""

from __future__ import annotations

import io
import sys
import types

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
