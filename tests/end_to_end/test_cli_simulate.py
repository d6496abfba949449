"""The command `survsim simulate` on the study's own scenario, in miniature."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pytest

from survsim.cli import main
from survsim.simulation.outcomes.result import SimulationResult

ROOT = Path(__file__).parents[2]
SCENARIO = ROOT / "tests" / "helpers" / "case_study" / "analyses" / "03_case_strategies" / "scenario.yml"


def command(
    capsys: pytest.CaptureFixture[str], *words: str, scenario: Path = SCENARIO
) -> tuple[int, str, str]:
    with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit) as ended:
        patch.setattr("sys.argv", ["survsim", "simulate", str(scenario), *words])
        patch.chdir(ROOT)
        main.run()
    printed = capsys.readouterr()
    return int(ended.value.code or 0), printed.out, printed.err


def test_simulate_then_resume(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sizes = ("--patients", "300", "--draws", "6", "--seed", "5", "--workers", "1")
    code, printed, _ = command(capsys, *sizes, "--out", str(tmp_path))
    assert code == 0
    assert "6 parameter draws x 300 patients" in printed
    assert SimulationResult.load(tmp_path).seed == 5
    before = (tmp_path / "outcomes.csv").read_bytes()
    (tmp_path / "outcomes.csv").unlink()
    code, printed, _ = command(capsys, "--resume", str(tmp_path), "--workers", "1")
    assert code == 0
    assert "seed 5" in printed
    assert (tmp_path / "outcomes.csv").read_bytes() == before


@pytest.mark.long
def test_what_follows_from_a_history_is_another_question(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scenario = ROOT / "analyses" / "03_case_strategies" / "next_step.yml"
    sizes = ("--patients", "64", "--draws", "4", "--workers", "1")
    code, _, told = command(capsys, *sizes, "--out", str(tmp_path / "a"), scenario=scenario)
    assert code == 0 and "it declares at_progression: --history at_progression" in told
    code, _, told = command(
        capsys, *sizes, "--out", str(tmp_path / "b"), "--history", "at_progression", scenario=scenario
    )
    assert code == 0 and "it declares" not in told
    from_start, from_there = (SimulationResult.load(tmp_path / x).decision(12).expected for x in "ab")
    assert (from_there < from_start).all()
    code, _, told = command(capsys, "--out", str(tmp_path / "c"), "--history", "nowhere", scenario=scenario)
    assert code == 2 and "at_progression" in told


def test_explain_says_and_draws(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, printed, _ = command(capsys, "--explain", "--out", str(tmp_path))
    assert code == 0
    assert "No further treatment is given." in printed
    assert (tmp_path / "as_treated.png").stat().st_size > 10_000
    assert "Everybody begins in: tumour controlled.\n1. From tumour controlled to progressed in" in printed
    assert (tmp_path / "states.png").stat().st_size > 10_000
    assert not (tmp_path / "run.json").exists()


def test_explain_refuses_what_cannot_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(SCENARIO.parent, tmp_path / "analyses" / "03", ignore=shutil.ignore_patterns("results"))
    shutil.copytree(SCENARIO.parents[2] / "data" / "strategies", tmp_path / "data" / "strategies")
    path = tmp_path / "analyses" / "03" / "scenario.yml"
    path.write_text(path.read_text(encoding="utf-8").replace("  toripalimab:\n", "  toripalimap:\n"))
    code, printed, error = command(capsys, "--explain", scenario=path)
    assert code == 2 and "No further treatment" not in printed
    assert "toripalimab is not a treatment; known: anlotinib" in error


def test_bad_calls_end_with_two(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, error = command(capsys)
    assert code == 2
    assert "give --out DIR" in error
    code, _, error = command(capsys, "--resume", str(tmp_path / "none"))
    assert code == 2
    assert "holds no run to go on with" in error
    code, _, error = command(capsys, "--draws", "0", "--out", str(tmp_path))
    assert code == 2
    assert "draws must be a whole number from 1; got 0" in error
    code, _, error = command(capsys, "--patients", "1000000000000", "--draws", "4", "--out", str(tmp_path))
    assert code == 2
    assert "GB of memory" in error


def test_a_billion_draws_are_refused_before_any_is_drawn(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "survsim.scenario.run.parameterise", lambda *_, **__: pytest.fail("parameters were drawn")
    )
    for sizes in (
        ("--draws", "1000000000", "--patients", "2"),
        ("--draws", "100000", "--patients", "100000000"),
    ):
        code, _, error = command(capsys, *sizes, "--out", str(tmp_path))
        assert code == 2
        assert "GB of memory" in error


@pytest.mark.parametrize("damage", [b"", b'{"seed": 5', b"[1]", b"\xff\xfe", b'{"patients": "many"}'])
@pytest.mark.parametrize("option", ["--out", "--resume"])
def test_a_damaged_run_folder_ends_with_two(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str, damage: bytes
) -> None:
    (tmp_path / "run.json").write_bytes(damage)
    code, _, error = command(capsys, "--patients", "10", "--draws", "2", option, str(tmp_path))
    assert code == 2
    # A file of this name that says nothing of a run may be somebody's own.
    assert "holds run.json, which no simulation wrote" in error
    assert (tmp_path / "run.json").read_bytes() == damage


def test_a_lost_note_and_another_seed_give_the_run_of_that_seed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sizes = ("--patients", "50", "--draws", "2", "--workers", "1")
    command(capsys, *sizes, "--seed", "1", "--out", str(tmp_path / "a"))
    (tmp_path / "a" / "run.json").unlink()
    command(capsys, *sizes, "--seed", "999", "--out", str(tmp_path / "a"))
    command(capsys, *sizes, "--seed", "999", "--out", str(tmp_path / "b"))
    for name in ("result.json", "means.parquet", "counts.parquet"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_a_dask_address_that_is_none_ends_with_two(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("distributed")
    sizes = ("--patients", "50", "--draws", "2", "--out", str(tmp_path))
    code, _, error = command(capsys, *sizes, "--executor", "dask", "--address", "nonsense")
    assert code == 2
    assert "no Dask scheduler answers at 'nonsense'" in error


def test_a_scenario_nested_without_end_ends_with_two(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "deep.yml"
    file.write_text("scenario: " + "[" * 3_000 + "]" * 3_000, encoding="utf-8")
    code, _, error = command(capsys, "--out", str(tmp_path / "out"), scenario=file)
    assert code == 2
    assert "deep.yml is nested too deeply" in error


def test_a_decision_horizon_that_is_not_simulated_is_said_before_the_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from survsim.scenario.spec import Scenario

    whole = Scenario.from_yaml(SCENARIO)
    outcomes = whole.content.outcomes.model_copy(update={"decision_tau": 17.0})
    changed = dataclasses.replace(whole, content=whole.content.model_copy(update={"outcomes": outcomes}))
    monkeypatch.setattr(Scenario, "from_yaml", classmethod(lambda *_: changed))
    code, _, error = command(capsys, "--patients", "10", "--draws", "2", "--out", str(tmp_path))
    assert code == 2
    assert "decision_tau 17 must be one of tau" in error
    assert not (tmp_path / "run.json").exists()


def test_a_scenario_with_costs_says_what_each_gain_costs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = ROOT / "tests" / "reference" / "models" / "sick_sicker" / "scenario.yml"
    code, printed, _ = command(capsys, "--patients", "200", "--out", str(tmp_path), scenario=model)
    assert code == 0
    assert (
        "discounted_cost (USD) and discounted_quality (years) to 76 years, against standard_of_care; 1 draw\n"
        in printed
    )
    assert "frontier_icer" in printed
