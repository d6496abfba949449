"""A panel for notebooks: sliders of effects, doses, horizon and patient over a scenario, curves and differences at once."""

from __future__ import annotations

import base64
import html
import io
import threading
import time
from typing import Any

import numpy as np

from survsim.core.errors import InputError, SurvsimError
from survsim.core.names import readable
from survsim.evidence.ask.store import EvidenceStore
from survsim.figures import style
from survsim.scenario.exploring import HORIZON, Control, Explorer, Redrawn
from survsim.scenario.parameterise import Parameters
from survsim.scenario.spec import Scenario

GROUPS = {
    "effect": "effects",
    "dose": "doses",
    HORIZON: HORIZON,
    "patient": "patient",
    "course": "other numbers",
}
"""Kinds of controls in the order of the panel; the last are folded."""
DPI = 110


def explore(
    scenario: Scenario,
    *,
    evidence: EvidenceStore | None = None,
    parameters: Parameters | None = None,
    patients: int | None = None,
) -> ExplorerPanel:
    """A panel for a notebook in which sliders of effects, doses, horizon and patient redraw what a scenario would come to.

    The same few patients with the same luck are simulated again at each setting (common random numbers), every parameter
    that is not moved at its median; the panel says so, and gives the Monte Carlo error of each difference.

    Parameters
    ----------
    scenario : what is simulated.
    evidence, parameters : the store that its rows are read from, or parameters drawn before (needed soon where the scenario
        names a calibration, which is run otherwise).
    patients : simulated in each strategy; by default as many, up to 2000, as a redraw has time for.

    Returns
    -------
    ExplorerPanel : shows itself in a notebook; `.explorer` answers without widgets, `.shown` is the latest answer.

    Raises
    ------
    InputError : ipywidgets is not installed, or patients that are no whole number from 2.
    EvidenceError, ScenarioError : as `survsim.scenario.scenario_parameters`.

    Example
    -------
    >>> import survsim
    >>> scenario = survsim.Scenario.from_yaml("analyses/07_scenario_gallery/first_line.yml")
    >>> panel = survsim.explore(scenario, patients=300)
    >>> panel.sliders["hr_second_drug"].value = 0.5
    >>> bool(panel.shown.difference[1] > 0)
    True
    """
    return ExplorerPanel(
        Explorer(scenario, evidence=evidence, parameters=parameters, patients=patients), _widgets()
    )


def _widgets() -> Any:
    try:
        import ipywidgets
    except ImportError:
        raise InputError(
            "the panel needs ipywidgets, which is not installed: pip install 'survsim[explore]'. Without it, "
            "survsim.scenario.Explorer(scenario).redraw(...) gives the same numbers."
        ) from None
    return ipywidgets


class ExplorerPanel:
    """Sliders beside a picture and a table; `widget` is shown, `shown` is the latest answer, `seconds` what it took."""

    def __init__(self, explorer: Explorer, widgets: Any) -> None:
        self.explorer = explorer
        self._w = widgets
        self._picture = _Picture(len(explorer.scenario.strategies))
        self.sliders = {c.name: _slider(widgets, c) for c in explorer.controls}
        self.words = {self.sliders[c.name]: _words(widgets, c) for c in explorer.controls}
        self.image = widgets.HTML()
        self.table = widgets.HTML()
        self.said = widgets.HTML()
        self.png = b""
        self._one_at_a_time = threading.RLock()
        self._drawn: dict[str, float] | None = None
        self.seconds = 0.0
        self.shown = explorer.redraw()
        self._quiet = False
        for slider in self.sliders.values():
            slider.observe(self._moved, names="value")
        self.back = widgets.Button(description="back to the start")
        self.back.on_click(lambda _: self.reset())
        self.widget = self._arranged()
        self.redraw()

    def redraw(self) -> Redrawn:
        """Simulate at the sliders, draw and tell; what the model refuses is said below and the old answer stays.

        A kernel may hand messages of the browser to several threads: one redraws at a time, and whoever waited finds the
        sliders drawn already.
        """
        with self._one_at_a_time:
            moved = {
                c.name: self.sliders[c.name].value
                for c in self.explorer.controls
                if abs(self.sliders[c.name].value - self._start(c)) > 1e-12
            }
            if moved != self._drawn:
                self._redraw(moved)
        return self.shown

    def _redraw(self, moved: dict[str, float]) -> None:
        began = time.perf_counter()
        try:
            self.shown = self.explorer.redraw(**moved)
        except SurvsimError as error:
            self.said.value = f"<b>{html.escape(str(error))}</b>"
            return
        self.png = self._picture.png(self.shown)
        self.image.value = _embedded(self.png, self.shown)
        self.table.value = table_of(self.shown)
        self._drawn = moved
        self.seconds = time.perf_counter() - began
        self.said.value = (
            f"<div style='font-size:85%;line-height:1.35'>{html.escape(self.shown.told())} Redrawn in "
            f"{1000 * self.seconds:.0f} ms.</div>"
        )

    def reset(self) -> None:
        """Every slider where it began, redrawn once."""
        self._quiet = True
        try:
            for c in self.explorer.controls:
                self.sliders[c.name].value = self._start(c)
        finally:
            self._quiet = False
        self.redraw()

    def _start(self, control: Control) -> float:
        return int(control.value) if control.whole else control.value

    def _moved(self, change: Any) -> None:
        if not self._quiet:
            self.redraw()

    def _arranged(self) -> Any:
        w = self._w
        boxes = []
        for kind, title in GROUPS.items():
            sliders = [self.sliders[c.name] for c in self.explorer.controls if c.kind == kind]
            if not sliders:
                continue
            inside = w.VBox(
                layout=w.Layout(overflow="hidden"),
                children=[part for s in sliders for part in (self.words[s], s)],
            )
            if kind == "course":
                inside = w.Accordion(children=[inside], selected_index=None)
                inside.set_title(0, title)
                boxes.append(inside)
            else:
                boxes += [w.HTML(f"<b>{html.escape(title)}</b>"), inside]
        left = w.VBox([*boxes, self.back], layout=w.Layout(width="440px"))
        right = w.VBox([self.image, self.table, self.said], layout=w.Layout(flex="1 1 360px", min_width="0"))
        return w.HBox([left, right], layout=w.Layout(flex_flow="row wrap"))

    def _ipython_display_(self) -> None:
        from IPython.display import display

        display(self.widget)


def _embedded(png: bytes, shown: Redrawn) -> str:
    """The picture inside HTML, with what it shows in words."""
    told = html.escape(
        f"Share alive over {shown.horizon:g} {shown.time_unit}: {', '.join(map(readable, shown.labels))}"
    )
    data = base64.b64encode(png).decode("ascii")
    return f'<img alt="{told}" style="max-width:100%;height:auto" src="data:image/png;base64,{data}">'


def _words(widgets: Any, control: Control) -> Any:
    """What a slider moves, in a line above it that may be as long as it needs."""
    return widgets.HTML(
        f'<div style="line-height:1.3;margin-top:4px">{html.escape(readable(control.label))}</div>'
    )


def _slider(widgets: Any, control: Control) -> Any:
    """A slider; ratios move by ratios."""
    import math

    shared = {"tooltip": f"{control.label} ({control.name})", "layout": widgets.Layout(width="auto")}
    if control.whole:
        return widgets.IntSlider(
            value=int(control.value), min=int(control.low), max=int(control.high), **shared
        )
    if control.logarithmic:
        return widgets.FloatLogSlider(
            value=control.value, base=10, min=math.log10(control.low) - 1e-9, max=math.log10(control.high) + 1e-9, step=0.01,
            readout_format=".2f" if control.high >= 0.1 else ".4f", **shared,
        )  # fmt: skip
    step = (control.high - control.low) / 100
    return widgets.FloatSlider(
        value=control.value, min=control.low, max=control.high, step=1.0 if control.kind == HORIZON else step,
        readout_format=".0f" if control.kind == HORIZON else ".3g", **shared,
    )  # fmt: skip


def table_of(shown: Redrawn) -> str:
    """Mean time alive to the horizon by strategy, and its difference with the Monte Carlo error, as HTML."""
    unit = html.escape(shown.time_unit)
    harm = (
        [("mean dose to the cord (Gy EQD2)", [f"{d:.1f}" for d in shown.cord_dose])]
        if shown.cord_dose.size
        else []
    )
    harm += [
        (f"myelopathy, {model.replace('_', ' ').title()}", [f"{share:.1%}" for share in row])
        for model, row in zip(shown.myelopathy_models, shown.myelopathy, strict=True)
    ]
    head = (
        f"<tr><th></th><th>{unit} alive to {shown.horizon:g}</th>"
        f"<th>difference from {html.escape(readable(shown.labels[shown.reference]))}</th><th>Monte Carlo SE</th>"
        f"{''.join(f'<th>{html.escape(title)}</th>' for title, _ in harm)}</tr>"
    )
    rows = []
    for k, label in enumerate(shown.labels):
        cells = (
            ("reference", "")
            if k == shown.reference
            else (f"{shown.difference[k]:+.2f}", f"{shown.mc_std_error[k]:.3f}")
        )
        rows.append(
            f'<tr><th style="text-align:left;color:{style.colour(k)}">{html.escape(readable(label))}</th>'
            f"<td>{shown.months[k]:.2f}</td><td>{cells[0]}</td><td>{cells[1]}</td>"
            f"{''.join(f'<td>{column[k]}</td>' for _, column in harm)}</tr>"
        )
    return f"<div style='overflow-x:auto'><table style='line-height:1.35'>{head}{''.join(rows)}</table></div>"


class _Picture:
    """The curves: axes, words and legend are drawn once a horizon and kept; a redraw draws the lines on them, nothing else."""

    def __init__(self, strategies: int) -> None:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        # Many strategies stand one below the other above the axes, which keep their height.
        height = 3.6 + 0.2 * max(0, strategies - 3)
        self.figure = Figure(figsize=(6.0, height), layout="constrained", dpi=DPI)
        self.canvas = FigureCanvasAgg(self.figure)
        with style.style():
            self.ax = self.figure.add_subplot()
        self.lines: list[Any] = []
        self._below: Any = None
        self._horizon = float("nan")

    def png(self, shown: Redrawn) -> bytes:
        """The picture of an answer as PNG."""
        with style.style():
            if not self.lines:
                self._begin(shown)
            if shown.horizon != self._horizon:
                self.ax.set_xlim(0, shown.horizon)
                self.canvas.draw()
                # Where everything stands was settled by the first picture.
                self.figure.set_layout_engine("none")
                self._below, self._horizon = self.canvas.copy_from_bbox(self.figure.bbox), shown.horizon
            self.canvas.restore_region(self._below)
            for line, curve in zip(self.lines, shown.survival, strict=True):
                line.set_data(shown.times, curve)
                self.ax.draw_artist(line)
        return _as_png(self.canvas)

    def _begin(self, shown: Redrawn) -> None:
        for k, label in enumerate(shown.labels):
            (line,) = self.ax.plot(
                [], [], color=style.colour(k), linestyle=style.dash(k), label=readable(label)
            )
            self.lines.append(line)
        self.ax.set_ylim(0, 1.02)
        self.ax.set_xlabel(f"Time ({shown.time_unit})")
        self.ax.set_ylabel("Share alive")
        self.figure.legend(
            loc="outside upper left", ncols=1 if len(shown.labels) > 3 else len(shown.labels), frameon=False
        )
        for line in self.lines:
            line.set_animated(True)


def _as_png(canvas: Any) -> bytes:
    """What the canvas shows; little compressed, since it goes no further than to the browser."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB").save(
        buffer, format="png", compress_level=2
    )
    return buffer.getvalue()
