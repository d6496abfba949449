"""JSON schemas of the files that a person types, made from the models they are read with: for editors and checks."""

from __future__ import annotations

import difflib
import inspect
import json
from collections.abc import Callable
from typing import Any

from pydantic import TypeAdapter

from survsim.core.errors import InputError
from survsim.evidence.ask import protocol, protocol_checks
from survsim.evidence.ask.store import EvidenceStore
from survsim.scenario.calibration_file import CalibrationFile
from survsim.scenario.spec import NAMED_PARTS, ScenarioFile
from survsim.simulation.declared.sequences import Sequences
from survsim.simulation.declared.strategy import Strategy, strategy_schema
from survsim.simulation.laws.law import Law

DIALECT = "https://json-schema.org/draft/2020-12/schema"
Schema = dict[str, Any]


def file_schema(kind: str) -> str:
    """The JSON schema of a kind of file, as text, for an editor or a validator.

    Parameters
    ----------
    kind : ``scenario``, ``strategy``, ``calibration`` or ``protocol``.

    Returns
    -------
    str : the schema (draft 2020-12), keys sorted, ending in a line break.

    Raises
    ------
    InputError : another kind, with the nearest one.

    Example
    -------
    >>> import json
    >>> from survsim.scenario import file_schema
    >>> json.loads(file_schema("scenario"))["title"]
    'survsim scenario'
    """
    if kind not in KINDS:
        near = difflib.get_close_matches(kind, KINDS, 1)
        hint = f"; did you mean {near[0]}?" if near else "."
        raise InputError(f"no file is called {kind[:40]!r}{hint} There are schemas of: {', '.join(KINDS)}.")
    return KINDS[kind]()


_LIFE_TABLE: Schema = {
    "type": "object",
    "description": "Mortality of the population from a CSV beside the scenario, on the clock of age.",
    "properties": {
        "family": {"const": "life_table"},
        "table": {"type": "string"},
        "select": {"type": "object", "description": "column: value"},
        "by": {"type": "object", "description": "column: {covariate: name, 0: label, 1: label}"},
        "year": {"type": ["number", "string"], "description": "calendar year at time 0, or its covariate"},
    },
    "required": ["family", "table"],
    "additionalProperties": False,
}


def _scenario() -> str:
    """A whole scenario; or one that `extends` another and so may leave any key to it."""
    content = ScenarioFile.model_json_schema(by_alias=True)
    needed = content.pop("required")
    content["properties"]["extends"] = {
        "type": "string",
        "description": "Another scenario file, relative to this one, whose keys hold where this one has none; "
        f"{', '.join(NAMED_PARTS)} are added to its own.",
    }
    own = [TypeAdapter(one).json_schema(by_alias=True) for one in (Strategy, Sequences)]
    for one in own:
        content["$defs"] |= one.pop("$defs", {})
    content["properties"]["strategies"]["items"] = {"anyOf": [{"type": "string"}, *own]}
    of_patients = {"states": 2, "transitions": 1, "strategies": 1}
    for name, least in of_patients.items():
        content["properties"][name]["minItems"] = least
    content["anyOf"] = [
        *({"required": [*needed, *asked]} for asked in (list(of_patients), ["partitioned"], ["cycles"])),
        {"required": ["extends"]},
    ]
    law = TypeAdapter(Law).json_schema(by_alias=True)
    content["$defs"] |= law.pop("$defs")
    # The model reads a distribution by a function of its own, of which pydantic can tell no schema.
    distribution = {"anyOf": [law, {"type": "array", "items": law}, _LIFE_TABLE]}
    content["$defs"]["Transition"]["properties"]["distribution"] = distribution
    _untitled(content)
    return _text(content, "scenario")


def _calibration() -> str:
    content = CalibrationFile.model_json_schema(by_alias=True)
    _untitled(content)
    return _text(content, "calibration")


def _protocol() -> str:
    """Questions by name; the rules of `survsim.evidence.read_protocol`."""
    criteria = [p for p in inspect.signature(EvidenceStore.select).parameters if p not in protocol_checks.OWN]
    names = protocol_checks.NAMED
    one_or_several = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
    exclusions = {
        "type": "array",
        "items": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                **{n: one_or_several for n in names},
                "reason": {"type": "string", "minLength": 1},
            },
            "required": ["reason"],
            "oneOf": [{"required": [n]} for n in names],
        },
    }
    include = {"type": "object", "additionalProperties": False, "properties": {c: {} for c in criteria}}
    rules: Schema = {
        "include": {"anyOf": [include, {"type": "array", "items": include}]},
        "named": _object(["file"], file={"type": "string"}, keys={"type": "array"}),
        "patients": {"type": "object", "required": ["dataset"]},
        "cases": {"type": "object"},
        "inherits": _object(["protocol"], protocol={"type": "string"}, question={"type": "string"}),
    }
    question: Schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            **{word: {"type": "string", "minLength": 1} for word in protocol.WORDS},
            **rules,
            "exclude": exclusions,
            "hold_out": exclusions,
        },
        "required": list(protocol.NEEDED),
        "anyOf": [{"required": [rule]} for rule in rules],
    }
    content: Schema = {"type": "object", "minProperties": 1, "additionalProperties": question}
    return _text(content, "protocol")


def _object(required: list[str], **properties: Schema) -> Schema:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": required,
        "properties": properties,
    }


def _untitled(content: Schema) -> None:
    """Titles that pydantic makes of class names tell a reader nothing."""
    for part in [content, *content.get("$defs", {}).values()]:
        part.pop("title", None)


def _text(content: Schema, kind: str) -> str:
    content = {**content, "title": f"survsim {kind}", "$schema": DIALECT}
    return json.dumps(content, indent=1, sort_keys=True) + "\n"


KINDS: dict[str, Callable[[], str]] = {
    "scenario": _scenario,
    "strategy": strategy_schema,
    "calibration": _calibration,
    "protocol": _protocol,
}
"""Kinds of files and what makes their schema."""
