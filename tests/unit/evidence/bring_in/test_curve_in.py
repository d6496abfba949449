"""A digitised figure comes into the evidence whole or not at all, and what is missing is asked for by name."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest

import survsim
from survsim import Surv, kaplan_meier
from survsim.cli import main
from survsim.core.errors import EvidenceError
from survsim.evidence.bring_in.curve_in import add_curves, read_figure
from survsim.evidence.raw.curate import curate
from survsim.evidence.raw.locate import data_folder
from tests.helpers.mini_study import write_raw
from tests.helpers.studies import tree_bytes

CURVES = "arm,time,survival\nA,0,1\nA,3,0.9\nA,8,0.8\nA,12,0.71\nA,24,0.46\n"


@pytest.fixture
def figure(tmp_path):
    folder = tmp_path / "figure_3"
    folder.mkdir()
    (folder / "curves.csv").write_text(CURVES)
    (folder / "marks.csv").write_text("arm,time\nA,10.5\n")
    (folder / "at_risk.csv").write_text("arm,time,n_risk\nA,0,60\nA,12,41\n")
    (folder / "report.json").write_text(
        json.dumps({"tolerance": 0.005, "unit": "months", "warnings": ["a tick is unread"]})
    )
    (folder / "overlay.png").write_bytes(b"x")
    return folder


@pytest.fixture
def study(tmp_path):
    root = tmp_path / "study"
    raw = write_raw(root / "data")
    for name in ("curves", "at_risk", "censor_marks"):
        (raw / "literature" / "lung" / f"{name}.csv").unlink()
    curate(root)
    return root


def run(monkeypatch, capsys, folder, *words):
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "argv", ["survsim", "data", "add-curve", *words])
    with pytest.raises(SystemExit) as ended:
        main.run()
    return ended.value.code, "".join(capsys.readouterr())


def test_one_command_stores_a_figure(study, figure, monkeypatch, capsys):
    words = (
        "alpha_2019", str(figure), "--arm", "chemo=A", "--place", "figure 3", "--page", "12", "--read-by", "reading_1",
    )  # fmt: skip
    code, said = run(monkeypatch, capsys, study, *words)
    assert code == 0, said
    assert "5 readings, 2 numbers at risk, 1 censor marks" in said
    assert "warning of the reading: a tick is unread" in said
    store = survsim.load_evidence(study)
    assert store.curves["survival"].tolist() == [1, 0.9, 0.8, 0.71, 0.46]
    assert store.curves["page"].tolist() == ["12"] * 5
    assert store.censor_marks["time"].tolist() == [10.5]
    before = tree_bytes(study)
    code, said = run(monkeypatch, capsys, study, *words)
    assert code == 0 and "nothing to do" in said
    assert tree_bytes(study) == before


def test_a_drawn_figure_is_digitised_and_stored_in_the_same_command(study, tmp_path, monkeypatch, capsys):
    rng = np.random.default_rng(4)
    death = rng.exponential(20.0, 60)
    surv = Surv.right(np.round(np.minimum(death, 40.0), 2), death <= 40.0, unit="months")
    path = tmp_path / "figure_4.svg"
    kaplan_meier(surv).plot(band=False, medians=False).figure.savefig(path)
    words = ("alpha_2019", str(path), "--place", "figure 4", "--read-by", "reading_1")
    code, said = run(monkeypatch, capsys, study, *words)
    assert code == 2 and "which curve is which arm" in said
    label = said.split("Curves: ")[1].split("; arms of")[0]
    code, said = run(monkeypatch, capsys, study, *words, "--arm", f"chemo={label}")
    assert code == 0, said
    store = survsim.load_evidence(study)
    km = kaplan_meier(surv)
    at = np.searchsorted(km.time, store.curves["time"].to_numpy() + 0.004, side="right")
    np.testing.assert_allclose(store.curves["survival"], np.append(1.0, km.estimate)[at], atol=1e-4)
    assert store.curves["tolerance"].iloc[0] < 1e-4
    assert len(store.curves["overlay_sha256"].iloc[0]) == 64
    assert store.at_risk["n_risk"].iloc[0] == 60


def test_a_curve_that_is_there_is_replaced_whole_when_asked(study, figure, monkeypatch, capsys):
    words = ("alpha_2019", str(figure), "--arm", "chemo=A", "--read-by", "reading_1")
    assert run(monkeypatch, capsys, study, *words)[0] == 0
    (figure / "curves.csv").write_text("arm,time,survival\nA,0,1\nA,12,0.7\n")
    code, said = run(monkeypatch, capsys, study, *words)
    assert code == 2 and "--replace" in said
    assert len(survsim.load_evidence(study).curves) == 5
    assert run(monkeypatch, capsys, study, *words, "--replace")[0] == 0
    assert survsim.load_evidence(study).curves["survival"].tolist() == [1, 0.7]


def test_an_incidence_is_stored_as_its_complement_to_the_digits_that_were_read(figure):
    (figure / "curves.csv").write_text("arm,time,incidence\nA,0,0\nA,3,0.125\nA,3,0.25\n")
    found = read_figure(figure)
    assert found.shown_as == "incidence"
    assert [r["survival"] for r in found.curves["A"]] == ["1.0", "0.75"]


def add(root, figure, **more):
    asked = {
        "endpoint": "overall_survival",
        "place": "figure 3",
        "read_by": "reading_1",
        "arms": {"chemo": "A"},
    } | more
    return add_curves(data_folder(root), asked.pop("study", "alpha_2019"), figure, **asked)


@pytest.mark.parametrize(
    ("spoil", "asked", "told"),
    [
        ({}, {"study": "nobody_1999"}, "no study nobody_1999"),
        ({}, {"arms": {"nobody": "A"}}, "no arm nobody"),
        ({}, {"arms": {"chemo": "B"}}, "no curve B"),
        ({}, {"arms": {"chemo": "A", "observation": "A"}}, "one curve is one arm|no arm"),
        ({}, {"arms": None}, "which curve is which arm"),
        ({}, {"unit": "years"}, "was digitised in months"),
        ({}, {"endpoint": "nothing"}, "'nothing' is no endpoint of this study"),
        ({"report.json": "{}"}, {}, "no tolerance"),
        ({"report.json": "{"}, {}, "damaged"),
        ({"report.json": '{"tolerance": 0.3, "unit": "months"}'}, {}, "curve_tolerance"),
        ({"report.json": '{"tolerance": 0.01}'}, {}, "unit of time is not told"),
        ({"report.json": '{"tolerance": 0.01, "unit": "fortnights"}'}, {}, "fortnights"),
        ({"curves.csv": "arm,time,survival\nA,0,1\nA,3,0.8\nA,6,0.9\n"}, {}, "curve_rises"),
        ({"curves.csv": "arm,time,survival\nA,0,1\nA,3,80\n"}, {}, "curve_range"),
        ({"curves.csv": "arm,time,survival\nA,0,1\nA,3,low\n"}, {}, "no number|not_a_number"),
        ({"curves.csv": "arm,time,survival\n"}, {}, "no rows"),
        ({"curves.csv": "arm,time,hazard\nA,0,1\n"}, {}, "survival or incidence"),
        ({"at_risk.csv": "arm,time,n_risk\nA,0,600\n"}, {}, "at_risk_exceeds_n"),
        ({"at_risk.csv": "arm,time\nA,0\n"}, {}, "no column n_risk"),
    ],
)
def test_what_cannot_be_stored_is_refused_and_nothing_changes(study, figure, spoil, asked, told):
    for name, text in spoil.items():
        (figure / name).write_text(text)
    before = tree_bytes(study)
    with pytest.raises(EvidenceError, match=told):
        add(study, figure, **asked)
    assert tree_bytes(study) == before


def test_bad_words_end_with_two(study, figure, monkeypatch, capsys):
    code, said = run(monkeypatch, capsys, study, "alpha_2019", str(figure), "--arm", "chemo")
    assert code == 2 and "ARM=LABEL" in said
    code, said = run(monkeypatch, capsys, study, "alpha_2019", "nothing.png")
    assert code == 2 and "neither a figure nor a folder" in said
