"""Every kind of fault that pydantic tells of our declared classes is said in words; none says "Input should" or shows a tag."""

from __future__ import annotations

import datetime
import enum
import typing
from typing import Annotated, Any, Literal

import pydantic
import pytest
from pydantic_core import core_schema

from survsim.core import door
from survsim.core.declared import Declared
from survsim.core.fault_words import in_words
from survsim.core.file_faults import fault_lines
from survsim.errors import InputError
from survsim.simulation import State, Transition


class Round(Declared):
    shape: Literal["round"]
    radius: float


class Square(Declared):
    shape: Literal["square"]
    side: float


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


Name = Annotated[str, pydantic.Field(pattern=r"^[A-Za-z0-9_.\-]+$")]


class Everything(Declared):
    """A field for each kind."""

    name: Name = "a"
    only: str = pydantic.Field("progression", pattern="^progression$")
    digits: str = pydantic.Field("1", pattern="^[0-9]{1,3}$")
    text: str = pydantic.Field("long enough", min_length=2, max_length=20)
    filled: str = pydantic.Field("x", min_length=1)
    word: Literal["one", "two"] = "one"
    single: Literal["one"] = "one"
    colour: Colour = Colour.RED
    number: float = 1.0
    finite: pydantic.FiniteFloat = 1.0
    whole: int = 1
    share: float = pydantic.Field(0.5, gt=0, lt=1)
    grade: int = pydantic.Field(1, ge=1, le=5)
    even: int = pydantic.Field(2, multiple_of=2)
    flag: bool = True
    day: datetime.date = datetime.date(2020, 1, 31)
    rows: list[float] = pydantic.Field([1.0], min_length=1, max_length=2)
    pair: tuple[float, float] = (0.0, 1.0)
    kinds: set[str] = pydantic.Field(default_factory=set)
    table: dict[Name, float] = pydantic.Field(default_factory=dict)
    body: Annotated[Round | Square, pydantic.Field(discriminator="shape")] | None = None


CASES: list[tuple[str, Any, str]] = [
    ("name", "", "name: must not be empty"),
    ("name", "a b", "name: must be of letters, digits, dots, underscores and hyphens only"),
    ("only", "x", "only: must be 'progression'"),
    ("digits", "x", "digits: must look like ^[0-9]{1,3}$"),
    ("text", "a", "text: must have at least 2 characters"),
    ("text", "a" * 21, "text: must have at most 20 characters"),
    ("filled", "", "filled: must not be empty"),
    ("text", 5, "text: must be text"),
    ("word", "twoo", "word: must be one of 'one', 'two'"),
    ("single", "twoo", "single: must be 'one'"),
    ("colour", "redd", "colour: must be one of 'red', 'blue'"),
    ("number", "x", "number: text came where a number belongs"),
    ("number", None, "number: must be a number"),
    ("finite", float("inf"), "finite: must be a finite number"),
    ("whole", 1.5, "whole: must be a whole number"),
    ("whole", "x", "whole: text came where a number belongs"),
    ("share", 0.0, "share: must be above 0"),
    ("share", 1.0, "share: must be below 1"),
    ("grade", 0, "grade: must be at least 1"),
    ("grade", 6, "grade: must be at most 5"),
    ("even", 3, "even: must be a multiple of 2"),
    ("flag", "x", "flag: true or false belongs here"),
    ("day", "yesterday", "day: must be a date such as 2020-01-31"),
    ("rows", [], "rows: must hold at least 1; it holds 0"),
    ("rows", [1, 2, 3], "rows: must hold at most 2; it holds 3"),
    ("rows", 5, "rows: must be a list"),
    ("pair", [1.0], "pair.1: Field required"),
    ("pair", [1.0, 2.0, 3.0], "pair: must hold at most 2; it holds 3"),
    ("kinds", [[]], "kinds.0: must be text"),
    ("table", {"a b": 1.0}, "table.a b: must be of letters, digits"),
    ("table", {1: 1.0}, "table.1: must be text"),
    ("table", [1], "table: keys and values belong here"),
    ("body", {"shape": "rond", "radius": 1}, "body.shape: 'rond' is none of round, square; did you mean 'round'?"),
    ("body", {"radius": 1}, "body.shape: Field required"),
    ("body", 5, "body: keys and values belong here"),
]  # fmt: skip
FOREIGN = ("Input", "should", "String", "tag", "discriminator", "valid dictionary", "type=")


@pytest.mark.parametrize(("field", "value", "said"), CASES, ids=[f"{c[0]}-{c[1]!r}"[:40] for c in CASES])
def test_both_doors_say_it_in_the_same_words(field: str, value: Any, said: str) -> None:
    with pytest.raises(pydantic.ValidationError) as caught:
        Everything.__pydantic_validator__.validate_python({field: value})
    file = fault_lines(caught.value.errors(include_url=False), Everything)
    given = door.fault_lines(caught.value)
    assert any(line.startswith(said) or said in line for line in file), file
    assert said in given, given
    assert not any(word in text for word in FOREIGN for text in (*file, given)), (file, given)


def test_no_kind_that_pydantic_knows_comes_through_as_it_is() -> None:
    told = {
        kind: in_words({"type": kind, "msg": "Input should be x", "ctx": {}, "input": 1})
        for kind in typing.get_args(core_schema.ErrorType)
    }
    assert not [kind for kind, words in told.items() if "Input" in words or "should" in words]


def test_a_message_of_ours_stays_as_it_is() -> None:
    assert in_words({"type": "value_error", "msg": "Value error, give it in years.", "input": 1}) == (
        "give it in years."
    )


def test_a_state_without_a_name_and_a_family_that_is_none() -> None:
    with pytest.raises(InputError, match=r"^State: name: must not be empty \(found '' \(str\)\)\.$"):
        State(name="")
    law = {"family": "weibul", "shape": 1.0, "scale": 2.0}
    with pytest.raises(
        InputError,
        match=r"^Transition: distribution\.family: 'weibul' is none of .*; did you mean 'weibull'\?$",
    ):
        Transition(source="a", target="b", distribution=law)
    with pytest.raises(InputError, match=r"^Transition: distribution\.family: Field required\.$"):
        Transition(source="a", target="b", distribution={"shape": 1.0})
