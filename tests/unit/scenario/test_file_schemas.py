"""The schemas of files: what is shipped holds to them, what is broken does not, and readers and schemas agree."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import jsonschema
import pytest

from survsim.core.errors import InputError
from survsim.core.yaml_files import read_yaml
from survsim.report.new_study import new_study
from survsim.scenario.file_schemas import KINDS, file_schema

ROOT = Path(__file__).parents[3]
SCENARIOS = [
    "analyses/03_case_strategies/scenario.yml",
    "analyses/03_case_strategies/next_step.yml",
    "analyses/07_scenario_gallery/first_line.yml",
    "analyses/07_scenario_gallery/second_line.yml",
]
CALIBRATIONS = ["analyses/03_case_strategies/calibration.yml"]
PROTOCOLS = sorted(str(p.relative_to(ROOT)) for p in ROOT.glob("analyses/*/protocol.yml"))
STRATEGIES = sorted(str(p.relative_to(ROOT)) for p in ROOT.glob("data/strategies/*.yml"))
SHIPPED = [
    *(("scenario", p) for p in SCENARIOS),
    *(("calibration", p) for p in CALIBRATIONS),
    *(("protocol", p) for p in PROTOCOLS),
    *(("strategy", p) for p in STRATEGIES),
]


def faults(kind: str, content: object) -> list[str]:
    schema = json.loads(file_schema(kind))
    jsonschema.Draft202012Validator.check_schema(schema)
    return [
        f"{'/'.join(map(str, e.absolute_path))}: {e.message}"
        for e in jsonschema.Draft202012Validator(schema).iter_errors(content)
    ]


@pytest.mark.parametrize(("kind", "path"), SHIPPED)
def test_what_is_shipped_holds_to_its_schema(kind, path):
    assert faults(kind, read_yaml(ROOT / path)) == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_study_brings_the_schemas_and_holds_to_them(kind, tmp_path):
    study = new_study("tumour", tmp_path, template="both")
    assert (study / "schemas" / f"{kind}.schema.json").read_text(encoding="utf-8") == file_schema(kind)
    files = {
        "scenario": study.glob("analyses/02_strategies/scenario.yml"),
        "strategy": study.glob("data/strategies/*.yml"),
        "protocol": study.glob("analyses/*/protocol.yml"),
    }
    for file in files.get(kind, ()):
        first = file.read_text(encoding="utf-8").splitlines()[0]
        assert first == f"# yaml-language-server: $schema=../../schemas/{kind}.schema.json"
        assert faults(kind, read_yaml(file)) == []


def spoilt(content, *path, value=None, drop=False):
    made = copy.deepcopy(content)
    place = made
    for step in path[:-1]:
        place = place[step]
    if drop:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return made


@pytest.mark.parametrize(
    ("path", "change"),
    [
        (("time_unit",), {"drop": True}),
        (("horizn",), {"value": 12}),
        (("horizon",), {"value": -1}),
        (("horizon",), {"value": "long"}),
        (("states",), {"value": [{"name": "alone"}]}),
        (("transitions", 0, "distribution", "family"), {"value": "weibul"}),
        (("parameters", "hr_progression", "scale"), {"value": "hazard"}),
        (("parameters", "death_median", "reason"), {"drop": True}),
        (("treatments", "drug", "effects", 0, "lasts"), {"value": "while-on"}),
    ],
)
def test_a_broken_scenario_does_not(path, change, tmp_path):
    whole = read_yaml(
        new_study("tumour", tmp_path, template="strategies") / "analyses/02_strategies/scenario.yml"
    )
    assert faults("scenario", whole) == []
    assert faults("scenario", spoilt(whole, *path, **change)) != []


@pytest.mark.parametrize(
    ("kind", "path", "where", "change"),
    [
        ("strategy", "data/strategies/as_treated.yml", ("lines", 0, "strat"), {"value": []}),
        ("strategy", "data/strategies/as_treated.yml", ("format",), {"value": "survsim-strategy/9"}),
        ("calibration", CALIBRATIONS[0], ("course",), {"drop": True}),
        ("calibration", CALIBRATIONS[0], ("seed",), {"value": -1}),
        ("protocol", PROTOCOLS[-1], ("first_line", "exclude"), {"drop": True}),
        ("protocol", PROTOCOLS[-1], ("first_line", "quesion"), {"value": "x"}),
        ("protocol", PROTOCOLS[-1], ("first_line", "named"), {"drop": True}),
    ],
)
def test_other_broken_files_do_not(kind, path, where, change):
    assert faults(kind, spoilt(read_yaml(ROOT / path), *where, **change)) != []


def test_a_scenario_that_extends_another_may_leave_keys_to_it_and_one_alone_may_not():
    assert faults("scenario", {"extends": "scenario.yml", "horizon": 12}) == []
    assert faults("scenario", {"horizon": 12}) != []


def test_a_kind_that_is_none_names_the_nearest():
    with pytest.raises(InputError, match="did you mean scenario"):
        file_schema("scenarios")
