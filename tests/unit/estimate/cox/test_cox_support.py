"""The table of what goes with what says what the fits do: every combination is tried."""

from __future__ import annotations

import dataclasses
from itertools import product
from typing import Any

import numpy as np
import pytest

from survsim import Surv, cox_ph
from survsim.cox import penalty_path
from survsim.errors import InputError
from survsim.estimate.cox.support import (
    FEATURES,
    METHODS,
    REFUSED,
    REFUSED_TOGETHER,
    SUPPORT,
    require_support,
    support_table,
)

N = 48
RNG = np.random.default_rng(20)
TIME = RNG.integers(2, 9, N).astype(float)
EVENT = RNG.random(N) < 0.8
X = RNG.normal(size=(N, 2))
GROUP = np.arange(N) % 4
OPTIONS: dict[str, dict[str, Any]] = {
    "none": {},
    "ridge": {"penalty": "ridge", "penalty_strength": 1.0},
    "elasticnet": {"penalty": "elasticnet", "penalty_strength": 1.0},
    "firth": {"penalty": "firth"},
    "frailty": {"frailty": GROUP},
}


def response(features: tuple[str, ...], *, neutral: bool = False) -> Surv:
    """Data with the features; `neutral` ones ask for them and change nothing."""
    named: dict[str, Any] = {}
    if "strata" in features:
        named["stratum"] = np.zeros(N, int) if neutral else GROUP % 2
    if "delayed entry" in features:
        named["entry"] = np.zeros(N) if neutral else np.where(TIME > 4, 3.0, 0.0) * (np.arange(N) % 3 == 0)
    if "unequal weights" in features:
        named["weight"] = np.ones(N) if neutral else 1.0 + np.arange(N) % 2
    return Surv.right(TIME, EVENT, unit="months", **named)


def options(method: str, features: tuple[str, ...], *, neutral: bool = False) -> dict[str, Any]:
    ties = next(f.split()[0] for f in features if f.endswith("ties"))
    made = {"ties": ties, "robust": "robust variance" in features, **OPTIONS[method]}
    if "offset" in features:
        made["offset"] = np.zeros(N) if neutral else 0.3 * X[:, 0] ** 2
    return made


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("ties", FEATURES[:3])
def test_every_combination_fits_or_is_refused_as_the_table_says(method: str, ties: str) -> None:
    rest = FEATURES[3:]
    for flags in product([False, True], repeat=len(rest)):
        asked = (ties, *(f for f, on in zip(rest, flags) if on))
        allowed = all(SUPPORT[method][f] for f in asked) and not any(
            a in asked and b in asked for a, b in REFUSED_TOGETHER
        )
        if allowed:
            fit = cox_ph(response(asked), None, X, **options(method, asked))
            assert np.isfinite(fit.estimate).all(), (method, asked)
            assert (fit.robust_covariance is not None) == ("robust variance" in asked)
        else:
            with pytest.raises(InputError) as refusal:
                cox_ph(response(asked), None, X, **options(method, asked))
            reasons = [REFUSED.get((method, f), "") for f in asked]
            reasons += [text for pair, text in REFUSED_TOGETHER.items() if set(pair) <= set(asked)]
            assert any(reason and reason in str(refusal.value) for reason in reasons), (method, asked)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("feature", ["strata", "delayed entry", "unequal weights", "offset"])
def test_a_feature_that_says_nothing_changes_nothing(method: str, feature: str) -> None:
    plain = cox_ph(response(()), None, X, **options(method, ("efron ties",)))
    asked = ("efron ties", feature)
    fit = cox_ph(response(asked, neutral=True), None, X, **options(method, asked, neutral=True))
    np.testing.assert_allclose(fit.estimate, plain.estimate, rtol=1e-9)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("feature", ["strata", "delayed entry", "unequal weights", "offset", "breslow ties"])
def test_a_feature_that_says_something_is_not_dropped(method: str, feature: str) -> None:
    plain = cox_ph(response(()), None, X, **options(method, ("efron ties",)))
    asked = (feature,) if feature.endswith("ties") else ("efron ties", feature)
    fit = cox_ph(response(asked), None, X, **options(method, asked))
    assert not np.allclose(fit.estimate, plain.estimate, rtol=1e-6)


def test_the_documentation_shows_the_table() -> None:
    shown = [line.strip() for line in (cox_ph.__doc__ or "").splitlines()]
    assert all(line.strip() in shown for line in support_table().splitlines())


def test_all_that_does_not_fit_is_told_at_once() -> None:
    with pytest.raises(InputError, match=r"works with .*has no robust variance"):
        require_support("firth", ("exact ties", "robust variance"))


def test_clusters_of_the_response_are_refused_where_no_robust_variance_is() -> None:
    surv = dataclasses.replace(Surv.right(TIME, EVENT, unit="months", cluster=GROUP), stratum=None)
    for method in ("elasticnet", "firth", "frailty"):
        with pytest.raises(InputError, match="robust variance"):
            cox_ph(surv, None, X, **OPTIONS[method])
    with pytest.raises(InputError, match="robust variance"):
        cox_ph(surv, None, X, ties="exact")
    assert penalty_path(surv, None, X, penalty="elasticnet", strengths=[1.0, 5.0], folds=3).best in (1.0, 5.0)


def test_an_offset_with_row_labels_is_used_in_the_order_of_the_response() -> None:
    pd = pytest.importorskip("pandas")
    rows = [f"p{i}" for i in range(N)]
    surv = Surv.right(pd.Series(TIME, index=rows), pd.Series(EVENT, index=rows), unit="months")
    known = pd.Series(0.3 * X[:, 0] ** 2, index=rows)
    one, other = (cox_ph(surv, None, X, offset=o) for o in (known, known.sample(frac=1, random_state=3)))
    np.testing.assert_array_equal(one.linear_predictor(), other.linear_predictor())
    assert one.concordance().estimate == other.concordance().estimate
