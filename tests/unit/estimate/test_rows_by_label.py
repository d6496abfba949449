"""Rows beside predictions, intervals and trials are those of the same label, whatever the order they come in.

The right value of each is that of the same numbers in one order, without labels.
"""

import numpy as np
import pandas as pd
import pytest

from survsim import Surv, cox_ph
from survsim.competing import cause_specific_cox
from survsim.core.errors import InputError
from survsim.cox import brier_score, cox_resamples, cox_trials, time_dependent_auc
from survsim.parametric import interval_censored_parametric
from survsim.synthesis import meta_analyses
from survsim.trials import analyse_trials

RNG = np.random.default_rng(3)
N = 60
FRAME = pd.DataFrame(
    {
        "t": RNG.exponential(10, N).round(1) + 0.5,
        "e": RNG.integers(0, 2, N),
        "x": RNG.normal(size=N),
        "o": RNG.normal(size=N),
        "g": RNG.choice(list("uv"), N),
    },
    index=[f"p{i}" for i in range(N)],
)
FRAME["high"] = np.exp(2 + 0.8 * FRAME.x) * RNG.exponential(1, N) + 0.1
FRAME["low"] = 0.8 * FRAME.high
MIXED = FRAME.sample(frac=1, random_state=1)
SURV = Surv.right(FRAME.t, FRAME.e, unit="months")


def _slope(low, high, formula, data, **options):
    return interval_censored_parametric(
        low, high, "weibull", formula, data, unit="months", **options
    ).estimate


@pytest.mark.parametrize("missing", ["refuse", "drop"])
@pytest.mark.parametrize("low, high", [(FRAME.low, FRAME.high), (MIXED.low, FRAME.high)])
@pytest.mark.parametrize("data", [FRAME, MIXED])
def test_covariates_of_intervals_are_those_of_the_patients(low, high, data, missing):
    right = _slope(FRAME.low.to_numpy(), FRAME.high.to_numpy(), None, FRAME[["x"]].to_numpy())
    found = _slope(low, high, "x", data, missing=missing)
    assert found == pytest.approx(right, rel=1e-9)
    assert _slope(low, high, data.x, None, missing=missing) == pytest.approx(right, rel=1e-9)


def test_the_labels_of_high_alone_pair_the_covariates():
    right = _slope(FRAME.low.to_numpy(), FRAME.high.to_numpy(), None, FRAME[["x"]].to_numpy())
    assert _slope(MIXED.low.to_numpy(), MIXED.high, "x", FRAME) == pytest.approx(right, rel=1e-6)


# Quantiles look at the event times of all strata, beyond the follow-up of one.
@pytest.mark.filterwarnings("ignore:survival asked for")
def test_strata_and_offsets_of_new_patients_pair_with_them():
    fit = cox_ph(Surv.right(FRAME.t, FRAME.e, unit="months", stratum=FRAME.g), "x", FRAME)
    new = FRAME.iloc[:4]
    turned = {"stratum": new.g[::-1], "offset": new.o[::-1]}
    plain = {"stratum": new.g.tolist(), "offset": new.o.to_numpy()}
    assert (
        fit.predict_survival(new, [5.0], **turned).survival
        == fit.predict_survival(new, [5.0], **plain).survival
    ).all()
    assert (fit.predict_median(new, **turned).estimate == fit.predict_median(new, **plain).estimate).all()
    own = fit.predict_survival(None, [5.0], offset=FRAME.o[::-1])
    assert (own.survival == fit.predict_survival(None, [5.0], offset=FRAME.o.to_numpy()).survival).all()
    assert own.labels == tuple(FRAME.index)
    with pytest.raises(InputError, match="offset and data carry different row labels"):
        fit.predict_survival(new, [5.0], stratum="u", offset=FRAME.o[4:8])


def test_strata_of_incidence_pair_with_the_patients():
    cause = FRAME.e + FRAME.e * (FRAME.x > 0)
    surv = Surv.competing(FRAME.t, cause, unit="months", stratum=FRAME.g)
    fit = cause_specific_cox(surv, "x", FRAME)
    new = FRAME.iloc[:4]
    right = fit.predict_incidence(new, [5.0], stratum=new.g.tolist()).estimate
    assert (fit.predict_incidence(new, [5.0], stratum=new.g[::-1]).estimate == right).all()


def test_predictions_are_scored_against_the_patient_they_are_of():
    fit = cox_ph(SURV, "x", FRAME)
    own = fit.predict_survival(FRAME, [5.0])
    right = brier_score(SURV, own.survival, [5.0]).estimate
    for made in (own, fit.predict_survival(MIXED, [5.0]), fit.predict_survival(None, [5.0])):
        assert brier_score(SURV, made).estimate == pytest.approx(right, rel=1e-12)
    with pytest.raises(InputError, match="different row labels"):
        brier_score(SURV, fit.predict_survival(FRAME.rename(index={"p0": "q"}), [5.0]))


def test_predictions_numbered_from_0_are_not_guessed_at():
    numbered = MIXED.set_index(np.argsort(MIXED.x.to_numpy()))
    surv = Surv.right(numbered.t, numbered.e, unit="months")
    fit = cox_ph(surv, "x", numbered)
    plain = fit.predict_survival({"x": numbered.x.to_numpy()}, [5.0])
    with pytest.raises(InputError, match="cannot be told what pairs them"):
        brier_score(surv, plain)
    by_label = brier_score(surv, fit.predict_survival(numbered[::-1], [5.0]))
    assert by_label.estimate == pytest.approx(brier_score(surv, plain.survival, [5.0]).estimate, rel=1e-12)


def test_a_table_of_scores_pairs_as_a_column_does():
    score = pd.DataFrame({"a": FRAME.o, "b": -FRAME.x})
    right = time_dependent_auc(SURV, score.to_numpy(), [5.0, 8.0]).estimate
    assert (time_dependent_auc(SURV, score[::-1], [5.0, 8.0]).estimate == right).all()
    assert time_dependent_auc(SURV, score.a[::-1], [5.0]).estimate[0] == right[0]


TIMES = pd.DataFrame(RNG.exponential(5, (2, 8)).round(2), columns=list("abcdefgh"))
EVENTS = (TIMES > 1) * 1
ARM = pd.Series([0, 0, 0, 1, 1, 1, 1, 0], index=TIMES.columns)
ARMS = pd.DataFrame([ARM, 1 - ARM], index=TIMES.index)


@pytest.mark.parametrize("ratio", [
    lambda t, e, x: cox_trials(t, e, x).estimate.ravel(),
    lambda t, e, x: analyse_trials(t, e, x, unit="months").log_hazard_ratio,
], ids=["cox_trials", "analyse_trials"])  # fmt: skip
def test_arms_of_trials_pair_with_their_patients(ratio):
    t, e = TIMES.to_numpy(), EVENTS.to_numpy()
    one, each = ratio(t, e, ARM.to_numpy()), ratio(t, e, ARMS.to_numpy())
    turned = ARMS[ARMS.columns[::-1]][::-1]
    for times, events in ((TIMES, EVENTS), (TIMES, EVENTS[EVENTS.columns[::-1]]), (t, EVENTS), (TIMES, e)):
        assert (ratio(times, events, ARM[::-1]) == one).all()
        assert (ratio(times, events, turned) == each).all()


def test_covariates_of_trials_with_a_row_a_patient_pair_with_the_columns():
    right = cox_trials(TIMES.to_numpy(), EVENTS.to_numpy(), ARM.to_numpy()).estimate
    for events in (EVENTS, EVENTS.to_numpy()):
        assert (cox_trials(TIMES, events, ARM[::-1].to_frame()).estimate == right).all()
    with pytest.raises(InputError, match="different column labels"):
        cox_trials(TIMES, EVENTS, ARMS.rename(columns={"a": "z"}))


def test_draws_and_standard_errors_pair_by_column():
    counts = pd.DataFrame(RNG.multinomial(N, np.full(N, 1 / N), size=3), columns=FRAME.index)
    right = cox_resamples(SURV, FRAME.x, counts.to_numpy()).estimate
    assert (cox_resamples(SURV, FRAME.x, counts[counts.columns[::-1]]).estimate == right).all()
    effect = pd.DataFrame([[-0.36, -0.22, -0.51], [0.1, 0.4, 0.2]], columns=["s1", "s2", "s3"])
    error = pd.DataFrame([[0.12, 0.15, 0.21], [0.1, 0.2, 0.1]], columns=["s1", "s2", "s3"])
    pooled = meta_analyses(effect.to_numpy(), error.to_numpy()).estimate
    for turned in (error[["s3", "s2", "s1"]], error[["s3", "s2", "s1"]][::-1]):
        assert (meta_analyses(effect, turned).estimate == pooled).all()
    with pytest.raises(InputError, match="column 'q' of std_error is not in estimate"):
        meta_analyses(effect, error.rename(columns={"s1": "q"}))


def test_no_resample_and_draws_without_end_are_refused():
    with pytest.raises(InputError, match="counts has no rows"):
        cox_resamples(SURV, FRAME.x, np.ones((0, N)))
    with pytest.raises(InputError, match="sum to at most 1,000,000; got 600000000"):
        cox_resamples(SURV, FRAME.x, np.full((1, N), 1e7))
