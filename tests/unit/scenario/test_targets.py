"""Targets: calibration weights by hand, held-out judgement, and what is refused."""

from types import SimpleNamespace

import numpy as np
import pytest

from survsim import check_targets
from survsim.errors import EvidenceWarning, InputError, ScenarioError
from survsim.scenario import Target, read_targets
from survsim.scenario.targets import calibrated_mean

NONE = float("nan")


def simulation(medians):
    """Exponential survival curves with these medians, one draw each, on a fine grid."""
    grid = np.linspace(0, 60, 2401)
    n = 1_000_000
    alive = np.round(n * np.exp(-np.log(2) * grid / np.asarray(medians)[:, None])).astype(np.int64)
    counts = np.stack([alive, n - alive], axis=1)[:, None]
    from survsim import Provenance

    return SimpleNamespace(
        strategies=("drug",),
        states=("stable", "dead"),
        grid=grid,
        counts=counts,
        n_patients=n,
        n_draws=len(medians),
        time_unit="months",
        provenance=Provenance.of("simulate", "assumption:test/model"),
    )


def record(name, value, events, measure="median", time=NONE):
    return SimpleNamespace(
        estimate_id=name,
        reference=f"estimates:{name}",
        measure=measure,
        value=value,
        value_unit="months",
        conf_low=NONE,
        conf_high=NONE,
        conf_level=NONE,
        n_arm=2.0 * events,
        n_event=float(events),
        time=time,
        time_unit="months",
    )


def target(row, use, outcome="median", **more):
    return Target(row=row, strategy="drug", outcome=outcome, states=("stable",), use=use, **more)


RECORDS = {"a": record("a", 6.0, 100), "b": record("b", 6.5, 100), "c": record("c", 30.0, 100)}


def test_weights_are_the_normal_likelihood_of_the_used_target():
    medians = np.array([4.0, 6.0, 9.0])
    with pytest.warns(EvidenceWarning, match="effective|fit the used targets"):
        found = check_targets(simulation(medians), [target("a", "calibrate")], RECORDS.__getitem__)
    error = np.sqrt(0.75 / 100) / np.log(2)
    truth = np.exp(-0.5 * ((np.log(medians) - np.log(6.0)) / error) ** 2)
    np.testing.assert_allclose(found.weight, truth / truth.sum(), rtol=2e-3)
    assert found.effective_draws == pytest.approx(1 / np.sum((truth / truth.sum()) ** 2), rel=1e-2)


def test_held_out_targets_are_judged_and_do_not_weigh():
    medians = np.exp(np.random.default_rng(1).normal(np.log(6), 0.4, 800))
    both = [target("a", "calibrate"), target("b", "hold_out"), target("c", "hold_out")]
    found = check_targets(simulation(medians), both, RECORDS.__getitem__)
    alone = check_targets(simulation(medians), both[:1], RECORDS.__getitem__)
    np.testing.assert_array_equal(found.weight, alone.weight)
    assert found.inside.tolist() == [True, True, False]
    assert "1 of 2 inside" in found.headline()
    frame = found.to_frame().set_index("row")
    # Posterior of two normals on the log scale: prior sd 0.4, target sd 0.1.
    assert frame.loc["a", "simulated"] == pytest.approx(6.0, rel=0.03)


def test_arm_spread_widens_the_judgement():
    medians = np.full(50, 6.0)
    rows = [target("b", "hold_out", spread=s) for s in (0.0, 0.5)]
    narrow, wide = (
        check_targets(simulation(medians), [r], RECORDS.__getitem__, calibrate=False) for r in rows
    )
    assert wide.simulated_high[0] > 1.5 * narrow.simulated_high[0]


def test_survival_points_are_compared_on_the_logit_scale():
    records = {"s": record("s", 0.25, 40, measure="survival_probability", time=12.0)}
    found = check_targets(
        simulation(np.full(40, 6.0)),
        [target("s", "hold_out", outcome="survival")],
        records.__getitem__,
        calibrate=False,
    )
    assert found.simulated[0] == pytest.approx(0.25, abs=1e-3)


def test_calibrated_mean_is_weighted():
    mean, low, high = calibrated_mean(np.array([1.0, 2.0, 3.0]), np.array([0.0, 0.5, 0.5]))
    assert mean == 2.5
    assert 1.9 < low < high <= 3.0


@pytest.mark.parametrize(
    ("targets", "words"),
    [
        ([target("a", "calibrate"), target("a", "hold_out")], "row a stands twice"),
        (
            [Target(row="a", strategy="x", outcome="median", states=("stable",), use="hold_out")],
            "strategy 'x' is none",
        ),
        (
            [Target(row="a", strategy="drug", outcome="median", states=("ill",), use="hold_out")],
            "state 'ill' is none",
        ),
    ],
)
def test_targets_that_do_not_fit_are_refused(targets, words):
    with pytest.raises(ScenarioError, match=words):
        check_targets(simulation(np.array([6.0])), targets, RECORDS.__getitem__)


def test_other_refusals(tmp_path):
    with pytest.raises(InputError, match="no target was given"):
        check_targets(simulation(np.array([6.0])), [], RECORDS.__getitem__)
    with pytest.raises(ScenarioError, match="not reached within 60"):
        check_targets(
            simulation(np.array([600.0])), [target("a", "hold_out")], RECORDS.__getitem__, calibrate=False
        )
    path = tmp_path / "t.yml"
    path.write_text("s:\n  - {row: a, strategy: drug, outcome: mean, states: [stable], use: hold_out}\n")
    with pytest.raises(ScenarioError, match=r"s, target 0 cannot be used as written:\n  outcome"):
        read_targets(path)
    path.write_text("s: 2.5\n")
    with pytest.raises(ScenarioError, match="s: a list of targets is wanted; got float"):
        read_targets(path)
    path.write_text("- a\n")
    with pytest.raises(ScenarioError, match="must map scenario names"):
        read_targets(path)


def test_a_target_that_stands_behind_a_parameter_is_told():
    from survsim import Provenance

    made = simulation(np.exp(np.random.default_rng(1).normal(np.log(6), 0.2, 400)))
    made.provenance = Provenance.of("simulate", Provenance.of("parameter", "estimates:a"))
    for use, words in (("calibrate", "its patients count twice"), ("hold_out", "it is no longer held out")):
        with pytest.warns(EvidenceWarning, match=rf"a is a target of strategy drug \({use}\).*{words}"):
            check_targets(made, [target("a", use)], RECORDS.__getitem__)
    check_targets(made, [target("b", "calibrate")], RECORDS.__getitem__)
