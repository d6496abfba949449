"""Scenario files made wrong: a key deleted, misspelt, of another type or out of its range, and faults of content by hand."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import yaml

Place = tuple[Any, ...]
WRONG_TYPES: tuple[Any, ...] = ("nonsense words", True, [1, 2], {"a": 1}, None, [[]], -1.5)


class Broken(NamedTuple):
    """What was done to which file, and the content that came of it."""

    what: str
    content: Any


def places(content: Any, here: Place = ()) -> Iterator[Place]:
    """Every key and entry of a file, outermost first."""
    items: list[tuple[Any, Any]] = []
    if isinstance(content, dict):
        items = list(content.items())
    elif isinstance(content, list):
        items = list(enumerate(content))
    for key, value in items:
        yield (*here, key)
        yield from places(value, (*here, key))


def at(content: Any, place: Place) -> Any:
    """What stands at a place."""
    for step in place:
        content = content[step]
    return content


def mutated(content: Any, rng: np.random.Generator, count: int) -> Iterator[Broken]:
    """Files with one place made wrong, drawn at random."""
    known = list(places(content))
    for _ in range(count):
        place = known[int(rng.integers(len(known)))]
        changed = copy.deepcopy(content)
        holder, last = at(changed, place[:-1]), place[-1]
        kind = str(rng.choice(["deleted", "misspelt", "another type", "another range"]))
        value = holder[last]
        told = ".".join(map(str, place))
        if kind == "deleted":
            del holder[last]
        elif kind == "misspelt" and isinstance(holder, dict):
            del holder[last]
            holder[f"{last}x"] = value
        elif kind == "misspelt" and isinstance(value, str):
            holder[last] = f"{value}x"
        elif kind == "another range" and isinstance(value, int | float) and not isinstance(value, bool):
            holder[last] = [-value - 1, value * 1e9, 0][int(rng.integers(3))]
        else:
            kind = "another type"
            holder[last] = WRONG_TYPES[int(rng.integers(len(WRONG_TYPES)))]
        yield Broken(f"{told} {kind}", changed)


def write(folder: Path, content: Any, name: str = "scenario.yml") -> Path:
    """A scenario file in the folder of a study."""
    path = folder / name
    path.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return path
