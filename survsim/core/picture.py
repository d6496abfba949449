"""The method `plot` of a result: its signature and its help are those of the function that draws the class."""

from __future__ import annotations

import functools
import types
from collections.abc import Callable
from typing import Any

from survsim.core.upward import upward


class Picture:
    """Gives a class the plotting method that the figures have for it, when it is asked for.

    So `help(km.plot)`, `inspect.signature` and a notebook's completion show the options of that picture, and the
    statistics load no figure before one is wanted.
    """

    def __get__(self, instance: Any, owner: type) -> Callable[..., Any]:
        method = _method(owner)
        return method if instance is None else types.MethodType(method, instance)


@functools.cache
def _method(owner: type) -> Callable[..., Any]:
    made: Callable[..., Any] = upward("plot")(owner)
    return made
