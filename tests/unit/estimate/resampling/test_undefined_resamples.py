"""Resamples without a number, and resamples that all have the same: counted and said, never an interval of width zero."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from survsim import Surv, bootstrap
from survsim.errors import ExtrapolationWarning, InputError, SmallSampleWarning

EIGHT = pd.DataFrame({"g": [1.0, 1, 0, 0, 1, 1, 0, 0]})


@pytest.mark.parametrize(
    ("event", "covariates", "refused"),
    [
        ([0] * 8, EIGHT, "none of the 8 patients has an event"),
        ([0] * 7 + [1], EIGHT, "constant among the patients at risk at every event time"),
        ([1] * 8, EIGHT.assign(h=2 * EIGHT.g), "'h' is a linear combination of 'g'"),
    ],
)
def test_what_a_fit_of_the_data_refuses_is_not_resampled(event, covariates, refused):
    surv = Surv.right(range(1, 9), event, unit="months")
    with pytest.raises(InputError, match=refused):
        bootstrap(surv, "cox", covariates=covariates, n_resamples=50)


def test_resamples_without_the_number_are_counted():
    surv = Surv.right(range(1, 9), [0, 0, 0, 1, 0, 0, 0, 0], unit="months")
    with pytest.warns() as said:
        found = bootstrap(surv, "cox", covariates=EIGHT, n_resamples=200)
    texts = [str(w.message) for w in said]
    lost, endless = np.isnan(found.replicates).sum(), np.isinf(found.replicates).sum()
    assert any(f"does not exist in {lost} of 200 resamples" in t for t in texts)
    assert any(f"is infinite in {endless} of 200 resamples" in t for t in texts)
    assert lost + endless == found.n_undefined[0]


def test_a_median_that_no_resample_reaches_ends_at_infinity():
    surv = Surv.right(range(1, 9), [0] * 8, unit="months")
    with pytest.warns(ExtrapolationWarning, match="infinite in 50 of 50 resamples"):
        found = bootstrap(surv, "median", n_resamples=50)
    assert (found.conf_low[0], found.conf_high[0]) == (np.inf, np.inf) and np.isnan(found.std_error[0])


def test_resamples_that_all_say_the_same_give_no_interval_of_width_zero():
    surv = Surv.right(range(1, 9), [0] * 8, unit="months")
    with pytest.warns(SmallSampleWarning, match=r"'rmst\(5\)' is 5 in all resamples"):
        found = bootstrap(surv, ["rmst", "survival"], at=5, n_resamples=50)
    assert found.estimate.tolist() == [5, 1]
    assert np.isnan([found.std_error, found.conf_low, found.conf_high]).all()
