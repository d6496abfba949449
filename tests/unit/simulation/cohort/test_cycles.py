"""Fixed cycles against hand sums, closed forms and matrix powers; patients against the cohort; rates against expm."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import expm

from survsim.core.errors import InputError, ScenarioError
from survsim.simulation import Values, cycle_cohort, cycle_patients, rates_from_cycles

P = np.array([[0.7, 0.2, 0.1], [0.05, 0.65, 0.3], [0.0, 0.0, 1.0]])
STATES = ["well", "ill", "dead"]
VALUES = {
    "discount": {"rate": 0.03},
    "outcomes": {
        "quality": {"kind": "quality", "by_state": {"ill": 0.6}},
        "cost": {"kind": "cost", "by_state": {"ill": 100.0}, "at_entry": {"dead": 40.0}, "at_transition": {"well>ill": 7.0}},
    },
}  # fmt: skip


def cycles(matrix=P, **more):
    keys = {"length": "1 year", "states": STATES, "deaths": ["dead"]} | more
    return {"strategies": {"usual": {"matrix": matrix}}} | keys


def found(declared=None, **options):
    return cycle_cohort(declared or cycles(), **({"horizon": 10.0, "time_unit": "years"} | options))


def value(result, name, tau=10.0, s=0):
    return result.measure(name, tau).estimate[s]


def shares(n=10, start=(1.0, 0.0, 0.0), matrices=None):
    rows = [np.array(start)]
    for k in range(n):
        rows.append(rows[-1] @ (P if matrices is None else matrices[k]))
    return np.array(rows)


def test_shares_are_powers_of_the_matrix():
    result = found(times=[0.0, 3.0, 10.0])
    for k in (0, 3, 10):
        power = np.linalg.matrix_power(P, k)[0]
        assert value(result, "alive", float(k)) == pytest.approx(power[:2].sum(), abs=1e-14)
        np.testing.assert_allclose(result.counts[0, 0, :, k], power, atol=1e-14)


@pytest.mark.parametrize("count", [cycle_cohort, cycle_patients])
def test_shares_between_cycle_ends_are_those_of_the_last_one(count, tmp_path):
    given = {} if count is cycle_cohort else {"patients": 500}
    result = count(cycles(), horizon=10.0, time_unit="years", times=[2.5], **given)
    between, ends = (
        result.state_occupancy([2.0, 2.5, 2.999, 9.5, 10.0]),
        result.state_occupancy([2.0, 9.0, 10.0]),
    )
    assert np.array_equal(between.estimate[..., :3], ends.estimate[..., [0, 0, 0]])
    assert np.array_equal(between.estimate[..., 3:], ends.estimate[..., 1:])
    assert not between.grid_error.any()
    assert value(result, "alive", 2.5) == pytest.approx(between.estimate[0, :2, 1].sum(), abs=1e-14)
    result.save(tmp_path / "run")
    again = type(result).load(tmp_path / "run").state_occupancy([2.5])
    assert np.array_equal(again.estimate, between.estimate[..., [1]])


@pytest.mark.parametrize(
    ("correction", "weights"),
    [
        ("start", [1] * 10 + [0]),
        ("end", [0] + [1] * 10),
        ("life_table", [0.5] + [1] * 9 + [0.5]),
        ("half_cycle", [0.5] + [1] * 9 + [0.5]),
        ("simpson", [1 / 3, 4 / 3, 2 / 3, 4 / 3, 2 / 3, 4 / 3, 2 / 3, 4 / 3, 2 / 3, 4 / 3, 1 / 3]),
        ([0.1 * k for k in range(11)], [0.1 * k for k in range(11)]),
    ],
)
def test_each_correction_is_its_sum_over_cycle_ends(correction, weights):
    result = found(cycles(correction=correction))
    alive = shares()[:, :2].sum(axis=1)
    assert value(result, "survival_time") == pytest.approx(alive @ weights, abs=1e-12)
    assert value(result, "time_in/ill") == pytest.approx(shares()[:, 1] @ weights, abs=1e-12)


def test_the_fundamental_matrix_gives_the_time_until_death():
    # (I - Q)^-1: expected cycles begun in each state (Kemeny, Snell 1960)
    result = found(cycles(correction="start"), horizon=400.0)
    times = np.linalg.inv(np.eye(2) - P[:2, :2])[0]
    assert value(result, "time_in/well", 400.0) == pytest.approx(times[0], abs=1e-10)
    assert value(result, "time_in/ill", 400.0) == pytest.approx(times[1], abs=1e-10)


def test_values_at_states_entries_and_transitions_are_discounted_by_hand():
    result = found(cycles(correction="end"), values=Values(**VALUES))
    x, late = shares(), 1.03 ** -np.arange(11)
    died = x[1:, 2] - x[:-1, 2]
    cost = late[1:] @ (100 * x[1:, 1] + 40 * died + 7 * 0.2 * x[:-1, 0])
    assert value(result, "discounted_cost") == pytest.approx(cost, abs=1e-10)
    assert value(result, "discounted_quality") == pytest.approx(
        late[1:] @ (x[1:, 0] + 0.6 * x[1:, 1]), abs=1e-12
    )
    assert value(result, "cost") == pytest.approx(
        (100 * x[1:, 1] + 40 * died + 1.4 * x[:-1, 0]).sum(), abs=1e-10
    )


def test_a_discount_of_half_cycles_falls_on_the_middle_of_each():
    steps = {"rate": 0.05, "form": "steps", "half_cycle": True}
    values = Values(outcomes={"life": {"kind": "time", "by_state": {"well": 1, "ill": 1}, "discount": steps}})
    alive = shares()[:, :2].sum(axis=1)
    exact = 0.5 * (alive[:-1] + alive[1:]) @ 1.05 ** -(np.arange(10) + 0.5)
    assert value(found(values=values), "discounted_life") == pytest.approx(exact, abs=1e-12)


def test_matrices_change_with_time_and_a_price_ends_with_its_span():
    other = np.array([[0.9, 0.05, 0.05], [0.0, 0.8, 0.2], [0.0, 0.0, 1.0]])
    added = {"cost": {"added": [{"until": 3, "by_state": {"well": 10.0}}], "at_beginning": 5.0}}
    plan = {"new": {"bands": [{"until": 3.0, "matrix": other}, {"matrix": P}], "values": added}}
    values = Values(outcomes={"cost": {"kind": "cost"}})
    result = found(cycles(strategies=plan, correction="end"), values=values)
    x = shares(matrices=[other] * 3 + [P] * 7)
    np.testing.assert_allclose(result.counts[0, 0].T, x, atol=1e-14)
    assert value(result, "cost") == pytest.approx(5.0 + 10.0 * x[1:4, 0].sum(), abs=1e-12)


@pytest.mark.parametrize("count", [cycle_cohort, cycle_patients])
def test_a_cycle_that_starts_at_a_declared_time_is_past_it(count):
    """6 * 0.35 is 2.0999999999999996: a factor and a price that end at 2.1 end with the sixth of ten cycles."""
    added = {"price": {"added": [{"until": 2.1, "by_state": {"well": 10.0}}]}}
    plan = {"usual": {"matrix": np.eye(3), "values": added}}
    course = {"breaks": [2.1], "factors": [1.0, 0.0]}
    values = Values(
        outcomes={
            "quality": {"kind": "quality", "course": course},
            "price": {"kind": "cost", "by_state": {"well": 1.0}},
        }
    )
    declared = cycles(correction="start", length="0.35 years") | {"strategies": plan}
    given = {} if count is cycle_cohort else {"patients": 2}
    result = count(declared, horizon=3.5, time_unit="years", values=values, **given)
    assert value(result, "quality", 3.5) == pytest.approx(2.1)
    assert value(result, "price", 3.5) == pytest.approx(3.5 + 21.0)


def test_rest_names_mappings_and_arrays_are_the_same_matrix():
    by_name = {
        "well": {"well": "rest", "ill": "p", "dead": 0.1},
        "ill": {"well": 0.05, "ill": "rest", "dead": 0.3},
    }
    rows = [["rest", "p", 0.1], [0.05, "rest", 0.3], [0, 0, 1]]
    results = [found(cycles(m), parameters={"p": 0.2}) for m in (by_name, rows)]
    for one in results:
        np.testing.assert_allclose(one.means, found().means, atol=1e-14)
    draws = found(cycles(np.stack([P, P, P])))
    assert draws.n_draws == 3
    np.testing.assert_array_equal(draws.means[0], found().means[0])


def test_months_in_a_model_of_years_and_a_mixed_start():
    declared = cycles(length="3 months", start={"well": 0.5, "ill": 0.5}, correction="start")
    x = shares(40, (0.5, 0.5, 0.0))
    assert value(found(declared), "survival_time") == pytest.approx(0.25 * x[:-1, :2].sum(), abs=1e-12)


def test_several_deaths_stand_in_their_own_states():
    matrix = [["rest", 0.1, 0.05], [0, 1, 0], [0, 0, 1]]
    result = found(cycles(matrix, states=["well", "cancer", "other"], deaths=["cancer", "other"]))
    gone = 1 - 0.85**10
    np.testing.assert_allclose(result.counts[0, 0, 1:, -1], [gone * 2 / 3, gone / 3], atol=1e-12)
    np.testing.assert_allclose(result.survival().estimate[0, -1], 0.85**10, atol=1e-12)


@pytest.mark.parametrize("correction", ["start", "end", "half_cycle", "life_table", "simpson"])
def test_patients_agree_with_the_cohort_in_every_measure(correction):
    added = {"cost": {"added": [{"from": 1, "until": 4, "by_state": {"well": 30.0}}], "at_beginning": 5.0}}
    plan = {"usual": {"matrix": P}, "new": {"matrix": P * [[1], [1], [1]], "values": added}}
    declared = cycles(strategies=plan, correction=correction, start={"well": 0.8, "ill": 0.2})
    options = {
        "horizon": 10.0,
        "time_unit": "years",
        "values": Values(**VALUES),
        "taus": [4.0, 10.0],
        "times": [3.0],
    }
    exact = cycle_cohort(declared, **options)
    drawn = cycle_patients(declared, patients=20_000, seed=3, **options)
    assert drawn.measures == exact.measures
    for full in exact.measures:
        name, _, at = full.partition("@")
        a, b = exact.measure(name, float(at)), drawn.measure(name, float(at))
        assert (np.abs(a.estimate - b.estimate) <= 4.5 * b.mc_std_error + 1e-9).all(), full
    # the same matrices: the same way of each patient
    i = drawn.measures.index("survival_time@10")
    assert drawn.means[0, i, 0] == drawn.means[0, i, 1]
    np.testing.assert_array_equal(drawn.counts[0, 0], drawn.counts[0, 1])
    assert drawn.compare("usual").mc_std_error[i, 1] == 0.0


def test_more_patients_keep_the_luck_of_the_first():
    few, many = (cycle_patients(cycles(), horizon=10.0, time_unit="years", patients=n) for n in (4096, 8192))
    assert (many.counts >= few.counts).all()


def test_rates_of_a_matrix_that_has_a_generator_come_back():
    rate = np.array([[-0.4, 0.3, 0.1], [0.0, -0.2, 0.2], [0.0, 0.0, 0.0]])
    back = rates_from_cycles(expm(0.5 * rate), cycle=0.5, time_unit="years", states=STATES)
    np.testing.assert_allclose(back.rate, rate, atol=1e-10)
    assert back.exact and back.error < 1e-12
    two = rates_from_cycles([[0.9, 0.1], [0.0, 1.0]], cycle=1, time_unit="years")
    assert two.rate[0, 1] == pytest.approx(-np.log(0.9), abs=1e-12)


def test_a_matrix_without_a_generator_gets_the_nearest_and_its_error():
    matrix = np.array(
        [[0.7, 0.3, 0.0], [0.0, 0.6, 0.4], [0.0, 0.0, 1.0]]
    )  # nobody dies from well within a cycle
    made = rates_from_cycles(matrix, cycle=1, time_unit="years", states=STATES)
    assert not made.exact and made.lowest < 0 and made.error > 1e-3
    assert "No rates give this matrix" in made.headline()
    np.testing.assert_allclose(made.rate.sum(axis=1), 0.0, atol=1e-14)
    assert (made.rate[~np.eye(3, dtype=bool)] >= 0).all()
    np.testing.assert_allclose(made.back, expm(made.rate), atol=1e-14)
    # no other row of rates is nearer to the logarithm: against a search
    from scipy.linalg import logm
    from scipy.optimize import minimize

    target = np.real(logm(matrix))
    for i in range(2):
        others = [j for j in range(3) if j != i]

        def misfit(x, i=i, others=others):
            row = np.zeros(3)
            row[others] = x
            row[i] = -x.sum()
            return ((row - target[i]) ** 2).sum()

        best = minimize(misfit, np.full(2, 0.2), bounds=[(0, None)] * 2, tol=1e-14)
        assert misfit(made.rate[i][others]) <= best.fun + 1e-9


BAD = P.copy()
BAD[0, 0] = 0.6


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        (cycles(BAD), r"strategy usual: row well sums to 0.9 \(well 0.6 \+ ill 0.2 \+ dead 0.1\); a row sums to 1"),
        (cycles([[1.1, -0.1, 0], [0, 1, 0], [0, 0, 1]]), "from well to well stands 1.1; a probability lies between 0 and 1"),
        (cycles([[0.9, 0.1, 0], [0, 1, 0], [0.5, 0, 0.5]]), "dead is a death, and its row leads on"),
        (cycles([[0.9, 0.1], [0, 1]]), "the matrix is 2 x 2; with 3 states it is 3 x 3"),
        (cycles([["rest", 0.9, 0.2], [0, 1, 0], [0, 0, 1]]), "sum to 1.1, above 1; nothing is left as rest"),
        (cycles([["rest", "rest", 0.2], [0, 1, 0], [0, 0, 1]]), "a row has one entry that is the rest; found 2"),
        (cycles(length=1), "a number above 0 with its unit, such as '1 year'"),
        (cycles(length="1"), "a number above 0 with its unit"),
        (cycles(length="1 fortnight"), "a number above 0 with its unit"),
        (cycles(start={"well": 0.5}), "shares are at least 0 and sum to 1; found well 0.5, which sum to 0.5"),
        (cycles({"well": {"wel": 1}}), "'wel' is not a state"),
        (cycles(length="7 months"), "is no whole number of cycles"),
        (cycles(correction=[1.0, 1.0]), "10 cycles have 11 ends from 0 on"),
        (cycles(strategies={"a": {"bands": [{"matrix": P}, {"matrix": P}]}}), "every band but the last says until"),
        (cycles(strategies={"a": {"label": "x"}}), "one matrix, or bands of matrices"),
    ],
)  # fmt: skip
def test_what_is_no_model_of_cycles_is_refused_in_one_message(declared, message):
    with pytest.raises((InputError, ScenarioError), match=message):
        found(declared)


def test_simpson_takes_an_even_number_and_a_percentage_is_no_discount():
    with pytest.raises(ScenarioError, match="simpson takes an even number of cycles; there are 9"):
        found(cycles(correction="simpson"), horizon=9.0)
    with pytest.raises(InputError, match=r"write 0.035 for 3.5%"):
        Values(discount={"rate": 3.5})


@pytest.mark.parametrize("once", ["plain", "weighed"])
def test_what_is_counted_once_may_be_weighed_as_cycle_ends_are(once):
    """A name with * means each way that it fits; patients count what the cohort does."""
    matrix = np.array([[0.7, 0.2, 0.1], [0.1, 0.6, 0.3], [0, 0, 1]])
    values = Values.model_validate(
        {
            "discount": {"rate": 0.1},
            "outcomes": {
                "cost": {"kind": "cost", "at_transition": {"*>dead": 10.0, "ill>*": 3.0, "well>ill": 1.0}}
            },
        }
    )
    cycles = {
        "length": "1 year", "states": ["well", "ill", "dead"], "deaths": ["dead"], "correction": "simpson",
        "once": once, "strategies": {"a": {"matrix": matrix}},
    }  # fmt: skip
    share, exact = np.array([1.0, 0.0, 0.0]), 0.0
    for k in range(1, 9):
        weight = 1.0 if once == "plain" else 1 / 3 if k == 8 else 4 / 3 if k % 2 else 2 / 3
        worth = share[0] * (0.1 * 10 + 0.2 * 1) + share[1] * (0.3 * (10 + 3) + 0.1 * 3)
        exact += weight * 1.1**-k * worth
        share = share @ matrix
    found = cycle_cohort(cycles, horizon=8.0, time_unit="years", values=values)
    assert found.measure("discounted_cost", 8.0).estimate[0] == pytest.approx(exact, rel=1e-12)
    drawn = cycle_patients(cycles, horizon=8.0, time_unit="years", values=values, patients=20_000)
    seen = drawn.measure("discounted_cost", 8.0)
    assert abs(seen.estimate[0] - exact) < 4 * seen.mc_std_error[0]
