"""Which calibrations are made: the declared one, and those with other targets, shares or priors."""

from __future__ import annotations

import math
from typing import Any

import survsim

WITHOUT = {
    ("spinal_glioma", "spinal_glioma_from_diagnosis"): "calibrated without gliomas of the cord",
    ("spinal_glioma_from_diagnosis",): "calibrated without the survival that counts from diagnosis",
    ("spread_solid_tumour",): "calibrated without spread of other solid tumours",
    ("published_case",): "calibrated without the single published cases",
}
"""Transports whose targets are left out together."""
OTHERWISE = {
    "joint_model_used": ("the joint model's prediction used as a target", {"predictions": "fit"}),
    "shares_least": ("assumed shares of treated patients at their least", {"assumed": "least"}),
    "shares_most": ("assumed shares of treated patients at their most", {"assumed": "most"}),
}
"""Calibrations with something else assumed."""
NEUTRAL = ("neutral_priors", "priors of every ratio centred on no effect")
"""The alternative of the scenario that goes with the calibration in which no treatment is believed to help beforehand."""


def other_calibrations(
    plan: survsim.scenario.CalibrationPlan,
    evidence: survsim.evidence.EvidenceStore,
    *,
    quick: bool,
    size: int | None,
    workers: int = 1,
) -> dict[str, tuple[str, survsim.calibration.EvidenceCalibration]]:
    """Name -> words and a calibration that differs in one thing; the quick run has the bias and the priors alone.

    They are made `workers` at a time.
    """
    labels = {"bias_left_out": "declared biases left out"}
    choices: dict[str, dict[str, Any]] = {"bias_left_out": {"bias": False}}
    if not quick:
        labels |= {f"without_{groups[0]}": label for groups, label in WITHOUT.items()}
        choices |= {f"without_{groups[0]}": {"without": groups} for groups in WITHOUT}
        labels |= {name: label for name, (label, _) in OTHERWISE.items()}
        choices |= {name: dict(choice) for name, (_, choice) in OTHERWISE.items()}
    found = plan.run_each(choices, evidence, size=size, workers=workers)
    made = {name: (labels[name], found[name]) for name in found}
    name, label = NEUTRAL
    return made | {name: (label, neutral(plan).run(evidence, size=size, workers=workers))}


def neutral(plan: survsim.scenario.CalibrationPlan) -> survsim.scenario.CalibrationPlan:
    """The plan with each prior of a ratio as wide as it is and its median at one."""
    priors = {
        name: p.model_copy(update={"distribution": centred(p.distribution)}) if name.startswith("hr_") else p
        for name, p in plan.content.priors.items()
    }
    return survsim.scenario.CalibrationPlan(plan.content.model_copy(update={"priors": priors}), plan.path)


def centred(law: Any) -> Any:
    """A log-normal law around one, as far from its least to its most as it was, and as far up as down."""
    reach = math.sqrt(law.high / law.low)
    return law.model_copy(update={"median": 1.0, "low": 1.0 / reach, "high": reach})
