"""A few kills of commands that write; ``python -m tests.helpers.kills 60 1`` makes them of all."""

from __future__ import annotations

from tests.helpers.kills import COMMANDS, kills


def test_killed_commands_leave_nothing_that_the_next_does_not_repair_or_name():
    assert kills(3, seed=5, commands=COMMANDS[1:4]) == []
