"""What events say of a hazard ratio: an error where nothing better is printed, and its bounds beside anything else."""

from __future__ import annotations

import numpy as np

from survsim.core.information import SLACK, least_hazard_error, least_ratio_error
from survsim.estimate.printed.agreement import Said, usual_error
from survsim.estimate.printed.logrank import counts_disagree, least_logrank_error
from survsim.estimate.printed.number import Spread, Terms, disputed, within_counts
from survsim.estimate.printed.refusal import contradiction
from survsim.estimate.printed.row import PrintedRow

LOGRANK_ROUTES = ("o-e and v", "observed and expected")
EVENT_ROUTES = ("hr and events", "p and events")
WHENCE = {
    "o-e and v": "variance",
    "observed and expected": "expected events",
    "hr and interval": "interval",
    "hr and one-sided limit": "one-sided limit",
    "hr and upper limit": "upper limit",
    "hr and p": "hazard ratio and p-value",
    "hr and standard error": "standard error",
}
"""Where an error comes from, for messages."""


def has_events(row: PrintedRow) -> bool:
    """Whether a row prints the events of a whole comparison; those of a row of the evidence are its arm's."""
    return row.raw("n_event") is not None and not row.of_arm


def by_events(row: PrintedRow) -> Said:
    """The error that events give, and what they leave open: arms may be unequal."""
    events = _events(row)
    return Said(
        "the number of events",
        error=event_variance(row) ** -0.5,
        errors=(SLACK * least_ratio_error(events), usual_error(events, _printed_arms(row))),
    )


def event_variance(row: PrintedRow) -> float:
    """V from events (Tierney 2007, equations 5 and 9)."""
    events = _events(row)
    arms = _printed_arms(row) or (1.0, 1.0)
    if len(events) == 2:
        return events[0] * events[1] / (events[0] + events[1])
    return events[0] * arms[0] * arms[1] / (arms[0] + arms[1]) ** 2


def beside_events(row: PrintedRow, terms: Terms, route: str, said: Said) -> Spread:
    """The error of a road beside the counts of its row, which bound it from both sides."""
    found = Spread(said.error, max(said.errors[0], 0.0), said.errors[1], WHENCE.get(route, route))
    if route in EVENT_ROUTES:
        return found
    notes: list[str] = []
    if has_events(row):
        events = _events(row)
        wrong = counts_disagree(row, events)
        if wrong:
            notes.append(disputed(row, terms, wrong, "Check what the events are of", said.what))
        if found.least > usual_error(events, _printed_arms(row)):
            told = (
                f"{found.told}, {' and '.join(f'{e:g}' for e in events)} events give about "
                f"{event_variance(row) ** -0.5:.3g}"
            )
            advice = "Check the interval, and what the events are of"
            notes.append(disputed(row, terms, told, advice, f"{said.error:.3g}"))
    least, slack, counts = _least(row, route)
    bounded = within_counts(row, terms, found, least, slack, counts)
    return bounded._replace(notes=(*notes, *bounded.notes), flagged=bounded.flagged or bool(notes))


def _least(row: PrintedRow, route: str) -> tuple[float | None, float, str]:
    """What the events allow, and the share of it that is impossible; the counts of one arm bound its own share only."""
    if not row.of_arm:
        if row.raw("n_event") is None:
            return None, SLACK, ""
        events = _events(row)
        logrank = route in LOGRANK_ROUTES
        least, slack = least_logrank_error(row, events) if logrank else (least_ratio_error(events), SLACK)
        return least, slack, f"{' and '.join(f'{e:g}' for e in events)} events"
    n, d = row.counts()
    if d == 0.0:
        raise contradiction(
            row.label,
            "0 events of an arm give no finite hazard ratio. Check what the events are of, or leave them out.",
        )
    seen = d if d else n
    told = f"{seen or 0:g} {'events' if d else 'patients'} of one arm"
    return (float(least_hazard_error(seen)) if seen else None), SLACK, told


def _events(row: PrintedRow) -> list[float]:
    """The total, or (research, control)."""
    events = row.of_arms("n_event")
    if (
        events is None
        or events.size not in (1, 2)
        or not np.all(events > 0.0)
        or not np.all(np.isfinite(events))
    ):
        raise contradiction(
            row.label, f"n_event is the positive total or (research, control); got {row.raw('n_event')!r}."
        )
    return [float(e) for e in events]


def _printed_arms(row: PrintedRow) -> tuple[float, float] | None:
    """Patients of (research, control), of which only the ratio counts; None where they are not said. `n` is their total."""
    arms = row.of_arms("n_arm")
    if arms is None:
        return None
    if arms.size != 2 or not np.all(arms > 0.0) or not np.all(np.isfinite(arms)):
        raise contradiction(
            row.label, f"n_arm is (research, control), both positive; got {row.named('n_arm')!r}."
        )
    return float(arms[0]), float(arms[1])
