"""Comparison and averaging of families, background mortality, mixtures."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from survsim import Surv, compare_families, model_average, parametric_survival, royston_parmar
from survsim.distributions import (
    Exponential,
    Gompertz,
    Mixture,
    PiecewiseExponential,
    TimeVaryingEffect,
    Weibull,
    WithBackground,
)
from survsim.errors import ConvergenceWarning, InputError
from survsim.parametric import all_cause, background_rates, life_table


def sample(n: int = 80) -> Surv:
    rng = np.random.default_rng(9)
    time, end = 10 * rng.weibull(1.3, n), rng.uniform(3, 20, n)
    return Surv.right(np.minimum(time, end), time <= end, unit="months")


def test_weights_by_hand() -> None:
    surv = sample()
    table = compare_families(
        surv, families=["exponential", "weibull"], also=[royston_parmar(surv, df=2)]
    ).to_frame()
    aic = table["aic"].to_numpy()
    assert (np.diff(aic) >= 0).all()
    raw = np.exp(-(aic - aic[0]) / 2)
    np.testing.assert_allclose(table["weight_aic"], raw / raw.sum())
    np.testing.assert_allclose(
        table["bic"], -2 * table["log_likelihood"] + table["n_parameters"] * np.log(80)
    )


def test_average_is_the_weighted_curve_and_can_be_drawn_from() -> None:
    comparison = compare_families(sample())
    average = model_average(comparison, criterion="bic")
    law = average.distribution()
    t = np.array([2.0, 6.0, 11.0])
    by_hand = sum(w * f.distribution().survival(t) for w, f in zip(average.weight, comparison.fits))
    np.testing.assert_allclose(law.survival(t), by_hand, rtol=1e-12)
    u = np.array([0.99, 0.5, 0.01])
    np.testing.assert_allclose(law.survival(law.sample(u)), u, rtol=1e-10)
    assert comparison.best("bic").bic == min(f.bic for f in comparison.fits)
    assert "BIC weights" in repr(average)


def test_average_interval_is_not_narrower_than_the_parts_and_one_part_is_itself() -> None:
    surv = sample()
    fit = parametric_survival(surv, "weibull")
    own, alone = (
        fit.predict_survival(times=[3.0, 9.0]),
        model_average([fit]).predict_survival(times=[3.0, 9.0]),
    )
    np.testing.assert_allclose(alone.conf_low, own.conf_low, rtol=1e-12)
    np.testing.assert_allclose(alone.std_error, own.std_error, rtol=1e-12)
    both = model_average([fit, parametric_survival(surv, "lognormal")])
    spread = both.predict_survival(times=[0.0, 3.0, 9.0])
    np.testing.assert_allclose(spread.survival[0, 0], 1.0, rtol=1e-12)
    assert not np.isnan(spread.conf_low).any()
    assert (spread.conf_high - spread.conf_low)[0, 1] > 0


def test_draws_choose_families_by_weight() -> None:
    surv = sample()
    average = model_average([parametric_survival(surv, f) for f in ("exponential", "weibull")])
    laws = average.draws(400, seed=3)
    share = np.mean([isinstance(law, Weibull) for law in laws])
    assert abs(share - average.weight[1]) < 4 * np.sqrt(0.25 / 400)


def test_a_family_that_fails_is_said() -> None:
    surv = Surv.right([4.0, 6.0], [1, 0], unit="months")
    with pytest.warns(ConvergenceWarning, match="left out of the comparison"):
        comparison = compare_families(surv, families=["exponential", "lognormal", "generalised_gamma"])
    assert "did not converge" in comparison.headline()


def test_other_data_are_refused() -> None:
    one, two = parametric_survival(sample(80), "weibull"), parametric_survival(sample(70), "exponential")
    with pytest.raises(InputError, match="another response"):
        model_average([one, two])
    with pytest.raises(InputError, match="got no fit"):
        model_average([])
    with pytest.raises(InputError, match="criterion must be one of"):
        model_average([one], criterion="dic")


def test_other_weights_entries_or_backgrounds_are_another_response() -> None:
    surv = sample()
    weighted = Surv.right(surv.time, surv.event, unit="months", weight=np.full(80, 2.0))
    late = Surv.right(surv.time, surv.event, unit="months", entry=np.full(80, surv.time.min() / 2))
    first = parametric_survival(surv, "weibull")
    for other, what in ((weighted, "weights"), (late, "entries")):
        with pytest.raises(InputError, match=f"different {what}"):
            model_average([first, parametric_survival(other, "exponential")])
        with pytest.raises(InputError, match=f"different {what}"):
            compare_families(surv, families=["weibull"], also=[parametric_survival(other, "exponential")])
    rates = [parametric_survival(surv, "weibull", background=np.full(80, r)) for r in (0.01, 0.02)]
    with pytest.raises(InputError, match="different background"):
        model_average(rates)
    ones = Surv.right(surv.time, surv.event, unit="months", weight=np.ones(80), entry=np.zeros(80))
    assert model_average([first, parametric_survival(ones, "weibull")]).weight.tolist() == [0.5, 0.5]


def test_mixture_of_exponentials_by_hand() -> None:
    parts = (Exponential(rate=0.1, time_unit="months"), Exponential(rate=0.5, time_unit="months"))
    law = Mixture(weights=[3.0, 1.0], components=parts)
    t = np.array([0.0, 1.0, 20.0])
    survival = 0.75 * np.exp(-0.1 * t) + 0.25 * np.exp(-0.5 * t)
    density = 0.075 * np.exp(-0.1 * t) + 0.125 * np.exp(-0.5 * t)
    np.testing.assert_allclose(law.survival(t), survival, rtol=1e-14)
    np.testing.assert_allclose(law.hazard(t), density / survival, rtol=1e-13)
    np.testing.assert_allclose(law.inverse_cumulative_hazard(-np.log(survival)), t, atol=1e-12)
    assert float(law.mean()) == pytest.approx(0.75 / 0.1 + 0.25 / 0.5)
    assert float(law.rmst(7.0)) == pytest.approx(
        0.75 * (1 - np.exp(-0.7)) / 0.1 + 0.25 * (1 - np.exp(-3.5)) / 0.5
    )
    assert np.isfinite(law.hazard(1e5))


def test_mixture_with_a_cured_part_is_reached_or_never() -> None:
    cured = PiecewiseExponential(breaks=[1.0], rates=[0.1, 0.0], time_unit="months")
    law = Mixture(weights=[0.5, 0.5], components=(cured, Exponential(rate=1.0, time_unit="months")))
    assert law.sample(0.1) == np.inf
    t = float(law.sample(0.5))
    assert float(law.survival(t)) == pytest.approx(0.5, rel=1e-12)


def test_mixture_messages() -> None:
    month, year = Exponential(rate=1.0, time_unit="months"), Exponential(rate=1.0, time_unit="years")
    with pytest.raises(InputError, match="components is empty"):
        Mixture(weights=[], components=())
    with pytest.raises(InputError, match=r"use .to_unit"):
        Mixture(weights=[1, 1], components=(month, year))
    with pytest.raises(InputError, match="as many weights"):
        Mixture(weights=[1.0], components=(month, month))


def test_life_table_by_hand() -> None:
    law = life_table([60, 61, 62], [0.01, 0.02, 0.03])
    np.testing.assert_allclose(law.hazard([50.0, 60.5, 61.5, 80.0]), -np.log1p([-0.01, -0.01, -0.02, -0.03]))
    surv = Surv.right([6.0, 18.0], [1, 0], unit="months")
    np.testing.assert_allclose(background_rates(surv, law, [60.0, 60.0]), -np.log1p([-0.01, -0.02]) / 12)


def test_all_cause_is_the_product_of_net_and_background() -> None:
    law = Gompertz(shape=0.1, rate=5e-5, time_unit="years")
    net = Weibull(shape=1.2, scale=30.0, time_unit="months")
    whole = all_cause(net, law, np.array([50.0, 70.0]))
    assert isinstance(whole, WithBackground)
    background = law.survival(np.array([50.0, 70.0]) + 2) / law.survival([50.0, 70.0])
    np.testing.assert_allclose(whole.survival(24.0), net.survival(24.0) * background, rtol=1e-10)


def test_background_messages() -> None:
    surv = sample(3)
    law = Gompertz(shape=0.1, rate=5e-5, time_unit="years")
    with pytest.raises(InputError, match=r"age must be in years.*Divide ages in days"):
        background_rates(surv, law, [60.0, 24000.0, 50.0])
    with pytest.raises(InputError, match="Rates per 1,000"):
        life_table([60, 61], [0.01, 11.0])
    with pytest.raises(InputError, match="age must increase"):
        life_table([61, 60], [0.01, 0.02])
    with pytest.raises(InputError, match="give one a year of age"):
        life_table([60], [0.01, 0.02])
    with pytest.raises(InputError, match="age must be years from 0"):
        all_cause(Exponential(rate=1.0, time_unit="years"), law, -1.0)


@pytest.mark.parametrize(
    "age",
    [[60, 70], [], np.ma.array([60.0], mask=[True]), 1e300, -1, "x", np.nan, np.datetime64("2020-01-01")],
)
def test_ages_that_do_not_fit_the_law_are_refused(age):
    net = Weibull(shape=np.ones(3), scale=np.array([1.0, 2, 3]), time_unit="months")
    with pytest.raises(InputError, match="age"):
        all_cause(net, Gompertz(shape=0.1, rate=5e-5, time_unit="years"), age)


def test_what_is_no_law_is_refused():
    law = Gompertz(shape=0.1, rate=5e-5, time_unit="years")
    for pair in ((3, law), (law, "x")):
        with pytest.raises(InputError):
            all_cause(*pair, 60)


def test_background_rates_of_a_population_by_age_year_and_sex() -> None:
    cells = {"age": [60, 61] * 4, "year": [2000, 2000, 2001, 2001] * 2, "sex": ["f"] * 4 + ["m"] * 4}
    population = pd.DataFrame(cells | {"rate": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]})
    surv = Surv.right([6.0, 6.0, 3.0], [1, 0, 1], unit="months")
    patients = pd.DataFrame(
        {"age": [60.6, 60.2, 60.2], "year": [2000.2, 2000.8, 2000.9], "sex": ["f", "m", "m"]}
    )
    np.testing.assert_allclose(background_rates(surv, population, patients), np.array([0.2, 0.7, 0.7]) / 12)
    with pytest.raises(InputError, match="age has 2 rows for 3 patients"):
        background_rates(surv, population, patients.iloc[:2].reset_index(drop=True))
    with pytest.raises(InputError, match="sex"):
        background_rates(surv, population, patients[["age", "year"]])


def test_who_dies_on_a_birthday_is_of_the_age_that_begins_on_every_road() -> None:
    # relsurv takes the rate of the day that begins at the death (rsadd: exp_prep(age + Y, 1)): -log(1 - 0.1) at 61
    table, new = life_table([60, 61], [0.05, 0.1]), -np.log(0.9)
    np.testing.assert_allclose(table.hazard([60.0, 60.99, 61.0, 70.0]), [-np.log(0.95)] * 2 + [new] * 2)
    frame = pd.DataFrame({"age": [60, 61], "probability": [0.05, 0.1]})
    for age, time in ((60.0, 1.0), (60.7, 0.3), (60.9, 0.1)):  # 60.7 + 0.3 is 61 but for the last bits
        for unit, factor in (("years", 1.0), ("months", 12.0)):
            surv = Surv.right([time * factor], [1], unit=unit)
            for rates in (
                background_rates(surv, table, [age]),
                background_rates(surv, frame, {"age": [age]}),
            ):
                np.testing.assert_allclose(rates * factor, new, rtol=1e-12)
    np.testing.assert_allclose(table.survival(62.0), 0.95**61 * 0.9)


def test_the_hazard_at_a_cut_is_that_of_the_piece_it_ends_in_its_last_bits_too() -> None:
    surv = sample()
    fit = parametric_survival(surv.to_unit("years"), "piecewise_exponential", cuts=[0.3])
    first = float(fit.distribution().rates[0])
    found = fit.predict_hazard(None, [0.3, 0.1 * 3]).to_frame()["estimate"]
    np.testing.assert_allclose(found, [first, first])
    law = PiecewiseExponential(breaks=[0.3], rates=[1.0, 2.0], time_unit="years")
    effect = TimeVaryingEffect(
        base=Exponential(rate=1.0, time_unit="years"), breaks=[0.3], hazard_ratios=[1.0, 0.5]
    )
    at = [0.3, 0.1 * 3, 0.3 + 1e-6]
    assert law.hazard(at).tolist() == [1.0, 1.0, 2.0] and effect.hazard(at).tolist() == [1.0, 1.0, 0.5]
    left = PiecewiseExponential(breaks=[0.3], rates=[1.0, 2.0], time_unit="years", closed="left")
    assert left.hazard([0.3 - 1e-6, 0.1 * 3, 0.3 - 1e-12]).tolist() == [1.0, 2.0, 2.0]
    with pytest.raises(InputError, match="closed must be one of 'right', 'left'"):
        PiecewiseExponential(breaks=[0.3], rates=[1.0, 2.0], time_unit="years", closed="both")
