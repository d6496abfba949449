"""Generated evidence passes through write, read and curation, twice, without changing a byte."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import survsim
from survsim.evidence.raw.csv_text import parse_text, table_bytes
from survsim.evidence.raw.curate import curate
from tests.helpers.mini_study import ESTIMATES, write_raw

# Whatever an extractor may type: quotes, commas, line breaks, other scripts; but no control characters, no
# leading sign that a spreadsheet would run, no space at either end (the validator refuses or reports these).
WORDS = (
    st.text(
        st.characters(exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp")) | st.sampled_from(" ,\"';\n"),
        max_size=30,
    )
    .map(lambda s: s.strip(" \n"))
    .filter(lambda s: not s.startswith(("=", "+", "@")))
)
NUMBERS = st.decimals(min_value="0.01", max_value="0.99", places=2).map(str)


@st.composite
def estimates(draw):
    rows = list(csv.DictReader(io.StringIO(ESTIMATES)))
    for row in rows:
        row["note"] = draw(WORDS)
        row["adjusted_for"] = draw(WORDS)
        row["stage"] = ""
    proportion = next(r for r in rows if r["measure"] == "proportion")
    proportion["value"], proportion["n_event"] = draw(NUMBERS), ""
    order = draw(st.permutations(range(len(rows))))
    return [rows[i] for i in order]


def written(rows):
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()


@settings(deadline=None, max_examples=6, suppress_health_check=[HealthCheck.too_slow])
@given(estimates())
def test_curating_what_was_written_and_read_changes_no_byte(rows):
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        raw = write_raw(data)
        (raw / "literature" / "lung" / "estimates.csv").write_text(
            written(rows), encoding="utf-8", newline=""
        )
        curate(data)
        first = {p.name: p.read_bytes() for p in (data / "curated").iterdir()}
        assert not curate(data).changed
        for name, content in first.items():
            frame = parse_text(content.decode("utf-8"), name).frame
            assert table_bytes(frame) == content, name
        store = survsim.load_evidence(data)
        for row in rows:
            found = store.estimate(row["estimate_id"])
            assert found.note == row["note"]
            assert found.value == float(row["value"])
        # The curated table is itself in the format of a typed one: curating it again gives it back.
        (raw / "literature" / "lung" / "estimates.csv").write_bytes(first["estimates.csv"])
        curate(data)
        assert (data / "curated" / "estimates.csv").read_bytes() == first["estimates.csv"]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(WORDS, WORDS, WORDS), max_size=6))
def test_text_tables_come_back_as_they_were(cells):
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["a", "b", "c"])
    writer.writerows(cells)
    content = buffer.getvalue()
    found = parse_text(content, "notes")
    assert found.faults == ()
    assert table_bytes(found.frame) == content.encode("utf-8")
    assert [tuple(row) for row in found.frame.itertuples(index=False)] == cells
