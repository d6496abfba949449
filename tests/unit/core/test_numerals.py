"""Numbers in text are read in one way: digits, a point, an exponent."""

import pytest

from survsim.core.numerals import number_in, whole_in

NONE = ["1_0", "nan", "inf", "-infinity", "", " ", "0x10", "1e", "1,5", "1 0", "٣", "1e400", "²", "."]


@pytest.mark.parametrize("text", NONE)
def test_what_is_no_number(text):
    with pytest.raises(ValueError, match="is no number"):
        number_in(text)
    with pytest.raises(ValueError, match="is no whole number"):
        whole_in(text)


@pytest.mark.parametrize(("text", "value"), [("1", 1.0), (" -.5 ", -0.5), ("+2.", 2.0), ("1e-3", 0.001)])
def test_what_is_a_number(text, value):
    assert number_in(text) == value


def test_whole_numbers():
    assert [whole_in(t) for t in ("7", " -3", "+12")] == [7, -3, 12]
    for text in ("1.0", "1e3", "9" * 400):
        with pytest.raises(ValueError, match="is no whole number"):
            whole_in(text)
