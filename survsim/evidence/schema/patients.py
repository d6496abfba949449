"""Tables of patient-level data: patients, outcomes, and their treatment and event timelines."""

from __future__ import annotations

from survsim.evidence.schema.table import (
    TIME_UNITS,
    Column,
    ForeignKey,
    Table,
    date,
    integer,
    number,
    text,
    year,
)

_PATIENT = ForeignKey(
    columns=("dataset", "patient_id"), table="patients", references=("dataset", "patient_id")
)


def _who() -> tuple[Column, ...]:
    return (
        text("dataset", "Data set.", required=True),
        text("patient_id", "Patient, as named in the public source.", required=True),
    )


PATIENTS = Table(
    name="patients",
    title="Patients",
    description="One row a patient: what was known at diagnosis, and what was recorded about treatment.",
    key=("dataset", "patient_id"),
    columns=(
        *_who(),
        text("primary_site", "Site of the primary tumour."),
        number("age_years", "Age at diagnosis.", unit="years"),
        integer("birth_day", "Day of birth, counted from diagnosis.", unit="days"),
        text("race", "Race as recorded."),
        text("ethnicity", "Ethnicity as recorded."),
        text("menopause_status", "pre, peri or post."),
        text("postmenopausal", "yes or no, where only that is recorded."),
        number("height_cm", "Height.", unit="cm"),
        number("weight_kg", "Weight.", unit="kg"),
        text("hypertension", "Recorded hypertension."),
        text("diabetes", "Recorded diabetes."),
        text("prior_malignancy", "An earlier cancer."),
        year("diagnosis_year", "Year of diagnosis."),
        text("icd_10", "ICD-10 code of the site."),
        text("icd_o_3_histology", "ICD-O-3 code of the histology."),
        text("figo_stage", "FIGO stage."),
        text("figo_stage_group", "FIGO stage in groups I to IV."),
        year("figo_edition_year", "Edition of the staging system."),
        text("stage_as_converted", "Stage cell of a table converted by machine, before it was read."),
        text("stage_basis", "as converted or deduced."),
        text("histologic_subtype", "Sarcoma component by the clinical data resource."),
        text("histologic_subtype_marker_paper", "Sarcoma component by the review in the marker paper."),
        text("carcinoma_component_marker_paper", "Carcinoma component by the marker paper."),
        number("sarcoma_percent", "Share of sarcoma.", unit="percent"),
        number("emt_score", "Epithelial-mesenchymal transition score."),
        number("tumor_purity_fraction", "Share of tumour cells."),
        text("msi_status", "Microsatellite status."),
        text("surgical_approach", "Approach."),
        text("residual_tumor", "R0, R1, R2 or RX."),
        text("peritoneal_cytology", "Peritoneal cytology."),
        number("myometrial_invasion_percent", "Depth of invasion.", unit="percent"),
        integer("pelvic_nodes_removed_n", "Pelvic nodes removed.", unit="nodes"),
        integer("pelvic_nodes_positive_n", "Pelvic nodes with tumour.", unit="nodes"),
        integer("aortic_nodes_removed_n", "Aortic nodes removed.", unit="nodes"),
        integer("aortic_nodes_positive_n", "Aortic nodes with tumour.", unit="nodes"),
        text("lymphadenectomy", "Lymphadenectomy."),
        text("neoadjuvant_treatment", "Treatment before surgery."),
        text("radiotherapy", "Radiotherapy flag, recorded after the fact."),
        number("radiotherapy_dose_gy", "Dose, where one is given per patient.", unit="Gy"),
        integer("radiotherapy_fractions_n", "Fractions, where one number is given per patient."),
        text("postoperative_drug_therapy", "Drug therapy flag, recorded after the fact."),
        text("chemotherapy_regimen", "Regimen, where one is given per patient."),
        integer("chemotherapy_cycles_n", "Cycles, where one number is given per patient."),
        text("chemotherapy_as_converted", "Chemotherapy cell of a table converted by machine."),
        text("first_course_outcome", "Outcome of the first course."),
        text("tumor_status_last", "Tumour status at last contact."),
        text("first_new_tumor_event_type", "Type of the first new tumour event."),
        text("first_new_tumor_event_site", "Its site."),
        text("first_new_tumor_event_site_other", "Its site in words."),
        integer("first_new_tumor_event_day", "Its day.", unit="days"),
        text("outcome", "Outcome in words."),
        text("outcome_as_converted", "Outcome cell of a table converted by machine."),
        text("outcome_basis", "as converted or deduced."),
        integer("drug_records_n", "Drug records of this patient."),
        integer("radiation_records_n", "Radiation records of this patient."),
    ),
)

OUTCOMES = Table(
    name="outcomes",
    title="Outcomes of patients",
    description="One row a patient and endpoint: follow-up time and whether the event was seen.",
    key=("dataset", "patient_id", "endpoint"),
    foreign_keys=(
        _PATIENT,
        ForeignKey(columns=("endpoint",), table="endpoints", references=("endpoint",)),
    ),
    columns=(
        *_who(),
        text("endpoint", "Endpoint.", required=True),
        number("time", "Follow-up from the time origin of the data set.", required=True),
        text("time_unit", "Unit of time.", required=True, allowed=TIME_UNITS),
        integer("event", "1 event seen, 0 censored.", required=True),
        text("basis", "recorded, or derived from which columns.", required=True),
    ),
)

RADIOTHERAPY = Table(
    name="radiotherapy",
    title="Radiotherapy courses of patients",
    description="One row a course as recorded; errors of the record are left in and flagged.",
    key=("dataset", "course_id"),
    foreign_keys=(_PATIENT,),
    columns=(
        *_who(),
        text("course_id", "Record.", required=True),
        text("radiation_type", "external or internal."),
        text("target", "Treated site."),
        number("dose_as_recorded", "Dose as recorded."),
        text("dose_units_as_recorded", "Unit as recorded."),
        number("dose_gy", "Recorded dose in Gy; recording errors left in.", unit="Gy"),
        integer("fractions", "Fractions."),
        integer("start_day", "First day.", unit="days"),
        integer("stop_day", "Last day.", unit="days"),
        text("ongoing", "Still under way at the form."),
        text("response", "Response as recorded."),
    ),
)

DRUGS = Table(
    name="drugs",
    title="Drugs of patients",
    description="One row a drug record: agent, start and stop.",
    key=("dataset", "course_id"),
    foreign_keys=(_PATIENT,),
    columns=(
        *_who(),
        text("course_id", "Record.", required=True),
        text("therapy_type", "Class as recorded."),
        text("agent_as_recorded", "Name as recorded."),
        text("agent", "Name with brand names resolved."),
        integer("start_day", "First day.", unit="days"),
        integer("stop_day", "Last day.", unit="days"),
        text("ongoing", "Still under way at the form."),
        text("response", "Response as recorded."),
        text("on_clinical_trial", "Given in a trial."),
        text("trial_drug", "Drug of the trial."),
    ),
)

RECURRENCES = Table(
    name="recurrences",
    title="Recurrences and progressions of patients",
    description="One row a record; several rows on one day are several sites of one event.",
    key=("dataset", "patient_id", "form", "event_n"),
    foreign_keys=(_PATIENT,),
    columns=(
        *_who(),
        text("form", "Form it was recorded on.", required=True),
        integer("event_n", "Number of the record on the form.", required=True),
        integer("event_day", "Day.", unit="days"),
        text("event_type", "Type as recorded."),
        text("site", "Site as recorded."),
        text("site_other", "Site in words."),
        text("additional_drug_therapy", "Drug therapy afterwards."),
        text("additional_radiotherapy", "Radiotherapy afterwards."),
        text("additional_surgery", "Surgery afterwards."),
        integer("additional_surgery_day", "Its day.", unit="days"),
        text("additional_surgery_procedure", "Its kind."),
        text("residual_tumor_after_surgery", "Residual tumour after it."),
        integer("repeat_of_enrolment_record", "1 repeats a record of the enrolment form exactly."),
    ),
)

FOLLOW_UP_FORMS = Table(
    name="follow_up_forms",
    title="Follow-up forms of patients",
    description="Status at the enrolment form and at each later form.",
    key=("dataset", "patient_id", "form"),
    foreign_keys=(_PATIENT,),
    columns=(
        *_who(),
        text("form", "Form.", required=True),
        date("form_completion_date", "Day the form was filled in."),
        text("vital_status", "dead or alive."),
        integer("last_followup_day", "Last contact.", unit="days"),
        integer("death_day", "Death.", unit="days"),
        text("tumor_status", "Tumour status."),
        text("first_course_outcome", "Outcome of the first course."),
        text("radiotherapy", "Radiotherapy flag."),
        text("postoperative_drug_therapy", "Drug therapy flag."),
        text("new_tumor_event", "New tumour event since the last form."),
    ),
)

OTHER_MALIGNANCIES = Table(
    name="other_malignancies",
    title="Earlier cancers of patients",
    description="One row an earlier cancer and whether it was irradiated.",
    key=("dataset", "patient_id", "malignancy_type", "diagnosis_day", "anatomic_site"),
    foreign_keys=(_PATIENT,),
    columns=(
        *_who(),
        text("malignancy_type", "Kind as recorded.", required=True),
        integer("diagnosis_day", "Day, counted from the diagnosis under study.", unit="days"),
        text("anatomic_site", "Site."),
        text("anatomic_site_text", "Site in words."),
        text("histology", "Histology as recorded."),
        text("histology_text", "Histology in words."),
        text("pathologic_stage", "Stage."),
        text("drug_therapy", "Drug therapy for it."),
        text("radiotherapy", "Radiotherapy for it."),
        integer("radiotherapy_start_day", "Its first day.", unit="days"),
        text("surgery", "Surgery for it."),
        integer("surgery_day", "Its day.", unit="days"),
    ),
)

TABLES = (PATIENTS, OUTCOMES, RADIOTHERAPY, DRUGS, RECURRENCES, FOLLOW_UP_FORMS, OTHER_MALIGNANCIES)
