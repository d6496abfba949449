"""Loading and selecting: what is selected, what is left out and why, patients, cases, records."""

from __future__ import annotations

import numpy as np
import pytest

import survsim
from survsim.evidence.ask.overlap import Membership, Standing, resolve, shared
from survsim.evidence.raw.curate import curate
from survsim.evidence.raw.locate import find_study
from tests.helpers.mini_study import curated_content, write_curated, write_raw


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    data = tmp_path_factory.mktemp("study") / "data"
    raw = write_raw(data)
    return survsim.load_evidence(write_curated(data, curated_content(raw)).parent)


def test_a_selection_gives_rows_and_a_reason_for_every_other(store):
    found = store.select(
        endpoint="overall_survival", measure="survival_probability", time=60, allow_mixed="origin"
    )
    assert found.frame["estimate_id"].tolist() == ["alpha_e04", "beta_e01"]
    out = dict(zip(found.left_out["estimate_id"], found.left_out["reason"]))
    assert set(out) == set(store.estimates["estimate_id"]) - {"alpha_e04", "beta_e01"}
    assert out["alpha_e05"] == "endpoint is not overall_survival"
    assert out["alpha_e01"] == "measure is not survival_probability"
    assert out["alpha_e03"] == "time is not 60 months"
    assert "shares patients with beta_2020" in out["gamma_e01"]
    assert "kept: larger" in out["gamma_e01"]


def test_records_carry_their_row_and_its_study(store):
    record = store.select(measure="hazard_ratio").records[0]
    assert (record.value, record.conf_low, record.n_arm, record.design) == (0.68, 0.54, 60.0, "rct")
    assert (record.reference, record.place, record.evidence_grade) == (
        "estimates:alpha_e01",
        "table 2",
        "A3-full",
    )
    assert record.has_interval
    assert np.isnan(store.estimate("alpha_e03").conf_low)
    assert not store.estimate("alpha_e03").has_interval
    assert survsim.Provenance.of("x", record).references() == ("estimates:alpha_e01",)


def test_surrogates_are_left_out_unless_asked_for(store):
    medians = store.select(measure="median")
    assert "delta_e01" not in set(medians.frame["estimate_id"])
    assert (
        "population='any'"
        in dict(zip(medians.left_out["estimate_id"], medians.left_out["reason"]))["delta_e01"]
    )
    for asked in (
        {"population": "any"},
        {"histology": "glioma"},
        {"study": "delta_2015"},
        {"population": "surrogate"},
    ):
        assert "delta_e01" in set(store.select(measure="median", **asked).frame["estimate_id"])


def test_site_means_site_or_group_and_several_words_are_alternatives(store):
    assert set(store.select(site="spine", population="any").study_ids) == {"delta_2015"}
    assert set(
        store.select(
            site=["cns_surrogate_cord", "lung"],
            population="any",
            overlap="keep",
            study=["delta_2015", "alpha_2019"],
        ).study_ids
    ) == {"delta_2015", "alpha_2019"}


def test_only_numbers_with_an_interval_can_be_asked_for(store):
    found = store.select(endpoint="overall_survival", interval=True)
    assert found.frame["conf_low"].notna().all()
    assert "no interval printed" in set(found.left_out["reason"])


def test_the_user_may_name_the_study_to_keep(store):
    found = store.select(endpoint="overall_survival", time=60, overlap={"lung_registry": "gamma_2021"})
    assert found.study_ids == ("alpha_2019", "gamma_2021")
    assert "named by the user" in found.left_out.set_index("estimate_id").loc["beta_e01", "reason"]


def test_keeping_shared_patients_warns(store):
    with pytest.warns(survsim.errors.EvidenceWarning, match="lung_registry: beta_2020, gamma_2021"):
        found = store.select(endpoint="overall_survival", time=60, overlap="keep")
    assert len(found.study_ids) == 3


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"endpoint": "overal_survival"}, "Did you mean 'overall_survival'"),
        ({"design": "phase4"}, "no number has design 'phase4'"),
        ({"overlap": "drop"}, "overlap must be"),
        ({"overlap": {"nowhere": "beta_2020"}}, "does not exist"),
        ({"overlap": {"lung_registry": "alpha_2019"}}, "whose studies are"),
    ],
)
def test_a_question_that_cannot_be_answered_says_what_can(store, asked, words):
    with pytest.raises(survsim.errors.EvidenceError, match=words):
        store.select(**asked)


def test_a_selection_is_one_step_of_provenance(store):
    found = store.select(measure="hazard_ratio")
    assert found.provenance.references() == ("estimates:alpha_e01",)
    assert dict(found.provenance.options)["measure"] == ["hazard_ratio"]


def test_the_flow_counts_down_to_what_remained(store):
    flow = store.select(endpoint="overall_survival", time=60).flow()
    frame = flow.to_frame()
    assert frame["numbers_left"].iloc[0] == len(store.estimates)
    assert frame["numbers_left"].iloc[-1] == 2
    assert (frame["numbers_left"] == len(store.estimates) - frame["numbers_out"].cumsum()).all()
    assert frame["studies_left"].iloc[-1] == 2
    assert "2 of 10 numbers, 2 of 4 studies" in flow.headline()
    assert "shares patients" in frame["reason"].iloc[-1]


def test_the_map_counts_patients_and_shows_gaps(store):
    found = store.select(overlap="resolve").map()
    frame = found.to_frame()
    cell = frame[(frame["design"] == "rct") & (frame["endpoint"] == "toxicity")].iloc[0]
    assert (cell["n_study"], cell["n_patient"], cell["n_number"]) == (1, 600, 1)
    assert len(found.gaps()) == len(found.sites) * len(found.treatments) * len(found.endpoints) - len(
        frame[["site_group", "treatment", "endpoint"]].drop_duplicates()
    )


def test_patients_and_response_stand_in_one_order(store):
    surv = store.surv("people", endpoint="overall_survival", unit="days")
    patients = store.patients("people", endpoint="overall_survival")
    assert surv.time.tolist() == [400.0, 600.0]
    assert surv.event.tolist() == [True, False]
    assert surv.sources == ("patients:people",)
    assert patients["patient_id"].tolist() == ["p1", "p2"]
    assert "race" not in patients.columns
    months = store.surv("people", endpoint="overall_survival", unit="months")
    assert months.time[0] == pytest.approx(400 / 30.4375)
    assert store.timelines("drugs", "people")["stop_day"].tolist() == [120.0]


def test_cases_have_courses_and_facts(store):
    assert store.cases()["directness"].tolist() == ["spinal_canal", "central_nervous_system"]
    assert store.timeline("case_a")["event"].tolist() == ["surgery", "radiotherapy"]
    assert store.case_facts("case_a")["cord_dose.value"] == "44"


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda s: s.patients("nobody"), "has no data set 'nobody'; it has: people"),
        (lambda s: s.surv("people", endpoint="os", unit="days"), "has no endpoint 'os'"),
        (lambda s: s.timeline("case_b"), "those that have one: case_a"),
        (lambda s: s.case_facts("case_b"), "those that have: case_a"),
        (lambda s: s.estimate("alpha_e99"), "no estimate is called alpha_e99"),
        (lambda s: s.estimate("epsilon_2001"), "It was left out: no number"),
        (lambda s: s.table("papers"), "there is no table 'papers'"),
        (lambda s: s.timelines("outcomes", "people"), "timelines are"),
        (lambda s: s.references("nobody"), "no study is called nobody"),
    ],
)
def test_what_is_not_there_is_said_with_what_is(store, call, words):
    with pytest.raises(survsim.errors.EvidenceError, match=words):
        call(store)


def test_an_attribute_that_is_no_table_is_an_ordinary_error(store):
    with pytest.raises(AttributeError, match="no attribute 'colour'"):
        store.colour
    assert "studies" in dir(store)


def test_the_frames_handed_out_do_not_change_the_store(store):
    frame = store.estimates
    frame["value"] = 0.0
    assert store.estimate("alpha_e01").value == 0.68


def standing(name, *, design="registry", size=100.0, year=2000.0):
    return Standing(study_id=name, randomised=design == "rct", design=design, size=size, year=year)


def members(**roles):
    return [Membership(cluster_id="c", study_id=s, role=r, why="w") for s, r in roles.items()]


@pytest.mark.parametrize(
    ("a", "b", "kept", "why"),
    [
        ({"design": "rct", "size": 10}, {"size": 9000}, "a", "by design"),
        ({"design": "phase2_single_arm", "size": 10}, {"size": 9000}, "a", "by design"),
        ({"size": 10}, {"size": 11}, "b", "larger"),
        ({"year": 2001}, {"year": 2010}, "b", "later"),
        ({"size": float("nan")}, {"size": 5}, "b", "larger"),
        ({}, {}, "a", "first by name"),
    ],
)
def test_the_rule_of_overlap(a, b, kept, why):
    out = resolve([standing("a", **a), standing("b", **b)], members(a="member", b="member"))
    assert set(out) == {"a", "b"} - {kept}
    assert out.popitem()[1].endswith(f"kept: {why}")


def test_parts_of_a_whole_stand_together_when_the_whole_is_not_there():
    cluster = members(w="whole", x="part", y="part")
    assert resolve([standing("x"), standing("y")], cluster) == {}
    assert set(resolve([standing("w", size=500), standing("x"), standing("y")], cluster)) == {"x", "y"}
    assert set(resolve([standing("w", size=50), standing("x"), standing("y")], cluster)) == {"w"}
    assert shared(["x", "y"], cluster) == {}
    assert shared(["w", "y"], cluster) == {"c": ["w", "y"]}


def test_a_folder_called_data_raw_is_not_yet_a_study(tmp_path, monkeypatch):
    (tmp_path / "data" / "raw").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert find_study() is None
    assert len(survsim.load_evidence().patients("tcga_ucs")) == 57


def test_the_nearest_study_upwards_is_found(tmp_path, monkeypatch):
    write_raw(tmp_path / "data")
    below = tmp_path / "analyses" / "01_x"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert find_study() == tmp_path
    with pytest.raises(survsim.errors.EvidenceError, match="run survsim data curate"):
        survsim.load_evidence()
    curate()
    assert len(survsim.load_evidence().studies) == 4


def test_histories_of_an_unknown_data_set_are_refused_with_those_there_are():
    with pytest.raises(survsim.errors.EvidenceError, match="tcga_ucs"):
        survsim.evidence.patient_histories(survsim.load_evidence(), "no_such_set")


def test_a_name_with_a_blank_is_told_in_quotes(store):
    with pytest.raises(survsim.errors.EvidenceError, match="no estimate is called ' alpha_e01'"):
        store.records(" alpha_e01")
    with pytest.raises(survsim.errors.EvidenceError, match="no study is called 'beta_2020\\\\xa0'"):
        store.references("beta_2020\u00a0")
