"""A missing value that was turned into text is missing still: ``.astype(str)`` made a cause of death and a group of it."""

import numpy as np
import pandas as pd
import pytest

from survsim import Surv, cox_ph, kaplan_meier
from survsim.core.checks import as_labels
from survsim.core.errors import EvidenceWarning, InputError
from survsim.core.kinds import MADE_OF_GAPS

SEEN = pd.Series(["relapse", "alive", np.nan, "death"])
TEXT = SEEN.astype(object).map(str)
SURV = Surv.right([5, 8, 9, 12], [1, 1, 0, 1], unit="months")
GAPS = (np.nan, pd.NaT, pd.NA)


@pytest.mark.parametrize("gap", GAPS, ids=str)
@pytest.mark.parametrize("kind", [list, np.array, pd.Categorical, pd.Series])
def test_what_text_makes_of_a_gap_is_no_label_in_any_column(gap, kind):
    assert str(gap) in MADE_OF_GAPS
    with pytest.raises(InputError, match=r"by is missing in row 1 \(the text .* \.astype\(str\) makes"):
        as_labels("by", kind(["a", str(gap), "b"]))


@pytest.mark.parametrize(
    "take",
    [
        lambda: Surv.competing([5, 8, 9, 12], TEXT, censored="alive", unit="months"),
        lambda: Surv.right([5, 8, 9, 12], TEXT, event_value="death", unit="months"),
        lambda: Surv.right([5, 8, 9, 12], [1, 1, 0, 1], unit="months", stratum=TEXT),
        lambda: Surv.right([5, 8, 9, 12], [1, 1, 0, 1], unit="months", cluster=TEXT),
        lambda: kaplan_meier(SURV, TEXT),
        lambda: cox_ph(SURV, "seen", pd.DataFrame({"seen": TEXT})),
        lambda: cox_ph(SURV, "seen", pd.DataFrame({"seen": TEXT.astype("category")})),
    ],
)
def test_no_door_takes_it_for_a_category(take):
    with pytest.raises(InputError, match=r"missing in row 2 \(the text 'nan'"):
        take()


def test_dropped_they_leave_what_missing_values_leave():
    with pytest.warns(EvidenceWarning, match="1 of 4 rows left out"):
        found = Surv.competing([5, 8, 9, 12], TEXT, censored="alive", unit="months", missing="drop")
    assert found.cause_labels == ("death", "relapse")


def test_words_of_people_stay_labels():
    words = ["NA", "None", "Nan", "n/a"]
    assert as_labels("by", words).tolist() == words
    assert kaplan_meier(SURV, words).groups == ("NA", "Nan", "None", "n/a")
