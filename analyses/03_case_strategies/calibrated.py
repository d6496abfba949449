"""The course of the disease and the other parameters, as the ledger keeps them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

import survsim


def record_calibration(
    ledger: survsim.Ledger,
    plan: survsim.scenario.CalibrationPlan,
    calibration: survsim.calibration.EvidenceCalibration,
    results: Path,
) -> None:
    """Each parameter before and after, and how the targets stand to the predictions."""
    calibration.save(results / "calibration.json")
    frame = calibration.to_frame()
    rows = [", ".join(calibration.informed_by.get(name, ())) or "none" for name in frame["parameter"]]
    frame.assign(rows=[r.replace("estimates:", "").replace("cases:", "case ") for r in rows]).to_csv(
        results / "calibrated.csv", index=False
    )
    calibration.checks.save(results / "targets.json")
    names = plan.target_names()
    labels = [t.label for t in calibration.targets]
    told = pd.DataFrame({"label": labels, "name": [names.get(x, x.replace("_", " ")) for x in labels]})
    told.to_csv(results / "target_names.csv", index=False)
    for row in calibration.to_frame().itertuples():
        ledger.record(
            f"calibrated.{row.parameter}", row.posterior, unit=row.unit, conf_low=row.posterior_low,
            conf_high=row.posterior_high, provenance=calibration,
        )  # fmt: skip
        ledger.record(f"moved.{row.parameter}", row.moved, unit="prior sd", provenance=calibration)
    for state, share in other_shares(calibration).items():
        low, middle, high = np.quantile(share, [0.025, 0.5, 0.975])
        ledger.record(f"other_share.{state}", middle, conf_low=low, conf_high=high, provenance=calibration)
    for use in ("fit", "hold_out"):
        inside, number, low, high = calibration.checks.inside_share(use)
        ledger.record(f"targets.{use}.n", number, provenance=calibration)
        ledger.record(f"targets.{use}.inside", inside, provenance=calibration)
        ledger.record(
            f"targets.{use}.share", inside / number, conf_low=low, conf_high=high, provenance=calibration
        )
    told = calibration.checks.to_frame()
    missed = told[(told["use"] == "hold_out") & ~told["inside"].astype(bool)]
    ledger.record("targets.hold_out.above", int((missed["pit"] > 0.5).sum()), provenance=calibration)
    ledger.record("targets.hold_out.below", int((missed["pit"] < 0.5).sum()), provenance=calibration)


def other_shares(calibration: survsim.calibration.EvidenceCalibration) -> dict[str, np.ndarray]:
    """Share of other deaths among the events of a year without treatment: what an all-cause ratio is weakened by."""
    values = calibration.draws(500)
    alone = survsim.calibration.Cohort(name="untreated")
    spread = survsim.calibration.Cohort(name="untreated, progressed", start="progressed")
    free = survsim.calibration.Endpoint(kind="event_free", states=("controlled",))
    first = survsim.calibration.Endpoint(kind="incidence", event=("progressed",))
    other = survsim.calibration.Endpoint(kind="share", event=("dead_of_other_cause",))

    def at_a_year(cohort: survsim.calibration.Cohort, endpoint: survsim.calibration.Endpoint) -> np.ndarray:
        return survsim.calibration.endpoint_probability(calibration.model, cohort, endpoint, [12.0], values)[
            :, 0
        ]

    progressed = at_a_year(alone, first) / (1.0 - at_a_year(alone, free))
    return {"controlled": 1.0 - progressed, "progressed": at_a_year(spread, other)}


def record_parameters(ledger: survsim.Ledger, parameters: survsim.scenario.Parameters) -> None:
    """Each parameter with its interval and its rows, and how many come from where."""
    for p in parameters.parameters.values():
        low, middle, high = np.quantile(p.draws, [0.025, 0.5, 0.975])
        ledger.record(
            f"parameter.{p.name}", middle, unit=p.unit, conf_low=low, conf_high=high, provenance=p.provenance
        )
    for kind, number in parameters.share_by_source().items():
        ledger.record(f"parameters.{kind}", number, provenance=parameters)


def record_leaning(
    ledger: survsim.Ledger,
    calibration: survsim.calibration.EvidenceCalibration,
    scenario: survsim.Scenario,
    parameters: survsim.scenario.Parameters,
) -> None:
    """How many of the priors of ratios lie on the side of benefit before any number was seen."""
    nodes, weight = np.polynomial.hermite_e.hermegauss(80)
    means = {
        name: float(weight @ prior.law.at(nodes) / weight.sum())
        for name, prior in calibration.priors.items()
        if name.startswith("hr_")
    }
    drawn = parameters.draws()
    means |= {
        name: float(drawn[name].mean())
        for name, one in scenario.content.parameters.items()
        if name.startswith("hr_") and one.source == "assumption"
    }
    for name, mean in means.items():
        step = survsim.Provenance.of("prior_mean", f"assumption:{scenario.name}/{name}")
        ledger.record(f"prior_mean.{name}", mean, provenance=step)
    ledger.record("priors.ratios", len(means), provenance=calibration)
    ledger.record("priors.below_one", sum(m < 1.0 for m in means.values()), provenance=calibration)
