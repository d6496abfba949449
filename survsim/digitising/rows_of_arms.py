"""Which row of numbers at risk is of which arm: by its label, its colour, the arm's n, or because no other is left."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from survsim.digitising.found import RiskTable, Trace

LEAST_LINE = 4
"""Letters of a line of a label by which the label is told."""
STRAY_SIGNS = 2
"""Signs before a name that print beside it may have left in a label."""
LOST = 0.5
"""Of the next number: a number at risk below this lost a digit when it was read; patients do not enter all at once."""
LIKE = 0.25
"""Largest difference of a channel between the colour of a row and that of its curve."""


def numbers_of_arms(
    table: RiskTable | None, arms: Sequence[str], traces: Sequence[Trace], said: list[str]
) -> tuple[tuple[str, float, int], ...]:
    """Rows (arm, time, number) of the table, under the names of the arms; what no label told is said."""
    if table is None:
        return ()
    owner = _owners(table, arms, traces, said)
    rows: list[tuple[str, float, int]] = []
    strangers = []
    for i, label in enumerate(table.labels):
        arm = owner[i]
        if arm is None:
            strangers.append(label or f"row {i + 1}")
            arm = label.strip() or f"row {i + 1}"
        numbers = [(float(t), int(n)) for t, n in zip(table.times, table.numbers[i], strict=True) if n >= 0]
        numbers = _without_lost_digit(arm, numbers, said)
        if any(later > earlier for (_, earlier), (_, later) in itertools.pairwise(numbers)):
            said.append(f"{arm}: the numbers at risk rise; patients entered late, or a number was misread.")
        rows += [(arm, t, n) for t, n in numbers]
    if strangers:
        said.append(
            f"the rows {', '.join(map(repr, strangers))} of the risk table have none of the curves' names; "
            "write each under its arm into the RISK.csv of survsim reconstruct --at-risk (at_risk= in Python)."
        )
    return tuple(rows)


def _without_lost_digit(
    arm: str, numbers: list[tuple[float, int]], said: list[str]
) -> list[tuple[float, int]]:
    """The numbers without one that is far below the next while its neighbours fall: 20, 1, 7 is 20, 11, 7 with a digit lost."""
    lost = [
        k for k in range(1, len(numbers) - 1)
        if numbers[k - 1][1] >= numbers[k + 1][1] > 0 and numbers[k][1] < LOST * numbers[k + 1][1]
    ]  # fmt: skip
    for k in lost:
        said.append(
            f"{arm}: {numbers[k][1]} at risk at {numbers[k][0]:g} cannot stand between {numbers[k - 1][1]} and {numbers[k + 1][1]}; "
            "it was left out: write the printed number into the RISK.csv."
        )
    return [row for k, row in enumerate(numbers) if k not in lost]


def _owners(
    table: RiskTable, arms: Sequence[str], traces: Sequence[Trace], said: list[str]
) -> list[str | None]:
    """The arm of each row, None where nothing tells it."""
    known = {plain_key(arm): arm for arm in arms}
    owner = [known.get(plain_key(label)) or _similar(label, known) for label in table.labels]
    for how, found in (
        ("their colour", _by_colour(table, arms, traces)),
        ("their first numbers", _by_n(table, arms)),
    ):
        _fill(owner, found, f"given to the curves by {how}", said)
    left = [arm for arm in arms if arm not in owner]
    if len(arms) == len(owner) and len(left) == owner.count(None) == 1:
        alone = len(arms) == 1
        # A row with another name may be of patients of whom no curve was found.
        nameless = [
            left[0] if len(plain_key(label)) < LEAST_LINE or alone else None for label in table.labels
        ]
        _fill(owner, nameless, "" if alone else "given to the one curve that was left", said)
    return owner


def _fill(owner: list[str | None], found: Sequence[str | None], how: str, said: list[str]) -> None:
    """Owners where there was none, by one way of telling them; an arm has one row."""
    new = [i for i, arm in enumerate(found) if owner[i] is None and arm is not None and arm not in owner]
    new = [i for i in new if sum(found[j] == found[i] for j in new) == 1]
    for i in new:
        owner[i] = found[i]
    if new and how:
        names = ", ".join(repr(found[i]) for i in new)
        said.append(
            f"rows of the risk table without a name that could be read were {how}: {names}; look whether that is so."
        )


def _by_colour(table: RiskTable, arms: Sequence[str], traces: Sequence[Trace]) -> list[str | None]:
    """The only arm whose curve has the colour of the row."""
    found: list[str | None] = []
    for colour in table.colours or (None,) * len(table.labels):
        near = [] if colour is None else [
            arm for arm, trace in zip(arms, traces, strict=True) if colours_apart(trace.colour, colour) < LIKE
        ]  # fmt: skip
        found.append(near[0] if len(near) == 1 else None)
    return found


def _by_n(table: RiskTable, arms: Sequence[str]) -> list[str | None]:
    """The only arm whose name says as many patients (n = 80) as the row starts with."""
    printed = {arm: re.search(r"(?i)\bn\s*=\s*(\d+)", arm) for arm in arms}
    found: list[str | None] = []
    for row in table.numbers:
        near = [arm for arm, n in printed.items() if n and int(n[1]) == int(row[0])]
        found.append(near[0] if len(near) == 1 else None)
    return found


def colours_apart(a: Sequence[float], b: Sequence[float]) -> float:
    """The largest difference of a channel of two colours."""
    return max(abs(x - y) for x, y in zip(a, b, strict=True))


def in_hex(colour: Sequence[float]) -> str:
    """A colour as it is written, "#1f77b4"."""
    return "#" + "".join(f"{round(255 * float(c)):02x}" for c in colour)


def plain_key(text: str) -> str:
    """A name without case, spaces and most signs, to be compared."""
    return re.sub(r"[^a-z0-9+<>=]", "", text.casefold())


def _similar(label: str, known: dict[str, str]) -> str | None:
    """The only arm whose name begins like a label, or the other way round; else the only one that holds a line of it."""
    key = plain_key(label)
    near = [arm for k, arm in known.items() if key and k and (k.startswith(key) or key.startswith(k))]
    if not near and len(key) >= LEAST_LINE:
        near = [arm for k, arm in known.items() if key in k]
    if not near:
        # A tick or a swatch before the label is read as a sign of it.
        near = [arm for k, arm in known.items() if len(k) >= LEAST_LINE and key.endswith(k)]
        near = [arm for arm in near if len(key) - len(plain_key(arm)) <= STRAY_SIGNS]
    return near[0] if len(near) == 1 else None
