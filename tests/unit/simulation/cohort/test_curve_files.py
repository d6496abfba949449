"""Points of a curve from a CSV: one curve, by name where the file holds several."""

import pytest

from survsim.errors import ScenarioError
from survsim.simulation.cohort.curve_files import read_points_csv
from survsim.simulation.declared.partitioned import FileCurve

TWO = "arm,time,survival\nold,0,1\nold,2,0.5\nold,4,0.25\nnew,0,1\nnew,2,0.8\nnew,4,0.6\n"


def read(text, **more):
    return read_points_csv(text, FileCurve(file="os.csv", joined="steps", **more))


def test_of_two_arms_the_selected_one_is_read():
    found = read(TWO, select={"arm": "new"})
    assert (found.times, found.survival) == ((0.0, 2.0, 4.0), (1.0, 0.8, 0.6))
    assert read(TWO, select={"arm": "old"}).survival == (1.0, 0.5, 0.25)


def test_of_several_arms_none_is_merged_unasked():
    with pytest.raises(
        ScenarioError, match=r"several curves: under arm stand old, new.*select: \{arm: old\}"
    ):
        read(TWO)
    with pytest.raises(ScenarioError, match="no row with arm nwe; there are old, new; did you mean 'new'"):
        read(TWO, select={"arm": "nwe"})
    with pytest.raises(ScenarioError, match=r"needs a column 'Arm'.*did you mean 'arm'"):
        read(TWO, select={"Arm": "new"})


def test_numbered_arms_and_unknown_words_are_curves_too():
    numbered = TWO.replace("old", "0").replace("new", "1")
    with pytest.raises(ScenarioError, match="under arm stand 0, 1"):
        read(numbered)
    assert read(numbered, select={"arm": 1}).survival == (1.0, 0.8, 0.6)
    with pytest.raises(ScenarioError, match="under dose_level stand old, new"):
        read(TWO.replace("arm", "dose_level"))


def test_one_arm_numbers_and_notes_beside_a_curve_are_no_second_curve():
    text = "arm,time,survival,n_risk,note\none,0,1,40,\none,3,0.5,20,median\none,6,0.2,8,\n"
    assert read(text).survival == (1.0, 0.5, 0.2)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("time,survival\n0,1\n2,0,5\n", "line 3: 3 cells where the line of names has 2"),
        ("time,survival,survival\n0,1,1\n2,0.5,0.9\n", "the column survival stands there more than once"),
        ("time,survival\n", "no row below its line of names"),
        ('time,survival\n0,1\n2,"0,5"\n', "line 3: a number stands under time and survival"),
    ],
)
def test_what_cannot_be_read_is_refused(text, told):
    with pytest.raises(ScenarioError) as refused:
        read(text)
    assert told in str(refused.value)
