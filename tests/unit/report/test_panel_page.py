"""The panel as a page: its grid holds the simulation's answers, what lies between is near, and the browser draws just that."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

import survsim
from survsim.core.errors import InputError
from survsim.report.new_study import new_study
from survsim.report.panel_page import explorer_page, page_of
from survsim.scenario.exploring import HORIZON, Explorer
from survsim.scenario.exploring_grid import alive_to, between, grid_of
from tests.helpers.browser import CHROMIUM, browser


@pytest.fixture(scope="module")
def explorer(tmp_path_factory):
    study = new_study("tumour", tmp_path_factory.mktemp("page"), template="strategies")
    scenario = survsim.Scenario.from_yaml(study / "analyses/02_strategies/scenario.yml")
    return Explorer(scenario, evidence=survsim.load_evidence(study), patients=300)


@pytest.fixture(scope="module")
def grid(explorer):
    return grid_of(explorer, steps=5)


def test_at_a_point_of_the_grid_stands_the_answer_of_the_simulation(explorer, grid):
    one = next(o for o in grid["sets"] if o["kind"] == "effect")
    (control,) = one["controls"]
    times, tau = np.array(grid["times"]), grid["horizon"]["value"]
    for value in control["axis"]:
        shown = explorer.redraw(**{control["name"]: value, HORIZON: tau})
        means = [alive_to(times, curve, tau) for curve in between(one, [value])]
        # Curves of the page have 91 times; the exact mean of each patient differs by what lies between two of them.
        assert means == pytest.approx(shown.months, abs=0.02)


def test_the_page_says_how_far_it_was_from_the_simulation_between_the_points(explorer, grid):
    assert 0 < grid["off"]["largest"] < 0.2 and grid["off"]["settings"] == 12
    page = page_of(grid, heading="a tumour")
    assert f"further than {grid['off']['largest']:.2f} from the simulation" in page
    assert "This page simulates nothing" in page and "same patients and luck" in page


def test_the_start_is_a_point_of_every_axis(grid):
    for one in grid["sets"]:
        assert all(control["value"] in control["axis"] for control in one["controls"])


def test_the_page_needs_nothing_else_and_is_small(explorer, tmp_path):
    path = explorer_page(explorer, tmp_path / "panel.html", steps=3)
    page = path.read_text(encoding="utf-8")
    assert path.stat().st_size < 3_000_000
    assert (
        not re.findall(r'(?:src|href)="(?!#)[^"]*"', page) and "@import" not in page and "fetch(" not in page
    )


def test_the_grid_of_a_report_becomes_the_same_page(explorer, tmp_path):
    made = json.loads(
        explorer_page(explorer, tmp_path / "explorer.json", steps=3).read_text(encoding="utf-8")
    )
    page = explorer_page(explorer, tmp_path / "panel.html", steps=3).read_text(encoding="utf-8")
    assert page == page_of(made, heading=page.split("Move it by hand: ")[1].split("<")[0])
    assert '<a href="01.html">back</a>' in page_of(made, heading="x", links='<a href="01.html">back</a>')


def test_a_label_that_is_markup_stays_text(grid):
    page = page_of(dict(grid, labels=["</script><script>x()</script>", "b"]), heading="<b>")
    assert "<script>x()" not in page and "hand: &lt;b&gt;" in page


@pytest.mark.parametrize("steps", [2, 4, 1, 23, True, 3.0])
def test_steps_that_have_no_middle_are_refused(explorer, tmp_path, steps):
    with pytest.raises(InputError, match="steps"):
        explorer_page(explorer, tmp_path / "panel.html", steps=steps)
    assert not list(tmp_path.iterdir())


def test_another_ending_and_a_grid_of_another_format_are_refused(explorer, grid, tmp_path):
    with pytest.raises(InputError, match=r"\.html"):
        explorer_page(explorer, tmp_path / "panel.pdf")
    with pytest.raises(InputError, match="format"):
        page_of(dict(grid, format="other"), heading="x")


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_a_browser_draws_what_python_reads_from_the_grid(grid, tmp_path):
    path = tmp_path / "panel.html"
    path.write_text(page_of(grid, heading="a tumour"), encoding="utf-8")
    one = next(o for o in grid["sets"] if o["kind"] == "effect")
    with browser(1200, 900) as page:
        page.go(path.as_uri())
        page.js("document.querySelector('input').focus()")
        page.press("End")
        shown = page.js(
            "[...document.querySelectorAll('tbody td:nth-child(2)')].map(c => Number(c.textContent))"
        )
        high = between(one, [one["controls"][0]["axis"][-1]])
        times, tau = np.array(grid["times"]), grid["horizon"]["value"]
        assert shown == pytest.approx([alive_to(times, curve, tau) for curve in high], abs=0.0051)
        # Between two points, through the page's own functions.
        value = one["controls"][0]["axis"][0] * 1.07
        drawn = page.js(f"mixed(grid.sets[0].curves, corners(grid.sets[0], [{value}]))")
        assert np.array(drawn) * 1e-4 == pytest.approx(between(one, [value]), abs=1e-9)
        assert page.js("window.survsimTook") < 300
        for width in (1200, 390):
            page.size(width, 900)
            assert page.js("document.documentElement.scrollWidth") <= width
        assert page.console == []


def test_a_report_with_a_grid_among_its_results_has_the_panel_beside_it(grid, tmp_path):
    from survsim.report.publish import _panel
    from survsim.report.study import Analysis, Study

    analysis = Analysis(study=Study(root=tmp_path), slug="01_tumour")
    results = tmp_path / "results"
    results.mkdir()
    assert _panel(analysis, results, tmp_path / "01_tumour.html") == ""
    (results / "explorer.json").write_text(json.dumps(grid), encoding="utf-8")
    assert _panel(analysis, results, tmp_path / "01_tumour.html") == "01_tumour_explorer.html"
    page = (tmp_path / "01_tumour_explorer.html").read_text(encoding="utf-8")
    assert '<a href="01_tumour.html">Back to the report</a>' in page and "Move it by hand: Tumour" in page


def test_several_groups_of_one_kind_say_which_sliders_they_hold(grid):
    one = next(o for o in grid["sets"] if o["kind"] == "effect")
    control = one["controls"][0]
    sets = [
        one | {"controls": [control] * 3},
        one | {"controls": [control] * 2},
        one | {"controls": [control]},
    ]
    page = page_of(dict(grid, sets=sets), heading="x")
    assert re.findall(r'"title":"([^"]+)"', page) == ["effects 1 to 3", "effects 4 to 5", "effect 6"]
    assert re.findall(r'"title":"([^"]+)"', page_of(dict(grid, sets=[one]), heading="x")) == ["effects"]


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_numbers_follow_the_picture_without_a_gap_however_many_sliders_there_are(grid, tmp_path):
    one = next(o for o in grid["sets"] if o["kind"] == "effect")
    path = tmp_path / "panel.html"
    path.write_text(page_of(dict(grid, sets=[one] * 15), heading="x"), encoding="utf-8")
    box = "document.getElementById('{}').getBoundingClientRect()"
    with browser(1200, 900) as page:
        page.go(path.as_uri())
        assert page.js(f"{box.format('sliders')}.height - {box.format('picture')}.height") > 500
        gap = page.js(f"{box.format('numbers')}.top - {box.format('picture')}.bottom")
        assert 0 <= gap <= 32
