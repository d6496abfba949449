"""Figures as the files a journal takes, with the numbers that were drawn beside them."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from survsim.core import cells, files
from survsim.core.checks import between
from survsim.core.errors import InputError
from survsim.figures import style
from survsim.figures.drawn_data import drawn_data

FORMATS = ("pdf", "svg", "eps", "tiff", "png")
ALSO = {"tif": "tiff"}
OTHERS = frozenset(
    [
        "ai",
        "avif",
        "bmp",
        "csv",
        "doc",
        "docx",
        "emf",
        "gif",
        "heic",
        "html",
        "jp2",
        "jpe",
        "jpeg",
        "jpg",
        "pgf",
        "pptx",
        "ps",
        "psd",
        "raw",
        "rgba",
        "svgz",
        "txt",
        "webp",
        "wmf",
        "xlsx",
    ]
)
"""Endings that ask for what is not written; any other is part of a name, as in fig1.v2."""
MOST_PIXELS = 300_000_000
EMBEDDED: Any = {"pdf.fonttype": 42, "ps.fonttype": 42, "svg.fonttype": "path"}
"""TrueType in PDF and EPS; letters as outlines in SVG, which a reader without the font sees alike."""
UNDATED: dict[str, Any] = {
    "pdf": {"CreationDate": None, "Creator": "survsim"},
    "svg": {"Date": None, "Creator": "survsim"},
    "eps": {"Creator": "survsim"},
}


def save_figure(
    fig: Any,
    path: str | os.PathLike[str],
    *,
    formats: Sequence[str] | str = ("pdf", "svg", "tiff", "png"),
    dpi: float = 600,
    data: bool = True,
) -> tuple[Path, ...]:
    """Write a figure in several formats, and as ``path.csv`` what it shows; all of it or nothing is made.

    Each file is as large as the figure (``plot(width="85mm")`` gives 85 mm), letters are embedded as TrueType, TIFF
    is compressed and without transparency. The same figure gives the same files, except EPS, which is dated.

    Parameters
    ----------
    fig : a figure, axes, or what `plot` returned.
    path : file without its ending, such as "figures/fig1"; an ending that names a format asks for that alone.
    formats : some of "pdf", "svg", "eps", "tiff", "png".
    dpi : dots per inch of tiff and png, 72 to 2400.
    data : whether the drawn numbers are written beside (``path.csv``: every curve, band, bar and marked number).

    Returns
    -------
    (k,) paths of the files written.

    Raises
    ------
    InputError : an unknown format, something that is no figure, too many pixels, a folder that cannot be written to.

    Example
    -------
    >>> import tempfile
    >>> from survsim import Surv, kaplan_meier, save_figure
    >>> curve = kaplan_meier(Surv.right([2, 3, 5], [1, 0, 1], unit="months"))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     made = save_figure(curve.plot(width="85mm"), f"{folder}/fig1", formats=("pdf", "png"), dpi=300)
    >>> [one.name for one in made]
    ['fig1.pdf', 'fig1.png', 'fig1.csv']
    """
    figure = _figure(fig)
    stem, wanted = _wanted(path, formats)
    dots = between("dpi", dpi, 72, 2400, open_ends=False)
    width, height = figure.get_size_inches()
    if width * height * dots**2 > MOST_PIXELS and {"tiff", "png"} & set(wanted):
        raise InputError(
            f"at {dots:.0f} dpi a figure of {width * 25.4:.0f} by {height * 25.4:.0f} mm has "
            f"{width * height * dots**2 / 1e6:.0f} million pixels; give a smaller dpi or width, or leave out tiff and png."
        )
    contents = {stem.with_name(f"{stem.name}.{kind}"): _drawn(figure, kind, dots) for kind in wanted}
    if data:
        table = cells.for_spreadsheets(drawn_data(figure)).to_csv(index=False, lineterminator="\n")
        contents[stem.with_name(f"{stem.name}.csv")] = table.encode()
    return _write(contents)


def _figure(fig: Any) -> Any:
    """The whole figure of what was given."""
    first = fig[0] if isinstance(fig, list | tuple) and fig else fig
    first = first.flat[0] if hasattr(first, "ravel") and np.size(first) else first
    figure = getattr(first, "figure", None)
    if figure is None or not hasattr(getattr(figure, "figure", figure), "savefig"):
        raise InputError(
            f"fig must be a matplotlib figure, axes, or what .plot() returned; got {type(fig).__name__}."
        )
    return figure.figure


def _wanted(path: Any, formats: Any) -> tuple[Path, list[str]]:
    """Path without ending, and the formats asked for."""
    if not isinstance(path, str | os.PathLike) or not Path(path).name:
        raise InputError(f"path is a file name without its ending, such as 'fig1'; got {path!r}.")
    stem = Path(path)
    ending = stem.suffix.lower().removeprefix(".")
    if ending in (*FORMATS, *ALSO):
        return stem.with_suffix(""), [ALSO.get(ending, ending)]
    if ending in OTHERS:
        raise InputError(
            f"no figure is written as .{ending}; give {', '.join(FORMATS)}, or a path without an ending. Got {str(path)!r}."
        )
    named = [formats] if isinstance(formats, str) else list(formats)
    lowered = [ALSO.get(str(f).lower().lstrip("."), str(f).lower().lstrip(".")) for f in named]
    unknown = next((f for f in lowered if f not in FORMATS), None)
    if unknown is not None or not lowered:
        raise InputError(
            f"formats must be some of {', '.join(FORMATS)}; got {unknown if lowered else 'none'!r}."
        )
    return stem, list(dict.fromkeys(lowered))


def _drawn(figure: Any, kind: str, dots: float) -> bytes:
    """The file of one format."""
    import matplotlib

    buffer = io.BytesIO()
    with style.style(), matplotlib.rc_context(EMBEDDED):
        raster = kind in ("tiff", "png")
        figure.savefig(
            buffer, format="png" if raster else kind, dpi=dots, facecolor="white", metadata=UNDATED.get(kind)
        )
    if kind != "tiff":
        return buffer.getvalue()
    from PIL import Image

    flat = io.BytesIO()
    Image.open(buffer).convert("RGB").save(flat, format="tiff", compression="tiff_lzw", dpi=(dots, dots))
    return flat.getvalue()


def _write(contents: dict[Path, bytes]) -> tuple[Path, ...]:
    try:
        for path, content in contents.items():
            with files.atomic_open(path, "wb") as file:
                file.write(content)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(
            f"{path} cannot be written ({reason}); choose a folder you may write to, and close the file where it is open."
        ) from None
    return tuple(contents)
