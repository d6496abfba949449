"""A calibration as data: the course of a disease, who was followed, and which printed numbers it is held to.

The file names rows of the evidence, maps each to the endpoint it reports and the cohort it speaks of, and says of
every prior and every bias on what ground it stands. Nothing is computed here; `survsim.scenario.calibration_plan`
puts the pieces together.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from survsim.core.declared import Names, each_once
from survsim.core.units import DAYS_PER
from survsim.scenario.parameter_spec import Law, Reading, Strict
from survsim.simulation.laws.schema import Number

Use = Literal["fit", "hold_out"]
Quantity = Number
"""A value, or the name of a parameter with a prior."""


class CourseTransition(Strict):
    """A hazard of the course; see `survsim.calibration.TransitionHazard`."""

    source: str
    target: str
    rate: Quantity | None = None
    shape: Quantity | None = None
    scale: Quantity | None = None
    factors: Annotated[tuple[Quantity, ...], each_once()] = ()
    frailty: bool = False


class Course(Strict):
    """States and the hazards between them."""

    states: Names = Field(min_length=2)
    start: str
    frailty_variance: Quantity = 0.0
    transitions: tuple[CourseTransition, ...] = Field(min_length=1)


class Counted(Strict):
    """What an endpoint counts, in states of the course; see `survsim.calibration.Endpoint`."""

    kind: Literal["event_free", "time_to", "incidence", "share"]
    states: Names = ()
    event: Names = ()


class GivenEffect(Strict):
    """What a treatment did in the cohorts, from when to when on the clock since the transition's source was entered."""

    transition: str
    hazard_ratio: Quantity
    start: float = Field(default=0.0, ge=0)
    stop: float | None = Field(default=None, gt=0, description="none: as long as the state lasts")


class GivenTreatment(Strict):
    """A treatment as cohorts received it; `duration_rule` says from which source its duration was read."""

    effects: Annotated[
        tuple[GivenEffect, ...], each_once("transition", "hazard_ratio", "start"), Field(min_length=1)
    ]
    duration_rule: str = Field(min_length=10)


class FollowedCohort(Strict):
    """A cohort and the shares of it that were given each treatment; `basis` says where the shares stand."""

    given: dict[str, float] = Field(default_factory=dict)
    assumed: dict[str, tuple[float, float]] = Field(
        default_factory=dict, description="least and most of a share that was not printed"
    )
    start: str | None = None
    basis: str = Field(min_length=10)


class Travel(Strict):
    """How far a number has to travel to the patients the course is about; targets of one `group` travel together."""

    sd: float = Field(ge=0, le=3)
    group: str = ""
    reason: str = Field(min_length=10)


class RowTarget(Reading):
    """A published median or probability, as the endpoint it reports."""

    row: str
    cohort: str
    endpoint: str
    use: Use = "fit"
    transport: str = Field(description="name of one of `transports`")


class PredictedTarget(Strict):
    """A survival probability that another report predicts, read from the summary that report wrote."""

    report: str = Field(description="folder of the report beside that of this file")
    number: str = Field(description="name of a probability with its 95% interval in that summary")
    time: float = Field(gt=0)
    cohort: str
    endpoint: str
    use: Use = "hold_out"
    reason: str = Field(min_length=10, description="why it is used, or held out")


class CurveTarget(Strict):
    """A digitised curve of the evidence, reconstructed: its median, or its survival at a time."""

    curve: str
    time: float | None = Field(default=None, gt=0, description="none: the median")
    cohort: str
    endpoint: str
    use: Use = "fit"
    transport: str = Field(description="name of one of `transports`")
    tolerance: float | None = Field(
        default=None, ge=0, le=0.2, description="where the evidence does not state one"
    )


class CaseTargets(Strict):
    """Every single case that the evidence holds with a time, each in a cohort of her own treatments."""

    endpoint: str
    use: Use
    transport: str
    strict_only: bool = True
    never: Names = Field(description="cases that are never a target, the index case first")
    cohort: str


class DeclaredBias(Strict):
    """Additive bias of a log ratio: observed = true + N(mean, sd^2); none is declared without its ground.

    With `from_judgements` mean, sd and ground are those of the judgements of the row (`survsim.scenario.judged_bias`).
    """

    from_judgements: bool = False

    mean: float = 0.0
    sd: float = Field(default=0.3, ge=0)
    ground: str = ""
    shared: str = ""

    @model_validator(mode="after")
    def _one_source(self) -> DeclaredBias:
        own = self.model_fields_set & {"mean", "sd", "ground"}
        if self.from_judgements and own:
            raise ValueError(f"from_judgements brings mean, sd and ground; remove {', '.join(sorted(own))}")
        return self


class RowContrast(Reading):
    """A published ratio that speaks of one parameter."""

    row: str
    parameter: str
    between_sd: Quantity = 0.0
    bias: DeclaredBias | Literal["from_judgements"] | None = Field(
        default=None, description="none: randomised; from_judgements: by the judgements of the row"
    )
    use: Use = "fit"
    transport: str


class DeclaredPrior(Strict):
    """The law of a parameter before the targets, and on what ground."""

    distribution: Law
    reason: str = Field(min_length=10)
    meaning: str = Field(min_length=10)
    unit: str = ""


class LeftOut(Strict):
    """A row or study that the rule brought up and that is no target, with the reason a reader can follow."""

    what: str
    reason: str = Field(min_length=10)


class CalibrationFile(Strict):
    """The content of a calibration file, key by key."""

    calibration: str = Field(pattern=r"^[A-Za-z0-9_\-]+$")
    question: str
    time_unit: str
    seed: int = Field(ge=0)
    size: int = Field(default=2000, ge=200)
    study_sd: Quantity
    course: Course
    endpoints: dict[str, Counted]
    treatments: dict[str, GivenTreatment] = Field(default_factory=dict)
    transports: dict[str, Travel]
    cohorts: dict[str, FollowedCohort]
    targets: tuple[RowTarget, ...] = Field(min_length=1)
    predictions: Annotated[tuple[PredictedTarget, ...], each_once("report", "number")] = ()
    curves: Annotated[tuple[CurveTarget, ...], each_once("curve", "time")] = ()
    cases: CaseTargets | None = None
    contrasts: tuple[RowContrast, ...] = ()
    priors: dict[str, DeclaredPrior]

    @model_validator(mode="after")
    def _known(self) -> CalibrationFile:
        faults = []
        if self.time_unit not in DAYS_PER:
            faults.append(f"time_unit {self.time_unit!r} is none of {', '.join(DAYS_PER)}")
        for t in self.targets:
            faults += _unknown(f"target {t.row}", "cohort", t.cohort, self.cohorts)
            faults += _unknown(f"target {t.row}", "endpoint", t.endpoint, self.endpoints)
            faults += _unknown(f"target {t.row}", "transport", t.transport, self.transports)
        for p in self.predictions:
            faults += _unknown(f"prediction {p.number}", "cohort", p.cohort, self.cohorts)
            faults += _unknown(f"prediction {p.number}", "endpoint", p.endpoint, self.endpoints)
        for v in self.curves:
            faults += _unknown(f"curve {v.curve}", "cohort", v.cohort, self.cohorts)
            faults += _unknown(f"curve {v.curve}", "endpoint", v.endpoint, self.endpoints)
            faults += _unknown(f"curve {v.curve}", "transport", v.transport, self.transports)
        for c in self.contrasts:
            faults += _unknown(f"contrast {c.row}", "transport", c.transport, self.transports)
        if self.cases is not None:
            faults += _unknown("cases", "endpoint", self.cases.endpoint, self.endpoints)
            faults += _unknown("cases", "transport", self.cases.transport, self.transports)
            faults += _unknown("cases", "cohort", self.cases.cohort, self.cohorts)
        for name, cohort in self.cohorts.items():
            for given in cohort.given:
                faults += _unknown(f"cohort {name}", "treatment", given, self.treatments)
            for given, (least, most) in cohort.assumed.items():
                share = cohort.given.get(given, -1.0)
                if not 0.0 <= least <= share <= most <= 1.0:
                    faults.append(
                        f"cohort {name}: the share given {given} lies between its least {least:g} and its most {most:g}"
                    )
        rows = [t.row for t in self.targets] + [c.row for c in self.contrasts]
        faults += [
            f"row {r} stands there more than once" for r in sorted({r for r in rows if rows.count(r) > 1})
        ]
        if faults:
            raise ValueError("; ".join(faults))
        return self


def _unknown(where: str, kind: str, name: str, known: dict[str, object] | object) -> list[str]:
    names = list(known) if isinstance(known, dict) else []
    return (
        [] if name in names else [f"{where}: {kind} {name!r} is none of {', '.join(names) or 'those given'}"]
    )
