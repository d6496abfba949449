"""One picture of each kind that the package draws, made at any width: what the tests of the layout go through."""

from __future__ import annotations

import dataclasses
import functools
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from survsim import case_in_context, figures, load_evidence
from survsim.distributions import Exponential
from survsim.figures.drawing import DRAWERS
from survsim.figures.strategy_diagram import draw_strategy
from tests.helpers.disease_models import full_strategy
from tests.helpers.every_result import examples

NAN = float("nan")


def course() -> pd.DataFrame:
    rows = [
        ("Surgery", "event", 0.0, 0.0, False, NAN, NAN, ""),
        ("Radiotherapy of the spine", "course", 1.0, 2.0, True, 0.5, 1.5, "44 Gy in 22 fractions"),
        ("Lenvatinib and pembrolizumab", "course", 3.0, 11.0, False, NAN, NAN, "12 mg"),
    ]
    columns = ["label", "kind", "start", "stop", "assumed", "start_low", "start_high", "detail"]
    return pd.DataFrame(rows, columns=columns)


def shares() -> Any:
    """Shares of two kinds, some with a number of patients."""
    return pd.DataFrame(
        {
            "label": [
                "a model of the dose",
                "another model with a long name",
                "first series",
                "second series",
            ],
            "share": [0.18, 0.41, 0.0, 0.9],
            "kind": ["model", "model", "observed", "observed"],
            "patients": [np.nan, np.nan, 124.0, np.nan],
        }
    )


def ways() -> pd.DataFrame:
    pairs = [
        ("disease-free", "local progression", False),
        ("local progression", "distant metastasis", False),
        ("local progression", "death of the tumour", True),
        ("disease-free", "death of another cause", True),
    ]
    return pd.DataFrame(pairs, columns=["source", "target", "death"])


def power() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "design": ["plain"] * 3 + ["stratified by stage and residual disease"] * 3,
            "n": [50, 100, 200] * 2,
            "power": [0.4, 0.7, 0.9, 0.5, 0.8, 0.95],
            "mc_std_error": [0.02] * 6,
        }
    )


def predicted() -> pd.DataFrame:
    time = np.arange(0.0, 61.0, 6.0)
    rates = {
        "stage_I": 0.01,
        "stage_III": 0.03,
        "ovary_with_residual_disease_after_surgery": 0.05,
        "all": 0.02,
    }
    return pd.concat(
        pd.DataFrame(
            {
                "group": group, "time": time, "survival": np.exp(-rate * time),
                "conf_low": np.exp(-1.3 * rate * time), "conf_high": np.exp(-0.7 * rate * time),
            }
        )
        for group, rate in rates.items()
    )  # fmt: skip


LONG = "surgery, gemcitabine with docetaxel, then re-irradiation at progression"


@functools.cache
def case() -> Any:
    """One patient with a course on four references."""
    rates = {
        "published cases of the spine": 0.08,
        "all sites, carried over": 0.05,
        "stage I": 0.02,
        LONG: 0.04,
    }
    laws = {
        name: Exponential(rate=rate * np.array([0.7, 1.0, 1.4]), time_unit="months")
        for name, rate in rates.items()
    }
    return case_in_context(11.0, laws, unit="months", course=course(), origin="surgery (assumed)")


@functools.cache
def judged() -> Any:
    store = load_evidence()
    rows = [
        row
        for row, tool in zip(store.risk_of_bias().row_id, store.risk_of_bias().tool)
        if tool == "jbi_case_report"
    ]
    return store.risk_of_bias(list(dict.fromkeys(rows))[:6])


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "swimmer": lambda **size: figures.swimmer(
        course(), unit="months", end=11, end_label="death at 11 months", title="Course of the patient", **size
    ),
    "schoenfeld_plot": lambda **size: figures.schoenfeld_plot(examples("CoxFit")[0], **size),
    "power_curves": lambda **size: figures.power_curves(power(), title="Power", **size),
    "prediction_curves": lambda **size: figures.prediction_curves(
        predicted(), unit="months", until=60, **size
    ),
    "share_dots": lambda **size: figures.share_dots(shares(), title="Shares", **size),
    "state_diagram": lambda **size: figures.state_diagram(ways(), title="States and ways", **size),
    "draw_strategy": lambda **size: draw_strategy(full_strategy(), time_unit="months", **size),
    "long names": lambda **size: examples("Tornado")[0].plot(
        labels={"hr": "hazard ratio of progression under two drugs, first line", "full": LONG}, **size
    ),
    "long strategies": lambda **size: dataclasses.replace(
        examples("DeathsByCause")[0], labels=(LONG, LONG.replace("surgery", "radiotherapy"))
    ).plot(**size),
    "targets with names": lambda **size: examples("TargetCheck")[0].plot(
        labels={row: f"{LONG} ({row})" for row in examples("TargetCheck")[0].rows}, **size
    ),
    "calibration with names": lambda **size: examples("CalibrationChecks")[0].plot(
        labels={label: f"{LONG} ({label})" for label in examples("CalibrationChecks")[0].label}, **size
    ),
    "case with its course": lambda **size: case().plot(**size),
    "evidence of all sites": lambda **size: load_evidence().select().map().plot(**size),
    "bias of case reports": lambda **size: judged().plot(**size),
    "facets": lambda **size: figures.facets(
        {"uterus": examples("KaplanMeier")[0], "ovary, tube and peritoneum": examples("KaplanMeier")[0]},
        **size,
    ),
}
KINDS = [*DRAWERS, *FUNCTIONS]


def picture(kind: str, **size: Any) -> Any:
    """The axes of one kind of picture."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        if kind in FUNCTIONS:
            drawn = FUNCTIONS[kind](**size)
        else:
            drawn = examples(kind)[0].plot(**size)
    return drawn[0] if isinstance(drawn, list | np.ndarray) else drawn
