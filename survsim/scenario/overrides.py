"""Structural alternatives of a scenario, as data: another rule for how long effects last, other values, other rows."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from pydantic import Field, model_validator

from survsim.core.errors import ScenarioError
from survsim.scenario.parameter_spec import Strict
from survsim.simulation.declared.effect import Lasts


class Override(Strict):
    """One alternative: what is asked again with another structure.

    `lasts` is the rule of every effect in it, `lasts_by_treatment` of those of some treatments; steps of waning go
    where a rule is replaced. `ends_on` adds that progression ends every effect. `set` puts other content at a dotted
    place of the scenario (``parameters.frailty_variance.distribution``, ``horizon``, ``strategies.as_treated.lines``);
    an entry of a list is named by its name. `add` brings in what is not there: further states, ways or treatments
    (``add: {states: [...]}``), further parameters (``add: {parameters: {name: ...}}``).
    """

    label: str = Field(min_length=3)
    lasts: Lasts | None = None
    lasts_by_treatment: dict[str, Lasts] = Field(default_factory=dict)
    ends_on: str | None = Field(default=None, pattern="^progression$")
    set: dict[str, Any] = Field(default_factory=dict)
    add: dict[str, list[Any] | dict[str, Any]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _changes(self) -> Override:
        if not (self.lasts or self.lasts_by_treatment or self.ends_on or self.set or self.add):
            raise ValueError(
                "an alternative changes something: give lasts, lasts_by_treatment, ends_on, set or add"
            )
        return self


def overridden(content: Mapping[str, Any], override: Override, name: str) -> dict[str, Any]:
    """The plain content of a scenario, its strategies by name under ``strategies``, with the alternative in place."""
    changed = copy.deepcopy(dict(content))
    for place, more in override.add.items():
        _add(changed, place.split("."), more, f"override {name}: add {place}")
    # what is derived stands below what it is derived from, wherever the alternative brought it in
    drawn = sorted(changed["parameters"].items(), key=lambda item: item[1].get("source") == "derived")
    changed["parameters"] = dict(drawn)
    for place, value in override.set.items():
        _put(changed, place.split("."), value, f"override {name}: set {place}")
    holders = [changed["treatments"], *(s["treatments"] for s in changed["strategies"].values())]
    known = {t for treatments in holders for t in treatments}
    unknown = sorted(set(override.lasts_by_treatment) - known)
    if unknown:
        raise ScenarioError(
            f"override {name}: {', '.join(unknown)} is no treatment; known: {', '.join(sorted(known)) or 'none'}."
        )
    for treatments in holders:
        for treatment, parts in treatments.items():
            rule = override.lasts_by_treatment.get(treatment, override.lasts)
            for effect in parts["effects"]:
                if rule is not None:
                    plain = rule if isinstance(rule, str) else rule.model_dump(by_alias=True)
                    effect |= {"lasts": plain, "waning": []}
                if override.ends_on is not None:
                    effect["ends_on"] = override.ends_on
    return changed


def _add(content: Any, path: list[str], more: list[Any] | dict[str, Any], where: str) -> None:
    """Bring what is new into the list or the named parts that `path` leads to."""
    for step in path:
        holder, last = content, _key(content, step, where)
        content = holder[last]
    there = {_called(part) for part in content} if isinstance(content, list | tuple) else set(content or ())
    fresh = {_called(part) for part in more} if isinstance(more, list) else set(more)
    if isinstance(more, dict) != isinstance(content, dict):
        raise ScenarioError(f"{where}: a list is added to a list, named parts to named parts.")
    if twice := sorted((there & fresh) - {""}):
        raise ScenarioError(f"{where}: {', '.join(twice)} is there already; change it with set.")
    holder[last] = {**content, **more} if isinstance(more, dict) else [*content, *more]


def _put(content: Any, path: list[str], value: Any, where: str) -> None:
    """Set the place that `path` leads to; every step but the last must be there."""
    for step in path[:-1]:
        content = content[_key(content, step, where)]
    if isinstance(content, dict) and path[-1] not in content and "source" not in content:
        # a key that its kind may hold unsaid is in the content with its default, so this one is unknown
        _key(content, path[-1], where)
    content[path[-1] if isinstance(content, dict) else _key(content, path[-1], where)] = value


def _key(content: Any, step: str, where: str) -> Any:
    if isinstance(content, dict) and step in content:
        return step
    if isinstance(content, list | tuple):
        names = [_called(part) for part in content]
        if step in names:
            return names.index(step)
        if step.isdigit() and int(step) < len(content):
            return int(step)
        known = [n or str(i) for i, n in enumerate(names)]
    else:
        known = list(content) if isinstance(content, dict) else []
    raise ScenarioError(f"{where}: there is no {step!r}; known there: {', '.join(known) or 'nothing'}.")


def _called(part: Any) -> str:
    if not isinstance(part, dict):
        return ""
    if "source" in part and "target" in part:
        return f"{part['source']}>{part['target']}"
    return str(part.get("name") or part.get("line") or "")
