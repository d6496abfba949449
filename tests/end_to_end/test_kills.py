"""A kill, a full disk and a crowd of commands that write.

`make validate` makes them of all: ``python -m tests.helpers.kills 60 1``, ``python -m tests.helpers.full_disks`` and
``python -m tests.helpers.at_once 6``.
"""

from __future__ import annotations

import pytest

from tests.helpers.at_once import tries
from tests.helpers.full_disks import fills
from tests.helpers.kills import COMMANDS, kills


def test_killed_commands_leave_nothing_that_the_next_does_not_repair_or_name():
    assert kills(1, seed=5, commands=COMMANDS[1:2]) == []


@pytest.mark.long
def test_on_a_full_disk_a_command_says_so_in_one_message_and_the_repeat_finishes():
    by_name = {command.name: command for command in COMMANDS}
    assert fills((by_name["import"],), sizes=(300,)) == []


@pytest.mark.long
def test_commands_that_write_at_once_lose_nothing():
    assert tries(1, groups=("numbers",)) == []
