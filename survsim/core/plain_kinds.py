"""Arguments that are one plain value: a wrong kind is refused before it can pass for a right one.

`True` is a number to Python, ``"no"`` is true to an ``if``, and `None` becomes the label 'None'. Where a signature asks for
text, a number or a truth value and nothing else, what came is compared with it; where it asks for a list, what came must have
an order. Any other argument is left to the function.
A number of a further kind (a fraction, a decimal, numpy's numbers of other widths, 3.0 for a count) goes on as Python's own.
"""

from __future__ import annotations

import collections.abc
import decimal
import numbers
import os
import types
from collections.abc import Callable, Mapping
from typing import Any

from survsim.core.renamed import TURNED

WHOLE = 2**63
_ONE: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "str": ("text", lambda value: isinstance(value, str)),
    "bool": ("True or False", lambda value: type(value).__name__ in ("bool", "bool_")),
    "float": ("a number", lambda value: is_number(value)),
    "int": ("a whole number", lambda value: is_number(value) and _is_whole(value)),
    "None": ("None", lambda value: value is None),
    "Number": (
        "a number or the name of a parameter",
        lambda value: is_number(value) or isinstance(value, str),
    ),
    "Parameter": ("a number, or one a draw", lambda value: is_number(value) or _is_many(value)),
    "Path": ("a path", lambda value: isinstance(value, str | os.PathLike)),
    "os.PathLike[str]": ("a path", lambda value: isinstance(value, str | os.PathLike)),
}
_TEXTS = {
    **dict.fromkeys(
        ("Sequence[str]", "list[str]", "tuple[str, ...]"),
        ("a list of texts", lambda value: _is_ordered(value) and _is_texts(value)),
    ),
    **dict.fromkeys(
        ("Iterable[str]", "Collection[str]"), ("a list of texts", lambda value: _is_texts(value))
    ),
}
_OPEN = ("source", "width", "height")
"""Arguments that say more of themselves: what a result was made of is words, rows or another result, and a size has a unit."""
_CALLABLE = ("a function", callable)
_OWN: tuple[tuple[type, tuple[str, ...]], ...] = ((float, ("float", "Number", "Parameter")), (int, ("int",)))
"""Python's kind of number, and words of annotations that ask for it; where both are asked for, floats stay what they are."""
_SETTLED = frozenset({type(None), bool, int, str})
"""Kinds that are Python's own already, whatever number is asked for; most arguments are of them."""
_KINDS = _ONE | _TEXTS
_IN_ORDER = ("Sequence[", "tuple[", "list[", "FloatArray")
"""How annotations begin where the place in a list says what a value is: a set has no first, and a mapping's values are lost."""
_ORDERED = ("a list", lambda value: _is_ordered(value))


class Plan:
    """What a function asks of its plain arguments: by name the words for the kind, and who looks.

    Attributes
    ----------
    names : of the positional arguments; looks : name -> (words, tests, default); own : name -> Python's kind of number.
    """

    __slots__ = ("looks", "names", "own")

    def __init__(self, function: Callable[..., Any]) -> None:
        import inspect

        try:
            found = inspect.signature(function).parameters
        except (TypeError, ValueError):
            found = types.MappingProxyType({})
        positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        turned = TURNED in vars(function)
        self.names = () if turned else tuple(name for name, p in found.items() if p.kind in positional)
        self.looks: dict[str, tuple[str, list[Callable[[Any], bool]], Any]] = {}
        self.own: dict[str, type] = {}
        for name, parameter in found.items():
            parts = parameter.annotation.split(" | ") if isinstance(parameter.annotation, str) else []
            single = parameter.kind not in (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
            kind_of_number = next((kind for kind, words in _OWN if not {*words}.isdisjoint(parts)), None)
            if single and kind_of_number is not None:
                self.own[name] = kind_of_number
            kinds = [_kind_of(part) for part in parts]
            if single and kinds and None not in kinds and name not in _OPEN:
                told = [kind for kind in kinds if kind is not None]
                words = " or ".join(dict.fromkeys(kind[0] for kind in told))
                self.looks[name] = (words, [kind[1] for kind in told], parameter.default)

    def settled(self, args: tuple[Any, ...], given: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments with each number that the signature asks for as Python's own."""
        own = self.own
        if not own:
            return args, given
        for place, (name, value) in enumerate(zip(self.names, args)):
            if name in own and type(value) not in _SETTLED:
                args = (*args[:place], _as_own(value, own[name]), *args[place + 1 :])
        for name, value in given.items():
            if name in own and type(value) not in _SETTLED:
                given[name] = _as_own(value, own[name])
        return args, given

    def misfit(self, args: tuple[Any, ...], given: Mapping[str, Any]) -> tuple[str, str, Any] | None:
        """Name, words for the kind and value of the first argument of another kind; None if there is none."""
        if not self.looks:
            return None
        for name, value in (*zip(self.names, args), *given.items()):
            look = self.looks.get(name)
            if look is None or value is look[2]:
                continue
            if not any(test(value) for test in look[1]):
                return name, look[0], value
        return None


def _kind_of(part: str) -> tuple[str, Callable[[Any], bool]] | None:
    """Words and test for one part of an annotation; None where it asks for more than can be seen here."""
    if part.startswith("Callable["):
        return _CALLABLE
    return _KINDS.get(part) or (_ORDERED if part.startswith(_IN_ORDER) else None)


def is_known_inside(value: Any) -> bool:
    """Whether the function may say more: of a list, mapping or column where one value belongs, or of a missing value."""
    if value is None or type(value).__name__ in ("NAType", "NaTType", "MaskedConstant"):
        return True
    if isinstance(value, float):
        return value != value
    return hasattr(value, "__len__") and not isinstance(value, str | bytes)


def is_number(value: Any) -> bool:
    """A real number that is no truth value; an array without axes counts, and so does a duration of numpy, which has a unit."""
    if isinstance(value, numbers.Real | decimal.Decimal):
        return not isinstance(value, bool)
    return getattr(value, "ndim", None) == 0 and _kind(value) in ("f", "i", "u")


def is_duration(value: Any) -> bool:
    """Whether a value is a duration of numpy, which counts these among the whole numbers."""
    return _kind(value) == "m"


def _kind(value: Any) -> str:
    return getattr(getattr(value, "dtype", None), "kind", "")


def _as_own(value: Any, wanted: type) -> Any:
    """A number as Python's float or int, if it is of another kind and loses nothing but digits; all else as it came."""
    if value is None or isinstance(value, wanted | int | str) or not is_number(value):
        return value
    if is_duration(value) or hasattr(value, "mask"):
        return value
    try:
        whole = isinstance(value, numbers.Integral) or (wanted is int and value == value // 1)
        return int(value) if whole else float(value) if wanted is float else value
    except (ArithmeticError, ValueError):  # beyond every float, or no number at all
        return value


def _is_whole(value: Any) -> bool:
    try:
        return not is_duration(value) and bool(abs(value) < WHOLE and value == value // 1)
    except (ArithmeticError, ValueError):
        return False


def _is_many(value: Any) -> bool:
    return isinstance(value, list | tuple) or getattr(value, "ndim", 0) > 0


def _is_ordered(value: Any) -> bool:
    return not isinstance(value, set | frozenset | Mapping)


def _is_texts(value: Any) -> bool:
    """Anything that may hold texts; of a list each one is looked at."""
    if isinstance(value, list | tuple):
        return all(isinstance(one, str) for one in value)
    return isinstance(value, collections.abc.Iterable) and not isinstance(value, str | bytes | Mapping)
