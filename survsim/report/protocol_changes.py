"""What changed between two states of a protocol, field by field."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from survsim.core.yaml_files import read_yaml

NAMES = ("protocol.yml", "target_rule.yml")
"""Files by whose rule rows came in: questions of `select`, and the targets of a calibration."""


def protocol_changes(old: Path, new: Path) -> tuple[str, ...]:
    """Questions that came or went, and each field that differs, as words; a file that is not there holds no question."""
    before, now = _questions(old), _questions(new)
    found = []
    for name in [*before, *(n for n in now if n not in before)]:
        if name not in now or name not in before:
            found.append(f"{name} {'came' if name in now else 'went'}")
            continue
        was, has = _flat(before[name]), _flat(now[name])
        for field in [*was, *(f for f in has if f not in was)]:
            if was.get(field) != has.get(field):
                found.append(f"{name}.{field}: {_word(was.get(field))} to {_word(has.get(field))}")
    return tuple(found)


def _questions(path: Path) -> dict[str, Any]:
    content = read_yaml(path) if path.is_file() else {}
    return {str(k): v for k, v in content.items()} if isinstance(content, dict) else {"protocol": content}


def _flat(given: Any) -> dict[str, Any]:
    if not isinstance(given, dict):
        return {"": given}
    found: dict[str, Any] = {}
    for name, value in given.items():
        if isinstance(value, dict) and value:
            found |= {f"{name}.{k}": v for k, v in _flat(value).items()}
        else:
            found[str(name)] = value
    return found


def _word(value: Any) -> str:
    if value is None or value in ({}, []):
        return "nothing"
    if isinstance(value, list):
        return ", ".join(_word(v) for v in value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}: {v}" for k, v in value.items()) + "}"
    return " ".join(str(value).split())
