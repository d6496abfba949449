"""Published criteria for irradiating the cord again, each inside the domain it was made for.

HyTEC (Sahgal 2021, IJROBP 110:124) speaks of a stereotactic second course only. Nieder 2006 (IJROBP
66:1446) speaks of conventional courses; its point score is not used here, because its table was not
available to check against, only the limits that its abstract prints.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Literal

from survsim.core.display import displayed
from survsim.core.errors import InputError
from survsim.simulation.cord_biology.radiobiology import Course, bed, eqd2

Verdict = Literal["met", "not met", "outside domain"]

SBRT_LIMITS = {1: 12.4, 2: 17.0, 3: 20.3, 4: 23.0, 5: 25.3}
"""Point maximum to the cord in Gy by number of fractions, de novo, for a risk of 1 to 5 % (Sahgal 2013)."""

HYTEC = {
    "cumulative_eqd2": 70.0,
    "course_eqd2": 25.0,
    "share": 0.5,
    "interval_months": 5.0,
    "alpha_beta": 2.0,
}
NIEDER = {"cumulative_bed": 120.0, "small_risk_bed": 135.5, "course_bed": 98.0, "interval_months": 6.0}
NIEDER_ALPHA_BETA = {"cervicothoracic": 2.0, "lumbar": 4.0}


@displayed
@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """One published criterion: its verdict, the value found, the limit, and why where it does not apply."""

    source: str
    criterion: str
    value: float | None
    limit: float
    unit: str
    verdict: Verdict
    reason: str = ""


def reirradiation_criteria(
    courses: Sequence[Course], region: str, *, cord: str = "cervicothoracic"
) -> tuple[Criterion, ...]:
    """All published criteria for the last of two courses to one cord region.

    Parameters
    ----------
    courses : two courses, the second with `months_since_previous`.
    region : the cord region judged; a whole plan is judged by its worst region.
    cord : "cervicothoracic" (alpha/beta 2 Gy) or "lumbar" (4 Gy), which Nieder tells apart.

    Returns
    -------
    tuple of Criterion : each with its verdict, the value, the limit and why it does not apply.

    Raises
    ------
    InputError : not two courses, no interval, or a region that neither course knows.

    Reference: Sahgal et al. 2021 (HyTEC, Int J Radiat Oncol Biol Phys 110:124); Nieder et al. 2006 (Int J Radiat Oncol Biol Phys 66:1446).

    Examples
    --------
    >>> from survsim.radiotherapy import Course, reirradiation_criteria
    >>> first = Course(dose_per_fraction=2.0, fractions={"target": 22})
    >>> second = Course(dose_per_fraction=2.0, fractions={"target": 10}, months_since_previous=4.0)
    >>> [c.verdict for c in reirradiation_criteria([first, second], "target") if c.source == "HyTEC 2021"]
    ['outside domain', 'outside domain', 'outside domain', 'outside domain']
    """
    if len(courses) != 2:
        raise InputError(
            f"the criteria judge two courses; got {len(courses)}. Join earlier ones or judge pairs."
        )
    first, second = courses
    if second.months_since_previous is None:
        raise InputError(
            "the second course needs months_since_previous, the interval the criteria ask about."
        )
    if cord not in NIEDER_ALPHA_BETA:
        raise InputError(f"cord must be one of {', '.join(NIEDER_ALPHA_BETA)}; got {cord!r}.")
    regions = sorted({*first.fractions, *second.fractions})
    if region not in regions:
        raise InputError(
            f"neither course knows the region {region!r}; regions: {', '.join(regions) or 'none'}. "
            "Name one of them, or list it with 0 fractions in a course that spares it."
        )
    return (*_hytec(first, second, region), *_nieder(first, second, region, cord))


def sbrt_criterion(course: Course, region: str) -> Criterion:
    """The table of cord limits for a first stereotactic course (Sahgal 2013), 1 to 5 fractions.

    Parameters
    ----------
    course : a stereotactic course.
    region : the cord region judged.

    Returns
    -------
    Criterion : verdict, point maximum in Gy, the limit, and why it does not apply.

    Raises
    ------
    Nothing: a course the table does not know is "not applicable", with the reason.

    Reference: Sahgal et al. 2013 (Int J Radiat Oncol Biol Phys 85:341).

    Examples
    --------
    >>> from survsim.radiotherapy import Course, sbrt_criterion
    >>> sbrt_criterion(Course(dose_per_fraction=10.0, fractions={"cord": 1}, kind="stereotactic"), "cord").verdict
    'met'
    """
    n = course.fractions.get(region, 0)
    limit = SBRT_LIMITS.get(n, float("nan"))
    reason = ""
    if course.kind != "stereotactic":
        reason = "the table is for stereotactic courses"
    elif course.months_since_previous is not None:
        reason = "the table is for a first course"
    elif n not in SBRT_LIMITS:
        reason = f"the table has 1 to 5 fractions, not {n}"
    return _judge("Sahgal 2013", "point maximum", course.dose(region), limit, "Gy", reason)


def _hytec(first: Course, second: Course, region: str) -> list[Criterion]:
    ab = HYTEC["alpha_beta"]
    before, now = _eqd2(first, region, ab), _eqd2(second, region, ab)
    share = now / (before + now) if before + now > 0 else 0.0
    reason = "" if second.kind == "stereotactic" else "HyTEC speaks of a stereotactic second course only"
    if not reason and first.kind != "conventional":
        reason = "these limits are for a stereotactic course after a conventional one"
    source, unit = "HyTEC 2021", "Gy EQD2/2"
    interval = second.months_since_previous or 0.0
    return [
        _judge(source, "cumulative dose", before + now, HYTEC["cumulative_eqd2"], unit, reason),
        _judge(source, "dose of the second course", now, HYTEC["course_eqd2"], unit, reason),
        _judge(source, "share of the second course", share, HYTEC["share"], "", reason),
        _judge(source, "interval", interval, HYTEC["interval_months"], "months", reason, at_least=True),
    ]


def _nieder(first: Course, second: Course, region: str, cord: str) -> list[Criterion]:
    ab = NIEDER_ALPHA_BETA[cord]
    before, now = _bed(first, region, ab), _bed(second, region, ab)
    conventional = first.kind == second.kind == "conventional"
    reason = "" if conventional else "Nieder's cases were irradiated conventionally"
    source, unit = "Nieder 2006", f"Gy BED/{ab:g}"
    interval = second.months_since_previous or 0.0
    return [
        _judge(source, "cumulative dose", before + now, NIEDER["cumulative_bed"], unit, reason),
        _judge(source, "cumulative dose, small risk", before + now, NIEDER["small_risk_bed"], unit, reason),
        _judge(source, "highest course", max(before, now), NIEDER["course_bed"], unit, reason),
        _judge(source, "interval", interval, NIEDER["interval_months"], "months", reason, at_least=True),
    ]


def _judge(
    source: str, criterion: str, value: float, limit: float, unit: str, reason: str, *, at_least: bool = False
) -> Criterion:
    good = value >= limit if at_least else value <= limit
    verdict: Verdict = "outside domain" if reason else ("met" if good else "not met")
    return Criterion(
        source=source,
        criterion=criterion,
        value=value,
        limit=limit,
        unit=unit,
        verdict=verdict,
        reason=reason,
    )


def _eqd2(course: Course, region: str, alpha_beta: float) -> float:
    n = course.fractions.get(region, 0)
    return float(eqd2(course.dose(region), n, alpha_beta)) if n else 0.0


def _bed(course: Course, region: str, alpha_beta: float) -> float:
    n = course.fractions.get(region, 0)
    return float(bed(course.dose(region), n, alpha_beta)) if n else 0.0
