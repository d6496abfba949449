"""Corrections, readings, topics and what typed cells settle by themselves."""

from __future__ import annotations

import pytest

from survsim.core.errors import EvidenceError
from survsim.evidence.raw.curate import curated_tables
from tests.helpers.mini_study import write_raw

HEAD = "table,row_id,column,was,became,why,by\n"


@pytest.fixture
def raw(tmp_path):
    return write_raw(tmp_path / "data")


def estimates(raw):
    return {r["estimate_id"]: r for r in curated_tables(raw)["estimates"]}


def correct(raw, line):
    (raw / "declared" / "corrections.csv").write_text(HEAD + line + "\n", encoding="utf-8")


def test_a_correction_changes_the_cell_and_is_kept_with_its_reason(raw):
    correct(raw, "estimates,beta_e01,origin,diagnosis,surgery,printed: after surgery,reading_1")
    tables = curated_tables(raw)
    row = next(r for r in tables["estimates"] if r["estimate_id"] == "beta_e01")
    assert (row["origin"], row["origin_basis"], row["origin_set_by"]) == (
        "surgery",
        "printed: after surgery",
        "reading_1",
    )
    kept = [r for r in tables["corrections"] if r["rule"] == "second_look"]
    assert [(r["was"], r["became"], r["by"]) for r in kept] == [("diagnosis", "surgery", "reading_1")]


def test_a_correction_of_another_state_is_refused(raw):
    correct(raw, "estimates,beta_e01,value,0.5,0.6,misprint,reading_1")
    with pytest.raises(EvidenceError, match=r"written for '0.5', the cell holds '0.40'"):
        curated_tables(raw)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("estimates,beta_e01,colour,,red,x,reading_1", "no column 'colour'"),
        ("estimates,nobody_e01,value,1,2,x,reading_1", "rows that do not exist"),
        ("cases,case_a,surgery,unknown,partial,x,reading_1", "written for 'unknown'"),
    ],
)
def test_a_correction_that_fits_nothing_is_refused(raw, line, words):
    correct(raw, line)
    with pytest.raises(EvidenceError, match=words):
        curated_tables(raw)


def test_a_number_may_belong_to_a_study_of_another_set_and_has_its_topic(raw):
    later = raw / "literature" / "later"
    later.mkdir()
    (later / "studies.csv").write_text("study_id,site,design,read_what\n", encoding="utf-8")
    (later / "estimates.csv").write_text(
        "estimate_id,study_id,arm_id,endpoint,measure,value,value_unit,n_arm,place\n"
        "beta_s01,beta_2020,all,overall_survival,median,14,months,900,abstract\n",
        encoding="utf-8",
    )
    (later / "topics.csv").write_text(
        "estimate_id,topic,state,event_detail,time_origin\nbeta_s01,2,survival,,diagnosis of relapse\n",
        encoding="utf-8",
    )
    with pytest.raises(EvidenceError, match=r"origin 'diagnosis of relapse' is not in declared/origins.csv"):
        curated_tables(raw)
    (raw / "declared" / "origins.csv").write_text(
        "printed,origin\ndiagnosis of relapse,relapse\n", encoding="utf-8"
    )
    row = estimates(raw)["beta_s01"]
    assert (row["state"], row["origin"], row["origin_basis"]) == (
        "survival",
        "relapse",
        "printed: diagnosis of relapse",
    )
    assert row["status"] == "unchecked"


def test_a_number_that_is_declared_left_out_is_not_curated(raw):
    path = raw / "declared" / "excluded.csv"
    path.write_text(
        path.read_text(encoding="utf-8") + "beta_e01,estimate,x,beta_2020,cut off\n", encoding="utf-8"
    )
    assert "beta_e01" not in estimates(raw)


def test_typed_cells_settle_what_follows_from_them_and_no_more(raw):
    rows = estimates(raw)
    assert rows["alpha_e01"]["estimator"] == "model"
    assert rows["alpha_e05"]["estimator"] == "crude"
    assert rows["gamma_e02"]["estimator"] == "crude"
    assert rows["alpha_e03"]["estimator"] == "not_reported"
    assert rows["beta_e01"]["unit_of_analysis"] == "patient"
    assert rows["alpha_e01"]["p_scope"] == "not_reported"
    assert rows["alpha_e02"]["p_scope"] == ""


STAGED = """\
study_id,site,design,read_what,n_total,median_followup_months,stages
{0},lung,registry,abstract,90,14,{1}
"""
GROUPS = """\
estimate_id,study_id,arm_id,arm_label,endpoint,measure,value,n_arm,comparator,place,stage,adjustment,n_event
{0}_e01,{0},all,everybody,recurrence,event_count,9,90,,abstract,,,9
{0}_e02,{0},old,age over 70 vs younger,overall_survival,hazard_ratio,1.4,30,young,abstract,,adjusted,
{0}_e03,{0},s1,stage I,overall_survival,hazard_ratio,0.4,20,s2,abstract,,adjusted,
{0}_e04,{0},open,open surgery of stage I,overall_survival,hazard_ratio,0.9,20,closed,abstract,I,adjusted,
"""


def of_stages(raw, stages):
    """Curated groups and numbers of a study of 90 patients that tells its stages so."""
    later = raw / "literature" / "later"
    later.mkdir(exist_ok=True)
    (later / "studies.csv").write_text(STAGED.format("epsilon", stages), encoding="utf-8")
    (later / "estimates.csv").write_text(GROUPS.format("epsilon"), encoding="utf-8")
    tables = curated_tables(raw)
    arms = {r["arm_id"]: r for r in tables["arms"] if r["study_id"] == "epsilon"}
    return arms, {r["estimate_id"][-3:]: r for r in tables["estimates"] if r["study_id"] == "epsilon"}


def test_stages_of_everybody_are_those_of_the_groups_and_their_numbers(raw):
    arms, rows = of_stages(raw, "I-III")
    assert [arms[a]["stage_mix"] for a in ("all", "old", "young", "s1", "open")] == [
        "I-III",
        "I-III",
        "I-III",
        "not_reported",
        "I",
    ]
    assert [rows[e]["stage"] for e in ("e01", "e02", "e03", "e04")] == ["I-III", "I-III", "", "I"]


@pytest.mark.parametrize("stages", ["", "all", "60% stage IV", "15 stage I", "I 9, II 6", "III (2 trials)"])
def test_counted_stages_of_a_study_are_not_those_of_its_groups(raw, stages):
    arms, rows = of_stages(raw, f'"{stages}"')
    assert {arms[a]["stage_mix"] for a in ("all", "old", "young")} == {"not_reported"}
    assert rows["e01"]["stage"] == ""


def test_the_group_that_is_the_whole_study_was_followed_as_long(raw):
    arms, _ = of_stages(raw, "I-III")
    assert [(arms[a]["followup_months"], arms[a]["followup_kind"]) for a in ("all", "old")] == [
        ("14", "median"),
        ("", ""),
    ]


def test_stage_and_age_are_known_from_the_start_and_other_groups_are_not(raw):
    _, rows = of_stages(raw, "I-III")
    for name in ("e02", "e03", "e04"):
        assert rows[name]["contrast"] == "treatment"
        assert rows[name]["exposure_timing"] == "not_reported"
    path = raw / "literature" / "later" / "estimates.csv"
    path.write_text(
        GROUPS.format("epsilon")
        .replace(",place,", ",contrast,place,")
        .replace(",abstract,", ",prognostic,abstract,"),
        encoding="utf-8",
    )
    rows = estimates(raw)
    timing = [rows[f"epsilon_{e}"]["exposure_timing"] for e in ("e02", "e03", "e04")]
    assert timing == ["at_time_zero", "at_time_zero", "not_reported"]


def test_a_crude_share_is_unadjusted(raw):
    _, rows = of_stages(raw, "I-III")
    assert (rows["e01"]["estimator"], rows["e01"]["adjustment"]) == ("crude", "unadjusted")


LASTING = """\
estimate_id,study_id,arm_id,arm_label,endpoint,measure,value,value_unit,comparator,estimator,place
{0}_e01,{0},all,everybody,toxicity,median,5.6,months,,,abstract
{0}_e02,{0},all,everybody,toxicity,proportion,0.4,,,,abstract
{0}_e03,{0},old,age over 70 vs younger,recurrence,hazard_ratio,1.4,,young,,abstract
{0}_e04,{0},all,everybody,overall_survival,survival_probability,0.4,,,model,abstract
{0}_e05,{0},old,age over 70,overall_survival,median,9,months,young,,abstract
"""


def lasting(raw):
    later = raw / "literature" / "later"
    later.mkdir(exist_ok=True)
    (later / "studies.csv").write_text(STAGED.format("epsilon", ""), encoding="utf-8")
    (later / "estimates.csv").write_text(LASTING.format("epsilon"), encoding="utf-8")
    return {i[-3:]: r for i, r in estimates(raw).items() if r["study_id"] == "epsilon"}


def test_a_duration_starts_somewhere_even_where_its_endpoint_is_an_occurrence(raw):
    rows = lasting(raw)
    asked = {e: rows[e]["origin_source"] for e in ("e01", "e02", "e03")}
    assert asked == {"e01": "not_in_abstract", "e02": "not_applicable", "e03": "not_in_abstract"}


def test_a_number_of_one_group_is_unadjusted_unless_a_model_made_it(raw):
    rows = lasting(raw)
    told = {e: row["adjustment"] for e, row in rows.items()}
    assert told == {
        "e01": "unadjusted",
        "e02": "unadjusted",
        "e03": "not_stated",
        "e04": "not_stated",
        "e05": "unadjusted",
    }


PAIRED = """\
estimate_id,study_id,arm_id,arm_label,endpoint,measure,value,value_unit,n_arm,comparator,contrast,exposure_timing,p_value,p_scope,place
{0}_e01,{0},open,open surgery vs closed surgery,overall_survival,median,9,months,30,closed,treatment,at_time_zero,0.2,two_groups,abstract
{0}_e02,{0},closed,closed surgery,overall_survival,median,7,months,20,,,,,,abstract
{0}_e03,{0},high,high dose,recurrence,proportion,0.2,,30,low,treatment,after_time_zero,,,abstract
{0}_e04,{0},middle,middle dose,recurrence,proportion,0.3,,30,low,treatment,after_time_zero,,,abstract
{0}_e05,{0},low,low dose,recurrence,proportion,0.4,,30,,,,,,abstract
{0}_e06,{0},closed,closed surgery,overall_survival,mean,8,months,20,,,,,,abstract
"""


def test_both_groups_of_a_comparison_say_so_and_a_reference_of_several_does_not(raw):
    later = raw / "literature" / "later"
    later.mkdir(exist_ok=True)
    (later / "studies.csv").write_text(STAGED.format("epsilon", ""), encoding="utf-8")
    (later / "estimates.csv").write_text(PAIRED.format("epsilon"), encoding="utf-8")
    tables = curated_tables(raw)
    rows = {r["estimate_id"][-3:]: r for r in tables["estimates"] if r["study_id"] == "epsilon"}
    told = {e: (r["comparator"], r["contrast"], r["exposure_timing"]) for e, r in rows.items()}
    assert told["e02"] == ("open", "treatment", "at_time_zero")
    assert (rows["e02"]["p_value"], rows["e02"]["p_scope"]) == ("0.2", "two_groups")
    assert told["e05"] == told["e06"] == ("", "", "")
    labels = {r["arm_id"]: r["label"] for r in tables["arms"] if r["study_id"] == "epsilon"}
    assert labels["open"] == "open surgery"
    assert labels["low"] == "low dose"


def test_a_correction_of_a_group_passes_over_numbers_that_do_not_say_what_it_had(raw):
    later = raw / "literature" / "later"
    later.mkdir(exist_ok=True)
    (later / "studies.csv").write_text(STAGED.format("epsilon", ""), encoding="utf-8")
    (later / "estimates.csv").write_text(
        "estimate_id,study_id,arm_id,arm_label,treatment,regimen,endpoint,measure,value,value_unit,place\n"
        "epsilon_e01,epsilon,all,everybody,rt,18 Gy,overall_survival,median,9,months,abstract\n"
        "epsilon_e02,epsilon,all,everybody,rt,,overall_survival,mean,10,months,abstract\n",
        encoding="utf-8",
    )
    correct(raw, "arms,epsilon/all,regimen,18 Gy,18 Gy once,the abstract says so,reading_1")
    arms = {r["arm_id"]: r for r in curated_tables(raw)["arms"] if r["study_id"] == "epsilon"}
    assert arms["all"]["regimen"] == "18 Gy once"
