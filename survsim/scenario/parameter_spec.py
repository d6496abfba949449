"""What a scenario may say about a parameter: rows of the evidence, or an assumption with its reason.

There is no third way. A number without rows is an assumption and must say why; a number with rows says how
they are combined and how far they had to travel (`transport_sd`).
"""

from __future__ import annotations

import functools
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from survsim.core.declared import Declared, Names, refuse_twice
from survsim.core.spelling import spelled
from survsim.estimate.printed.number import EVENT_SHARE
from survsim.scenario.roles import Role


class Strict(Declared):
    """Base of everything read from a scenario file."""


def _no_truth(value: Any) -> Any:
    """YAML's yes and no would count as 1 and 0."""
    if isinstance(value, bool):
        raise ValueError("yes/no found where a number belongs")
    return value


Real = Annotated[float, BeforeValidator(_no_truth)]
"""A number, which yes and no are not."""


class Told(Strict):
    """What every parameter may say of itself."""

    unit: str = ""
    meaning: str = Field(min_length=10)
    role: Role | None = Field(
        default=None,
        description="what the number is, where rows, unit and place do not say it or seem to say other",
    )


class Transport(Strict):
    """Extra standard deviation, on the pooling scale, for evidence from another site or setting."""

    sd: Real = Field(ge=0, le=3)
    reason: str = Field(min_length=10)


class Normal(Strict):
    """Normal law with mean and standard deviation."""

    law: Literal["normal"]
    mean: Real
    sd: Real = Field(ge=0)


class LogNormal(Strict):
    """Log-normal law given by its median and a 95% range."""

    law: Literal["lognormal"]
    median: Real = Field(gt=0)
    low: Real = Field(gt=0)
    high: Real = Field(gt=0)

    @model_validator(mode="after")
    def _ordered(self) -> LogNormal:
        if not self.low <= self.median <= self.high:
            raise ValueError(f"low {self.low} <= median {self.median} <= high {self.high} must hold")
        return self


class Uniform(Strict):
    """Uniform law between two values."""

    law: Literal["uniform"]
    low: Real
    high: Real

    @model_validator(mode="after")
    def _ordered(self) -> Uniform:
        if not self.low < self.high:
            raise ValueError(f"low {self.low} must be below high {self.high}")
        return self


class Beta(Strict):
    """Beta law given by its mean and the number of patients it is worth."""

    law: Literal["beta"]
    mean: Real = Field(gt=0, lt=1)
    worth: Real = Field(gt=0)


class Gamma(Strict):
    """Gamma law given by its mean and standard deviation, such as that of a cost."""

    law: Literal["gamma"]
    mean: Real = Field(gt=0)
    sd: Real = Field(gt=0)


class Fixed(Strict):
    """A value that is not varied; the reason must say why not."""

    law: Literal["fixed"]
    value: Real


Law = Annotated[
    Normal | LogNormal | Uniform | Beta | Gamma | Fixed,
    Field(discriminator="law"),
    BeforeValidator(functools.partial(spelled, "law")),
]

Scale = Literal["hazard_ratio", "median", "proportion", "value"]
"""What the rows measure, and with it the pooling scale: log, log, logit, identity."""


class Reading(Strict):
    """How printed rows are read (`survsim.printed.printed_number`): what the file allows beyond what is printed."""

    assume_events: float | None = Field(default=EVENT_SHARE, gt=0, le=1)
    assume_level: float | None = Field(default=None, gt=0, lt=1)
    assume_exponential: bool = False
    beyond_counts: Literal["refuse", "widen"] = "refuse"

    def allowed(self) -> dict[str, Any]:
        """The same as arguments of `row_effect`."""
        names = ("assume_events", "assume_level", "assume_exponential", "beyond_counts")
        return {name: getattr(self, name) for name in names}


class FromRows(Reading, Told):
    """A parameter taken from rows of the evidence.

    The rows are put on their scale with their own standard errors, combined into the *predictive*
    distribution of a new study (half-normal prior of scale `tau_scale` on the between-study standard
    deviation, by quadrature), and widened by the transport variance.
    """

    source: Literal["rows"]
    scale: Scale
    rows: Names = Field(min_length=1)
    tau_scale: Real = Field(default=0.5, gt=0, le=3)
    transport: Transport
    bias: str = Field(default="", description="the direction a confounded contrast is off, in words")


class FromContrast(Reading, Told):
    """A hazard ratio built from medians of two unconnected groups of rows, as if both were exponential.

    The weakest evidence this package uses: nobody randomised or matched the two groups.
    """

    source: Literal["contrast"]
    treated: Names = Field(min_length=1)
    control: Names = Field(min_length=1)
    tau_scale: Real = Field(default=0.5, gt=0, le=3)
    transport: Transport
    bias: str = Field(min_length=10)

    @model_validator(mode="after")
    def _once(self) -> FromContrast:
        refuse_twice((*self.treated, *self.control))
        return self


class FromAssumption(Told):
    """A parameter nobody has published: a law and the reason for it."""

    source: Literal["assumption"]
    distribution: Law
    reason: str = Field(min_length=20)


class FromCalibration(Told):
    """A parameter of a calibration (`survsim.calibration.calibrate`), drawn jointly with the others taken from it."""

    source: Literal["calibration"]
    parameter: str = Field(default="", description="its name there; the same as here where empty")
    scale: Literal["hazard_ratio", "value"] = "value"


class FromReconstructed(Told):
    """A parameter taken from digitised curves of the evidence, each reconstructed several times.

    Every curve gives one number with two variances: of its patients, and of reading its figure (`survsim.reconstruction.
    pooled`). The numbers are combined as rows are; the second variance is the layer "digitising".
    """

    source: Literal["reconstructed"]
    scale: Literal["hazard_ratio", "median", "proportion"]
    curves: Names = Field(min_length=1)
    control: Names = Field(default=(), description="for a hazard ratio: the other arm of each curve")
    time: Real | None = Field(default=None, gt=0, description="for a proportion: when survival is wanted")
    sets: int = Field(default=20, ge=2, le=1000)
    tolerance: float | None = Field(
        default=None, ge=0, le=0.2, description="where the evidence does not state one"
    )
    tau_scale: Real = Field(default=0.5, gt=0, le=3)
    transport: Transport
    bias: str = ""

    @model_validator(mode="after")
    def _fits(self) -> FromReconstructed:
        refuse_twice((*self.curves, *self.control))
        if (self.scale == "hazard_ratio") != bool(self.control) or len(self.control) not in (
            0,
            len(self.curves),
        ):
            raise ValueError(
                "a hazard ratio needs one control curve for each of curves, and nothing else has any"
            )
        if (self.scale == "proportion") != (self.time is not None):
            raise ValueError("a proportion needs time, and nothing else has any")
        return self


class FromJoint(Told):
    """One component of numbers that were estimated together (`joint` of the scenario), drawn with the others."""

    source: Literal["joint"]
    of: str = Field(description="name under joint")
    component: str = Field(default="", description="its name there; the same as here where empty")


Rule = Literal[
    "rate_from_median",
    "weibull_scale_from_median",
    "product",
    "ratio",
    "complement",
    "difference",
    "log_of_ratio",
    "linear_predictor",
    "rate_from_probability",
    "probability_from_rate",
]
Link = Literal["identity", "exp", "logit", "cloglog"]
"""How a linear predictor is turned into a number: itself, its exponential, or a probability by either link."""


class Derived(Told):
    """A parameter computed from others by a named rule (`survsim.scenario.derive`), never by free text."""

    source: Literal["derived"]
    rule: Rule
    of: tuple[str, ...] = Field(min_length=1)
    weights: tuple[float, ...] = Field(
        default=(), description="of a linear predictor: what each coefficient is times"
    )
    link: Link = "identity"
    interval: float | None = Field(
        default=None, gt=0, description="of rate_from_probability and back: time it is over"
    )

    @model_validator(mode="after")
    def _fits(self) -> Derived:
        linear = self.rule == "linear_predictor"
        if not linear and (self.weights or self.link != "identity"):
            raise ValueError("weights and link go with rule: linear_predictor")
        if self.weights and len(self.weights) != len(self.of):
            raise ValueError(f"weights has {len(self.weights)} numbers for {len(self.of)} coefficients")
        if (self.rule in ("rate_from_probability", "probability_from_rate")) != (self.interval is not None):
            raise ValueError(
                "interval goes with rules rate_from_probability and probability_from_rate, and they need it: the time, in "
                "the unit of the scenario, over which the probability holds"
            )
        return self

    def options(self) -> dict[str, Any]:
        """What the rule is told besides its inputs."""
        if self.rule == "linear_predictor":
            return {"weights": self.weights or (1.0,) * len(self.of), "link": self.link}
        return {} if self.interval is None else {"interval": self.interval}


ParameterSpec = Annotated[
    FromRows | FromContrast | FromReconstructed | FromAssumption | FromCalibration | FromJoint | Derived,
    Field(discriminator="source"),
]
