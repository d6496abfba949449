"""Rules about patient-level tables: outcomes that agree, courses that end after they start."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from survsim.core import units
from survsim.core.tables import counted
from survsim.evidence.rules.rule import rule
from survsim.evidence.rules.tables import Tables
from survsim.evidence.schema.faults import WARNING, Fault

OUT = "outcomes"
WHO = ("dataset", "patient_id")
FULL = ("dataset", "patient_id", "endpoint", "time", "time_unit", "event")
COURSES = ("radiotherapy", "drugs")
HIGH_FRACTION, LOW_FRACTION, HIGH_DOSE = 15.0, 1.0, 90.0


@rule("event_coding", outcomes=("event",))
def event_coding(t: Tables) -> Iterator[Fault]:
    """An event is 1 or 0."""
    event = t.number(OUT, "event")
    yield from t.where(
        "event_coding",
        OUT,
        ~np.isin(event, [0.0, 1.0]) & ~np.isnan(event),
        "Write 1 for an event and 0 for a censored time.",
        column="event",
    )


@rule("negative_time", outcomes=("time",))
def negative_time(t: Tables) -> Iterator[Fault]:
    """Follow-up is not negative."""
    yield from t.where(
        "negative_time", OUT, t.number(OUT, "time") < 0, "Check the order of the two dates.", column="time"
    )


@rule("time_zero", outcomes=("time",))
def time_zero(t: Tables) -> Iterator[Fault]:
    """A patient with no follow-up is pointed out: some programs drop or move such times."""
    yield from t.where(
        "time_zero",
        OUT,
        t.number(OUT, "time") == 0,
        "Check the date of last contact; if it is right, say what another program does with a time of 0.",
        column="time",
        severity=WARNING,
    )


@rule("progression_after_death", outcomes=FULL)
def progression_after_death(t: Tables) -> Iterator[Fault]:
    """No other endpoint lasts longer than overall survival."""
    days, alive = _days(t), dict(_overall(t))
    limit = np.array([alive.get(w, np.nan) for w in _who(t, OUT)])
    yield from t.where(
        "progression_after_death",
        OUT,
        days > limit + 1e-9,
        "Another endpoint ends after overall survival; check both.",
        column="time",
        cause=lambda: _followup(t, OUT),
    )


@rule("death_not_in_overall", outcomes=FULL)
def death_not_in_overall(t: Tables) -> Iterator[Fault]:
    """A death of the tumour is a death."""
    overall = (t.text(OUT, "endpoint") == "overall_survival").to_numpy()
    event = t.number(OUT, "event")
    died = {w: e for w, e, o in zip(_who(t, OUT), event, overall) if o}
    specific = (t.text(OUT, "endpoint") == "disease_specific_survival").to_numpy()
    wrong = specific & (event == 1) & np.array([died.get(w, 1.0) == 0 for w in _who(t, OUT)], bool)
    yield from t.where(
        "death_not_in_overall", OUT, wrong, "Overall survival says alive; check both.", column="event"
    )


@rule("mixed_time_units", outcomes=("dataset", "endpoint", "time_unit"))
def mixed_time_units(t: Tables) -> Iterator[Fault]:
    """One endpoint of one data set has one unit of time."""
    frame = t.frames[OUT]
    usual = frame.groupby(["dataset", "endpoint"])["time_unit"].transform(lambda u: counted(u).index[0])
    yield from t.where(
        "mixed_time_units",
        OUT,
        (frame["time_unit"] != usual).to_numpy(),
        "Use one unit.",
        column="time_unit",
        cause=lambda: frame["dataset"] + "/" + frame["endpoint"],
    )


@rule("patient_without_outcome", patients=WHO, outcomes=WHO)
def patient_without_outcome(t: Tables) -> Iterator[Fault]:
    """Every patient has at least one outcome."""
    known = set(_who(t, OUT))
    wrong = np.array([w not in known for w in _who(t, "patients")], bool)
    yield from t.where(
        "patient_without_outcome",
        "patients",
        wrong,
        "Add the outcome, or say why there is none.",
        column="patient_id",
        severity=WARNING,
    )


@rule("implausible_age")
def implausible_age(t: Tables) -> Iterator[Fault]:
    """Ages of patients and cases lie between 0 and 120 years."""
    for table in ("patients", "cases"):
        if t.has(table, ("age_years",)):
            age = t.number(table, "age_years")
            wrong = (age < 0) | (age > 120)
            yield from t.where("implausible_age", table, wrong, "Check the age.", column="age_years")


@rule(
    "positive_nodes_exceed_removed",
    patients=(
        "pelvic_nodes_removed_n",
        "pelvic_nodes_positive_n",
        "aortic_nodes_removed_n",
        "aortic_nodes_positive_n",
    ),
)
def positive_nodes_exceed_removed(t: Tables) -> Iterator[Fault]:
    """No more nodes hold tumour than were removed."""
    for where in ("pelvic", "aortic"):
        positive, removed = (t.number("patients", f"{where}_nodes_{w}_n") for w in ("positive", "removed"))
        yield from t.where(
            "positive_nodes_exceed_removed",
            "patients",
            positive > removed,
            "Check both counts.",
            column=f"{where}_nodes_positive_n",
        )


@rule("stop_before_start", radiotherapy=("start_day", "stop_day"), drugs=("start_day", "stop_day"))
def stop_before_start(t: Tables) -> Iterator[Fault]:
    """A course does not stop before it starts."""
    for table in COURSES:
        yield from t.where(
            "stop_before_start",
            table,
            t.number(table, "stop_day") < t.number(table, "start_day"),
            "Check both days.",
            column="stop_day",
        )


@rule(
    "course_after_followup",
    outcomes=FULL,
    radiotherapy=(*WHO, "start_day"),
    drugs=(*WHO, "start_day"),
    recurrences=(*WHO, "event_day"),
)
def course_after_followup(t: Tables) -> Iterator[Fault]:
    """Nothing begins after the end of follow-up."""
    alive = dict(_overall(t))
    for table, column in (
        ("radiotherapy", "start_day"),
        ("drugs", "start_day"),
        ("recurrences", "event_day"),
    ):
        limit = np.array([alive.get(w, np.nan) for w in _who(t, table)])
        yield from t.where(
            "course_after_followup",
            table,
            t.number(table, column) > limit + 1e-9,
            "It begins after overall survival ends; check both.",
            column=column,
            cause=partial(_followup, t, table),
        )


@rule("implausible_dose", radiotherapy=("dose_gy", "fractions", "radiation_type"))
def implausible_dose(t: Tables) -> Iterator[Fault]:
    """Doses and doses a fraction are ones that are given to patients."""
    dose, fractions = t.number("radiotherapy", "dose_gy"), t.number("radiotherapy", "fractions")
    each = dose / np.where(fractions > 0, fractions, np.nan)
    external = (t.text("radiotherapy", "radiation_type") == "external").to_numpy()
    wrong = (each > HIGH_FRACTION) | (dose > HIGH_DOSE) | (each < 0.5) | (external & (dose < LOW_FRACTION))
    shown = [_dose_in_words(d, f) for d, f in zip(dose[wrong], fractions[wrong])]
    yield from t.where(
        "implausible_dose",
        "radiotherapy",
        wrong,
        "Compare dose and fractions with the source; left as recorded, add a row to flags that says so.",
        column="dose_gy",
        severity=WARNING,
        shown=shown,
    )


@rule(
    "flag_contradicts_records",
    patients=(*WHO, "postoperative_drug_therapy", "drug_records_n", "radiotherapy", "radiation_records_n"),
)
def flag_contradicts_records(t: Tables) -> Iterator[Fault]:
    """A treatment flag agrees with the treatment records."""
    for flag, count in (
        ("postoperative_drug_therapy", "drug_records_n"),
        ("radiotherapy", "radiation_records_n"),
    ):
        said, n = t.text("patients", flag).to_numpy(), t.number("patients", count)
        wrong = ((said == "no") & (n > 0)) | ((said == "yes") & (n == 0))
        yield from t.where(
            "flag_contradicts_records",
            "patients",
            wrong,
            "Compare flag and records with the source; left as recorded, add a row to flags that says so.",
            column=flag,
            severity=WARNING,
        )


@rule("flag_missing", patients=(*WHO, "postoperative_drug_therapy", "radiotherapy", "drug_records_n"))
def flag_missing(t: Tables) -> Iterator[Fault]:
    """Where treatment is recorded, its flag is filled."""
    recorded = ~np.isnan(t.number("patients", "drug_records_n"))
    for flag in ("postoperative_drug_therapy", "radiotherapy"):
        wrong = recorded & (t.text("patients", flag) == "").to_numpy()
        yield from t.where(
            "flag_missing",
            "patients",
            wrong,
            "Read it in the source; until then it is unknown, not no.",
            column=flag,
            severity=WARNING,
        )


@rule("record_count", patients=(*WHO, "drug_records_n", "radiation_records_n"), drugs=WHO, radiotherapy=WHO)
def record_count(t: Tables) -> Iterator[Fault]:
    """Counts of records equal the records."""
    for column, table in (("drug_records_n", "drugs"), ("radiation_records_n", "radiotherapy")):
        found: dict[tuple[str, str], int] = {}
        for who in _who(t, table):
            found[who] = found.get(who, 0) + 1
        n = t.number("patients", column)
        have = np.array([found.get(w, 0) for w in _who(t, "patients")], float)
        yield from t.where(
            "record_count",
            "patients",
            ~np.isnan(n) & (n != have),
            f"{table} has another number of rows for this patient.",
            column=column,
        )


@rule("stage_of_another_group", patients=("figo_stage", "figo_stage_group"))
def stage_of_another_group(t: Tables) -> Iterator[Fault]:
    """The group of a stage is the numeral that the stage begins with."""
    stage, group = t.text("patients", "figo_stage"), t.text("patients", "figo_stage_group")
    numeral = stage.str.extract(r"^(IV|I{1,3})", expand=False)
    yield from t.where(
        "stage_of_another_group",
        "patients",
        ((group != "") & numeral.notna() & (numeral != group)).to_numpy(),
        "Check stage and group in the source: the stage begins with another numeral.",
        column="figo_stage_group",
    )


@rule("agent_of_another_name", drugs=("agent_as_recorded", "agent"))
def agent_of_another_name(t: Tables) -> Iterator[Fault]:
    """A recorded name of a drug stands for one agent throughout."""
    frame = t.frames["drugs"]
    pairs = frame.groupby(["agent_as_recorded", "agent"], sort=False)["agent"].transform("size")
    most = pairs.groupby(frame["agent_as_recorded"]).transform("max")
    yield from t.where(
        "agent_of_another_name",
        "drugs",
        ((frame["agent"] != "") & (pairs < most)).to_numpy(),
        "Check the agent: elsewhere the same recorded name stands for another.",
        column="agent",
        severity=WARNING,
        cause=lambda: frame["agent_as_recorded"] + " " + frame["agent"],
    )


@rule("death_against_status", follow_up_forms=("vital_status", "death_day"))
def death_against_status(t: Tables) -> Iterator[Fault]:
    """Who has a day of death is dead."""
    alive = (t.text("follow_up_forms", "vital_status") == "alive").to_numpy()
    yield from t.where(
        "death_against_status",
        "follow_up_forms",
        alive & ~np.isnan(t.number("follow_up_forms", "death_day")),
        "Check both in the source: alive, with a day of death.",
        column="vital_status",
    )


def _dose_in_words(dose: float, fractions: float) -> str:
    given = "no dose" if np.isnan(dose) else f"{dose:g} Gy"
    if np.isnan(fractions):
        return f"{given}, fractions not told"
    return f"{given} in {fractions:g} fraction{'' if fractions == 1 else 's'}"


def _followup(t: Tables, table: str) -> np.ndarray:
    """What goes on after the end of one patient's follow-up is one fault: the end, as a rule."""
    return np.array([f"end of {data}/{patient}" for data, patient in _who(t, table)], object)


def _who(t: Tables, table: str) -> list[tuple[str, str]]:
    return list(zip(t.text(table, "dataset"), t.text(table, "patient_id")))


def _days(t: Tables) -> np.ndarray:
    factor = t.text(OUT, "time_unit").map(units.DAYS_PER).to_numpy(float)
    return t.number(OUT, "time") * factor


def _overall(t: Tables) -> Iterator[tuple[tuple[str, str], float]]:
    for who, endpoint, days in zip(_who(t, OUT), t.text(OUT, "endpoint"), _days(t)):
        if endpoint == "overall_survival" and days >= 0:
            yield who, days
