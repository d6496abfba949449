"""What happens to a drawn picture on its way into a paper: a scanner, JPEG, TIFF, a PDF around the pixels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageFilter

if TYPE_CHECKING:
    from tests.helpers.drawn_figures import Style


def finish(style: Style, path: Path) -> None:
    """Turn the lossless drawing beside `path` into the file the style asks for."""
    drawn = path.with_suffix(".drawn.png")
    picture = Image.open(drawn).convert("RGB")
    if style.scan:
        picture = scanned(picture, np.random.default_rng([style.seed, 7]))
    save(picture, style, path)
    drawn.unlink()


def scanned(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Turned by up to a degree, a little blurred, on paper that is not quite white, with noise."""
    turned = picture.rotate(rng.uniform(-1, 1), resample=Image.Resampling.BICUBIC, fillcolor=(255, 255, 255))
    blurred = turned.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 0.8)))
    values = np.asarray(blurred, dtype=float) * rng.uniform(0.94, 1.0) + rng.normal(
        0, rng.uniform(2, 7), (*blurred.size[::-1], 3)
    )
    return Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))


def save(picture: Image.Image, style: Style, path: Path) -> None:
    """Write PNG, JPEG, TIFF or a PDF page that holds the pixels."""
    dpi = (style.dpi, style.dpi)
    if style.form == "jpeg":
        picture.save(path, "JPEG", quality=style.quality, dpi=dpi)
    elif style.form == "tiff":
        picture.save(path, "TIFF", compression="tiff_lzw", dpi=dpi)
    elif style.form == "pdf_raster":
        picture.save(path, "PDF", resolution=style.dpi, quality=92)
    else:
        picture.save(path, "PNG", dpi=dpi)
