"""Scale and unit of a parameter where it is used: what is refused, with both places, and what passes."""

import shutil
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from survsim import Scenario
from survsim.errors import ScenarioError
from survsim.scenario.parameter_spec import ParameterSpec
from survsim.scenario.scale_checks import scale_faults
from survsim.simulation.declared import clause, effect, population, states, strategy
from survsim.simulation.declared.uses import KINDS, Use, uses
from survsim.simulation.laws import law
from survsim.simulation.laws.schema import Checked

ROOT = Path(__file__).parents[3]


def rows(scale, unit="", *names):
    transport = {"sd": 0.3, "reason": "from one site to another"}
    return {
        "source": "rows",
        "scale": scale,
        "rows": names or ("a_2000_e01",),
        "unit": unit,
        "transport": transport,
    }


def assumed(unit=""):
    law = {"law": "lognormal", "median": 2.0, "low": 1.0, "high": 4.0}
    return {
        "source": "assumption",
        "distribution": law,
        "unit": unit,
        "reason": "nobody has published this number",
    }


def derived(rule, *of, unit=""):
    return {"source": "derived", "rule": rule, "of": of, "unit": unit}


def faults(kind, **specs):
    """Faults of a use of the last parameter named, at a place of the given kind."""
    one = TypeAdapter(ParameterSpec)
    made = {k: one.validate_python({"meaning": "a number in a test", **v}) for k, v in specs.items()}
    return list(
        scale_faults(made, [Use(list(specs)[-1], "treatments.drug.effects.0.hazard_ratio", kind)], "months")
    )


REFUSED = {
    "a median as a hazard ratio": ("ratio", {"m": rows("median", "months")}, "is a median in months (a_2000_e01)"),
    "a hazard ratio as a time": ("time", {"h": rows("hazard_ratio")}, "takes a time in months; parameters.h is a hazard"),
    "a probability as a rate": ("rate", {"p": rows("proportion")}, "takes a rate per month; parameters.p is a proportion"),
    "a probability as a ratio": ("ratio", {"p": rows("proportion")}, "takes a ratio without a unit"),
    "a hazard ratio as a probability": ("probability", {"h": rows("hazard_ratio")}, "takes a probability"),
    "months as a rate": ("rate", {"m": rows("median")}, "Derive the rate first: rule: rate_from_median"),
    "months where per month belongs": ("rate", {"m": assumed("months")}, "parameters.m is a time in months"),
    "per month where months belong": ("time", {"r": assumed("per month")}, "parameters.r is a rate per month"),
    "weeks in a scenario of months": ("time", {"w": assumed("weeks")}, "Give it in months, the unit of the scenario"),
    "per year": ("rate", {"r": assumed("per year")}, "is a rate per year"),
    "an unsaid unit": ("time", {"x": assumed()}, "If it is one, say so: unit: months"),
    "an unsaid rate": ("rate", {"x": assumed()}, "unit: per month"),
    "a time as a dose": ("dose", {"x": assumed("months")}, "takes a dose in Gy"),
    "a logarithm": ("time", {"x": assumed("log months")}, "the logarithm of a time in months"),
    "a rule of the wrong thing": (
        "rate",
        {"p": rows("proportion"), "r": derived("rate_from_median", "p", unit="per month")},
        "rule rate_from_median takes a median time where parameters.p is a proportion",
    ),
    "a hazard ratio in the place of a shape's neighbour": (
        "time",
        {"m": rows("median"), "h": rows("hazard_ratio"), "s": derived("weibull_scale_from_median", "h", "m", "h")},
        "takes a median time where parameters.h is a hazard ratio",
    ),
    "a derived rate that is called a time": (
        "rate",
        {"m": rows("median"), "r": derived("rate_from_median", "m", unit="months")},
        "makes a rate per month; it declares unit 'months'",
    ),
    "a time squared": ("time", {"m": rows("median"), "x": derived("product", "m", "m")}, "neither a time, a rate nor"),
    "a time from a ratio": (
        "time",
        {"m": rows("median"), "h": rows("hazard_ratio"), "x": derived("difference", "m", "h")},
        "neither a time, a rate nor a ratio",
    ),
    "a product that is a rate": (
        "time",
        {"r": assumed("per month"), "h": assumed(), "x": derived("product", "r", "h")},
        "parameters.x is a rate per month",
    ),
    "a median that declares years": ("time", {"m": rows("median", "years")}, "it declares unit 'years'"),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "specs", "words"), REFUSED.values(), ids=REFUSED)
def test_refused_with_both_places(kind, specs, words):
    found = "\n".join(faults(kind, **specs))
    assert words in found
    assert "parameters." in found


PASSES = [
    ("ratio", {"h": rows("hazard_ratio")}),
    ("ratio", {"h": assumed()}),
    ("time", {"m": rows("median")}),
    ("time", {"m": assumed("month")}),
    ("rate", {"r": assumed("1/month")}),
    ("rate", {"m": rows("median"), "r": derived("rate_from_median", "m", unit="per month")}),
    ("rate", {"r": assumed("per month"), "h": rows("hazard_ratio"), "x": derived("product", "r", "h")}),
    ("probability", {"p": rows("proportion"), "q": rows("proportion"), "x": derived("product", "p", "q")}),
    ("probability", {"p": rows("proportion"), "x": derived("complement", "p")}),
    ("ratio", {"a": rows("median"), "b": rows("median"), "x": derived("ratio", "a", "b")}),
    ("log time", {"x": assumed("log months")}),
    ("any", {"m": rows("median")}),
]


@pytest.mark.parametrize(("kind", "specs"), PASSES)
def test_what_fits_passes(kind, specs):
    assert faults(kind, **specs) == []


def test_the_shipped_scenario_refuses_a_median_as_a_hazard_ratio(tmp_path):
    """It ran, with a hazard ratio of about 105."""
    target = tmp_path / "analyses" / "03_case_strategies"
    shutil.copytree(
        ROOT / "tests" / "helpers" / "case_study" / "analyses" / "03_case_strategies",
        target,
        ignore=shutil.ignore_patterns("results"),
    )
    shutil.copytree(
        ROOT / "tests" / "helpers" / "case_study" / "data" / "strategies", tmp_path / "data" / "strategies"
    )
    path = target / "scenario.yml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("hazard_ratio: hr_radiotherapy,", "hazard_ratio: tumour_death_median,"))
    with pytest.raises(ScenarioError) as raised:
        Scenario.from_yaml(path)
    assert (
        "treatments.radiotherapy_44.effects.0.hazard_ratio takes a ratio without a unit; "
        "parameters.tumour_death_median is a median in months" in str(raised.value)
    )


def test_every_number_of_a_model_has_a_kind():
    modules = (clause, effect, population, states, strategy, law)
    found = {
        c
        for m in modules
        for c in vars(m).values()
        if isinstance(c, type)
        and issubclass(c, Checked)
        and c is not Checked
        and not c.__name__.startswith("_")
    }
    for one in found:
        numbers = strategy._number_fields(one) - {
            n for n, f in one.model_fields.items() if "float" not in str(f.annotation)
        }
        # a status of a population is a number or shares, and what chooses a life table a value of a covariate; never parameters
        numbers -= {"performance_status", "breaks", "after", "where"}
        assert numbers <= set(KINDS.get(one, {})), one.__name__


def test_uses_find_numbers_inside_lists_and_mappings():
    plan = strategy.strategy_from(
        {"strategy": "s", "treatments": {"d": {"duration": "t"}}, "lines": [
            {"line": "a", "treatments": ["d"], "start": [{"quantity": "time", "at_least": "begin"}]}]}
    )  # fmt: skip
    assert list(uses((plan,), "strategies")) == [
        Use("t", "strategies.s.treatments.d.duration", "time"),
        Use("begin", "strategies.s.lines.a.start.0.at_least", "time"),
    ]
    law = {"family": "exponential", "rate": 0.1}
    way = states.Transition(source="a", target="b", distribution=law, covariates={"age": "slope"})
    assert list(uses(way, "t")) == [Use("slope", "t.covariates.age", "log ratio")]
    assert list(strategy.named_numbers(way)) == ["slope"]


@pytest.mark.parametrize(
    "unit", ["hours", "seconds", "fortnights", "log months", "nan", "mo", "per month", "Gy", "EUR"]
)
def test_a_rate_is_derived_only_from_a_median_in_a_unit_that_is_read(unit):
    found = faults("rate", m=assumed(unit), r=derived("rate_from_median", "m", unit="per month"))
    assert any("takes a median time where parameters.m is" in fault for fault in found), found


@pytest.mark.parametrize(
    "unit", ["per 100 person-years", "per 100 years", "per hour", "per yr", "EUR", "nan", "years"]
)
def test_a_derived_rate_is_declared_as_the_rate_it_is(unit):
    found = faults("rate", m=assumed("months"), r=derived("rate_from_median", "m", unit=unit))
    assert any("makes a rate per month; it declares unit" in fault for fault in found), found


@pytest.mark.parametrize("unit", ["log", "per month", "hours", "EUR"])
def test_a_hazard_ratio_and_a_proportion_have_no_unit(unit):
    assert any("a hazard ratio has no unit" in f for f in faults("ratio", h=rows("hazard_ratio", unit)))
    assert any("a proportion has no unit" in f for f in faults("probability", p=rows("proportion", unit)))


@pytest.mark.parametrize(
    ("rule", "of", "unit"),
    [("complement", ("p",), "hours"), ("product", ("p", "p"), "months"), ("log_of_ratio", ("h",), "months")],
)
def test_what_a_rule_makes_is_not_declared_as_something_else(rule, of, unit):
    given = {"p": rows("proportion"), "h": rows("hazard_ratio")}
    found = faults("any", **{k: given[k] for k in of}, made=derived(rule, *of, unit=unit))
    assert any(f"rule {rule} makes" in fault for fault in found), found


@pytest.mark.parametrize(
    "unit", ["EUR per hour", "EUR per fortnight", "EUR per yr", "EUR per 2 months", "EUR per cycle"]
)
def test_a_cost_per_time_is_in_a_time_that_is_read(unit):
    assert faults("cost per time", c=assumed(unit))
    assert not faults("cost per time", c=assumed("EUR per month"))
    assert not faults("cost", c=assumed("EUR per cycle"))


def test_a_difference_is_of_numbers_in_one_unit():
    found = faults(
        "any", a=assumed("hours"), b=assumed("months"), d=derived("difference", "a", "b", unit="months")
    )
    assert any("have not one unit" in fault for fault in found), found
    assert not faults(
        "cost", a=assumed("EUR"), b=assumed("EUR"), d=derived("difference", "a", "b", unit="EUR")
    )


@pytest.mark.parametrize("unit", ["proportion", "probability", "share"])
def test_words_for_no_unit_are_none(unit):
    assert not faults("probability", p=rows("proportion", unit))
