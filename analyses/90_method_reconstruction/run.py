"""A simulated trial is drawn as a paper would, read back from the figure, and compared with its own patients."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import survsim

SLUG = "90_method_reconstruction"
PLAN: dict[str, Any] = survsim.report.read_yaml(Path(__file__).with_name("scenario.yml"))
ARMS = ("control", "treated")
METHODS = ("optimised", "marked", "guyot", "ikm")
TIMES = (12.0, 24.0)
WIDTH = 0.02
"""Months, a tenth of the width of the drawn line: how near two drops may be to be told apart."""
ASSUMED = "assumption:90_method_reconstruction/trial"


def main(*, quick: bool, results: Path, workers: int) -> None:
    """Simulate, draw, read, reconstruct, compare; quick mode draws fewer pseudo data sets."""
    ledger = survsim.Ledger(
        analysis=SLUG,
        mode="quick" if quick else "full",
        seed=PLAN["seed"],
        data_checksum=survsim.load_evidence().checksum,
    )
    truth = {arm: patients(arm) for arm in ARMS}
    with warnings.catch_warnings():
        # What a reconstruction has to say stands in the table of methods.
        warnings.simplefilter("ignore", survsim.errors.EvidenceWarning)
        figure = draw(truth, results / "figure.svg")
        read = survsim.digitise(figure, unit="months")
        tell_the_reading(ledger, read, truth)
        compare_methods(read, truth).to_csv(results / "methods.csv", index=False)
        pool(ledger, read, truth, PLAN["sets"]["quick" if quick else "full"], results).to_csv(
            results / "pooled.csv", index=False
        )
    curves(read, truth).to_csv(results / "curves.csv", index=False)
    ledger.save(results / "summary.json")


def patients(arm: str) -> survsim.Surv:
    """Patients of one arm of the invented trial."""
    rng = np.random.default_rng([PLAN["seed"], ARMS.index(arm)])
    n = PLAN["patients_per_arm"]
    death = rng.exponential(PLAN["median_months"][arm] / np.log(2), n)
    end = PLAN["follow_up_months"] + rng.uniform(0, PLAN["accrual_months"], n)
    time = np.maximum(np.round(np.minimum(death, end), 2), 0.01)
    return survsim.Surv.right(time, death <= end, unit="months", source=ASSUMED)


def draw(truth: dict[str, survsim.Surv], path: Path) -> Path:
    """The figure of a paper: steps, censor ticks, legend, numbers at risk."""
    both = together(*truth.values())
    curve = survsim.kaplan_meier(both, by=np.repeat(list(truth), [len(surv) for surv in truth.values()]))
    curve.plot(band=False, medians=False).figure.savefig(path)
    return path


def together(*arms: survsim.Surv) -> survsim.Surv:
    """Several arms as one response."""
    time, event = (np.concatenate([getattr(surv, name) for surv in arms]) for name in ("time", "event"))
    return survsim.Surv.right(time, event, unit="months", source=ASSUMED)


def arm_of(read: Any, arm: str) -> dict[str, Any]:
    """Curve, numbers at risk and censor marks of one arm as read."""
    curve, table, marks = (part(frame, arm) for frame in (read.curves, read.at_risk, read.marks))
    return {
        "curve": (curve["time"], curve["survival"]),
        "at_risk": (table["time"], table["n_risk"]),
        "censor_marks": marks["time"].to_numpy(),
    }


def part(frame: pd.DataFrame, arm: str) -> pd.DataFrame:
    """Rows of one arm; the legend says more than its name."""
    return frame[frame["arm"].str.startswith(arm)]


def reconstruction(read: Any, arm: str, method: str) -> Any:
    """Patients of one arm by one method, with all that the figure tells and the method knows."""
    told = arm_of(read, arm)
    if method in ("guyot", "ikm"):
        told.pop("censor_marks")
    return survsim.reconstruct_ipd(**told, unit="months", method=method, source=ASSUMED)


def hazard_ratio(treated: survsim.Surv, control: survsim.Surv) -> Any:
    """Cox fit of treated against control."""
    arm = pd.DataFrame({"arm": np.repeat([1.0, 0.0], [len(treated), len(control)])})
    return survsim.cox_ph(together(treated, control), "arm", arm)


def record_ratio(ledger: survsim.Ledger, key: str, fit: Any) -> None:
    """The hazard ratio of a Cox fit with its interval."""
    low, high = fit.estimate[0] - 1.959964 * fit.std_error[0], fit.estimate[0] + 1.959964 * fit.std_error[0]
    ledger.record(
        key, float(np.exp(fit.estimate[0])), conf_low=float(np.exp(low)), conf_high=float(np.exp(high)),
        provenance=fit,
    )  # fmt: skip


def tell_the_reading(ledger: survsim.Ledger, read: Any, truth: dict[str, survsim.Surv]) -> None:
    """How exact the figure was read, and the truth behind it."""
    step = survsim.Provenance.of("digitise", ASSUMED)
    beside = curves(read, truth)
    worst = float(np.abs(beside["survival"] - beside["truth"]).max())
    ledger.record("reading.largest_error", worst, provenance=step)
    ledger.record("reading.points", len(read.curves), provenance=step)
    ledger.record("reading.marks", len(read.marks), provenance=step)
    record_ratio(ledger, "truth.hazard_ratio", hazard_ratio(truth["treated"], truth["control"]))
    for arm, surv in truth.items():
        ledger.record(f"truth.events.{arm}", int(surv.event.sum()), provenance=step)


def curves(read: Any, truth: dict[str, survsim.Surv]) -> pd.DataFrame:
    """Readings beside the true survival there; drops nearer than a line is wide are one drop to a reader."""
    rows = []
    for arm, surv in truth.items():
        km = survsim.kaplan_meier(surv)
        level = np.append(1.0, km.estimate)
        own = part(read.curves, arm)
        first, last = (
            np.searchsorted(km.time, own["time"].to_numpy() + s * WIDTH, side="right") for s in (-1, 1)
        )
        near = [
            min(level[i : j + 1], key=lambda true, s=s: abs(true - s))
            for i, j, s in zip(first, last, own["survival"])
        ]
        rows.append(own.assign(arm=arm, truth=near))
    return pd.concat(rows, ignore_index=True)


def compare_methods(read: Any, truth: dict[str, survsim.Surv]) -> pd.DataFrame:
    """Events, root mean squared error of the curves and hazard ratio of every method against the patients."""
    own = hazard_ratio(truth["treated"], truth["control"])
    grid = np.linspace(0.0, 36.0, 1000)
    rows = [
        {"method": "the patients", "events": sum(int(s.event.sum()) for s in truth.values()), "rmse": 0.0,
         "hazard_ratio": float(np.exp(own.estimate[0])), "error_of_log_hazard_ratio": 0.0}
    ]  # fmt: skip
    for method in METHODS:
        made = {arm: reconstruction(read, arm, method).surv() for arm in ARMS}
        fit = hazard_ratio(made["treated"], made["control"])
        gaps = [
            survsim.kaplan_meier(made[arm]).survival_at(grid).estimate - survsim.kaplan_meier(truth[arm]).survival_at(grid).estimate
            for arm in ARMS
        ]  # fmt: skip
        rows.append(
            {
                "method": method,
                "events": sum(int(s.event.sum()) for s in made.values()),
                "rmse": float(np.sqrt(np.mean(np.square(gaps)))),
                "hazard_ratio": float(np.exp(fit.estimate[0])),
                "error_of_log_hazard_ratio": float(fit.estimate[0] - own.estimate[0]),
            }
        )
    return pd.DataFrame(rows)


def pool(
    ledger: survsim.Ledger, read: Any, truth: dict[str, survsim.Surv], sets: int, results: Path
) -> pd.DataFrame:
    """Hazard ratios pooled over pseudo data sets: of the drawing, of the same figure on a page, of an abstract."""
    made = {arm: reconstruction(read, arm, "optimised") for arm in ARMS}
    made["control"].save(results / "control.json")
    drawing = read.tolerance["survival"]
    drawn: dict[str, dict[str, Any]] = {}
    for name, tolerance in (("drawing", drawing), ("page", PLAN["page_tolerance"])):
        drawn[name] = {
            arm: survsim.reconstruction.pseudo_sets(
                made[arm], sets, tolerance=tolerance, seed=PLAN["seed"] + i
            )
            for i, arm in enumerate(ARMS)
        }
    drawn["abstract"] = {}
    for i, (arm, surv) in enumerate(truth.items()):
        km = survsim.kaplan_meier(surv)
        drawn["abstract"][arm] = survsim.reconstruction.pseudo_ipd_from_summaries(
            median=round(float(km.median().estimate[0]), 1), survival_at={12: round(float(km.survival_at(12).estimate[0]), 2)},
            n=len(surv), n_event=int(surv.event.sum()), unit="months", m=sets, seed=PLAN["seed"] + i, source=ASSUMED,
        )  # fmt: skip
    rows = []
    for name, pair in drawn.items():
        found = survsim.reconstruction.pooled(pair["treated"], "hazard_ratio", control=pair["control"])
        ledger.record(
            f"pooled.{name}.hazard_ratio", float(found.value[0]), conf_low=float(found.conf_low[0]),
            conf_high=float(found.conf_high[0]), provenance=found,
        )  # fmt: skip
        ledger.record(f"pooled.{name}.added_share", float(found.added_share[0]), provenance=found)
        rows.append(found.to_frame().assign(source=name))
    return pd.concat(rows, ignore_index=True)
