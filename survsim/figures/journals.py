"""What a journal's page asks of a picture: columns in millimetres, letters and lines in points, fonts."""

from __future__ import annotations

import contextlib
import functools
from dataclasses import dataclass
from pathlib import Path

from survsim.core.checks import one_of

SANS = ("Liberation Sans", "TeX Gyre Heros", "DejaVu Sans")
SERIF = ("Liberation Serif", "TeX Gyre Termes", "DejaVu Serif")
"""Free fonts, the last of which comes with matplotlib: there is always one."""
OTHER_SCRIPTS = ("CJK", "Source Han", "WenQuanYi", "IPAGothic", "IPAexGothic", "Noto Sans JP", "Noto Sans SC")
"""Fonts named like these are asked for letters that the others lack."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """The look of a journal's page.

    Attributes
    ----------
    single, double : widths of one and of two columns (mm).
    size, small : of letters (points): axes and titles; ticks, legends and numbers.
    line, axis_line : widths of curves and axes (points).
    own, free : fonts, those of the journal before the free ones that stand in for them.
    widths_from : where the widths come from. "publisher": read on the publisher's own page; "third party": told by
        guides of others, the publisher's page was not seen to print them; "working values": nobody prints any.
    page : the page that was read, for the first two.
    """

    single: float
    double: float
    size: float
    small: float
    line: float
    axis_line: float
    own: tuple[str, ...] = ()
    free: tuple[str, ...] = SANS
    widths_from: str = "working values"
    page: str = ""


JOURNALS: dict[str, Journal] = {
    "default": Journal(
        single=85, double=174, size=9.0, small=8.5, line=1.6, axis_line=0.8, free=("DejaVu Sans",)
    ),
    "frontiers": Journal(
        single=85, double=180, size=8.5, small=8.0, line=1.4, axis_line=0.8, own=("Arial", "Helvetica"),
        widths_from="third party", page="https://www.frontiersin.org/guidelines/author-guidelines",
    ),
    "lancet": Journal(
        single=75, double=154, size=8.5, small=8.0, line=1.3, axis_line=0.7, own=("Times New Roman",), free=SERIF,
        widths_from="third party", page="https://www.thelancet.com/submission-guidelines",
    ),
    "nature": Journal(
        single=89, double=183, size=7.0, small=6.5, line=1.1, axis_line=0.6, own=("Arial", "Helvetica"),
        widths_from="publisher", page="https://research-figure-guide.nature.com/figures/building-and-exporting-figure-panels",
    ),
    "jco": Journal(
        single=85, double=174, size=8.0, small=7.5, line=1.3, axis_line=0.7, own=("Arial", "Helvetica")
    ),
    "nejm": Journal(
        single=85, double=174, size=8.0, small=7.5, line=1.3, axis_line=0.7, own=("Arial", "Helvetica")
    ),
}  # fmt: skip
"""`widths_from` says of each how far its widths can be relied upon; check them against the instructions of the day."""


def journal(name: str) -> Journal:
    """The look called `name`; an unknown one is answered with the list."""
    return JOURNALS[one_of("style", name, tuple(JOURNALS))]


def fonts(look: Journal) -> list[str]:
    """Fonts of a look that are on this machine, best first, then those for scripts which they lack."""
    have = installed((*look.own, *look.free))
    chosen = [name for name in (*look.own, *look.free, "DejaVu Sans") if name in have]
    return list(dict.fromkeys([*chosen, *(n for n in have if any(word in n for word in OTHER_SCRIPTS))]))


@functools.cache
def installed(wanted: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Names of the fonts that matplotlib finds, after a look for those wanted that it does not know yet.

    Its list is made once and kept; fonts that came to the machine later are not in it.
    """
    from matplotlib import font_manager

    known = set(font_manager.fontManager.get_font_names())
    missing = {name.replace(" ", "").lower() for name in wanted if name not in known}
    if missing:
        for path in sorted(font_manager.findSystemFonts()):
            file = Path(path).stem.replace(" ", "").replace("_", "").lower()
            if any(file.startswith(name) for name in missing):
                with contextlib.suppress(OSError, RuntimeError):  # a damaged file is no font
                    font_manager.fontManager.addfont(path)
    return tuple(font_manager.fontManager.get_font_names())
