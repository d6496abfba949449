"""What is seen in a panel at a first look, and at a second one where the first leaves a doubt.

A dotted or thin line of a small picture is pale where it lies between two rows of pixels. Its pale pieces look like a line of
another grey, and what is left of it like a line with gaps. At the second look all shades of one grey are one ink.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from survsim.digitising.found import Refused
from survsim.digitising.raster.arm import Arm
from survsim.digitising.raster.arms import Start, find_arms
from survsim.digitising.raster.believable import refuse_no_curve
from survsim.digitising.raster.doubtful import without_doubtful, without_grid
from survsim.digitising.raster.kinds import Pixels
from survsim.digitising.raster.levels import Steps, find_steps
from survsim.digitising.raster.sheet import Sheet
from survsim.digitising.raster.smooth import is_smooth
from survsim.digitising.raster.tails import without_tails
from survsim.digitising.raster.unexplained import other_ink, unexplained

_HIDDEN = 0.25
"""Share of its length over which a curve lies under others, from which it may be made of their edges."""
_TAKEN = (
    "Pale pieces were taken as parts of darker lines, which without them have gaps; if one arm is grey, look at the overlay and name "
    "the colour of each arm, as in arms={'A': 'black', 'B': 'grey'}."
)


@dataclass(frozen=True, slots=True)
class Look:
    """The arms of a panel with their steps, what must be said of them, and what must be said of ink on none of them.

    `doubt` where a line was left out, ink is left over, or a curve lies mostly under others.
    """

    arms: list[Arm]
    steps: list[Steps]
    said: list[str]
    lost: list[str]
    doubt: bool


def look(sheet: Sheet, rgb: Pixels, start: Start, deepest: float, asked: tuple[Pixels, ...]) -> Look:
    """What is seen in a panel, with all shades of one grey for one ink where that settles what is doubtful else.

    Parameters
    ----------
    rgb : the panel, its curves falling to the right.
    deepest : row of the axis on which bars stand.
    asked : colours of the arms that a person named; then nothing is tried a second time.

    Raises
    ------
    Refused : what was followed is no step function.
    """
    try:
        first = _look(sheet, rgb, start, deepest, asked)
    except Refused as refusal:
        if asked or (second := _second(sheet, rgb, start, deepest)) is None:
            raise refusal from None
        return second
    if first.arms and first.doubt and not asked:
        second = _second(sheet, rgb, start, deepest)
        # Fewer arms than at first are no better an answer: a doubt that is said is better than an arm that is lost.
        return second if second is not None and len(second.arms) >= len(first.arms) else first
    return first


def _second(sheet: Sheet, rgb: Pixels, start: Start, deepest: float) -> Look | None:
    """The second look, None where it leaves a doubt as well or is no other than the first."""
    try:
        found = _look(sheet, rgb, start, deepest, (), shades=False)
    except Refused:
        return None
    return replace(found, said=[*found.said, _TAKEN]) if found.arms and not found.doubt else None


def _look(
    sheet: Sheet, rgb: Pixels, start: Start, deepest: float, asked: tuple[Pixels, ...], *, shades: bool = True
) -> Look:
    arms = find_arms(rgb, start, asked, shades=shades)
    arms, grid = (arms, []) if asked else without_grid(arms)
    arms, left_out = (arms, []) if asked else without_doubtful(arms)
    arms, curved = _with_steps(arms)
    if curved and not arms:
        raise Refused(
            "The curves have no steps: they are smoothed or fitted, and hold no times of events.",
            help="a figure with the Kaplan-Meier or Aalen-Johansen steps",
        )
    arms, tails = without_tails(arms)
    said = [f"{curved} curve(s) without steps were left out as smoothed or fitted."] if curved else []
    steps = [find_steps(a.ink.share, a.way, a.ink.width, sheet.noisy) for a in arms]
    refuse_no_curve(arms, steps, deepest)
    lost = unexplained(arms) or ([] if asked else other_ink(rgb, arms, grid))
    covered = any(float(arm.way.hidden.mean()) > _HIDDEN for arm in arms)
    return Look(arms, steps, said + left_out + tails, lost, bool(left_out or lost or covered))


def _with_steps(arms: list[Arm]) -> tuple[list[Arm], int]:
    """The arms that are step functions, and how many are not."""
    steps = [arm for arm in arms if not is_smooth(arm.ink.share, arm.way, arm.ink.width)]
    return steps, len(arms) - len(steps)
