"""What is declared as keys and values: the base of every such class, and one way to say all its faults at once.

Keys that are unknown and numbers that are not finite are faults. Each door, the constructor, `model_validate` and its
sisters, and an attempt to change an attribute, raises an error of survsim with one line per fault.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, TypeVar, cast

import pydantic

from survsim.core import file_faults
from survsim.core.declared_kinds import of_one_kind
from survsim.core.display import card_of
from survsim.core.door import fault_lines, named
from survsim.core.errors import InputError, ScenarioError

D = TypeVar("D", bound="Declared")


def refuse_twice(names: Sequence[Any], advice: str = "list it once") -> None:
    """Refuse a name that stands twice, in words of a fault of a file."""
    twice = [name for name, times in Counter(names).items() if times > 1]
    if twice:
        shown = ", ".join(map(repr, twice))
        raise ValueError(f"{shown} stands there more than once; {advice}")


def each_once(*keys: str) -> pydantic.AfterValidator:
    """Said of a list of names, or of things that are told apart by what stands under `keys`: each stands there once.

    A name that stands twice would act twice, draw the same luck twice, or hide the first: none is what was meant.

    Example
    -------
    >>> class Course(Declared):
    ...     drugs: Names = ()
    >>> Course(drugs=("a", "b", "a"))
    Traceback (most recent call last):
        ...
    survsim.core.errors.InputError: Course: drugs: 'a' stands there more than once; list it once (found ('a', 'b', 'a') (tuple)).
    """

    def checked(listed: Any) -> Any:
        if not isinstance(listed, tuple):
            return listed  # a field that may hold one word, or keys and values, in place of a list
        if not keys:
            refuse_twice(listed)
        else:
            told = [" at ".join(str(getattr(one, key)) for key in keys) for one in listed]
            refuse_twice(told, "list it once, or give each a name of its own")
        return listed

    return pydantic.AfterValidator(checked)


Names = Annotated[tuple[str, ...], each_once()]
"""Names of things, each once."""


class Declared(pydantic.BaseModel):
    """Base of everything that is declared in a file or in code: frozen, and a key that is unknown is an error."""

    # YAML's .inf and .nan are numbers to pydantic and to no simulation.
    model_config = pydantic.ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        """Kinds are what they are: pydantic itself would take "5" and true for numbers, and "yes" and 1 for true."""
        return of_one_kind(handler(source))

    def __init__(self, /, **data: Any) -> None:
        _in_our_words(type(self), super().__init__, **data)

    # Parts that stand inside a whole are then made by pydantic itself, so that it collects the faults of all of them.
    cast("Any", __init__).__pydantic_base_init__ = True

    def __setattr__(self, name: str, value: Any) -> None:
        _in_our_words(type(self), super().__setattr__, name, value)

    def __delattr__(self, name: str) -> None:
        _in_our_words(type(self), super().__delattr__, name)

    def model_copy(self: D, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> D:
        """A copy; what `update` changes in it is checked as if it had been declared so."""
        copied = super().model_copy(deep=deep)
        if not update:
            return copied
        kept = {name: getattr(copied, name) for name in copied.model_fields_set}
        return type(self).model_validate(kept | dict(update))

    def _repr_html_(self) -> str:
        return card_of(self)

    @classmethod
    def model_validate(cls: type[D], obj: Any, **options: Any) -> D:
        """Keys and values as an object of this class; every fault is told at once, by an `InputError`."""
        return cast("D", _in_our_words(cls, super().model_validate, obj, **options))

    @classmethod
    def model_validate_json(cls: type[D], json_data: str | bytes | bytearray, **options: Any) -> D:
        """The same from JSON text."""
        return cast("D", _in_our_words(cls, super().model_validate_json, json_data, **options))

    @classmethod
    def model_validate_strings(cls: type[D], obj: Any, **options: Any) -> D:
        """The same from texts, as they stand in a table."""
        return cast("D", _in_our_words(cls, super().model_validate_strings, obj, **options))


def read_as(model: type[D], content: Any, name: str) -> D:
    """`content` as a `model`, or one `ScenarioError` that lists every fault with its place; `name` opens it."""
    if not isinstance(content, model | Mapping):
        raise ScenarioError(f"{name} must hold keys and values; it holds {type(content).__name__}.")
    try:
        return cast("D", model.__pydantic_validator__.validate_python(content))
    except pydantic.ValidationError as error:
        lines = "\n".join(
            f"  {fault}" for fault in file_faults.fault_lines(error.errors(include_url=False), model)
        )
        raise ScenarioError(f"{name} cannot be used as written:\n{lines}") from None


def _in_our_words(cls: type[Declared], made: Callable[..., Any], *args: Any, **given: Any) -> Any:
    try:
        return made(*args, **given)
    except pydantic.ValidationError as error:
        raise InputError(named(cls.__name__, fault_lines(error))) from error
