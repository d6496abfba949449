"""A small study on disk, right in every cell, into which tests plant faults."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

from survsim.evidence.raw import package
from survsim.evidence.raw.csv_text import table_bytes
from survsim.evidence.raw.curate import curated_tables, frame_of

STUDIES = """\
study_id,first_author,year,title,journal,doi,pmid,nct,url,site,design,period_start,period_end,n_total,\
median_followup_months,max_followup_months,read_what,overlap_note
alpha_2019,Alpha A,2019,A trial,J One 2019;1(2):3-9,10.1/a,11,,,lung,rct,2010,2015,600,40,90,full_text,
beta_2020,Beta B,2020,A registry,J Two,10.1/b,12,,,lung,registry,2008,2016,900,50,120,abstract,overlaps gamma_2021
gamma_2021,Gamma C,2021,A cohort,J Three,10.1/c,13,,,lung,retrospective_cohort,2012,2018,60,24,70,abstract,
delta_2015,Delta D,2015,A spinal set,J Four,10.1/d,14,,,cns_surrogate_cord,case_series,2001,2010,12,10,40,abstract,
"""
ESTIMATES = """\
estimate_id,study_id,arm_id,endpoint,measure,time,value,value_unit,conf_low,conf_high,conf_level,p_value,\
p_qualifier,n_arm,n_event,comparator,origin,adjustment,place,status,event_detail
alpha_e01,alpha_2019,chemo,overall_survival,hazard_ratio,,0.68,,0.54,0.85,0.95,0.001,,60,,observation,\
randomisation,unadjusted,table 2,checked,
alpha_e02,alpha_2019,chemo,overall_survival,median,,20.5,months,15.0,28.0,0.95,,,60,,,randomisation,unadjusted,\
table 2,checked,
alpha_e03,alpha_2019,chemo,overall_survival,survival_probability,12,0.70,,,,,,,60,,,randomisation,unadjusted,\
table 2,checked,
alpha_e04,alpha_2019,chemo,overall_survival,survival_probability,60,0.30,,,,,,,60,,,randomisation,unadjusted,\
table 2,checked,
alpha_e05,alpha_2019,chemo,toxicity,proportion,,0.25,,,,,,,60,15,,randomisation,unadjusted,table 3,checked,leukopenia
alpha_e06,alpha_2019,observation,overall_survival,median,,12.0,months,,,,,,60,,,randomisation,unadjusted,table 2,\
checked,
beta_e01,beta_2020,all,overall_survival,survival_probability,60,0.40,,0.36,0.44,0.95,,,900,,,diagnosis,unadjusted,\
abstract,checked,
gamma_e01,gamma_2021,all,overall_survival,survival_probability,60,0.35,,,,,,,60,,,diagnosis,unadjusted,abstract,\
checked,
gamma_e02,gamma_2021,all,recurrence,event_count,,9,events,,,,,,60,9,,diagnosis,unadjusted,abstract,checked,local
delta_e01,delta_2015,all,overall_survival,median,,8,months,,,,,,12,,,surgery,unadjusted,abstract,checked,
"""
CURVES = """\
curve_id,study_id,arm_id,endpoint,time,time_unit,survival,place,route
alpha_os,alpha_2019,chemo,overall_survival,0,months,1,figure 1,digitised
alpha_os,alpha_2019,chemo,overall_survival,12,months,0.7,figure 1,digitised
alpha_os,alpha_2019,chemo,overall_survival,24,months,0.45,figure 1,digitised
"""
AT_RISK = """\
curve_id,study_id,arm_id,time,time_unit,n_risk,place
alpha_os,alpha_2019,chemo,0,months,60,figure 1
alpha_os,alpha_2019,chemo,12,months,40,figure 1
alpha_os,alpha_2019,chemo,24,months,22,figure 1
"""
CASES = """\
case_id,first_author,year,title,age_years,sex,cns_site,rt_dose_gy,rt_fractions,survival_from_cns_months,\
survival_qualifier,last_known_alive_from_cns_months,status,strict_cns,read_what
case_a,Case A,2012,One patient,50,F,intraspinal,44.0 then 40,22 then 20,11,exact,,dead,yes,full_text
case_b,Case B,2014,Another patient,61,M,brain,,,,,14,alive,yes,abstract
"""
DECLARED = {
    "sources": """\
source_id,title,kind,citation,licence,time_origin
lung,Lung studies,literature,each in its row,facts_not_protected,
people,Two patients,patients,People et al. 2020,CC0,diagnosis
""",
    "readings": """\
reading_id,kind,date,what
reading_1,extraction,2026-01-01,typed from the articles
""",
    "bias": """\
table,row_id,tool,domain,judgement,support,judge,judged_on
estimates,alpha_e01,rob2,randomisation,low,methods: random numbers,reading_1,2026-01-02
estimates,alpha_e01,rob2,deviations_from_intervention,some_concerns,methods: open label,reading_1,2026-01-02
estimates,alpha_e01,rob2,missing_outcome_data,no_information,methods and results do not say,reading_1,2026-01-02
estimates,alpha_e01,rob2,measurement_of_outcome,low,death,reading_1,2026-01-02
estimates,alpha_e01,rob2,selection_of_reported_result,no_information,no plan was seen,reading_1,2026-01-02
""",
    "bias_priors": """\
tool,judgement,mean,sd,basis
rob2,some_concerns,0,0.1,assumed
""",
    "sites": """\
site,site_group,histology,population,directness
lung,lung,carcinosarcoma,index,same_disease
cns_surrogate_cord,spine,glioma,surrogate,same_site
""",
    "endpoints": """\
endpoint,abbreviation,kind,time_origin,event,competing_events,censoring_rule
overall_survival,os,time_to_event,not_stated,death of any cause,none,alive at last contact
disease_specific_survival,dss,time_to_event,not_stated,death of the tumour,other death,alive
progression_free_interval,pfi,time_to_event,not_stated,progression,other death,alive
recurrence,recurrence,occurrence,not_stated,recurrence,death,none
toxicity,toxicity,occurrence,start of treatment,harm,none,none
""",
    "overlaps": """\
cluster_id,study_id,role,certainty,why
lung_registry,beta_2020,member,stated,one registry
lung_registry,gamma_2021,member,stated,one registry
""",
    "flags": """\
table,row_id,column,flag,value,explanation
radiotherapy,people/r1,dose_gy,dose_doubtful,44,looks high
""",
    "known_warnings": """\
rule,table,row_id,expected,explanation
flagged,radiotherapy,*,1,seen
""",
    "excluded": """\
item_id,kind,description,identifier,reason
epsilon_2001,study,no numbers,10.1/e,no number
""",
    "patient_columns": """\
file,dataset,table,source_column,column
people.csv,people,patients,id,patient_id
people.csv,people,patients,age,age_years
people.csv,people,patients,drugs,postoperative_drug_therapy
people.csv,people,patients,rt,radiotherapy
people.csv,people,patients,n_drugs,drug_records_n
people.csv,people,patients,n_rt,radiation_records_n
people.csv,people,patients,removed,pelvic_nodes_removed_n
people.csv,people,patients,positive,pelvic_nodes_positive_n
drugs.csv,people,drugs,id,patient_id
drugs.csv,people,drugs,record,course_id
drugs.csv,people,drugs,start,start_day
drugs.csv,people,drugs,stop,stop_day
rt.csv,people,radiotherapy,id,patient_id
rt.csv,people,radiotherapy,record,course_id
rt.csv,people,radiotherapy,kind,radiation_type
rt.csv,people,radiotherapy,gy,dose_gy
rt.csv,people,radiotherapy,fractions,fractions
rt.csv,people,radiotherapy,start,start_day
rt.csv,people,radiotherapy,stop,stop_day
""",
    "patient_outcomes": """\
file,dataset,id_column,endpoint,time_column,time_unit,event_column,basis
people.csv,people,id,overall_survival,os,days,dead,recorded
people.csv,people,id,disease_specific_survival,os,days,tumour_dead,recorded
people.csv,people,id,progression_free_interval,pfi,days,progressed,recorded
""",
}
IPD = {
    "people": """\
id,age,drugs,rt,n_drugs,n_rt,removed,positive,os,dead,tumour_dead,pfi,progressed
p1,60,yes,yes,1,1,10,2,400,1,1,200,1
p2,71,no,no,0,0,8,0,600,0,0,600,0
""",
    "drugs": "id,record,start,stop\np1,d1,30,120\n",
    "rt": "id,record,kind,gy,fractions,start,stop\np1,r1,external,44,22,20,50\n",
}
TIMELINE = """\
case_id,order,event,detail,day_from_surgery,dose_gy,fractions
case_a,1,surgery,resection,0,,
case_a,2,radiotherapy,postoperative,,44,22
"""
FACTS = "case_id: case_a\ncord_dose: {value: 44, unit: Gy}\ncourses: [one, two]\n"


def write_raw(data: Path) -> Path:
    """Write the raw files of the study below `data`; return the raw folder."""
    raw = data / "raw"
    files = {
        "literature/lung/studies.csv": STUDIES,
        "literature/lung/estimates.csv": ESTIMATES,
        "literature/lung/curves.csv": CURVES,
        "literature/lung/at_risk.csv": AT_RISK,
        "literature/lung/cases.csv": CASES,
        "case/timeline.csv": TIMELINE,
        "case/case.yml": FACTS,
    }
    files |= {f"declared/{name}.csv": text for name, text in DECLARED.items()}
    files |= {f"ipd/{name}.csv": text for name, text in IPD.items()}
    for name, text in files.items():
        path = raw / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
    return raw


def curated_content(raw: Path) -> dict[str, bytes]:
    """Bytes of every curated table of a raw folder."""
    return {name: table_bytes(frame_of(name, rows)) for name, rows in curated_tables(raw).items()}


def write_curated(data: Path, content: dict[str, bytes], *, raw: Path | None = None) -> Path:
    """Write curated tables and a descriptor that fits them; return `data`."""
    folder = data / "curated"
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in content.items():
        (folder / f"{name}.csv").write_bytes(table)
    descriptor = package.descriptor(content, raw or data / "raw")
    (data / "datapackage.json").write_text(json.dumps(descriptor), encoding="utf-8")
    return data


def rows_of(content: bytes) -> list[dict[str, str]]:
    """Rows of one table."""
    return list(csv.DictReader(io.StringIO(content.decode("utf-8"), newline="")))


def planted(content: bytes, row: int, **cells: str) -> bytes:
    """The table with some cells of one row replaced; row -1 is the last, row len is a copy of the last."""
    rows = rows_of(content)
    if row == len(rows):
        rows.append(dict(rows[-1]))
    for name, cell in cells.items():
        if name not in rows[row]:
            raise KeyError(name)
        rows[row][name] = cell
    return table_of(rows)


def table_of(rows: list[dict[str, str]]) -> bytes:
    """Rows as the bytes of a table."""
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue().encode("utf-8")


def row_at(content: bytes, **cells: str) -> int:
    """Position of the only row with these cells."""
    found = [i for i, r in enumerate(rows_of(content)) if all(r[k] == v for k, v in cells.items())]
    if len(found) != 1:
        raise LookupError(f"{len(found)} rows have {cells}")
    return found[0]
