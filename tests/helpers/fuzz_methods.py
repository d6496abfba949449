"""What a user would ask of every result: its methods, its picture with each option, and its file.

A method is named ``Class[k].method`` after the k-th example of `tests.helpers.every_result`.
"""

from __future__ import annotations

import functools
import inspect
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from survsim.core.errors import SurvsimError
from survsim.core.result import Result
from survsim.figures.drawing import DRAWERS
from tests.helpers.every_result import FRAME, MAKERS, example, examples
from tests.helpers.fuzz_estimates import Made

METHOD = re.compile(r"(\w+)\[(\d+)\]\.(\w+)")
BUILT_INSIDE = {"from_draws", "from_totals", "from_rates"}
"""Constructors that code of the package calls with its own objects."""
ARGUMENTS: dict[str, Callable[[np.random.Generator], Any]] = {
    "times": lambda rng: [3.0, 6.0],
    "time": lambda rng: 6.0,
    "t": lambda rng: [3.0, 6.0],
    "tau": lambda rng: 6.0,
    "x": lambda rng: [-0.3, 0.1],
    "p": lambda rng: 0.5,
    "u": lambda rng: rng.random(3),
    "n": lambda rng: 5,
    "size": lambda rng: 5,
    "alpha": lambda rng: 0.05,
    "data": lambda rng: FRAME.iloc[:3],
    "moderators": lambda rng: {"x": [0.5]},
    "term": lambda rng: "age",
    "name": lambda rng: "overall_survival",
    "analysis": lambda rng: "logrank",
    "quantity": lambda rng: "survival",
    "parameters": lambda rng: {"x": rng.normal(size=8)},
    "seed": lambda rng: 3,
    "n_bootstrap": lambda rng: 5,
    "draws": lambda rng: 20,
    "path": lambda rng: str(Path(tempfile.mkdtemp(dir=scratch())) / "kept.json"),
}


@functools.cache
def scratch() -> str:
    """A folder for what is saved, deep enough that ``../x`` stays inside."""
    folder = Path(tempfile.mkdtemp(prefix="fuzz_")) / "within"
    folder.mkdir()
    return str(folder)


def is_method(name: str) -> bool:
    """Whether a name stands for a method of an example."""
    return METHOD.fullmatch(name) is not None


def owner(name: str) -> Result:
    """The example whose method `name` stands for."""
    found = METHOD.fullmatch(name)
    assert found is not None, name
    return example(found[1], int(found[2]))


def method(name: str) -> Callable[..., Any]:
    """The bound method of an example that `name` stands for."""
    bound: Callable[..., Any] = getattr(owner(name), name.rpartition(".")[2])
    return bound


@functools.cache
def method_names() -> tuple[str, ...]:
    """Every public method of an example of each result class."""
    names = []
    for cls in sorted(MAKERS):
        for k, one in enumerate(examples(cls)):
            if not isinstance(one, Result):
                continue
            own = [
                n
                for n, m in inspect.getmembers(type(one), callable)
                if not n.startswith("_") and n not in BUILT_INSIDE | {"plot"} and not inspect.isclass(m)
            ]
            has_picture = any(base.__name__ in DRAWERS for base in type(one).__mro__)
            names += [f"{cls}[{k}].{n}" for n in (*own, *(["plot"] if has_picture else []))]
    return tuple(names)


def given(name: str, rng: np.random.Generator) -> Made:
    """Plausible arguments of a method: what it requires, and half of what it offers."""
    made: Made = {}
    for key, parameter in inspect.signature(method(name)).parameters.items():
        if parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL) or key == "ax":
            continue
        needed = parameter.default is inspect.Parameter.empty
        if key in ARGUMENTS and (needed or rng.random() < 0.5):
            made[key] = ARGUMENTS[key](rng)
        elif needed:
            made[key] = None
    if name.endswith(".load"):
        owner(name).save(made["path"])
    if not made and rng.random() < 0.5:
        raise SurvsimError("asked without arguments often enough")
    return made
