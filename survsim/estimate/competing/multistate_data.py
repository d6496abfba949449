"""Long rows of a multi-state process from patients, the states they entered and facts that came with time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core import units
from survsim.core.checks import FloatArray, one_of, require_columns
from survsim.core.errors import InputError
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.surv import Surv
from survsim.core.tables import Columns, frame, from_rows
from survsim.estimate.competing.multistate_checks import (
    check_events,
    check_facts,
    check_patients,
    whole_patients,
)

if TYPE_CHECKING:
    import pandas as pd

CLOCKS = ("reset", "forward")


@result
class MultistateData(Result):
    """A multi-state process in long form.

    Attributes
    ----------
    states : names, the starting one first; transitions : (source, target) pairs that are possible.
    rows : one row a patient, stay, possible transition and piece between facts: patient_id, source, target,
        entry, exit, event, since (entry into the state), facts (0/1, NaN unknown), covariates.
    stays : one row a stay: patient_id, source, target ("" when censored), entry, exit, covariates.
    facts : names of the facts; unit : of time; left_out : patients without any time under observation.
    """

    states: tuple[str, ...]
    transitions: tuple[tuple[str, str], ...]
    rows: pd.DataFrame
    stays: pd.DataFrame
    facts: tuple[str, ...]
    unit: str
    left_out: tuple[Any, ...]

    def columns(self) -> Columns:
        """The long rows."""
        return {name: self.rows[name] for name in self.rows.columns}

    def headline(self) -> str:
        counts = ", ".join(f"{c.source} > {c.target} {c.n_event}" for c in self.counts().itertuples())
        lost = f"; {len(self.left_out)} without time under observation" if self.left_out else ""
        return (
            f"Multi-state data: {self.stays['patient_id'].nunique()} patients{lost}, time in {self.unit}; "
            f"transitions {counts}"
        )

    def counts(self) -> pd.DataFrame:
        """Columns source, target, n_entered (stays in the source), n_event, n_censor (stays censored there)."""
        found = []
        for source, target in self.transitions:
            mine = self.stays[self.stays["source"] == source]
            n_event, n_censor = int((mine["target"] == target).sum()), int((mine["target"] == "").sum())
            found.append((source, target, len(mine), n_event, n_censor))
        return frame(from_rows(found, ("source", "target", "n_entered", "n_event", "n_censor")))

    def transition(self, source: str, target: str) -> pd.DataFrame:
        """Rows at risk of one transition."""
        if (source, target) not in self.transitions:
            have = ", ".join(f"{a} > {b}" for a, b in self.transitions)
            raise InputError(f"there is no transition {source} > {target}; there are {have}.")
        keep = (self.rows["source"] == source) & (self.rows["target"] == target)
        return self.rows[keep].reset_index(drop=True)

    def surv(self, source: str, target: str, *, clock: str = "reset", keep: Any = None) -> Surv:
        """The response of one transition, rows as `transition` has them (or those of the mask `keep`).

        ``clock="reset"`` counts time from entry into `source`, "forward" from time 0 with delayed entry.
        """
        one_of("clock", clock, CLOCKS)
        rows = self.transition(source, target)
        rows = rows if keep is None else rows[np.asarray(keep, bool)]
        origin = rows["since"].to_numpy() if clock == "reset" else np.zeros(len(rows))
        return Surv.right(
            rows["exit"].to_numpy() - origin,
            rows["event"].to_numpy(),
            unit=self.unit,
            entry=rows["entry"].to_numpy() - origin,
            source=[leaf for leaf in self.provenance.inputs if isinstance(leaf, str)],
        )


def prepare_multistate(
    patients: pd.DataFrame,
    events: pd.DataFrame,
    *,
    start: str,
    transitions: Mapping[str, Sequence[str]],
    unit: str,
    follow_up: str = "follow_up",
    facts: pd.DataFrame | None = None,
    covariates: Sequence[str] = (),
    source: str | Iterable[str] = (),
    missing: str = "refuse",
) -> MultistateData:
    """Long rows, one a patient, stay, possible transition and piece between facts.

    Each stay is at risk of every transition out of its state; exactly one of them ends it, or none. A fact
    holds from just after its time: at an event on the same day it did not hold yet.

    Parameters
    ----------
    patients : one row a patient: patient_id, the end of follow-up, covariates. Time 0 is entry into `start`.
    events : patient_id, state, time: entries into later states; several per patient, in any order.
    start : state of everybody at time 0.
    transitions : mapping from a state to the states that can follow it; cycles are allowed.
    unit : "days", "weeks", "months" or "years".
    follow_up : column of `patients` with the end of observation.
    facts : patient_id, fact, time: 0 before, 1 from then on (once a patient and fact). A missing time means
        that it is not known whether and when: the fact is NaN in that patient's rows. No row means never.
    covariates : columns of `patients` to carry along.
    source : references of the rows behind the data.
    missing : "refuse", or "drop" for leaving out whole patients without the end of follow-up, or with an event whose state or
        time is missing, counted in a warning. A single event is never left out: its patient would seem not to have had it.

    Returns
    -------
    MultistateData : the long rows, the stays, and `.counts()` of what was seen at each transition.

    Raises
    ------
    InputError : all faults at once: two states at one time, an impossible transition, events after the end
        of follow-up or at time 0, unknown patients.

    Reference: Putter, Fiocco & Geskus (2007), Stat Med 26:2389.

    Example
    -------
    >>> import pandas as pd
    >>> from survsim.competing import prepare_multistate
    >>> patients = pd.DataFrame({"patient_id": ["a", "b"], "follow_up": [10.0, 8.0]})
    >>> events = pd.DataFrame({"patient_id": ["a", "a"], "state": ["relapse", "death"], "time": [4.0, 10.0]})
    >>> ways = {"remission": ["relapse", "death"], "relapse": ["death"]}
    >>> prepare_multistate(patients, events, start="remission", transitions=ways, unit="months").counts()["n_event"].tolist()
    [1, 0, 1]
    """
    units.check_unit(unit)
    require_columns(patients, ["patient_id", follow_up, *covariates], "patients")
    require_columns(events, ["patient_id", "state", "time"], "events")
    patients, events, facts = whole_patients(patients, events, facts, follow_up, missing)
    # Of a categorical only the labels count: `start` need not be among its categories.
    events = events.assign(state=events["state"].astype(object))
    pairs = tuple((a, b) for a, targets in transitions.items() for b in targets)
    states = _states(start, pairs)
    ends = check_patients(patients, follow_up, unit)
    ordered = check_events(events, ends, start, pairs, unit)
    stays = _stays(ends, ordered, start, {a for a, _ in pairs})
    names: tuple[str, ...] = ()
    wide = None
    if facts is not None:
        require_columns(facts, ["patient_id", "fact", "time"], "facts")
        wide = check_facts(facts, ends, ordered, unit)
        names = tuple(map(str, wide.columns))
    own = patients.set_index("patient_id")[list(covariates)]
    rows = _long(stays, pairs, wide)
    return MultistateData(
        states=states,
        transitions=pairs,
        rows=rows.join(own, on="patient_id"),
        stays=stays.join(own, on="patient_id"),
        facts=names,
        unit=unit,
        left_out=tuple(ends.index[ends == 0.0]),
        provenance=Provenance.of(
            "prepare_multistate", *([source] if isinstance(source, str) else source),
            start=start, transitions={a: list(b) for a, b in transitions.items()}, facts=list(names),
        ),
    )  # fmt: skip


def _states(start: str, pairs: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    if start not in {a for a, _ in pairs}:
        raise InputError(
            f"nothing follows the starting state {start!r}; transitions name a state and what can follow."
        )
    loops = [a for a, b in pairs if a == b]
    if loops:
        raise InputError(f"{loops[0]!r} cannot follow itself; name repeated events as states of their own.")
    return tuple(dict.fromkeys([start, *(name for pair in pairs for name in pair)]))


def _stays(ends: pd.Series[float], events: pd.DataFrame, start: str, left: set[str]) -> pd.DataFrame:
    """One row a stay with time in it, in a state that can be left, by patient and time."""
    import pandas as pd

    first = pd.DataFrame({"patient_id": ends.index, "source": start, "entry": 0.0})
    later = pd.DataFrame(
        {"patient_id": events["patient_id"], "source": events["state"], "entry": events["time"]}
    )
    place = {patient: i for i, patient in enumerate(ends.index)}
    stays = pd.concat([first, later], ignore_index=True)
    stays = stays.assign(place=stays["patient_id"].map(place)).sort_values(["place", "entry"], kind="stable")
    follows = stays.groupby("place", sort=False)
    stays["target"] = follows["source"].shift(-1).fillna("")
    stays["exit"] = follows["entry"].shift(-1).fillna(stays["patient_id"].map(ends))
    keep = (stays["exit"] > stays["entry"]) & stays["source"].isin(left)
    return stays.loc[keep, ["patient_id", "source", "target", "entry", "exit"]].reset_index(drop=True)


def _long(
    stays: pd.DataFrame, pairs: tuple[tuple[str, str], ...], facts: pd.DataFrame | None
) -> pd.DataFrame:
    import pandas as pd

    pieces = stays.rename(columns={"target": "went"}).assign(since=stays["entry"], last=True)
    for name in () if facts is None else facts.columns:
        pieces = _split(pieces, str(name), facts[name] if facts is not None else None)
    ways = pd.DataFrame(pairs, columns=["source", "target"])
    pieces = pieces.assign(piece=np.arange(len(pieces)))
    rows = pieces.merge(ways, on="source", how="left").sort_values("piece", kind="stable")
    rows["event"] = rows["last"] & (rows["went"] == rows["target"])
    columns = ["patient_id", "source", "target", "entry", "exit", "event", "since"]
    names = [] if facts is None else list(map(str, facts.columns))
    return rows[[*columns, *names]].reset_index(drop=True)


def _split(pieces: pd.DataFrame, name: str, times: Any) -> pd.DataFrame:
    """Cut the pieces that hold the fact's time inside; the fact is 1 on pieces that begin at or after it."""
    import pandas as pd

    found: FloatArray = pieces["patient_id"].map(times).to_numpy(dtype=np.float64)
    unknown = np.isnan(found)
    when = np.where(unknown, np.inf, found)
    inside = (pieces["entry"].to_numpy() < when) & (when < pieces["exit"].to_numpy())
    early = pieces[inside].assign(exit=when[inside], last=False)
    late = pieces[inside].assign(entry=when[inside])
    whole = pieces[~inside]
    done = [
        whole.assign(
            **{name: np.where(unknown[~inside], np.nan, whole["entry"].to_numpy() >= when[~inside])}
        ),
        early.assign(**{name: 0.0}),
        late.assign(**{name: 1.0}),
    ]
    order = np.concatenate([np.flatnonzero(~inside), np.flatnonzero(inside), np.flatnonzero(inside)])
    joined = pd.concat([part for part in done if len(part)])
    return joined.iloc[np.argsort(order, kind="stable")].reset_index(drop=True)
