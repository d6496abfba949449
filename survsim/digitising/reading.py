"""The door of the digitiser: a figure in, curves in the units of its axes out, or a refusal that names the help it needs."""

from __future__ import annotations

import base64
import io
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from survsim.core.checks import one_of
from survsim.core.errors import EvidenceWarning, InputError, warn
from survsim.core.provenance import Provenance
from survsim.core.units import check_unit
from survsim.digitising.corrections import Corrections, merged, read_corrections
from survsim.digitising.digitised import Digitised
from survsim.digitising.found import Hints, Panel, Refused
from survsim.digitising.hinted import hints_of
from survsim.digitising.meaning import Meaning, meant, without
from survsim.digitising.opening.needs import need
from survsim.digitising.opening.opened import Opened, opened
from survsim.digitising.opening.pictures import Pixels

LARGEST_SHOWN = 2400
"""Pixels a side of the figure that is kept with its curves."""


def digitise(
    path: str | os.PathLike[str],
    panel: str | None = None,
    arms: Sequence[str] | Mapping[str, str] | None = None,
    axes: Mapping[str, Any] | None = None,
    kind: str = "survival",
    unit: str | None = None,
    *,
    page: int | None = None,
    corrections: str | os.PathLike[str] | Mapping[str, Any] | None = None,
) -> Digitised:
    """Read the curves of a published figure.

    Drawings (SVG, pages of PDF) are read from their paths, as exact as they were written; pictures (PNG, JPEG, TIFF)
    from their pixels. What cannot be followed is refused: logarithmic axes, bars, smooth lines, numbers that lie on no
    line. What was repaired or guessed is in `.warnings`.

    Parameters
    ----------
    path : the figure; what kind of file it is, is seen from its content.
    panel : letter (or heading, or place in reading order from "A") of the panel, where there are several.
    arms : names of the arms: a list in the order of the legend or from the upper curve down, or a mapping of name to
        colour ("#1f77b4", "red"), which also says which curves are wanted.
    axes : points that a person read off where axes cannot be read: ``{"x": [(place, value), (place, value)],
        "y": [...]}``; places in pixels of a picture or in page units of a drawing, y downwards.
    kind : "survival" or "incidence" (curves that rise from 0).
    unit : of the time axis: "days", "weeks", "months" or "years"; read from its title if None.
    page : of a PDF, from 1.
    corrections : what a `Corrector` saved, as a path or as its content; applied before what is given here.

    Returns
    -------
    Digitised : `.curves`, `.marks`, `.at_risk`, `.tolerance`, `.warnings`; `.plot()` lays the traces over the figure,
        `.save("folder")` writes everything.

    Raises
    ------
    InputError : the figure cannot be opened or followed, or an argument fits nothing in it; says what help it needs.

    Example
    -------
    >>> from survsim.digitising import digitise
    >>> digitise("no_such_figure.png")
    Traceback (most recent call last):
    survsim.core.errors.InputError: there is no file 'no_such_figure.png'.
    """
    one_of("kind", kind, ("survival", "incidence"))
    if unit is not None:
        check_unit(unit)
    file = _existing(path)
    corrected = merged(read_corrections(corrections), arms, axes)
    hints = hints_of(kind, panel, corrected)
    try:
        found = opened(file, page=page, hints=hints, read_pixels=_read_pixels)
        chosen, said = _panel(found, panel)
        meaning = without(meant(chosen, hints, unit), corrected.strays)
    except Refused as refusal:
        more = f" Help: {refusal.help}." if refusal.help else ""
        raise InputError(f"{file.name}: {refusal}{more}") from None
    result = _result(file, found, chosen, meaning, hints, corrected, said)
    for words in result.warnings:
        warn(f"{file.name}: {words}", EvidenceWarning)
    return result


def _existing(path: str | os.PathLike[str]) -> Path:
    if not isinstance(path, str | os.PathLike):
        raise InputError(f"path is the file of a figure; got {type(path).__name__}.")
    file = Path(path)
    if not file.is_file():
        raise InputError(f"there is no file {str(path)!r}.")
    return file


def _read_pixels(pixels: Pixels, hints: Hints) -> tuple[list[Panel], Pixels]:
    need("cv2")
    from survsim.digitising.raster.read import read_picture
    from survsim.digitising.raster.sheet import straighten

    shown: Any = pixels
    panels = list(read_picture(shown, hints=hints))
    if any("turned" in words for panel in panels for words in panel.warnings):
        pixels = np.asarray(straighten(shown)[0], dtype=np.uint8)
    return panels, pixels


def _panel(found: Opened, wanted: str | None) -> tuple[Panel, list[str]]:
    """The panel asked for; the only one where none is."""
    panels = found.panels
    if not panels:
        raise Refused("no panel with curves was found.", "axes= and arms=")
    names = [f"{chr(65 + k)}{f' ({p.title})' if p.title else ''}" for k, p in enumerate(panels)]
    if wanted is None:
        read = [p for p in panels if p.refused is None]
        if len(read) > 1:
            raise Refused(
                f"the figure has {len(panels)} panels: {', '.join(names)}.", "panel= one of these letters"
            )
        return read[0], [
            f"another panel, {name}, was not read: {p.refused}"
            for name, p in zip(names, panels, strict=True)
            if p.refused is not None
        ]
    key = wanted.strip().casefold().strip("().: ")
    lettered = [p for p in panels if p.title.casefold().lstrip("( ").partition(" ")[0].strip("().:") == key]
    headed = [
        p
        for p in panels
        if key and key in (p.title.casefold(), re.sub(r"^\(?[a-z][).:]?\s+", "", p.title.casefold()))
    ]
    place = ord(key) - ord("a") if len(key) == 1 and key.isalpha() else int(key) - 1 if key.isdigit() else -1
    for options in (lettered, headed, panels[place : place + 1] if place >= 0 else []):
        if len(options) == 1:
            if options[0].refused is not None:
                raise options[0].refused
            return options[0], []
    raise Refused(
        f"there is no panel {wanted!r}; there are {', '.join(names)}.", "panel= one of these letters"
    )


def _result(
    file: Path,
    found: Opened,
    panel: Panel,
    meaning: Meaning,
    hints: Hints,
    corrected: Corrections,
    said: list[str],
) -> Digitised:
    sizes = [t.size for t in meaning.times]
    marks = [m.size for m in meaning.marks]
    options: dict[str, Any] = {
        "kind": hints.kind,
        "panel": hints.panel,
        "page": found.page,
        "corrections": corrected.plain() or None,
    }
    return Digitised(
        provenance=Provenance.of("digitise", f"figure:{file.name}", checksum=found.checksum, **options),
        kind=hints.kind,
        unit=meaning.unit,
        arms=meaning.arms,
        curve_arm=np.repeat(np.arange(len(sizes)), sizes),
        curve_time=np.concatenate(meaning.times),
        curve_value=np.concatenate(meaning.values),
        mark_arm=np.repeat(np.arange(len(marks)), marks),
        mark_time=np.concatenate(meaning.marks),
        risk=meaning.risk,
        tolerance={hints.kind: meaning.tolerance_value, "time": meaning.tolerance_time},
        warnings=tuple(dict.fromkeys((*found.said, *said, *meaning.said))),
        source=str(file),
        checksum=found.checksum,
        page=found.page,
        panel=panel.title,
        exact=found.vector,
        colours=tuple(t.colour for t in meaning.traces),
        axes={
            "x": (panel.x_axis.intercept, panel.x_axis.slope),
            "y": (panel.y_axis.intercept, panel.y_axis.slope),
        },
        ticks={"x": panel.x_axis.ticks, "y": panel.y_axis.ticks},
        box=(panel.box.x0, panel.box.y0, panel.box.x1, panel.box.y1),
        percent=_percent(panel, meaning),
        picture=base64.b64encode(_png(found.pixels)).decode("ascii"),
        picture_scale=found.scale * min(1.0, LARGEST_SHOWN / max(found.pixels.shape[:2])),
        corrections=corrected.plain(),
    )


def _percent(panel: Panel, meaning: Meaning) -> bool:
    return max((v for _, v in panel.y_axis.ticks), default=1.0) > 1.5 or "%" in panel.y_axis.title


def _png(pixels: Pixels) -> bytes:
    image = Image.fromarray(pixels)
    image.thumbnail((LARGEST_SHOWN, LARGEST_SHOWN))
    kept = io.BytesIO()
    image.save(kept, format="PNG", optimize=False)
    return kept.getvalue()
