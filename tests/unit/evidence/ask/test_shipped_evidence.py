"""The shipped tables hold what their sources say, and no more."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import survsim
from survsim.evidence.raw import package
from survsim.evidence.raw.csv_text import read_or_raise
from survsim.evidence.schema.catalogue import tables
from survsim.evidence.schema.grade import evidence_grade
from survsim.evidence.schema.pooling import ORIGIN_TOLD, ORIGIN_UNTOLD
from tests.helpers.used_rows import used_rows

DATA = Path(__file__).resolve().parents[4] / "data"


@pytest.fixture(scope="module")
def store():
    return survsim.load_evidence(DATA)


def test_no_error_and_every_warning_explained():
    report = survsim.check_evidence(DATA)
    assert report.errors == ()
    assert [str(f) for f in report.warnings if not f.explained] == []


def test_the_curated_tables_are_what_the_raw_files_give():
    from survsim.evidence.raw.csv_text import table_bytes
    from survsim.evidence.raw.curate import curated_tables, frame_of

    content = {n: table_bytes(frame_of(n, r)) for n, r in curated_tables(DATA / "raw").items()}
    assert [n for n, d in content.items() if (DATA / "curated" / f"{n}.csv").read_bytes() != d] == []
    assert (DATA / "datapackage.json").read_bytes() == package.to_bytes(
        package.descriptor(content, DATA / "raw")
    )


def test_the_dictionary_in_the_readme_is_the_schema():
    text = (DATA / "README.md").read_text(encoding="utf-8")
    assert text.partition("<!-- dictionary -->\n")[2] == package.dictionary()


def test_the_descriptor_follows_the_data_package_standard():
    content = json.loads((DATA / "datapackage.json").read_text(encoding="utf-8"))
    assert [r["name"] for r in content["resources"]] == list(tables())
    for resource in content["resources"]:
        assert resource["hash"].startswith("sha256:")
        fields = [f["name"] for f in resource["schema"]["fields"]]
        assert set(resource["schema"]["primaryKey"]) <= set(fields)
        for key in resource["schema"].get("foreignKeys", []):
            assert set(key["fields"]) <= set(fields)
    assert all(s["citation"] and s["licence"] for s in content["sources"])


@pytest.mark.parametrize("name", ["gyn", "other_sites", "treatment_parameters", "second_reading", "states"])
def test_every_typed_number_is_curated_excluded_or_corrected(store, name):
    typed = read_or_raise(DATA / "raw" / "literature" / name / "estimates.csv").set_index("estimate_id")
    curated = read_or_raise(DATA / "curated" / "estimates.csv").set_index("estimate_id")
    gone = set(store.excluded["item_id"])
    corrected = set(zip(store.corrections["row_id"], store.corrections["column"]))
    for row_id, row in typed.iterrows():
        if row_id in gone:
            assert row_id not in curated.index
            continue
        now = curated.loc[row_id]
        pairs = [
            ("value", "value"),
            ("ci_lower", "conf_low"),
            ("ci_upper", "conf_high"),
            ("n_arm", "n_arm"),
            ("n_events", "n_event"),
            ("time_months", "time"),
            ("note", "note"),
            ("place", "place"),
        ]
        for old, new in pairs:
            same = row[old] == now[new]
            counted = now["measure"] == "event_count" and new == "value"
            assert same or counted or (row_id, new) in corrected, (row_id, new)


def test_three_studies_under_two_names_are_one(store):
    names = set(store.studies["study_id"])
    assert {"gog0130f_gemdoc", "how_2021_lp", "lp_five_patients"} <= names
    assert not {"gog_2010_gemdoc_ucs", "how_2021_lp70", "lp_ucs_2024_n5"} & names
    progressive = store.estimate("gog_2010_gemdoc_ucs_e02")
    assert (progressive.study_id, progressive.value, progressive.event_detail) == (
        "gog0130f_gemdoc",
        0.5,
        "progressive_disease",
    )
    with pytest.raises(survsim.errors.EvidenceError, match="the same number as gog0130f_gemdoc_e01"):
        store.estimate("gog_2010_gemdoc_ucs_e01")


def test_controls_and_surrogates_are_not_selected_as_carcinosarcoma(store):
    assert store.estimate("rauhhain_2013_seer_ovary_e02").population == "control"
    squamous = store.estimates.query("arm_id == 'zhang_2016_esoph_spcc_scc'")
    assert set(squamous["population"]) == {"control"}
    chosen = store.select().frame
    assert set(chosen["population"]) == {"index"}
    assert not chosen["site"].str.startswith("cns_surrogate_").any()
    surrogate = store.studies[store.studies["site"].str.startswith("cns_surrogate_")]
    assert set(surrogate["population"]) == {"surrogate"}


def test_rows_that_differed_only_in_a_note_differ_in_columns_now(store):
    same = [
        "study_id",
        "arm_id",
        "endpoint",
        "event_detail",
        "grade",
        "origin",
        "measure",
        "time",
        "comparator",
        "adjustment",
        "adjusted_for",
        "stage",
        "instrument",
    ]
    assert not store.estimates.duplicated(same).any()


def test_upper_bounds_are_marked(store):
    found = store.records("kirkpatrick_2010_quantec_e01", "kirkpatrick_2010_quantec_e02")
    assert [(e.value, e.value_qualifier) for e in found] == [(0.01, "upper_bound"), (0.10, "upper_bound")]


def test_no_interval_is_taken_from_an_interquartile_range(store):
    found = store.estimate("seagle_2017_ncdb_stage1_e01")
    assert np.isnan(found.conf_low)
    assert found.conf_note == "interquartile_range_not_used"


def test_a_one_sided_limit_is_no_interval(store):
    found = store.estimate("sutton_2000_gog0108_e06")
    assert not found.has_interval
    assert found.conf_note == "one_sided"


@pytest.mark.parametrize(
    ("endpoint", "n", "events"),
    [
        ("overall_survival", 57, 35),
        ("disease_specific_survival", 55, 31),
        ("disease_free_interval", 27, 10),
        ("progression_free_interval", 57, 37),
        ("progression_free_survival", 57, 41),
    ],
)
def test_tcga_endpoints_have_the_counts_of_their_source(store, endpoint, n, events):
    surv = store.surv("tcga_ucs", endpoint=endpoint, unit="days")
    assert (len(surv), int(surv.event.sum())) == (n, events)
    assert len(store.patients("tcga_ucs", endpoint=endpoint)) == n


def test_tcga_deaths_fall_into_causes(store):
    surv = store.competing("tcga_ucs", unit="days")
    patients = store.patients("tcga_ucs", endpoint="disease_specific_survival")
    assert len(surv) == len(patients) == 55
    counts = {label: int((surv.cause == k + 1).sum()) for k, label in enumerate(surv.cause_labels)}
    assert counts == {"tumour": 31, "other": 2}


def test_tcga_timelines_are_whole(store):
    counts = {
        t: len(store.timelines(t, "tcga_ucs"))
        for t in ("drugs", "radiotherapy", "recurrences", "follow_up_forms", "other_malignancies")
    }
    assert counts == {
        "drugs": 95,
        "radiotherapy": 34,
        "recurrences": 54,
        "follow_up_forms": 82,
        "other_malignancies": 8,
    }
    flagged = set(store.flags["row_id"])
    assert {"tcga_ucs/TCGA-NA-A5I1-R50814", "tcga_ucs/TCGA-N6-A4VG-R56445"} <= flagged
    doses = store.timelines("radiotherapy", "tcga_ucs").set_index("course_id")["dose_gy"]
    assert doses["TCGA-NA-A5I1-R50814"] == 0.45


def test_zhu_is_there(store):
    surv = store.surv("zhu_shantou", endpoint="overall_survival", unit="months")
    assert (len(surv), int(surv.event.sum())) == (16, 4)


def test_the_strict_cases_are_those_of_the_text(store):
    strict = store.cases().query("strict_cns == 'yes'")
    assert len(strict) == 14
    assert sorted(strict["survival_from_cns_months"].dropna()) == [1, 2, 2, 4, 11]
    assert sorted(strict["last_known_alive_from_cns_months"].dropna()) == [14, 18]


def test_the_index_case_is_told_in_order(store):
    course = store.timeline("index_case")
    assert course["event"].iloc[[0, -1]].tolist() == ["presentation", "death"]
    facts = store.case_facts("index_case")
    assert facts["overall_survival.value"] == "11"
    assert facts["radiotherapy_courses.1.dose_gy"] == "44.0"


def test_seer_and_ncdb_are_not_added_up(store):
    found = store.select(
        site="uterus", endpoint="overall_survival", measure="hazard_ratio", allow_mixed="any"
    )
    registries = set(found.study_ids) & {
        "wong_2017_ncdb",
        "ncdb_2018_ebrt_bt",
        "seer_2021_rt_on_chemo",
        "rojas_ncdb_race",
    }
    assert len(registries) == 1
    reasons = found.left_out.set_index("study_id")["reason"]
    assert "SEER and NCDB" in reasons["ncdb_2018_ebrt_bt"].iloc[0]


def test_a_mixed_study_answers_for_the_site_of_its_arm(store):
    found = store.select(study="powell_2022_gog0261", site="uterus")
    assert set(found.frame["arm_id"]) == {"ucs_pc", "ucs_pi"}


@pytest.mark.parametrize(
    ("design", "randomised", "directness", "read_what", "grade"),
    [
        ("rct", "yes", "same_disease", "abstract", "A3-abstract"),
        ("meta_analysis", "yes", "same_disease", "abstract", "A3-abstract"),
        ("registry", "no", "same_site", "news_report", "C4-secondary"),
        ("phase2_single_arm", "no", "indirect", "abstract_and_table", "B5-abstract"),
        ("case_series", "no", "spinal_canal", "full_text", "D1-full"),
        ("registry", "no", "same_disease", "meeting_abstract", "C3-abstract"),
    ],
)
def test_the_grade_follows_its_rule(design, randomised, directness, read_what, grade):
    assert evidence_grade(design, randomised, directness, read_what) == grade


def test_no_text_of_the_project_names_the_machine():
    for path in DATA.rglob("*"):
        if path.is_file() and path.suffix in (".csv", ".json", ".md", ".yml"):
            # An address on the web may have a folder of such a name.
            text = re.sub(r"https?://\S+", "", path.read_text(encoding="utf-8"))
            for folder in ("home", "root", "tmp", "work", "Users"):
                assert f"/{folder}/" not in text, path


def test_the_corrections_of_the_second_reading_stand(store):
    row = store.estimates.set_index("estimate_id")
    assert row.loc["elshafie_2019_lc110_e01", "origin"] == "leptomeningeal_diagnosis"
    assert row.loc["elshafie_2019_lc110_e02", ["origin", "event_detail", "status"]].tolist() == [
        "start_of_radiotherapy",
        "",
        "checked",
    ]
    assert set(row.loc[["cha_2016_krog1308_e01", "cha_2016_krog1308_e03"], "event_detail"]) == {
        "locoregional"
    }
    assert (row.loc["powell_2022_gog0261_e03", "p_value"], row.loc["powell_2022_gog0261_e03", "p_scope"]) == (
        0.14,
        "superiority",
    )
    assert row.loc["wolfson_2007_gog0150_e04", "adjusted_codes"] == "age; stage"
    assert row.loc["zhu_2018_fudan_e06", ["adjusted_codes", "candidate_codes"]].tolist() == [
        "component; residual_disease",
        "extent; component; systemic_therapy",
    ]
    cohen = row.loc["cohen_2004_ovary_bm72_e02"]
    assert (cohen["adjustment"], cohen["p_scope"], cohen["origin"]) == (
        "unadjusted",
        "model_term",
        "brain_metastasis_diagnosis",
    )
    for name in ("gungorduk_2021_early_e04", "gungorduk_2021_early_e05", "bondili_psc_lung_e05"):
        assert row.loc[name, "status"] == "questioned"
    cases = store.cases().set_index("case_id")
    assert cases.loc["btp_2011_56f_uterus_brain", "surgery"] == "resected_twice_extent_unknown"
    geddis = store.studies.set_index("study_id").loc["seddon_2017_geddis"]
    assert np.isnan(geddis["median_followup_months"])
    assert "22 months" in geddis["followup_note"]


def test_the_three_contradicting_p_values_are_found(store):
    report = survsim.check_evidence(DATA)
    assert {f.row for f in report.warnings if f.rule == "p_contradicts_interval"} == {
        "gungorduk_2021_early_e04",
        "gungorduk_2021_early_e05",
        "bondili_psc_lung_e05",
    }
    asymmetric = {f.row for f in report.warnings if f.rule == "interval_asymmetric"}
    assert "gungorduk_2021_early_e04" in asymmetric
    assert "pacaut_2015_france_e03" not in asymmetric


def test_every_time_to_event_number_has_an_origin_or_a_reason(store):
    rows = store.estimates
    assert (rows["origin_basis"] != "").all()
    stated = rows["origin"] != "not_stated"
    assert (rows.loc[stated, "origin_set_by"] != "").all()
    assert set(rows.loc[stated, "origin_set_by"]) <= set(store.readings["reading_id"])


def test_every_number_of_a_report_has_an_origin_or_says_what_was_read_and_is_silent(store):
    used = used_rows(store.estimates["estimate_id"])
    assert len(used) > 150
    assert len({a for names in used.values() for a in names}) >= 7
    rows = store.estimates[store.estimates["estimate_id"].isin(list(used))]
    timed = rows[rows["origin_basis"] != "not_applicable"]
    told = timed["origin"] != "not_stated"
    assert set(timed.loc[told, "origin_source"]) <= set(ORIGIN_TOLD)
    assert set(timed.loc[~told, "origin_source"]) <= set(ORIGIN_UNTOLD) - {"not_applicable"}
    # What is told came from a text, a registry or a registration, and somebody set it.
    assert (timed.loc[told, "origin_set_by"] != "").all()
    assert told.sum() >= 20


def test_only_registries_have_the_origin_of_a_registry(store):
    rows = store.estimates[store.estimates["origin_source"] == "registry_definition"]
    assert len(rows) > 100
    assert set(rows["design"]) == {"registry"}
    assert set(rows["origin"]) == {"diagnosis"}
    where = store.studies.set_index("study_id").loc[rows["study_id"], "country_or_source"]
    assert where.str.contains("SEER|NCDB|National Cancer Data", regex=True).all()
    assert not (rows["exposure_timing"] == "landmark").any()


def test_states_keep_their_topics(store):
    topics = read_or_raise(DATA / "raw" / "literature" / "states" / "topics.csv").set_index("estimate_id")
    rows = store.estimates.set_index("estimate_id")
    kept = topics.index.intersection(rows.index)
    assert len(kept) == 509
    declared = DATA / "raw" / "declared"
    mended = pd.concat([read_or_raise(declared / f"{name}.csv") for name in ("annotations", "corrections")])
    told = set(mended.loc[(mended["table"] == "estimates") & (mended["column"] == "state"), "row_id"])
    differs = rows.loc[kept, "state"] != topics.loc[kept, "state"]
    assert set(kept[differs]) == told


def test_the_readme_tells_how_many_rows_each_draw_of_the_audit_found_wrong():
    audit = read_or_raise(DATA / "raw" / "declared" / "audit_2026_11_29.csv")
    draws = sorted(set(audit["draw"]), key=int)
    wrong = audit[audit["describing_fields"] == "wrong"].groupby("draw").size()
    text = " ".join((DATA / "README.md").read_text(encoding="utf-8").split())
    told = re.search(r"draw by draw\*\* \(1 to 24, 31 to (\d+)\): ([\d, ]+)\.", text)
    assert told is not None
    assert told[1] == draws[-1]
    assert [int(n) for n in told[2].split(",")] == [wrong.get(draw, 0) for draw in draws]
    assert [int(draw) for draw in draws] == [*range(1, 25), *range(31, int(told[1]) + 1)]


def test_each_row_of_the_audit_was_judged_and_what_was_wrong_was_mended():
    audit = read_or_raise(DATA / "raw" / "declared" / "audit_2026_11_29.csv")
    assert set(audit.groupby("draw").size()) == {25}
    assert set(audit.groupby("draw")["seed"].nunique()) == {1}
    assert not audit.duplicated(["draw", "estimate_id"]).any()
    known = read_or_raise(DATA / "curated" / "estimates.csv")["estimate_id"]
    assert set(audit["estimate_id"]) <= set(known) | set(
        read_or_raise(DATA / "curated" / "excluded.csv")["item_id"]
    )
    assert set(audit["describing_fields"]) == {"agrees", "wrong"}
    assert (audit.loc[audit["describing_fields"] == "wrong", ["field", "fault", "done"]] != "").all(axis=None)
