"""What a user would give: scenarios, evidence, pictures, files."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tests.helpers import fuzz_methods
from tests.helpers.every_result import example
from tests.helpers.fuzz_estimates import Made, frame, plausible, s, surv

GALLERY = Path(__file__).resolve().parents[2] / "analyses" / "07_scenario_gallery"


# -- scenarios and evidence -------------------------------------------------------------------------------


@functools.cache
def store() -> Any:
    return s.load_evidence()


@functools.cache
def scenario() -> Any:
    return s.Scenario.from_yaml(GALLERY / "first_line.yml")


SMALL = {"patients": 20, "draws": 4, "seed": 1}


@plausible("Scenario.from_yaml")
def _scenario_file(rng: np.random.Generator) -> Made:
    return {"path": str(GALLERY / "first_line.yml")}


@plausible("simulate")
def _simulate(rng: np.random.Generator) -> Made:
    return {"scenario": scenario(), "evidence": store()} | SMALL


@plausible("scenario_parameters")
def _parameters(rng: np.random.Generator) -> Made:
    return {"scenario": scenario(), "evidence": store(), "draws": 4, "seed": 1}


@plausible("Explorer", "explore")
def _explorer(rng: np.random.Generator) -> Made:
    return {"scenario": scenario(), "evidence": store(), "patients": 50}


@plausible("explorer_page")
def _explorer_page(rng: np.random.Generator) -> Made:
    explorer = s.Explorer(scenario(), evidence=store(), patients=20)
    return {
        "explorer": explorer,
        "path": tempfile.mkdtemp(dir=fuzz_methods.scratch()) + "/panel.html",
        "steps": 3,
    }


@plausible("one_way_runs")
def _one_way(rng: np.random.Generator) -> Made:
    names = ["progression_median"]
    return {
        "scenario": scenario(),
        "strategy": "ifosfamide_doublet",
        "names": names,
        "evidence": store(),
    } | SMALL


@plausible("interval_errors")
def _ends(rng: np.random.Generator) -> Made:
    return {"by_draw": rng.normal(size=(2, 30))}


@plausible("turning_points")
def _turning(rng: np.random.Generator) -> Made:
    return {"scenario": scenario(), "values": {"progression_median": [2.0, 8.0]}, "evidence": store()} | SMALL


@plausible("structural_sensitivity")
def _structural(rng: np.random.Generator) -> Made:
    return {"scenario": scenario(), "alternatives": [], "evidence": store()} | SMALL


@plausible("check_targets")
def _checked(rng: np.random.Generator) -> Made:
    from tests.unit.scenario.test_targets import RECORDS, simulation, target

    return {
        "simulation": simulation(np.array([4.0, 6.0, 9.0])),
        "targets": [target("a", "calibrate"), target("b", "hold_out")],
        "records": RECORDS.__getitem__,
    }


@plausible("certainty")
def _certainty(rng: np.random.Generator) -> Made:
    found = store().select(study="homesley_2007_gog0161", measure="hazard_ratio", endpoint="overall_survival")
    effects = s.effect_sizes(found.records)
    pooled = s.meta_analysis(effects.log_hazard_ratio, effects.std_error, method="fixed", conf_method="wald")
    return {
        "selection": found,
        "pooled": pooled,
        "bias": store().risk_of_bias(found.frame["estimate_id"]),
    }


@plausible("summary_terms")
def _summaries(rng: np.random.Generator) -> Made:
    found = store().select(
        endpoint="overall_survival", measure="median", site="ovary_tube", allow_mixed="any"
    )
    return {"selection": found, "unit": "months"}


@plausible("dated_cases")
def _dated(rng: np.random.Generator) -> Made:
    return {"store": store(), "strict_only": True, "never": ["index_case"]}


@plausible("case_terms")
def _cases(rng: np.random.Generator) -> Made:
    cases = store().cases()
    return {"cases": cases[cases["strict_cns"] == "yes"], "without": "index_case"}


@plausible("patient_histories")
def _histories(rng: np.random.Generator) -> Made:
    return {"evidence": store(), "name": "tcga_ucs", "unit": "days"}


@functools.cache
def study() -> Path:
    """A small study of its own, in which commands may write."""
    from tests.helpers.kills import study_at

    return study_at(Path(tempfile.mkdtemp(dir=fuzz_methods.scratch())))


@plausible("curate")
def _curated(rng: np.random.Generator) -> Made:
    return {"path": str(study() / "data")}


@plausible("export_evidence")
def _exported(rng: np.random.Generator) -> Made:
    return {"folder": tempfile.mkdtemp(dir=fuzz_methods.scratch()) + "/out", "path": str(study() / "data")}


@plausible("judged_bias")
def _judged(rng: np.random.Generator) -> Made:
    row = ["zhao_2016_sts_port_e01", "spinal_hgg29_rt_t01", "nobody_s01"][rng.integers(3)]
    return {"evidence": store(), "row": row}


@plausible("not_pooled")
def _not_pooled(rng: np.random.Generator) -> Made:
    return {"evidence": store(), "question": {"endpoint": "overall_survival", "measure": "hazard_ratio"}}


@plausible("count_protocol")
def _protocol(rng: np.random.Generator) -> Made:
    ledger = s.Ledger(analysis="07_scenario_gallery")
    path = GALLERY / "protocol.yml"
    return {
        "ledger": ledger,
        "evidence": store(),
        "path": path,
        "results": tempfile.mkdtemp(dir=fuzz_methods.scratch()),
    }


@plausible("file_schema")
def _kind(rng: np.random.Generator) -> Made:
    return {"kind": ["scenario", "strategy", "calibration", "protocol"][rng.integers(4)]}


@plausible("compare_extractions")
def _extractions(rng: np.random.Generator) -> Made:
    table = study() / "data" / "raw" / "literature" / "lung" / "estimates.csv"
    return {"a": table, "b": table}


@plausible("read_calibration", "read_protocol", "read_question", "read_patients", "load_results")
def _file(rng: np.random.Generator) -> Made:
    return {}


def chosen() -> Any:
    return store().select(endpoint="overall_survival", measure="median", site="uterus", allow_mixed="any")


def small_table() -> Any:
    return s.table(pd.DataFrame({"arm": ["a", "=1+1"], "n": [3, 4]}), title="arms")


# -- pictures and reports -------------------------------------------------------------------------------


@plausible("swimmer")
def _swimmer(rng: np.random.Generator) -> Made:
    lanes = pd.DataFrame(
        {
            "label": ["Radiotherapy", "Progression"],
            "kind": ["course", "event"],
            "start": [1.0, 6.0],
            "stop": [2.5, np.nan],
            "assumed": [False, True],
        }
    )
    return {"course": lanes, "unit": "months", "end": 9.0}


@plausible("power_curves")
def _power_curves(rng: np.random.Generator) -> Made:
    rows = {"power": [0.5, 0.8], "n": [50, 100], "design": "plain", "mc_std_error": [0.02, 0.01]}
    return {"frame": pd.DataFrame(rows)}


@plausible("prediction_curves")
def _prediction_curves(rng: np.random.Generator) -> Made:
    rows = {"time": [0.0, 6.0], "group": "all", "survival": [1.0, 0.5]}
    rows |= {"conf_low": [1.0, 0.4], "conf_high": [1.0, 0.6]}
    return {"frame": pd.DataFrame(rows), "unit": "months", "until": 12.0}


@plausible("share_dots")
def _shares(rng: np.random.Generator) -> Made:
    return {"frame": pd.DataFrame({"label": ["a", "b"], "share": [0.1, 0.9], "kind": ["model", "seen"]})}


@plausible("state_diagram")
def _diagram(rng: np.random.Generator) -> Made:
    rows = {
        "source": ["well", "ill", "well"],
        "target": ["ill", "dead", "dead"],
        "death": [False, True, True],
    }
    return {"ways": pd.DataFrame(rows)}


@plausible("schoenfeld_plot")
def _schoenfeld(rng: np.random.Generator) -> Made:
    return {"fit": s.cox_ph(surv(rng), "age", frame(rng)), "term": "age"}


@plausible("table_one")
def _table_one(rng: np.random.Generator) -> Made:
    return {"data": frame(rng, 8), "by": "z"}


def ledger() -> Any:
    made = s.Ledger(analysis="x")
    made.record(
        "os.median", 26.58, conf_low=18.1, conf_high=52.3, unit="months",
        provenance=s.Provenance.of("kaplan_meier", "patients:x", conf_type="log-log"),
    )  # fmt: skip
    return made


@plausible("prose")
def _prose(rng: np.random.Generator) -> Made:
    return {"ledger": ledger(), "text": "Median {os.median:.1f ci unit} of {who}.", "who": "all"}


@plausible("cited")
def _cited(rng: np.random.Generator) -> Made:
    return {"ledger": ledger(), "evidence": store()}


@plausible("methods_text")
def _methods(rng: np.random.Generator) -> Made:
    return {"ledger": ledger()}


@plausible("Ledger")
def _ledger(rng: np.random.Generator) -> Made:
    return {"analysis": "x", "seed": 3, "mode": "full"}


@plausible("Ledger.load")
def _ledger_file(rng: np.random.Generator) -> Made:
    return {"path": str(GALLERY / "results" / "summary.json")}


@plausible("Provenance")
def _provenance(rng: np.random.Generator) -> Made:
    return {"method": "kaplan_meier", "inputs": ("patients:x",)}


@plausible("write_result")
def _written(rng: np.random.Generator) -> Made:
    path = tempfile.mkdtemp(dir=fuzz_methods.scratch()) + "/kept.json"
    return {"result": example(str(rng.choice(["LogrankTest", "MetaAnalysis"]))), "path": path}


# -- methods of what is no result -------------------------------------------------------------------------

BOUND: dict[str, Callable[[], Any]] = {
    "EvidenceStore": store,
    "EvidenceSelection": chosen,
    "Table": small_table,
}
"""Public classes whose methods are asked of one object; elsewhere a dotted name is a constructor."""


@plausible("EvidenceStore.select")
def _select(rng: np.random.Generator) -> Made:
    return {"endpoint": "overall_survival", "measure": "hazard_ratio", "site": "uterus"}


@plausible(
    "EvidenceStore.estimate", "EvidenceStore.risk_of_bias", "EvidenceStore.cite", "EvidenceStore.completeness"
)
@plausible(
    "EvidenceStore.cases", "EvidenceSelection.flow", "EvidenceSelection.map", "EvidenceSelection.references"
)
def _asked(rng: np.random.Generator) -> Made:
    return {}


@plausible("EvidenceStore.table")
def _table_of(rng: np.random.Generator) -> Made:
    return {"name": "estimates"}


@plausible("EvidenceStore.patients", "EvidenceStore.surv")
def _patients_of(rng: np.random.Generator) -> Made:
    return {"name": "tcga_ucs", "endpoint": "overall_survival"}


@plausible("EvidenceStore.competing")
def _causes_of(rng: np.random.Generator) -> Made:
    return {"name": "tcga_ucs", "unit": "months"}


@plausible("EvidenceStore.timelines")
def _timelines(rng: np.random.Generator) -> Made:
    return {"table": "radiotherapy", "name": "tcga_ucs"}


@plausible("EvidenceStore.timeline", "EvidenceStore.case_facts")
def _timeline(rng: np.random.Generator) -> Made:
    return {"case": "index_case"}


@plausible("Table.save")
def _table_file(rng: np.random.Generator) -> Made:
    return {"path": tempfile.mkdtemp(dir=fuzz_methods.scratch()) + "/t.html"}
