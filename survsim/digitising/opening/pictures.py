"""Pictures of every common kind as red, green and blue bytes: turned upright, flattened on white, of sane size."""

from __future__ import annotations

import io
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from survsim.digitising.found import Refused

Pixels = NDArray[np.uint8]
LARGEST = 24_000_000
"""Pixels that are read as they are; a larger picture is made smaller."""
MOST = 120_000_000
"""Pixels beyond which a file is not unpacked at all."""
SMALLEST = 80


def read_picture_file(content: bytes) -> tuple[Pixels, list[str]]:
    """Height x width x 3 bytes, and what was done to get them."""
    before = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(content)) as image:
                return _upright(image)
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError) as error:
        raise Refused(
            f"the picture is damaged or of an unknown kind ({_short(error)}).", "a PNG of the figure"
        ) from None
    finally:
        Image.MAX_IMAGE_PIXELS = before


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:120].replace("<_io.BytesIO object", "the file").split(" at 0x")[0]


def _upright(image: Any) -> tuple[Pixels, list[str]]:
    wide, tall = image.size
    if min(wide, tall) < SMALLEST:
        raise Refused(f"the picture has {wide} x {tall} pixels, too few to read a curve.", "a larger picture")
    if wide * tall > MOST:
        raise Refused(
            f"the picture has {wide} x {tall} pixels.",
            f"a picture of at most {LARGEST // 1_000_000} megapixels",
        )
    said = []
    if wide * tall > LARGEST:
        shrink = (LARGEST / (wide * tall)) ** 0.5
        size = (round(wide * shrink), round(tall * shrink))
        image.draft("RGB", size)
        said.append(f"the picture of {wide} x {tall} pixels was read at {size[0]} x {size[1]}.")
        image = _rgb(image).resize(size, Image.Resampling.BOX)
    turned = ImageOps.exif_transpose(image)
    return np.asarray(_rgb(turned), dtype=np.uint8).copy(), said


def _rgb(image: Any) -> Any:
    """Eight bits a colour, without transparency."""
    if image.mode in ("I;16", "I;16B", "I;16L", "I", "F"):
        values = np.asarray(image, dtype=float)
        top = 65535.0 if values.max() > 255 else 255.0
        return Image.fromarray((values / top * 255).clip(0, 255).astype(np.uint8)).convert("RGB")
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        layered = image.convert("RGBA")
        paper = Image.new("RGBA", layered.size, (255, 255, 255, 255))
        return Image.alpha_composite(paper, layered).convert("RGB")
    return image.convert("RGB")
