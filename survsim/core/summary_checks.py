"""What a `summary.json` must hold before a number of it is printed: finite numbers, limits in order, steps that end at rows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from survsim.core.provenance import DEEPEST

_NUMBERS = ("conf_low", "conf_high", "mc_std_error")
_WORDS = ("unit", "note", "node")


def fault_of(content: Mapping[str, Any]) -> str:
    """What is wrong with the content of a summary, in a few words; empty where nothing is.

    Parameters
    ----------
    content : as JSON gave it, with the keys numbers and nodes.

    Example
    -------
    >>> fault_of({"numbers": {"os": {"value": 3.0, "conf_low": 5.0, "conf_high": 4.0, "node": "a/1"}}, "nodes": {}})
    'os has an interval from 5 to 4'
    """
    if not isinstance(content["numbers"], Mapping) or not isinstance(content["nodes"], Mapping):
        return "numbers or nodes are no mapping"
    found = next(filter(None, (_of_number(k, e) for k, e in content["numbers"].items())), "")
    found = found or next(
        filter(None, (_of_step(k, n, content["nodes"]) for k, n in content["nodes"].items())), ""
    )
    return found or _of_chains(content["nodes"]) or _loose(content) or _of_head(content)


def _of_head(content: Mapping[str, Any]) -> str:
    for name in ("analysis", "mode", "data_checksum"):
        if not isinstance(content[name], str):
            return f"{name} is {content[name]!r:.40}, not text"
    return ""


def _of_number(key: str, entry: Any) -> str:
    if not isinstance(entry, Mapping) or "value" not in entry:
        return f"{key} has no value"
    for name in _WORDS:
        if not isinstance(entry.get(name, ""), str):
            return f"the {name} of {key} is {entry[name]!r:.40}, not text"
    if not isinstance(entry["value"], str | bool) and not _is_number(entry["value"]):
        return f"{key} is {entry['value']!r:.40}, no number"
    if entry["value"] is None and not entry.get("note"):
        return f"{key} has neither a value nor a note that says why"
    for name in _NUMBERS:
        if not _is_number(entry.get(name)):
            return f"{name} of {key} is {entry[name]!r:.40}, no number"
    low, high = entry.get("conf_low"), entry.get("conf_high")
    if low is not None and high is not None and low > high:
        return f"{key} has an interval from {low:g} to {high:g}"
    return ""


def _is_number(value: Any) -> bool:
    """Finite, or not there."""
    if value is None:
        return True
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _of_step(name: str, node: Any, nodes: Mapping[str, Any]) -> str:
    if not isinstance(node, Mapping):
        return f"step {name} is no mapping"
    if not isinstance(node.get("method"), str) or not isinstance(node.get("note"), str):
        return f"method or note of step {name} is no text"
    inputs = node.get("inputs")
    if not isinstance(inputs, list) or not all(isinstance(one, str) for one in inputs):
        return f"the inputs of step {name} are {inputs!r:.40}, no list of names"
    if not isinstance(node.get("options"), Mapping):
        return f"the options of step {name} are {node.get('options')!r:.40}, no mapping"
    lost = next((one for one in inputs if one.startswith("#") and one[1:] not in nodes), None)
    return "" if lost is None else f"step {name} names {lost[1:]}, which is not recorded"


def _of_chains(nodes: Mapping[str, Any]) -> str:
    """Steps that lead back to themselves, or on and on."""
    depth: dict[str, int] = {}
    for start in nodes:
        stack = [start]
        while stack:
            name = stack[-1]
            below = [one[1:] for one in nodes[name]["inputs"] if one.startswith("#")]
            waiting = [one for one in below if one not in depth]
            if name in depth or not waiting:
                depth[name] = 1 + max((depth[one] for one in below), default=0)
                stack.pop()
            elif len(stack) > DEEPEST:
                return f"step {start} rests on itself or on a chain of more than {DEEPEST} steps"
            else:
                stack.append(waiting[0])
            if depth.get(name, 0) > DEEPEST:
                return f"step {name} rests on a chain of more than {DEEPEST} steps"
    return ""


def _loose(content: Mapping[str, Any]) -> str:
    """A number whose step is not there."""
    lost = next((k for k, e in content["numbers"].items() if e.get("node") not in content["nodes"]), None)
    return "" if lost is None else f"the step that made {lost} is not recorded"
