"""From a figure that was read to the logarithm of a hazard ratio, with no hand in between."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd

from survsim import Surv, cox_ph, reconstruct_ipd
from survsim.errors import SurvsimError
from tests.helpers.digitising_scores import matched


def log_ratio(times: list[np.ndarray], events: list[np.ndarray]) -> float:
    """Cox's log hazard ratio of the second arm to the first."""
    arm = np.repeat([0.0, 1.0], [len(t) for t in times])
    surv = Surv.right(np.concatenate(times), np.concatenate(events).astype(bool), unit="months")
    return float(np.log(cox_ph(surv, "arm", pd.DataFrame({"arm": arm})).hazard_ratio[0]))


def of_figure(
    entry: dict[str, Any], one: Any, found: dict[str, tuple[np.ndarray, np.ndarray]]
) -> dict[str, Any] | None:
    """Truth and what the figure led to; none where the figure has not two arms that were read.

    Told besides the figure is what every paper says in its text, the number of patients of an arm.
    """
    panel = entry["panels"][0]
    pairs = sorted(matched(panel, found))
    if len(panel["arms"]) != 2 or len(pairs) != 2:
        return None
    patients = [arm["patients"] for arm in panel["arms"]]
    true = log_ratio([np.array(p["time"]) for p in patients], [np.array(p["event"]) for p in patients])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            made = [_arm(entry, one, found[name], name, panel["arms"][i]["n"]) for i, name, _ in pairs]
        except SurvsimError as refusal:
            return {"file": entry["file"], "true": true, "found": None, "message": str(refusal)}
    got = log_ratio([m.time for m in made], [m.event for m in made])
    return {"file": entry["file"], "true": round(true, 5), "found": round(got, 5)}


def _arm(entry: dict[str, Any], one: Any, curve: tuple[np.ndarray, np.ndarray], name: str, n: int) -> Any:
    marks = pd.DataFrame(one.marks)
    seen = marks.loc[marks["arm"].astype(str) == name, "time"].to_numpy(float)
    told: dict[str, Any] = {"n": n}
    if one.at_risk is not None and len(one.at_risk):
        table = pd.DataFrame(one.at_risk)
        rows = table[(table["arm"].astype(str) == name) & (table["n_risk"] >= 0)]
        if len(rows) and rows["time"].iloc[0] == 0:
            told = {"at_risk": (rows["time"].to_numpy(float), rows["n_risk"].to_numpy(int))}
    if len(seen):
        told["censor_marks"] = np.sort(seen)
    return reconstruct_ipd(curve, unit="months", kind=entry["kind"], **told)
