"""Net survival: a case on paper, identities with Kaplan-Meier, a truth that is known, and what is refused."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from survsim import Surv, kaplan_meier, nelson_aalen
from survsim.core.errors import ExtrapolationWarning, InputError
from survsim.distributions import Exponential
from survsim.nonparametric import net_survival
from survsim.parametric import background_rates

TWO = pd.DataFrame({"age": [50, 50], "sex": ["f", "m"], "rate": [0.1, 0.3]})
"""Women die at 0.1 a year, men at 0.3, at every age from 50 on."""


def three(**more: Any) -> Surv:
    return Surv.right([1.0, 2.0, 4.0], [1, 0, 1], unit="years", **more)


def patients(**more: Any) -> pd.DataFrame:
    return pd.DataFrame({"age": [60.0, 70.0, 60.0], "sex": ["m", "f", "f"]} | more)


def test_pohar_perme_by_hand() -> None:
    found = net_survival(three(), TWO, patients(), form="exponential")
    m, f = np.exp(0.3), np.exp(0.1)
    # To year 1 a man and two women, to year 4 the women alone, whose hazard is 0.1 whatever they weigh.
    first = m / (m + 2 * f) - np.log((m + 2 * f) / 3)
    assert found.time.tolist() == [1.0, 2.0, 4.0]
    assert found.estimate == pytest.approx(np.exp([-first, -first + 0.1, -first + 0.3 - 1.0]), rel=1e-12)
    error = m / (m + 2 * f)
    assert found.std_error / found.estimate == pytest.approx([error, error, np.sqrt(error**2 + 1)], rel=1e-12)
    assert found.expected == pytest.approx([(np.exp(-0.3 * t) + 2 * np.exp(-0.1 * t)) / 3 for t in (1, 2, 4)])


def test_ederer_by_hand() -> None:
    second = net_survival(three(), TWO, patients(), method="ederer-2")
    assert second.estimate == pytest.approx(
        [np.exp(0.5 / 3) * 2 / 3, np.exp(0.5 / 3 + 0.1) * 2 / 3, 0.0], rel=1e-12
    )
    first = net_survival(three(), TWO, patients(), method="ederer-1")
    assert first.estimate == pytest.approx(np.array([2 / 3, 2 / 3, 0.0]) / first.expected, rel=1e-12)
    assert np.isnan(first.std_error[-1]) and np.isnan(first.conf_high[-1]) and first.conf_low[-1] == 0.0


@pytest.mark.parametrize("method", ["pohar-perme", "ederer-2", "ederer-1"])
def test_where_nobody_else_dies_it_is_kaplan_meier(method: str) -> None:
    rng = np.random.default_rng(2)
    surv = Surv.right(np.round(rng.exponential(20, 60), 1) + 0.1, rng.random(60) < 0.6, unit="months")
    nobody = pd.DataFrame({"age": [0], "probability": [0.0]})
    data = {"age": rng.uniform(40, 80, 60)}
    curve, hazard = kaplan_meier(surv), nelson_aalen(surv)
    assert net_survival(surv, nobody, data, method=method).estimate == pytest.approx(
        curve.estimate, abs=1e-12
    )
    plain = net_survival(surv, nobody, data, method=method, form="exponential")
    assert plain.estimate == pytest.approx(np.exp(-hazard.estimate), rel=1e-12)
    assert plain.std_error == pytest.approx(plain.estimate * hazard.std_error, rel=1e-12)


def test_with_one_hazard_for_all_the_methods_agree_and_units_do_not_matter() -> None:
    rng = np.random.default_rng(5)
    time, event = rng.exponential(3, 40) + 0.01, rng.random(40) < 0.7
    table = pd.DataFrame({"age": [0], "rate": [0.07]})
    made = [
        net_survival(Surv.right(time, event, unit="years"), table, {"age": np.full(40, 50.0)}, method=m)
        for m in ("pohar-perme", "ederer-2", "ederer-1")
    ]
    expected = kaplan_meier(Surv.right(time, event, unit="years")).estimate * np.exp(0.07 * np.sort(time))
    for one in made:
        assert one.estimate == pytest.approx(expected, rel=1e-10)
    months = net_survival(Surv.right(time * 12, event, unit="months"), table, {"age": np.full(40, 50.0)})
    assert months.estimate == pytest.approx(made[0].estimate, rel=1e-12)


def test_the_hazard_changes_on_birthdays_and_at_new_year() -> None:
    cells = [(60, 2000, 0.1), (61, 2000, 0.2), (60, 2001, 0.3), (61, 2001, 0.4)]
    table = pd.DataFrame(cells, columns=["age", "year", "rate"])
    surv = Surv.right([1.0], [0], unit="years")
    # 60.5 years old in 2000.75: a quarter of a year at 0.1, a quarter at 0.3, half a year at 0.4.
    found = net_survival(surv, table, {"age": [60.5], "year": [2000.75]}, times=[0.25, 0.5])
    assert -np.log(found.expected) == pytest.approx([0.025, 0.1, 0.3], rel=1e-12)
    dates = net_survival(surv, table, {"age": [60.5], "year": pd.to_datetime(["2000-10-01"])}, times=0.5)
    assert -np.log(dates.expected)[0] == pytest.approx(0.1, abs=1e-3)
    own = net_survival(surv, table, {"age": [60.5], "year": [date(2000, 10, 1)]}, times=0.5)
    assert own.expected.tolist() == dates.expected.tolist()
    with pytest.raises(InputError, match="year has a missing date"):
        net_survival(surv, table, {"age": [60.5], "year": pd.to_datetime([None])})


def test_pohar_perme_finds_the_truth_where_ederers_second_does_not() -> None:
    rng = np.random.default_rng(11)
    n = 20_000
    age = rng.choice([50.0, 80.0], n)
    # The disease kills both ages at 0.2 and 0.05 a year: net survival is the mean of the two.
    disease = rng.exponential(1 / np.where(age == 50, 0.2, 0.05))
    other = rng.exponential(1 / np.where(age == 50, 0.01, 0.2))
    time, death = np.minimum(np.minimum(disease, other), 8.0), np.minimum(disease, other) < 8.0
    surv = Surv.right(np.ceil(time * 20) / 20, death, unit="years")
    table = pd.DataFrame({"age": [0, 65], "rate": [0.01, 0.2]})
    truth = (np.exp(-0.2 * 5) + np.exp(-0.05 * 5)) / 2
    ours, theirs = (
        net_survival(surv, table, {"age": age}, method=m).survival_at(5.0)
        for m in ("pohar-perme", "ederer-2")
    )
    assert abs(ours.estimate[0] - truth) < 3 * ours.std_error[0] + 0.002
    assert abs(theirs.estimate[0] - truth) > 5 * theirs.std_error[0]


def test_intervals_cover() -> None:
    rng = np.random.default_rng(8)
    table = pd.DataFrame({"age": [0, 65], "rate": [0.02, 0.1]})
    inside = 0
    for _ in range(300):
        age = np.repeat([50.0, 75.0], 50)
        life = rng.exponential(1 / (0.1 + np.where(age == 50, 0.02, 0.1)))
        end = rng.uniform(2, 9, 100)
        at = net_survival(
            Surv.right(np.minimum(life, end), life < end, unit="years"), table, {"age": age}, times=4.0
        ).survival_at(4.0)
        inside += bool(at.conf_low[0] <= np.exp(-0.4) <= at.conf_high[0])
    assert abs(inside / 300 - 0.95) < 3 * np.sqrt(0.95 * 0.05 / 300)


def test_a_time_between_two_rows_must_be_asked_for() -> None:
    found = net_survival(three(), TWO, patients(), times=[3.0])
    assert found.survival_at([0.0, 3.0]).estimate[0] == 1.0
    assert found.survival_at([0.0]).n_risk.tolist() == [3.0]
    with pytest.raises(InputError, match=r"does not hold 2\.5; give times=\[2\.5\]"):
        found.survival_at(2.5)
    with pytest.warns(ExtrapolationWarning, match="followed to 4 years"):
        assert np.isnan(found.survival_at(5.0).estimate[0])


CALENDAR = pd.DataFrame({"age": [50, 50], "year": [2000, 2005], "rate": [0.1, 0.1]})


def test_years_outside_the_table_are_warned_of() -> None:
    with pytest.warns(
        ExtrapolationWarning, match="known from 2000 to 2010; 1 patients begin before and 2 are"
    ):
        net_survival(three(), CALENDAR, {"age": [60.0] * 3, "year": [1999.0, 2009.0, 2007.5]})


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"surv": three(entry=[0.0, 0.5, 0.0])}, "counted from diagnosis.*has entry"),
        ({"surv": three(weight=[1.0, 2.0, 1.0])}, "has weight"),
        ({"data": None}, "data with the age of each patient is needed"),
        ({"data": patients().iloc[:2]}, "2 rows"),
        ({"data": patients(age=[60.0, 40.0, 60.0])}, "from 50 .the youngest of the population. to 130; found 40"),
        ({"data": patients(sex=["m", "f", "x"])}, "no rows for sex 'x' .row 2 of the patients.; it has sex 'f'; sex 'm'"),
        ({"data": patients().drop(columns="sex")}, "sex"),
        ({"population": TWO.drop(columns="rate")}, "one of the columns probability .* it has neither"),
        ({"population": TWO.assign(probability=0.1)}, "it has probability and rate"),
        ({"population": TWO.assign(rate=-0.1)}, "rate of population must be 0 or above"),
        ({"population": TWO.drop(columns="rate").assign(probability=1.2)}, "probability of population must be from 0 to below 1"),
        ({"population": pd.concat([TWO, TWO])}, "two rows for age 50, sex 'f'"),
        ({"population": pd.concat([TWO, TWO.assign(age=60).iloc[:1]])}, "no row for age 60, sex 'm'"),
        ({"population": TWO.iloc[:0]}, "population has no row"),
        ({"population": TWO.assign(age=[50, 500])}, "age of population must be years from 0 to 130; found 500"),
        ({"population": TWO.assign(rate=400.0)}, "nobody like patient 0 would be alive"),
        ({"population": CALENDAR, "data": patients(year=[5.0, 6.0, 7.0])}, "year must be the calendar year at time 0"),
        ({"method": "hakulinen"}, "'pohar-perme', 'ederer-2', 'ederer-1'"),
        ({"form": "fleming"}, "'product', 'exponential'"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        net_survival(**({"surv": three(), "population": TWO, "data": patients()} | given))


@pytest.mark.parametrize("sexes", [("f",), ("f", "m")])
def test_who_outgrows_the_table_is_told_of(sexes: tuple[str, ...]) -> None:
    """The last age stands for those that follow, in words; a table of one age holds for all from it on."""
    rows = [{"age": a, "sex": s, "rate": 0.01 * (a - 57)} for s in sexes for a in (60, 61, 62)]
    short, data = pd.DataFrame(rows), pd.DataFrame({"age": [60.0, 61.5, 60.0], "sex": ["f", sexes[-1], "f"]})
    with pytest.warns(ExtrapolationWarning, match="up to age 63 .* 2 patients"):
        found = net_survival(three(), short, data)
    longer = [row | {"age": a, "rate": 0.05} for row in rows[:: len(rows) // len(sexes)] for a in (63, 64)]
    whole = net_survival(three(), pd.concat([short, pd.DataFrame(longer)]), data)
    assert found.estimate == pytest.approx(whole.estimate, rel=1e-12)


def test_rates_for_relative_survival_tell_of_it_too() -> None:
    short = pd.DataFrame({"age": [60, 61], "rate": [0.01, 0.02]})
    with pytest.warns(ExtrapolationWarning, match="up to age 62 .* 1 patients"):
        rates = background_rates(three(), short, {"age": [60.0, 59.0 + 1, 60.0]})
    assert rates.tolist() == [0.02, 0.02, 0.02]


def test_a_population_that_is_no_table_is_named() -> None:
    surv = Surv.right([1.0, 2.0], [1, 0], unit="years")
    law = Exponential(rate=0.02, time_unit="years")
    with pytest.raises(
        InputError, match=r"^population must be a frame with a row for each age .*; got Exponential\."
    ):
        net_survival(surv, law, {"age": [60.0, 61.0]})
