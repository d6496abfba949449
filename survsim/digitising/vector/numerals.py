"""Numbers as figures print them."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NUMBER = re.compile(r"^[-+]?(?:\d+\.?\d*|\.\d+)%?$")
_POWER = re.compile(r"^(?:(\d+\.?\d*) ?x ?)?10\^(-?\d+)$")


@dataclass(frozen=True, slots=True)
class Numeral:
    """A printed number; `percent` where a percent sign stands at it, `power` where it is a power of ten."""

    value: float
    percent: bool = False
    power: bool = False


def numeral(text: str) -> Numeral | None:
    """The number a text is, or None: ``1.0``, ``.5``, ``0,8``, ``0\N{MIDDLE DOT}8``, ``1,000``, ``60%``, ``10^2``."""
    plain = (
        text.strip().replace("\N{MINUS SIGN}", "-").replace("\N{EN DASH}", "-").replace("\N{MIDDLE DOT}", ".")
    )
    plain = plain.replace(" %", "%").replace("\N{NO-BREAK SPACE}", "").replace("\N{THIN SPACE}", "")
    power = _POWER.match(plain)
    if power:
        return Numeral(float(power[1] or 1.0) * 10.0 ** min(int(power[2]), 100), power=True)
    if re.match(r"^\d{1,3}(,\d{3})+$", plain):
        plain = plain.replace(",", "")
    plain = plain.replace(",", ".") if plain.count(",") == 1 and "." not in plain else plain
    if len(plain) > 12 or not _NUMBER.match(plain):
        return None
    return Numeral(float(plain.rstrip("%")), percent=plain.endswith("%"))


def count(text: str) -> int | None:
    """The whole number a cell of a risk table begins with: ``80``, ``1,204``, ``80 (3)``; None for anything else."""
    match = re.match(r"^(\d{1,3}(?:,\d{3})+|\d{1,7})(?:\s*[(\[][^)\]]*[)\]])?$", text.strip())
    return int(match[1].replace(",", "")) if match else None
