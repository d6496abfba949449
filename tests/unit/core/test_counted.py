"""Words by how often they occur, whatever the version of pandas does with equals."""

import pandas as pd

from survsim.core.tables import counted


def test_equals_stand_by_name_and_the_most_frequent_first():
    words = pd.Series(["targeted", "surgery", "rt", "surgery", "targeted", "rt", "rt", "chemo"])
    assert list(counted(words).items()) == [("rt", 3), ("surgery", 2), ("targeted", 2), ("chemo", 1)]
    assert list(counted(words[::-1]).items()) == list(counted(words).items())
