"""One published number with its ancestry: what passes from the evidence to estimation and simulation."""

from __future__ import annotations

from dataclasses import dataclass

from survsim.core.display import displayed

_NAN = float("nan")


@displayed
@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A number as printed, who it is about, and where it stands.

    Missing numbers are NaN, missing words are empty. `value` is in `value_unit` (empty for ratios,
    probabilities and proportions), `time` in `time_unit`. A number without a two-sided interval has NaN
    limits; `conf_note`, `conf_low_note` and `conf_high_note` say why.
    """

    estimate_id: str
    study_id: str
    arm_id: str
    endpoint: str
    measure: str
    value: float
    value_unit: str = ""
    value_qualifier: str = ""
    conf_low: float = _NAN
    conf_high: float = _NAN
    conf_level: float = _NAN
    conf_low_note: str = ""
    conf_high_note: str = ""
    conf_note: str = ""
    p_value: float = _NAN
    p_qualifier: str = ""
    n_arm: float = _NAN
    n_event: float = _NAN
    time: float = _NAN
    time_unit: str = "months"
    comparator: str = ""
    event_detail: str = ""
    grade: str = ""
    origin: str = "not_stated"
    contrast: str = ""
    adjustment: str = "not_stated"
    adjusted_for: str = ""
    stage: str = ""
    histology: str = ""
    population: str = ""
    treatment: str = ""
    regimen: str = ""
    site: str = ""
    site_group: str = ""
    design: str = ""
    directness: str = ""
    evidence_grade: str = ""
    place: str = ""
    route: str = ""
    note: str = ""

    @property
    def reference(self) -> str:
        """The row this number stands in, for provenance."""
        return f"estimates:{self.estimate_id}"

    @property
    def sources(self) -> tuple[str, ...]:
        """The same as a tuple, so that an estimate can be handed to `Provenance.of`."""
        return (self.reference,)

    @property
    def has_interval(self) -> bool:
        """Whether both limits and their level were printed."""
        return (
            self.conf_low == self.conf_low
            and self.conf_high == self.conf_high
            and self.conf_level == self.conf_level
        )
