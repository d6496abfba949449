"""Calibrate the course of the disease, simulate from surgery and from progression, and write down every number."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import survsim

SLUG = "03_case_strategies"
READS = ("04_pooled_evidence",)
TURNED = "hr_antiangiogenic"
FOLDER = Path(__file__).parent
WITHOUT = {
    "spinal_glioma": "calibrated without gliomas of the cord",
    "spread_solid_tumour": "calibrated without spread of other solid tumours",
    "published_case": "calibrated without the single published cases",
}
"""Groups of targets that are left out one at a time."""
OTHERWISE = {
    "joint_model_used": ("the joint model's prediction used as a target", {"predictions": "fit"}),
    "shares_least": ("assumed shares of treated patients at their least", {"assumed": "least"}),
    "shares_most": ("assumed shares of treated patients at their most", {"assumed": "most"}),
}
"""Calibrations with something else assumed."""
FROM_PROGRESSION = (
    "second_control", "performance_status_acts", "respiratory_by_level", "withdrawal_takes_weeks", "walking_regained",
    "utilities_of_one_instrument", "effects_while_on", "effects_always", "no_reirradiation_effect",
    "reirradiation_does_nothing", "much_frailty",
)  # fmt: skip
"""Structural alternatives that are asked from her progression too."""
NOT_ON_SURVIVAL = ("utility", "not_walking", "progressed_share", "p_walks", "walking_loss", "hr_walking", "p_withdrawal", "respiratory_share")  # fmt: skip
"""How the names of parameters begin that say how patients live or of what they die, not how long."""
SHORT = {
    "surgery_alone": "S", "surgery_radiotherapy": "S+R", "surgery_radiotherapy_chemotherapy": "S+R+C",
    "surgery_radiotherapy_reirradiation": "S+R+2R", "surgery_radiotherapy_chemotherapy_reirradiation": "S+R+C+2R",
    "as_treated": "as treated", "early_immunotherapy": "early drugs",
}  # fmt: skip
"""Strategies in a few letters, for wide tables."""
VALUES = {"survival_time": "alive", "time_in/walking": "walking", "quality_adjusted_time": "quality"}
"""Months of what, and how the ledger calls them."""
INTERVAL = 3.6
"""Months from the end of the first course to the second in the index patient, from the assumed dates."""


def main(*, quick: bool, results: Path, workers: int) -> None:
    """Calibrate, draw parameters, simulate both questions, and ask what the answers hang on."""
    evidence = survsim.load_evidence()
    scenario = survsim.Scenario.from_yaml(FOLDER / "scenario.yml")
    next_step = survsim.Scenario.from_yaml(FOLDER / "next_step.yml")
    effort = scenario.content.quick if quick else scenario.content.full
    execution = survsim.Execution(executor="processes" if workers > 1 else "local", workers=workers)
    plan = survsim.scenario.read_calibration(scenario.calibration_path)
    size = 400 if quick else None
    calibration = plan.run(evidence, size=size, workers=2)
    unbiased = plan.run(evidence, size=size, bias=False, workers=2)
    others = {"bias_left_out": ("declared biases left out", unbiased)}
    for group, label in {} if quick else WITHOUT.items():
        others[f"without_{group}"] = (label, plan.run(evidence, without=[group], workers=2))
    for name, (label, choice) in {} if quick else OTHERWISE.items():
        others[name] = (label, plan.run(evidence, workers=2, **choice))
    ledger = survsim.Ledger(
        analysis=SLUG,
        seed=scenario.content.seed,
        mode="quick" if quick else "full",
        data_checksum=evidence.checksum,
    )
    case = survsim.Provenance.of("as_printed", "cases:index_case")
    ledger.record("index_case.survival", case_survival(evidence), unit="months", provenance=case)
    record_calibration(ledger, calibration, results)
    parameters = survsim.scenario.scenario_parameters(
        scenario, draws=effort.draws, evidence=evidence, calibration=calibration
    )
    simulation = survsim.simulate(
        scenario, patients=effort.patients, parameters=parameters, execution=execution
    )
    record_parameters(ledger, parameters)
    record_outcomes(ledger, simulation, scenario)
    decision = simulation.decision(scenario.content.outcomes.decision_tau)
    record_decision(ledger, decision)
    record_values(ledger, simulation, 24.0, scenario.content.outcomes.reference, results / "values.csv")
    record_information(ledger, decision, parameters, scenario, results)
    record_harm(ledger, simulation, scenario, parameters, results)
    simulation.save(results / "simulation")
    parameters.save(results / "parameters.csv")
    record_next_step(ledger, next_step, calibration, effort, execution, evidence, results)
    record_structure(ledger, scenario, calibration, others, execution, evidence, results, quick=quick)
    record_next_structure(ledger, next_step, calibration, others, execution, evidence, results, quick=quick)
    shutil.copy(FOLDER / "course.csv", results / "course.csv")
    ledger.save(results / "summary.json")


def record_calibration(
    ledger: survsim.Ledger, calibration: survsim.calibration.EvidenceCalibration, results: Path
) -> None:
    """Each parameter before and after, and how the targets stand to the predictions."""
    calibration.save(results / "calibration.json")
    frame = calibration.to_frame()
    rows = [", ".join(calibration.informed_by.get(name, ())) or "none" for name in frame["parameter"]]
    frame.assign(rows=[r.replace("estimates:", "").replace("cases:", "case ") for r in rows]).to_csv(
        results / "calibrated.csv", index=False
    )
    calibration.checks.save(results / "targets.json")
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


def record_harm(
    ledger: survsim.Ledger,
    simulation: survsim.simulation.SimulationResult,
    scenario: survsim.Scenario,
    parameters: survsim.scenario.Parameters,
    results: Path,
) -> None:
    """Deaths by cause, the dose to the cord of those irradiated, and the index patient's own cord."""
    deaths = survsim.simulation.deaths_by_cause(simulation)
    deaths.save(results / "deaths.json")
    at_two_years = deaths.to_frame().query("time == 24")
    shares = at_two_years.assign(strategy=at_two_years["strategy"].map(SHORT))
    shares.pivot(index="cause", columns="strategy", values="estimate")[list(SHORT.values())].to_csv(
        results / "deaths.csv"
    )
    for row in at_two_years.itertuples():
        ledger.record(
            f"deaths_24.{row.cause}.{row.strategy}", row.estimate, conf_low=row.conf_low, conf_high=row.conf_high,
            mc_std_error=row.mc_std_error, provenance=deaths,
        )  # fmt: skip
    doses = survsim.radiotherapy.cord_doses(simulation).to_frame()
    doses["strategy"] = doses["strategy"].map(dict(zip(simulation.strategies, simulation.labels)))
    doses.to_csv(results / "cord_doses.csv", index=False)
    model = scenario.model(parameters.draws())
    criteria = survsim.radiotherapy.cord_criteria(model, "as_treated", interval=INTERVAL)
    criteria.to_frame().to_csv(results / "cord_criteria.csv", index=False)
    own = survsim.Provenance.of("eqd2", "case_timeline:index_case")
    dose = survsim.radiotherapy.eqd2(44.0, 22, alpha_beta=2.0) + survsim.radiotherapy.eqd2(
        20.0, 10, alpha_beta=2.0
    )
    ledger.record("index_case.cord_eqd2", float(dose), unit="Gy", provenance=own)
    ledger.record("index_case.cord_bed", float(2.0 * dose), unit="Gy", provenance=own)
    assumed = survsim.Provenance.of("counted_back", "assumption:case_strategies/reirradiation_delay")
    ledger.record("index_case.interval", INTERVAL, unit="months", provenance=assumed)
    for name, risk in survsim.radiotherapy.myelopathy_risk(64.0, 32).items():
        ledger.record(f"index_case.myelopathy.{name}", risk, provenance=own)


def record_next_step(
    ledger: survsim.Ledger,
    scenario: survsim.Scenario,
    calibration: survsim.calibration.EvidenceCalibration,
    effort: object,
    execution: survsim.Execution,
    evidence: survsim.evidence.EvidenceStore,
    results: Path,
) -> None:
    """From her progression on: what each next step could be expected to add."""
    parameters = survsim.scenario.scenario_parameters(
        scenario, draws=effort.draws, evidence=evidence, calibration=calibration
    )
    simulation = survsim.simulate(
        scenario,
        patients=effort.patients,
        parameters=parameters,
        execution=execution,
        history="at_progression",
    )
    simulation.save(results / "next_step")
    low, middle, high = np.quantile(implied_ratio(simulation), [0.025, 0.5, 0.975])
    ledger.record(
        "next.implied_ratio.as_declared", middle, conf_low=low, conf_high=high, provenance=simulation
    )
    for tau in scenario.content.outcomes.tau:
        paired = simulation.compare().to_frame().query(f"measure == 'survival_time@{tau:g}'")
        for row in paired.itertuples():
            ledger.record(
                f"next.gain_{tau:g}.{row.strategy}", row.difference, conf_low=row.conf_low, conf_high=row.conf_high,
                mc_std_error=row.mc_std_error, unit=scenario.time_unit, provenance=simulation,
            )  # fmt: skip
    decision = simulation.decision(scenario.content.outcomes.decision_tau)
    best = decision.strategies.index(decision.best)
    ledger.record("next.favoured", decision.labels[best], provenance=decision)
    for row in decision.to_frame().itertuples():
        ledger.record(
            f"next.months.{row.strategy}", row.expected, conf_low=row.conf_low, conf_high=row.conf_high,
            mc_std_error=row.mc_std_error, unit=scenario.time_unit, provenance=decision,
        )  # fmt: skip
        ledger.record(f"next.p_best.{row.strategy}", row.probability_best, provenance=decision)
        ledger.record(
            f"next.loss.{row.strategy}", row.expected_regret, unit=scenario.time_unit, provenance=decision
        )
    record_values(
        ledger, simulation, 12.0, scenario.content.outcomes.reference, results / "next_values.csv", prefix="next."
    )  # fmt: skip
    alive = simulation.measure("alive", 5.0)
    for name, value, low, high in zip(simulation.strategies, alive.estimate, alive.conf_low, alive.conf_high):
        ledger.record(f"next.alive_5.{name}", value, conf_low=low, conf_high=high, provenance=simulation)


def record_structure(
    ledger: survsim.Ledger,
    scenario: survsim.Scenario,
    calibration: survsim.calibration.EvidenceCalibration,
    others: dict[str, tuple[str, survsim.calibration.EvidenceCalibration]],
    execution: survsim.Execution,
    evidence: survsim.evidence.EvidenceStore,
    results: Path,
    *,
    quick: bool,
) -> None:
    """The answer under every structural alternative, and one parameter at a time at its ends, on the same patients."""
    # the draws of the answer itself: with fewer, the row "as declared" could put another strategy first
    sizes = {"patients": 1024, "draws": 20} if quick else {"patients": 128, "draws": scenario.content.full.draws}  # fmt: skip
    table = survsim.scenario.structural_sensitivity(
        scenario, taus=[12.0, 24.0, 60.0], calibration=calibration, recalibrated=others, execution=execution,
        evidence=evidence, **sizes,
    )  # fmt: skip
    table.save(results / "structure.json")
    for row in table.to_frame().query("tau == 24").itertuples():
        ledger.record(
            f"structure.{row.alternative}.{row.strategy}", row.gain, conf_low=row.gain_low, conf_high=row.gain_high,
            mc_std_error=row.gain_error, unit=scenario.time_unit, provenance=table,
        )  # fmt: skip
        for name in ("rank", "probability_best", "quality_gain", "time_in_walking"):
            ledger.record(
                f"structure.{row.alternative}.{row.strategy}.{name}", getattr(row, name), provenance=table
            )
    record_first(ledger, table, "structure.", first=24.0, first_12=12.0)
    frame = table.to_frame()
    ranks = frame.query("tau == 24").pivot(index="label", columns="strategy", values="rank")
    ranks.reindex(list(table.labels))[list(SHORT)].rename(columns=SHORT).to_csv(results / "ranks.csv")
    horizons(frame, table.labels).to_csv(results / "horizons.csv", index=False)
    bars = survsim.scenario.one_way_runs(
        scenario, strategy="early_immunotherapy", calibration=calibration, execution=execution, evidence=evidence,
        patients=sizes["patients"], draws=sizes["draws"] // 3,
        names=[n for n, p in scenario.content.parameters.items() if moves(n, p)],
    )  # fmt: skip
    bars.save(results / "one_way.json")
    for name, low, high in zip(bars.names, bars.gain_low, bars.gain_high):
        ledger.record(f"one_way.{name}.low", low, unit=bars.unit, provenance=bars)
        ledger.record(f"one_way.{name}.high", high, unit=bars.unit, provenance=bars)


def record_first(ledger: survsim.Ledger, table: Any, prefix: str, **horizons: float) -> None:
    """Under how many structures each strategy comes first, and of how many."""
    for word, tau in horizons.items():
        for name, number in table.first(tau).items():
            ledger.record(f"{prefix}{word}.{name}", number, provenance=table)
    ledger.record(f"{prefix}structures", len(table.votes), provenance=table)


def horizons(frame: pd.DataFrame, labels: tuple[str, ...]) -> pd.DataFrame:
    """The favoured strategy against surgery alone at each horizon, with P(best) and rank, one structure a row."""
    mine = frame[frame["strategy"] == "early_immunotherapy"].set_index(["label", "tau"])
    columns = {
        "gain": "gain",
        "gain_low": "low",
        "gain_high": "high",
        "probability_best": "best",
        "rank": "rank",
    }
    made = {
        f"{word}_{tau:g}": mine.xs(tau, level="tau")[name]
        for tau in (12.0, 24.0, 60.0)
        for name, word in columns.items()
        if word not in ("low", "high") or tau == 24.0
    }
    return pd.DataFrame(made).reindex(list(labels)).reset_index()


def implied_ratio(simulation: survsim.simulation.SimulationResult) -> np.ndarray:
    """Ratio of the cumulative hazards of death to six months, re-irradiation against supportive care, by draw."""
    alive = dict(zip(simulation.strategies, simulation.measure("alive", 6.0).by_draw))
    kept = (alive["supportive_care"] > 0) & (alive["reirradiation_alone"] > 0)
    return np.log(alive["reirradiation_alone"][kept]) / np.log(alive["supportive_care"][kept])


def moves(name: str, one: Any) -> bool:
    """Whether a parameter varies by itself and may change how long patients live."""
    fixed = getattr(getattr(one, "distribution", None), "law", "") == "fixed"
    return one.source != "derived" and not fixed and not name.startswith(NOT_ON_SURVIVAL)


def record_next_structure(
    ledger: survsim.Ledger,
    scenario: survsim.Scenario,
    calibration: survsim.calibration.EvidenceCalibration,
    others: dict[str, tuple[str, survsim.calibration.EvidenceCalibration]],
    execution: survsim.Execution,
    evidence: survsim.evidence.EvidenceStore,
    results: Path,
    *,
    quick: bool,
) -> None:
    """The answer from her progression under the structures that may turn it."""
    table = survsim.scenario.structural_sensitivity(
        scenario, alternatives=FROM_PROGRESSION, calibration=calibration, recalibrated=others, execution=execution, evidence=evidence,
        history="at_progression", patients=1024 if quick else 128, draws=20 if quick else scenario.content.full.draws,
    )  # fmt: skip
    table.save(results / "next_structure.json")
    record_first(ledger, table, "next.structure.", first=scenario.content.outcomes.decision_tau)
    second = scenario.overridden("second_control")
    drawn = survsim.scenario.scenario_parameters(
        second, draws=20 if quick else scenario.content.full.draws, evidence=evidence, calibration=calibration
    )
    acted = survsim.simulate(
        second, patients=1024 if quick else 128, parameters=drawn, history="at_progression"
    )
    low, middle, high = np.quantile(implied_ratio(acted), [0.025, 0.5, 0.975])
    ledger.record("next.implied_ratio.second_control", middle, conf_low=low, conf_high=high, provenance=acted)
    columns = ["label", "strategy", "gain", "gain_low", "gain_high", "probability_best", "rank", "quality_gain", "time_in_walking"]  # fmt: skip
    shown = table.to_frame().query(f"tau == {scenario.content.outcomes.decision_tau}")
    chosen = shown[shown["strategy"].isin(["reirradiation_alone", "reirradiation_drugs"])]
    names = dict(zip(table.strategies, (s.label for s in scenario.strategies)))
    chosen[columns].assign(strategy=chosen["strategy"].map(names)).to_csv(
        results / "next_structure.csv", index=False
    )
    at = table.to_frame().query(f"tau == {scenario.content.outcomes.decision_tau}")
    for row in at.itertuples():
        ledger.record(
            f"next.structure.{row.alternative}.{row.strategy}", row.gain, conf_low=row.gain_low, conf_high=row.gain_high,
            mc_std_error=row.gain_error, unit=scenario.time_unit, provenance=table,
        )  # fmt: skip
        for name in ("rank", "probability_best", "quality_gain", "time_in_walking"):
            ledger.record(
                f"next.structure.{row.alternative}.{row.strategy}.{name}",
                getattr(row, name),
                provenance=table,
            )


def record_values(
    ledger: survsim.Ledger,
    simulation: survsim.simulation.SimulationResult,
    tau: float,
    reference: str,
    path: Path,
    prefix: str = "",
) -> None:
    """Months alive, walking and quality-adjusted of each strategy, each with its interval, gain and P(best)."""
    rows = []
    against = simulation.strategies.index(reference)
    for outcome, word in VALUES.items():
        decision = simulation.decision(tau, outcome=outcome)
        gain = decision.by_draw - decision.by_draw[against]
        low, high = np.quantile(gain, [0.025, 0.975], axis=1)
        frame = decision.to_frame().assign(label=decision.labels, outcome=word, gain=gain.mean(axis=1))
        rows.append(frame.assign(gain_low=low, gain_high=high))
        for row in rows[-1].itertuples():
            ledger.record(
                f"{prefix}{word}.{row.strategy}", row.expected, conf_low=row.conf_low, conf_high=row.conf_high,
                mc_std_error=row.mc_std_error, unit="months", provenance=decision,
            )  # fmt: skip
            ledger.record(
                f"{prefix}{word}_gain.{row.strategy}", row.gain, conf_low=row.gain_low, conf_high=row.gain_high,
                unit="months", provenance=decision,
            )  # fmt: skip
            ledger.record(f"{prefix}{word}_best.{row.strategy}", row.probability_best, provenance=decision)
    pd.concat(rows).to_csv(path, index=False)


def case_survival(evidence: survsim.evidence.EvidenceStore) -> float:
    """The printed survival of the index case, in months."""
    cases = evidence.cases().set_index("case_id")
    return float(cases.loc["index_case", "survival_from_cns_months"])


def record_parameters(ledger: survsim.Ledger, parameters: survsim.scenario.Parameters) -> None:
    """Each parameter with its interval and its rows, and how many come from where."""
    for p in parameters.parameters.values():
        low, middle, high = np.quantile(p.draws, [0.025, 0.5, 0.975])
        ledger.record(
            f"parameter.{p.name}", middle, unit=p.unit, conf_low=low, conf_high=high, provenance=p.provenance
        )
    for kind, number in parameters.share_by_source().items():
        ledger.record(f"parameters.{kind}", number, provenance=parameters)


def record_outcomes(
    ledger: survsim.Ledger, simulation: survsim.simulation.SimulationResult, scenario: survsim.Scenario
) -> None:
    """Means of every measure, medians, and differences from the reference, by strategy."""
    for row in simulation.to_frame().itertuples():
        at = "" if np.isnan(row.time) else f"_{row.time:g}"
        ledger.record(
            f"{row.measure}{at}.{row.strategy}",
            row.estimate,
            conf_low=row.conf_low,
            conf_high=row.conf_high,
            mc_std_error=row.mc_std_error,
            unit=scenario.time_unit if row.measure.endswith("_time") else "",
            provenance=simulation,
        )
    for row in simulation.medians().itertuples():
        ledger.record(
            f"median.{row.strategy}",
            row.estimate,
            conf_low=row.conf_low,
            conf_high=row.conf_high,
            mc_std_error=row.mc_std_error,
            unit=scenario.time_unit,
            note="" if np.isfinite(row.estimate) else "not reached within the horizon",
            provenance=simulation,
        )
    comparison = simulation.compare(scenario.content.outcomes.reference)
    paired = comparison.to_frame()
    for row in paired[paired["measure"].str.startswith("survival_time@")].itertuples():
        tau = row.measure.partition("@")[2]
        ledger.record(
            f"gain_{tau}.{row.strategy}",
            row.difference,
            conf_low=row.conf_low,
            conf_high=row.conf_high,
            mc_std_error=row.mc_std_error,
            unit=scenario.time_unit,
            provenance=comparison,
        )
        if row.strategy != comparison.reference:
            ledger.record(f"pairing_{tau}.{row.strategy}", row.variance_reduction, provenance=comparison)


def record_decision(ledger: survsim.Ledger, decision: survsim.simulation.Decision) -> None:
    """Which strategy is best in expectation, how often it is best, what a wrong choice costs."""
    best = decision.strategies.index(decision.best)
    ledger.record("decision.best", decision.labels[best], provenance=decision)
    ledger.record("decision.p_best", decision.probability_best[best], provenance=decision)
    for row in decision.to_frame().itertuples():
        ledger.record(f"p_best.{row.strategy}", row.probability_best, provenance=decision)
        ledger.record(
            f"regret.{row.strategy}", row.expected_regret, unit=decision.time_unit, provenance=decision
        )


def record_information(
    ledger: survsim.Ledger,
    decision: survsim.simulation.Decision,
    parameters: survsim.scenario.Parameters,
    scenario: survsim.Scenario,
    results: Path,
) -> None:
    """Value of information, one-way sensitivity, and the spread of the gain by layer of uncertainty."""
    pd.DataFrame(parameters.independent()).to_parquet(results / "draws.parquet", index=False)
    worth = decision.value_of_information(parameters)
    ledger.record("evpi", worth.evpi, unit=worth.unit, mc_std_error=worth.evpi_std_error, provenance=worth)
    for name, value in zip(worth.names, worth.evppi):
        ledger.record(f"evppi.{name}", value, unit=worth.unit, provenance=worth)
    worth.save(results / "value_of_information.csv")
    reference = scenario.content.outcomes.reference
    turn = decision.threshold(parameters, TURNED)
    ledger.record(
        f"threshold.{TURNED}",
        turn.turns_at[-1] if turn.turns_at.size else float("nan"),
        note="the decision does not turn within the drawn range",
        provenance=turn,
    )
    shares = decision.variance_by_layer(parameters, reference=reference)
    step = survsim.Provenance.of("variance_by_layer", decision, parameters)
    for layer, share in shares.items():
        ledger.record(f"layer.{layer.replace(' ', '_')}", share, provenance=step)
    pd.DataFrame({"layer": list(shares), "share": list(shares.values())}).to_csv(
        results / "layers.csv", index=False
    )
