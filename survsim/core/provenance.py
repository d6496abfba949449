"""Where a number comes from: a small immutable tree that every result carries.

A leaf is a *reference*, text of the form ``table:row`` that names one row a reader can open:
``estimates:homesley_2007_gog0161_e01``, ``cases:index_case``, ``patients:tcga_ucs`` (a whole table),
``assumption:case_strategies/onset_months``. A node is one step of computation with its inputs.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from survsim.core.display import displayed
from survsim.core.errors import InputError

DEEPEST = 300
"""Steps from a number down to a row; analyses take a dozen."""


@displayed
@dataclass(frozen=True, slots=True)
class Provenance:
    """One step of computation: what was done, with which options, to what.

    Attributes
    ----------
    method : name of the public function.
    inputs : references (``table:row``) and earlier steps, in order.
    options : the choices that change the number, as sorted (name, value) pairs of plain values.
    note : one sentence a reader should see beside the step.
    """

    method: str
    inputs: tuple[Provenance | str, ...] = ()
    options: tuple[tuple[str, Any], ...] = ()
    note: str = ""

    @classmethod
    def of(cls, method: str, /, *inputs: Any, note: str = "", **options: Any) -> Provenance:
        """Build a step from results, responses, provenances and references.

        Anything with a ``provenance`` counts as its provenance; anything with ``sources`` (a `Surv`)
        counts as those references.
        """
        found: list[Provenance | str] = []
        for item in inputs:
            for leaf in _flatten(item):
                if leaf not in found:
                    found.append(leaf)
        plain = tuple(sorted((k, _plain(v)) for k, v in options.items() if v is not None))
        return cls(method=method, inputs=tuple(found), options=plain, note=note)

    def references(self) -> tuple[str, ...]:
        """Every row below this step, once, in the order first met."""
        seen: dict[str, None] = {}
        stack: list[Provenance | str] = [self]
        done: set[int] = set()
        while stack:
            item = stack.pop(0)
            if isinstance(item, str):
                seen[item] = None
            elif id(item) not in done:
                done.add(id(item))
                stack.extend(item.inputs)
        return tuple(seen)

    def walk(self) -> Iterator[tuple[int, Provenance | str]]:
        """Depth-first (depth, step or reference) pairs, for printing."""
        stack: list[tuple[int, Provenance | str]] = [(0, self)]
        while stack:
            depth, item = stack.pop()
            yield depth, item
            if isinstance(item, Provenance):
                stack.extend((depth + 1, child) for child in reversed(item.inputs))

    def to_nodes(self, nodes: Nodes) -> str:
        """Write the tree into `nodes`, each step once; return its name there."""
        return _collect(self, nodes)


def from_nodes(key: str, nodes: Mapping[str, Any]) -> Provenance:
    """Rebuild the tree that `Provenance.to_nodes` wrote; raises `InputError` where it cannot have written it."""
    built: dict[str, Provenance] = {}

    def build(name: str, depth: int) -> Provenance:
        if name not in built:
            if name not in nodes:
                raise InputError(f"provenance step {name!r} is named but not recorded; rebuild the results.")
            if depth > DEEPEST:
                raise InputError(
                    f"provenance step {key!r} rests on itself or on a chain of more than {DEEPEST} steps; rebuild the results."
                )
            node = nodes[name]
            inputs = tuple(build(i[1:], depth + 1) if i.startswith("#") else i for i in node["inputs"])
            options = tuple((k, v) for k, v in node["options"].items())
            built[name] = Provenance(node["method"], inputs, options, node["note"])
        return built[name]

    try:
        return build(key, 1)
    except (KeyError, TypeError, AttributeError):
        raise InputError(
            f"provenance step {key!r} was changed after it was written; rebuild the results."
        ) from None


def _flatten(item: Any) -> tuple[Provenance | str, ...]:
    if item is None:
        return ()
    if isinstance(item, str):
        if ":" not in item:
            raise InputError(f"a reference reads table:row, for example estimates:abc_e01; got {item!r}.")
        return (item,)
    if isinstance(item, Provenance):
        return (item,)
    if hasattr(item, "provenance"):
        return (item.provenance,)
    if hasattr(item, "sources"):
        return tuple(item.sources)
    if not isinstance(item, Iterable):
        raise InputError(f"a source is a reference, a result or a list of these; got {item!r}.")
    return tuple(leaf for part in item for leaf in _flatten(part))


def _plain(value: Any) -> Any:
    if isinstance(value, bool | int | float | str):
        return value
    if hasattr(value, "tolist"):
        found = value.tolist()
        # of numpy's longest floats .tolist() gives themselves
        return float(found) if type(found) is type(value) else _plain(found)
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(v) for v in value]
    return str(value)


class Nodes(dict[str, Any]):
    """Steps by name; a name says the method and a number in order of appearance, never what floats are in it."""

    def __init__(self, nodes: Mapping[str, Any] = MappingProxyType({})) -> None:
        super().__init__(nodes)
        self._named = {_text(node): name for name, node in nodes.items()}
        self._count: dict[str, int] = {}
        # steps are kept, so that no other can come to have the identity of one that was written
        self.written: dict[int, tuple[str, Provenance]] = {}
        for node in nodes.values():
            self._count[node["method"]] = self._count.get(node["method"], 0) + 1

    def name(self, node: dict[str, Any]) -> str:
        """The name of a step, given to it now if it is new."""
        text = _text(node)
        if text not in self._named:
            method = node["method"]
            self._count[method] = self._count.get(method, 0) + 1
            name = f"{method}/{self._count[method]}"
            self._named[text] = name
            self[name] = node
        return self._named[text]


def _text(node: Mapping[str, Any]) -> str:
    return json.dumps(node, sort_keys=True, ensure_ascii=False)


def _collect(step: Provenance, nodes: Nodes) -> str:
    if id(step) not in nodes.written:
        inputs = [i if isinstance(i, str) else "#" + _collect(i, nodes) for i in step.inputs]
        node = {"method": step.method, "inputs": inputs, "options": dict(step.options), "note": step.note}
        nodes.written[id(step)] = nodes.name(node), step
    return nodes.written[id(step)][0]
