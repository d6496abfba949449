"""YAML is read as data; whatever would run code or hide a slip is refused."""

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
