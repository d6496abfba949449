"""Words for a name that no figure has: refused by every plot, whether it takes names or not."""

from __future__ import annotations

import pytest

from survsim.errors import InputError
from survsim.figures.drawing import DRAWERS
from tests.helpers.every_result import example


@pytest.mark.parametrize("name", sorted(DRAWERS))
def test_words_for_nothing_that_is_there_are_refused(name: str) -> None:
    with pytest.raises(InputError, match="names"):
        example(name).plot(names={"nothing of the kind": "words"})
