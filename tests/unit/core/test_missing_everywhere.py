"""`missing="drop"` at every door that takes a column beside a response: the answer is that of the complete rows, and it is said."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import survsim as s
from survsim.core.errors import EvidenceWarning, InputError
from survsim.cox import penalty_path
from survsim.nonparametric import (
    conditional_survival,
    maxcombo_test,
    milestone_test,
    pairwise_logrank,
    permutation_logrank_test,
    reverse_kaplan_meier,
    rmst_test,
    sufficient_follow_up,
)
from survsim.parametric import mixture_cure

N = 60
RNG = np.random.default_rng(5)
FRAME = pd.DataFrame(
    {
        "time": np.ceil(RNG.exponential(12, N)) + RNG.uniform(0, 0.5, N),
        "cause": RNG.choice([0, 1, 2], N, p=[0.25, 0.5, 0.25]),
        "arm": RNG.choice(["a", "b"], N).astype(object),
        "age": RNG.normal(60, 9, N),
    }
)
FRAME.loc[[3, 17], "arm"] = None
FRAME.loc[[8, 30, 31], "age"] = np.nan


def responses(frame, competing):
    if competing:
        return s.Surv.competing(frame["time"], frame["cause"], unit="months")
    return s.Surv.right(frame["time"], frame["cause"] > 0, unit="months")


GROUPED = {
    "kaplan_meier": (s.kaplan_meier, False, {}),
    "logrank_test": (s.logrank_test, False, {}),
    "rmst": (s.rmst, False, {"tau": 12.0}),
    "rmst_test": (rmst_test, False, {"tau": 12.0}),
    "milestone_test": (milestone_test, False, {"time": 6.0}),
    "conditional_survival": (conditional_survival, False, {"given": 3.0, "times": [6.0]}),
    "permutation_logrank_test": (permutation_logrank_test, False, {}),
    "pairwise_logrank": (pairwise_logrank, False, {}),
    "maxcombo_test": (maxcombo_test, False, {}),
    "reverse_kaplan_meier": (reverse_kaplan_meier, False, {}),
    "sufficient_follow_up": (sufficient_follow_up, False, {}),
    "gray_test": (s.gray_test, True, {"cause": 1}),
    "aalen_johansen": (s.aalen_johansen, True, {}),
}
MODELLED = {
    "cox_ph": (s.cox_ph, False, {}),
    "weibull": (lambda surv, formula, data, **o: s.parametric_survival(surv, "weibull", formula, data, **o), False, {}),
    "royston_parmar": (s.royston_parmar, False, {"df": 1}),
    "mixture_cure": (lambda surv, formula, data, **o: mixture_cure(surv, "weibull", formula, data, **o), False, {}),
    "compare_families": (s.compare_families, False, {"families": ["exponential", "weibull"]}),
    "fine_gray": (s.fine_gray, True, {"cause": 1}),
    "cause_specific_cox": (s.cause_specific_cox, True, {}),
    "penalty_path": (penalty_path, False, {"strengths": [1.0, 10.0], "folds": 3}),
}  # fmt: skip


@pytest.mark.parametrize("name", GROUPED)
def test_groups_are_those_of_the_complete_rows(name):
    function, competing, options = GROUPED[name]
    whole = FRAME[FRAME["arm"].notna()]
    expected = function(responses(whole, competing), whole["arm"], **options)
    with pytest.raises(InputError, match=r"by is missing in rows? .*3.*17.*missing='drop'"):
        function(responses(FRAME, competing), FRAME["arm"], **options)
    with pytest.warns(EvidenceWarning, match=r"2 of 60 rows left out \(2 without a group\)"):
        found = function(responses(FRAME, competing), FRAME["arm"], missing="drop", **options)
    pd.testing.assert_frame_equal(found.to_frame(), expected.to_frame())


@pytest.mark.filterwarnings("ignore::survsim.core.errors.SurvsimWarning")
@pytest.mark.parametrize("name", MODELLED)
def test_models_are_those_of_the_complete_rows(name):
    function, competing, options = MODELLED[name]
    whole = FRAME[FRAME["arm"].notna() & FRAME["age"].notna()]
    try:
        expected = function(responses(whole, competing), "arm + age", whole, **options)
    except s.errors.ConvergenceError as error:
        with pytest.raises(s.errors.ConvergenceError, match="cured share"), pytest.warns(EvidenceWarning):
            function(responses(FRAME, competing), "arm + age", FRAME, missing="drop", **options)
        assert "cured share" in str(error)
        return
    with pytest.raises(InputError, match="missing='drop'"):
        function(responses(FRAME, competing), "arm + age", FRAME, **options)
    with pytest.warns(EvidenceWarning, match=r"5 of 60 rows left out \(2 without arm, 3 without age\)"):
        found = function(responses(FRAME, competing), "arm + age", FRAME, missing="drop", **options)
    pd.testing.assert_frame_equal(found.to_frame(), expected.to_frame())


def test_a_second_formula_and_a_column_of_its_own_count_too():
    surv = responses(FRAME, False)
    rates = np.full(N, 0.001)
    rates[50] = np.nan
    with pytest.warns(EvidenceWarning, match="1 without background, 2 without arm, 3 without age"):
        fit = s.parametric_survival(
            surv, "weibull", "arm", FRAME, ancillary="age", background=rates, missing="drop"
        )
    assert len(fit.surv) == N - 6


def test_the_bootstrap_leaves_out_rows_without_a_group_or_a_covariate():
    surv = responses(FRAME, False)
    whole = FRAME[FRAME["arm"].notna()]
    with pytest.warns(EvidenceWarning, match="2 of 60 rows"):
        found = s.bootstrap(surv, "rmst", at=6, by=FRAME["arm"], n_resamples=20, missing="drop")
    expected = s.bootstrap(responses(whole, False), "rmst", at=6, by=whole["arm"], n_resamples=20)
    assert np.array_equal(found.replicates, expected.replicates)
    with pytest.warns(EvidenceWarning, match="3 without age"):
        s.bootstrap(surv, "cox", covariates=FRAME[["age"]], n_resamples=20, missing="drop")
    with pytest.raises(InputError, match="missing must be"):
        s.bootstrap(surv, "rmst", at=6, missing="omit")
