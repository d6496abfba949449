"""What the library says in Python, said in the options of a command."""

from __future__ import annotations

import pytest

from survsim.cli.words import in_options

said = in_options(
    {
        "kind": "--kind", "unit": "--unit", "n_event": "--total-events", "n": "--n", "entry": "--entry True", "arms": "--arms",
        "axes": "--x-axis", "at_risk": "--at-risk", "method": "--method", "panel": "--panel",
    }
)  # fmt: skip


@pytest.mark.parametrize(
    ("python", "command"),
    [
        ("give kind='incidence'?", "give --kind incidence?"),
        ("read it with kind='survival'.", "read it with --kind survival."),
        ("n_event must lie within 0 and 10", "--total-events must lie within 0 and 10"),
        ("n is 50, but 48 are at risk", "--n is 50, but 48 are at risk"),
        ("entry=True if the others entered later", "--entry if the others entered later"),
        ("Help: arms={'name': 'colour', ...} says which", "Help: --arms NAME=COLOUR says which"),
        (
            "from the upper curve down, as in arms=['A', 'B'].",
            "from the upper curve down, as in --arms A --arms B.",
        ),
        (
            "the colour of each arm, as in arms={'A': 'red', 'B': 'blue'}.",
            "the colour of each arm, as in --arms NAME=COLOUR.",
        ),
        ("Help: panel= one of these letters.", "Help: --panel one of these letters."),
        ("unit must be one of days", "--unit must be one of days"),
        (
            "axes={'x': ((a, b), (c, d)), 'y': ((a, b), (c, d))} with places",
            "--x-axis P:V,P:V and --y-axis P:V,P:V with places",
        ),
        ("arm 'unit' has no unit of its own", "arm 'unit' has no unit of its own"),
    ],
)
def test_arguments_become_options(python, command):
    assert said(python) == command
