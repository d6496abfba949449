"""Strategies as data: what is read, what is refused in one message, what is said and drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from survsim.core.errors import ScenarioError
from survsim.simulation.declared.explain import explain
from survsim.simulation.declared.strategy import (
    named_numbers,
    read_strategies,
    read_strategy,
    strategy_from,
    strategy_schema,
)
from survsim.simulation.laws.law import ExponentialLaw
from survsim.simulation.laws.schema import parse_yaml, read_yaml
from tests.helpers.disease_models import exponential, full_strategy

DATA = Path(__file__).parents[4] / "data" / "strategies"


def line(**content: Any) -> dict[str, Any]:
    return {"strategy": "a", "lines": [{"line": "one", "treatments": ["drug"], **content}]}


def treatment(**content: Any) -> dict[str, Any]:
    return {"strategy": "a", "treatments": {"drug": content}}


def test_the_published_schema_is_the_one_the_models_make() -> None:
    assert (DATA / "strategy.schema.json").read_text(encoding="utf-8") == strategy_schema()


def test_every_strategy_of_the_study_is_read() -> None:
    assert len(read_strategies(DATA)) >= 6


EFFECT = {"transition": "a>b", "hazard_ratio": 0.5, "lasts": "while_on"}
MESSAGES = [
    ({"strategy": "a", "linse": []}, "linse: unknown key; allowed here: format, strategy"),
    (line(strat=1), "lines.0.strat: unknown key; allowed here: line, treatments, start"),
    ({"strategy": "a b"}, "strategy: must be of letters, digits, dots, underscores and hyphens only"),
    ({"format": "survsim-strategy/9", "strategy": "a"}, "survsim-strategy/1"),
    (line(accept=True), "yes/no found where a number"),
    (line(start=[{"quantity": "stage", "is": "x"}]), "must be one of 'state', 'time'"),
    (line(start=[{"quantity": "state", "at_least": 1}]), "state is compared with is or is_not"),
    (line(start=[{"quantity": "time", "is": "x"}]), "time is compared with at_least or at_most"),
    (line(start=[{"quantity": "time", "at_least": 5, "at_most": 2}]), "at_least 5 is above at_most 2"),
    (line(start=[{"quantity": "line", "is": "stopped"}]), "name goes with quantity line, covariate"),
    (line(stop=[{"on": "patient_choice"}]), "rate goes with on: patient_choice"),
    (line(stop=[{"on": "progression", "grade_at_least": 3}]), "go with on: toxicity"),
    (line(stop=[{"on": "patient_choice", "rate": 1, "treatments": ["drug"]}]), "ends the whole line"),
    (line(repeats=0), "must be at least 1"),
    (
        treatment(effects=[{"transition": "a>b", "lasts": "always"}]),
        "give hazard_ratio, acceleration_factor or distribution",
    ),
    (treatment(effects=[{**EFFECT, "hazard_ratio": -0.5}]), "hazard_ratio must be above 0"),
    (treatment(effects=[{**EFFECT, "delay": -1}]), "delay is a time from the start, at least 0"),
    (
        treatment(effects=[{**EFFECT, "delay": 2, "waning": [{"after": 1, "factor": 1}]}]),
        "times of waning must increase and lie beyond delay",
    ),
    (
        treatment(toxicities=[{"name": "x", "grade": 3, "probability": 1.2, "onset": exponential(1)}]),
        "a probability lies between 0 and 1; found 1.2",
    ),
    (treatment(toxicities=[{"name": "x", "grade": 6, "onset": exponential(1)}]), "must be at most 5"),
    (treatment(cycles=3), "cycles and cycle_length go together"),
    (treatment(cycles=3, cycle_length=1, duration=2), "not both"),
    (treatment(duration=-1), "duration must be at least 0"),
    (treatment(adherence=1.1), "adherence lies between 0 and 1"),
    (
        treatment(radiation=[{"region": "a", "fractions": 3, "dose_per_fraction": 2}]),
        "a course of radiation needs a duration",
    ),
    (
        treatment(duration=1, radiation=[{"region": "a", "fractions": 3, "dose_per_fraction": -6}]),
        "a dose per fraction is above 0 Gy; found -6",
    ),
    (treatment(effects=[{**EFFECT, "among": "responders"}]), "without response_probability"),
    ({"strategy": "a", "lines": [{"line": "x", "treatments": ["t"]}] * 2}, "two lines are called x"),
]


@pytest.mark.parametrize(("content", "message"), MESSAGES, ids=[m[1][:30] for m in MESSAGES])
def test_refused_with_one_message(content: dict[str, Any], message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        strategy_from(content, "a.yml")
    assert message in str(caught.value)
    assert str(caught.value).startswith("a.yml cannot be used as written:")


def test_all_faults_are_listed_at_once() -> None:
    with pytest.raises(ScenarioError) as caught:
        strategy_from({**line(accept=True, repeats=0), "x": 1})
    assert len(str(caught.value).splitlines()) == 4


def test_a_tag_that_would_run_code_is_refused() -> None:
    with pytest.raises(ScenarioError, match=r"a\.yml, line 2: .*Only plain values are read"):
        parse_yaml("a: 1\nb: !!python/object/apply:os.system ['true']\n", "a.yml")


def test_what_is_not_yaml_or_not_a_mapping() -> None:
    with pytest.raises(ScenarioError, match=r"a\.yml, line 1"):
        parse_yaml("a: [1", "a.yml")
    with pytest.raises(ScenarioError, match="must hold keys and values; it holds list"):
        parse_yaml("- 1", "a.yml")


def test_a_huge_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    file = tmp_path / "huge.yml"
    with file.open("wb") as handle:
        handle.truncate(100_000_000)
    with pytest.raises(ScenarioError, match=r"huge\.yml has 100 MB"):
        read_strategy(file)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"no file .*none\.yml"):
        read_yaml(tmp_path / "none.yml")


def test_two_files_with_one_name(tmp_path: Path) -> None:
    for name in ("a.yml", "b.yml"):
        (tmp_path / name).write_text("strategy: same\n", encoding="utf-8")
    with pytest.raises(ScenarioError, match="the same name"):
        read_strategies(tmp_path)


def test_names_of_parameters_are_found_wherever_they_stand() -> None:
    content = full_strategy().model_dump(by_alias=True)
    content["lines"][0]["accept"] = "p_accept"
    content["treatments"]["radiotherapy"]["effects"][0]["hazard_ratio"] = "hr"
    content["treatments"]["chemotherapy"]["toxicities"][0]["onset"]["rate"] = "onset_rate"
    content["treatments"]["reirradiation"]["effects"][0]["waning"][0]["factor"] = "faded"
    content["lines"][0]["start"][0]["at_least"] = "t0"
    assert set(named_numbers(strategy_from(content))) == {"p_accept", "hr", "onset_rate", "faded", "t0"}


def test_a_number_with_an_exponent_and_no_point_is_a_number() -> None:
    content = parse_yaml(
        "strategy: a\n"
        "treatments: {drug: {cost: 1e3, effects: [{transition: a>b, hazard_ratio: 5e-1, lasts: while_on, delay: -1e-3}]}}\n",
        "a.yml",
    )
    with pytest.raises(ScenarioError, match="delay is a time from the start"):
        strategy_from(content)
    content["treatments"]["drug"]["effects"][0]["delay"] = parse_yaml("delay: 1e-3", "a.yml")["delay"]
    read = strategy_from(content)
    drug = read.treatments["drug"]
    assert (drug.cost, drug.effects[0].factor(), drug.effects[0].delay) == (1000.0, 0.5, 0.001)
    assert not list(named_numbers(read))
    assert ExponentialLaw(family="exponential", rate="e3").rate == "e3"


def test_alternatives_without_a_first_are_only_those_given() -> None:
    late = [{"quantity": "time", "at_least": 5}]
    assert len(strategy_from(line(or_start=[late])).lines[0].alternatives()) == 1
    assert len(strategy_from(line(start=late, or_start=[late])).lines[0].alternatives()) == 2
    assert strategy_from(line()).lines[0].alternatives() == ((),)


def test_explained_in_sentences() -> None:
    text = explain(full_strategy(), time_unit="months")
    for sentence in (
        "1. postoperative: radiotherapy, once the time is at least 1 month.",
        "Toxicity of grade 3 or more ends the line.",
        "the cumulative cord dose with this line (Gy EQD2) is at most 70",
        "10 fractions of 2 Gy reach target.",
        "The hazard from progressed to dead of tumour is multiplied by 0.5 from its start on, 0.5 months after",
        "Leukopenia of grade 3 comes with probability 0.3.",
    ):
        assert sentence in text


def test_parameters_are_told_by_what_they_mean_and_treatments_by_their_label() -> None:
    content = line(
        treatments=["second_drug"],
        start=[{"quantity": "time", "at_least": 0}],
        stop=[{"on": "time", "after": "t_most", "treatments": ["second_drug"]}],
    ) | {
        "treatments": {
            "second_drug": {
                "label": "paclitaxel, weekly",
                "duration": "t_drug",
                "effects": [{"transition": "a>b", "hazard_ratio": "hr_drug", "lasts": "while_on"}],
            }
        }
    }
    plan = strategy_from(content)
    told = explain(
        plan, time_unit="months", meanings={"hr_drug": "hazard ratio of progression, drug against none"}
    )
    assert ': "paclitaxel, weekly", from the start.' in told
    assert 'multiplied by "hazard ratio of progression, drug against none" while it is given' in told
    assert '"paclitaxel, weekly" is given for t most months at most.' in told
    assert "_" not in told.partition("\n")[2]
    # A parameter without a meaning is told by its name in words, never by a mark.
    assert "hazard ratio, drug" in explain(plan) and "\x02" not in explain(plan)


def test_explained_options() -> None:
    content = line(
        accept=0.8,
        repeats=2,
        start=[{"quantity": "state", "is_not": ["x", "y"]}],
        or_start=[[{"quantity": "covariate", "name": "age", "at_most": 70}]],
        stop=[{"on": "patient_choice", "rate": 0.1}, {"on": "progression"}],
        modify=[{"grade_at_least": 2, "dose_factor": 0.75}],
    )
    content["treatments"] = {
        "drug": {
            "response_probability": 0.2,
            "effects": [
                {"transition": "a>*", "acceleration_factor": 2, "lasts": "while_on", "among": "responders"}
            ],
        }
    }
    text = explain(strategy_from(content))
    for part in (
        "once the state is not x or y or once age is at most 70",
        "with probability 0.8",
        "up to 2 times",
        "by choice at a rate of 0.1",
        "lowers the dose to 75%",
        "The time from a to any state is stretched by 2 while it is given in responders",
        "A response comes with probability 0.2",
    ):
        assert part in text
    assert "No further treatment" in explain(strategy_from({"strategy": "none"}))
    assert "drug: defined with the model" in explain(strategy_from(line()))


@pytest.mark.parametrize(
    ("transition", "told"),
    [
        ("*>dead", "from any state to dead is"),
        ("controlled*>progressed*", "from any controlled state to any progressed state is"),
        ("*_walking>progressed_late", "from any walking state to progressed late is"),
    ],
)
def test_states_that_share_a_word_are_told_by_it(transition: str, told: str) -> None:
    effects = [{"transition": transition, "hazard_ratio": 0.5, "lasts": "always"}]
    assert told in explain(strategy_from(line() | {"treatments": {"drug": {"effects": effects}}}))


def test_drawn_with_a_box_for_each_line() -> None:
    from survsim.figures.strategy_diagram import draw_strategy

    ax = draw_strategy(full_strategy(), time_unit="months")
    assert [p.get_gid() for p in ax.patches] == ["line:postoperative", "line:adjuvant", "line:salvage"]
    assert len(draw_strategy(strategy_from({"strategy": "none"})).patches) == 1
