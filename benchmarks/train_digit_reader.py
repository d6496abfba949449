"""Trains the digit reader of the raster digitiser from fonts on this machine: `python benchmarks/train_digit_reader.py`.

Each glyph is drawn large, brought to the height it would have in a figure (6 to 50 pixels), blurred, given noise, enlarged
again as the reader enlarges labels, and set into a tile. A network of one hidden layer learns the ten digits and "no digit".
The fonts are named by their families; those that are missing are left out, and the accuracy on fresh glyphs is printed.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from survsim.digitising.raster.digits import OTHER, SIDE, glyph_tile

FAMILIES = [
    "DejaVuSans.ttf",
    "DejaVuSans-Bold.ttf",
    "DejaVuSansCondensed.ttf",
    "DejaVuSerif.ttf",
    "DejaVuSansMono.ttf",
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
NO_DIGIT = "AEFHJKLMNPRTVWXYbdfhkmnprstuvwxy%/+=<>()"
TARGET = Path(__file__).parent.parent / "survsim" / "digitising" / "raster" / "digits.npz"


def fonts() -> list[Path]:
    """The font files of the families above that are on this machine."""
    listed = subprocess.run(["fc-list", ":", "file"], capture_output=True, text=True, check=True).stdout
    found = {Path(line.split(":")[0]).name: Path(line.split(":")[0]) for line in listed.splitlines()}
    return [found[name] for name in FAMILIES if name in found]


def drawn(font: Path, sign: str, rng: np.random.Generator) -> np.ndarray | None:
    """One glyph as the reader would meet it, or None where it left no ink."""
    big = ImageFont.truetype(str(font), 120)
    picture = Image.new("L", (240, 240), 0)
    ImageDraw.Draw(picture).text((50, 40), sign, fill=255, font=big)
    ink = np.asarray(picture, dtype=np.float32) / 255
    height = float(np.exp(rng.uniform(np.log(6.5), np.log(50))))
    scale = height / 87
    shift = np.array([[scale, 0, rng.uniform(0, 1)], [0, scale, rng.uniform(0, 1)]], dtype=np.float32)
    turn = rng.normal(0, 0.01)
    shift[0, 1], shift[1, 0] = -turn * scale, turn * scale
    side = int(240 * scale) + 4
    soft = cv2.GaussianBlur(ink, (0, 0), max(0.45 / scale * rng.uniform(0.6, 1.3), 0.3))
    small = cv2.warpAffine(soft, shift, (side, side), flags=cv2.INTER_LINEAR)
    small = small + rng.normal(0, rng.choice([0, 0.02, 0.06]), small.shape).astype(np.float32)
    grown = (
        cv2.resize(small, None, fx=28 / height, fy=28 / height, interpolation=cv2.INTER_CUBIC)
        if height < 28
        else small
    )
    seen = np.clip(grown, 0, 1)
    cut = rng.uniform(0.3, 0.65)
    number, marked, stats, _ = cv2.connectedComponentsWithStats((seen > cut).astype(np.uint8))
    if number < 2:
        return None
    which = 1 + int(stats[1:, 4].argmax())
    x, y, width, tall, _ = stats[which]
    piece = np.where(marked == which, seen, np.minimum(seen, cut))[y : y + tall, x : x + width]
    return glyph_tile(piece)


def sample(count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """`count` tiles and their classes, two in three of them digits."""
    files, tiles, kinds = fonts(), [], []
    while len(tiles) < count:
        font = files[rng.integers(len(files))]
        digit = rng.random() < 0.7
        kind = int(rng.integers(10)) if digit else OTHER
        tile = drawn(font, str(kind) if digit else NO_DIGIT[rng.integers(len(NO_DIGIT))], rng)
        if tile is not None:
            tiles.append(tile)
            kinds.append(kind)
    return np.array(tiles, dtype=np.float32).reshape(count, SIDE * SIDE), np.array(kinds)


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
    w = train(*sample(120_000, rng), rng)
    x, kind = sample(5_000, rng)
    seen = (np.maximum(x @ w[0] + w[1], 0) @ w[2] + w[3]).argmax(1)
    print(
        f"right: {np.mean(seen == kind):.4f}; digits: {np.mean(seen[kind < OTHER] == kind[kind < OTHER]):.4f}"
    )
    np.savez_compressed(
        TARGET, **{name: each.astype(np.float16) for name, each in zip(("w1", "b1", "w2", "b2"), w)}
    )
    print(f"{TARGET.name}: {TARGET.stat().st_size} bytes from {len(fonts())} fonts")


if __name__ == "__main__":
    main()
