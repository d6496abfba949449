"""Protocols as data: what an analysis asks, of whom, and by which rule numbers come in, read by one function."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from survsim.core.display import displayed
from survsim.core.errors import EvidenceError
from survsim.core.study_files import inside_study
from survsim.core.yaml_files import read_yaml
from survsim.evidence.ask.flow import EvidenceFlow
from survsim.evidence.ask.named_rows import named_rows
from survsim.evidence.ask.protocol_checks import check_columns, check_criteria, check_together, exclusions
from survsim.evidence.ask.protocol_flow import asked_by, refuse_nothing, steps_of
from survsim.evidence.ask.store import EvidenceStore

if TYPE_CHECKING:
    from survsim.evidence.ask.selection import EvidenceSelection

WORDS = ("question", "population", "comparison", "outcome")
RULES = ("include", "patients", "cases", "inherits")
FIELDS = (*WORDS, *RULES, "named", "exclude", "hold_out")
NEEDED = (*WORDS, "exclude")
_NAME = re.compile(r"[^\W_][\w .-]{0,99}")


@displayed
@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """One question and the rule by which numbers, patients or cases come in.

    Attributes
    ----------
    name : of the question in its file; where : file and name, for messages.
    question, population, comparison, outcome : in words.
    table : ``"estimates"``, ``"patients"`` or ``"cases"``.
    include : criteria as `EvidenceStore.select` takes them, where the rule is one selection; else empty.
    criteria : several sets of criteria, of which a number must meet one.
    asked : of patients the data set, the endpoints and what must be known; of cases the words of columns.
    named : numbers that the analysis names in a file, None where it names none; held : those of them that are held out.
    exclude : study, number, patient or case -> why it is left out although it meets the rule.
    hold_out : the same, of what is kept to judge the others by.
    """

    name: str
    where: str
    question: str
    population: str
    comparison: str
    outcome: str
    table: str = "estimates"
    include: Mapping[str, Any] = field(default_factory=dict)
    criteria: tuple[Mapping[str, Any], ...] = ()
    asked: Mapping[str, Any] = field(default_factory=dict)
    named: tuple[str, ...] | None = None
    named_in: str = ""
    held: tuple[str, ...] = ()
    exclude: Mapping[str, str] = field(default_factory=dict)
    hold_out: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_selection(self) -> bool:
        """Whether one call of `EvidenceStore.select` is the whole rule."""
        return self.table == "estimates" and not self.criteria and self.named is None

    def select(self, store: EvidenceStore) -> EvidenceSelection:
        """The numbers that come in by this rule; its `flow()` counts what each step left out.

        Raises
        ------
        EvidenceError : the rule is about patients, cases or numbers by name, which `flow` counts; a word that no number
            has; or a rule that lets nothing in.
        """
        if not self.is_selection:
            raise EvidenceError(
                f"{self.where} is no selection of numbers; flow() counts it and rows() names what is in."
            )
        found = asked_by(self.where, store, {**self.include, "exclude": self.exclude})
        refuse_nothing(self.where, found.flow())
        return found

    def flow(self, store: EvidenceStore) -> EvidenceFlow:
        """What each step of the rule left out, counted from the tables.

        Parameters
        ----------
        store : the evidence.

        Returns
        -------
        EvidenceFlow : steps in order; what is held out to judge by is the last step, so that what remains is what is used.

        Raises
        ------
        EvidenceError : an exclusion that names nothing that was in; a column, data set or number that does not exist; or a
            rule that lets nothing in.

        Example
        -------
        >>> import survsim
        >>> rule = survsim.evidence.read_protocol("analyses/02_survival_models/protocol.yml", "survival")
        >>> rule.flow(survsim.load_evidence()).headline()
        'Evidence flow: 57 of 73 patients, 1 of 2 cohorts'
        """
        if self.is_selection:
            return self.select(store).flow()
        found = steps_of(self, store).flow(self._asked())
        refuse_nothing(self.where, found)
        return found

    def rows(self, store: EvidenceStore) -> tuple[str, ...]:
        """Names of the numbers, patients or cases that are in, what is held out not among them, in order of the table."""
        if self.is_selection:
            return tuple(self.select(store).frame["estimate_id"])
        steps = steps_of(self, store)
        refuse_nothing(self.where, steps.flow({}))
        names = {"estimates": "estimate_id", "patients": "patient_id", "cases": "case_id"}[self.table]
        return tuple(steps.frame[names][steps.code == 0])

    def differences(self, store: EvidenceStore) -> tuple[str, ...]:
        """Where the rule and the file that names numbers disagree, in words; empty where they agree.

        A number may be named although the rule leaves it out, or be let in by the rule and not be named.
        """
        if self.named is None or not self.criteria:
            return ()
        rule = replace(self, named=None, held=(), hold_out={})
        met = set(rule.rows(store))
        ruled_out = [
            f"{n} is named in {self.named_in}, and the rule leaves it out" for n in self.named if n not in met
        ]
        unnamed = sorted(met - set(self.named))
        return (*ruled_out, *(f"{n} meets the rule and is not named in {self.named_in}" for n in unnamed))

    def _asked(self) -> dict[str, Any]:
        return {k: list(v) if isinstance(v, tuple) else v for k, v in self.asked.items()} | {
            "protocol": self.name
        }


def read_protocol(path: str | os.PathLike[str], name: str | None = None) -> Protocol:
    """A question of a ``protocol.yml``.

    Parameters
    ----------
    path : a YAML file that holds questions by name, each with question, population, comparison and outcome in words, one
        rule, and ``exclude`` (a list of ``{study: ..., reason: ...}``, with estimate, patient or case in the place of
        study, and one name or several; empty where nothing is). The rule is one of

        - ``include``: criteria as `EvidenceStore.select` takes them, or a list of such, of which a number must meet one;
        - ``named``: ``{file: scenario.yml, keys: [...]}``, the numbers named below these keys (all, without keys); beside
          a list of criteria it is what the analysis uses, and `Protocol.differences` compares both;
        - ``patients``: ``{dataset: ..., endpoint: ..., known: [...]}``, and columns with their words;
        - ``cases``: columns of the table of cases and their words, and ``known``: columns of which one must be told;
        - ``inherits``: ``{protocol: ../04_pooled_evidence/protocol.yml, question: ...}``, the rule of another analysis.

        ``hold_out`` (as ``exclude``) says what is kept to judge the others by.
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
    return _read(Path(path), name, ())


def _read(path: Path, name: str | None, before: tuple[Path, ...]) -> Protocol:
    """A question; `before` are the files that inherit from this one, so that no circle of them goes on for ever."""
    content = read_yaml(path, error=EvidenceError)
    if not isinstance(content, dict) or not content or not all(isinstance(v, dict) for v in content.values()):
        raise EvidenceError(f"{path} must hold questions by name, each with {', '.join(NEEDED)} and a rule.")
    names = [str(n) for n in content]
    numbers = [n for n in content if not isinstance(n, str)]
    if numbers:
        raise EvidenceError(f"{path} calls a question {numbers[0]!r}; a name is a word (quotes make one).")
    # Results are files that are called as their questions are.
    if unfit := [n for n in names if not _NAME.fullmatch(n)]:
        raise EvidenceError(
            f"{path} calls a question {unfit[0][:80]!r}; a name is a word of letters, digits, blanks, points, - and _ that "
            "begins with a letter or digit."
        )
    if (name is None and len(names) > 1) or (name is not None and name not in names):
        raise EvidenceError(f"{path} holds the questions {', '.join(names)}; name one of them, not {name!r}.")
    chosen = names[0] if name is None else name
    return _protocol(chosen, content[chosen], path, (*before, path.resolve()))


def _protocol(name: str, given: dict[str, Any], path: Path, before: tuple[Path, ...]) -> Protocol:
    where = f"{path}, {name}"
    missing = [f for f in NEEDED if f not in given]
    unknown = [f for f in given if f not in FIELDS]
    if missing or unknown:
        wrong = f"lacks {', '.join(missing)}" if missing else f"has the unknown field {unknown[0]}"
        raise EvidenceError(f"{where} {wrong}; a protocol has {', '.join(FIELDS)}.")
    for word in WORDS:
        if not isinstance(given[word], str) or not given[word].strip():
            raise EvidenceError(f"{where}: {word} must be said in words; got {given[word]!r}.")
    rules = [r for r in RULES if r in given]
    beside = "named" in given and rules not in ([], ["include"])
    if len(rules) > 1 or beside or not (rules or "named" in given):
        raise EvidenceError(
            f"{where} needs one rule of {', '.join((*RULES, 'named'))}; it has "
            f"{', '.join([*rules, *(['named'] if beside else [])]) or 'none'} (named may stand beside include alone)."
        )
    words: dict[str, Any] = {word: " ".join(given[word].split()) for word in WORDS}
    own: dict[str, Any] = {"exclude": exclusions(given["exclude"], where, "exclude"),
           "hold_out": exclusions(given.get("hold_out", []), where, "hold_out")}  # fmt: skip
    if "inherits" in given:
        parent = _inherited(given["inherits"], path, where, before)
        together: dict[str, Any] = {k: {**getattr(parent, k), **v} for k, v in own.items()}
        found = replace(parent, name=name, where=where, **words, **together)
    else:
        found = Protocol(name=name, where=where, **words, **own, **_rule(given, path, where))
    may_hold = found.table == "estimates" and not found.is_selection
    check_together(where, found.exclude, found.hold_out, may_hold=may_hold)
    return found


def _rule(given: dict[str, Any], path: Path, where: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if "named" in given:
        found["named"], found["held"], found["named_in"] = named_rows(given["named"], path, where)
    for table in ("patients", "cases"):
        if table in given:
            check_columns(given[table], table, where)
            return found | {"table": table, "asked": given[table]}
    if "include" not in given:
        return found
    include = given["include"]
    if include is None or include == []:
        raise EvidenceError(
            f"{where}: include is empty; write {{}} where every number of the disease is meant."
        )
    several = include if isinstance(include, list) else [include]
    for criteria in several:
        check_criteria(criteria, where)
    if isinstance(include, list) or "named" in given:
        return found | {"criteria": tuple(several)}
    return found | {"include": include}


def _inherited(given: Any, path: Path, where: str, before: tuple[Path, ...]) -> Protocol:
    if not isinstance(given, dict) or set(given) - {"protocol", "question"} or "protocol" not in given:
        raise EvidenceError(f"{where}: inherits names a protocol (a file) and its question; got {given!r}.")
    if "question" in given and not isinstance(given["question"], str):
        raise EvidenceError(f"{where}: inherits names one question; got {given['question']!r}.")
    file = inside_study(path, str(given["protocol"]), EvidenceError, where)
    if not file.is_file():
        raise EvidenceError(
            f"{where} inherits from {given['protocol']}, which is no file beside {path.name}."
        )
    if file.resolve() == path.resolve():
        raise EvidenceError(f"{where} inherits from its own file; write the rule once, under one name.")
    if file.resolve() in before:
        round_ = " -> ".join(f.name for f in (*before, file.resolve()))
        raise EvidenceError(
            f"{where}: the protocols inherit in a circle, {round_}; write the rule in one of them."
        )
    return _read(file, given.get("question"), before)
