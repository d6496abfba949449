"""Every class that is declared by keys and values refuses in our words, at each of its doors, with one line per fault."""

import importlib
import pkgutil

import pydantic
import pytest

from survsim.core.declared import Declared, read_as
from survsim.errors import InputError, ScenarioError
from survsim.simulation import Clause, Line, Population, State, StopRule, Strategy, Treatment


def below(cls):
    for found in cls.__subclasses__():
        yield found
        yield from below(found)


def every_declared():
    for room in ("simulation", "scenario", "core", "evidence"):
        package = importlib.import_module(f"survsim.{room}")
        for module in pkgutil.walk_packages(package.__path__, f"survsim.{room}."):
            importlib.import_module(module.name)
    ours = [c for c in below(pydantic.BaseModel) if c.__module__.partition(".")[0] == "survsim"]
    return sorted(set(ours), key=lambda c: (c.__module__, c.__name__))


EVERY = every_declared()
DOORS = {
    "constructor": lambda cls: cls(**{"no such key": 1}),
    "python": lambda cls: cls.model_validate({"no such key": 1}),
    "another_kind": lambda cls: cls.model_validate(5),
    "nothing": lambda cls: cls.model_validate(None),
    "json": lambda cls: cls.model_validate_json('{"no such key": 1}'),
    "broken_json": lambda cls: cls.model_validate_json('{"no such'),
    "deep_json": lambda cls: cls.model_validate_json("[" * 100_000),
    "strings": lambda cls: cls.model_validate_strings({"no such key": "1"}),
}


def test_there_is_one_base_for_all_of_them():
    assert len(EVERY) > 60
    assert [c for c in EVERY if not issubclass(c, Declared)] == []


@pytest.mark.parametrize("door", DOORS)
def test_no_door_lets_a_foreign_error_out(door):
    for cls in EVERY:
        with pytest.raises(InputError) as caught:
            DOORS[door](cls)
        assert str(caught.value).startswith(cls.__name__) or door == "constructor", cls
        assert "pydantic" not in str(caught.value), cls


@pytest.mark.parametrize(
    "make", [lambda: State(name=5, zz=2), lambda: State.model_validate({"name": 5, "zz": 2})]
)
def test_each_fault_has_its_line(make):
    with pytest.raises(InputError) as caught:
        make()
    assert str(caught.value).splitlines() == [
        "State:",
        "  name: must be text (found 5 (int)).",
        "  zz: unknown name.",
    ]


def test_faults_of_parts_within_parts_are_told_together():
    content = {"strategy": 3, "lines": [{"line": "first", "treatments": 7}, {"line": 5}]}
    with pytest.raises(InputError) as caught:
        Strategy.model_validate(content)
    told = str(caught.value)
    assert all(place in told for place in ("\n  strategy:", "\n  lines.0.treatments", "\n  lines.1.line"))


def test_thousands_of_faults_are_counted_not_listed():
    with pytest.raises(InputError, match=r"and 4960 more") as caught:
        State.model_validate({"name": "a"} | {f"k{i}": i for i in range(5000)})
    assert len(str(caught.value)) < 3000


def test_nothing_is_changed_in_place_and_a_changed_copy_is_checked():
    state = State(name="a")
    for change in (
        lambda: setattr(state, "name", "b"),
        lambda: setattr(state, "other", 1),
        lambda: delattr(state, "name"),
    ):
        with pytest.raises(InputError, match="model_copy"):
            change()
    assert state.model_copy(update={"name": "b"}) == State(name="b")
    with pytest.raises(InputError, match="name"):
        state.model_copy(update={"name": 5})
    with pytest.raises(InputError, match="nmae: unknown"):
        state.model_copy(update={"nmae": "b"})


def test_a_file_names_itself_its_faults_and_the_keys_it_may_hold():
    with pytest.raises(ScenarioError) as caught:
        read_as(State, {"name": 5, "deaht": True}, "states.yml")
    lines = str(caught.value).splitlines()
    assert lines[0] == "states.yml cannot be used as written:"
    assert lines[1].startswith("  name: ") and lines[2].startswith(
        "  deaht: unknown key; allowed here: name,"
    )
    with pytest.raises(ScenarioError, match=r"states.yml must hold keys and values; it holds list"):
        read_as(State, [1], "states.yml")


REPEATED = {"Derived.of"}
"""A product of a number with itself is its square."""


def test_every_list_of_names_holds_each_once():
    bare = {
        f"{cls.__name__}.{name}"
        for cls in EVERY
        for name, field in cls.model_fields.items()
        if "tuple[str, ...]" in str(field.annotation).replace("dict[str, tuple[str, ...]]", "")
        and "each_once" not in str(field.metadata) + str(field.annotation)
    }
    assert bare - REPEATED == set()


TOXIC = {"name": "rash", "grade": 3, "probability": 0.5, "onset": {"family": "exponential", "rate": 100.0}}
AGES = [{"name": "age", "distribution": "fixed", "value": value} for value in (0.0, 1.0)]


@pytest.mark.parametrize(
    ("cls", "content", "name"),
    [
        (Line, {"line": "first", "treatments": ["drug", "drug"]}, "drug"),
        (Treatment, {"toxicities": [TOXIC, {**TOXIC, "probability": 0.1}]}, "rash"),
        (Population, {"covariates": AGES}, "age"),
        (Population, {"frailties": [{"name": "z", "variance": 0.1}, {"name": "z", "variance": 4.0}]}, "z"),
        (State, {"name": "well", "groups": ["w", "w"]}, "w"),
        (StopRule, {"on": "progression", "treatments": ["drug", "drug"]}, "drug"),
        (Clause, {"quantity": "state", "is": ["well", "well"]}, "well"),
    ],
)
def test_a_name_that_stands_twice_is_refused(cls, content, name):
    with pytest.raises(InputError, match=rf"'{name}' stands there more than once; list it once"):
        cls.model_validate(content)
