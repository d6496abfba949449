"""Power, duration, assurance and value of trials of re-irradiation at progression."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

import survsim

SLUG = "06_trial_design"
HERE = Path(__file__).parent
SEED = 20260606


def main(*, quick: bool, results: Path, workers: int) -> None:
    """Take hazards and effect from the scenario of the index case, then design trials around them."""
    plan = survsim.report.read_yaml(HERE / "scenario.yml")
    mode = "quick" if quick else "full"
    evidence = survsim.load_evidence()
    scenario = survsim.Scenario.from_yaml(HERE.parent / "03_case_strategies" / "scenario.yml")
    parameters = survsim.scenario.scenario_parameters(
        scenario, draws=plan["effort"][mode]["draws"], evidence=evidence
    )
    ledger = survsim.Ledger(analysis=SLUG, seed=SEED, mode=mode, data_checksum=evidence.checksum)
    hazards = arm_hazards(ledger, parameters)
    curves = power_by_size(ledger, hazards, parameters, plan, plan["replicates"][mode])
    curves.to_csv(results / "power.csv", index=False)
    recruitment(ledger, curves, plan, results)
    believed_effect(ledger, hazards, parameters, plan, plan["assurance_draws"][mode])
    worth(ledger, scenario, parameters, plan, plan["effort"][mode]["patients"], results)
    ledger.save(results / "summary.json")


def arm_hazards(ledger: survsim.Ledger, parameters: survsim.scenario.Parameters) -> dict[str, float]:
    """Median hazards of death after progression with and without re-irradiation, per month."""
    draws = parameters.draws()
    tumour, other = draws["tumour_death_rate"], draws["other_death_rate_progressed"]
    found = {
        "control": float(np.median(tumour + other)),
        "treated": float(np.median(tumour * draws["hr_reirradiation"] + other)),
    }
    for arm, rate in found.items():
        ledger.record(f"hazard.{arm}", rate, unit="per month", provenance=parameters)
        ledger.record(f"median.{arm}", np.log(2) / rate, unit="months", provenance=parameters)
    ledger.record("hazard_ratio", found["treated"] / found["control"], provenance=parameters)
    return found


def trial(hazards: dict[str, float], plan: dict, n: int, **changes: object) -> survsim.TrialDesign:
    """The two-arm trial of size n; recruitment is fast here, its length is added later."""
    arms = {
        arm: survsim.distributions.Exponential(rate=rate, time_unit="months") for arm, rate in hazards.items()
    }
    given = {"n": n, "accrual_rate": n / 24, "follow_up": plan["follow_up_months"]}
    return survsim.TrialDesign(**arms, dropout_rate=plan["dropout_per_month"], **(given | changes))


def power_by_size(
    ledger: survsim.Ledger,
    hazards: dict[str, float],
    parameters: survsim.scenario.Parameters,
    plan: dict,
    replicates: int,
) -> pd.DataFrame:
    """Share of trials that find a difference, by design and size, and the error of a wrong external control."""
    log_control = np.log(hazards["control"])
    earlier = plan["control_prior"]
    prior = survsim.map_prior(
        [log_control] * earlier["studies"],
        [earlier["std_error"]] * earlier["studies"],
        tau_scale=earlier["tau_scale"],
        source="assumption:trial_design/control_prior",
    )
    wrong = survsim.distributions.Exponential(
        rate=hazards["control"] * plan["control_error"]["factor"], time_unit="months"
    )
    right = survsim.distributions.Exponential(rate=hazards["control"], time_unit="months")
    rows = []
    for n in plan["sizes"]:
        base = trial(hazards, plan, n)
        events = round(plan["event_share"] * n)
        looks = trial(hazards, plan, n, looks=(events // 3, 2 * events // 3, events))
        moving = trial(hazards, plan, n, allocation="response_adaptive")
        single = trial(hazards, plan, n, treated_share=1.0)
        idle = trial(
            {"control": hazards["control"], "treated": hazards["control"]}, plan, n, treated_share=1.0
        )
        runs = [
            ("two arms, log-rank", base, {}),
            ("three looks", looks, {}),
            ("response-adaptive", moving, {}),
            ("control borrowed", base, {"analyses": ("borrowing",), "prior": prior}),
            ("single arm, true control known", single, {"analyses": ("external",), "external": right}),
            ("single arm, no effect, wrong control", idle, {"analyses": ("external",), "external": wrong}),
        ]
        for name, design, options in runs:
            found = survsim.simulate_trials(design, replicates=replicates, seed=SEED, **options)
            key = name.replace(",", "").replace(" ", "_").replace("-", "_")
            share, error = float(found.rejected[0]), float(found.mc_std_error[0])
            step = survsim.Provenance.of("trial_power", found, parameters)
            ledger.record(f"power.{key}.{n}", share, mc_std_error=error, provenance=step)
            rows.append(
                {"design": name, "n": n, "power": share, "mc_std_error": error, "n_event": found.n_event}
            )
    return pd.DataFrame(rows)


def recruitment(ledger: survsim.Ledger, curves: pd.DataFrame, plan: dict, results: Path) -> None:
    """Years to recruit the smallest two-arm trial with 80% power, under each assumption of recruitment."""
    two = curves[curves["design"] == "two arms, log-rank"].sort_values("n")
    step = survsim.Provenance.of("interpolate_power", "assumption:trial_design/recruitment")
    needed = float(np.interp(0.8, two["power"], two["n"], right=np.inf))
    ledger.record("patients_for_80", needed, provenance=step, note="no simulated size reaches 80% power")
    rows = []
    for name, rate in plan["recruitment"].items():
        years = needed / rate["per_month"] / 12
        ledger.record(
            f"years.{name.replace(' ', '_')}", years, unit="years", provenance=step, note="not feasible"
        )
        rows.append(
            {
                "recruitment": name,
                "per_year": 12 * rate["per_month"],
                "years": years,
                "reason": rate["reason"],
            }
        )
    pd.DataFrame(rows).to_csv(results / "recruitment.csv", index=False)


def believed_effect(
    ledger: survsim.Ledger,
    hazards: dict[str, float],
    parameters: survsim.scenario.Parameters,
    plan: dict,
    draws: int,
) -> None:
    """Assurance: power averaged over what is believed of the effect."""
    effect = np.log(parameters.draws()["hr_reirradiation"][:draws])
    for n in (plan["sizes"][1], plan["sizes"][-1]):
        sure, error = survsim.assurance(trial(hazards, plan, n), effect, replicates=100, seed=SEED)
        step = survsim.Provenance.of("assurance", parameters, n=n)
        ledger.record(f"assurance.{n}", sure, mc_std_error=error, provenance=step)


def worth(
    ledger: survsim.Ledger,
    scenario: survsim.Scenario,
    parameters: survsim.scenario.Parameters,
    plan: dict,
    patients: int,
    results: Path,
) -> None:
    """Expected value of the trial's answer for the decision of analysis 03, in months of life a patient."""
    simulation = survsim.simulate(scenario, patients=patients, parameters=parameters)
    decision = simulation.decision(scenario.content.outcomes.decision_tau)
    log_ratio = np.log(parameters.draws()["hr_reirradiation"])
    noise = np.random.default_rng(SEED).standard_normal(log_ratio.size)
    step = survsim.Provenance.of("evsi", decision, parameters)
    pair = [decision.strategies.index(f"surgery_radiotherapy{end}") for end in ("", "_reirradiation")]
    rows = []
    for n in plan["sizes"]:
        error = 2 / np.sqrt(plan["event_share"] * n)
        value = survsim.simulation.evsi(decision.by_draw, log_ratio, error, noise)
        alone = survsim.simulation.evsi(decision.by_draw[pair], log_ratio, error, noise)
        ledger.record(f"evsi.{n}", value, unit="months", provenance=step)
        ledger.record(f"evsi_pair.{n}", alone, unit="months", provenance=step)
        rows.append({"n": n, "evsi_pair": alone, "evsi": value})
    pd.DataFrame(rows).to_csv(results / "evsi.csv", index=False)
