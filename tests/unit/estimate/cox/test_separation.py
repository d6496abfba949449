"""A partial likelihood without a maximum is refused, and no other; the truth is a linear programme over all pairs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from lifelines.datasets import load_rossi
from scipy.optimize import linprog

from survsim import Surv, cox_ph, fine_gray
from survsim.cox import cox_resamples, cox_trials
from survsim.errors import ConvergenceError, InputError
from survsim.estimate.cox import separation


def separable(x: Any, pairs: list[tuple[int, int]]) -> bool | None:
    """Whether some v has v'(x_i - x_j) >= 0 for all pairs and > 0 for one; None where v is not determined."""
    gap = np.array([x[i] - x[j] for i, j in pairs]).reshape(-1, x.shape[1])
    if not gap.size or np.linalg.matrix_rank(gap) < x.shape[1]:
        return None
    found = linprog(-gap.sum(axis=0), A_ub=-gap, b_ub=np.zeros(len(gap)), bounds=(-1, 1))
    return bool(-found.fun > 1e-7)


def drawn(rng: Any) -> dict[str, Any]:
    """A small study: covariates of few values or many, ties, and sometimes strata, weights and delayed entry."""
    n, p = int(rng.integers(4, 16)), int(rng.integers(1, 4))
    x = rng.integers(0, 2, (n, p)) * 1.0 if rng.random() < 0.6 else rng.normal(size=(n, p)).round(1)
    time = rng.integers(1, 2 * n, n) * 1.0
    if rng.random() < 0.5:
        time = np.sort(time)[np.argsort(np.argsort(-3.0 * x[:, 0] + rng.gumbel(size=n)))]
    return {
        "x": x, "time": time, "cause": rng.choice([0, 1, 2], n, p=[0.3, 0.5, 0.2]),
        "entry": np.floor(time * rng.random(n)) * (rng.random(n) < 0.3) if rng.random() < 0.3 else 0.0 * time,
        "stratum": rng.integers(0, 2, n) if rng.random() < 0.3 else np.zeros(n, np.int64),
        "weight": rng.choice([1.0, 2.0, 0.5], n) if rng.random() < 0.3 else np.ones(n),
    }  # fmt: skip


def pairs_of(
    d: dict[str, Any], *, competing: bool = False, tied_apart: bool = False
) -> list[tuple[int, int]]:
    """Every event with everybody in its risk set."""
    found = []
    for i in np.flatnonzero(d["cause"] == 1):
        t = d["time"][i]
        risk = (d["time"] >= t) & (d["entry"] < t)
        if competing:
            risk |= (d["cause"] == 2) & (d["time"] < t)
        if tied_apart:
            risk &= ~((d["cause"] == 1) & (d["time"] == t))
        found += [
            (int(i), int(j)) for j in np.flatnonzero(risk & (d["stratum"] == d["stratum"][i])) if j != i
        ]
    return found


def refused(fit: Any) -> bool:
    """Whether the fit ends in the refusal; any other error is a fault."""
    try:
        fit()
    except ConvergenceError as error:
        assert "no maximum" in str(error)
        return True
    return False


def cox_kinds(d: dict[str, Any]) -> dict[str, Any]:
    """Fits of one study whose likelihoods have the same risk sets."""
    event, x, more = d["cause"] == 1, d["x"], {k: d[k] for k in ("stratum", "weight")}
    surv = Surv.right(d["time"], event, entry=d["entry"] if d["entry"].any() else None, unit="months", **more)
    return {
        "efron": lambda: cox_ph(surv, None, x),
        "breslow": lambda: cox_ph(surv, None, x, ties="breslow"),
        "ridge": lambda: cox_ph(surv, None, x, penalty="ridge", penalty_strength=0.0),
        "net": lambda: cox_ph(surv, None, x, penalty="elasticnet", penalty_strength=0.0),
    }  # fmt: skip


def test_every_separable_study_is_refused_and_no_other() -> None:
    rng, seen = np.random.default_rng(11), {True: 0, False: 0}
    for _ in range(120):
        d = drawn(rng)
        truth = separable(d["x"], pairs_of(d))
        if truth is None:
            continue
        seen[truth] += 1
        for name, fit in cox_kinds(d).items():
            assert refused(fit) == truth, name
        surv = Surv.right(d["time"], d["cause"] == 1, entry=d["entry"], unit="months", stratum=d["stratum"])
        batch = cox_resamples(surv, d["x"], np.ones((1, len(surv)), np.int64))
        assert batch.status[0] == 2 * truth
        assert np.isinf(batch.estimate).any() == truth
    assert min(seen.values()) > 25


def test_trials_and_exact_ties_and_competing_events() -> None:
    rng, seen = np.random.default_rng(12), {True: 0, False: 0}
    for _ in range(150):
        d = drawn(rng)
        d |= {"entry": 0.0 * d["time"], "weight": np.ones(d["time"].size)}
        x, event = d["x"], d["cause"] == 1
        truth = separable(x, pairs_of(d, tied_apart=True))
        if truth is not None:
            surv = Surv.right(d["time"], event, unit="months", stratum=d["stratum"])
            assert refused(lambda surv=surv, x=x: cox_ph(surv, None, x, ties="exact")) == truth
        truth = separable(x, pairs_of(d, competing=True))
        if truth is not None and (d["cause"] == 2).any():
            seen[truth] += 1
            surv = Surv.competing(d["time"], d["cause"], unit="months", stratum=d["stratum"])
            assert refused(lambda surv=surv, x=x: fine_gray(surv, None, x, cause=1)) == truth
        truth = separable(x, pairs_of(d | {"stratum": 0 * d["stratum"]}))
        if truth is not None:
            assert cox_trials(d["time"][None], event[None], x[None]).status[0] == 2 * truth
    assert min(seen.values()) > 20


def test_fine_gray_refuses_where_rounding_ends_the_search() -> None:
    """Found by hand: all with x = 1 have the event before anybody else, so that the ratio grows without bound."""
    cause = [1, 1, 1, 1, 1, 0, 1, 0, 1, 2, 2, 2, 0, 0, 1, 2]
    x = np.r_[np.ones(4), np.zeros(12)][:, None]
    for surv, column in (
        (Surv.competing(np.arange(1, 17.0), cause, unit="months"), x),
        (Surv.competing([1, 2, 3, 4, 5, 6], [1, 1, 2, 2, 0, 1], unit="months"), np.array([[1.0], [1], [0], [0], [0], [0]])),
    ):  # fmt: skip
        with pytest.raises(
            ConvergenceError, match=r"no maximum.*'x1' \(towards \+infinity\).*cause-specific"
        ):
            fine_gray(surv, None, column, cause=1)


def test_a_maximum_far_out_is_found() -> None:
    """Two pairs, in strata: x = 1 dies first with weight w, x = 0 first with weight 1, so that exp(b) = w exactly."""
    x, pair = (
        np.array([[1.0], [0.0], [0.0], [1.0]]),
        {"stratum": [0, 0, 1, 1], "weight": [1e8, 1e8, 1.0, 1.0]},
    )
    found = cox_ph(Surv.right([1, 2, 1, 2], [1, 0, 1, 0], unit="months", **pair), None, x)
    assert found.estimate[0] == pytest.approx(np.log(1e8), rel=1e-9)
    with pytest.raises(ConvergenceError, match="no maximum"):  # the other pair without its event
        cox_ph(Surv.right([1, 2, 1, 2], [1, 0, 0, 0], unit="months", **pair), None, x)


def test_small_weights_and_far_offsets_are_no_separation() -> None:
    x, time = np.array([[0.0], [1.0], [0.0], [1.0], [0.4]]), [1, 2, 3, 4, 5]
    light = Surv.right(time, [1] * 5, unit="months", weight=np.full(5, 1e-12))
    plain = cox_ph(Surv.right(time, [1] * 5, unit="months"), None, x).estimate
    np.testing.assert_allclose(cox_ph(light, None, x).estimate, plain, rtol=1e-10)
    np.testing.assert_allclose(cox_resamples(light, x, np.ones((1, 5), int)).estimate[0], plain, rtol=1e-6)
    for options in ({}, {"penalty": "firth"}, {"ties": "exact"}):
        with pytest.raises(ConvergenceError, match="did not settle"):  # hazards that a computer takes for 0
            cox_ph(Surv.right(time, [1] * 5, unit="months"), None, x,
                   offset=[0, -900, 0, 0, -2000], **options)  # fmt: skip


@pytest.mark.parametrize(
    "x",
    [
        np.c_[[0, 1, 0, 1, 1.0], np.ones(5)],
        np.c_[[0, 1, 0, 1, 1.0], [0, 2, 0, 2, 2.0]],
        np.c_[[0, 1, 0, 1, 1.0], [1, 0, 1, 0, 0.0]],
        np.ones((5, 1)),
    ],
)
def test_firth_names_columns_that_say_nothing(x: Any) -> None:
    surv = Surv.right([1, 2, 3, 4, 5.0], [1, 1, 0, 1, 1], unit="months")
    for ties in ("breslow", "efron"):
        with pytest.raises(InputError, match=r"constant among|linear combination of 'x1'"):
            cox_ph(surv, None, x, penalty="firth", ties=ties)


def test_firth_without_anybody_to_compare_with() -> None:
    for surv, x in (
        (Surv.right([1.0], [1], unit="months"), [[1.0]]),
        (Surv.right([1, 2, 3], [0, 0, 1], unit="months"), [[0.0], [1.0], [0.0]]),
        (
            Surv.right([1, 2, 3, 4], [1] * 4, unit="months", stratum=[0, 0, 1, 1]),
            [[0.0], [0.0], [1.0], [1.0]],
        ),
    ):
        with pytest.raises(InputError, match="'x1': constant among the patients at risk"):
            cox_ph(surv, None, np.array(x), penalty="firth")


def test_many_rows_far_apart_are_settled_by_the_curvature_and_separated_ones_are_still_refused(monkeypatch):
    rng = np.random.default_rng(3)
    n = 6_000
    x = rng.normal(size=(n, 12))
    time = rng.exponential(np.exp(-x.sum(axis=1)))
    surv = Surv.right(np.ceil(1_000 * time) + 1, rng.random(n) < 0.7, unit="days")
    apart = np.column_stack([(rng.random(n) < 0.02) * 1.0, x])
    never = Surv.right(surv.time, surv.event & (apart[:, 0] == 0), unit="days")
    with pytest.raises(ConvergenceError, match=r"'x1' \(towards -infinity\)"):
        cox_ph(never, None, apart)
    asked = []
    monkeypatch.setattr(separation, "separating_direction", lambda *_: asked.append(1))
    fit = cox_ph(surv, None, x)
    assert np.ptp(x @ fit.estimate) > separation.FAR and not asked


def test_the_direction_is_that_of_the_climb() -> None:
    # Only the first stratum compares anybody: its event at 5 has x below that of the patient who stays.
    surv = Surv.right([5, 6, 7, 8, 9, 10], [1, 0, 1, 1, 0, 1], unit="months", stratum=list("aabbcd"))
    with pytest.raises(ConvergenceError, match=r"'x1' \(towards -infinity\)"):
        cox_ph(surv, None, [[1.0], [2], [2], [3], [1], [2]])
    rng = np.random.default_rng(8)
    for _ in range(10):
        x = rng.normal(size=(12, 3))
        x[:, 1] = np.arange(12.0) * (sign := int(rng.choice([1, -1])))
        surv = Surv.right(np.arange(1, 13), rng.random(12) < 0.8, unit="months")
        with pytest.raises(
            ConvergenceError, match=rf"'x2' \(towards {'-' if sign > 0 else r'[+]'}infinity\)"
        ):
            cox_ph(surv, None, x)


def test_firth_with_the_follow_up_time_among_the_covariates_says_so() -> None:
    """It is the interval, away from the estimate, that has no value; "0 steps" told nobody that."""
    rossi = load_rossi()
    x = rossi.assign(week=rossi.week + 0.001 * rossi.fin)[["week", "arrest", "age"]].to_numpy(float)
    with pytest.raises(
        ConvergenceError, match=r"the interval of 'x1' .* holds the follow-up time or the event"
    ):
        cox_ph(Surv.right(rossi.week, rossi.arrest, unit="weeks"), None, x, penalty="firth")
