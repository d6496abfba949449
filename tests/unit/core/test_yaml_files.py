"""YAML is read as data; whatever would run code or hide a slip is refused."""

import re

import pytest

from survsim.core.yaml_files import MAX_BYTES, parse_yaml, read_yaml
from survsim.errors import ScenarioError


def test_plain_values_come_back():
    assert parse_yaml("a: [1, 2.5, x]\nb: {c: null}") == {"a": [1, 2.5, "x"], "b": {"c": None}}


def test_only_true_and_false_are_booleans():
    assert parse_yaml("on: [no, yes, true, false, off]") == {"on": ["no", "yes", True, False, "off"]}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "a: !!python/object/apply:os.system ['echo hi']",
            r"line 1: could not determine a constructor.*plain values",
        ),
        ("a: 1\na: 2", r"line 2: the key 'a' stands twice"),
        ("a: [1, 2", r"line 1, column 9"),
        ("a: 1\n b: 2", r"Check indentation"),
    ],
)
def test_refusals_say_where(text, words):
    with pytest.raises(ScenarioError, match=words):
        parse_yaml(text, name="strategy.yml", error=ScenarioError)


def test_files_are_checked_before_they_are_read(tmp_path):
    for name in ("none.yml", "a" * 3000, "nul\0.yml"):
        with pytest.raises(ScenarioError, match="no file"):
            read_yaml(tmp_path / name, error=ScenarioError)
    big = tmp_path / "big.yml"
    with big.open("wb") as file:
        file.truncate(MAX_BYTES * 20)
    with pytest.raises(ScenarioError, match="20 MB"):
        read_yaml(big, error=ScenarioError)
    odd = tmp_path / "odd.yml"
    odd.write_bytes(b"a: \xff")
    with pytest.raises(ScenarioError, match="not UTF-8"):
        read_yaml(odd, error=ScenarioError)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{covariate: woman, 0: male, 1: female, 1: male}", "the key 1 stands twice"),
        ("{1: female, 1.0: male}", "the key 1.0 stands twice"),
        ("{true: a, true: b}", "the key True stands twice"),
        ("{~: a, null: b}", "the key None stands twice"),
        ("{a: 1, 'a': 2}", "the key 'a' stands twice"),
        ("a: &a {x: 1}\nb: {<<: *a, <<: *a}", "line 2: the key '<<' stands twice"),
        ("? [1, 2]\n: 3", "where the name of a key belongs"),
        ("a: {<<: 3}", "<< takes over the keys of a mapping"),
        ("a: {<<: [3]}", "<< takes over the keys of a mapping"),
        ("a: &a {<<: *a, x: 1}", "line 1: an alias (*) stands inside what it is the name of"),
        ("a: !!bool abc", "line 1: 'abc' is no bool"),
        ("a: !!float ''", "line 1: '' is no float"),
        ("a: !!int '1_000'", "line 1: '1_000' is no int"),
        ("a: !!float '1_0.5'", "line 1: '1_0.5' is no float"),
        ("a: !!timestamp 'x'", "Leave such words out"),
    ],
)
def test_what_was_taken_in_another_way_than_it_stands_is_refused(text, words):
    with pytest.raises(ScenarioError, match=re.escape(words)):
        parse_yaml(text, name="plan.yml", error=ScenarioError)


def test_a_mapping_takes_over_the_keys_of_another():
    text = """
    full: &full {draws: 400, patients: {n: 1000}}
    more: &more {draws: 7, seed: 3}
    quick: {draws: 60, <<: *full}
    both: {<<: [*more, *full], patients: 2}
    """
    found = parse_yaml(text)
    assert found["quick"] == {"draws": 60, "patients": {"n": 1000}}
    assert found["both"] == {"draws": 7, "seed": 3, "patients": 2}
    assert parse_yaml("{'<<': 3}") == {"<<": 3}


def test_keys_that_are_taken_over_are_counted():
    pages = "m0: &m0 {a: 1}\n" + "".join(
        f"m{i}: &m{i} {{<<: [{', '.join([f'*m{i - 1}'] * 8)}], k{i}: 1}}\n" for i in range(1, 40)
    )
    assert len(parse_yaml(pages)["m39"]) == 40
    wide = "".join(f"k{i}: 1\n  " for i in range(2000))
    with pytest.raises(ScenarioError, match="<< takes over more than 1000000 keys"):
        parse_yaml(f"a: &a\n  {wide}\nb: [{', '.join(['{<<: *a}'] * 600)}]", error=ScenarioError)
