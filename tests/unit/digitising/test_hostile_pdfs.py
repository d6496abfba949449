"""PDF files that cannot be opened, or that would be drawn for hours: refused in words, soon, and in little memory."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import zlib
from pathlib import Path

import numpy as np
import pytest

from survsim.digitising import digitise
from survsim.digitising.opening import alone, pages
from survsim.errors import InputError
from tests.helpers.small_figures import draw

KIDS = b"%%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[%d 0 R]/Count 1>>endobj\n"
END = b"trailer<</Root 1 0 R>>\n%%EOF"


def document(drawn: bytes, more: bytes = b"", known: bytes = b"") -> bytes:
    packed = zlib.compress(drawn, 9)
    page = (
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 400 300]/Resources<<%s>>/Contents 4 0 R>>endobj\n"
        % known
    )
    stream = b"4 0 obj<</Length %d/Filter/FlateDecode>>stream\n%s\nendstream endobj\n" % (len(packed), packed)
    return KIDS % 3 + page + stream + more + END


def forms_of_forms() -> bytes:
    """Eight forms of ten uses, each of the next: 10^9 lines in two kilobytes."""
    found = b""
    for k in range(8):
        body = b"/X%d Do " % (k + 1) * 10 if k < 7 else b"0 0 m 1 1 l S "
        uses = b"/Resources<</XObject<</X%d %d 0 R>>>>" % (k + 1, 11 + k)
        head = b"%d 0 obj<</Type/XObject/Subtype/Form/BBox[0 0 9 9]%s/Length %d>>" % (10 + k, uses, len(body))
        found += head + b"stream\n" + body + b"\nendstream endobj\n"
    return document(b"/X0 Do " * 10, found, b"/XObject<</X0 10 0 R>>")


@pytest.mark.parametrize(
    "content", [KIDS % 2 + END, KIDS % 9 + END, KIDS % 3 + b"3 0 obj null endobj\n" + END]
)
def test_a_page_that_cannot_be_loaded(tmp_path, content):
    (tmp_path / "a.pdf").write_bytes(content)
    with pytest.raises(InputError, match=r"the PDF is damaged .* save it again"):
        digitise(tmp_path / "a.pdf")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (document(b"0 0 m 1 1 l S " * 300_000), "too many parts"),
        (document(b"0 0 m 1 1 l S " * 6_000_000), "draws so much"),
        (document(b"0 0 m " + b"1 1 l " * 1_000_000 + b"S"), "too many lines"),
        (forms_of_forms(), "draws so much"),
    ],
)
def test_a_page_that_would_be_drawn_for_hours(tmp_path, content, message):
    (tmp_path / "a.pdf").write_bytes(content)
    begun = time.process_time()
    with pytest.raises(InputError, match=message):
        digitise(tmp_path / "a.pdf")
    assert time.process_time() - begun < 10


def test_pages_up_to_the_endless_one_are_looked_through(tmp_path):
    content = draw(tmp_path / "a.pdf").read_bytes()
    assert alone.harmless(content, [0]) == [0]
    assert alone.harmless(forms_of_forms(), [0, 0], seconds=1) == []
    with pages.document(content) as found:
        assert pages.page_number(found, content, None) == (1, [])


def test_a_figure_is_read_where_no_process_can_be_started(tmp_path, monkeypatch):
    path = draw(tmp_path / "a.pdf")
    wanted = digitise(path).curve_time
    monkeypatch.setattr(alone.sys, "executable", str(tmp_path / "nothing"))
    np.testing.assert_array_equal(digitise(path).curve_time, wanted)


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("types.py", "print('my own module')"),
        ("enum.py", "print('my own module')"),
        ("types.py", "import pandas"),
        ("nt.py", "raise SystemExit('no module of yours is run here')"),
    ],
)
def test_no_module_beside_the_users_program_is_run(tmp_path, name, source):
    content = draw(tmp_path / "a.pdf").read_bytes()
    (tmp_path / name).write_text(f"open('run', 'w').close()\n{source}\n", encoding="utf-8")
    # The folder of a program stands first in the path of what it starts; here it is put there once all is imported.
    program = (
        "import sys; from survsim.digitising.opening import alone; sys.path.insert(0, '.')\n"
        "print(alone.harmless(open('a.pdf', 'rb').read(), [0]))"
    )
    root = Path(alone.__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-P", "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True,
        env=os.environ | {"PYTHONPATH": str(root)},
    )  # fmt: skip
    assert done.stdout == "[0]\n", done.stderr
    assert alone.harmless(content, [0]) == [0] and not (tmp_path / "run").exists()


def test_a_process_that_fails_before_it_opens_the_pdf_tells_nothing_of_the_page(tmp_path, monkeypatch):
    content = draw(tmp_path / "a.pdf").read_bytes()
    for source in ("#!/bin/sh\necho my own words\nexit 1\n", "#!/bin/sh\nexit 0\n"):
        other = tmp_path / "other_program"
        other.write_text(source, encoding="utf-8")
        other.chmod(0o755)
        monkeypatch.setattr(alone.sys, "executable", str(other))
        assert alone.harmless(content, [0, 1]) == [0, 1]
