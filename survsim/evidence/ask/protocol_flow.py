"""Counting by a protocol: which rows of a table each step of its rule leaves out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from survsim.core.checks import BoolArray, IntArray
from survsim.core.errors import EvidenceError
from survsim.evidence.ask.flow import EvidenceFlow, evidence_flow

if TYPE_CHECKING:
    import pandas as pd

    from survsim.evidence.ask.selection import EvidenceSelection
    from survsim.evidence.ask.store import EvidenceStore

NAMES = {"estimates": ("estimate_id", "study_id"), "patients": ("patient_id",), "cases": ("case_id",)}
"""Columns by which a rule may name what it leaves out."""
GROUP = {"estimates": "study_id", "patients": "dataset", "cases": "case_id"}


class Rule(Protocol):
    """What counting needs of a protocol; see `survsim.evidence.Protocol` for the words."""

    @property
    def where(self) -> str: ...
    @property
    def table(self) -> str: ...
    @property
    def criteria(self) -> tuple[Mapping[str, Any], ...]: ...
    @property
    def asked(self) -> Mapping[str, Any]: ...
    @property
    def named(self) -> tuple[str, ...] | None: ...
    @property
    def named_in(self) -> str: ...
    @property
    def held(self) -> tuple[str, ...]: ...
    @property
    def exclude(self) -> Mapping[str, str]: ...
    @property
    def hold_out(self) -> Mapping[str, str]: ...


class Steps:
    """Rows of one table, and the first step of a rule that left each of them out."""

    def __init__(self, frame: pd.DataFrame, table: str, where: str) -> None:
        self.frame, self.table, self.where = frame, table, where
        self.code: IntArray = np.zeros(len(frame), np.int64)
        self.reasons: list[str] = []

    def leave(self, wrong: BoolArray, reason: str) -> None:
        """One step: what of the rows that are still in is wrong goes out."""
        self.reasons.append(reason)
        self.code[wrong & (self.code == 0)] = len(self.reasons)

    def leave_named(self, names: Mapping[str, str], why: str = "") -> None:
        """Rows by name, one step a reason; a name that nothing has, or that is out already, is an error."""
        for reason in dict.fromkeys(names.values()):
            together = [n for n, r in names.items() if r == reason]
            wrong = np.zeros(len(self.code), bool)
            for name in together:
                mine = self._called(name)
                if not (mine & (self.code == 0)).any():
                    said = "no step before lets in" if mine.any() else "is no name of the table"
                    raise EvidenceError(
                        f"{self.where}: the rule names {name}, which {said}; correct or remove it."
                    )
                wrong |= mine
            self.leave(wrong, f"{why}{reason}")

    def _called(self, name: str) -> BoolArray:
        found = np.zeros(len(self.code), bool)
        for column in NAMES[self.table]:
            found |= (self.frame[column] == name).to_numpy()
        return found

    def flow(self, criteria: Mapping[str, Any]) -> EvidenceFlow:
        """The steps as counts."""
        return evidence_flow(
            self.frame[GROUP[self.table]], self.code, self.reasons, criteria, counted=self.table
        )


def asked_by(where: str, store: EvidenceStore, criteria: Mapping[str, Any]) -> EvidenceSelection:
    """A selection by the criteria of a protocol; what is wrong with them is told with its place."""
    try:
        return store.select(**criteria)
    except EvidenceError as wrong:
        raise EvidenceError(f"{where}: {wrong}") from None


def refuse_nothing(where: str, flow: EvidenceFlow) -> None:
    """A rule that lets nothing in is wrong: say which step took the last."""
    if flow.numbers_left[-1] > 0:
        return
    last = next((i for i, left in enumerate(flow.numbers_left) if left == 0), 0)
    raise EvidenceError(
        f"{where}: nothing is left of {flow.numbers_left[0]} {flow.counted}; the last went at the step "
        f"{flow.reasons[last]!r}. Loosen that, or one of the steps before it."
    )


def steps_of(protocol: Rule, store: EvidenceStore) -> Steps:
    """The steps of a protocol that is no single selection: patients, cases, any of several criteria, rows by name."""
    if protocol.table == "patients":
        return _patients(protocol, store)
    if protocol.table == "cases":
        return _cases(protocol, store)
    steps = Steps(store.estimates, "estimates", protocol.where)
    if protocol.criteria:
        steps.leave(~_any_of(protocol, store), "meets no criterion of the protocol")
    if protocol.named is not None:
        known = set(steps.frame["estimate_id"])
        nobody = [name for name in protocol.named if name not in known]
        if nobody:
            raise EvidenceError(
                f"{protocol.where}: {protocol.named_in} names {nobody[0]}, which is no number; correct it."
            )
    if not protocol.criteria and protocol.named is not None:
        steps.leave(~_in(steps.frame, protocol.named), f"not named in {protocol.named_in}")
    steps.leave_named(protocol.exclude)
    if protocol.criteria and protocol.named is not None:
        steps.leave(
            ~_in(steps.frame, protocol.named), f"not named in {protocol.named_in}, and no exclusion says why"
        )
    if protocol.held:
        steps.leave(_in(steps.frame, protocol.held), "held out, to judge the others by")
    steps.leave_named(protocol.hold_out, "held out: ")
    return steps


def _in(frame: pd.DataFrame, names: Iterable[str]) -> BoolArray:
    return np.asarray(frame["estimate_id"].isin(list(names)), bool)


def _any_of(protocol: Rule, store: EvidenceStore) -> BoolArray:
    found = np.zeros(len(store.estimates), bool)
    for criteria in protocol.criteria:
        # Every row that meets a criterion is named by the rule, so shared patients and mixing are its own matter.
        loose = {"population": "any", "allow_mixed": "any"} | dict(criteria)
        chosen = asked_by(protocol.where, store, loose | {"overlap": {}})
        code = chosen.reason_code
        shared = [i for i, r in enumerate(chosen.reasons, 1) if r == "overlap"]
        found |= (code == 0) | np.isin(code, shared)
    return found


def _patients(protocol: Rule, store: EvidenceStore) -> Steps:
    asked = protocol.asked
    steps = Steps(store.table("patients"), "patients", protocol.where)
    frame = steps.frame
    steps.leave((frame["dataset"] != asked["dataset"]).to_numpy(), f"not of {asked['dataset']}")
    if not (steps.code == 0).any():
        known = ", ".join(sorted(set(frame["dataset"])))
        raise EvidenceError(
            f"{protocol.where}: no patients of {asked['dataset']!r}; there are those of {known}."
        )
    for column in (c for c in asked if c not in ("dataset", "endpoint", "known")):
        _words(protocol, steps, column)
    outcomes = store.table("outcomes")
    counted = set(outcomes[outcomes["dataset"] == asked["dataset"]]["endpoint"])
    for endpoint in _several(asked.get("endpoint", ())):
        if endpoint not in counted:
            raise EvidenceError(
                f"{protocol.where}: {asked['dataset']} has no endpoint {endpoint!r}; it has {', '.join(sorted(counted))}."
            )
        has = outcomes[(outcomes["endpoint"] == endpoint) & (outcomes["dataset"] == asked["dataset"])]
        missing = ~frame["patient_id"].isin(has["patient_id"]).to_numpy()
        steps.leave(missing, f"no {endpoint.replace('_', ' ')}")
    for column in _several(asked.get("known", ())):
        _has_column(protocol, frame, column)
        steps.leave(_empty(frame[column]), f"{column.replace('_', ' ')} not known")
    steps.leave_named(protocol.exclude)
    return steps


def _cases(protocol: Rule, store: EvidenceStore) -> Steps:
    steps = Steps(store.cases(), "cases", protocol.where)
    for column in protocol.asked:
        if column != "known":
            _words(protocol, steps, column)
    steps.leave_named(protocol.exclude)
    known = _several(protocol.asked.get("known", ()))
    if known:
        for column in known:
            _has_column(protocol, steps.frame, column)
        none = np.logical_and.reduce([_empty(steps.frame[c]) for c in known])
        steps.leave(none, f"none of {', '.join(known)} is told")
    return steps


def _words(protocol: Rule, steps: Steps, column: str) -> None:
    """One step: rows whose column holds none of the words that are asked for."""
    _has_column(protocol, steps.frame, column)
    words = [str(w) for w in _several(protocol.asked[column])]
    steps.leave(
        ~steps.frame[column].astype(str).isin(words).to_numpy(), f"{column} is not {' or '.join(words)}"
    )


def _empty(values: pd.Series) -> BoolArray:
    return np.asarray(values.isna() | (values.astype(str) == ""), bool)


def _several(value: Any) -> tuple[str, ...]:
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def _has_column(protocol: Rule, frame: pd.DataFrame, column: str) -> None:
    if column not in frame.columns:
        raise EvidenceError(
            f"{protocol.where}: the table has no column {column!r}; it has {', '.join(list(frame.columns)[:30])}."
        )
