"""A small panel for notebooks: a person corrects what was read by eye, and the corrections are kept as data."""

from __future__ import annotations

import json
import os
from typing import Any

from survsim.core import files
from survsim.core.errors import InputError
from survsim.core.numerals import number_in
from survsim.digitising.corrections import Corrections, read_corrections
from survsim.digitising.digitised import Digitised
from survsim.digitising.opening.needs import need
from survsim.digitising.reading import digitise


def correct(digitised: Digitised) -> Corrector:
    """A panel for a notebook in which a person corrects by eye what was read from a figure.

    Parameters
    ----------
    digitised : what `digitise` read; its figure must still be where it was.

    Returns
    -------
    Corrector : shows itself in a notebook; `.save(path)` keeps the corrections for ``digitise(..., corrections=path)``.

    Raises
    ------
    InputError : it is no reading of a figure, or ipywidgets is not installed.

    Example
    -------
    >>> from survsim.digitising import correct
    >>> correct("figure.png")
    Traceback (most recent call last):
    survsim.core.errors.InputError: correct takes what digitise returned; got str.
    """
    if not isinstance(digitised, Digitised):
        raise InputError(f"correct takes what digitise returned; got {type(digitised).__name__}.")
    return Corrector(digitised)


class Corrector:
    """Widgets over one digitised figure; `widget` is shown, `corrections` is what a person has said so far.

    Two points an axis, one name and colour an arm, and stray points as lines ``arm; time``. "Read again" reads the
    figure with them; `.result` is the latest reading.
    """

    def __init__(self, digitised: Digitised) -> None:
        self.result = digitised
        self._w = need("ipywidgets")
        self.points = {side: self._axis_boxes(side) for side in ("x", "y")}
        self.names = [
            self._w.Text(value=arm, description=f"arm {k + 1}") for k, arm in enumerate(digitised.arms)
        ]
        self.colours = [
            self._w.ColorPicker(value="#" + "".join(f"{round(255 * c):02x}" for c in colour), concise=True)
            for colour in digitised.colours
        ]
        known = Corrections(strays=tuple((a, float(t)) for a, t in digitised.corrections.get("strays", ())))
        self.strays = self._w.Textarea(
            value="\n".join(f"{arm}; {at!r}" for arm, at in known.strays), description="strays",
            placeholder="arm; time",
        )  # fmt: skip
        self.file = self._w.Text(value="corrections.json", description="save to")
        self.said = self._w.HTML()
        self.picture = self._w.Image(value=digitised.overlay(), format="png")
        again = self._w.Button(description="Read again")
        again.on_click(lambda _: self._safely(self.apply))
        keep = self._w.Button(description="Save")
        keep.on_click(lambda _: self._safely(lambda: self.save(self.file.value)))
        rows = [self._w.HBox([n, c]) for n, c in zip(self.names, self.colours, strict=True)]
        sides = [self._w.HBox([box for pair in self.points[s] for box in pair]) for s in ("x", "y")]
        self.widget = self._w.VBox(
            [self.picture, *sides, *rows, self.strays, self._w.HBox([again, self.file, keep]), self.said]
        )

    def _axis_boxes(self, side: str) -> list[tuple[Any, Any]]:
        ticks = self.result.ticks[side]
        ends = (ticks[0], ticks[-1])
        return [
            (
                self._w.FloatText(value=place, description=f"{side} place"),
                self._w.FloatText(value=value, description="value"),
            )
            for place, value in ends
        ]

    @property
    def corrections(self) -> Corrections:
        """What the widgets say, where it differs from what was read."""
        axes = {}
        for side, boxes in self.points.items():
            now = [(place.value, value.value) for place, value in boxes]
            before = [self.result.ticks[side][0], self.result.ticks[side][-1]]
            if side in self.result.corrections.get("axes", {}) or now != [
                tuple(map(float, p)) for p in before
            ]:
                axes[side] = now
        arms = {name.value: colour.value for name, colour in zip(self.names, self.colours, strict=True)}
        strays = []
        for line in filter(str.strip, self.strays.value.splitlines()):
            arm, semicolon, at = line.rpartition(";")
            try:
                strays.append([arm.strip(), number_in(at)])
            except ValueError:
                raise InputError(f"a stray point reads 'arm; time'; got {line!r}.") from None
            if not semicolon:
                raise InputError(f"a stray point reads 'arm; time'; got {line!r}.")
        return read_corrections({"axes": axes, "arms": arms, "strays": strays})

    def apply(self) -> Digitised:
        """Read the figure again with the corrections; the new reading is returned and shown."""
        d = self.result
        panel = dict(d.provenance.options).get("panel")
        self.result = digitise(
            d.source,
            panel=panel,
            kind=d.kind,
            unit=d.unit or None,
            page=d.page,
            corrections=self.corrections.plain(),
        )
        self.picture.value = self.result.overlay()
        return self.result

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the corrections as JSON, for ``digitise(..., corrections=path)``."""
        files.write_text(path, json.dumps(self.corrections.plain(), indent=1, ensure_ascii=False) + "\n")

    def _safely(self, act: Any) -> None:
        """A button's work; what it refuses is shown below the panel."""
        import html

        try:
            act()
        except (InputError, OSError) as error:
            self.said.value = f"<b>{html.escape(str(error))}</b>"
        else:
            self.said.value = "done"

    def _ipython_display_(self) -> None:
        from IPython.display import display

        display(self.widget)
