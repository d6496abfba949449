"""Protocols as data: what an analysis asks, of whom, and by which rule numbers come in, read by one function."""

from __future__ import annotations

import difflib
import inspect
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from survsim.core.errors import EvidenceError
from survsim.core.yaml_files import read_yaml
from survsim.evidence.ask.store import EvidenceStore

if TYPE_CHECKING:
    from survsim.evidence.ask.selection import EvidenceSelection

WORDS = ("question", "population", "comparison", "outcome")
FIELDS = (*WORDS, "include", "exclude")
EXCLUSION = ("study", "estimate", "reason")
OWN = ("exclude", "self")
"""Arguments of `select` that a protocol gives elsewhere, or not at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """One question and the rule by which numbers come in.

    Attributes
    ----------
    name : of the question in its file.
    question, population, comparison, outcome : in words.
    include : criteria, as `EvidenceStore.select` takes them.
    exclude : study or number -> why it is left out although it meets them.
    """

    name: str
    question: str
    population: str
    comparison: str
    outcome: str
    include: Mapping[str, Any]
    exclude: Mapping[str, str]

    def select(self, store: EvidenceStore) -> EvidenceSelection:
        """The numbers that come in by this rule; its `flow()` counts what each step left out."""
        return store.select(**self.include, exclude=self.exclude)


def read_protocol(path: str | os.PathLike[str], name: str | None = None) -> Protocol:
    """A question of a ``protocol.yml``.

    Parameters
    ----------
    path : a YAML file that holds questions by name, each with question, population, comparison and outcome in words,
        ``include`` (criteria as `EvidenceStore.select` takes them) and ``exclude`` (a list of ``{study: ..., reason: ...}``
        or ``{estimate: ..., reason: ...}``; empty where nothing is).
    name : which question; needed where the file holds several.

    Returns
    -------
    Protocol

    Raises
    ------
    EvidenceError : a file that is no protocol, with what is missing or unknown in it.

    Example
    -------
    >>> import pathlib, tempfile, survsim
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "protocol.yml"
    >>> _ = file.write_text('''
    ... doublets:
    ...   question: Does a second drug beside ifosfamide prolong survival?
    ...   population: uterine carcinosarcoma
    ...   comparison: ifosfamide doublet against ifosfamide
    ...   outcome: hazard ratio of death
    ...   include: {endpoint: overall_survival, measure: hazard_ratio, design: rct, comparator: ifos}
    ...   exclude: []
    ... ''')
    >>> len(survsim.evidence.read_protocol(file).select(survsim.load_evidence()))
    2
    """
    content = read_yaml(path, error=EvidenceError)
    if not isinstance(content, dict) or not content or not all(isinstance(v, dict) for v in content.values()):
        raise EvidenceError(f"{path} must hold questions by name, each with {', '.join(FIELDS)}.")
    names = [str(n) for n in content]
    if (name is None and len(names) > 1) or (name is not None and name not in names):
        raise EvidenceError(f"{path} holds the questions {', '.join(names)}; name one of them, not {name!r}.")
    chosen = names[0] if name is None else name
    return _protocol(chosen, content[chosen], f"{path}, {chosen}")


def _protocol(name: str, given: dict[str, Any], where: str) -> Protocol:
    missing = [f for f in FIELDS if f not in given]
    unknown = [f for f in given if f not in FIELDS]
    if missing or unknown:
        wrong = f"lacks {', '.join(missing)}" if missing else f"has the unknown field {unknown[0]}"
        raise EvidenceError(f"{where} {wrong}; a protocol has {', '.join(FIELDS)}.")
    for field in WORDS:
        if not isinstance(given[field], str) or not given[field].strip():
            raise EvidenceError(f"{where}: {field} must be said in words; got {given[field]!r}.")
    include = given["include"]
    if not isinstance(include, dict):
        raise EvidenceError(f"{where}: include must hold criteria by name; got {include!r}.")
    allowed = [p for p in inspect.signature(EvidenceStore.select).parameters if p not in OWN]
    for criterion in include:
        if criterion not in allowed:
            near = difflib.get_close_matches(str(criterion), allowed, 1)
            hint = f"; did you mean {near[0]}" if near else ""
            raise EvidenceError(
                f"{where}: there is no criterion {criterion!r}{hint}? There are: {', '.join(allowed)}."
            )
    words = {field: " ".join(given[field].split()) for field in WORDS}
    return Protocol(name=name, **words, include=include, exclude=_exclusions(given["exclude"], where))


def _exclusions(given: Any, where: str) -> dict[str, str]:
    if not isinstance(given, list):
        raise EvidenceError(
            f"{where}: exclude must be a list, empty where nothing is excluded; got {given!r}."
        )
    found: dict[str, str] = {}
    for item in given:
        named = [k for k in EXCLUSION[:2] if isinstance(item, dict) and item.get(k)]
        if len(named) != 1 or not str(item.get("reason", "")).strip() or set(item) - set(EXCLUSION):
            raise EvidenceError(
                f"{where}: each exclusion names a study or an estimate, and its reason; got {item!r}."
            )
        found[str(item[named[0]])] = " ".join(str(item["reason"]).split())
    return found
