"""Decision models with a slip, through the command: one message that names it, exit code 2, and nothing written."""

from __future__ import annotations

import copy

import pytest
import yaml

from survsim.cli.main import run

HEAD = """
scenario: slips
question: What does it cost to treat the sick?
estimand: Mean discounted quality-adjusted years.
time_unit: years
horizon: 10.0
seed: 1
full: {draws: 1, patients: 40}
quick: {draws: 1, patients: 40}
outcomes: {reference: usual}
values:
  discount: {rate: 0.03}
  outcomes:
    quality: {kind: quality}
    cost: {kind: cost, unit: EUR, at_entry: {dead: 100}}
parameters: {}
"""
PATIENTS = """
population: {covariates: [{name: age, distribution: normal, mean: 60, sd: 5}]}
start: {well: 0.7, ill: 0.3}
states: [{name: well}, {name: ill, progression: true}, {name: dead, death: true}]
transitions:
  - {source: well, target: ill, distribution: {family: exponential, rate: 0.1}}
  - {source: well, target: dead, clock: age, latent: other, distribution: {family: life_table, table: table.csv}}
  - {source: ill, target: dead, clock: age, latent: other, distribution: {family: life_table, table: table.csv}}
treatments: {a: {}, b: {}, c: {}}
strategies:
  - {strategy: usual, label: Usual}
  - {sequences: order, of: [a, b, c], stop: [{"on": time, after: 1.0}]}
"""
CYCLES = """
cycles:
  length: 1 year
  states: [well, ill, dead]
  deaths: [dead]
  strategies:
    usual: {matrix: {well: {well: rest, ill: 0.2, dead: 0.1}, ill: {ill: rest, dead: 0.3}}}
    other: {matrix: [[0.8, 0.1, 0.1], [0, 0.7, 0.3], [0, 0, 1]]}
"""
CURVES = """
partitioned:
  strategies:
    usual: {progression_free: {family: exponential, rate: 0.4}, overall: {family: exponential, rate: 0.2}}
"""
MODELS = {name: yaml.safe_load(HEAD + text) for name, text in (("p", PATIENTS), ("c", CYCLES), ("s", CURVES))}
AGES = [*range(20, 111)]
GONE = object()


def write(folder, which, place="", value=None, ages=AGES, last=0.01):
    content = copy.deepcopy(MODELS[which])
    *path, key = place.split("/")
    item = content
    for step in path:
        item = item[int(step)] if isinstance(item, list) else item.setdefault(step, {})
    if value is GONE:
        del item[key]
    elif key:
        item[int(key) if isinstance(item, list) else key] = value
    rows = [f"{a},{last if a == ages[-1] else 0.01}" for a in ages]
    (folder / "table.csv").write_text("age,probability\n" + "\n".join(rows) + "\n", encoding="utf-8")
    (folder / "model.yml").write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return folder / "model.yml"


def simulate(monkeypatch, capsys, path):
    monkeypatch.setattr("sys.argv", ["survsim", "simulate", str(path), "--out", str(path.parent / "out")])
    with pytest.raises(SystemExit) as ended:
        run()
    return ended.value.code, capsys.readouterr().err


@pytest.mark.parametrize("which", MODELS)
def test_the_models_without_a_slip_run_with_horizons_of_their_own(monkeypatch, capsys, tmp_path, which):
    """The default horizons and milestones lie beyond ten years; nobody named them."""
    code, told = simulate(monkeypatch, capsys, write(tmp_path, which))
    assert code in (0, None), told
    assert (tmp_path / "out" / "outcomes.csv").exists()


@pytest.mark.parametrize(
    ("which", "place", "value", "message"),
    [
        ("p", "transitions/1/latent", GONE, "latent time 'other' is named by this way alone"),
        ("p", "transitions/2/latent", "othr", "latent time 'othr' is named by this way alone"),
        ("p", "strategies/1/only_after", {"b": "c", "c": "b"}, "b, c wait for one another"),
        ("p", "strategies/1/only_after", {"a": "b", "b": "c", "c": "a"}, "a, b, c wait for one another"),
        ("p", "time_unit", "year", "'year' is none of days, weeks, months, years"),
        ("p", "values/outcomes/quality/course", {"age": "age", "breaks": [65], "factors": [1, 1.2]}, "makes a utility of 1.2"),
        ("c", "values/outcomes/quality/course", {"breaks": [5], "factors": [1, -0.2]}, "a factor is at least 0"),
        ("c", "values/outcomes/quality/by_state", {"ill": -5}, "a utility is at least -1"),
        ("s", "values/outcomes/quality/by_state", {"progressed": -5}, "a utility is at least -1"),
        (
            "c",
            "cycles/strategies/usual/values",
            {"quality": {"added": [{"until": 2, "by_state": {"ill": 0.5}}]}},
            "with it the value of the state is 1.5",
        ),
        ("c", "cycles/strategies/usual/matrix/ill", GONE, "there is no row from ill"),
        ("c", "cycles/deaths", [], "there is no row from dead"),
        ("c", "cycles", MODELS["c"]["cycles"] | {"deaths": [], "strategies": {"usual": {"matrix": [[1, 0, 0], [0, 1, 0], [0, 0, 1]]}}}, "name it under deaths"),
        ("c", "cycles/correction", [-1.0] + [1.0] * 10, "weights of cycle ends are at least 0"),
        ("s", "partitioned/correction", "half_cycle", "give the length of a cycle under cycle"),
        ("p", "transitions/0/distribution/rate", "10%", "write 0.1 for 10%"),
        ("p", "values/outcomes/cost/at_entry", {"dead": "300 EUR"}, "write 300"),
        ("s", "partitioned/strategies/usual/overall", {"times": [0, 5], "survival": [100, 0], "joined": "lines"}, "divide percentages by 100"),
        ("s", "partitioned/once", "weighed", "give the length of a cycle under cycle"),
    ],
)  # fmt: skip
def test_a_slip_is_told_and_nothing_is_written(monkeypatch, capsys, tmp_path, which, place, value, message):
    code, told = simulate(monkeypatch, capsys, write(tmp_path, which, place, value))
    assert code == 2
    assert message in " ".join(told.split())
    assert "Traceback" not in told
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("ages", "last", "message"),
    [
        ([a for a in AGES if a != 70], 0.01, "from age 69 to 71 with nothing between"),
        ([a * 365 for a in AGES], 0.01, "ages are in years"),
        (AGES, 1.0, "the last probability, from age 110 on, is 1"),
    ],
)
def test_a_life_table_with_a_hole_or_without_a_rate_is_refused(
    monkeypatch, capsys, tmp_path, ages, last, message
):
    code, told = simulate(monkeypatch, capsys, write(tmp_path, "p", ages=ages, last=last))
    assert code == 2
    assert message in " ".join(told.split())
    assert not (tmp_path / "out").exists()


def test_rows_of_a_life_table_are_not_chosen_by_what_takes_any_value(monkeypatch, capsys, tmp_path):
    by = {"sex": {"covariate": "age", 0: "male", 1: "female"}}
    law = {"family": "life_table", "table": "table.csv", "by": by}
    path = write(tmp_path, "p", "transitions/1/distribution", law)
    table = [f"{a},{sex},0.01" for sex in ("male", "female") for a in AGES]
    (tmp_path / "table.csv").write_text("age,sex,probability\n" + "\n".join(table) + "\n", encoding="utf-8")
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    content["transitions"][2]["distribution"] = law
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    code, told = simulate(monkeypatch, capsys, path)
    assert code == 2
    assert "a covariate that chooses rows is bernoulli or fixed" in " ".join(told.split())
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("until", [("2", "5"), ("5", "2", ""), ("", "2")])
def test_matrices_of_a_file_that_do_not_follow_each_other_are_named(monkeypatch, capsys, tmp_path, until):
    path = write(tmp_path, "c", "cycles/strategies/other", {"matrix": {"file": "matrix.csv"}})
    rows = [f"{u},{row}" for u in until for row in ("well,0.8,0.1,0.1", "ill,0,0.7,0.3", "dead,0,0,1")]
    (tmp_path / "matrix.csv").write_text("until,from,well,ill,dead\n" + "\n".join(rows), encoding="utf-8")
    code, told = simulate(monkeypatch, capsys, path)
    assert code == 2
    assert "matrix.csv: the matrices follow each other" in told
    assert not (tmp_path / "out").exists()


def test_a_life_table_by_five_years_of_age_has_no_holes(monkeypatch, capsys, tmp_path):
    code, told = simulate(monkeypatch, capsys, write(tmp_path, "p", ages=[0, 1, *range(5, 100, 5)]))
    assert code in (0, None), told
