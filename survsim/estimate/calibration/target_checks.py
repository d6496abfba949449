"""Whether targets, cohorts, priors and course fit one another; a number is used once, the index case never."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from survsim.core.errors import EvidenceWarning, InputError, warn
from survsim.estimate.calibration.course import Cohort, CourseModel, Endpoint, Number
from survsim.estimate.calibration.endpoints import check_fit, needed_parameters
from survsim.estimate.calibration.priors import Prior
from survsim.estimate.calibration.targets import (
    CaseTarget,
    ContrastTarget,
    PredictionTarget,
    PublishedTarget,
    Target,
)

INDEX_CASE = "cases:index_case"
"""The patient whom the answer is for: she is no evidence about herself."""


def check(
    model: CourseModel,
    cohorts: Mapping[str, Cohort],
    priors: Mapping[str, Prior],
    targets: Sequence[Target],
    study_sd: Number,
    never: Sequence[str],
) -> None:
    """Refuse what does not fit, all faults at once; warn of numbers used twice.

    Raises
    ------
    InputError : unknown cohorts or states, parameters without prior or priors without use, a label or row that
        stands both used and held out, a source that must never be a target, or nothing to fit.
    """
    used_cohorts = [cohorts[t.cohort] for t in _of_courses(targets) if t.cohort in cohorts]
    faults = _unknown_cohorts(cohorts, targets)
    faults += _names(model, used_cohorts, priors, targets, study_sd)
    faults += _labels(targets) + _forbidden(priors, targets, never)
    if not any(t.use == "fit" for t in targets):
        faults.append("no target is used; at least one has use='fit'")
    if faults:
        raise InputError("the targets do not fit:\n  " + "\n  ".join(dict.fromkeys(faults)))
    for name in dict.fromkeys(c.name for c in used_cohorts):
        ends: list[Endpoint] = [t.endpoint for t in _of_courses(targets) if cohorts[t.cohort].name == name]
        check_fit(model, next(c for c in used_cohorts if c.name == name), ends)
    _warn_of_double_use(priors, targets)


def _of_courses(targets: Sequence[Target]) -> list[PublishedTarget | CaseTarget | PredictionTarget]:
    return [t for t in targets if not isinstance(t, ContrastTarget)]


def _unknown_cohorts(cohorts: Mapping[str, Cohort], targets: Sequence[Target]) -> list[str]:
    found = [
        f"{t.label}: cohort {t.cohort!r} is none of {', '.join(cohorts) or 'those given (none)'}"
        for t in _of_courses(targets)
        if t.cohort not in cohorts
    ]
    for t in targets:
        if isinstance(t, CaseTarget) and t.cohort in cohorts and len(cohorts[t.cohort].groups) != 1:
            found.append(
                f"{t.label}: one patient had one set of treatments; cohort {t.cohort!r} is a mixture"
            )
    return found


def _names(
    model: CourseModel,
    cohorts: list[Cohort],
    priors: Mapping[str, Prior],
    targets: Sequence[Target],
    study_sd: Number,
) -> list[str]:
    contrasts = [t for t in targets if isinstance(t, ContrastTarget)]
    spreads = [study_sd, *[t.between_sd for t in contrasts]]
    needed = [
        *needed_parameters(model, cohorts),
        *[t.parameter for t in contrasts],
        *[s for s in spreads if isinstance(s, str)],
    ]
    # Rates are exponentials of these: a spread of a hundred is no disease any more.
    found = [
        f"standard deviations between studies lie in [0, 100]; got {s!r}"
        for s in spreads
        if not isinstance(s, str) and not 0 <= s <= 100
    ]
    found += [f"parameter {n!r} has no prior" for n in dict.fromkeys(needed) if n not in priors]
    found += [f"the prior of {n!r} is of no use: nothing refers to it" for n in priors if n not in needed]
    return found


def _labels(targets: Sequence[Target]) -> list[str]:
    labels = [t.label for t in targets]
    found = [f"{n} targets are labelled {x!r}" for x in dict.fromkeys(labels) if (n := labels.count(x)) > 1]
    fit = {source for t in targets if t.use == "fit" for source in t.source}
    for t in targets:
        if t.use == "hold_out":
            found += [
                f"{t.label}: {s} is used by another target, so it cannot be held out"
                for s in t.source
                if s in fit
            ]
    return found


def _forbidden(priors: Mapping[str, Prior], targets: Sequence[Target], never: Sequence[str]) -> list[str]:
    sources = [(t.label, s) for t in targets for s in t.source]
    sources += [(f"prior of {name}", s) for name, p in priors.items() for s in p.source]
    bare = {n.partition(":")[2] or n for n in never}
    found = [
        f"{label}: {s} is whom the answer is for and can never be a target"
        for label, s in sources
        if s in never
    ]
    found += [
        f"{t.label} is whom the answer is for and can never be a target" for t in targets if t.label in bare
    ]
    return found


def _warn_of_double_use(priors: Mapping[str, Prior], targets: Sequence[Target]) -> None:
    seen: dict[str, str] = {}
    users = [(f"the prior of {name}", p.source) for name, p in priors.items()]
    users += [(t.label, t.source) for t in targets if t.use == "fit"]
    for label, sources in users:
        for source in dict.fromkeys(sources):
            if source in seen:
                warn(
                    f"{source} is used twice, by {seen[source]} and by {label}: its patients count double. Drop one.",
                    EvidenceWarning,
                )
            seen.setdefault(source, label)


def studies_used(targets: Sequence[Target]) -> int:
    """How many studies the published targets that are used come from."""
    return len({t.study for t in targets if isinstance(t, PublishedTarget) and t.use == "fit"})
