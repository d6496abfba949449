"""Shares of several kinds on one axis."""

from __future__ import annotations

import pytest

from survsim.errors import InputError
from survsim.figures import share_dots
from tests.helpers.gallery import shares


def test_each_share_is_where_it_is_and_its_kind_has_a_mark():
    ax = share_dots(shares(), axis="Myelopathy")
    marks = {line.get_gid(): line for line in ax.lines if str(line.get_gid()).startswith("share:")}
    assert [float(m.get_xdata()[0]) for m in marks.values()] == [0.18, 0.41, 0.0, 0.9]
    assert len({m.get_marker() for m in marks.values()}) == 2
    assert [t.get_text() for t in ax.texts if t.get_text().startswith("of ")] == ["of 124"]
    assert ax.get_xlabel() == "Myelopathy"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"share": 1.2}, "between 0 and 1"),
        ({"share": float("nan")}, "share"),
        ({"kind": ["a", "b", "c", "d"]}, None),
    ],
)
def test_what_is_no_share_is_refused(change, words):
    frame = shares().assign(**change)
    if words is None:
        assert share_dots(frame)
        return
    with pytest.raises(InputError, match=words):
        share_dots(frame)


def test_too_many_kinds_and_no_rows_are_refused():
    import pandas as pd

    frame = pd.concat([shares(), shares().head(1)]).assign(kind=list("abcde"))
    with pytest.raises(InputError, match="at most 4 kinds"):
        share_dots(frame)
    with pytest.raises(InputError, match="no rows"):
        share_dots(shares().head(0))
