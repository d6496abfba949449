"""The command `survsim simulate` on the study's own scenario, in miniature."""

from __future__ import annotations

from pathlib import Path

import pytest

from survsim.cli import main
from survsim.simulation.outcomes import SimulationResult

ROOT = Path(__file__).parents[2]
SCENARIO = ROOT / "analyses" / "03_case_strategies" / "scenario.yml"


def command(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit) as ended:
        patch.setattr("sys.argv", ["survsim", "simulate", str(SCENARIO), *words])
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


def test_explain_says_and_draws(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, printed, _ = command(capsys, "--explain", "--out", str(tmp_path))
    assert code == 0
    assert "No further treatment is given." in printed
    assert (tmp_path / "as_treated.png").stat().st_size > 10_000
    assert not (tmp_path / "run.json").exists()


def test_bad_calls_end_with_two(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, error = command(capsys)
    assert code == 2
    assert "give --out DIR" in error
    code, _, error = command(capsys, "--resume", str(tmp_path / "none"))
    assert code == 2
    assert "holds no run to go on with" in error
    code, _, error = command(capsys, "--patients", "1000000000000", "--draws", "4", "--out", str(tmp_path))
    assert code == 2
    assert "GB of memory" in error
