"""Patient data reconstructed from a published survival curve and the numbers printed with it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, ParamSpec, TypeVar, cast

import numpy as np

from survsim.core.checks import FloatArray, between, one_of
from survsim.core.door import guarded
from survsim.core.errors import EvidenceWarning, InputError, warn
from survsim.core.provenance import Provenance
from survsim.core.renamed import warn_renamed
from survsim.estimate.reconstruction import patients as rows
from survsim.estimate.reconstruction.consistent import contradiction
from survsim.estimate.reconstruction.exact import EXACT
from survsim.estimate.reconstruction.guyot import guyot
from survsim.estimate.reconstruction.ikm import ikm
from survsim.estimate.reconstruction.knots import readings_of
from survsim.estimate.reconstruction.marked import marked
from survsim.estimate.reconstruction.optimised import optimised
from survsim.estimate.reconstruction.patients import Patients
from survsim.estimate.reconstruction.result import ReconstructedIPD
from survsim.estimate.reconstruction.told import Told, read_told

P = ParamSpec("P")
R = TypeVar("R")

METHODS: dict[str, Callable[[Told], Patients]] = {
    "optimised": optimised,
    "guyot": guyot,
    "ikm": ikm,
    "marked": marked,
}
POOR_AGREEMENT = 0.05


def _old_call(function: Callable[P, R]) -> Callable[P, R]:
    """The call of 0.1, times and survival apart and the published algorithm, works through 0.2."""

    @functools.wraps(function)
    def called(*args: Any, **given: Any) -> R:
        old = len(args) == 2 or given.keys() & {"times", "survival", "at_risk_times"}
        if not old:
            return function(*args, **given)
        warn_renamed(
            "reconstruct_ipd(times, survival, at_risk_times=..., at_risk=...)",
            "reconstruct_ipd((times, survival), at_risk=(times, n_risk), ...), by default with method='optimised'",
        )
        named = dict(zip(("times", "survival"), args)) | given
        missing = [name for name in ("times", "survival", "at_risk_times", "at_risk") if name not in named]
        if missing:
            raise InputError(
                f"reconstruct_ipd: {', '.join(missing)} is missing. Give (times, survival) and at_risk."
            )
        curve = (named.pop("times"), named.pop("survival"))
        table = (named.pop("at_risk_times"), named.pop("at_risk"))
        now: dict[str, Any] = {"at_risk": table, "method": "guyot"} | named
        # the arguments as they are now have a door of their own: the outer one knows only those of before
        return cast(Callable[..., R], guarded(function))(curve, **now)

    return called


@_old_call
def reconstruct_ipd(
    curve: Any,
    *,
    unit: str,
    at_risk: Any = None,
    n: int | None = None,
    n_event: int | None = None,
    censor_marks: Any = None,
    method: str = "optimised",
    kind: str = "survival",
    entry: Any = None,
    end: float | None = None,
    readings: str = "auto",
    tolerance: float | None = None,
    time_tolerance: float = 0.0,
    source: str | Iterable[str] = (),
) -> ReconstructedIPD:
    """Patients whose product-limit curve is a published one, under the numbers printed with it.

    Each method knows what it can use; what is told and it cannot use is refused with the method that can::

                     n alone   risk table   total of events   censor marks   delayed entry
        optimised        yes          yes               yes            yes             yes
        guyot            yes          yes               yes              -               -
        ikm              yes          yes               yes              -               -
        marked           yes          yes               yes         needed               -

    Parameters
    ----------
    curve : frame or dictionary with the columns time and survival (or incidence), a pair (times, survival), or an
        (m, 2) array; best the level after every drop. Per cent is recognised and said, noise levelled and said.
    unit : of all times.
    at_risk : the printed numbers at risk in the same forms (columns time and n_risk), first at time 0.
    n : number of patients, where no numbers at risk are printed, or in all under delayed entry.
    n_event : printed total of events.
    censor_marks : (q,) times of censored patients marked on the curve, one for each mark.
    method : "optimised", "guyot", "ikm" or "marked".
    kind : "incidence" for 1 - survival. With competing events told apart this is not what a cumulative incidence
        shows: the result is then right for the subdistribution, in which patients with another event stay at risk.
    entry : None or "auto" (patients enter late where the risk table rises), True or False.
    end : end of follow-up; the last reading, mark or number at risk if None.
    readings : "drops" (every drop of the curve), "some drops", "line" (points of the line at times of the reader's choice),
        or "auto", which tells them by the pattern of times and levels. Only "optimised" uses it.
    tolerance, time_tolerance : within which 95% of the levels (a share) and times were read, as `digitise` states them.
        They change no patient; the printout and `.uncertainty()` say by how much events and median may be wrong. 0.005 is
        assumed, and said, where none is given.
    source : reference of the curve.

    Returns
    -------
    ReconstructedIPD : a row a patient; `.surv()` is the response, `.audit()` and `.plot()` show how well curve and printed
        numbers are met, `.uncertainty()` by how much they may be wrong. Several arms at once: `reconstruct_arms`.

    Notes
    -----
    "guyot" is the published iteration; its first guess of the censored compares the curve just before the ends of the
    interval (the paper: at its first readings), and an event is moved by one where rounding alone keeps the risk table from
    being met. "optimised" meets a printed total where the curve allows it and says where not. Between readings that are points of
    the line it spreads deaths evenly, those on the way to a printed number just before it; where readings are few and these
    deaths miss them or a number at risk, it seeks deaths and censorings between the readings, at them and just before the
    printed numbers, in any order. With `readings="drops"` all deaths stay at the readings, as "guyot" has them.

    Raises
    ------
    InputError : a curve that rises by more than noise, a risk table that grows where nobody enters late, units that differ,
        or a method that cannot use what is told.

    References
    ----------
    Guyot et al. 2012, BMC Med Res Methodol 12:9; Liu et al. 2021, BMC Med Res Methodol 21:111; Rogula et al. 2022, MDM
    Policy & Practice 7(1):23814683221077643; Liu, Rich, Hanley 2014, Systematic Reviews 3:151; Titman 2026, Statistics in Medicine, doi 10.1002/sim.70474.

    Example
    -------
    >>> from survsim import reconstruct_ipd
    >>> r = reconstruct_ipd(([2, 5, 9], [0.9, 0.7, 0.6]), at_risk=([0, 6], [10, 7]), unit="months")
    >>> r.n_event, r.fitted_survival.round(3)
    (4, array([1. , 0.9, 0.7, 0.6]))
    """
    one_of("method", method, METHODS)
    _several(n, n_event)
    exact = _tolerances(tolerance, time_tolerance)
    told = read_told(
        curve, unit=unit, at_risk=at_risk, n=n, n_event=n_event, censor_marks=censor_marks, kind=kind, entry=entry, end=end,
        readings=readings,
    )  # fmt: skip
    _can(method, told)
    made = METHODS[method](told)
    return replace(_audited(told, made, method, unit, source), tolerance=exact[0], time_tolerance=exact[1])


def _several(n: Any, n_event: Any) -> None:
    for name, value in (("n", n), ("n_event", n_event)):
        if isinstance(value, Mapping | list | tuple):
            raise InputError(
                f"{name} is one number of one arm; reconstruct_arms takes one an arm. Got {value!r:.60}."
            )


def _tolerances(tolerance: float | None, time_tolerance: float) -> tuple[float | None, float]:
    level = None if tolerance is None else between("tolerance", tolerance, 0.0, 0.2, open_ends=False)
    return level, between("time_tolerance", time_tolerance, 0.0, np.inf, open_ends=False)


def _can(method: str, told: Told) -> None:
    """What is told and the method cannot use is refused, not dropped."""
    if told.entry and method != "optimised":
        raise InputError(f"method {method!r} knows no delayed entry; use method='optimised'.")
    if told.marks is not None and method in ("guyot", "ikm"):
        raise InputError(
            f"method {method!r} cannot use censor_marks; use 'optimised' or 'marked', or leave them out."
        )
    if told.marks is None and method == "marked":
        raise InputError("method 'marked' needs censor_marks; without them use 'optimised' or 'guyot'.")


def _audited(told: Told, made: Patients, method: str, unit: str, source: Any) -> ReconstructedIPD:
    t, given = told.curve.time, told.curve.given
    drops, level = rows.product_limit(made.time, made.event, made.entry)
    # Of several readings at one time the last is the level after the drop, the others lie anywhere on the line of the drop.
    before = np.append(t[1:] == t[:-1], False)
    after = rows.curve_at(drops, level, t)
    along = np.clip(given, after, rows.curve_at(drops, level, t, before=True))
    fitted = np.where(before, along, after)
    error = fitted - given
    asked = method == "optimised" or told.curve.readings != "auto"
    readings = made.readings or (readings_of(told) if asked else "drops")
    fitted_risk = rows.risk_sets(made.time, made.entry, told.risk_time)
    n_event = int(made.event.sum())
    assumed = () if EXACT in made.notes else _assumed(told, n_event)
    notes = (
        *assumed,
        *_unmet(told, fitted_risk, n_event, made.notes),
        *_left_out(told, made),
        *_after_the_end(told, made),
        *made.notes,
    )
    _say(told, method, error, t, notes)
    references = (source,) if isinstance(source, str) else tuple(source)
    return ReconstructedIPD(
        provenance=Provenance.of(
            "reconstruct_ipd", references, n_event=told.n_event, method=method, note="; ".join(notes)
        ),
        time=made.time,
        event=made.event,
        entry=made.entry,
        unit=unit,
        click_time=t,
        click_survival=told.curve.survival,
        click_given=given,
        fitted_survival=fitted,
        at_risk_times=told.risk_time,
        at_risk=told.risk,
        fitted_at_risk=fitted_risk,
        n_event=n_event,
        n_event_reported=told.n_event,
        n_reported=told.n,
        rmse=float(np.sqrt(np.mean(error**2))),
        mean_absolute_error=float(np.abs(error).mean()),
        max_absolute_error=_largest(t, told.curve.survival, drops, level, readings),
        censor_marks=told.marks,
        method=method,
        kind=told.curve.kind,
        readings=readings,
        references=references,
        notes=notes,
    )


def _largest(t: FloatArray, s: FloatArray, drops: FloatArray, level: FloatArray, readings: str) -> float:
    """Over all points of the line up to the last reading, not at the readings alone."""
    at = np.union1d(t, drops[drops <= t[-1]])
    found = 0.0
    for before in (False, True):
        own = rows.curve_at(drops, level, at, before=before)
        low = rows.curve_at(t, s, at, before=before)
        high = low
        if readings != "drops":
            # Between two readings the line lies somewhere between their levels.
            place = np.searchsorted(t, at, side="left")
            reach = np.append(s, s[-1])[place]
            low = np.minimum(low, reach)
            if not before:
                high = np.maximum(low, np.append(1.0, s)[place])
        found = max(found, float(np.maximum(own - high, low - own).max()))
    return max(found, 0.0)


def _assumed(told: Told, n_event: int) -> tuple[str, ...]:
    if told.table or told.n_event is not None or told.marks is not None:
        return ()
    but = "" if told.ended is None else f" before the 0 at {told.ended:g}"
    return (
        f"neither numbers at risk{but} nor a total of events nor censor marks are known: nobody is taken to be censored before "
        f"the end of the curve, which overstates the events ({n_event}) wherever patients left earlier",
    )


def _unmet(told: Told, fitted: Any, n_event: int, said: tuple[str, ...]) -> tuple[str, ...]:
    found = [
        f"{fitted[i]} at risk at {told.risk_time[i]:g}, printed {told.risk[i]}"
        for i in np.flatnonzero(fitted != told.risk)
    ]
    if (
        told.n_event is not None
        and told.n_event != n_event
        and not any("events, printed" in note for note in said)
    ):
        found.append(f"{n_event} events, printed {told.n_event}")
    return tuple(found)


def _left_out(told: Told, made: Patients) -> tuple[str, ...]:
    """What to say where marks have no patient: they are more than curve and printed numbers leave to be censored there."""
    missing = 0 if told.marks is None else rows.unmarked(told.marks, made.time, made.event)
    if told.marks is None or not missing:
        return ()
    return (
        f"{missing} of {told.marks.size} censor marks stand where no patient is censored: curve and printed numbers leave fewer to "
        "be censored there; check whether each mark is one, read once, and the numbers at risk",
    )


def _after_the_end(told: Told, made: Patients) -> tuple[str, ...]:
    """What to say where the curve goes on falling after a printed number of nobody at risk."""
    if told.ended is None or not (made.event & (made.time > told.ended)).any():
        return ()
    left = int(rows.risk_sets(made.time, made.entry, np.array([told.ended]))[0])
    return (
        f"{left} at risk at {told.ended:g}, printed 0: readings and printed numbers disagree (the curve falls to "
        f"{told.curve.survival[-1]:.3g} at {told.curve.time[-1]:g}); check both against the figure",
    )


def _why(told: Told, method: str) -> str:
    """Whether no patients can meet what is told, or this method found none that do."""
    found = contradiction(told)
    if found is not None:
        return f"readings and printed numbers disagree ({found}); check both against the figure"
    if method != "optimised":
        return f"method {method!r} comes no closer; use method='optimised'"
    if told.n_event is not None or told.marks is not None or told.entry:
        return "the numbers at risk go with the curve; check the total of events, censor marks and entries against the figure"
    if told.curve.readings == "drops":
        return "with all deaths at the readings (readings='drops') nothing is closer; is it every drop of the curve"
    return "readings and printed numbers can be met together, but whole patients that meet them more closely were not found"


def _say(told: Told, method: str, error: FloatArray, t: FloatArray, notes: tuple[str, ...]) -> None:
    """Warnings: what a user must not overlook."""
    worst = int(np.abs(error).argmax())
    if abs(error[worst]) > POOR_AGREEMENT:
        warn(
            f"the reconstruction misses the curve by {abs(error[worst]):.3f} at time {t[worst]:g}: {_why(told, method)}.",
            EvidenceWarning,
        )
    for note in notes:
        if note.startswith("neither numbers at risk") or "events, printed" in note or " at risk at " in note:
            warn(f"{note}.", EvidenceWarning)
