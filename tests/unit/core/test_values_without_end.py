"""Whole numbers too long to be written out, lists without end and cells that hold lists: told in words, at once."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

from survsim import Surv, bootstrap, check_summary, effect_size, kaplan_meier, load_evidence
from survsim.errors import InputError, SurvsimError
from survsim.figures import state_diagram
from survsim.report import not_pooled

SURV = Surv.right([1, 2, 3, 4], [1, 1, 0, 1], unit="months")
LONG = 10**5000
"""Python writes out no number of more than 4,300 digits."""


@pytest.mark.parametrize(
    "call",
    [
        lambda: bootstrap(SURV, "median", n_resamples=LONG),
        lambda: kaplan_meier(SURV, conf_type=LONG),
        lambda: kaplan_meier(SURV, conf_type=[LONG]),
        lambda: effect_size(hazard_ratio=LONG, conf_low=1, conf_high=2),
        lambda: Surv.right(["x", LONG], [1, 1], unit="months"),
        lambda: check_summary(SURV, survival=itertools.repeat(1.0)),
        lambda: check_summary(SURV, survival=[(1, 0.75, 0.5)]),
        lambda: load_evidence().select(endpoint=itertools.repeat("overall_survival")),
        lambda: state_diagram(pd.DataFrame({"source": [["a"]], "target": ["b"], "death": [True]})),
        lambda: not_pooled(load_evidence(), {"endpoint": np.array(None, dtype=object)}),
        lambda: kaplan_meier(SURV, by=pd.Series([["a"], ["b"], ["a"], ["b"]])),
    ],
)
def test_what_cannot_be_used_is_told(call):
    with pytest.raises(SurvsimError, match=r"must|list of words|takes at most|holds pairs"):
        call()


def test_groups_may_be_whole_numbers_beyond_every_float():
    groups = [10**400, 1, 10**400, 1]
    assert kaplan_meier(SURV, by=groups).to_frame()["group"].unique().tolist() == [1, 10**400]


def test_generators_that_end_are_lists():
    assert check_summary(SURV, survival=((t, s) for t, s in [(1, 0.75)])).agrees.all()
    store = load_evidence()
    found = store.select(endpoint=(word for word in ["overall_survival"]))
    assert len(found) == len(store.select(endpoint="overall_survival"))
    with pytest.raises(InputError):
        kaplan_meier(SURV, conf_level=LONG)
