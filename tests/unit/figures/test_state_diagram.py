"""States and ways: what is drawn is what was declared, and no number lies on another."""

from __future__ import annotations

import pandas as pd
import pytest

from survsim.errors import InputError
from survsim.figures import state_diagram
from tests.helpers.pictures import overlapping_texts

ILLNESS = [("well", "ill", False), ("ill", "dead of it", True), ("well", "dead otherwise", True)]
ILLNESS += [("ill", "dead otherwise", True)]


def ways(rows):
    return pd.DataFrame(rows, columns=["source", "target", "death"])


def boxes(ax):
    return {
        p.get_gid().removeprefix("state:"): p.get_bbox()
        for p in ax.patches
        if str(p.get_gid()).startswith("state:")
    }


def arrows(ax):
    return {
        t.get_gid().removeprefix("way:"): (t.xyann, t.xy)
        for t in ax.texts
        if str(t.get_gid()).startswith("way:")
    }


def test_every_state_is_one_box_and_every_way_one_numbered_arrow():
    ax = state_diagram(ways(ILLNESS))
    assert set(boxes(ax)) == {"well", "ill", "dead of it", "dead otherwise"}
    assert set(arrows(ax)) == {f"{a}>{b}" for a, b, _ in ILLNESS}
    assert sorted(t.get_text() for t in ax.texts if t.get_text().isdigit()) == ["1", "2", "3", "4"]


def test_arrows_run_from_the_box_of_the_source_to_that_of_the_target():
    ax = state_diagram(ways(ILLNESS))
    for name, (start, end) in arrows(ax).items():
        source, target = (boxes(ax)[s] for s in name.split(">"))
        for (x, y), box in ((start, source), (end, target)):
            assert box.x0 - 1e-9 <= x <= box.x1 + 1e-9
            assert box.y0 - 1e-9 <= y <= box.y1 + 1e-9


def test_deaths_stand_below_and_the_living_from_left_to_right():
    places = boxes(state_diagram(ways(ILLNESS)))
    assert places["well"].x1 < places["ill"].x0
    assert max(places["dead of it"].y1, places["dead otherwise"].y1) < places["well"].y0
    assert places["dead otherwise"].x0 < places["dead of it"].x0


def test_own_numbers_and_a_title_are_taken():
    ax = state_diagram(ways(ILLNESS).assign(number=[7, 8, 9, 10]), title="Course")
    assert {"7", "8", "9", "10"} <= {t.get_text() for t in ax.texts}
    assert ax.get_title(loc="left") == "Course"


@pytest.mark.parametrize(
    "rows",
    [
        ILLNESS,
        [*ILLNESS, ("ill", "well", False)],
        [("a", "b", False), ("b", "c", False), ("c", "b", False), ("c", "dead", True), ("a", "dead", True)],
        [("alive", "dead", True)],
    ],
    ids=["illness and death", "a way back", "three in a row", "two states"],
)
def test_no_text_lies_on_another(rows):
    ax = state_diagram(ways(rows))
    assert overlapping_texts(ax) == []


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (ways(ILLNESS).drop(columns="death"), "death"),
        (ways([]), "at least one row"),
        (ways([("well", "dead", True), ("dead", "well", False)]), "left by nobody"),
    ],
)
def test_what_is_no_graph_of_states_is_refused(frame, message):
    with pytest.raises(InputError, match=message):
        state_diagram(frame)


def test_numbers_stand_clear_of_each_other_and_a_narrow_sheet_says_what_it_needs():
    deaths = [f"unclassifiable death {k}" for k in range(5)]
    ways = [(s, d, True) for s in ("well", "ill") for d in deaths] + [
        ("well", "ill", False),
        ("ill", "well", False),
    ]
    frame = pd.DataFrame(ways, columns=["source", "target", "death"])
    ax = state_diagram(frame, width="174mm")
    assert len([t for t in ax.texts if t.get_text().isdigit()]) == 12
    assert overlapping_texts(ax) == []
    with pytest.raises(InputError, match=r"7 states in this order need a sheet of 1\d\d mm.*it has 85 mm"):
        state_diagram(frame, width="85mm")
