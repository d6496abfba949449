"""Labels of evidence terms: a missing one is no name."""

import pandas as pd
import pytest

from survsim.errors import InputError
from survsim.joint_model import rate_term


@pytest.mark.parametrize("missing", [None, float("nan"), pd.NA, pd.NaT, "", "  "])
def test_a_study_without_a_name_is_no_study(missing):
    with pytest.raises(InputError, match=r"study (is empty|must be text)"):
        rate_term(4, 90, study=missing, unit="months")


@pytest.mark.parametrize("word", ["arm", "site", "cluster"])
def test_a_missing_value_is_no_name(word):
    with pytest.raises(InputError, match=f"{word} of a: a missing value is no name"):
        rate_term(4, 90, study="a", unit="months", **{word: float("nan")})


def test_half_an_event_is_no_event():
    with pytest.raises(InputError, match=r"events must be a whole number; got 0\.5"):
        rate_term(0.5, 90, study="a", unit="months")
    assert rate_term(0, 90, study="a", unit="months").payload["events"] == 0.0
