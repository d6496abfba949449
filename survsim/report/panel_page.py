"""The panel of `survsim.explore` as one HTML page: no Python behind it, its answers worked out on a grid beforehand."""

from __future__ import annotations

import html
import importlib.resources
import json
import os
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Any

from survsim._version import __version__
from survsim.core import files, progress
from survsim.core.errors import InputError
from survsim.core.execution import Execution
from survsim.core.names import readable
from survsim.figures import style
from survsim.scenario.exploring import Explorer
from survsim.scenario.exploring_grid import FORMAT, grid_of

NAME = "explorer.json"
"""The grid among the results of an analysis; its report then has the page beside it."""
ENDING = "_explorer.html"
TITLES = {"effect": "effects", "dose": "doses", "patient": "patient"}
MOST_STEPS = 21


def explorer_page(
    explorer: Explorer,
    path: str | os.PathLike[str],
    *,
    steps: int = 5,
    execution: Execution | None = None,
) -> Path:
    """Write the panel of a scenario as a page that anybody opens without Python.

    Controls of one kind are combined three at a time: every combination of a few values of each is simulated, and the page
    draws what lies between. It says so, and how far it was from the simulation at settings between the points.

    Parameters
    ----------
    explorer : of the scenario, with as many patients as it should have.
    path : ``name.html``, the page; or ``explorer.json`` among the results of an analysis, which its report makes a page of.
    steps : values of each control, an odd number from 3 to 21; the simulations grow with its third power.
    execution : where and on how many workers they run (`Execution`); it changes no bit.

    Returns
    -------
    Path : what was written.

    Raises
    ------
    InputError : steps or a path of another kind.

    Example
    -------
    >>> import survsim, tempfile
    >>> scenario = survsim.Scenario.from_yaml("analyses/07_scenario_gallery/first_line.yml")
    >>> explorer = survsim.scenario.Explorer(scenario, patients=100)
    >>> page = survsim.report.explorer_page(explorer, tempfile.mkdtemp() + "/first_line.html", steps=3)
    >>> "grid" in page.read_text(encoding="utf-8")
    True
    """
    if (
        isinstance(steps, bool)
        or not isinstance(steps, int)
        or steps % 2 == 0
        or not 3 <= steps <= MOST_STEPS
    ):
        raise InputError(f"steps is an odd number from 3 to {MOST_STEPS}; got {steps!r}.")
    target = Path(path)
    if target.suffix not in (".html", ".json"):
        raise InputError(f"the panel is written as .html (the page) or .json (its grid); got {str(path)!r}.")
    with progress.shown("panel") as bar:
        grid = grid_of(explorer, steps=steps, progress=bar, execution=execution)
    if target.suffix == ".json":
        files.write_text(target, json.dumps(grid, separators=(",", ":"), ensure_ascii=False) + "\n")
    else:
        files.write_text(target, page_of(grid, heading=readable(explorer.scenario.name)))
    return target


def page_of(grid: Mapping[str, Any], *, heading: str, links: str = "") -> str:
    """The page of a grid; `links` is HTML that leads back to the report."""
    if grid.get("format") != FORMAT:
        raise InputError(
            f"the grid of a panel says format {FORMAT}; got {grid.get('format')!r}. Make it again."
        )
    shown = dict(grid) | {
        "labels": [readable(label) for label in grid["labels"]],
        "models": [readable(model).title() for model in grid["models"]],
        "colours": [style.colour(k) for k in range(len(grid["labels"]))],
        "dashes": [_dash(k) for k in range(len(grid["labels"]))],
        "sets": [one | {"title": title} for one, title in zip(grid["sets"], _titles(grid), strict=True)],
    }
    # A text with "</script>" in it must not end the script.
    text = json.dumps(shown, separators=(",", ":"), ensure_ascii=False).replace("<", "\\u003c")
    return Template(_asset("explorer.html")).substitute(
        title=html.escape(f"Move it by hand: {heading}"),
        question=html.escape(grid["question"]),
        told=html.escape(told(grid)),
        style=_asset("page.css"),
        script=_asset("explorer.js"),
        links=links,
        version=__version__,
        patients=str(grid["patients"]),
        grid=text,
    )


def told(grid: Mapping[str, Any]) -> str:
    """What the page is, and how exact."""
    off = grid["off"]
    near = (
        f" Between them it draws straight on; at {off['settings']:.0f} settings drawn at random no difference in time alive to "
        f"{grid['horizon']['value']:g} {grid['unit']} was further than {off['largest']:.2f} from the simulation there."
        if grid["sets"]
        else ""
    )
    several = (
        " While one group of sliders is moved, the others stand at the start."
        if len(grid["sets"]) > 1
        else ""
    )
    return f"{grid['told']} This page simulates nothing: it holds the answers at a grid of settings.{near}{several}"


def _titles(grid: Mapping[str, Any]) -> list[str]:
    """Heading of each set; where one kind has several sets, which of its sliders they hold: "effects 1 to 3", "effect 4"."""
    sets = grid["sets"]
    of_kind = {kind: sum(one["kind"] == kind for one in sets) for kind in TITLES}
    last = dict.fromkeys(TITLES, 0)
    found = []
    for one in sets:
        kind, count = one["kind"], len(one["controls"])
        first, last[kind] = last[kind] + 1, last[kind] + count
        if of_kind[kind] == 1:
            found.append(TITLES[kind])
            continue
        which = str(first) if count == 1 else f"{first} to {last[kind]}"
        word = TITLES[kind].removesuffix("s") if count == 1 else TITLES[kind]
        found.append(f"{word} {which}" if TITLES[kind].endswith("s") else f"{word}, sliders {which}")
    return found


def _dash(index: int) -> str:
    """The dash pattern of a line of the figures, as SVG has it."""
    dash = style.dash(index)
    return "none" if dash == "-" else " ".join(f"{2.2 * part:g}" for part in dash[1])


def _asset(name: str) -> str:
    return importlib.resources.files("survsim.report").joinpath("page", name).read_text(encoding="utf-8")
