"""What a person corrected by eye, as plain data: axis points, names and colours of arms, points that are no part of a curve."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from survsim.core.errors import InputError
from survsim.core.json_files import read_typed_json


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrections:
    """Axis points by side, colours by arm (None where only the name is given), strays as (arm, time)."""

    axes: Mapping[str, Any] = field(default_factory=dict)
    arms: Mapping[str, str | None] = field(default_factory=dict)
    strays: tuple[tuple[str, float], ...] = ()

    def plain(self) -> dict[str, Any]:
        """As JSON has it; empty where nothing was corrected."""
        axes = {side: [[float(a), float(b)] for a, b in points] for side, points in self.axes.items()}
        whole = {"axes": axes, "arms": dict(self.arms), "strays": [[arm, at] for arm, at in self.strays]}
        return {name: part for name, part in whole.items() if part}


def read_corrections(given: str | os.PathLike[str] | Mapping[str, Any] | None) -> Corrections:
    """Corrections from a file or its content.

    Raises
    ------
    InputError : it is no such file, has a key twice or other keys than axes, arms and strays, or a stray at no number.
    """
    if given is None:
        return Corrections()
    content = given if isinstance(given, Mapping) else _loaded(given)
    unknown = sorted(set(content) - {"axes", "arms", "strays"})
    if unknown:
        raise InputError(
            f"corrections have the keys axes, arms and strays; got {', '.join(map(str, unknown))}."
        )
    try:
        strays = tuple(dict.fromkeys((str(arm), _finite(at)) for arm, at in content.get("strays", ())))
        arms = {str(k): None if v is None else str(v) for k, v in dict(content.get("arms", {})).items()}
        return Corrections(axes=dict(content.get("axes", {})), arms=arms, strays=strays)
    except (TypeError, ValueError, OverflowError):
        raise InputError(
            'corrections read {"axes": {"x": [[place, value], ...]}, "arms": {"name": "#colour"}, "strays": [["arm", time]]}.'
        ) from None


def _finite(value: Any) -> float:
    """A time; raises `ValueError` for NaN and infinity, which no point of a curve has."""
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(value)
    return number


def _loaded(path: str | os.PathLike[str]) -> Mapping[str, Any]:
    try:
        content = read_typed_json(path)
    except (OSError, ValueError) as error:
        raise InputError(f"corrections {str(path)!r} cannot be read ({error}).") from None
    if not isinstance(content, Mapping):
        raise InputError(f"corrections {str(path)!r} hold a {type(content).__name__}, not an object.")
    return content


def merged(
    base: Corrections, arms: Sequence[str] | Mapping[str, str] | None, axes: Mapping[str, Any] | None
) -> Corrections:
    """Corrections with what is given to the call itself in place of theirs."""
    if arms is None:
        named: dict[str, str | None] = dict(base.arms)
    elif isinstance(arms, Mapping):
        named = {_name(k): None if v is None else str(v) for k, v in arms.items()}
        if len(named) != len(arms):
            raise InputError(f"arms must have distinct names; got {list(arms)!r}.")
    elif isinstance(arms, str) or not isinstance(arms, Sequence):
        raise InputError(f"arms is a list of names or a mapping of name to colour; got {arms!r}.")
    else:
        named = {_name(k): None for k in arms}
        if len(named) != len(arms):
            raise InputError(f"arms must have distinct names; got {list(arms)!r}.")
    if axes is not None and not isinstance(axes, Mapping):
        raise InputError(f"axes is a mapping such as {{'x': [(80, 0), (400, 60)]}}; got {axes!r}.")
    return Corrections(axes={**base.axes, **(axes or {})}, arms=named, strays=base.strays)


def _name(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise InputError(f"names of arms are text; got {value!r}.")
    return value.strip()
