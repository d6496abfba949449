"""The rule by which published numbers became targets of the case model, held against the tables."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

import survsim

FOLDER = Path(__file__).resolve().parents[2] / "analyses" / "03_case_strategies"
RULE = yaml.safe_load((FOLDER / "target_rule.yml").read_text(encoding="utf-8"))
FILE = yaml.safe_load((FOLDER / "calibration.yml").read_text(encoding="utf-8"))
TARGETS = {t["row"] for t in FILE["targets"]}


def meeting_the_rule():
    """Medians and survival probabilities of the sites and endpoints of the rule."""
    store = survsim.load_evidence()
    studies = store.table("studies").set_index("study_id")["site"]
    arms = store.table("arms").set_index(["study_id", "arm_id"])["site"]
    wanted = {(w["site"], endpoint) for w in RULE["include"] if "site" in w for endpoint in w["endpoint"]}
    found = {}
    for r in store.table("estimates").itertuples():
        own = arms.get((r.study_id, r.arm_id))
        site = own if isinstance(own, str) and own else studies[r.study_id]
        if r.measure in ("median", "survival_probability") and (site, r.endpoint) in wanted:
            found[r.estimate_id] = r.study_id
    return found


def named(key):
    return {name for left_out in RULE["exclude"] for name in left_out.get(key, ())}


def unexplained(found, targets):
    return sorted(
        row
        for row, study in found.items()
        if row not in targets | named("rows") and study not in named("studies")
    )


def test_every_number_that_meets_the_rule_is_a_target_or_left_out_by_name():
    assert unexplained(meeting_the_rule(), TARGETS) == []


def test_nothing_is_both_a_target_and_left_out_and_every_name_exists():
    store = survsim.load_evidence()
    assert TARGETS & named("rows") == set()
    rows, studies = (
        set(store.table(t)[k]) for t, k in (("estimates", "estimate_id"), ("studies", "study_id"))
    )
    assert named("rows") - rows == set() and named("studies") - studies == set()


@pytest.mark.parametrize("row", ["kwon_2014_lm80_e01", "spinal_hgg29_rt_t01"])
def test_a_number_that_is_forgotten_is_found(row):
    assert unexplained(meeting_the_rule(), TARGETS - {row}) == [row]


def other_origins(targets, rule):
    """Targets whose number counts from something that the rule gives no step for."""
    origin = survsim.load_evidence().table("estimates").set_index("estimate_id")["origin"]
    start = {
        name: "spread" if c.get("start") == "progressed" else "surgery" for name, c in FILE["cohorts"].items()
    }
    return sorted(
        t["row"] for t in targets if origin[t["row"]] not in {start[t["cohort"]], *rule[start[t["cohort"]]]}
    )


def test_every_target_counts_from_where_the_course_starts_or_has_a_step():
    """spinal_hgg29_rt_t01 counts from diagnosis: its step stands with its transport, and an alternative leaves it out."""
    assert other_origins(FILE["targets"], RULE["origins"]) == []
    without = {
        k: {o: v for o, v in steps.items() if o != "diagnosis"} for k, steps in RULE["origins"].items()
    }
    assert other_origins(FILE["targets"], without) == ["spinal_hgg29_rt_t01"]
    (mine,) = (t for t in FILE["targets"] if t["row"] == "spinal_hgg29_rt_t01")
    assert "counted from diagnosis" in FILE["transports"][mine["transport"]]["reason"]
    assert [t["row"] for t in FILE["targets"] if t["transport"] == mine["transport"]] == [mine["row"]]
    # the step changes no number: it travels as far, and with, the other gliomas of the cord
    other = FILE["transports"]["spinal_glioma"]
    assert {k: FILE["transports"][mine["transport"]][k] for k in ("sd", "group")} == {k: other[k] for k in ("sd", "group")}  # fmt: skip


def test_sarcomas_of_the_vertebral_column_are_left_out_by_name():
    """Finding 4: median survival of 60 months there, where the canal is asked for."""
    mine = set(
        survsim.load_evidence()
        .table("estimates")
        .query("study_id == 'cho_2013_spinal_sarcoma29'")["estimate_id"]
    )
    assert mine and not mine & TARGETS
    assert any("cho_2013_spinal_sarcoma29" in left_out["why"] for left_out in RULE["exclude"])
