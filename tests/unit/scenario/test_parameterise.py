"""From rows to draws: each route by hand, each layer apart, each refusal in words."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.special import logit

from survsim.errors import EvidenceWarning, InputError, ScenarioError
from survsim.estimate.borrowing.map_prior import map_prior
from survsim.estimate.borrowing.mixture import NormalMixture
from survsim.scenario.derive import derive, weibull_scale_from_median
from survsim.scenario.parameter_spec import Derived, FromAssumption, FromContrast, FromRows
from survsim.scenario.parameterise import parameterise
from survsim.scenario.predictive import quantile_errors
from survsim.scenario.row_effects import row_effect

DRAWS = 20_000


NONE = float("nan")


def record(**changes):
    given = {
        "estimate_id": "a_e01",
        "measure": "hazard_ratio",
        "value": 0.5,
        "value_unit": "",
        "conf_low": 0.25,
        "conf_high": 1.0,
        "conf_level": 0.95,
        "p_value": NONE,
        "n_arm": NONE,
        "n_event": NONE,
        "time": NONE,
        "time_unit": "",
        "study_id": "a",
        "reference": "estimates:a_e01",
    }
    return SimpleNamespace(**(given | changes))


def table(*rows):
    found = {r.estimate_id: r for r in rows}
    return found.__getitem__


def rows_spec(scale="hazard_ratio", rows=("a_e01",), sd=0.0, **more):
    return FromRows(
        source="rows",
        scale=scale,
        rows=rows,
        transport={"sd": sd, "reason": "another site altogether"},
        meaning="something measured",
        **more,
    )


def draw(specs, records, draws=DRAWS, seed=1):
    return parameterise(specs, records, draws=draws, seed=seed, time_unit="months", scenario="s")


def test_hazard_ratio_row_by_interval():
    found = row_effect(record(), "hazard_ratio", "months")
    assert found.estimate == pytest.approx(np.log(0.5))
    assert found.std_error == pytest.approx(np.log(4) / (2 * 1.959964), rel=1e-6)


def test_median_row_converts_its_unit_and_uses_events_or_half_of_n():
    weeks = record(
        measure="median", value=13.0, value_unit="weeks", conf_low=NONE, conf_high=NONE, n_event=25
    )
    found = row_effect(weeks, "median", "months")
    assert found.estimate == pytest.approx(np.log(13 * 7 / 30.4375))
    assert found.std_error == pytest.approx(np.sqrt(0.75 / 25) / np.log(2))
    half = record(measure="median", value=4.0, value_unit="months", conf_low=NONE, conf_high=NONE, n_arm=50)
    # half of 50 dead at the median: the binomial error of a survival point of one half
    assert row_effect(half, "median", "months").std_error == pytest.approx(1 / (np.sqrt(50) * np.log(2)))


def test_survival_point_stands_for_an_exponential_median():
    point = record(
        measure="survival_probability",
        value=0.25,
        time=12.0,
        time_unit="months",
        conf_low=NONE,
        conf_high=NONE,
        n_arm=40,
    )
    with pytest.raises(ScenarioError, match="assume_exponential"):
        row_effect(point, "median", "months")
    found = row_effect(point, "median", "months", assume_exponential=True)
    assert found.estimate == pytest.approx(np.log(6.0))
    error_s = np.sqrt(1.2 * 0.25 * 0.75 / 40)
    assert found.std_error == pytest.approx(error_s / (0.25 * np.log(4)), rel=1e-9)


def test_proportion_by_counts_and_none_seen():
    some = record(measure="proportion", value=0.25, n_arm=40, conf_low=NONE, conf_high=NONE)
    found = row_effect(some, "proportion", "months")
    assert found.estimate == pytest.approx(logit(0.25))
    assert found.std_error == pytest.approx(1 / np.sqrt(40 * 0.25 * 0.75))
    none = record(measure="proportion", value=0.0, n_arm=19, conf_low=NONE, conf_high=NONE)
    assert row_effect(none, "proportion", "months").estimate == pytest.approx(logit(0.5 / 20))


@pytest.mark.parametrize(
    ("row", "scale", "words"),
    [
        (
            record(),
            "median",
            "a_e01: its measure is hazard_ratio .wanted on scale median",
        ),
        (
            record(measure="median", value_unit="months", conf_low=NONE, conf_high=NONE),
            "median",
            "neither an interval",
        ),
        (
            record(measure="proportion", conf_low=NONE, conf_high=NONE),
            "proportion",
            "nor a number of patients",
        ),
        (record(conf_low=NONE, conf_high=NONE), "value", "without interval or std_error"),
        (record(value=NONE), "hazard_ratio", "no value is printed"),
    ],
)
def test_rows_that_print_too_little_are_refused(row, scale, words):
    with pytest.raises(ScenarioError, match=words):
        row_effect(row, scale, "months")


def test_one_row_gives_its_own_law_widened_by_tau_and_transport():
    made = draw({"hr": rows_spec(sd=0.4, tau_scale=0.5)}, table(record())).parameters["hr"]
    se = np.log(4) / (2 * 1.959964)
    # One study says nothing of tau: its posterior is the prior, E tau^2 = 0.25. The mean lies one tau from the
    # study, the new study another tau from the mean.
    truth = np.sqrt(se**2 + 2 * 0.25 + 0.16)
    logs = np.log(made.draws)
    assert logs.mean() == pytest.approx(np.log(0.5), abs=4 * truth / np.sqrt(DRAWS))
    assert logs.std() == pytest.approx(truth, rel=0.03)
    assert set(made.layers) == {"sampling", "between studies", "transport"}
    np.testing.assert_allclose(sum(made.layers.values()), logs)
    assert made.provenance.references() == ("estimates:a_e01",)


def test_draws_of_one_parameter_do_not_depend_on_the_others():
    alone = draw({"hr": rows_spec()}, table(record()), draws=50)
    both = draw({"other": rows_spec(sd=0.3), "hr": rows_spec()}, table(record()), draws=50)
    np.testing.assert_array_equal(alone.parameters["hr"].draws, both.parameters["hr"].draws)
    assert not np.array_equal(both.parameters["hr"].draws, both.parameters["other"].draws)


def test_contrast_is_the_ratio_of_medians():
    a = record(
        estimate_id="a_e01",
        measure="median",
        value=12.0,
        value_unit="months",
        n_event=400,
        conf_low=NONE,
        conf_high=NONE,
    )
    b = record(
        estimate_id="b_e01",
        measure="median",
        value=6.0,
        value_unit="months",
        n_event=400,
        conf_low=NONE,
        conf_high=NONE,
        reference="estimates:b_e01",
    )
    spec = FromContrast(
        source="contrast",
        treated=("a_e01",),
        control=("b_e01",),
        tau_scale=0.01,
        transport={"sd": 0.0, "reason": "none is needed"},
        meaning="treated against not",
        bias="nobody was randomised",
    )
    made = draw({"hr": spec}, table(a, b)).parameters["hr"]
    assert np.median(made.draws) == pytest.approx(0.5, rel=0.01)
    assert np.log(made.draws).std() == pytest.approx(np.sqrt(2 * 0.75 / 400) / np.log(2), rel=0.06)
    assert set(made.provenance.references()) == {"estimates:a_e01", "estimates:b_e01"}


@pytest.mark.parametrize(
    ("law", "quantiles"),
    [
        ({"law": "uniform", "low": 1, "high": 3}, (1.05, 2.0, 2.95)),
        ({"law": "lognormal", "median": 4, "low": 2, "high": 16}, (2.0, 4.0, 16.0)),
        ({"law": "normal", "mean": 0, "sd": 1}, (-1.96, 0.0, 1.96)),
        ({"law": "beta", "mean": 0.5, "worth": 2}, (0.025, 0.5, 0.975)),
        ({"law": "fixed", "value": 7}, (7.0, 7.0, 7.0)),
    ],
)
def test_assumptions_have_the_law_they_state(law, quantiles):
    spec = FromAssumption(
        source="assumption",
        distribution=law,
        meaning="a clinical guess",
        reason="nobody has published this number",
    )
    made = draw({"p": spec}, table()).parameters["p"]
    np.testing.assert_allclose(np.quantile(made.draws, [0.025, 0.5, 0.975]), quantiles, atol=0.12, rtol=0.05)
    assert made.provenance.references() == ("assumption:s/p",)


def test_derived_scale_gives_back_the_median_under_the_effect():
    median, shape, hr = np.array([8.0]), np.array([1.4]), np.array([0.6])
    scale = weibull_scale_from_median(median, shape, hr)
    assert hr * (median / scale) ** shape == pytest.approx(np.log(2))


def test_derived_parameters_need_their_inputs_first():
    late = Derived(source="derived", rule="product", of=("b",), meaning="a product of things")
    with pytest.raises(ScenarioError, match="derived from 'b', which is not defined above it"):
        draw({"a": late}, table(), draws=10)
    with pytest.raises(ScenarioError, match="rule ratio takes 2 parameters; got 1"):
        derive("a", "ratio", [np.ones(3)])
    with pytest.raises(ScenarioError, match="not finite"), np.errstate(divide="ignore"):
        derive("a", "ratio", [np.ones(3), np.zeros(3)])


def test_the_table_names_sources_and_shares():
    guess = FromAssumption(
        source="assumption",
        distribution={"law": "fixed", "value": 1},
        meaning="a clinical guess",
        reason="nobody has published this number",
    )
    made = draw({"hr": rows_spec(), "g": guess}, table(record()), draws=100)
    frame = made.to_frame().set_index("parameter")
    assert frame.loc["hr", "rows"] == "a_e01"
    assert frame.loc["g", "reason"].startswith("nobody")
    assert made.share_by_source() == {"rows": 1, "assumption": 1}
    assert "1 from rows, 1 from assumption" in made.headline()


# ---- rows listed twice, numbers that are none, and how sure the quantiles are


@pytest.mark.parametrize(
    "make",
    [
        lambda: rows_spec(rows=("a_e01", "b_e01", "a_e01")),
        lambda: contrast(("a_e01", "a_e01"), ("b_e01",)),
        lambda: contrast(("a_e01",), ("b_e01", "a_e01")),
    ],
)
def test_a_row_listed_twice_is_refused(make):
    with pytest.raises(InputError, match="'a_e01' stands there more than once"):
        make()


def contrast(treated, control):
    return FromContrast(
        source="contrast", treated=treated, control=control, transport={"sd": 0.0, "reason": "none is needed"},
        meaning="treated against not", bias="nobody was randomised",
    )  # fmt: skip


def test_two_rows_of_one_study_count_once():
    rows = [record(estimate_id=f"{i}_e01", reference=f"estimates:{i}_e01") for i in "ab"]
    one = draw({"hr": rows_spec()}, table(record()), draws=4000).parameters["hr"]
    with pytest.warns(EvidenceWarning, match="studies share patients"):
        both = draw({"hr": rows_spec(rows=("a_e01", "b_e01"))}, table(*rows), draws=4000).parameters["hr"]
    np.testing.assert_allclose(both.draws, one.draws)
    assert set(both.provenance.references()) == {"estimates:a_e01", "estimates:b_e01"}


@pytest.mark.parametrize("bad", [np.inf, -np.inf, np.nan])
@pytest.mark.parametrize(
    ("law", "name"),
    [
        ({"law": "fixed", "value": 1.0}, "value"),
        ({"law": "normal", "mean": 0.0, "sd": 1.0}, "mean"),
        ({"law": "normal", "mean": 0.0, "sd": 1.0}, "sd"),
        ({"law": "lognormal", "median": 2.0, "low": 1.0, "high": 4.0}, "high"),
        ({"law": "uniform", "low": 0.0, "high": 1.0}, "high"),
        ({"law": "beta", "mean": 0.5, "worth": 10.0}, "worth"),
    ],
)
def test_a_number_that_is_not_finite_is_no_parameter_of_a_law(law, name, bad):
    with pytest.raises(InputError):
        FromAssumption(
            source="assumption", distribution=law | {name: bad}, meaning="a clinical guess",
            reason="nobody has published this number",
        )  # fmt: skip


def test_tails_of_400_draws_are_those_of_the_predictive_distribution():
    """Exact quantiles by the mixture; independent draws miss the outer ones by 20% and more."""
    rows = [record(estimate_id=f"{i}_e01", study_id=i, reference=f"estimates:{i}_e01", value=v, conf_low=v / 2,
                   conf_high=2 * v) for i, v in (("a", 0.5), ("b", 0.8), ("c", 0.6))]  # fmt: skip
    prior = map_prior(np.log([0.5, 0.8, 0.6]), np.full(3, np.log(4) / (2 * 1.959964)), tau_scale=0.5)
    exact = np.exp(NormalMixture(
        prior.tau_weights, prior.mean_mixture.centre, np.sqrt(prior.mean_mixture.spread**2 + prior.tau_nodes**2 + 0.16)
    ).quantile([0.025, 0.5, 0.975]))  # fmt: skip
    for seed in range(5):
        spec = rows_spec(rows=("a_e01", "b_e01", "c_e01"), sd=0.4)
        made = draw({"hr": spec}, table(*rows), draws=400, seed=seed)
        frame = made.to_frame()
        found = frame.loc[0, ["low", "median", "high"]].to_numpy(float)
        assert (np.abs(found / exact - 1) < [0.08, 0.02, 0.08]).all(), (found, exact)
        told = frame.loc[0, ["low_mc", "median_mc", "high_mc"]].to_numpy(float)
        assert (np.abs(found - exact) < 6 * told).all() and (told < 0.1 * found).all()


def test_layers_of_stratified_draws_keep_their_spread():
    """Law of one row: sampling and twice tau (prior half-normal), transport; components are uncorrelated."""
    made = draw({"hr": rows_spec(sd=0.4, tau_scale=0.5)}, table(record()), draws=20000).parameters["hr"]
    se2 = (np.log(4) / (2 * 1.959964)) ** 2
    sampling, between, transport = (made.layers[k] for k in ("sampling", "between studies", "transport"))
    assert np.var(sampling) == pytest.approx(se2 + 0.25, rel=0.06)
    assert np.var(between) == pytest.approx(0.25, rel=0.08)
    assert np.var(transport) == pytest.approx(0.16, rel=0.04)
    assert abs(np.corrcoef([sampling, between, transport])[np.triu_indices(3, 1)]).max() < 0.03


def test_monte_carlo_error_of_a_quantile_is_that_of_repeated_draws():
    rng = np.random.default_rng(5)
    independent = rng.normal(size=(600, 400))
    spread = np.quantile(independent, 0.975, axis=1).std()
    told = np.mean([quantile_errors(row, False)[2] for row in independent])
    assert told == pytest.approx(spread, rel=0.2)
    fixed = draw({"p": FromAssumption(source="assumption", distribution={"law": "fixed", "value": 7.0},
                  meaning="a clinical guess", reason="nobody has published this number")}, table())  # fmt: skip
    assert fixed.to_frame().loc[0, "high_mc"] == 0.0


def test_stratified_parameters_are_independent_of_one_another():
    made = draw({"a": rows_spec(sd=0.3), "b": rows_spec(sd=0.3)}, table(record()), draws=2000).parameters
    correlation = np.corrcoef(np.log(made["a"].draws), np.log(made["b"].draws))[0, 1]
    assert abs(correlation) < 4 / np.sqrt(2000)
