"""The clock of attained age, and life tables as data, against closed forms."""

from __future__ import annotations

import json
import math

import jsonschema
import numpy as np
import pytest
import yaml
from scipy.integrate import quad

from survsim.core.errors import EvidenceWarning, ExtrapolationWarning, ScenarioError
from survsim.scenario.file_schemas import file_schema
from survsim.scenario.run import simulate
from survsim.scenario.spec import Scenario
from survsim.simulation import (
    Covariate,
    History,
    Model,
    Outcome,
    Population,
    State,
    Strategy,
    Toxicity,
    Transition,
    Values,
    simulate_model,
)
from survsim.simulation.declared.explain_states import explain_states
from survsim.simulation.declared.population import Frailty
from survsim.simulation.laws.mortality import MortalityTable

GOMPERTZ = {"family": "gompertz", "shape": 0.1 / 12, "rate": 5e-5 / 12}


def hazard(age):
    """Yearly hazard of the Gompertz law at an age in years."""
    return 5e-5 * math.exp(0.1 * age)


def alive(age, years):
    return math.exp(-(5e-4) * (math.exp(0.1 * (age + years)) - math.exp(0.1 * age)))


def model(low, high, **more):
    age = Covariate(name="age", distribution="uniform", low=low, high=high)
    return Model(
        time_unit="months",
        horizon=240.0,
        states=(State(name="well"), State(name="dead", death=True)),
        transitions=(Transition(source="well", target="dead", clock="age", distribution=GOMPERTZ, **more),),
        population=Population(covariates=(age,)),
    )


def test_the_clock_starts_at_each_patients_age():
    result = simulate_model(model(50.0, 80.0), patients=200_000, taus=[120.0], times=[120.0])
    found = result.measure("alive", 120.0)
    truth = quad(lambda a: alive(a, 10.0), 50, 80)[0] / 30
    assert abs(found.estimate[0] - truth) < 4.5 * found.mc_std_error[0]
    mean = result.rmst(120.0)
    years = quad(lambda a: quad(lambda t: alive(a, t), 0, 10)[0], 50, 80)[0] / 30
    assert abs(mean.estimate[0] - 12 * years) < 4.5 * mean.mc_std_error[0]


def test_age_goes_on_in_a_later_state():
    first = Transition(source="well", target="ill", distribution={"family": "exponential", "rate": 0.02})
    deaths = [
        Transition(source=s, target="dead", clock="age", distribution=GOMPERTZ) for s in ("well", "ill")
    ]
    base = model(70.0, 70.000001)
    both = Model(
        time_unit="months",
        horizon=240.0,
        states=(State(name="well"), State(name="ill"), State(name="dead", death=True)),
        transitions=(first, *deaths),
        population=base.population,
        values=Values(outcomes={"ill_time": Outcome(kind="time", by_state={"ill": 1.0})}),
    )
    result = simulate_model(both, patients=200_000, taus=[240.0], times=[120.0])
    found = result.measure("alive", 120.0)
    assert abs(found.estimate[0] - alive(70.0, 10.0)) < 4.5 * found.mc_std_error[0]
    ill = result.measure("ill_time", 240.0)
    truth = quad(lambda t: (1 - math.exp(-0.02 * t)) * alive(70.0, t / 12), 0, 240)[0]
    assert abs(ill.estimate[0] - truth) < 4.5 * ill.mc_std_error[0]


def test_an_age_that_is_not_declared_is_refused():
    with pytest.raises(ScenarioError, match="the population has no covariate 'years'"):
        model(50.0, 80.0, age="years")


SCENARIO = """
scenario: table
question: How long do people of seventy live?
estimand: Mean years of life to ten years.
time_unit: UNIT
horizon: HORIZON
seed: 5
full: {draws: 1, patients: 100000}
quick: {draws: 1, patients: 50}
outcomes: {reference: wait, tau: [HORIZON], decision_tau: HORIZON, alive_at: [HORIZON], grid_step: 1.0}
population: {covariates: [{name: age, distribution: fixed, value: 70.5}]}
states: [{name: well}, {name: dead, death: true}]
transitions:
  - {source: well, target: dead, clock: age, distribution: LAW}
parameters: {}
strategies: [{strategy: wait, label: Wait}]
"""
TABLE = "age,sex,year,probability\n" + "".join(
    f"{a},{sex},{year},{(a - 50) / 1000 * (2 if sex == 'male' else 1) + (year - 2000) / 1e4:.6f}\n"
    for a in range(60, 100)
    for sex in ("male", "female")
    for year in (2000, 2020)
)
LAW = "{family: life_table, table: mortality.csv, select: {sex: male, year: 2020}}"


def scenario(tmp_path, law=LAW, unit="months", horizon="120.0", table=TABLE, **edits):
    folder = tmp_path / "analyses" / "one"
    folder.mkdir(parents=True)
    (folder / "mortality.csv").write_text(table, encoding="utf-8")
    text = SCENARIO.replace("LAW", law).replace("UNIT", unit).replace("HORIZON", horizon)
    for old, new in edits.items():
        text = text.replace(old, new)
    (folder / "scenario.yml").write_text(text, encoding="utf-8")
    return Scenario.from_yaml(folder / "scenario.yml")


@pytest.mark.parametrize(("unit", "horizon"), [("months", "120.0"), ("years", "10.0")])
def test_a_life_table_is_followed_year_by_year(tmp_path, unit, horizon):
    result = simulate(scenario(tmp_path, unit=unit, horizon=horizon))
    q = {a: (a - 50) / 1000 * 2 + 0.002 for a in range(60, 100)}
    share = (1 - q[70]) ** 0.5 * np.prod([1 - q[a] for a in range(71, 80)]) * (1 - q[80]) ** 0.5
    found = result.measure("alive", float(horizon))
    assert abs(found.estimate[0] - share) < 4.5 * found.mc_std_error[0]


def test_rates_are_taken_as_they_are(tmp_path):
    table = "age,rate\n60,0.01\n75,0.05\n"
    result = simulate(scenario(tmp_path, law="{family: life_table, table: mortality.csv}", table=table))
    found = result.measure("alive", 120.0)
    truth = math.exp(-0.01 * 4.5 - 0.05 * 5.5)
    assert abs(found.estimate[0] - truth) < 4.5 * found.mc_std_error[0]


@pytest.mark.parametrize(
    ("law", "table", "message"),
    [
        ("{family: life_table, table: mortality.csv, select: {sex: male}}", TABLE, "select one of year"),
        (
            "{family: life_table, table: mortality.csv, select: {race: x}}",
            TABLE,
            "no column 'race'; it has age, sex",
        ),
        ("{family: life_table, table: mortality.csv, select: {year: 1900}}", TABLE, "there are 2000, 2020"),
        ("{family: life_table, table: nothing.csv}", TABLE, "cannot be read"),
        (
            "{family: life_table, table: mortality.csv}",
            "age,probability\n50,0,200\n51,0,300\n",
            "line 2: 3 cells where the line of names has 2",
        ),
        ("{family: life_table, table: mortality.csv}", "age,probability\n50,0.2\n51\n", "line 3: 1 cells"),
        (
            "{family: life_table, table: mortality.csv}",
            "age,rate,rate\n50,0.2,0.3\n",
            "stands there more than once",
        ),
        ("{family: life_table}", TABLE, "takes table"),
        ("{family: life_table, table: mortality.csv}", "age,qx\n60,0.1\n", "needs the columns age"),
        ("{family: life_table, table: mortality.csv}", "age,probability\n60,ten\n", "'ten', no number"),
        ("{family: life_table, table: mortality.csv}", "age,probability\n60,1.5\n", "from 0 to below 1"),
        ("{family: life_table, table: mortality.csv}", "age,rate\n60,-0.5\n", "a rate is at least 0"),
        ("{family: life_table, table: mortality.csv}", "age,rate\n", "holds no rows"),
        ("{family: life_table, table: ../../../../x.csv}", TABLE, "leaves the study's folder"),
    ],
)
def test_what_is_no_life_table_is_refused(tmp_path, law, table, message):
    with pytest.raises(ScenarioError, match=message):
        scenario(tmp_path, law=law, table=table)


def test_a_life_table_runs_on_age(tmp_path):
    with pytest.raises(ScenarioError, match="clock: age"):
        scenario(tmp_path, **{"clock: age, ": ""})


BOTH = "{family: life_table, table: mortality.csv, by: {sex: {covariate: woman, 0: male, 1: female}}, year: 2015}"
PEOPLE = {
    "{name: age, distribution: fixed, value: 70.5}": "{name: age, distribution: fixed, value: 70.5}, "
    "{name: woman, distribution: bernoulli, probability: 0.5}"
}


@pytest.mark.parametrize(("unit", "horizon"), [("months", "120.0"), ("years", "10.0")])
def test_each_patient_is_followed_by_age_sex_and_calendar_year(tmp_path, unit, horizon):
    """Solved by hand: the table of 2000 holds until 2020, five years from the start in 2015, that of 2020 from there on."""
    result = simulate(scenario(tmp_path, law=BOTH, unit=unit, horizon=horizon, **PEOPLE))

    def rate(age, t, twice):
        return -math.log1p(-((math.floor(age + t) - 50) / 1000 * twice + (0.0 if t < 5.0 else 0.002)))

    steps = np.arange(0.0, 10.0, 0.5)
    share = np.mean([math.exp(-0.5 * sum(rate(70.5, t, twice) for t in steps)) for twice in (1, 2)])
    found = result.measure("alive", float(horizon))
    assert abs(found.estimate[0] - share) < 4.5 * found.mc_std_error[0]


def test_walking_through_a_table_and_back_is_the_same_and_agrees_with_quadrature():
    rng = np.random.default_rng(3)
    rates = rng.uniform(0.0, 0.2, (2, 4, 6))
    rates[1, :, 2] = 0.0
    table = MortalityTable(
        ages=np.array([52.0, 55.0, 60.0, 61.5, 70.0]), periods=np.array([2003.0, 2004.5, 2010.0]), rates=rates,
        wheres=((("woman", 0.0),), (("woman", 1.0),)), age="age", now="year", per_year=1.0,
    )  # fmt: skip
    people = {
        "age": rng.uniform(50, 65, 40), "year": rng.uniform(2000, 2009, 40), "woman": (rng.random(40) < 0.5).astype(float)
    }  # fmt: skip
    law = table.of(people.__getitem__)
    ages = people["age"] + rng.uniform(0, 12, 40)
    used = law.cumulative_hazard(ages)

    def hazard(i, u):
        a, p = np.searchsorted(table.ages, u, "right"), people["year"][i] + u - people["age"][i]
        return rates[int(people["woman"][i]), np.searchsorted(table.periods, p, "right"), a]

    for i in range(40):
        begin = people["age"][i]
        breaks = [*table.ages, *(table.periods - people["year"][i] + begin)]
        truth = quad(
            lambda u, i=i: hazard(i, u),
            begin,
            ages[i],
            points=[b for b in breaks if begin < b < ages[i]],
            limit=200,
        )[0]
        assert used[i] == pytest.approx(truth, rel=1e-9)
    again = law.cumulative_hazard(law.inverse_cumulative_hazard(used))
    np.testing.assert_allclose(again, used, rtol=1e-12)


@pytest.mark.parametrize(
    ("law", "message"),
    [
        ("{family: life_table, table: mortality.csv, by: sex, year: 2015}", "by gives column: covariate and labels"),
        ("{family: life_table, table: mortality.csv, by: {sex: woman}, year: 2015}", "by gives column"),
        ("{family: life_table, table: mortality.csv, by: {sex: {covariate: woman}}, year: 2015}", "by gives column"),
        ("{family: life_table, table: mortality.csv, by: {sex: {covariate: woman, 0: man, 1: female}}, year: 2015}", "no rows with sex man"),
        ("{family: life_table, table: mortality.csv, by: {sex: {covariate: woman, 0: male, 1: female}}}", "select one of year"),
        ("{family: life_table, table: mortality.csv, year: 2015}", "select one of sex"),
        ("{family: life_table, table: mortality.csv, by: {sex: {covariate: man, 0: male, 1: female}}, year: 2015}", "no covariate 'man'"),
        ("{family: life_table, table: mortality.csv, by: {sex: {covariate: woman, 0: male, 1: female}}, year: when}", "no covariate 'when'"),
    ],
)  # fmt: skip
def test_a_table_by_patient_that_cannot_be_read(tmp_path, law, message):
    with pytest.raises(ScenarioError, match=message):
        scenario(tmp_path, law=law, **PEOPLE)


def test_patients_whom_no_rows_are_for_are_named(tmp_path):
    law = "{family: life_table, table: mortality.csv, by: {sex: {covariate: woman, 1: female}}, year: 2015}"
    with pytest.raises(ScenarioError, match="no rows for a patient with woman 0"):
        simulate(scenario(tmp_path, law=law, **PEOPLE))


def test_a_table_by_patient_is_told_and_its_file_is_one_of_the_schema(tmp_path):
    made = scenario(tmp_path, law=BOTH, **PEOPLE)
    told = explain_states(
        made.content.states, made.content.transitions, start=None, values=None, time_unit="months"
    )
    assert (
        "from well to dead: mortality of the population by age and woman and calendar year, by age (age)"
        in told.lower()
    )
    content = yaml.safe_load((tmp_path / "analyses" / "one" / "scenario.yml").read_text(encoding="utf-8"))
    content["transitions"][0]["distribution"]["by"]["sex"] = {
        str(k): v for k, v in content["transitions"][0]["distribution"]["by"]["sex"].items()
    }
    jsonschema.Draft202012Validator(json.loads(file_schema("scenario"))).validate(content)


@pytest.mark.parametrize("frail", [False, True])
def test_a_clock_of_age_goes_on_from_a_history(frail):
    """A patient of 60 at time 0 who is alive ten years on has the mortality of 70 ahead; frailty is updated by the ten years."""
    people = Population(
        covariates=(Covariate(name="age", distribution="uniform", low=40.0, high=80.0),),
        frailties=(Frailty(name="z", variance=0.5),) if frail else (),
    )
    built = Model(
        time_unit="months",
        horizon=240.0,
        states=(State(name="well"), State(name="dead", death=True)),
        transitions=(
            Transition(
                source="well",
                target="dead",
                clock="age",
                distribution=GOMPERTZ,
                frailty="z" if frail else None,
            ),
        ),
        strategies=(Strategy(strategy="wait"),),
        population=people,
        history=History(now=120.0, covariates={"age": 60.0}),
    )
    found = simulate_model(built, patients=100_000, times=[60.0, 120.0])

    def spent(years):  # from 60 to 60 + years
        return 5e-5 / 0.1 * 12 / 12 * (math.exp(0.1 * (60 + years)) - math.exp(6.0))

    for t in (60.0, 120.0):
        before, after = spent(10.0), spent(10.0 + t / 12)
        truth = ((1 + 0.5 * before) / (1 + 0.5 * after)) ** 2 if frail else math.exp(before - after)
        alive = found.measure(f"alive@{t:g}")
        assert abs(alive.estimate[0] - truth) < 4.5 * alive.mc_std_error[0]


def test_a_table_by_patient_is_a_law_of_transitions_alone():
    sheet = {"where": [], "rates": [[0.1, 0.2]]}
    table = {"family": "mortality", "ages": [60.0], "sheets": [sheet], "per_year": 1.0}
    way = Transition(source="well", target="dead", clock="reset", distribution=table)
    with pytest.raises(ScenarioError, match="a life table is a law of age"):
        Model(
            time_unit="years",
            horizon=5.0,
            states=(State(name="well"), State(name="dead", death=True)),
            transitions=(way,),
            strategies=(Strategy(strategy="wait"),),
            population=Population(covariates=(Covariate(name="age", distribution="fixed", value=60.0),)),
        )
    with pytest.raises(ValueError, match="mortality"):
        Toxicity.model_validate({"name": "x", "grade": 1, "onset": table})


YOUNG = "age,rate\n60,0.1\n61,0.1\n62,0.1\n"
ALONE = "{family: life_table, table: mortality.csv}"
AGE = "{name: age, distribution: fixed, value: 70.5}"


@pytest.mark.parametrize(
    ("age", "lowest"),
    [
        ("{name: age, distribution: fixed, value: 50}", "50"),
        ("{name: age, distribution: uniform, low: 55, high: 80}", "55"),
        ("{name: age, distribution: normal, mean: 70, sd: 5}", "55"),
    ],
)
def test_patients_younger_than_the_table_are_told(tmp_path, age, lowest):
    told = f"begins at age 60, and patients are as young as {lowest}: the rate of age 60 is used"
    with pytest.warns(ExtrapolationWarning, match=told):
        made = scenario(tmp_path, law=ALONE, table=YOUNG, **{AGE: age})
    if lowest == "50":  # and that is what happens: ten years at a rate of 0.1
        found = simulate(made).measure("alive", 120.0)
        assert abs(found.estimate[0] - math.exp(-1.0)) < 4.5 * found.mc_std_error[0]


def test_rates_of_a_thousand_people_are_told(tmp_path):
    per_thousand = "age,rate\n60,9.5\n61,10.5\n62,11.5\n"
    with pytest.warns(EvidenceWarning, match=r"a rate of 11.5 a year at age 62.*must be divided first"):
        scenario(tmp_path, law=ALONE, table=per_thousand)


@pytest.mark.parametrize(
    ("year", "used"),
    [
        ("1999", "begin in 1999: 2000 is used until then"),
        ("2500", "begin in 2500: 2020 is used from then on"),
    ],
)
def test_years_that_the_table_does_not_hold_are_told(tmp_path, year, used):
    with pytest.warns(ExtrapolationWarning, match=f"holds the years 2000 to 2020, and patients {used}"):
        scenario(tmp_path, law=BOTH.replace("2015", year), **PEOPLE)


def test_a_year_just_after_the_table_is_an_ordinary_one(tmp_path):
    assert scenario(tmp_path, law=BOTH.replace("2015", "2026"), **PEOPLE)


@pytest.mark.parametrize(
    ("year", "told"),
    [
        (".nan", "the calendar year is missing or infinite"),
        (".inf", "the calendar year is missing or infinite"),
        ('"2015"', "write it without quotes"),
    ],
)
def test_what_is_no_calendar_year_is_refused(tmp_path, year, told):
    with pytest.raises(ScenarioError, match=told):
        scenario(tmp_path, law=BOTH.replace("2015", year), **PEOPLE)


@pytest.mark.parametrize("cell", ["0.0_1", "nan", "inf", "1e400", "٠.1"])
def test_a_cell_that_only_a_programming_language_takes_for_a_number(tmp_path, cell):
    with pytest.raises(ScenarioError, match="no number"):
        scenario(tmp_path, law=ALONE, table=f"age,rate\n60,{cell}\n")
