"""What a question about the evidence returns: rows, and for every other row the reason it was left out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.display import card
from survsim.core.door import with_doors
from survsim.core.estimate_record import Estimate
from survsim.core.provenance import Provenance
from survsim.evidence.ask.evidence_map import EvidenceMap, evidence_map
from survsim.evidence.ask.flow import EvidenceFlow, evidence_flow
from survsim.evidence.ask.references import References, references_of

if TYPE_CHECKING:
    import pandas as pd

    from survsim.core.checks import IntArray

_TEXT_FIELDS = frozenset(f for f, t in Estimate.__annotations__.items() if t == "str")


@with_doors
@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class EvidenceSelection:
    """Rows that answer a question.

    Attributes
    ----------
    estimates : the store's whole table of estimates, with the columns of study and arm joined.
    studies : the store's table of studies.
    rows : (m,) positions of the selected rows in `estimates`.
    reason_code : (n,) 0 for a selected row, else the position (from 1) in `reasons`.
    reasons : why rows were left out; `study_reasons` has more detail for shared patients.
    study_reasons : by study, which study with the same patients was kept and why.
    criteria : what was asked, as (name, values) pairs.
    """

    estimates: pd.DataFrame
    studies: pd.DataFrame
    rows: IntArray
    reason_code: IntArray
    reasons: tuple[str, ...]
    study_reasons: dict[str, str]
    criteria: tuple[tuple[str, Any], ...]

    def __len__(self) -> int:
        return int(self.rows.size)

    @property
    def frame(self) -> pd.DataFrame:
        """The selected rows."""
        return selected_columns(self, self.estimates.columns)

    @property
    def records(self) -> tuple[Estimate, ...]:
        """The selected rows as records, in order of the table."""
        return to_records(self.estimates.iloc[self.rows])

    @property
    def left_out(self) -> pd.DataFrame:
        """Rows left out: estimate_id, study_id, reason."""
        out = np.flatnonzero(self.reason_code)
        frame = self.estimates[["estimate_id", "study_id"]].iloc[out].reset_index(drop=True)
        reason = np.array(["", *self.reasons], dtype=object)[self.reason_code[out]]
        detail = frame["study_id"].map(self.study_reasons)
        by_overlap = reason == "overlap"
        reason[by_overlap] = detail[by_overlap]
        return frame.assign(reason=reason)

    @property
    def provenance(self) -> Provenance:
        """The selected rows as one step, for results built on them."""
        names = self.estimates["estimate_id"].iloc[self.rows]
        return Provenance(
            method="select",
            inputs=tuple(f"estimates:{name}" for name in names),
            options=tuple(sorted((k, _plain(v)) for k, v in self.criteria)),
        )

    @property
    def study_ids(self) -> tuple[str, ...]:
        """Studies with a selected row, in order of the table."""
        return tuple(dict.fromkeys(self.estimates["study_id"].iloc[self.rows]))

    def flow(self) -> EvidenceFlow:
        """How many studies and numbers remained after each step, for a flow picture."""
        return evidence_flow(self.estimates["study_id"], self.reason_code, self.reasons, dict(self.criteria))

    def references(self) -> References:
        """The studies behind the selected rows, exactly those, ready to be cited."""
        return references_of(self.studies, self.study_ids)

    def map(self, *, also: tuple[str, ...] = ()) -> EvidenceMap:
        """Patients by site, treatment and endpoint; the gaps too, and a line for each site group in `also` if empty."""
        return evidence_map(self.frame, self.provenance, also)

    def __repr__(self) -> str:
        asked = ", ".join(f"{k}={v!r}" for k, v in self.criteria) or "everything"
        return (
            f"EvidenceSelection: {len(self)} numbers of {len(self.study_ids)} studies, "
            f"{int((self.reason_code > 0).sum())} left out ({asked})"
        )

    def _repr_html_(self) -> str:
        shown = ("study_id", "arm_label", "endpoint", "measure", "value", "conf_low", "conf_high", "place")
        columns = [n for n in shown if n in self.frame.columns]
        rows = [columns, *self.frame[columns].to_numpy().tolist()]
        facts = {
            "numbers": len(self),
            "studies": len(self.study_ids),
            "left out": int((self.reason_code > 0).sum()),
        }
        return card("EvidenceSelection", facts | dict(self.criteria), tables={"Numbers": rows})


def to_records(frame: pd.DataFrame) -> tuple[Estimate, ...]:
    """Rows of a joined table of estimates as records."""
    names = [f for f in Estimate.__annotations__ if f in frame.columns]
    columns = [frame[name].tolist() for name in names]
    return tuple(Estimate(**dict(zip(names, cells))) for cells in zip(*columns))


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def selected_columns(selection: EvidenceSelection, names: Iterable[str]) -> pd.DataFrame:
    """Some columns of the selected rows; each is taken by itself, for the table of all rows may be large."""
    import pandas as pd

    return pd.DataFrame({name: selection.estimates[name].take(selection.rows).array for name in names})
