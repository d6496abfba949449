"""Power, duration, assurance and value of trials of re-irradiation at progression."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

import survsim

SLUG = "06_trial_design"
READS = ("03_case_strategies", "04_pooled_evidence", "05_case_in_context")
HERE = Path(__file__).parent
SEED = 20260606


def main(*, quick: bool, results: Path, workers: int) -> None:
    """Take hazards and effect from the scenario of the index case, then design trials around them."""
    plan = survsim.report.read_yaml(HERE / "scenario.yml")
    mode = "quick" if quick else "full"
    evidence = survsim.load_evidence()
    scenario = survsim.Scenario.from_yaml(HERE.parent / "03_case_strategies" / "scenario.yml")
    effort = scenario.content.quick if quick else scenario.content.full
    # as many draws as analysis 03 takes: the same numbers stand there
    parameters = survsim.scenario.scenario_parameters(scenario, draws=effort.draws, evidence=evidence)
    ledger = survsim.Ledger(analysis=SLUG, seed=SEED, mode=mode, data_checksum=evidence.checksum)
    survsim.report.count_protocol(ledger, evidence, HERE / "protocol.yml", results)
    belief = believed_ratio(ledger, parameters, plan)
    curves = power_by_size(ledger, belief.hazards, parameters, plan, plan["replicates"][mode])
    curves.to_csv(results / "power.csv", index=False)
    implied(ledger)
    recruitment(ledger, curves, plan, results)
    believed_effect(ledger, belief, parameters, plan, plan["assurance_draws"][mode])
    worth(ledger, belief, curves, scenario, parameters, plan, effort.patients, results)
    ledger.save(results / "summary.json")


class Belief(NamedTuple):
    """Hazards of death at the centre of what is believed, and draws of the log all-cause ratio."""

    hazards: dict[str, float]
    log_ratio: np.ndarray


def believed_ratio(
    ledger: survsim.Ledger, parameters: survsim.scenario.Parameters, plan: dict[str, Any]
) -> Belief:
    """The one scale of this analysis: all-cause hazard with re-irradiation over that without, draw by draw.

    Re-irradiation acts on death of the tumour; deaths of other causes come on top in both arms and pull the ratio
    towards one. A trial of survival sees this ratio and no other.
    """
    draws, names = parameters.draws(), plan["parameters"]
    tumour, other = (sum(draws[n] for n in names[k]) for k in ("tumour_death", "other_death"))
    ratio = np.prod([draws[n] for n in names["tumour_death_ratio"]], axis=0)
    for name in (n for group in names.values() for n in group):
        low, middle, high = np.quantile(draws[name], [0.025, 0.5, 0.975])
        ledger.record(f"parameter.{name}", middle, conf_low=low, conf_high=high, provenance=parameters)
    all_cause = (tumour * ratio + other) / (tumour + other)
    for key, values in (("hazard_ratio", all_cause), ("hazard_ratio.tumour_death", ratio)):
        low, middle, high = np.quantile(values, [0.025, 0.5, 0.975])
        ledger.record(key, middle, conf_low=low, conf_high=high, provenance=parameters)
    ledger.record("hazard_ratio.harmful", float((all_cause > 1).mean()), provenance=parameters)
    control = float(np.median(tumour + other))
    hazards = {"control": control, "treated": control * float(np.median(all_cause))}
    for arm, rate in hazards.items():
        ledger.record(f"hazard.{arm}", rate, unit="per month", provenance=parameters)
        ledger.record(f"median.{arm}", np.log(2) / rate, unit="months", provenance=parameters)
    return Belief(hazards, np.log(all_cause))


def implied(ledger: survsim.Ledger) -> None:
    """The ratio that the patient model of report 03 implies for re-irradiation as it is given, and what it costs in deaths.

    The ratio of this analysis acts on everybody from the first day. In the model irradiation begins weeks after progression
    and may not be completed, and those whose tumours are slow live longer in both arms: what a trial sees is nearer to one.
    The deaths that a log-rank test needs go with one over the squared logarithm (Schoenfeld 1981, Biometrika 68:316).
    """
    path = HERE.parent / "03_case_strategies" / "results" / "summary.json"
    there, key = survsim.Ledger.load(path), "next.implied_ratio.as_declared"
    told = there.numbers[key]
    ledger.record(
        "hazard_ratio.implied", told.value, conf_low=told.conf_low, conf_high=told.conf_high,
        provenance=there.provenance(key),
    )  # fmt: skip
    both = [np.log(ledger.numbers[name].value) for name in ("hazard_ratio", "hazard_ratio.implied")]
    step = survsim.Provenance.of(
        "schoenfeld_deaths", ledger.provenance("hazard_ratio"), ledger.provenance("hazard_ratio.implied")
    )
    ledger.record("deaths_times", float((both[0] / both[1]) ** 2), provenance=step)


def trial(hazards: dict[str, float], plan: dict[str, Any], n: int, **changes: Any) -> survsim.TrialDesign:
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
    plan: dict[str, Any],
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
        fixed = survsim.simulate_trials(base, replicates=replicates, seed=SEED)
        looks = trial(hazards, plan, n, looks=thirds(fixed.n_event))
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
                {
                    "design": name,
                    "n": n,
                    "power": share,
                    "mc_std_error": error,
                    "n_event": found.n_event,
                    "last_look": max(design.looks, default=np.nan),
                    "duration": found.duration,
                }
            )
        step = survsim.Provenance.of("trial_power", fixed, parameters)
        ledger.record(f"events.fixed.{n}", fixed.n_event, unit="deaths", provenance=step)
        ledger.record(f"events.last_look.{n}", looks.looks[-1], unit="deaths", provenance=step)
    return pd.DataFrame(rows)


def thirds(events: float) -> tuple[int, ...]:
    """Looks after a third, two thirds and all of the deaths on which the design without looks ends on average."""
    last = round(events)
    return tuple(round(last * k / 3) for k in (1, 2, 3))


def recruitment(ledger: survsim.Ledger, curves: pd.DataFrame, plan: dict[str, Any], results: Path) -> None:
    """Years to recruit the smallest two-arm trial with 80% power, under each assumption of recruitment."""
    two = curves[curves["design"] == "two arms, log-rank"].sort_values("n")
    step = survsim.Provenance.of("interpolate_power", "assumption:trial_design/recruitment")
    needed = float(np.interp(0.8, two["power"], two["n"], right=np.inf))
    ledger.record("patients_for_80", needed, provenance=step, note="no simulated size reaches 80% power")
    rows = []
    for name, rate in plan["recruitment"].items():
        years = needed / rate["per_month"] / 12
        ledger.record(
            f"years.{name.replace(' ', '_')}",
            years,
            unit="years",
            provenance=step,
            note="no simulated size is large enough",
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
    belief: Belief,
    parameters: survsim.scenario.Parameters,
    plan: dict[str, Any],
    draws: int,
) -> None:
    """Assurance: power averaged over what is believed of the effect."""
    effect = belief.log_ratio[:draws]
    for n in (plan["sizes"][1], plan["sizes"][-1]):
        sure, error = survsim.assurance(trial(belief.hazards, plan, n), effect, replicates=100, seed=SEED)
        step = survsim.Provenance.of("assurance", parameters, n=n)
        ledger.record(f"assurance.{n}", sure, mc_std_error=error, provenance=step)


def worth(
    ledger: survsim.Ledger,
    belief: Belief,
    curves: pd.DataFrame,
    scenario: survsim.Scenario,
    parameters: survsim.scenario.Parameters,
    plan: dict[str, Any],
    patients: int,
    results: Path,
) -> None:
    """Expected value of the trial's answer for the decision of analysis 03, in months of life a patient."""
    simulation = survsim.simulate(scenario, patients=patients, parameters=parameters)
    decision = simulation.decision(scenario.content.outcomes.decision_tau)
    noise = np.random.default_rng(SEED).standard_normal(belief.log_ratio.size)
    deaths = curves[curves["design"] == "two arms, log-rank"].set_index("n")["n_event"]
    step = survsim.Provenance.of("evsi", decision, parameters)
    pair = [decision.strategies.index(name) for name in plan["pair"]]
    rows = []
    for n in plan["sizes"]:
        error = 2 / np.sqrt(deaths[n])  # of a log hazard ratio between equal arms
        value = survsim.simulation.evsi(decision.by_draw, belief.log_ratio, error, noise)
        alone = survsim.simulation.evsi(decision.by_draw[pair], belief.log_ratio, error, noise)
        ledger.record(f"evsi.{n}", value, unit="months", provenance=step)
        ledger.record(f"evsi_pair.{n}", alone, unit="months", provenance=step)
        rows.append({"n": n, "evsi_pair": alone, "evsi": value})
    pd.DataFrame(rows).to_csv(results / "evsi.csv", index=False)
