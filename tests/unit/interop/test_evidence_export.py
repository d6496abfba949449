"""The export: effects as closed forms give them, nothing assumed, a folder whole or not at all."""

from __future__ import annotations

import csv
import io
import math
import re
from collections import Counter

import pytest

import survsim
from survsim.errors import InputError
from survsim.evidence import export_evidence
from survsim.interop import evidence_export
from survsim.interop.effect_tables import metafor_tables, revman_table

Z = 1.959963984540054


def rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8"))))


@pytest.fixture(scope="module")
def store():
    return survsim.load_evidence()


@pytest.fixture(scope="module")
def effects(store):
    taken, left = metafor_tables(store)
    return {r["estimate_id"]: r for r in rows(taken)}, {r["estimate_id"]: r for r in rows(left)}


def test_every_number_is_taken_or_left_out_with_a_reason(store, effects):
    taken, left = effects
    assert set(taken) | set(left) == set(store.estimates["estimate_id"])
    assert not set(taken) & set(left)
    assert all(r["reason"] for r in left.values())


def test_a_ratio_is_its_logarithm_and_the_width_of_its_interval(effects):
    row = effects[0]["homesley_2007_gog0161_e07"]
    assert float(row["yi"]) == pytest.approx(math.log(0.69), abs=1e-12)
    assert float(row["sei"]) == pytest.approx((math.log(0.97) - math.log(0.49)) / 2 / Z, rel=1e-9)
    assert float(row["vi"]) == pytest.approx(float(row["sei"]) ** 2, rel=1e-12)


@pytest.mark.parametrize("measure", ["odds_ratio", "risk_ratio"])
def test_other_ratios_are_logarithms_too_and_say_which(store, effects, measure):
    frame = store.estimates
    two = frame[(frame["measure"] == measure) & frame["conf_low"].notna() & (frame["conf_level"] == 0.95)]
    seen = [r for r in two.to_dict("records") if r["estimate_id"] in effects[0]]
    assert seen
    for row in seen:
        found = effects[0][row["estimate_id"]]
        assert found["scale"] == f"log {measure.replace('_', ' ')}"
        assert float(found["yi"]) == pytest.approx(math.log(row["value"]), abs=1e-12)


def test_a_share_is_the_log_odds_of_its_counts(store, effects):
    counted = [r for r in effects[0].values() if r["measure"] == "proportion" and r["route"] == "counts"]
    frame = store.estimates.set_index("estimate_id")
    checked = 0
    for found in counted:
        row = frame.loc[found["estimate_id"]]
        d, n = row["n_event"], row["n_arm"]
        if d == d and 0 < d < n and abs(row["value"] - d / n) < 1e-9:
            assert float(found["yi"]) == pytest.approx(math.log(d / (n - d)), rel=1e-6)
            assert float(found["vi"]) == pytest.approx(1 / d + 1 / (n - d), rel=1e-6)
            checked += 1
    assert checked > 5


def test_a_median_with_its_group_size_alone_gets_no_error(store, effects):
    frame = store.estimates
    bare = frame[
        (frame["measure"] == "median")
        & frame["conf_low"].isna()
        & frame["conf_high"].isna()
        & frame["n_event"].isna()
    ]
    assert len(bare) > 50
    assert not set(bare["estimate_id"]) & {k for k, v in effects[0].items() if v["route"] != "p value"}


def test_medians_leave_in_months(store, effects):
    frame = store.estimates.set_index("estimate_id")
    weeks = [
        k for k, r in effects[0].items() if r["measure"] == "median" and frame.loc[k, "value_unit"] == "weeks"
    ]
    days = [
        k for k, r in effects[0].items() if r["measure"] == "median" and frame.loc[k, "value_unit"] == "days"
    ]
    assert {r["value_unit"] for r in effects[0].values() if r["measure"] == "median"} == {"months"}
    for name, factor in ((weeks, 7 / 30.4375), (days, 1 / 30.4375)):
        for k in name:
            assert math.exp(float(effects[0][k]["yi"])) == pytest.approx(frame.loc[k, "value"] * factor)


def test_revman_rows_are_contrasts_of_treatments_with_their_bias(store):
    found = rows(revman_table(store))
    row = next(r for r in found if r["Footnote"].startswith("homesley_2007_gog0161_e07"))
    assert (row["Experimental total"], row["Control total"], row["Effect measure"]) == (
        "88",
        "91",
        "hazard ratio",
    )
    assert row["Bias: randomisation"] == "some_concerns (rob2)"
    names = {r["Footnote"].split(";")[0] for r in found}
    frame = store.estimates.set_index("estimate_id")
    assert set(frame.loc[sorted(names), "contrast"]) == {"treatment"}


def test_a_count_is_the_log_odds_of_its_share(store, effects):
    counted = [r for r in effects[0].values() if r["measure"] == "event_count"]
    assert len(counted) > 60
    for found in counted:
        d, n = float(found["n_event"]), float(found["n_arm"])
        if 0 < d < n:
            assert float(found["yi"]) == pytest.approx(math.log(d / (n - d)), rel=1e-9)
            assert float(found["vi"]) == pytest.approx(1 / d + 1 / (n - d), rel=1e-9)
    assert {r["scale"] for r in counted} == {"log odds"}


def test_what_tells_two_questions_apart_leaves_with_the_numbers(store, effects):
    frame = store.estimates.set_index("estimate_id")
    for name in (
        "event_detail",
        "grade",
        "histology",
        "estimator",
        "analysis_set",
        "unit_of_analysis",
        "status",
    ):
        assert {k: r[name] for k, r in effects[0].items()} == frame.loc[list(effects[0]), name].to_dict()


def test_a_reason_is_told_without_the_arguments_of_a_program(effects):
    told = [r["reason"] for r in effects[1].values()]
    assert not [t for t in told if re.search(r"assume_|beyond_counts|one_sided=|Leave it|Give a", t)]
    assert any("its n alone does not tell" in t for t in told)


def test_outcomes_of_revman_name_event_measure_and_horizon(store):
    found = {r["Footnote"].split(";")[0]: r for r in rows(revman_table(store))}
    assert found["matsuo_2017_stage1_e05"]["Outcome"] == "recurrence: local, hazard ratio"
    assert found["matsuo_2017_stage1_e08"]["Outcome"] == "recurrence: distant, hazard ratio"
    assert found["matsuo_2017_stage1_e05"]["Subgroup"] == "uterus, index"
    frame = store.estimates.set_index("estimate_id")
    for name, row in found.items():
        assert row["Outcome"].startswith(frame.loc[name, "endpoint"].replace("_", " "))
        assert frame.loc[name, "status"] in row["Footnote"]
    shared = store.table("overlaps").set_index("study_id")["cluster_id"]
    assert all(bool(r["Shares patients"]) == (frame.loc[k, "study_id"] in shared) for k, r in found.items())


def test_no_cell_of_a_table_runs(store):
    begun = [
        cell
        for content in (*metafor_tables(store), revman_table(store))
        for row in csv.reader(io.StringIO(content.decode()))
        for cell in row
        if cell and cell[0] in "=+-@"
    ]
    numbers = [cell for cell in begun if re.fullmatch(r"-\d+(\.\d+)?(e[+-]\d+)?", cell)]
    assert begun and begun == numbers


def test_a_folder_that_holds_something_is_never_touched(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("words", encoding="utf-8")
    for replace in (False, True):
        with pytest.raises(InputError, match="holds other files"):
            export_evidence(tmp_path / "mine", replace=replace)
    with pytest.raises(InputError, match="is a file; name a folder"):
        export_evidence(tmp_path / "mine" / "thesis.txt")
    assert Counter(p.name for p in tmp_path.rglob("*")) == Counter(["mine", "thesis.txt"])


def test_an_export_is_replaced_when_told_and_whole_or_not_at_all(tmp_path, monkeypatch):
    done = export_evidence(tmp_path / "out")
    written = sorted(
        p.relative_to(tmp_path / "out").as_posix() for p in (tmp_path / "out").rglob("*") if p.is_file()
    )
    assert written == sorted(done.files)
    with pytest.raises(InputError, match="--replace"):
        export_evidence(tmp_path / "out")
    before = (tmp_path / "out" / "metafor.csv").read_bytes()

    def fails(*_):
        raise InputError("stopped")

    monkeypatch.setattr(evidence_export, "revman_table", fails)
    with pytest.raises(InputError, match="stopped"):
        export_evidence(tmp_path / "out", replace=True)
    assert (tmp_path / "out" / "metafor.csv").read_bytes() == before
    monkeypatch.undo()
    export_evidence(tmp_path / "out", replace=True)
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_files_that_no_export_wrote_are_named_and_nothing_is_replaced(tmp_path):
    out = tmp_path / "out"
    export_evidence(out)
    (out / "archive" / "mine.txt").write_text("words", encoding="utf-8")
    (out / "drafts").mkdir()
    (out / ".DS_Store").write_bytes(b"")
    (out / "metafor.csv").write_text("old", encoding="utf-8")
    with pytest.raises(InputError, match=r"no export wrote \('archive/mine\.txt', 'drafts'\),"):
        export_evidence(out, replace=True)
    assert (out / "archive" / "mine.txt").read_text(encoding="utf-8") == "words"
    assert (out / "metafor.csv").read_text(encoding="utf-8") == "old"
    (out / "archive" / "mine.txt").unlink()
    (out / "drafts").rmdir()
    # what an earlier version wrote under another name is in its list
    (out / "revman_old.csv").write_text("x", encoding="utf-8")
    mark = out / evidence_export.MARK
    mark.write_text(mark.read_text(encoding="utf-8") + "revman_old.csv\n", encoding="utf-8")
    (tmp_path / "link").symlink_to("out")
    export_evidence(tmp_path / "link", replace=True)
    assert (tmp_path / "link").is_symlink() and not (out / "revman_old.csv").exists()
    assert (out / "metafor.csv").read_text(encoding="utf-8") != "old"


def test_counts_leave_as_whole_numbers(effects):
    taken, _ = effects
    assert all(row["n_arm"].isdigit() for row in taken.values() if row["n_arm"])
    assert taken["homesley_2007_gog0161_e05"]["n_arm"] == "91"


def test_what_a_killed_export_left_is_put_back_and_swept(tmp_path):
    """Killed after the earlier export was moved aside: it is there again, and no folder of the killed one stays."""
    target = tmp_path / "out"
    export_evidence(target)
    room = tmp_path / ".out.export_killed"
    (room / "made").mkdir(parents=True)
    target.rename(room / "before")
    with pytest.raises(InputError, match="holds an earlier export"):
        export_evidence(target)
    assert (target / "evidence.xlsx").is_file()
    export_evidence(target, replace=True)
    assert [p.name for p in tmp_path.iterdir()] == ["out"]
