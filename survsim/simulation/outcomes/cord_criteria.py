"""Published criteria for irradiating the cord again, held against the courses that a strategy plans."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from survsim.core.checks import FloatArray, one_of
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.tables import Columns
from survsim.core.units import conversion_factor
from survsim.simulation.cord_biology.radiobiology import Course
from survsim.simulation.cord_biology.reirradiation import Criterion, reirradiation_criteria
from survsim.simulation.declared.model import Model
from survsim.simulation.engine.plan import treatments_of

STEREOTACTIC = (5, 5.0)
"""At most so many fractions of at least so many Gy make a course stereotactic."""


@result
class CordCriteria(Result):
    """Each criterion for each pair of courses that meet in a region.

    Attributes
    ----------
    strategy, interval : which plan, and the months between the courses.
    first, second, region : (k,) the courses and where they meet.
    source, criterion : (k,); value, limit : (k,) found and allowed, in the units given.
    verdict : (k,) met, not met, or outside domain, with the reason.
    """

    strategy: str
    interval: float
    first: tuple[str, ...]
    second: tuple[str, ...]
    region: tuple[str, ...]
    source: tuple[str, ...]
    criterion: tuple[str, ...]
    value: FloatArray
    limit: FloatArray
    units: tuple[str, ...]
    verdict: tuple[str, ...]
    reason: tuple[str, ...]

    def columns(self) -> Columns:
        """Columns first, second, region, source, criterion, value, limit, unit, verdict, reason."""
        names = ("first", "second", "region", "source", "criterion")
        return {
            **{n: list(getattr(self, n)) for n in names},
            "value": self.value,
            "limit": self.limit,
            "unit": list(self.units),
            "verdict": list(self.verdict),
            "reason": list(self.reason),
        }

    def headline(self) -> str:
        counts = ", ".join(
            f"{self.verdict.count(v)} {v}" for v in ("met", "not met", "outside domain") if v in self.verdict
        )
        return (
            f"Criteria for irradiating the cord again, {self.strategy!r}, {self.interval:g} months between the courses: "
            f"{counts or 'no two courses meet in a region'}"
        )


def cord_criteria(
    model: Model, strategy: str, *, interval: float, cord: str = "cervicothoracic", draw: int = 0
) -> CordCriteria:
    """Judge the planned courses of a strategy, those of its history first, by the published criteria.

    Parameters
    ----------
    interval : time from the end of a course to the next, in the model's unit; `cord_doses` gives the simulated mean.
    cord : "cervicothoracic" or "lumbar", which Nieder 2006 tells apart.
    draw : the draw from which doses that are parameters are taken.

    Returns
    -------
    CordCriteria : for each pair of courses, region and criterion the value, the limit and the verdict.

    Raises
    ------
    InputError : a strategy by another name, an interval below 0, a cord of another kind.

    Reference: Sahgal et al. 2021 (HyTEC, Int J Radiat Oncol Biol Phys 110:124); Nieder et al. 2006 (Int J Radiat Oncol Biol Phys 66:1446).

    Example
    -------
    >>> from survsim.simulation import Model, State, Strategy, Transition
    >>> dose = {"region": "target", "fractions": 10, "dose_per_fraction": 3.0}
    >>> course = {"kind": "radiotherapy", "duration": 0.5, "radiation": [dose]}
    >>> lines = [{"line": k, "treatments": [k], "start": start} for k, start in (
    ...     ("first", []), ("again", [{"completed": "first"}, {"quantity": "time_since_radiation", "at_least": 6.0}]))]
    >>> plan = Strategy(strategy="twice", treatments={"first": course, "again": course}, lines=lines)
    >>> death = {"family": "exponential", "rate": 0.1}
    >>> model = Model(time_unit="months", horizon=24.0, strategies=(plan,),
    ...     states=(State(name="alive"), State(name="dead", death=True)),
    ...     transitions=(Transition(source="alive", target="dead", distribution=death),))
    >>> from survsim.radiotherapy import cord_criteria
    >>> set(cord_criteria(model, "twice", interval=6.0).source) >= {"Nieder 2006"}
    True
    """
    one_of("strategy", strategy, model.strategy_names)
    months = float(interval) * conversion_factor(model.time_unit, "months")
    found = list(_judged(model, strategy, months, cord, draw))
    criteria = [c for *_, c in found]
    return CordCriteria(
        provenance=Provenance.of("cord_criteria", f"strategies:{strategy}", interval=months, cord=cord),
        strategy=strategy,
        interval=months,
        first=tuple(f for f, *_ in found),
        second=tuple(s for _, s, *_ in found),
        region=tuple(r for _, _, r, _ in found),
        source=tuple(c.source for c in criteria),
        criterion=tuple(c.criterion for c in criteria),
        value=np.array([np.nan if c.value is None else c.value for c in criteria], float),
        limit=np.array([c.limit for c in criteria], float),
        units=tuple(c.unit for c in criteria),
        verdict=tuple(c.verdict for c in criteria),
        reason=tuple(c.reason for c in criteria),
    )


def _judged(
    model: Model, strategy: str, months: float, cord: str, draw: int
) -> Iterator[tuple[str, str, str, Criterion]]:
    plan = model.strategies[model.strategy_names.index(strategy)]
    past = [p.treatment for p in model.history.given] if model.history else []
    order = dict.fromkeys([*past, *treatments_of(model, plan)])
    given = {name: t.radiation for name in order if (t := model.treatment(plan, name)) and t.radiation}
    number = model.numbers_at(draw)
    for first, second in itertools.combinations(given, 2):
        for a, b in itertools.product(given[first], given[second]):
            if a.region != b.region:
                continue
            courses = [
                Course(
                    dose_per_fraction=(each := number(r.dose_per_fraction)),
                    fractions={r.region: r.fractions},
                    months_since_previous=since,
                    kind="stereotactic"
                    if r.fractions <= STEREOTACTIC[0] and each >= STEREOTACTIC[1]
                    else "conventional",
                )
                for r, since in ((a, None), (b, months))
            ]
            for one in reirradiation_criteria(courses, a.region, cord=cord):
                yield first, second, a.region, one
