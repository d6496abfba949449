"""A label of censoring or of the event that was typed otherwise than in the data."""

import numpy as np
import pytest

from survsim import Surv
from survsim.core.errors import EvidenceWarning, InputError

TIMES = [3, 4, 5, 6]


@pytest.mark.parametrize("typed", ["None", " none", "NONE ", "n one"])
def test_a_label_of_censoring_that_differs_by_case_or_blanks_is_refused(typed):
    with pytest.raises(InputError, match="differs by case or blanks only from 'none'"):
        Surv.competing(TIMES, ["tumour", "none", "other", "none"], unit="years", censored=typed)


def test_two_spellings_of_censoring_in_the_data_are_refused():
    with pytest.raises(InputError, match="from 'None' in the data"):
        Surv.competing(TIMES, ["tumour", "none", "other", "None"], unit="years", censored="none")


def test_a_label_of_censoring_that_nobody_carries_is_said_with_what_there_is():
    with pytest.warns(
        EvidenceWarning, match="no row holds censored='alive'.* each of 'none', 'other', 'tumour'"
    ):
        found = Surv.competing(TIMES, ["tumour", "none", "other", "none"], unit="years", censored="alive")
    assert found.cause_labels == ("none", "other", "tumour")
    with pytest.warns(EvidenceWarning, match="if 'survivor' means no event, say so: censored='survivor'"):
        Surv.competing(TIMES, ["tumour", "survivor", "other", "survivor"], unit="years", censored="surviving")
    with pytest.warns(EvidenceWarning, match="no row holds censored=9"):
        Surv.competing(TIMES, [1, 0, 1, 0], unit="years", censored=9)


def test_nobody_censored_is_legal_by_the_default():
    assert Surv.competing(TIMES, [1, 2, 1, 2], unit="years").cause_labels == (1, 2)
    named = Surv.competing(TIMES, ["tumour", "other"] * 2, unit="years", censored="none")
    assert named.cause_labels == ("other", "tumour")


def test_events_that_differ_by_case_or_blanks_are_refused_unless_all_are_named():
    told = ["dead", "Dead", "alive", "dead "]
    with pytest.raises(InputError, match="differs by case or blanks only from 'Dead', 'dead '"):
        Surv.right(TIMES, told, unit="years", event_value="dead")
    named = Surv.right(TIMES, told, unit="years", event_value=["dead", "Dead", "dead "])
    assert named.event.tolist() == [True, True, False, True]


def test_a_table_for_events_and_a_list_for_a_cause_are_refused():
    with pytest.raises(InputError, match="event must be one column"):
        Surv.right([3, 4], np.array([[1], [2]]), unit="months", event_value=2)
    response = Surv.competing([3, 4, 5], [1, 2, 0], unit="months")
    for label in (np.array([1, 2]), [1], np.array([1])):
        with pytest.raises(InputError, match="cause must be one"):
            response.for_cause(label)


@pytest.mark.parametrize(
    ("told", "mark", "counted"),
    [
        ([2, 1, 9, 1], 2, "event_value=2 counts 2 other labels as no event: 1 in 2 rows, 9 in 1 row. If one"),
        (["dead", "n/a", "alive", "k.A."], "dead", "'n/a' in 1 row, 'alive' in 1 row, 'k.A.' in 1 row"),
        ([0.0, 1.0, 2.0, 0.0], 1, r"0.0 in 2 rows, 2.0 in 1 row\. .* use Surv.competing"),
    ],
)
def test_labels_that_are_counted_as_no_event_are_said(told, mark, counted):
    with pytest.warns(EvidenceWarning, match=counted):
        found = Surv.right(TIMES, told, unit="months", event_value=mark)
    assert found.event.tolist() == [label == mark for label in told]


@pytest.mark.parametrize(
    ("told", "mark"),
    [
        ([2, 1, 1, 2], 2),
        ([0, 1, 2, 0], [1, 2]),
        (["dead", "alive", "lost", "censored"], "dead"),
        (np.array(["dead", "n/a", "alive", "k.A."]) == "dead", True),
    ],
)
def test_two_labels_and_words_for_no_event_need_no_warning(told, mark):
    assert Surv.right(TIMES, told, unit="months", event_value=mark).event.any()


@pytest.mark.parametrize(
    ("told", "offer"),
    [
        ([0, 1, 9, 1], "If 1 marks the event, pass event_value=1."),
        ([1, 2, 2, 1], "If 2 marks the event, pass event_value=2."),
        ([1, 2, 9, 1], "found {1, 2, 9}. Say by event_value which of them marks the event."),
        (["0", "1", "1", "0"], "for example event_value='1'."),
        (["1", "2", "2", "1"], "for example event_value='2'."),
        (["no", "yes", "no", "no"], "for example event_value='yes'."),
        (["alive", "n/a", "dead", "alive"], "for example event_value='dead'."),
        (["censored", "tumour", "tumour", "censored"], "for example event_value='tumour'."),
        (["x", "y", "x", "y"], "Say by event_value which of them marks the event."),
    ],
)
def test_a_message_offers_the_label_of_the_event_or_none(told, offer):
    with pytest.raises(InputError) as refused:
        Surv.right(TIMES, told, unit="months")
    assert str(refused.value).endswith(offer)
