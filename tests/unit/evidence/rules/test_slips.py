"""Slips made at random in the shipped tables, each field wrong once: what the tables contradict is exactly one line."""

from __future__ import annotations

import random
import shutil
from collections import Counter

import pytest

import survsim
from survsim.evidence.raw.table_faults import check_tables
from tests.helpers.mini_study import planted, rows_of
from tests.helpers.slips import Slip
from tests.helpers.slips_made import SLIPS

SEED = 20261130
IN_A_RUN = 24


@pytest.fixture(scope="module")
def shipped():
    folder = survsim.check_evidence().folder / "curated"
    return {p.stem: p.read_bytes() for p in sorted(folder.glob("*.csv"))}


def lines_of(shipped: dict[str, bytes], slip: Slip, rng: random.Random) -> list[str]:
    """The lines of a slip in one row drawn from those it can happen to."""
    rows = rows_of(shipped[slip.table])
    at = rng.choice([i for i, row in enumerate(rows) if slip.happens_to(row)])
    table = planted(shipped[slip.table], at, **slip.makes(rows[at], rng))
    return [str(f) for f in check_tables(shipped | {slip.table: table}) if not f.explained]


def test_there_are_slips_of_every_table_and_most_are_seen():
    assert len({s.name for s in SLIPS}) == len(SLIPS) >= 160
    tables = {s.table for s in SLIPS}
    assert {
        "estimates",
        "arms",
        "studies",
        "sources",
        "bias",
        "endpoints",
        "known_warnings",
        "overlaps",
    } <= tables
    assert Counter(bool(s.unseen) for s in SLIPS)[True] <= 32


@pytest.mark.parametrize(
    "slip", random.Random(SEED).sample([s for s in SLIPS if not s.unseen], IN_A_RUN), ids=lambda s: s.name
)
def test_a_slip_that_the_tables_contradict_is_one_line(shipped, slip):
    found = lines_of(shipped, slip, random.Random(SEED))
    assert len(found) == 1, found


@pytest.mark.parametrize(
    "slip", random.Random(SEED).sample([s for s in SLIPS if s.unseen], 4), ids=lambda s: s.name
)
def test_a_slip_that_nothing_contradicts_is_no_second_line(shipped, slip):
    assert len(lines_of(shipped, slip, random.Random(SEED))) <= 1


def changed_by_hand(tmp_path, name, change):
    """The shipped data on disk with one cell of a curated table edited, and what check_evidence says."""
    source = survsim.check_evidence().folder
    data = tmp_path / "data"
    shutil.copytree(source, data)
    file = data / "curated" / f"{name}.csv"
    rows = rows_of(file.read_bytes())
    at = next(i for i, row in enumerate(rows) if change(row))
    file.write_bytes(planted(file.read_bytes(), at, **change(rows[at])))
    return [f for f in survsim.check_evidence(data).faults if not f.explained], rows[at]


def tenfold_median(row):
    first = row["measure"] == "median" and row["estimate_id"] == "minchom_2010_second_line_e03"
    return {"value": f"{10 * float(row['value']):g}"} if first else None


def in_days(row):
    return {"value_unit": "days"} if row["estimate_id"] == "seddon_2017_geddis_e05" else None


def wrong_study(row):
    return {"study_id": "homesley_2007_gog0116"} if row["study_id"] == "homesley_2007_gog0161" else None


def swapped_tool(row):
    return {"tool": "quips"} if row["tool"] == "rob2" else None


@pytest.mark.parametrize(
    ("name", "change", "named"),
    [
        ("estimates", tenfold_median, "minchom_2010_second_line_e03"),
        ("estimates", in_days, "seddon_2017_geddis_e05"),
        ("arms", wrong_study, "homesley_2007_gog0116/ifos"),
        ("bias", swapped_tool, "/quips/"),
    ],
)
def test_a_table_changed_by_hand_is_one_line_that_names_the_row_and_the_change(tmp_path, name, change, named):
    found, _ = changed_by_hand(tmp_path, name, change)
    assert len(found) == 1, [str(f) for f in found]
    assert named in found[0].rows
    assert f"{name}.csv: The table was changed by hand" in found[0].remedy


def test_a_change_by_hand_that_nothing_contradicts_is_the_line_of_its_checksum(tmp_path):
    found, _ = changed_by_hand(tmp_path, "arms", lambda row: {"label": "A"} if row["label"] else None)
    assert [f.rule for f in found] == ["checksum"]
