"""`survsim reconstruct`: files in, patients out, one line and exit code 2 for what cannot be."""

import json
import sys

import pandas as pd
import pytest

from survsim.cli import main


@pytest.fixture()
def call(monkeypatch, capsys, tmp_path):
    """Run the command in a folder with a curve and a risk table."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "curve.csv").write_text("time,survival\n2,0.9\n5,0.7\n9,0.6\n")
    (tmp_path / "risk.csv").write_text("time,n_risk\n0,10\n6,7\n")

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["survsim", "reconstruct", *words])
        with pytest.raises(SystemExit) as ended:
            main.run()
        captured = capsys.readouterr()
        return ended.value.code, captured.out, captured.err

    return run


def test_patients_are_written(call):
    code, out, _ = call("curve.csv", "--at-risk", "risk.csv", "--out", "ipd.csv")
    assert code == 0
    assert "10 patients, 4 events" in out
    made = pd.read_csv("ipd.csv")
    assert made.columns.tolist() == ["time", "event"]
    assert sorted(made.time[made.event == 1]) == [2, 5, 5, 9]


def test_arms_entry_and_json(call, tmp_path):
    (tmp_path / "two.csv").write_text("arm,time,survival\na,2,0.9\na,5,0.7\nb,2,0.8\nb,6,0.5\n")
    (tmp_path / "risks.csv").write_text("arm,time,n_risk\na,0,10\na,4,9\nb,0,20\nb,4,16\n")
    code, out, _ = call("two.csv", "--at-risk", "risks.csv", "--total-events", "3", "--out", "ipd.csv")
    assert code == 2
    code, out, _ = call(
        "two.csv", "--at-risk", "risks.csv", "--out", "ipd.csv", "--json", "--method", "guyot"
    )
    assert code == 0
    assert {arm: found["n_event"] for arm, found in json.loads(out).items()} == {"a": 3, "b": 10}
    (tmp_path / "late.csv").write_text("time,n_risk\n0,10\n4,14\n8,9\n")
    code, _, err = call("curve.csv", "--at-risk", "late.csv", "--out", "late_ipd.csv")
    assert code == 2
    assert "--entry" in err
    assert not (tmp_path / "late_ipd.csv").exists()
    assert call("curve.csv", "--at-risk", "late.csv", "--entry", "--out", "late_ipd.csv")[0] == 0
    assert pd.read_csv("late_ipd.csv").columns.tolist() == ["time", "event", "entry"]


@pytest.mark.filterwarnings("ignore::survsim.errors.EvidenceWarning")
def test_it_says_by_how_much_events_and_the_ratio_may_be_wrong(call, tmp_path):
    (tmp_path / "two.csv").write_text(
        "arm,time,survival\ntreatment,2,0.9\ntreatment,5,0.7\ncontrol,2,0.8\ncontrol,6,0.5\n"
    )
    code, out, _ = call(
        "two.csv", "--n", "treatment=50", "--n", "control=48", "--tolerance", "0.02", "--out", "ipd.csv"
    )
    assert code == 0 and out.count("may be wrong by: events") == 2
    assert "treatment against control: hazard ratio" in out and "may be wrong by: hazard ratio" in out
    made = pd.read_csv("ipd.csv")
    assert made.groupby("arm").size().to_dict() == {"treatment": 50, "control": 48}
    code, out, _ = call(
        "two.csv",
        "--n",
        "50",
        "--n",
        "48",
        "--total-events",
        "15,24",
        "--reference",
        "treatment",
        "--out",
        "i.csv",
        "--json",
    )
    told = json.loads(out)
    assert [told[a]["n_event"] for a in ("treatment", "control")] == [15, 24]
    ratio = told["control"]["against_reference"]
    assert ratio["reading_range"][0] <= ratio["hazard_ratio"] <= ratio["reading_range"][1]
    assert {r["quantity"] for r in told["treatment"]["may_be_wrong"]["ranges"]} == {
        "events",
        "median",
        "time at risk",
    }


@pytest.mark.filterwarnings("ignore::survsim.errors.EvidenceWarning")
def test_the_tolerance_of_a_digitised_curve_is_taken_from_beside_it(call, tmp_path):
    (tmp_path / "curves.csv").write_text("time,survival\n2,0.9\n5,0.7\n9,0.6\n")
    (tmp_path / "report.json").write_text('{"tolerance": {"survival": 0.0013, "time": 0.1}}')
    told = json.loads(call("curves.csv", "--n", "10", "--out", "ipd.csv", "--json")[1])["all"]["may_be_wrong"]
    assert (told["tolerance"], told["time_tolerance"], told["tolerance_stated"]) == (0.0013, 0.1, True)
    (tmp_path / "report.json").write_text('{"of": "another program"}')
    assert not json.loads(call("curves.csv", "--n", "10", "--out", "ipd.csv", "--json")[1])["all"][
        "may_be_wrong"
    ]["tolerance_stated"]


@pytest.mark.filterwarnings("ignore::survsim.errors.EvidenceWarning")
def test_incidence_by_its_option_and_semicolons_with_decimal_commas(call, tmp_path):
    (tmp_path / "i.csv").write_text("\ufefftime;value\n2;0,1\n5;0,3\n\n9;0,4\n", encoding="utf-8")
    code, out, _ = call("i.csv", "--kind", "incidence", "--n", "10", "--out", "ipd.csv")
    assert code == 0 and "10 patients, 4 events" in out
    code, _, err = call("i.csv", "--n", "10", "--out", "no.csv")
    assert code == 2 and "--kind incidence" in err and "kind=" not in err


TWO = "arm,time,survival\na,2,0.9\na,5,0.7\nb,2,0.8\nb,6,0.5\n"


@pytest.mark.parametrize(
    ("text", "words", "message"),
    [
        ("time,survival\n2,0.9\n5,abc\n", ("--n", "10"), "survival in line 3 is 'abc'"),
        ("time,survival\n2,0.9\n5,\n", ("--n", "10"), "line 3 has no survival"),
        ("2,0.9\n5,0.7\n", ("--n", "10"), "no line of names"),
        (TWO, ("--n", "10"), "--n is one number an arm"),
        (TWO, ("--n", "10", "--n", "20", "--n", "30"), "--n has 3 numbers for 2 arms"),
        (TWO, ("--n", "a=10", "--n", "c=20"), "--n names 'c'"),
        (TWO, ("--n", "a=10", "--n", "20"), "names some arms and not others"),
        (TWO, ("--n", "10", "--n", "20.5"), "--n takes a whole number"),
        (TWO, ("--n", "10,20", "--total-events", "a=11"), "arm 'a': --total-events must lie"),
        (TWO, ("--n", "10,20", "--reference", "z"), "--reference 'z' is no arm"),
        (TWO, ("--n", "10,20", "--method", "marked"), "needs --marks"),
        (TWO, ("--n", "10,20", "--unit", "moons"), "--unit must be one of"),
        (TWO, ("--n", "10,20", "--end", "1"), "--end 1 lies before"),
    ],
)
def test_refusals_name_the_arm_the_cell_and_the_option(call, tmp_path, text, words, message):
    (tmp_path / "c.csv").write_text(text)
    code, out, err = call("c.csv", *words, "--out", "ipd.csv")
    assert code == 2 and out == "" and message in err
    assert not (tmp_path / "ipd.csv").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("nowhere.csv", "--n", "10"), "is no file"),
        (("curve.csv",), "give the numbers at risk"),
        (("risk.csv", "--n", "10"), "survival"),
    ],
)
def test_one_line_and_nothing_written(call, tmp_path, words, message):
    code, _, err = call(*words, "--out", "ipd.csv")
    assert code == 2
    assert message in err
    assert len(err.strip().splitlines()) <= 2
    assert not (tmp_path / "ipd.csv").exists()


@pytest.mark.parametrize(
    ("curve", "risk", "message"),
    [
        ("time,survival,time,survival\n2,0.9,2,0.8\n", None, "column time and the column survival more than once"),
        ("Time,survival,TIME\n2,0.9,2\n", None, "column time more than once"),
        ("time,survival,incidence\n2,0.9,0.1\n", None, "--kind survival or --kind incidence"),
        ("time,surv,cumulative_incidence\n2,0.9,0.1\n", None, "--kind survival or --kind incidence"),
        (None, "time;n_risk\n0;3,000\n6;1,000\n", "n_risk in line 2 is '3,000', which is 3 or 3000"),
        (None, "time;n_risk\n0;3.000\n6;2.000\n", "n_risk in line 2 is '3.000', which is 3 or 3000"),
        (None, 'time,n_risk\n0,"1,234,567"\n6,2\n', "which is no number or 1234567"),
        ("time;survival\n500;0,9\n1.000;0,8\n1.500;0,7\n", None, "time in line 3 is '1.000', which is 1 or 1000"),
    ],
)  # fmt: skip
def test_what_can_be_read_in_two_ways_is_refused(call, tmp_path, curve, risk, message):
    if curve:
        (tmp_path / "curve.csv").write_text(curve)
    if risk:
        (tmp_path / "risk.csv").write_text(risk)
    code, _, err = call("curve.csv", "--at-risk", "risk.csv", "--out", "ipd.csv")
    assert code == 2 and message in err
    assert not (tmp_path / "ipd.csv").exists()


@pytest.mark.filterwarnings("ignore::survsim.errors.EvidenceWarning")
def test_the_kind_chooses_between_two_columns(call, tmp_path):
    # By hand: of 10 patients 1 dies at 2 and 2 at 5; read the other way, incidence 0.2 and 0.4, 2 and 2.
    (tmp_path / "curve.csv").write_text("time,survival,incidence\n2,0.9,0.2\n5,0.7,0.4\n")
    for kind, events in (("survival", 3), ("incidence", 4)):
        assert call("curve.csv", "--n", "10", "--kind", kind, "--out", f"{kind}.csv")[0] == 0
        assert pd.read_csv(f"{kind}.csv").event.sum() == events


@pytest.mark.filterwarnings("ignore::survsim.errors.EvidenceWarning")
def test_three_decimals_of_times_are_decimals_where_they_are_in_order(call, tmp_path):
    (tmp_path / "curve.csv").write_text("time;survival\n0;1\n2,125;0,9\n5,250;0,7\n9;0,6\n")
    assert call("curve.csv", "--n", "10", "--out", "ipd.csv")[0] == 0
    made = pd.read_csv("ipd.csv")
    assert sorted(made.time[made.event == 1]) == [2.125, 5.25, 5.25, 9]


@pytest.mark.filterwarnings("ignore::survsim.errors.EvidenceWarning")
def test_an_arm_may_be_called_none_or_na(call, tmp_path):
    (tmp_path / "two.csv").write_text("arm,time,survival\nNone,2,0.9\nNone,5,0.7\nNA,2,0.8\nNA,6,0.5\n")
    (tmp_path / "risks.csv").write_text("arm,time,n_risk\nNone,0,10\nNA,0,20\n")
    assert call("two.csv", "--at-risk", "risks.csv", "--out", "ipd.csv")[0] == 0
    made = pd.read_csv("ipd.csv", keep_default_na=False)
    assert made.groupby("arm").event.sum().to_dict() == {"NA": 10, "None": 3}


@pytest.mark.parametrize("out", ["p.xlsx", "p.txt", "p"])
def test_a_name_that_promises_another_kind_of_file_is_refused(call, tmp_path, out):
    code, _, err = call("curve.csv", "--n", "10", "--out", out)
    assert code == 2 and "give --out a name that ends in .csv" in err
    assert not (tmp_path / out).exists()


def test_an_earlier_result_is_replaced_and_any_other_file_kept(call, tmp_path):
    kept = tmp_path / "notes.csv"
    kept.write_text("patient,age\n1,60\n")
    code, _, err = call("curve.csv", "--n", "10", "--out", "notes.csv")
    assert code == 2 and "notes.csv is there and holds no reconstructed patients" in " ".join(err.split())
    assert kept.read_text() == "patient,age\n1,60\n"
    for _ in range(2):
        assert call("curve.csv", "--at-risk", "risk.csv", "--out", "ipd.csv")[0] == 0


@pytest.mark.parametrize("out", ["curve.csv", "./curve.csv", "risk.csv", "link.csv"])
def test_what_it_reads_is_never_written_over(call, tmp_path, out):
    (tmp_path / "link.csv").symlink_to(tmp_path / "curve.csv")
    before = (tmp_path / "curve.csv").read_bytes(), (tmp_path / "risk.csv").read_bytes()
    code, _, err = call("curve.csv", "--at-risk", "risk.csv", "--out", out)
    assert code == 2 and "would write over" in err
    assert ((tmp_path / "curve.csv").read_bytes(), (tmp_path / "risk.csv").read_bytes()) == before


@pytest.mark.filterwarnings("ignore::survsim.errors.EvidenceWarning")
@pytest.mark.parametrize(
    "said",
    [
        '{"tolerance": {"survival": null}}',
        '{"tolerance": {"survival": "x"}}',
        '{"tolerance": {"survival": -1}}',
        '{"tolerance": {"survival": NaN}}',
        '{"tolerance": {"survival": true}}',
        '{"tolerance": {"survival": 0.1, "survival": 0.2}}',
        '{"tolerance": 3}',
        "{",
        "[" * 100_000,
    ],
)
def test_a_spoilt_report_beside_the_curve_is_refused(call, tmp_path, said):
    (tmp_path / "curves.csv").write_text("time,survival\n2,0.9\n5,0.7\n")
    (tmp_path / "report.json").write_text(said)
    code, _, err = call("curves.csv", "--n", "10", "--out", "ipd.csv")
    assert code == 2 and "report.json beside the curve" in err and "--time-tolerance" in err
    told = ("--tolerance", "0.01", "--time-tolerance", "0")
    assert call("curves.csv", "--n", "10", "--out", "ipd.csv", *told)[0] == 0


@pytest.mark.filterwarnings("ignore::survsim.errors.EvidenceWarning")
def test_another_report_beside_the_curve_says_nothing(call, tmp_path):
    (tmp_path / "curves.csv").write_text("time,survival\n2,0.9\n5,0.7\n")
    (tmp_path / "report.json").write_text('{"other": 1}')
    assert call("curves.csv", "--n", "10", "--out", "ipd.csv")[0] == 0
