"""Uno's concordance, time-dependent AUC and Brier score: solved by hand, as identities, and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest

from survsim import Surv, concordance, cox_ph
from survsim.cox import brier_score, time_dependent_auc
from survsim.errors import InputError, SmallSampleWarning

SIX = Surv.right([1, 2, 3, 4, 5, 6], [1, 1, 0, 1, 1, 0], unit="years")
SCORE = [1.0, 3.0, 4.0, 2.0, 5.0, 6.0]


def test_uno_by_hand():
    """G is 1 to time 3 and 3/4 after; pairs of the events at 4 and 5 weigh 16/9."""
    found = concordance(SIX, SCORE, weighting="uno")
    # 1: five pairs right. 2: right with 3, 5 and 6, wrong with 4. 4: right with 5, 6; 5: right with 6.
    assert found.concordant == pytest.approx(5 + 3 + 3 * 16 / 9)
    assert found.discordant == pytest.approx(1)
    early = concordance(SIX, SCORE, weighting="uno", tau=2.0)
    assert (early.concordant, early.discordant, early.tau) == (8.0, 1.0, 2.0)
    assert "Uno's concordance to 2" in early.headline()


@pytest.mark.filterwarnings("ignore:.*all that it is made of say the same")
def test_auc_by_hand():
    """At 4.5: cases 1, 2 (weight 1) and 4 (4/3), controls 5 and 6, each above every case."""
    found = time_dependent_auc(SIX, SCORE, [2.5, 4.5])
    assert found.estimate.tolist() == [7 / 8, 1.0]
    assert found.n_case.tolist() == [2, 3]
    assert found.n_control.tolist() == [4, 2]
    # Kaplan-Meier falls by 1/3 to 2.5 and by 2/9 to 4.5.
    assert found.mean == pytest.approx((7 / 8 * 3 + 1.0 * 2) / 5)
    assert (
        np.isnan([found.conf_low[1], found.conf_high[1]]).all()
        and found.conf_low[0] < 7 / 8 < found.conf_high[0]
    )


@pytest.mark.parametrize("score", [range(1, 9), [1.0] * 8, range(8, 0, -1)])
def test_a_share_without_spread_has_no_interval_of_width_zero(score):
    few = Surv.right(range(1, 9), [1, 1, 0, 1, 1, 0, 1, 1], unit="months")
    with pytest.warns(SmallSampleWarning, match="the concordance: the standard error of"):
        found = concordance(few, score)
    assert found.std_error == 0 and np.isnan([found.conf_low, found.conf_high]).all()
    for conf_type in ("logit", "plain"):
        with pytest.warns(SmallSampleWarning, match="the AUC: the standard error of"):
            auc = time_dependent_auc(few, score, [3.5], conf_type=conf_type)
        assert np.isnan([auc.conf_low[0], auc.conf_high[0]]).all()


def test_a_brier_score_may_be_without_spread():
    found = brier_score(SIX, np.full((6, 1), 0.5), [2.5])
    assert (found.conf_low[0], found.conf_high[0]) == (0.25, 0.25)


def test_auc_without_censoring_is_that_of_mann_whitney_with_its_known_error():
    rng = np.random.default_rng(3)
    time, score = rng.permutation(40) + 1.0, rng.normal(size=40).round(1)
    found = time_dependent_auc(Surv.right(time, np.ones(40), unit="days"), score, [20.0], conf_type="plain")
    case, control = score[time <= 20], score[time > 20]
    wins = (case[:, None] < control) + 0.5 * (case[:, None] == control)
    assert found.estimate[0] == pytest.approx(wins.mean())
    # DeLong's variance, with sums of squares divided by the numbers themselves.
    variance = wins.mean(axis=1).var() / 20 + wins.mean(axis=0).var() / 20
    assert found.std_error[0] == pytest.approx(np.sqrt(variance))
    assert found.conf_high[0] == pytest.approx(found.estimate[0] + 1.959963984540054 * np.sqrt(variance))


@pytest.mark.filterwarnings("ignore:.*all that it is made of say the same")
def test_a_score_a_time_is_read_by_column():
    both = np.column_stack([SCORE, -np.array(SCORE)])
    assert time_dependent_auc(SIX, both, [2.5, 4.5]).estimate.tolist() == [7 / 8, 0.0]


def test_brier_by_hand():
    """At 4.5: events of 1, 2 and, weighing 4/3, 4; 5 and 6 followed on, weighing 4/3."""
    predicted = np.array([[0.1], [0.2], [0.9], [0.4], [0.7], [0.8]])
    found = brier_score(SIX, predicted, [4.5])
    assert found.estimate[0] == pytest.approx((0.01 + 0.04 + 4 / 3 * (0.16 + 0.09 + 0.04)) / 6)
    assert np.isnan(found.integrated)
    survival = (2 / 3) * (2 / 3)
    assert found.null[0] == pytest.approx(
        (2 * survival**2 + 4 / 3 * (survival**2 + 2 * (1 - survival) ** 2)) / 6
    )
    assert found.to_frame()["explained"][0] == pytest.approx(1 - found.estimate[0] / found.null[0])


def test_integrated_brier_score_is_the_trapezoidal_mean_in_any_order_of_times():
    predicted = np.array([[0.9, 0.5, 0.1]] * 6)
    found = brier_score(SIX, predicted, [1.5, 2.5, 4.5])
    b = found.estimate
    assert found.integrated == pytest.approx(((b[0] + b[1]) / 2 * 1 + (b[1] + b[2]) / 2 * 2) / 3)
    turned = brier_score(SIX, predicted[:, ::-1], [4.5, 2.5, 1.5])
    assert turned.integrated == pytest.approx(found.integrated)
    assert turned.integrated_std_error == pytest.approx(found.integrated_std_error)


def test_a_fit_asks_of_its_own_data():
    fit = cox_ph(SIX, None, np.array(SCORE)[:, None], penalty="ridge", penalty_strength=1.0)
    assert fit.time_dependent_auc([2.5]).estimate[0] == 7 / 8
    assert fit.concordance(weighting="uno").estimate == concordance(SIX, SCORE, weighting="uno").estimate
    own = fit.brier_score([2.5, 4.5])
    again = brier_score(SIX, fit.predict_survival(None, [2.5, 4.5]))
    assert own.estimate.tolist() == again.estimate.tolist()


@pytest.mark.parametrize("ask", ["uno", "auc", "brier"])
@pytest.mark.parametrize("what", ["entry", "causes"])
def test_what_has_no_censoring_weights_is_refused(ask, what):
    surv = Surv.right([1, 2, 3], [1, 0, 1], unit="years", entry=[0, 1, 0])
    if what == "causes":
        surv = Surv.competing([1, 2, 3], ["a", "none", "b"], unit="years", censored="none")
    asked = {
        "uno": lambda: concordance(surv, [1, 2, 3], weighting="uno"),
        "auc": lambda: time_dependent_auc(surv, [1, 2, 3], [2.0]),
        "brier": lambda: brier_score(surv, [[0.5]] * 3, [2.0]),
    }
    with pytest.raises(InputError, match="delayed entry" if what == "entry" else "several causes|has causes"):
        asked[ask]()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: time_dependent_auc(SIX, SCORE, [0.5]), "no event by"),
        (lambda: time_dependent_auc(SIX, SCORE, [6.0]), "nobody followed beyond"),
        (lambda: time_dependent_auc(SIX, SCORE, []), "times is empty"),
        (lambda: time_dependent_auc(SIX, SCORE[:5], [2.0]), "5"),
        (lambda: time_dependent_auc(SIX, np.ones((6, 3)), [2.0]), "6 patients by 1 times"),
        (lambda: time_dependent_auc(SIX, SCORE, [2.0], conf_type="log"), "conf_type"),
        (lambda: brier_score(SIX, [[0.5]] * 6), "times is missing"),
        (lambda: brier_score(SIX, [[1.5]] * 6, [2.0]), "between 0 and 1"),
        (lambda: brier_score(SIX, [[0.5]] * 5, [2.0]), "6 patients by 1 times"),
        (lambda: brier_score(SIX, concordance(SIX, SCORE), [2.0]), "got Concordance"),
        (lambda: concordance(SIX, SCORE, weighting="gonen"), "weighting"),
        (lambda: concordance(SIX, SCORE, tau=-1.0), "tau"),
        (lambda: concordance(SIX, SCORE, tau=0.5), "no two patients"),
    ],
)
def test_bad_questions_are_refused(call, message):
    with pytest.raises(InputError, match=message):
        call()


def test_a_prediction_brings_its_times():
    fit = cox_ph(SIX, None, np.array(SCORE)[:, None], penalty="ridge", penalty_strength=1.0)
    with pytest.raises(InputError, match="its own times"):
        brier_score(SIX, fit.predict_survival(None, [2.5]), [3.0])
    same = brier_score(SIX, fit.predict_survival(None, [2.5]), [2.5])
    assert same.to_frame().equals(brier_score(SIX, fit.predict_survival(None, [2.5])).to_frame())
