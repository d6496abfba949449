"""Trains the digit reader of the raster digitiser from fonts on this machine: `python -m benchmarks.train_digit_reader`.

Numbers and words are set as a figure sets them: at the height they would have there (6 to 50 pixels), with hinted glyphs at
whole pixels, close enough to touch, or with plain ones in between; blurred, packed as JPEG, given noise; enlarged as the
reader enlarges small pictures, and taken apart by the reader itself, so that a glyph whose neighbour touched it is learnt as
it will be met. A network of one hidden layer learns the ten digits and "no digit". The fonts are named by their files; those
that are missing are left out, and the accuracy on fresh glyphs is printed, of the reader that was there and of the new one.
"""

from __future__ import annotations

import subprocess
from functools import lru_cache
from pathlib import Path

import cv2
import matplotlib as mpl
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from survsim.digitising.raster.digits import OTHER, SIDE, glyph_tile, read_digits
from survsim.digitising.raster.numbers import CUTS, apart

FAMILIES = [
    "DejaVuSans.ttf",
    "DejaVuSans-Bold.ttf",
    "DejaVuSansCondensed.ttf",
    "DejaVuSerif.ttf",
    "DejaVuSansMono.ttf",
    "STIXGeneral.ttf",
    "STIXGeneralBol.ttf",
    "cmr10.ttf",
    "cmss10.ttf",
    "LiberationSans-Regular.ttf",
    "LiberationSans-Bold.ttf",
    "LiberationSansNarrow-Regular.ttf",
    "LiberationSerif-Regular.ttf",
    "LiberationSerif-Bold.ttf",
    "LiberationMono-Regular.ttf",
    "LiberationSans-Italic.ttf",
    "NimbusSans-Regular.otf",
    "NimbusSans-Bold.otf",
    "NimbusRoman-Regular.otf",
    "NimbusSansNarrow-Regular.otf",
    "P052-Roman.otf",
    "URWGothic-Book.otf",
    "C059-Roman.otf",
]
NO_DIGIT = "AEFHJKLMNPRTVWXYbdfhkmnprstuvwxy%%%%/+=<>()"
TARGET = Path(__file__).parent.parent / "survsim" / "digitising" / "raster" / "digits.npz"


@lru_cache(maxsize=1)
def fonts() -> tuple[Path, ...]:
    """The font files of the families above that are on this machine or come with matplotlib."""
    listed = subprocess.run(["fc-list", ":", "file"], capture_output=True, text=True, check=True).stdout
    found = {Path(line.split(":")[0]).name: Path(line.split(":")[0]) for line in listed.splitlines()}
    found |= {each.name: each for each in Path(mpl.get_data_path(), "fonts", "ttf").glob("*.ttf")}
    return tuple(found[name] for name in FAMILIES if name in found)


@lru_cache(maxsize=4000)
def _font(path: Path, size: float) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(path), size)


def printed(rng: np.random.Generator) -> tuple[str, bool]:
    """What stands there, and whether it is turned by a quarter as the title of a vertical axis is."""
    if rng.random() < 0.22:
        signs = "".join(NO_DIGIT[rng.integers(len(NO_DIGIT))] for _ in range(rng.integers(1, 4)))
        return signs, bool(rng.random() < 0.4)
    form = rng.integers(4)
    if form == 0:
        return f"{rng.integers(2)}.{rng.integers(10 if rng.random() < 0.7 else 100)}", False
    digits = "".join(str(each) for each in rng.integers(0, 10, rng.integers(1, 4)))
    return digits + ("%" if rng.random() < 0.12 else ""), False


def drawn(text: str, turned: bool, rng: np.random.Generator) -> tuple[np.ndarray, float]:
    """The ink of a word (0 paper, 1 full) as the reader would meet it, and the height of its digits there."""
    path = fonts()[rng.integers(len(fonts()))]
    height = float(np.exp(rng.uniform(np.log(6.0), np.log(45))))
    whole = bool(rng.random() < 0.6)
    fine = 1 if whole else 6
    font = _font(path, round(height * fine / 0.72))
    place, wide = 4.0 * fine, int(font.getlength(text) + 12 * fine + 3 * fine * len(text))
    picture = Image.new("L", (wide, int(2.2 * height * fine) + 8 * fine), 0)
    pen = ImageDraw.Draw(picture)
    pen.fontmode = "L"
    closer = float(rng.choice([0, 0, 0, -1, -0.5, 0.5])) if height < 14 else 0.0
    for sign in text:
        pen.text((round(place), int(0.4 * height * fine) + 2 * fine), sign, fill=255, font=font)
        place += (round(font.getlength(sign)) if whole else font.getlength(sign)) + closer * fine
    ink = np.asarray(picture, dtype=np.float32) / 255
    if not whole:
        ink = _shrunk(ink, fine, rng)
    if turned:
        ink = np.rot90(ink).copy()
    return _worn(ink, rng), height


def _shrunk(ink: np.ndarray, fine: int, rng: np.random.Generator) -> np.ndarray:
    """Brought to its size, from any part of a pixel on and turned by very little."""
    soft = cv2.GaussianBlur(ink, (0, 0), fine * rng.uniform(0.28, 0.6))
    turn = rng.normal(0, 0.008)
    way = np.array(
        [[1 / fine, -turn / fine, rng.uniform(0, 1)], [turn / fine, 1 / fine, rng.uniform(0, 1)]],
        dtype=np.float32,
    )
    size = (ink.shape[1] // fine + 3, ink.shape[0] // fine + 3)
    return cv2.warpAffine(soft, way, size, flags=cv2.INTER_LINEAR)


def _worn(ink: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Packed as JPEG, with noise, and enlarged as a sheet is."""
    if rng.random() < 0.25:
        page = (255 * (1 - np.clip(ink, 0, 1))).astype(np.uint8)
        _, packed = cv2.imencode(".jpg", page, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(55, 96))])
        ink = 1 - cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE).astype(np.float32) / 255
    ink = ink + rng.normal(0, rng.choice([0, 0, 0.02, 0.05]), ink.shape).astype(np.float32)
    grow = float(rng.choice([1.0, 1.5, 2.0], p=[0.3, 0.25, 0.45]))
    if grow > 1:
        ink = cv2.resize(ink, None, fx=grow, fy=grow, interpolation=cv2.INTER_CUBIC)
    return np.clip(ink, 0, 1)


def glyphs(rng: np.random.Generator) -> list[tuple[np.ndarray, int, float]]:
    """Tile, class and height of each sign of one word; none where the reader takes it apart into other pieces."""
    text, turned = printed(rng)
    ink, height = drawn(text, turned, rng)
    rows, columns = np.flatnonzero((ink > 0.28).any(axis=1)), np.flatnonzero((ink > 0.28).any(axis=0))
    if not len(rows) or rows[-1] - rows[0] < 5:
        return []
    box = (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
    boxes, parts = apart(ink, box, CUTS[rng.integers(len(CUTS))])[:2]
    if turned:
        return [(glyph_tile(part), OTHER, height) for part in parts if min(part.shape) > 2]
    tall = int((boxes[:, 3] - boxes[:, 1]).max(initial=1))
    signs = [s for s in text if s != "."]
    kept = [
        p
        for p, b in zip(parts, boxes, strict=True)
        if b[3] - b[1] > (0.5 if signs[0] in NO_DIGIT else 0.78) * tall
    ]
    if len(kept) != len(signs):
        return []
    return [
        (glyph_tile(part), int(sign) if sign.isdigit() else OTHER, height)
        for part, sign in zip(kept, signs, strict=True)
    ]


def sample(count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """`count` tiles, their classes and heights."""
    found: list[tuple[np.ndarray, int, float]] = []
    while len(found) < count:
        found += glyphs(rng)
    tiles, kinds, heights = zip(*found[:count], strict=True)
    return np.array(tiles, dtype=np.float32).reshape(count, SIDE * SIDE), np.array(kinds), np.array(heights)


def train(
    x: np.ndarray, kind: np.ndarray, rng: np.random.Generator, hidden: int = 96, rounds: int = 40
) -> list[np.ndarray]:
    """Weights by Adam on the cross-entropy."""
    classes = OTHER + 1
    w = [
        rng.normal(0, 0.05, (x.shape[1], hidden)),
        np.zeros(hidden),
        rng.normal(0, 0.1, (hidden, classes)),
        np.zeros(classes),
    ]
    w = [each.astype(np.float32) for each in w]
    first, second, step = [np.zeros_like(each) for each in w], [np.zeros_like(each) for each in w], 0
    for turn in range(rounds):
        order = rng.permutation(len(x))
        for part in np.array_split(order, len(x) // 128):
            step += 1
            a, target = x[part], np.eye(classes, dtype=np.float32)[kind[part]]
            h = np.maximum(a @ w[0] + w[1], 0)
            score = h @ w[2] + w[3]
            p = np.exp(score - score.max(1, keepdims=True))
            p /= p.sum(1, keepdims=True)
            out = (p - target) / len(part)
            back = (out @ w[2].T) * (h > 0)
            for i, g in enumerate(
                (a.T @ back + 1e-4 * w[0], back.sum(0), h.T @ out + 1e-4 * w[2], out.sum(0))
            ):
                first[i] = 0.9 * first[i] + 0.1 * g
                second[i] = 0.999 * second[i] + 0.001 * g * g
                rate = 2e-3 * (1 - turn / rounds) + 1e-5
                w[i] -= (
                    rate * (first[i] / (1 - 0.9**step)) / (np.sqrt(second[i] / (1 - 0.999**step)) + 1e-8)
                ).astype(np.float32)
    return w


def main() -> None:
    """Train, measure on fresh glyphs, and store the weights."""
    rng = np.random.default_rng(20240514)
    x, kind, _ = sample(160_000, rng)
    w = train(x, kind, rng)
    x, kind, height = sample(8_000, rng)
    before, _ = read_digits(x.reshape(-1, SIDE, SIDE))
    after = (np.maximum(x @ w[0] + w[1], 0) @ w[2] + w[3]).argmax(1)
    for low, high in ((6, 9), (9, 14), (14, 25), (25, 50)):
        part = (height >= low) & (height < high)
        told = [
            f"{np.mean(seen[mask] == kind[mask]):.4f}"
            for seen in (before, after)
            for mask in (part, part & (kind < OTHER))
        ]
        print(
            f"{low} to {high} pixels: right before {told[0]} (digits {told[1]}), now {told[2]} (digits {told[3]})"
        )
    np.savez_compressed(
        TARGET,
        **{name: each.astype(np.float16) for name, each in zip(("w1", "b1", "w2", "b2"), w, strict=True)},
    )
    print(f"{TARGET.name}: {TARGET.stat().st_size} bytes from {len(fonts())} fonts")


if __name__ == "__main__":
    main()
