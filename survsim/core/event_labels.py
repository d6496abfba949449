"""Labels that say what happened: which of them marks no event, and labels that are one but for case or blanks."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
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
HAPPENED = (
    *("1", "yes", "true", "event", "dead", "died", "death", "deceased", "failed", "failure"),
    *("relapse", "relapsed", "progression", "progressed", "recurrence", "recurred"),
)
"""Words for patients with the event, in the same way."""


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


def likely_event(labels: Sequence[Any]) -> Any:
    """The label that most likely marks the event, to be offered in a message; None where they do not tell.

    Example
    -------
    >>> likely_event(["0", "1", "9"]), likely_event([1, 2]), likely_event(["alive", "dead"]), likely_event([1, 2, 9])
    ('1', 2, 'dead', None)
    """
    said = {label: _bare(f"{label:g}" if isinstance(label, float) else str(label)) for label in labels}
    nothing = [label for label, bare in said.items() if bare in NOTHING_HAPPENED]
    # Without a 0 beside it, 1 is the code of those without event as often as of those with it.
    named = [label for label, bare in said.items() if bare in HAPPENED and (bare != "1" or nothing)]
    others = [label for label in labels if label not in nothing]
    if len(named) == 1:
        return named[0]
    if nothing and len(others) == 1:
        return others[0]
    if len(labels) == 2 and all(bare.replace(".", "", 1).lstrip("-").isdigit() for bare in said.values()):
        return max(labels, key=float)
    return None


def warn_of_rest(counts: Mapping[Any, int], marks: Sequence[Any]) -> None:
    """Warn of several labels beside those of the event: one of them may be a gap, or an event of another kind.

    Labels that say themselves that nothing happened are what everybody takes them for.
    """
    rest = [label for label in counts if label not in marks]
    if len(rest) < 2 or all(_bare(str(label)) in NOTHING_HAPPENED for label in rest):
        return
    told = ", ".join(
        f"{label!r} in {counts[label]} {'row' if counts[label] == 1 else 'rows'}" for label in rest[:6]
    )
    more = f" and {len(rest) - 6} more" if len(rest) > 6 else ""
    warn(
        f"event_value={marks[0] if len(marks) == 1 else list(marks)!r} counts {len(rest)} other labels as no event: {told}{more}. "
        "If one of them means that it is not known, make those rows missing (NaN) and pass missing='drop'; if one is an event "
        "of another kind, use Surv.competing; if all mean no event, pass True and False: event=(column == label).",
        EvidenceWarning,
    )


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
