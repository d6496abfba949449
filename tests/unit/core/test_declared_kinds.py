"""In what is declared, a number is no text and no truth value, and a truth value is no word and no number."""

from __future__ import annotations

import typing
from typing import Annotated, Literal

import numpy as np
import pydantic
import pytest

from survsim import _public
from survsim.core.declared import Declared
from survsim.core.errors import InputError
from survsim.core.yaml_files import parse_yaml


class Part(Declared):
    size: int = 1


class Whole(Declared):
    number: float = 1.0
    bounded: Annotated[float, pydantic.Field(ge=0)] = 1.0
    optional: float | None = None
    word_or_number: float | Literal["auto"] = 1.0
    whole: int = 1
    truth: bool = False
    word: str = ""
    many: tuple[float, ...] = ()
    named: dict[str, float] = pydantic.Field(default_factory=dict)
    truths: list[bool] = pydantic.Field(default_factory=list)
    part: Part = Part()
    parts: tuple[Part, ...] = ()


NUMBERS = ("number", "bounded", "optional", "word_or_number", "whole")


@pytest.mark.parametrize("wrong", ["5", "", "1e3", b"5", True, False, np.True_])
@pytest.mark.parametrize("field", NUMBERS)
def test_a_number_is_no_text_and_no_truth_value(field, wrong):
    with pytest.raises(InputError, match=f"{field}: (text came|yes/no found|must)"):
        Whole(**{field: wrong})


@pytest.mark.parametrize("wrong", ["yes", "true", "no", 1, 0, 1.0, None, np.int64(1)])
def test_a_truth_value_is_no_word_and_no_number(wrong):
    with pytest.raises(InputError, match="truth: true or false belongs here"):
        Whole(truth=wrong)


@pytest.mark.parametrize(
    ("where", "given"),
    [
        ("many.1", {"many": [1, "2"]}),
        ("many.0", {"many": [True, 2]}),
        ("named.a", {"named": {"a": "3"}}),
        ("truths.1", {"truths": [True, "no"]}),
        ("part.size", {"part": {"size": "1"}}),
        ("parts.1.size", {"parts": [{"size": 1}, {"size": True}]}),
    ],
)
def test_parts_are_looked_at_one_by_one(where, given):
    with pytest.raises(InputError, match=rf"Whole: {where}: "):
        Whole(**given)


def test_numbers_of_numpy_and_whole_ones_are_numbers():
    whole = Whole(
        number=np.int64(3),
        optional=np.float32(0.5),
        whole=np.int32(4),
        truth=np.True_,
        many=np.arange(2.0).tolist(),
    )
    assert (whole.number, whole.optional, whole.whole, whole.truth, whole.many) == (
        3.0,
        0.5,
        4,
        True,
        (0.0, 1.0),
    )
    assert Whole.model_validate_strings({"number": "3", "truth": "true"}).truth is True
    assert Whole.model_validate_json('{"number": 3, "many": [1]}').many == (1.0,)


def test_bytes_are_no_text():
    with pytest.raises(InputError, match="word: bytes came where text belongs"):
        Whole(word=b"x")


def _declared(cls: type[Declared] = Declared) -> list[type[Declared]]:
    below = [one for part in cls.__subclasses__() for one in (part, *_declared(part))]
    return [one for one in dict.fromkeys(below) if one.__module__.startswith("survsim.")]


def _plain_fields() -> list[tuple[type[Declared], str, type]]:
    """Every field of a declared class that holds one number or one truth value."""
    for name in _public.PUBLIC:
        _public.load(name)
    found = []
    for cls in sorted(_declared(), key=lambda one: one.__name__):
        for field, info in cls.model_fields.items():
            kinds = typing.get_args(info.annotation) or (info.annotation,)
            found += [(cls, field, kind) for kind in kinds if kind in (float, int, bool)]
    return found


PLAIN = _plain_fields()


def test_there_are_such_fields():
    assert len(PLAIN) > 100


@pytest.mark.parametrize(
    ("cls", "field", "kind"), PLAIN, ids=[f"{c.__name__}.{f}-{k.__name__}" for c, f, k in PLAIN]
)
def test_no_declared_class_takes_another_kind(cls, field, kind):
    """Before, "1" and true were numbers in all of these, and "yes" and 1 were true."""
    alias = cls.model_fields[field].alias or field
    for wrong in ("yes", "1", b"1", 1) if kind is bool else ("1", b"1", True):
        with pytest.raises(InputError) as caught:
            cls(**{alias: wrong})
        said = str(caught.value)
        assert f"{field}" in said or f"{alias}" in said, said


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001), ("1E5", 1e5), ("-2.5e+3", -2500.0), ("010", 10), ("-7", -7), ("5.", 5.0), (".5", 0.5), ("1:30", "1:30"),
        ("1_000", "1_000"), ("0x10", "0x10"), ("'5'", "5"), ("yes", "yes"), ("true", True), (".inf", float("inf")), ("1e", "1e"),
    ],
)  # fmt: skip
def test_numbers_are_written_as_in_yaml_1_2(text, value):
    """YAML 1.1 made text of 1e-3, eight of 010, ninety of 1:30 and a thousand of 1_000."""
    read = parse_yaml(f"key: {text}")["key"]
    assert (read, type(read)) == (value, type(value))
