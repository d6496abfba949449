"""One patient data set as histories: end of follow-up, states entered, facts that came with time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from survsim.core import units
from survsim.core.display import displayed
from survsim.core.errors import EvidenceError

if TYPE_CHECKING:
    import pandas as pd

    from survsim.evidence.ask.store import EvidenceStore


@displayed
@dataclass(frozen=True, slots=True)
class PatientHistories:
    """What `prepare_multistate` takes.

    Attributes
    ----------
    patients : patient_id, follow_up and the covariates of the data set; one row a patient.
    events : patient_id, state ("recurrence", "death"), time.
    facts : patient_id, fact ("radiotherapy", "drug"), time of the first start; missing where the records do
        not tell whether or when.
    flags : rows of the flag table about these patients' treatment and outcome, for the text.
    unit : of all times; source : reference for provenance.
    """

    patients: pd.DataFrame
    events: pd.DataFrame
    facts: pd.DataFrame
    flags: pd.DataFrame
    unit: str
    source: str


FLAGS = ("first_drug_late", "flag_contradicts_records", "flag_missing", "time_zero", "death_without_tumour")
SUPPORTIVE = ("ancillary",)
"""Kinds of drug records that treat side effects, not the tumour."""


def patient_histories(evidence: EvidenceStore, name: str, *, unit: str = "days") -> PatientHistories:
    """First recurrence, death and first starts of radiotherapy and drugs of one patient data set.

    Time 0 is that of the data set's outcomes (diagnosis). A recurrence is the first recorded new tumour event.
    Facts come from the dated records, never from the yes/no columns: those columns contradict the records of
    some patients and are missing for others. A patient whose column does not say no and who has no dated
    record is not known, which is not the same as never; drugs against side effects are no fact.

    Parameters
    ----------
    evidence : from `load_evidence`.
    name : patient data set with timelines, for example "tcga_ucs".
    unit : of the times returned.

    Returns
    -------
    PatientHistories : `patients`, `events` and `facts` as `prepare_multistate` takes them, and `flags` of what the columns say.

    Raises
    ------
    EvidenceError : no such data set, or one without overall survival.
    InputError : an unknown unit.

    Example
    -------
    >>> import survsim
    >>> found = survsim.evidence.patient_histories(survsim.load_evidence(), "tcga_ucs")
    >>> found.events["state"].value_counts().to_dict()
    {'death': 35, 'recurrence': 31}
    """
    import pandas as pd

    covariates = evidence.patients(name).rename(
        columns={"radiotherapy": "radiotherapy_column", "postoperative_drug_therapy": "drug_column"}
    )
    outcome = evidence.table("outcomes")
    outcome = outcome[(outcome["dataset"] == name) & (outcome["endpoint"] == "overall_survival")]
    if outcome.empty:
        raise EvidenceError(
            f"{name} has no overall survival, and histories end with it; choose another data set."
        )
    factor = units.conversion_factor(str(outcome["time_unit"].iloc[0]), unit)
    from_days = units.conversion_factor("days", unit)
    ends = outcome[["patient_id"]].assign(follow_up=outcome["time"].astype(float) * factor)
    first = evidence.timelines("recurrences", name).groupby("patient_id")["event_day"].min().dropna()
    dead = outcome[outcome["event"] == 1]
    events = pd.concat(
        [
            pd.DataFrame(
                {"patient_id": first.index, "state": "recurrence", "time": first.to_numpy() * from_days}
            ),
            pd.DataFrame(
                {
                    "patient_id": dead["patient_id"],
                    "state": "death",
                    "time": dead["time"].astype(float) * factor,
                }
            ),
        ],
        ignore_index=True,
    )
    patients = ends.merge(covariates, on="patient_id", how="left")
    drugs = evidence.timelines("drugs", name)
    drugs = drugs[~drugs["therapy_type"].isin(SUPPORTIVE)]
    facts = [
        _starts(
            evidence.timelines("radiotherapy", name),
            patients,
            "radiotherapy",
            "radiotherapy_column",
            from_days,
        ),
        _starts(drugs, patients, "drug", "drug_column", from_days),
    ]
    flags = evidence.table("flags")
    mine = flags["row_id"].str.startswith(f"{name}/") & flags["flag"].isin(FLAGS)
    return PatientHistories(
        patients=patients,
        events=events,
        facts=pd.concat(facts, ignore_index=True),
        flags=flags[mine].reset_index(drop=True),
        unit=unit,
        source=f"patients:{name}",
    )


def _starts(
    records: pd.DataFrame, patients: pd.DataFrame, fact: str, column: str, factor: float
) -> pd.DataFrame:
    """First dated start of each patient; missing where a record has no day, or none exists and nobody said no."""
    import pandas as pd

    dated = records.dropna(subset=["start_day"]).groupby("patient_id")["start_day"].min()
    undated = set(records["patient_id"]) - set(dated.index)
    silent = set(patients.loc[patients[column] != "no", "patient_id"]) - set(records["patient_id"])
    unknown = sorted(undated | silent)
    return pd.DataFrame(
        {
            "patient_id": [*dated.index, *unknown],
            "fact": fact,
            "time": [*(dated.to_numpy(dtype=float) * factor), *([float("nan")] * len(unknown))],
        }
    )
