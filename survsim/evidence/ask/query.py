"""Answering a selection: integer codes are made once, each question then compares codes only."""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.checks import BoolArray, IntArray
from survsim.core.errors import EvidenceError, EvidenceWarning, warn
from survsim.core.file_faults import seen
from survsim.evidence.ask.mixing import known_fields
from survsim.evidence.ask.overlap import Membership, Standing, resolve, shared
from survsim.evidence.ask.selection import EvidenceSelection

if TYPE_CHECKING:
    import pandas as pd

COLUMN_OF = {"study": "study_id", "arm": "arm_id"}
DEFAULT_POPULATION = ("index",)
_ANY = "any"
MOST_WORDS = 100_000
"""Words of one criterion; a list without end is told by it."""


class Question:
    """The codes of one store's estimates, ready to answer selections."""

    def __init__(self, estimates: pd.DataFrame, studies: pd.DataFrame, overlaps: pd.DataFrame) -> None:
        self._estimates = estimates
        self._studies = studies
        self._memberships = [
            Membership(cluster_id=c, study_id=s, role=r, why=w)
            for c, s, r, w in zip(*(overlaps[n] for n in ("cluster_id", "study_id", "role", "why")))
        ]
        self._codes: dict[str, tuple[IntArray, dict[str, int]]] = {}
        self._study_place: dict[str, int] | None = None

    def answer(
        self,
        words: Mapping[str, Any],
        *,
        time: float | Iterable[float] | None,
        interval: bool,
        overlap: str | Mapping[str, str],
        allow_mixed: str | Iterable[str] = (),
        exclude: Mapping[str, str] | None = None,
    ) -> EvidenceSelection:
        """The selection, with a reason for each row left out."""
        asked = {k: _several(v) for k, v in words.items() if v is not None}
        for name, values in asked.items():
            if not values:
                raise EvidenceError(
                    f"{name} is an empty list, which no number meets; name words, or leave it out."
                )
        known_fields(_several(allow_mixed if allow_mixed is not None else ()))
        if not {"population", "histology", "study"} & set(asked):
            asked["population"] = DEFAULT_POPULATION
        code = np.zeros(len(self._estimates), np.int64)
        reasons: list[str] = []
        for name, values in asked.items():
            if values == (_ANY,):
                continue
            _leave_out(code, ~self._matches(name, values), reasons, _reason(name, self._called(name, values)))
        if time is not None:
            horizons = np.atleast_1d(np.asarray(time, np.float64))
            if not horizons.size or not (horizons >= 0).all():
                raise EvidenceError(f"time is in months, one number or several, 0 or more; got {time!r}.")
            wrong = ~np.isin(self._estimates["time"].to_numpy(), horizons)
            _leave_out(code, wrong, reasons, f"time is not {', '.join(f'{h:g}' for h in horizons)} months")
        if interval:
            known = (self._estimates["conf_low"].notna() & self._estimates["conf_high"].notna()).to_numpy()
            _leave_out(code, ~known, reasons, "no interval printed")
        self._exclude(code, exclude or {}, reasons)
        study_reasons = self._overlap(code, overlap, reasons)
        criteria: list[tuple[str, Any]] = list(asked.items())
        criteria += [] if time is None else [("time", tuple(np.atleast_1d(np.asarray(time)).tolist()))]
        criteria += [("interval", True)] if interval else []
        criteria += [("allow_mixed", _several(allow_mixed))] if allow_mixed else []
        criteria += [("exclude", tuple(exclude))] if exclude else []
        criteria += [("overlap", overlap if isinstance(overlap, str) else dict(overlap))]
        return EvidenceSelection(
            estimates=self._estimates,
            studies=self._studies,
            rows=np.flatnonzero(code == 0),
            reason_code=code,
            reasons=tuple(reasons),
            study_reasons=study_reasons,
            criteria=tuple(criteria),
        )

    def _coded(self, column: str) -> tuple[IntArray, dict[str, int]]:
        if column not in self._codes:
            import pandas as pd

            codes, values = pd.factorize(self._estimates[column])
            self._codes[column] = (codes.astype(np.int64), {v: i for i, v in enumerate(values)})
        return self._codes[column]

    def _matches(self, name: str, values: tuple[str, ...]) -> BoolArray:
        columns = ("site", "site_group") if name == "site" else (COLUMN_OF.get(name, name),)
        found = np.zeros(len(self._estimates), bool)
        known: set[str] = set()
        for column in columns:
            codes, lookup = self._coded(column)
            known |= set(lookup)
            wanted = np.zeros(len(lookup) + 1, bool)
            wanted[[lookup[v] for v in values if v in lookup]] = True
            found |= wanted[codes]
        unknown = [v for v in values if v not in known]
        if unknown:
            raise EvidenceError(_unknown(name, unknown[0], known))
        return found

    def _called(self, name: str, values: tuple[str, ...]) -> tuple[str, ...]:
        """Groups by the label that most of their rows print: a code of a group is no word for a reader."""
        if name not in ("arm", "comparator"):
            return values
        frame = self._estimates
        codes, lookup = self._coded("arm_id")
        named = []
        for value in values:
            rows = codes == lookup.get(value, -1)
            if name == "comparator":
                compared, of = self._coded("comparator")
                studies = frame["study_id"][compared == of.get(value, -1)]
                rows &= frame["study_id"].isin(studies).to_numpy()
            labels = frame["arm_label"][rows]
            labels = labels[labels != ""].value_counts(sort=False)
            named.append(str(labels.idxmax()) if len(labels) else value)
        return tuple(named)

    def _exclude(self, code: IntArray, exclude: Mapping[str, str], reasons: list[str]) -> None:
        """Leave out studies or numbers by name, before shared patients are resolved: what is out keeps nobody out."""
        for name, reason in exclude.items():
            named = np.zeros(len(code), bool)
            for column in ("study_id", "estimate_id"):
                codes, lookup = self._coded(column)
                named |= codes == lookup.get(name, -1)
            if not named.any():
                raise EvidenceError(
                    f"no study and no number is called {seen(name)}; correct the exclusion or remove it."
                )
            if not (named & (code == 0)).any():
                raise EvidenceError(
                    f"the rule excludes {name}, which no criterion lets in; remove the exclusion."
                )
            _leave_out(code, named, reasons, reason)

    def _overlap(
        self, code: IntArray, overlap: str | Mapping[str, str], reasons: list[str]
    ) -> dict[str, str]:
        if isinstance(overlap, str) and overlap not in ("resolve", "keep"):
            raise EvidenceError(
                f"overlap must be 'resolve', 'keep' or a mapping from cluster to study; got {overlap!r}."
            )
        codes, lookup = self._coded("study_id")
        names = list(lookup)
        present = [names[i] for i in np.unique(codes[code == 0])]
        inside = {m.study_id for m in self._memberships}
        if overlap == "keep":
            self._warn_shared(shared(present, self._memberships))
            return {}
        keep = None if isinstance(overlap, str) else overlap
        out = resolve(self._standings([s for s in present if s in inside]), self._memberships, keep)
        if out:
            gone = np.zeros(len(lookup), bool)
            gone[[lookup[s] for s in out]] = True
            _leave_out(code, gone[codes], reasons, "overlap")
        return out

    @staticmethod
    def _warn_shared(found: dict[str, list[str]]) -> None:
        if not found:
            return
        shown = [f"{cluster}: {', '.join(studies)}" for cluster, studies in list(found.items())[:3]]
        more = f" and {len(found) - 3} more clusters" if len(found) > 3 else ""
        warn(
            f"studies that share patients stand side by side: {'; '.join(shown)}{more}. Do not pool them.",
            EvidenceWarning,
        )

    def _standings(self, study_ids: list[str]) -> list[Standing]:
        if self._study_place is None:
            self._study_place = {name: i for i, name in enumerate(self._studies["study_id"])}
        rows = self._studies.iloc[[self._study_place[name] for name in study_ids]]
        columns = (rows[c] for c in ("randomised", "design", "n_total", "year"))
        return [
            Standing(study_id=s, randomised=r == "yes", design=d, size=float(n), year=float(y))
            for s, r, d, n, y in zip(study_ids, *columns)
        ]


def _leave_out(code: IntArray, wrong: BoolArray, reasons: list[str], reason: str) -> None:
    reasons.append(reason)
    code[wrong & (code == 0)] = len(reasons)


def _several(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, Iterable):
        raise EvidenceError(f"select takes a word or a list of words for each criterion; got {value!r}.")
    words = tuple(itertools.islice(value, MOST_WORDS + 1))
    if len(words) > MOST_WORDS:
        raise EvidenceError(
            f"select takes at most {MOST_WORDS} words for a criterion; got more from a {type(value).__name__}."
        )
    return words


def _reason(name: str, values: tuple[str, ...]) -> str:
    wanted = " or ".join(v or "(empty)" for v in values)
    hint = "; pass population='any' to see it" if name == "population" else ""
    return f"{name} is not {wanted}{hint}"


def _unknown(name: str, value: str, known: set[str]) -> str:
    words = sorted(k for k in known if k)
    close = difflib.get_close_matches(value, words, n=3)
    hint = f" Did you mean {' or '.join(map(repr, close))}?" if close else ""
    shown = ", ".join(words[:30]) + (f" and {len(words) - 30} more" if len(words) > 30 else "")
    return f"no number has {name} {value!r}.{hint} There are: {shown}."
