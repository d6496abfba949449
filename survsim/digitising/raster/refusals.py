"""Why a picture cannot be followed, and what a person can give."""

from __future__ import annotations

from survsim.digitising.found import Refused
from survsim.digitising.raster.numbers import Number
from survsim.digitising.raster.sequences import find_labels, logarithmic
from survsim.digitising.raster.sheet import Sheet
from survsim.digitising.raster.words import Word

AXES_HELP = (
    "two numbers an axis, their places in the picture (pixels, y downwards) and their values: "
    "axes={'x': [(place, value), (place, value)], 'y': [(place, value), (place, value)]}"
)
COLOURS_HELP = "the colour of each arm, arms={'name': 'colour', ...}"


def refuse_axes(sheet: Sheet, numbers: list[Number], words: list[Word]) -> Refused:
    """The reason why no axes were found."""
    for across, name in ((True, "horizontal"), (False, "vertical")):
        if not find_labels(numbers, across) and logarithmic(numbers, across):
            return Refused(
                f"The {name} axis is logarithmic; curves are read from linear axes only.",
                help="a figure with linear axes",
            )
    if not words:
        return Refused("The picture holds no print: no labels of axes were seen.", help=AXES_HELP)
    x, y = find_labels(numbers, True), find_labels(numbers, False)
    which = (
        "either axis"
        if not x and not y
        else "the vertical axis"
        if x
        else "the horizontal axis"
        if y
        else "facing axes"
    )
    return Refused(
        f"At least three labels of {which} must be read with certainty, and were not.", help=AXES_HELP
    )
