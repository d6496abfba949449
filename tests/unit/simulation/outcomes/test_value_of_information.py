"""Value of information against closed forms for normal decision problems."""

import numpy as np
import pytest
from scipy.stats import norm

from survsim.errors import InputError
from survsim.simulation.outcomes.sensitivity import global_sensitivity, threshold, tornado, variance_by_layer
from survsim.simulation.outcomes.value_of_information import evppi, evsi, value_of_information

DRAWS = 20_000
EXACT = np.zeros((DRAWS, 2, 2))


def unit_normal_loss(mean: float, sd: float) -> float:
    """E max(0, X) for X ~ N(mean, sd^2)."""
    return mean * norm.cdf(mean / sd) + sd * norm.pdf(mean / sd)


@pytest.fixture(scope="module")
def problem():
    """Two strategies; the gain of the second is -0.2 + a + 0.5 b with independent standard normals."""
    rng = np.random.default_rng(11)
    a, b = rng.standard_normal((2, DRAWS))
    return {"a": a, "b": b}, np.vstack([np.zeros(DRAWS), -0.2 + a + 0.5 * b])


def test_evpi_is_the_unit_normal_loss(problem):
    parameters, mean = problem
    found = value_of_information(mean, EXACT, ["now", "new"], parameters, unit="months")
    truth = unit_normal_loss(-0.2, np.sqrt(1.25))
    assert found.evpi == pytest.approx(truth, abs=4 * 0.7 / np.sqrt(DRAWS))
    assert found.chosen == "now"
    assert found.names == ("a", "b")


def test_evppi_of_one_parameter_is_the_loss_with_its_share(problem):
    parameters, mean = problem
    for name, sd in (("a", 1.0), ("b", 0.5)):
        truth = unit_normal_loss(-0.2, sd)
        assert evppi(mean, parameters[name][:, None]) == pytest.approx(truth, abs=0.02)


def test_evsi_lies_between_nothing_and_evppi_and_matches_preposterior_normal(problem):
    parameters, mean = problem
    noise = np.random.default_rng(5).standard_normal(DRAWS)
    found = evsi(mean, parameters["a"], 1.0, noise)
    # Preposterior sd of a after one observation with unit error: 1/sqrt(2).
    assert found == pytest.approx(unit_normal_loss(-0.2, np.sqrt(0.5)), abs=0.02)
    assert 0 < found < evppi(mean, parameters["a"][:, None])


def test_inner_noise_does_not_pass_for_parameter_uncertainty():
    rng = np.random.default_rng(3)
    draws, noise_sd = 8000, 0.25
    gain = 0.3 * rng.standard_normal(draws)
    mean = np.stack([np.zeros(draws), gain]) + noise_sd * rng.standard_normal((2, draws))
    covariance = np.broadcast_to(noise_sd**2 * np.eye(2), (draws, 2, 2))
    found = value_of_information(mean, covariance, ["x", "y"], {"g": gain}, unit="months")
    truth = unit_normal_loss(0.0, 0.3)
    assert found.evpi_uncorrected > truth * 1.4
    assert abs(found.evpi - truth) < 0.3 * (found.evpi_uncorrected - truth)


def test_tornado_orders_by_swing_and_gives_conditional_means(problem):
    parameters, mean = problem
    bars = tornado(mean, ["now", "new"], parameters, strategy="new", reference="now", unit="months")
    assert bars.names == ("a", "b")
    np.testing.assert_allclose(bars.gain_high[0], -0.2 + 1.96, atol=0.05)
    np.testing.assert_allclose(bars.gain_low[1], -0.2 - 0.98, atol=0.05)


def test_threshold_finds_where_the_decision_turns(problem):
    parameters, mean = problem
    found = threshold(mean, ["now", "new"], "a", parameters["a"])
    np.testing.assert_allclose(found.turns_at, [0.2], atol=0.05)
    assert "turns at a = 0." in found.headline()


def test_layers_add_to_one_and_find_their_shares(problem):
    parameters, mean = problem
    layers = {"sampling": parameters["a"][:, None], "transport": parameters["b"][:, None]}
    shares = variance_by_layer(mean[1], layers, mc_variance=0.0)
    assert sum(shares.values()) == pytest.approx(1.0)
    assert shares["sampling"] == pytest.approx(0.8, abs=0.02)
    assert shares["transport"] == pytest.approx(0.2, abs=0.02)


def test_global_indices_rank_parameters(problem):
    parameters, mean = problem
    few = {name: draws[:1000] for name, draws in parameters.items()}
    found = global_sensitivity(mean[1][:1000], few)
    assert found.names == ("a", "b")
    np.testing.assert_allclose(found.first_order, [0.8, 0.2], atol=0.12)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda m, p: value_of_information(m.T, EXACT, ["x", "y"], p, unit="months"),
            r"mean must be \(strategies",
        ),
        (
            lambda m, p: value_of_information(m[:1], EXACT[:, :1, :1], ["x"], p, unit="months"),
            "at least two strategies",
        ),
        (lambda m, p: evppi(m[:, :20], p["a"][:20, None]), "20 draws are too few"),
        (lambda m, p: evsi(m, p["a"], 0.0, p["b"]), "must be positive; got 0.0"),
        (
            lambda m, p: value_of_information(m, EXACT, ["x", "y"], p, unit="months", groups={"g": ["zz"]}),
            "names zz; known: a, b",
        ),
        (
            lambda m, p: value_of_information(
                np.where(m > 2, np.nan, m), EXACT, ["x", "y"], p, unit="months"
            ),
            "mean must be finite; it is not in",
        ),
        (
            lambda m, p: value_of_information(m, EXACT * np.nan, ["x", "y"], p, unit="months"),
            "mc_covariance must be finite",
        ),
        (
            lambda m, p: value_of_information(m, EXACT, ["x", "y"], {"a": p["a"][:9]}, unit="months"),
            r"a must hold one value for each of 20000 draws; got shape \(9,\)",
        ),
        (
            lambda m, p: value_of_information(m, EXACT, ["x", "y"], {"a": p["a"] * np.nan}, unit="months"),
            "a must be finite",
        ),
        (
            lambda m, p: value_of_information(m[:, :1], EXACT[:1], ["x", "y"], {}, unit="u"),
            "at least two param",
        ),
        (lambda m, p: evppi(m, p["a"]), r"known must be \(draws, parameters\)"),
        (lambda m, p: evsi(m, p["a"], np.nan, p["b"]), "std_error must lie in"),
        (lambda m, p: evsi(m, p["a"], np.inf, p["b"]), "std_error must lie in"),
        (lambda m, p: evsi(m, p["a"], 1.0, p["b"] * np.nan), "noise must be finite"),
        (lambda m, p: evsi(m, p["a"][:5], 1.0, p["b"]), "parameter must hold one value for each"),
        (lambda m, p: threshold(m, ["x", "y"], "a", p["a"][:5]), "a must hold one value for each"),
        (
            lambda m, p: tornado(m[0], ["x"], p, strategy="x", reference="x", unit="u"),
            r"mean must be \(strat",
        ),
        (lambda m, p: global_sensitivity(m[1], {"a": np.ones(DRAWS)}), "none of the parameters varies"),
        (lambda m, p: global_sensitivity(m[1], {}), "none of the parameters varies"),
        (lambda m, p: global_sensitivity(m[1], {"a": p["a"][:100]}), "a must hold one value for each"),
        (lambda m, p: global_sensitivity(m[0], p), "the outcome does not vary"),
        (lambda m, p: variance_by_layer(m[1], {"s": np.ones((DRAWS, 1))}, 0.0), "none of the layers varies"),
        (lambda m, p: variance_by_layer(m[1], {}, 0.0), "none of the layers varies"),
        (
            lambda m, p: variance_by_layer(m[1], {"s": p["a"]}, 0.0),
            r"layer 's' must be \(draws, components\)",
        ),
        (lambda m, p: variance_by_layer(m[1], {"s": p["a"][:9, None]}, 0.0), "layer 's' must hold one value"),
        (lambda m, p: variance_by_layer(m[1], {"s": p["a"][:, None]}, np.nan), "mc_variance must lie in"),
        (
            lambda m, p: tornado(m, ["x", "y"], p, strategy="z", reference="x", unit="months"),
            "one of 'x', 'y'; got 'z'",
        ),
    ],
)
def test_refusals(problem, call, words):
    parameters, mean = problem
    with pytest.raises(InputError, match=words):
        call(mean, parameters)


def test_a_small_gain_keeps_its_digits_beside_large_outcomes():
    """Outcomes of 1024 with a gain of 2.4e-7: as a difference of two means it would keep six digits or fewer."""
    from survsim.simulation.outcomes.value_of_information import _gain

    draws = np.zeros((2, 1000))
    draws[1, ::4] = 2.0**-20
    draws[1, 1::4] = -(2.0**-19)
    exact = 0.25 * 2.0**-20
    assert _gain(1024.0 + draws) == pytest.approx(exact, rel=1e-12)
