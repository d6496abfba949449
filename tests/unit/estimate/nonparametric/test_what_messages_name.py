"""A message about one of several groups names it, and two times that differ look different."""

from __future__ import annotations

import pytest

from survsim import Surv, conditional_survival, kaplan_meier, landmark, milestone_test, rmst
from survsim.core.times import apart
from survsim.errors import ExtrapolationWarning, InputError

S = Surv.right([1, 2, 2, 3, 4, 5, 6, 6.0], [1, 1, 0, 1, 0, 1, 1, 0], unit="months")
G = list("aabbaabb")


def test_the_group_that_nobody_is_followed_in_and_the_ends_of_the_others():
    said = (
        r"nobody of group 'a' is followed beyond given=5\.5 months; the last time is 5 \(of the other groups: 'b': 6\)\. "
        r"Choose given below 5"
    )
    with pytest.raises(InputError, match=said):
        conditional_survival(S, G, [5.5], [0.4])
    with pytest.raises(
        InputError, match=r"nobody is followed beyond given=7 months; the last time is 6\. Choose"
    ):
        conditional_survival(S, given=[1, 7], times=1)


def test_the_group_whose_survival_is_unknown_and_how_far_it_was_followed():
    said = (
        r"group 'b' was followed to 6 months only, 4 beyond given=2; survival at 5 further months is unknown"
    )
    with pytest.warns(ExtrapolationWarning, match=said) as caught:
        found = conditional_survival(S, G, [2], [5])
    # group a ends with an event, so it is 0 from there on
    assert len(caught) == 1 and found.estimate[0] == 0.0


def test_each_group_has_its_own_conditional_curve():
    found = conditional_survival(S, G, [1, 2], [1, 2])
    for label, estimate in zip("ab", found.estimate.reshape(2, 2, 2)):
        curve = kaplan_meier(S, G)
        for given, row in zip((1, 2), estimate):
            at = curve.survival_at([given, given + 1, given + 2])
            mine = at.estimate[[g == label for g in at.group]]
            assert row.tolist() == pytest.approx((mine[1:] / mine[0]).tolist())


def test_times_that_differ_look_different():
    assert apart(12.0, 6.5) == ("12", "6.5")
    assert apart(6.0000001, 6.0) == ("6.0000001", "6")
    assert apart(6.0, 6.0) == ("6", "6")
    near = 6.0000001
    with pytest.raises(InputError, match=r"tau=6\.0000001 lies beyond .* ends at 6 months .* tau <= 6,"):
        rmst(S, None, near)
    with pytest.raises(InputError, match=r"the landmark 6\.0000001 months; the last time is 6\."):
        landmark(S, near)
    with pytest.raises(InputError, match=r"time=6\.0000001 lies beyond .* ends at 6 months"):
        milestone_test(S, list("abababba"), near)
    with pytest.warns(ExtrapolationWarning, match=r"followed to 6 months only; survival at 6\.0000001 is"):
        kaplan_meier(S).survival_at(near)
