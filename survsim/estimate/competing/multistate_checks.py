"""What multi-state data must be; all faults of a table are told at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core import times
from survsim.core.checks import as_labels, float_vector, one_of
from survsim.core.complete import complete_columns
from survsim.core.errors import InputError
from survsim.core.kinds import as_numbers
from survsim.core.named_columns import MISSING

if TYPE_CHECKING:
    import pandas as pd

SHOWN = 5


def _raise(faults: list[str]) -> None:
    if faults:
        more = f"\n... and {len(faults) - 10} more" if len(faults) > 10 else ""
        raise InputError("\n".join(faults[:10]) + more)


def _named(items: Any) -> str:
    found = list(dict.fromkeys(map(str, items)))
    rest = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    return ", ".join(found[:SHOWN]) + rest


def whole_patients(
    patients: pd.DataFrame, events: pd.DataFrame, facts: pd.DataFrame | None, follow_up: str, missing: str
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame | None]:
    """The tables without the patients of whom something is missing where `missing` is "drop"; a fact may be unknown."""
    one_of("missing", missing, MISSING)
    if missing == "refuse":
        return patients, events, facts
    torn = events[["state", "time"]].isna().any(axis=1) | events["patient_id"].isna()
    nameless = int(events["patient_id"].isna().sum())
    if nameless:
        raise InputError(
            f"{nameless} events name no patient, so that it is not known whom to leave out; mend or remove these rows."
        )
    (who, _, _), _ = complete_columns(
        {
            "patient_id": patients["patient_id"],
            follow_up: patients[follow_up],
            "state or time of an event": patients["patient_id"].where(
                ~patients["patient_id"].isin(events.loc[torn, "patient_id"])
            ),
        },
        missing,
    )
    gone = set(patients["patient_id"].dropna()) - set(who)
    known = None if facts is None else facts[~facts["patient_id"].isin(gone)]
    return patients.loc[who.index], events[~events["patient_id"].isin(gone)], known


def check_patients(patients: pd.DataFrame, follow_up: str, unit: str) -> pd.Series[float]:
    """End of follow-up by patient, finite and not negative, each patient once."""
    import pandas as pd

    doubled = patients["patient_id"][patients["patient_id"].duplicated()]
    if len(doubled):
        raise InputError(f"patients must have one row a patient; {_named(doubled)} more than one.")
    as_labels("patients['patient_id']", patients["patient_id"])
    end = float_vector(follow_up, patients[follow_up], unit=unit)
    if end.size == 0 or end.min() < 0:
        raise InputError(
            f"{follow_up} must be 0 or more for at least one patient; check the dates behind it."
        )
    times.refuse_overflow(follow_up, end)
    return pd.Series(times.join(end)[0], index=pd.Index(patients["patient_id"].to_numpy(), name="patient_id"))


def check_events(
    events: pd.DataFrame, ends: pd.Series[float], start: str, pairs: tuple[tuple[str, str], ...], unit: str
) -> pd.DataFrame:
    """Events by patient and time, in an order that the transitions allow."""
    faults: list[str] = []
    as_labels("events['patient_id']", events["patient_id"])
    strangers = events["patient_id"][~events["patient_id"].isin(ends.index)]
    if len(strangers):
        raise InputError(f"events name patients who are not in patients: {_named(strangers)}.")
    as_labels("events['state']", events["state"])
    time = float_vector("events['time']", events["time"], unit=unit)
    time = times.join_to(time, np.append(ends.to_numpy(), 0.0))
    rows = events.assign(time=time).sort_values(["patient_id", "time"], kind="stable").reset_index(drop=True)
    late = rows[rows["time"] > rows["patient_id"].map(ends).astype(float)]
    if len(late):
        faults.append(
            f"events after the end of follow-up: {_named(late['patient_id'])}; correct one of the two."
        )
    early = rows[rows["time"] <= 0]
    if len(early):
        faults.append(
            f"events at or before time 0: {_named(early['patient_id'])}; time 0 is entry into {start!r}, so the "
            "event must come later (or the patient starts elsewhere)."
        )
    tied = rows[rows.duplicated(["patient_id", "time"])]
    if len(tied):
        faults.append(
            f"two states at one time: {_named(tied['patient_id'])}; say which came first by a later time, or "
            "keep the one that matters."
        )
    before = rows.groupby("patient_id")["state"].shift(1).fillna(start)
    allowed = set(pairs)
    wrong = [f"{a} > {b}" for a, b in zip(before, rows["state"]) if (a, b) not in allowed]
    if wrong and not len(tied):
        who = [p for p, a, b in zip(rows["patient_id"], before, rows["state"]) if (a, b) not in allowed]
        faults.append(f"transitions that are not possible: {_named(wrong)} (patients {_named(who)}).")
    _raise(faults)
    return rows


def check_facts(facts: pd.DataFrame, ends: pd.Series[float], events: pd.DataFrame, unit: str) -> pd.DataFrame:
    """Times of facts, patients by facts; inf never, NaN not known."""
    import pandas as pd

    as_labels("facts['patient_id']", facts["patient_id"])
    as_labels("facts['fact']", facts["fact"])
    faults: list[str] = []
    strangers = facts["patient_id"][~facts["patient_id"].isin(ends.index)]
    if len(strangers):
        faults.append(f"facts name patients who are not in patients: {_named(strangers)}.")
    doubled = facts[facts.duplicated(["patient_id", "fact"])]
    if len(doubled):
        faults.append(f"a fact more than once: {_named(doubled['patient_id'])}; keep its first time.")
    _raise(faults)
    names = list(dict.fromkeys(facts["fact"]))
    wide = pd.DataFrame(np.inf, index=ends.index, columns=names)
    given = as_numbers("facts['time']", facts["time"], unit)[0]
    when = times.join_to(given, np.concatenate([ends.to_numpy(), events["time"].to_numpy(dtype=np.float64)]))
    for patient, name, time in zip(facts["patient_id"], facts["fact"], when):
        wide.loc[patient, name] = time
    return wide
