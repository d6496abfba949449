"""What a user would give to additions to a picture, files of figures and tables of a paper."""

from __future__ import annotations

import tempfile
from typing import Any

import numpy as np

from tests.helpers import fuzz_methods
from tests.helpers.every_result import example
from tests.helpers.fuzz_estimates import Made, frame, groups, plausible, s, surv
from tests.helpers.fuzz_evidence import store


def drawn(rng: np.random.Generator) -> tuple[Any, Any]:
    """Curves of groups, on axes of their own."""
    km = s.kaplan_meier(surv(rng), groups(rng))
    return km, km.plot()


@plausible("add_risk_table", "add_medians", "add_censor_marks")
def _added(rng: np.random.Generator) -> Made:
    km, ax = drawn(rng)
    return {"ax": ax, "km": km}


@plausible("add_landmarks")
def _landmarks(rng: np.random.Generator) -> Made:
    km, ax = drawn(rng)
    return {"ax": ax, "km": km, "times": [3.0, 6.0]}


@plausible("add_group_labels")
def _group_labels(rng: np.random.Generator) -> Made:
    km, ax = drawn(rng)
    return {"ax": ax, "curves": km}


@plausible("add_p_value")
def _p_value(rng: np.random.Generator) -> Made:
    return {"ax": drawn(rng)[1], "test": example("LogrankTest")}


@plausible("add_hazard_ratio")
def _hazard_ratio(rng: np.random.Generator) -> Made:
    return {"ax": drawn(rng)[1], "fit": s.cox_ph(surv(rng), "age", frame(rng))}


@plausible("facets")
def _facets(rng: np.random.Generator) -> Made:
    return {"results": {"all": s.kaplan_meier(surv(rng)), "again": s.kaplan_meier(surv(rng))}}


@plausible("save_figure")
def _saved(rng: np.random.Generator) -> Made:
    return {
        "fig": drawn(rng)[1],
        "path": tempfile.mkdtemp(dir=fuzz_methods.scratch()) + "/fig",
        "formats": ("svg",),
    }


@plausible("table_regression")
def _regression(rng: np.random.Generator) -> Made:
    return {"fit": s.cox_ph(surv(rng), "age", frame(rng))}


@plausible("table_survival")
def _survival_table(rng: np.random.Generator) -> Made:
    return {"km": s.kaplan_meier(surv(rng), groups(rng)), "times": [3.0, 6.0]}


@plausible("table_parameters")
def _parameter_table(rng: np.random.Generator) -> Made:
    return {"parameters": example("Parameters")}


@plausible("table_comparison")
def _comparison_table(rng: np.random.Generator) -> Made:
    return {"comparison": example("StrategyComparison")}


@plausible("table_studies")
def _study_table(rng: np.random.Generator) -> Made:
    return {"store": store(), "studies": list(store().studies["study_id"][:3])}
