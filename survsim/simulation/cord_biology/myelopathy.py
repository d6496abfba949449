"""Risk of radiation myelopathy from published dose-response models, always several side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import pydantic
from numpy.typing import ArrayLike

from survsim.core.checks import FloatArray, one_of
from survsim.core.declared import Names
from survsim.core.pairing import paired
from survsim.simulation.cord_biology.radiobiology import Course, Recovery, cumulative_eqd2, eqd2
from survsim.simulation.laws.law import Law
from survsim.simulation.laws.schema import Checked

SCHULTHEISS = {"d50": 69.4, "slope": 18.721, "alpha_beta": 0.87}
"""Schultheiss 2008 (IJROBP 71:1455), cervical cord; the slope solves its 5% at 59.3 Gy."""

LYMAN = {"td50": 66.5, "m": 0.175, "alpha_beta": 2.0}
"""Burman 1991 (IJROBP 21:123): TD50 and m; the alpha/beta of 2 Gy is an assumption, it prints none."""


def schultheiss(eqd2_gy: ArrayLike) -> FloatArray:
    """Logistic P = 1 / (1 + (D50 / D)^k) of Schultheiss 2008; dose in EQD2 of alpha/beta 0.87.

    Examples
    --------
    >>> round(float(schultheiss(59.3)), 4)
    0.05
    """
    dose = np.asarray(eqd2_gy, dtype=np.float64)
    with np.errstate(divide="ignore", over="ignore"):  # an infinite quotient is a risk of 0
        return 1.0 / (1.0 + (SCHULTHEISS["d50"] / dose) ** SCHULTHEISS["slope"])


def lyman_kutcher_burman(eqd2_gy: ArrayLike) -> FloatArray:
    """P = Phi((D - TD50) / (m TD50)) for uniform dose (Burman 1991); 0 where no dose was given.

    Examples
    --------
    >>> round(float(lyman_kutcher_burman(45.0)), 4)
    0.0323
    """
    from scipy.special import ndtr

    dose = np.asarray(eqd2_gy, dtype=np.float64)
    risk = ndtr((dose - LYMAN["td50"]) / (LYMAN["m"] * LYMAN["td50"]))
    return np.where(dose > 0, risk, 0.0)


MODELS = {
    "schultheiss_2008": (schultheiss, SCHULTHEISS["alpha_beta"]),
    "lyman_burman_1991": (lyman_kutcher_burman, LYMAN["alpha_beta"]),
}
"""Name of a model: its function of EQD2, and the alpha/beta that is its own."""


def myelopathy_risk(dose: float, fractions: int) -> dict[str, float]:
    """Risk of myelopathy after one course, by every model, each with its own alpha/beta.

    The models disagree by a factor of 100 near 45 Gy, so none is given alone. Both are models of one
    course and know no time.

    Parameters
    ----------
    dose : total dose to the cord in Gy.
    fractions : number of equal fractions.

    Returns
    -------
    dict : model -> risk, from 0 to 1.

    Raises
    ------
    InputError : a negative dose, or fractions below 1.

    Reference: Schultheiss 2008 (Int J Radiat Oncol Biol Phys 71:1455); Lyman 1985 (Radiat Res 104:S13); Burman et al. 1991 (Int J Radiat Oncol Biol Phys 21:123).

    Examples
    --------
    >>> from survsim.radiotherapy import myelopathy_risk
    >>> {k: round(v, 4) for k, v in myelopathy_risk(50.0, 25).items()}
    {'schultheiss_2008': 0.0022, 'lyman_burman_1991': 0.0781}
    """
    return {name: float(risk(eqd2(dose, fractions, ab))) for name, (risk, ab) in MODELS.items()}


def cumulative_myelopathy_risk(
    courses: Sequence[Course], *, recovery: Recovery | None = None
) -> dict[str, dict[str, float]]:
    """Risk of myelopathy after several courses, by region of the cord and model, each with its own alpha/beta.

    The EQD2 of the courses is added up, less what was recovered between them, and read off each model as if it were one course:
    no published model of the cord knows of several. Without `recovery` nothing is forgotten, which is the cautious reading.

    Parameters
    ----------
    courses, recovery : as of `cumulative_eqd2`.

    Returns
    -------
    dict : region -> model -> risk, from 0 to 1. The largest of the regions is what a patient risks at least.

    Raises
    ------
    InputError : what `cumulative_eqd2` refuses.

    Reference: as of `myelopathy_risk`; Nieder et al. 2006 (Int J Radiat Oncol Biol Phys 66:1446) for adding up.

    Examples
    --------
    >>> from survsim.radiotherapy import Course, cumulative_myelopathy_risk
    >>> courses = [Course(dose_per_fraction=2.0, fractions={"first": 25}), Course(dose_per_fraction=2.0, fractions={"second": 10})]
    >>> risks = cumulative_myelopathy_risk(courses)
    >>> {region: round(by["lyman_burman_1991"], 4) for region, by in risks.items()}
    {'first': 0.0781, 'second': 0.0}
    """
    dose = {name: cumulative_eqd2(courses, ab, recovery=recovery) for name, (_, ab) in MODELS.items()}
    regions = sorted({region for by in dose.values() for region in by})
    return {
        region: {name: float(MODELS[name][0](by[region])) for name, by in dose.items()} for region in regions
    }


class MyelopathySettings(Checked):
    """Myelopathy as a late event: models side by side, and when it shows (a declared assumption).

    `acts_by` names the model whose events change the performance status by `performance_change`; without
    it the events are only counted.
    """

    models: Names = tuple(MODELS)
    onset: Law
    assumption: str = pydantic.Field(min_length=10)
    acts_by: str | None = None
    performance_change: int = 0

    @pydantic.model_validator(mode="after")
    def _whole(self) -> Self:
        for name in self.models:
            one_of("myelopathy model", name, MODELS)
        if len(set(self.models)) < 2:
            raise ValueError("name at least two models: they differ by a factor of 100, none is shown alone")
        if self.acts_by is not None and self.acts_by not in self.models:
            raise ValueError(f"acts_by names one of the models run: {', '.join(self.models)}")
        return self


class CordSettings(Checked):
    """How cord dose is counted: alpha/beta of the rules, recovery between courses, myelopathy models."""

    alpha_beta: float = pydantic.Field(default=2.0, gt=0)
    recovery_after: tuple[float, ...] = ()
    recovery_share: tuple[float, ...] = ()
    myelopathy: MyelopathySettings | None = None

    @pydantic.model_validator(mode="before")
    @classmethod
    def _by_labels(cls, content: Any) -> Any:
        """Columns with row labels pair by them."""
        if not isinstance(content, dict):
            return content
        names = [name for name in ("recovery_after", "recovery_share") if name in content]
        return content | dict(zip(names, paired(**{name: content[name] for name in names})))

    @pydantic.model_validator(mode="after")
    def _whole(self) -> Self:
        Recovery(after=self.recovery_after, share=self.recovery_share)
        return self
