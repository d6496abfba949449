"""The pictures of the gallery as they are committed: ``python -m tests.helpers.committed_gallery [KIND ...]``.

Each kind of picture stands 85 mm wide in ``tests/unit/figures/gallery``. After a wanted change of a picture the command
draws it anew and says so; a picture that still looks the same is left as it is. Look at what changed before it is
committed.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.helpers.gallery import KINDS, picture

FOLDER = Path(__file__).resolve().parents[1] / "unit" / "figures" / "gallery"
DPI = 100
TOLERANCE = 0.24
"""Root mean square difference of a sheet's pixels, of 255 levels of a colour.

Drawn again by the same version of matplotlib it is zero, but for points that lie on the border between two pixels: a last
digit sets one to the other side, which makes 0.22 on a low sheet. When each line, text, band and legend of the 62 pictures was
taken away alone (1,391 of them), the least that came was 0.25, for half a whisker on the highest sheet.
"""
OTHER_LETTERS = 0.25
"""How much higher or lower a sheet may be, as a share, where another version of matplotlib set its letters."""


def place(kind: str) -> Path:
    """Where the committed picture of a kind lies."""
    return FOLDER / f"{kind.replace(' ', '_')}.png"


def write(figure: Any, path: Path) -> None:
    """A figure as it stands, with the version of matplotlib that drew it."""
    figure.savefig(path, format="png", dpi=DPI, bbox_inches=None, pil_kwargs={"optimize": True})


def difference(figure: Any, kind: str, scratch: Path) -> str | None:
    """In what a figure differs from the committed picture of its kind; None where it looks the same.

    Minor versions of matplotlib set letters differently (3.9 against 3.11: a difference of 11 to 48, sheets up to 19 per
    cent higher), which would hide any change. Under another one than drew the pictures, the sheets alone are compared.
    """
    from matplotlib.testing.compare import compare_images
    from matplotlib.testing.exceptions import ImageComparisonFailure

    fresh = scratch / place(kind).name
    write(figure, fresh)
    if _version(fresh) != _version(place(kind)):
        return _other_sheet(place(kind), fresh)
    try:
        return compare_images(str(place(kind)), str(fresh), tol=TOLERANCE)
    except ImageComparisonFailure as other_size:
        return str(other_size)


def _version(path: Path) -> tuple[str, ...]:
    """The minor version of matplotlib that drew a picture, as it says itself."""
    from PIL import Image

    with Image.open(path) as image:
        said = str(image.info["Software"])
    return tuple(said.removeprefix("Matplotlib version").split(",")[0].split(".")[:2])


def _other_sheet(committed: Path, fresh: Path) -> str | None:
    from PIL import Image

    with Image.open(committed) as one, Image.open(fresh) as other:
        (width, height), (width_now, height_now) = one.size, other.size
    if width == width_now and abs(height_now / height - 1.0) <= OTHER_LETTERS:
        return None
    return f"a sheet of {width_now} by {height_now} pixels; committed is one of {width} by {height}"


def main(kinds: Sequence[str] = ()) -> int:
    """Draw these kinds anew, or all of them, and say which pictures changed."""
    unknown = sorted(set(kinds) - set(KINDS))
    if unknown:
        print(f"no such kind: {', '.join(unknown)}; there are {', '.join(KINDS)}", file=sys.stderr)
        return 2
    FOLDER.mkdir(exist_ok=True)
    for old in sorted(set(FOLDER.glob("*.png")) - {place(kind) for kind in KINDS}):
        old.unlink()
        print(f"taken away: {old.name}")
    with tempfile.TemporaryDirectory() as scratch:
        for kind in kinds or KINDS:
            figure = picture(kind, width="85mm").figure.figure
            if not place(kind).exists() or difference(figure, kind, Path(scratch)):
                write(figure, place(kind))
                print(f"drawn: {place(kind).name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
