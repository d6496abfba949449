"""The few rules of style sheets that drawing programs write into SVG files."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from survsim.digitising.vector.drawing import Colour

INHERITED = (
    "stroke", "fill", "stroke-width", "stroke-dasharray", "stroke-opacity", "fill-opacity", "font-size",
    "text-anchor", "visibility",
)  # fmt: skip
OWN = ("opacity", "display", "clip-path", "textLength")
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
Rules = list[tuple[str, dict[str, str]]]


def declarations(text: str) -> dict[str, str]:
    """Properties of ``a: b; c: d``."""
    parts = (part.partition(":") for part in text.split(";"))
    return {name.strip(): value.replace("!important", "").strip() for name, colon, value in parts if colon}


def rules(texts: Iterable[str]) -> Rules:
    """Selectors with their properties, in the order of the file."""
    found: Rules = []
    for text in texts:
        plain = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
        for selectors, body in _RULE.findall(plain):
            found += [
                (one.strip().split()[-1], declarations(body)) for one in selectors.split(",") if one.strip()
            ]
    return found


def resolved(
    tag: str, attributes: Mapping[str, str], inherited: Mapping[str, str], known: Rules
) -> dict[str, str]:
    """Properties of an element: from its parents, its attributes, the sheet and its own style, the later the stronger."""
    style = {k: v for k, v in inherited.items() if k in INHERITED}
    style |= {k: attributes[k] for k in (*INHERITED, *OWN) if k in attributes}
    classes = attributes.get("class", "").split()
    for selector, body in known:
        name, _, wanted = selector.partition(".")
        if name.startswith("#"):
            fits = name[1:] == attributes.get("id")
        else:
            fits = name in ("", "*", tag) and (not wanted or wanted in classes)
        if fits:
            style |= body
    if "style" in attributes:
        style |= declarations(attributes["style"])
    return {k: v for k, v in style.items() if v != "inherit"}


@lru_cache(maxsize=1024)
def colour(text: str) -> Colour | None:
    """Red, green and blue of a colour as SVG writes it; None for none."""
    from svgelements import Color

    if text in ("", "none", "transparent"):
        return None
    if text.startswith("url(") or text == "currentColor":
        return (0.0, 0.0, 0.0) if text == "currentColor" else (0.5, 0.5, 0.5)
    try:
        seen = Color(text)
    except (ValueError, TypeError):
        return (0.0, 0.0, 0.0)
    if seen.value is None:
        return None
    return seen.red / 255, seen.green / 255, seen.blue / 255


def number(text: str | None, default: float = 0.0) -> float:
    """The number a length begins with, in user units; a percentage or nonsense is the default."""
    match = re.match(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(px|pt|mm|cm|in|em|%)?", text or "")
    if match is None or match[2] == "%":
        return default
    scale = {"pt": 4 / 3, "mm": 96 / 25.4, "cm": 96 / 2.54, "in": 96.0}.get(match[2] or "", 1.0)
    length = float(match[1]) * scale
    return length if math.isfinite(length) else default


def numbers(text: str) -> list[float]:
    """All numbers of a list separated by spaces or commas."""
    return [float(v) for v in re.findall(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?", text)]
