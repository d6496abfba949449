"""The door of every public function and constructor: an argument of another kind than the signature says is named, not stumbled over.

Functions check what they are given where a wrong value could pass for a right one; none asks of each argument
whether it is a `Surv` at all, or a path. Where one is not, Python ends in an error about something inside. The door
then compares the arguments with the signature and says which of them is of another kind. An error that no argument
explains is a fault of ours and goes on as it came. Tables of polars and Arrow become pandas frames here, so that every
function that takes a frame takes those, and numbers of further kinds become Python's own.
"""

from __future__ import annotations

import builtins
import collections.abc
import functools
import math
import numbers
import os
import pathlib
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from survsim.core import upward
from survsim.core.display import displayed
from survsim.core.errors import InputError, MissingValues, SurvsimError, in_short
from survsim.core.fault_words import in_words, quoted, tag_fault
from survsim.core.file_faults import KEY, KIND, meant, of_tag
from survsim.core.frames import in_pandas
from survsim.core.plain_kinds import Plan, is_duration, is_known_inside

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")
_STUMBLES = (TypeError, ValueError, AttributeError, LookupError, ArithmeticError, OSError, RecursionError)
_LONGEST_NAME = 255
_ONE_LABEL = ("reference", "cause", "group", "stratum", "state")
"""Arguments that take any label, but one."""
_WHOLE = 2**63
_LISTS: dict[Any, Any] = {
    collections.abc.Sequence: collections.abc.Sequence,
    collections.abc.Iterable: collections.abc.Iterable,
    tuple: (tuple, list),
    list: (tuple, list),
}
_DOOR = "stands_behind_a_door"
"""Mark of a function that has its door, so that it gets no second one."""
_TOLD = 40
"""Faults of one object told one by one."""
_PLAIN = {
    "extra_forbidden": "unknown name.",
    "frozen_field": "is not changed in place; .model_copy(update={...}) makes a changed one.",
    "frozen_instance": "is not changed in place; .model_copy(update={...}) makes a changed one.",
}


def at_the_door(found: Any, wing: str) -> Any:
    """A public object as users get it: functions behind their door, classes with one at each constructor and method."""
    if isinstance(found, types.FunctionType):
        function = guarded(found)
        # So that what is pickled is found again, through the door.
        function.__module__ = wing
        return function
    if isinstance(found, type) and not issubclass(found, BaseException):
        if isinstance(found.__init__, types.FunctionType):
            type.__setattr__(found, "__init__", guarded(found.__init__, found.__name__))
        with_doors(found)
        displayed(found)
    return found


def with_doors(cls: type[T]) -> type[T]:
    """A class whose own public methods and constructors stand behind doors."""
    for name, made in list(vars(cls).items()):
        if isinstance(made, classmethod) and _is_method(name, made.__func__):
            type.__setattr__(cls, name, classmethod(guarded(made.__func__, f"{cls.__name__}.{name}")))
        elif _is_method(name, made):
            type.__setattr__(cls, name, guarded(made, f"{cls.__name__}.{name}"))
    return displayed(cls)


def _is_method(name: str, made: Any) -> bool:
    """Whether an attribute of a class is a public method without a door of its own."""
    return isinstance(made, types.FunctionType) and not name.startswith("_") and _DOOR not in vars(made)


def guarded(function: F, name: str = "") -> F:
    """`function` behind its door, with its own signature and documentation; `name` is what messages call it."""

    plan: list[Plan] = []

    @functools.wraps(function)
    def called(*args: Any, **given: Any) -> Any:
        args = tuple(map(in_pandas, args))
        given = {key: in_pandas(value) for key, value in given.items()}
        if not plan:
            plan.append(Plan(function))
        args, given = plan[0].settled(args, given)
        wrong = plan[0].misfit(args, given)
        fault = "" if wrong is None else f"{wrong[0]} must be {wrong[1]}; got {_short(wrong[2])}."
        if wrong is not None and not is_known_inside(wrong[2]):
            raise InputError(named(name or function.__name__, fault))
        try:
            found = function(*args, **given)
        except MissingValues as error:
            raise (error.where_dropped() if _takes_missing(function) else error) from None
        except SurvsimError:
            raise  # of many values, and of none, the function may know what was meant
        except _STUMBLES as error:
            fault = fault or declared_faults(error) or misfit(function, args, given) or unwritable(error)
            if not fault:
                raise
            raise InputError(named(name or function.__name__, fault)) from error
        if fault:
            raise InputError(named(name or function.__name__, fault))
        return found

    vars(called)[_DOOR] = True
    return cast("F", called)


def _takes_missing(function: Callable[..., Any]) -> bool:
    """Whether a function takes ``missing=``, itself or among the options that it hands on."""
    import inspect

    given = inspect.signature(function).parameters
    return "missing" in given or any(one.kind is one.VAR_KEYWORD for one in given.values())


def unwritable(error: Exception) -> str:
    """Words about a file that the disk did not let us make; empty for any other error."""
    if not isinstance(error, OSError) or error.filename is None:
        return ""
    file = pathlib.Path(os.fsdecode(error.filename))
    part = file.suffix == ".part"
    if not (part or isinstance(error, PermissionError | FileExistsError | NotADirectoryError)):
        return ""
    shown = file.with_name(file.stem.removeprefix(".")) if part else file
    return (
        f"{shown} cannot be opened for writing ({error.strerror}); choose a folder you may write to, and close the file "
        "where it is open."
    )


def declared_faults(error: Exception) -> str:
    """The faults that pydantic found, in words; empty for any other error."""
    return fault_lines(error) if type(error).__name__ == "ValidationError" else ""


def named(name: str, fault: str) -> str:
    """A fault, or the lines of several, opened by the name of what refused it."""
    return f"{name}:{'' if fault.startswith(chr(10)) else ' '}{fault}"


def fault_lines(error: Any) -> str:
    """Each fault that pydantic found with its place and what stood there, one a line."""
    faults: dict[str, None] = {}
    for one in error.errors(include_url=False):
        steps = [str(s) for s in one["loc"] if not (isinstance(s, str) and (KIND.match(s) or s == KEY))]
        place = ".".join(steps) or "the whole"
        plain, tag = _PLAIN.get(one["type"]), tag_fault(one)
        if plain:
            faults[f"{place}: {plain}"] = None
        elif tag is not None:
            told = of_tag(*tag[1:]) or "Field required"
            faults[f"{place}.{tag[0]}: {told}{'' if told.endswith('?') else '.'}"] = None
        else:
            found = "" if one["type"] == "missing" else f" (found {_short(one['input'])})"
            words = quoted(one["ctx"]["expected"]) if one["type"] in ("literal_error", "enum") else ()
            faults[f"{place}: {in_words(one)}{found}{meant(one['input'], words) or '.'}"] = None
    said = [*faults][:_TOLD]
    if len(faults) > _TOLD:
        said.append(f"and {len(faults) - _TOLD} more.")
    return said[0] if len(said) == 1 else "".join(f"\n  {line}" for line in said)


def misfit(function: Callable[..., Any], args: tuple[Any, ...], given: Mapping[str, Any]) -> str:
    """The first argument that is of another kind than its annotation says, in words; empty if all fit."""
    import inspect

    try:
        bound = inspect.signature(function).bind(*args, **given)
    except TypeError:
        return ""  # a keyword too many or too few: Python says which
    hints = _hints(inspect.unwrap(function))
    for name, value in bound.arguments.items():
        wanted = hints.get(name, Any)
        if not fits(value, wanted):
            return f"{name} must be {_words(wanted)}; got {_short(value)}."
        flaw = _flaw(name, value, wanted)
        if flaw:
            return f"{name} {flaw}"
    return ""


def fits(value: Any, wanted: Any) -> bool:
    """Whether a value is of the kind an annotation names; what cannot be told fits."""
    origin, parts = typing.get_origin(wanted), typing.get_args(wanted)
    if wanted is Any:
        return True
    if wanted == _array_like():
        return _is_numeric(value)
    if origin in (typing.Union, types.UnionType):
        return any(fits(value, part) for part in parts)
    kind = wanted if origin is None else origin
    plain = _fits_plain(value, kind, parts)
    if plain is not None:
        return plain
    if kind.__module__.partition(".")[0] == "numpy":
        return _is_numeric(value)
    if kind in _LISTS:
        of_kind = isinstance(value, _LISTS[kind]) and not isinstance(value, str | bytes | Mapping)
        of_kind = of_kind and getattr(value, "ndim", 1) != 0
        if of_kind and kind is tuple and parts and parts[-1] is not Ellipsis and len(value) != len(parts):
            return False
        if kind is tuple and parts and parts[-1] is not Ellipsis:
            return of_kind and all(map(fits, value, parts))
        return of_kind and (not parts or all(fits(v, parts[0]) for v in _first_few(value)))
    if kind in (dict, collections.abc.Mapping):
        return isinstance(value, Mapping) and (not parts or all(fits(v, parts[1]) for v in value.values()))
    if getattr(kind, "_is_protocol", False):
        return all(hasattr(value, name) for name in vars(kind) if not name.startswith("_"))
    return isinstance(value, kind)


def _fits_plain(value: Any, kind: Any, parts: tuple[Any, ...]) -> bool | None:
    """Whether one plain value fits; None where the annotation asks for more than that."""
    if kind is None or kind is type(None):
        return value is None
    if kind is typing.Literal:
        return any(isinstance(value, type(part)) for part in parts)
    if kind in (float, int):
        return _is_number(value) and (kind is float or (abs(value) < _WHOLE and value == value // 1))
    if kind is bool:
        return type(value).__name__ in ("bool", "bool_")
    if kind is Callable or kind is collections.abc.Callable:
        return callable(value)
    return None if isinstance(kind, type) else True


def _flaw(name: str, value: Any, wanted: Any) -> str:
    """What is wrong with a value of the right kind that no function can use; empty if nothing is."""
    if name in _ONE_LABEL and not _is_label(value):
        return f"must be one label; got {_short(value)}."
    if name == "seed" and _is_number(value) and value < 0:
        return f"must be a whole number from 0; got {_short(value)}."
    if _is_number(value) and not _is_finite(value):
        return f"must be a finite number; got {_short(value)}."
    if isinstance(value, str | os.PathLike) and os.PathLike in _kinds(wanted):
        path = os.fspath(value)
        if "\x00" in str(path) or max(map(len, pathlib.Path(str(path)).parts), default=0) > _LONGEST_NAME:
            return f"is not the path of a file; got {_short(value)}."
    return ""


def _is_finite(value: Any) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number or a fraction beyond the largest float
        return False


def _kinds(wanted: Any) -> tuple[Any, ...]:
    parts = typing.get_args(wanted) or (wanted,)
    return tuple(typing.get_origin(p) or (os.PathLike if p is pathlib.Path else p) for p in (wanted, *parts))


def _is_number(value: Any) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool) and not is_duration(value)


def _array_like() -> Any:
    from numpy.typing import ArrayLike

    return ArrayLike


def _is_numeric(value: Any) -> bool:
    import numpy as np

    try:
        return np.asarray(value).dtype.kind in "fiub"
    except (TypeError, ValueError):
        return False


def _is_label(value: Any) -> bool:
    """One plain value that can name a group."""
    return isinstance(value, str | int | float | tuple | types.NoneType) or getattr(value, "ndim", None) == 0


def _first_few(value: Any) -> list[Any]:
    return list(value)[:20] if hasattr(value, "__len__") else []


class _Names(dict[str, Any]):
    """Names of annotations that modules import for the type checker alone; an unknown one stands for anything."""

    def __missing__(self, name: str) -> Any:
        if name == "pd":
            import pandas as pd

            return pd
        if hasattr(builtins, name):
            return getattr(builtins, name)
        return upward.load("survsim._public:kind_named")(name)


def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    names = _Names(function.__globals__)
    try:
        return typing.get_type_hints(function, globalns=function.__globals__, localns=names)
    except (NameError, TypeError, AttributeError):
        return {}


def _words(wanted: Any) -> str:
    """An annotation as a person would say it."""
    said = {float: "a number", int: "a whole number", str: "text", bool: "True or False", type(None): "None"}
    origin, parts = typing.get_origin(wanted), typing.get_args(wanted)
    if wanted == _array_like():
        return "numbers"
    if origin in (typing.Union, types.UnionType):
        return " or ".join(dict.fromkeys(map(_words, parts)))
    kind = wanted if origin is None else origin
    if kind is os.PathLike:
        return "a path"
    if kind is typing.Literal:
        return "one of " + ", ".join(map(repr, parts))
    if kind in (collections.abc.Sequence, collections.abc.Iterable, tuple, list):
        return "a list"
    if isinstance(kind, type) and kind.__module__.partition(".")[0] == "numpy":
        return "numbers"
    if kind is collections.abc.Mapping:
        return "a mapping"
    name = getattr(kind, "__name__", str(kind))
    return said.get(kind, f"{'an' if name[:1] in 'AEIO' else 'a'} {name}")


def _short(value: Any) -> str:
    return f"{in_short(value)} ({type(value).__name__})"
