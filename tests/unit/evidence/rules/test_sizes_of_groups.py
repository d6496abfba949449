"""A number of another size than its group needs a reason that its own row tells."""

from __future__ import annotations

import pytest

from survsim.evidence.raw.table_faults import check_tables
from tests.helpers.mini_study import curated_content, planted, row_at, write_raw


@pytest.mark.parametrize(
    ("cells", "warned"),
    [
        ({"n_arm": "59"}, True),
        ({"n_arm": "59", "analysis_set": "evaluable"}, False),
        ({"n_arm": "61", "analysis_set": "evaluable"}, True),
        ({"n_arm": "61", "unit_of_analysis": "lesion"}, False),
        ({"n_arm": "61", "unit_of_analysis": "not_reported"}, True),
        ({"n_arm": "90", "n_event": "60"}, False),
        ({"n_arm": "60"}, False),
    ],
)
def test_fewer_than_the_group_are_a_named_set_and_more_are_another_unit_or_its_events(
    tmp_path, cells, warned
):
    content = curated_content(write_raw(tmp_path / "data"))
    row = row_at(content["estimates"], estimate_id="alpha_e02")
    content["estimates"] = planted(content["estimates"], row, **cells)
    found = [f for f in check_tables(content) if f.rule == "differs_from_group"]
    assert [f.row for f in found] == (["alpha_e02"] if warned else [])
