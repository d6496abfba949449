"""YAML as data: no tags that make objects, no duplicate keys, no surprises of size."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Hashable
from pathlib import Path
from typing import Any

from survsim.core.errors import InputError, SurvsimError
from survsim.core.files import read_regular

MAX_BYTES = 1_000_000
"""A scenario or strategy is a page or two; a megabyte is a mistake or an attack."""
MAX_VALUES = 1_000_000
MAX_DEPTH = 100
MERGE = "tag:yaml.org,2002:merge"
SHOWN = 40
"""Letters of a value that are shown."""


def read_yaml(path: str | os.PathLike[str], *, error: type[SurvsimError] = InputError) -> Any:
    """Content of a YAML file as plain Python values.

    Parameters
    ----------
    path : the file, of at most 1 MB, in UTF-8.
    error : class of the error to raise, for callers with a word of their own.

    Returns
    -------
    What stands in it: mappings, lists, numbers, words. A mapping takes over the keys of another by ``<<: *name``.

    Raises
    ------
    error : if the file is missing, larger than 1 MB, not UTF-8, not YAML, has a key twice, is nested hundreds of levels deep, or
        carries a tag that would build an object (such tags are refused, never run).

    Example
    -------
    >>> import pathlib, tempfile
    >>> from survsim.report import read_yaml
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "plan.yml"
    >>> _ = file.write_text("sizes: [50, 100]")
    >>> read_yaml(file)
    {'sizes': [50, 100]}
    """
    file = Path(path)
    try:
        size = file.stat().st_size if file.is_file() else None
    except (OSError, ValueError):  # a name too long for the disk, or with a NUL in it
        size = None
    if size is None:
        shown = str(file) if len(str(file)) <= 200 else f"{str(file)[:200]}..."
        raise error(f"no file {shown!r}; check the name, it is read relative to where you stand.")
    if size > MAX_BYTES:
        raise error(
            f"{file.name} has {size / 1e6:.0f} MB; a YAML file may have {MAX_BYTES / 1e6:.0f} MB. "
            "Put tables into CSV files and name them."
        )
    try:
        text = read_regular(file).decode("utf-8")
    except UnicodeDecodeError as fault:
        raise error(f"{file.name} is not UTF-8 (byte {fault.start}); save it again as UTF-8.") from None
    return parse_yaml(text, name=file.name, error=error)


def parse_yaml(text: str, *, name: str = "text", error: type[SurvsimError] = InputError) -> Any:
    """Content of a YAML text; `name` is what messages call it. Raises as `read_yaml` does."""
    import yaml  # 20 ms: not paid by those who read none

    try:
        content = yaml.load(text, Loader=_strict_loader())
    except yaml.constructor.ConstructorError as fault:
        line = fault.problem_mark.line + 1 if fault.problem_mark else "?"
        endless = "recursive" in str(fault.problem)
        problem = "an alias (*) stands inside what it is the name of" if endless else fault.problem
        raise error(
            f"{name}, line {line}: {problem}. Only plain values are read: text, numbers, lists, mappings."
        ) from None
    except yaml.YAMLError as fault:
        mark = getattr(fault, "problem_mark", None)
        place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        reason = getattr(fault, "problem", None) or "it cannot be parsed"
        raise error(f"{name}{place}: {reason}. Check indentation and quotes there.") from None
    except RecursionError:
        raise error(
            f"{name} is nested too deeply to be read; a scenario needs about ten levels. Check its brackets."
        ) from None
    except (ValueError, OverflowError, TypeError) as fault:
        # A date with a month 13, a whole number of five thousand digits, a mapping as a key.
        raise error(f"{name} holds a value that YAML cannot read: {fault}. Put it in quotes.") from None
    except (AttributeError, LookupError):
        raise error(
            f"{name} says by a word with !! what kind a value is, and the value is none of that kind. Leave such words out."
        ) from None
    _refuse_endless(content, name, error)
    return content


def _refuse_endless(content: Any, name: str, error: type[SurvsimError]) -> None:
    """Aliases let a page stand for more values than a machine can hold, or for itself: every use is counted."""
    waiting, seen = [(content, 0)], 0
    while waiting:
        node, depth = waiting.pop()
        seen += 1
        if seen > MAX_VALUES or depth > MAX_DEPTH:
            what = f"{MAX_DEPTH} levels" if depth > MAX_DEPTH else f"{MAX_VALUES} values"
            raise error(
                f"{name} holds more than {what}, aliases written out; write it without so many of them."
            )
        if isinstance(node, dict):
            waiting += [(part, depth + 1) for pair in node.items() for part in pair]
        elif isinstance(node, list | tuple | set):
            waiting += [(part, depth + 1) for part in node]


PLAIN = {
    "tag:yaml.org,2002:bool": (r"^(?:true|false)$", "tf"),
    "tag:yaml.org,2002:int": (r"^[-+]?[0-9]+$", "-+0123456789"),
    "tag:yaml.org,2002:float": (
        r"^(?:[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$",
        "-+0123456789.",
    ),
}
"""How booleans and numbers are written (YAML 1.2, core schema), and the characters they begin with."""


def _fault(words: str, node: Any) -> Exception:
    from yaml.constructor import ConstructorError

    return ConstructorError(None, None, words, node.start_mark)


class _Strict:
    """How the loader of yaml is stricter than its own; yaml itself is imported by those who read some."""

    construct_object: Any
    construct_scalar: Any
    construct_yaml_bool: Any
    construct_yaml_float: Any

    def __init__(self, *text: str) -> None:
        super().__init__(*text)
        # What is made is whole at once: a mapping that takes over the keys of another finds them there.
        self.deep_construct = True
        self.taken_over = 0

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        if node.id != "mapping":
            raise _fault("keys and values belong here", node)
        found: dict[Any, Any] = {}
        seen = set()
        for key_node, value_node in node.value:
            merge = key_node.tag == MERGE
            key = "<<" if merge else self.construct_object(key_node, deep=True)
            if not isinstance(key, Hashable):
                raise _fault("a list or a mapping stands where the name of a key belongs", key_node)
            if key in seen:
                raise _fault(f"the key {key!r} stands twice", key_node)
            seen.add(key)
            # A key that stands here itself comes before one that is taken over, wherever the two stand.
            if merge:
                found = {**self._taken_over(value_node), **found}
            else:
                found[key] = self.construct_object(value_node)
        return found

    def _taken_over(self, node: Any) -> dict[Any, Any]:
        """The keys that ``<<`` takes over: of a mapping, or of several, the first of which comes first."""
        found: dict[Any, Any] = {}
        for one in node.value if node.id == "sequence" else [node]:
            made = self.construct_object(one, deep=True)
            if not isinstance(made, dict):
                raise _fault("<< takes over the keys of a mapping, or of a list of mappings", one)
            self.taken_over += len(made)
            if self.taken_over > MAX_VALUES:
                raise _fault(f"<< takes over more than {MAX_VALUES} keys in all", one)
            found = {**made, **found}
        return found

    def construct_plain(self, node: Any) -> Any:
        """A number or a truth value; a word such as !!float changes nothing about how one is written."""
        text = str(self.construct_scalar(node))
        kind = node.tag.rpartition(":")[2]
        if not re.fullmatch(PLAIN[node.tag][0], text):
            raise _fault(f"{text[:SHOWN]!r} is no {kind}", node)
        if kind != "int":
            return self.construct_yaml_bool(node) if kind == "bool" else self.construct_yaml_float(node)
        try:
            float(int(text))
        except OverflowError:
            raise _fault(
                f"a whole number of {len(text)} digits is more than a number can hold", node
            ) from None
        return int(text)


@functools.cache
def _strict_loader() -> Any:
    import yaml

    Strict: Any = type("Strict", (_Strict, yaml.SafeLoader), {})
    # YAML 1.2: only true and false are booleans, so that the key `on` and the country NO stay text; 1e-3 is a number,
    # 010 is ten and no octal eight, and 1:30 is text and not ninety.
    Strict.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in pairs if tag not in PLAIN]
        for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    for tag, (pattern, first) in PLAIN.items():
        Strict.add_implicit_resolver(tag, re.compile(pattern), list(first))
        Strict.add_constructor(tag, Strict.construct_plain)
    return Strict
