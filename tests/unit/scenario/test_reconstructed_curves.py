"""Digitised curves of the evidence by name: stored by one command, then patients, effects, terms, targets, parameters."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

import survsim
from survsim import evidence_model, kaplan_meier, meta_analysis, reconstruct_ipd
from survsim.errors import EvidenceError, ScenarioError
from survsim.evidence.bring_in.curve_in import add_curves
from survsim.evidence.raw.curate import curate
from survsim.evidence.raw.locate import data_folder
from survsim.scenario import (
    reconstructed,
    reconstructed_effects,
    reconstructed_sets,
    reconstructed_terms,
)
from survsim.scenario.calibration_file import CurveTarget
from survsim.scenario.evidence_curves import curve_number
from survsim.scenario.parameter_spec import FromReconstructed
from survsim.scenario.parameterise import parameterise
from survsim.simulation.outcomes.sensitivity import variance_by_layer
from tests.helpers.mini_study import write_raw
from tests.helpers.reconstruction_truth import Cell, log_hazard_ratio, pair

CELL = Cell(shape="light censoring", n=100, table=6.0, clicks=60, rounding=0.005)
TRANSPORT = {"sd": 0.0, "reason": "the same patients"}
MEANING = "survival of the control arm"


def figure(folder, arms, labels=("Arm A", "Arm B"), **report):
    """A folder as `survsim digitise` writes it."""
    folder.mkdir(parents=True, exist_ok=True)
    tables = {"curves": ["arm,time,survival"], "marks": ["arm,time"], "at_risk": ["arm,time,n_risk"]}
    for label, arm in zip(labels, arms):
        for t, s in zip(arm.click, arm.level):
            tables["curves"].append(f"{label},{t:.6g},{s:.6g}")
        tables["at_risk"] += [f"{label},{t:g},{n}" for t, n in zip(arm.risk_time, arm.at_risk)]
    for name, lines in tables.items():
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    told = {"tolerance": {"survival": 0.004}, "unit": "months", "warnings": []} | report
    (folder / "report.json").write_text(json.dumps(told), encoding="utf-8")
    (folder / "overlay.png").write_bytes(b"picture")
    return folder


@pytest.fixture(scope="module")
def arms():
    return pair(CELL, np.random.default_rng(12))


@pytest.fixture(scope="module")
def study(tmp_path_factory, arms):
    """A small study with one trial of two digitised arms."""
    root = tmp_path_factory.mktemp("study")
    raw = write_raw(root / "data")
    for name in ("curves", "at_risk", "censor_marks"):
        (raw / "literature" / "lung" / f"{name}.csv").unlink()
    arm_rows = "study_id,arm_id,label,n_arm\nalpha_2019,old,Old,100\nalpha_2019,new,New,100\n"
    (raw / "literature" / "lung" / "arms.csv").write_text(arm_rows, encoding="utf-8")
    curate(root)
    done = add_curves(
        data_folder(root), "alpha_2019", figure(root / "figure_2", arms), endpoint="overall_survival", place="figure 2",
        page="7", read_by="reading_1", arms={"old": "Arm A", "new": "Arm B"},
    )  # fmt: skip
    assert done.changed and done.rows["at_risk"] > 10
    return root


@pytest.fixture(scope="module")
def store(study):
    return survsim.load_evidence(study)


def test_the_curve_is_stored_with_its_provenance(store, arms):
    rows = store.curves
    assert set(rows["curve_id"]) == {"alpha_2019_old_overall_survival", "alpha_2019_new_overall_survival"}
    first = rows.iloc[0]
    assert (first["place"], first["page"], first["tolerance"], first["read_by"]) == (
        "figure 2",
        "7",
        0.004,
        "reading_1",
    )
    assert len(first["overlay_sha256"]) == 64
    assert first["route"] == "digitised" and first["checked_by"] == ""
    old = rows[rows["arm_id"] == "old"]
    last = np.append(np.diff(arms[0].click) > 0, True)
    np.testing.assert_allclose(old["survival"], arms[0].level[last], atol=1e-9)


def test_the_check_says_that_nobody_compared_the_overlay(study):
    from survsim.evidence.raw.check import check_evidence

    report = check_evidence(study)
    assert not report.errors
    assert "curve_unchecked" in {f.rule for f in report.warnings}


def test_a_curve_by_name_is_the_reconstruction_of_its_rows(store, arms):
    by_id = reconstructed(store, "alpha_2019_old_overall_survival")
    by_arm = reconstructed(store, "alpha_2019/old")
    np.testing.assert_array_equal(by_id.time, by_arm.time)
    own = reconstruct_ipd(
        (arms[0].click, arms[0].level), at_risk=(arms[0].risk_time, arms[0].at_risk), unit="months"
    )
    assert by_id.n_event == own.n_event
    assert by_id.references == ("curves:alpha_2019_old_overall_survival",)


def test_a_pair_enters_a_meta_analysis(store, arms):
    effects = reconstructed_effects(store, {"Alpha 2019": ("alpha_2019/new", "alpha_2019/old")})
    truth = log_hazard_ratio(*((a.time, a.event, a.entry) for a in arms))
    assert effects.log_hazard_ratio[0] == pytest.approx(truth, abs=0.03)
    assert effects.std_error[0] > 0.14
    others = [0.8, 0.7, 0.9]
    pooled = meta_analysis([*effects.log_hazard_ratio, *np.log(others)], [*effects.std_error, 0.15, 0.2, 0.2])
    low, high = np.log(min(others)), max(truth, np.log(0.9))
    assert min(low, truth) <= pooled.estimate <= high


def test_curves_enter_the_joint_model(store, arms):
    terms = reconstructed_terms(store, {"alpha_2019/old": {"new": 0.0}, "alpha_2019/new": {"new": 1.0}})
    assert [t.kind for t in terms.terms] == ["curve", "curve"]
    fit = evidence_model(terms.terms, "new", breaks=[6.0, 12.0, 24.0])
    rows = fit.to_frame().set_index("parameter")
    truth = log_hazard_ratio(*((a.time, a.event, a.entry) for a in arms))
    # Within a third of its standard error: the prior and the intervals shrink it a little.
    assert rows.loc["new", "estimate"] == pytest.approx(truth, abs=0.055)
    assert rows.loc["new", "std_error"] == pytest.approx(0.16, abs=0.02)


def spec(**more):
    return FromReconstructed(
        **(
            {"source": "reconstructed", "scale": "median", "curves": ("alpha_2019/old",), "transport": TRANSPORT, "meaning": MEANING}
            | more
        )
    )  # fmt: skip


def drawn(store, one, draws=4000):
    import functools

    return parameterise(
        {"x": one}, store.estimate, draws=draws, seed=3, time_unit="months", scenario="s",
        curves=functools.partial(curve_number, store),
    )  # fmt: skip


def test_the_layer_digitising_is_the_share_that_reading_the_figure_adds(store):
    # One curve, next to no heterogeneity: the draws have the pooled variance, and the layer its added share of it.
    one = spec(tolerance=0.05, tau_scale=1e-6)
    found = drawn(store, one)
    number = curve_number(store, "alpha_2019/old", "median", tolerance=0.05)
    p = found.parameters["x"]
    assert np.log(p.draws).std() == pytest.approx(number.number.std_error, rel=0.02)
    shares = variance_by_layer(np.log(p.draws), found.layers(), 0.0)
    assert 0.02 < number.added_share < 0.9
    assert shares["digitising"] == pytest.approx(number.added_share, abs=0.02)
    assert np.corrcoef(p.layers["sampling"], p.layers["digitising"])[0, 1] == pytest.approx(0.0, abs=0.06)
    np.testing.assert_allclose(np.exp(sum(p.layers.values())), p.draws)


def test_proportions_and_hazard_ratios_of_curves_are_parameters(store, arms):
    from tests.helpers.reconstruction_truth import curve_at

    share = drawn(store, spec(scale="proportion", time=12.0, tau_scale=1e-6)).draws()["x"]
    assert np.median(share) == pytest.approx(
        float(curve_at(np.array([12.0]), arms[0].time, arms[0].event)[0]), abs=0.02
    )
    ratio = drawn(
        store,
        spec(scale="hazard_ratio", curves=("alpha_2019/new",), control=("alpha_2019/old",), tau_scale=1e-6),
    ).draws()["x"]
    truth = log_hazard_ratio(*((a.time, a.event, a.entry) for a in arms))
    assert np.log(np.median(ratio)) == pytest.approx(truth, abs=0.03)


def test_a_parameter_of_curves_needs_them(store):
    with pytest.raises(ScenarioError, match="no evidence with curves"):
        parameterise({"x": spec()}, store.estimate, draws=10, seed=1, time_unit="months", scenario="s")
    for wrong in (
        {"scale": "hazard_ratio"},
        {"time": 3.0},
        {"scale": "proportion"},
        {"control": ("alpha_2019/new",)},
    ):
        with pytest.raises(ValueError, match="needs"):
            spec(**wrong)


def test_a_curve_is_a_target_of_a_calibration(store):
    from survsim.scenario.calibration_plan import CalibrationPlan

    plan = CalibrationPlan.__new__(CalibrationPlan)
    content = type("C", (), {
        "time_unit": "months",
        "endpoints": {"os": type("E", (), {"model_dump": lambda self: {"kind": "event_free", "states": ("alive",)}})()},
        "transports": {"t": type("T", (), {"sd": 0.1, "group": "", "reason": "the same patients"})()},
    })()  # fmt: skip
    object.__setattr__(plan, "content", content)
    target = CurveTarget(curve="alpha_2019/old", time=12.0, cohort="c", endpoint="os", transport="t")
    made = plan._curve(target, store)
    own = kaplan_meier(reconstructed(store, "alpha_2019/old").surv()).survival_at(12.0).estimate[0]
    assert made.estimate == pytest.approx(np.log(own / (1 - own)), abs=0.05)
    assert made.time == 12.0


def test_other_units_are_converted(store):
    months = curve_number(store, "alpha_2019/old", "median").number
    years = curve_number(store, "alpha_2019/old", "median", time_unit="years").number
    assert months.value / years.value == pytest.approx(12.0, rel=1e-3)
    assert dataclasses.replace(months).scale == "log median"


def test_what_is_not_there_is_refused(store):
    with pytest.raises(EvidenceError, match="no curve is called"):
        reconstructed(store, "alpha_2019/nobody")
    with pytest.raises(EvidenceError, match="no curve is called"):
        reconstructed_sets(store, "x")
