"""Labels that say what happened: which of them marks no event, and labels that are one but for case or blanks."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import Any

from survsim.core.errors import EvidenceWarning, InputError, warn

NOTHING_HAPPENED = (
    *(
        "0",
        "no",
        "none",
        "noevent",
        "censored",
        "censoring",
        "cens",
        "alive",
        "living",
        "lost",
        "ongoing",
        "eventfree",
    ),
    *("losttofollow-up", "losttofollowup", "ned", "noevidenceofdisease"),
)
"""Words for patients without event, without blanks and in small letters."""


def causes(labels: Sequence[Any], censored: Any) -> tuple[Any, ...]:
    """The labels of causes: all but `censored`, the label of patients without event.

    Where nobody carries the label, nobody is censored, which is possible. Where the labels hold one that is typed much
    like it, or that says itself that nothing happened, censoring would become a cause: this is said.

    Raises
    ------
    InputError : `censored` is of another kind than the labels, is the only one, or differs from one by case or blanks only.
    """
    if getattr(censored, "ndim", 0) or isinstance(censored, (list, tuple, set, frozenset, dict)):
        raise InputError(f"censored must be one label; got {censored!r:.80}.")
    refuse_look_alikes("censored", censored, [label for label in labels if label != censored])
    if censored not in labels:
        if labels and not any(isinstance(censored, type(label)) for label in labels):
            raise InputError(
                f"censored={censored!r} is of another kind than the causes {tuple(labels)}; name the label of "
                "patients without event, for example censored='none'."
            )
        meant = next((label for label in labels if _may_mean(label, censored)), None)
        if meant is not None:
            warn(
                f"no row holds censored={censored!r}, so that nobody is censored and each of "
                f"{', '.join(map(repr, labels[:6]))} is a cause; if {meant!r} means no event, say so: censored={meant!r}.",
                EvidenceWarning,
            )
    names = tuple(label for label in labels if label != censored)
    if not names:
        raise InputError(f"cause holds only the label of censoring, {censored!r}; there is no event.")
    return names


def _may_mean(label: Any, censored: Any) -> bool:
    """Whether a label may be what was meant by `censored`, which nobody carries."""
    if not isinstance(label, str) or not isinstance(censored, str):
        return bool(label == 0)
    bare = _bare(label)
    return bare in NOTHING_HAPPENED or bool(difflib.get_close_matches(_bare(censored), [bare], n=1))


def refuse_look_alikes(name: str, label: Any, others: Iterable[Any]) -> None:
    """Refuse labels that are `label` but for case or blanks: nobody means two things by them.

    Raises
    ------
    InputError : with the labels that look alike.
    """
    if not isinstance(label, str):
        return
    alike = [one for one in others if isinstance(one, str) and one != label and _bare(one) == _bare(label)]
    if alike:
        raise InputError(
            f"{name}={label!r} differs by case or blanks only from {', '.join(map(repr, alike))} in the data; write each "
            "label in one way there, for example by frame.column.str.strip().str.lower()."
        )


def _bare(label: str) -> str:
    return "".join(label.split()).casefold()
