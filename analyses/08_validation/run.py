"""Hold the case model against closed forms, published numbers it did not use, single patients, and another model."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import survsim

SLUG = "08_validation"
READS = ("03_case_strategies", "04_pooled_evidence")
HERE = Path(__file__).parent
PLAN = survsim.report.read_yaml(HERE / "scenario.yml")
MODEL = HERE.parent / PLAN["model"]
ALONE, TREATED = "surgery_alone", "as_treated"
EXPECTED = 0.95
"""Share of draws in which an estimate lies within 1.96 of its own standard errors."""


def main(*, quick: bool, results: Path, workers: int) -> None:
    """Calibrate, simulate, compare, and write every number of the report."""
    effort = PLAN["quick" if quick else "full"]
    evidence = survsim.load_evidence()
    ledger = survsim.Ledger(
        analysis=SLUG,
        seed=PLAN["seed"],
        mode="quick" if quick else "full",
        data_checksum=evidence.checksum,
    )
    scenario = survsim.Scenario.from_yaml(MODEL / "scenario.yml")
    ways(scenario).to_csv(results / "ways.csv", index=False)
    plan = survsim.scenario.read_calibration(MODEL / "calibration.yml")
    calibration = plan.run(evidence, size=effort["calibration"], workers=workers)
    parameters = survsim.scenario.scenario_parameters(
        scenario, draws=effort["draws"], evidence=evidence, calibration=calibration
    )
    draws = parameters.draws()
    made = survsim.Provenance.of("scenario", parameters, name=scenario.name)
    simulation = simulated(scenario, draws, effort, workers, made)
    closed_forms(ledger, plan, draws, simulation, effort, results)
    extremes(ledger, scenario, draws, effort, workers, made, results)
    sampler(ledger, calibration, results)
    external(ledger, plan, calibration, results)
    cross(ledger, simulation, results)
    predictive(ledger, plan, evidence, effort, workers, results)
    case = survsim.Provenance.of("as_printed", "cases:index_case")
    ledger.record("case.survival", own_survival(evidence), unit="months", provenance=case)
    items = pd.DataFrame(PLAN["items"])
    items.to_csv(results / "items.csv", index=False)
    for state in ("done", "in part", "open"):
        step = survsim.Provenance.of("count", f"assumption:{SLUG}/items")
        ledger.record(
            f"items.{state.replace(' ', '_')}", int((items["state"] == state).sum()), provenance=step
        )
    ledger.save(results / "summary.json")


def own_survival(evidence: survsim.evidence.EvidenceStore) -> float:
    """The printed survival of the index case, in months."""
    return float(evidence.cases().set_index("case_id").loc["index_case", "survival_from_cns_months"])


def ways(scenario: survsim.Scenario) -> pd.DataFrame:
    """The ways between stages as the scenario declares them: hazard, hidden factor, what acts on them.

    States between which a patient goes without progressing are one stage; what is alike in all of them is one way.
    """
    content = scenario.content
    states = {s.name: s for s in content.states}
    stage = stages(content)
    between, within = [], []
    for way in content.transitions:
        law = way.distribution
        numbers = ", ".join(
            str(value).replace("_", " ") for name, value in dict(law).items() if name != "family"
        )
        acting = [
            given.label or name.replace("_", " ")
            for name, given in content.treatments.items()
            if any(way.matches(e.transition) for e in given.effects)
        ]
        inside = stage[way.source] == stage[way.target]
        (within if inside else between).append(
            {
                "source": states[way.source].title if inside else stage[way.source],
                "target": states[way.target].title if inside else stage[way.target],
                "death": states[way.target].death,
                "hazard": f"{law.family}: {numbers}",
                "hidden_factor": way.frailty or "",
                "acting": "; ".join(acting) or "nothing",
            }
        )
    drawn = pd.DataFrame([*between, *fatal_ways(content, stage)]).assign(drawn=True)
    frame = pd.concat([drawn, pd.DataFrame(within).assign(drawn=False)]).drop_duplicates(ignore_index=True)
    frame.insert(0, "number", range(1, len(frame) + 1))
    return frame


def stages(content: Any) -> dict[str, str]:
    """The stage of each state: what the titles of the states that a way within a stage joins begin with."""
    title = {s.name: s.title for s in content.states}
    stage = dict(title)
    for way in content.transitions:
        if way.within_stage:
            one, other = (title[name].rpartition(",")[0] for name in (way.source, way.target))
            stage[way.source] = stage[way.target] = one if one and one == other else title[way.source]
    return stage


def fatal_ways(content: Any, stage: Mapping[str, str]) -> list[dict[str, Any]]:
    """The ways to a death that a drug itself brings: from every living stage, while the drug is given."""
    fatal = [(given, x) for given in content.treatments.values() for x in given.toxicities if x.leads_to]
    living = dict.fromkeys(stage[s.name] for s in content.states if not s.death)
    rows: list[dict[str, Any]] = []
    for target in (s for s in content.states if any(x.leads_to == s.name for _, x in fatal)):
        mine = [(given, x) for given, x in fatal if x.leads_to == target.name]
        chances = dict.fromkeys(str(x.probability).replace("_", " ") for _, x in mine)
        rows += [
            {
                "source": source,
                "target": target.title,
                "death": target.death,
                "hazard": f"once in a course: {', '.join(chances)}",
                "hidden_factor": "",
                "acting": "; ".join(dict.fromkeys(given.label for given, _ in mine)),
            }
            for source in living
        ]
    return rows


def simulated(
    scenario: survsim.Scenario,
    draws: Mapping[str, Any],
    effort: Mapping[str, int],
    workers: int,
    made: survsim.Provenance,
    *,
    changed: Mapping[str, float] | None = None,
    least: bool = False,
) -> survsim.simulation.SimulationResult:
    """All strategies, and as treated once more under another name; `changed` holds parameters at a value."""
    number = 20 if least else effort["draws"]
    values = {name: values[:number] for name, values in draws.items()}
    values |= {name: np.full(number, value) for name, value in (changed or {}).items()}
    treated = next(s for s in scenario.strategies if s.name == TREATED)
    twin = treated.model_copy(update={"strategy": f"{TREATED}_again"})
    model = scenario.model(values).with_strategies((*scenario.strategies, twin))
    return survsim.simulation.simulate_model(
        model,
        provenance=made,
        patients=512 if least else effort["patients"],
        seed=PLAN["seed"],
        taus=(24.0,),
        times=PLAN["times"],
        grid_step=0.5,
        execution=survsim.Execution(executor="processes" if workers > 1 else "local", workers=workers),
    )


def closed_forms(
    ledger: survsim.Ledger,
    plan: survsim.scenario.CalibrationPlan,
    draws: Mapping[str, Any],
    simulation: survsim.simulation.SimulationResult,
    effort: Mapping[str, int],
    results: Path,
) -> None:
    """Surgery alone by quadrature and by simulation, draw by draw."""
    course, times = plan.course(), np.asarray(PLAN["times"], dtype=float)
    place = simulation.strategies.index(ALONE)
    occupancy = simulation.state_occupancy(times).to_frame()
    mine = occupancy[occupancy["strategy"] == ALONE]
    rows = []
    for name, label in PLAN["endpoints"].items():
        end = survsim.calibration.Endpoint(**plan.content.endpoints[name].model_dump())
        exact = survsim.calibration.endpoint_probability(
            course, survsim.calibration.Cohort(name=ALONE), end, times, draws
        )
        # walking divides a state of the course in two and changes no hazard
        counted = mine["state"].str.removesuffix("_walking").isin(end.states)
        part = mine[counted].groupby("time")["estimate"].sum()
        share = (exact * (1 - exact)).mean(axis=0) / (effort["patients"] * len(exact))
        for k, time in enumerate(times):
            rows.append(
                {
                    "endpoint": label,
                    "time": time,
                    "closed_form": exact[:, k].mean(),
                    "simulated": part[time],
                    "mc_std_error": np.sqrt(share[k]),
                }
            )
            if name == "overall_survival":
                by_draw = simulation.measure("alive", time).by_draw[place]
                error = np.sqrt(exact[:, k] * (1 - exact[:, k]) / effort["patients"])
                rows[-1]["draws_within"] = float(np.mean(np.abs(by_draw - exact[:, k]) < 1.96 * error))
    table = pd.DataFrame(rows)
    table["in_errors"] = (table["simulated"] - table["closed_form"]) / table["mc_std_error"]
    table.to_csv(results / "closed_forms.csv", index=False)
    step = survsim.Provenance.of("endpoint_probability", simulation)
    ledger.record("closed.comparisons", len(table), provenance=step)
    ledger.record("closed.worst", float(np.abs(table["in_errors"]).max()), provenance=step)
    ledger.record("closed.largest", float(np.abs(table["simulated"] - table["closed_form"]).max()), provenance=step)  # fmt: skip
    within = table["draws_within"].dropna()
    number = len(next(iter(draws.values())))
    ledger.record("closed.draws_within", float(within.mean()), provenance=step)
    told = within_told(float(within.min()), float(within.max()), number)
    ledger.record("closed.draws_within.told", told, provenance=step)


def within_told(least: float, most: float, number: int) -> str:
    """What the shares of draws within 1.96 of their errors say, beside the 0.95 that is expected."""
    error = math.sqrt(EXPECTED * (1.0 - EXPECTED) / number)
    spread = f"over {number} draws, each with patients of its own, such a share varies by a standard error of {error:.3f}"
    found = f"between {least:.3f} and {most:.3f}" if most > least else f"at {least:.3f}"
    away = max((least, most), key=lambda share: abs(share - EXPECTED))
    errors = abs(away - EXPECTED) / error
    if errors <= 2.0:
        return f"the shares lie {found}; {spread}, so they are as many as they should be"
    side = "fewer" if away < EXPECTED else "more"
    return (
        f"the shares lie {found}; {spread}, so that farthest off is {side} than it should be by {errors:.1f} of them. The mean over "
        "all draws tries for bias more sharply than single draws do; what is off there is the spread, and it has not been explained"
    )


def extremes(
    ledger: survsim.Ledger,
    scenario: survsim.Scenario,
    draws: Mapping[str, Any],
    effort: Mapping[str, int],
    workers: int,
    made: survsim.Provenance,
    results: Path,
) -> None:
    """What must follow exactly when a parameter is pushed to its end, and what did."""
    calm = {name: 1.0 for name in draws if name.startswith("hr_")}
    harmless = {name: 0.0 for name in draws if name.startswith("p_fatal_")}
    still = simulated(scenario, draws, effort, workers, made, changed=calm | harmless, least=True)
    harmful = simulated(scenario, draws, effort, workers, made, changed=calm, least=True)
    never = simulated(scenario, draws, effort, workers, made, changed={"progression_scale": 1e9}, least=True)
    plain = simulated(scenario, draws, effort, workers, made, least=True)
    better = simulated(scenario, draws, effort, workers, made, changed={"hr_radiotherapy": 0.05}, least=True)

    def alive(result: survsim.simulation.SimulationResult, strategy: str) -> Any:
        return result.measure("survival_time", 24.0).by_draw[result.strategies.index(strategy)]

    again = np.abs(alive(plain, TREATED) - alive(plain, f"{TREATED}_again")).max()
    idle = max(np.abs(alive(still, s) - alive(still, ALONE)).max() for s in still.strategies)
    longer = sum(int((alive(harmful, s) > alive(harmful, ALONE)).sum()) for s in harmful.strategies)
    rate = draws["other_death_rate"][:20]
    expected = ((1 - np.exp(-24.0 * rate)) / rate).mean()
    quiet = alive(never, ALONE).mean()
    error = never.measure("survival_time", 24.0).mc_std_error[never.strategies.index(ALONE)]
    worse = int((alive(better, "surgery_radiotherapy") < alive(better, ALONE)).sum())
    rows = [
        ("the same strategy under two names", "difference of exactly 0", again, again == 0),
        ("every hazard ratio 1, and no drug kills", "each strategy equals surgery alone exactly", idle, idle == 0),
        ("every hazard ratio 1, and drugs may kill", "no strategy and no draw in which treatment lengthens life", longer, longer == 0),
        ("no tumour ever progresses", f"{expected:.3f} months of 24 by the rate of other deaths alone, give or take 4 Monte Carlo SE of {error:.3f}", quiet, abs(quiet - expected) < 4 * error),
        ("radiotherapy all but stops progression", "no draw in which it shortens life", worse, worse == 0),
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["pushed", "must_follow", "found", "holds"])
    table["holds"] = np.where(table["holds"], "yes", "no")
    table.to_csv(results / "extremes.csv", index=False)
    ledger.record("extremes.tried", len(table), provenance=plain)
    ledger.record("extremes.held", int((table["holds"] == "yes").sum()), provenance=plain)
    ledger.record("equal.difference", float(again), unit="months", provenance=plain)


def sampler(
    ledger: survsim.Ledger, calibration: survsim.calibration.EvidenceCalibration, results: Path
) -> None:
    """How the posterior was drawn, and the record of ranks over simulated evidence bases."""
    ledger.record("sampler.pareto_k", calibration.pareto_k, provenance=calibration)
    ledger.record("sampler.effective", calibration.effective, provenance=calibration)
    ledger.record("sampler.points", calibration.weight.size, provenance=calibration)
    ledger.record("sampler.parameters", len(calibration.names), provenance=calibration)
    path = HERE.parent.parent / PLAN["ranks"]
    record: dict[str, Any] = survsim.report.read_yaml(path) if path.is_file() else {"runs": {}}
    rows = [
        {
            "run": name,
            "parameter": PLAN["rank_names"][parameter],
            "distance": distance,
            "band": record["band"],
        }
        for name, run in record["runs"].items()
        for parameter, distance in run["worst_distance"].items()
    ]
    table = pd.DataFrame(rows, columns=["run", "parameter", "distance", "band"])
    table["inside"] = np.where(table["distance"] < table["band"], "yes", "no")
    table.to_csv(results / "ranks.csv", index=False)
    step = survsim.Provenance.of("simulation_based_calibration", f"assumption:{SLUG}/ranks")
    told = "no record of it stands in this copy"
    if not table.empty:
        whole, planted = table[table["run"] == "as it is"], table[table["run"] != "as it is"]
        told = (
            f"over {record['bases']} simulated evidence bases {(whole['inside'] == 'yes').sum()} of {len(whole)} parameters "
            f"inside the simultaneous band, and with a planted fault {(planted['inside'] == 'no').sum()} outside it"
        )
    ledger.record("ranks.told", told, provenance=step)
    ledger.record("ranks.parameters", table["parameter"].nunique(), provenance=step)


def external(
    ledger: survsim.Ledger,
    plan: survsim.scenario.CalibrationPlan,
    calibration: survsim.calibration.EvidenceCalibration,
    results: Path,
) -> None:
    """Published numbers beside their predictions, used and held out, by where the tumours lay."""
    survsim.write_result(calibration.checks, results / "checks.json")
    place = {cohort: name for name, cohorts in PLAN["places"].items() for cohort in cohorts}
    where = {t.label: place.get(getattr(t, "cohort", ""), "elsewhere") for t in calibration.targets}
    table = calibration.checks.to_frame()
    table["place"] = [where[label] for label in table["label"]]
    said = survsim.load_evidence().names()
    names = plan.target_names()
    table["name"] = [names.get(label, label.replace("_", " ")) for label in table["label"]]
    table.loc[table["quantity"] == "ratio", "place"] = "contrast of treatments"
    table.loc[table["quantity"].str.contains("event|free"), "place"] = "single cases"
    table["inside"] = np.where(table["inside"], "yes", "no")
    table.to_csv(results / "targets.csv", index=False)
    for use in ("fit", "hold_out"):
        hit, number, low, high = calibration.checks.inside_share(use)
        ledger.record(f"{use}.targets", number, provenance=calibration.checks)
        ledger.record(f"{use}.inside", hit, provenance=calibration.checks)
        ledger.record(
            f"{use}.share", hit / number, conf_low=low, conf_high=high, provenance=calibration.checks
        )
    series = {t.label: series_of(t) for t in calibration.targets}
    table["series"] = table["label"].map(series)
    held = table[table["use"] == "hold_out"]
    share, number, low, high = calibration.checks.inside_share_by_series(series)
    ledger.record("hold_out.by_series.share", share, conf_low=low, conf_high=high, provenance=calibration.checks)  # fmt: skip
    ledger.record("hold_out.by_series.n", number, provenance=calibration.checks)
    by_series = held.groupby("series", sort=False)["inside"].agg(
        targets="size", inside=lambda s: int((s == "yes").sum())
    )
    by_series["share"] = by_series["inside"] / by_series["targets"]
    by_series.rename(index=names | said).reset_index().to_csv(results / "series.csv", index=False)
    most = by_series["targets"].idxmax()
    ledger.record("hold_out.largest_series", said[most], provenance=calibration.checks)
    ledger.record("hold_out.largest_series.targets", int(by_series.loc[most, "targets"]), provenance=calibration.checks)  # fmt: skip
    ledger.record("hold_out.largest_series.inside", int(by_series.loc[most, "inside"]), provenance=calibration.checks)  # fmt: skip
    row = held[held["series"] == most]["label"].iloc[0]
    patients = survsim.load_evidence().records(row)[0].n_arm
    ledger.record(
        "hold_out.largest_series.patients", int(patients), provenance=survsim.Provenance.of("as_printed", f"estimates:{row}")
    )  # fmt: skip
    groups = table.groupby(["place", "use"])["inside"].agg(
        targets="size", inside=lambda s: int((s == "yes").sum())
    )
    groups.reset_index().to_csv(results / "places.csv", index=False)
    for key, names in {
        "canal": ("primary tumour of the canal",),
        "spinal": ("primary tumour of the canal", "spread to the cord or the canal"),
    }.items():
        mine = held[held["place"].isin(names)]
        ledger.record(f"hold_out.{key}.targets", len(mine), provenance=calibration.checks)
        ledger.record(f"hold_out.{key}.inside", int((mine["inside"] == "yes").sum()), provenance=calibration.checks)  # fmt: skip
    outside = held[held["inside"] == "no"]
    ledger.record("hold_out.above", int((outside["pit"] > 0.5).sum()), provenance=calibration.checks)
    ledger.record("hold_out.below", int((outside["pit"] < 0.5).sum()), provenance=calibration.checks)


def series_of(target: Any) -> str:
    """The patients whom a target speaks of; a prediction or a single case is its own."""
    return str(getattr(target, "study", "") or target.label)


def cross(
    ledger: survsim.Ledger,
    simulation: survsim.simulation.SimulationResult,
    results: Path,
) -> None:
    """The case model's overall survival beside the joint model's for a new site."""
    rows = []
    for strategy in (ALONE, TREATED):
        label = simulation.labels[simulation.strategies.index(strategy)]
        for time in PLAN["cross"]["times"]:
            found = simulation.measure("alive", time)
            k = found.strategies.index(strategy)
            low, middle, high = (float(v[k]) for v in (found.conf_low, found.estimate, found.conf_high))
            ledger.record(f"alive_{time}.{strategy}", middle, conf_low=low, conf_high=high,
                          mc_std_error=float(found.mc_std_error[k]), provenance=simulation)  # fmt: skip
            rows.append((f"case model, {label}", time, middle, low, high))
    ledger.record("level", 0.8, provenance=survsim.Provenance.of("assumed", f"assumption:{SLUG}/level"))
    path = HERE.parent / PLAN["cross"]["report"] / "results" / "summary.json"
    joint = survsim.Ledger.load(path) if path.is_file() else None
    for time in PLAN["cross"]["times"]:
        key = f"{PLAN['cross']['key']}.at_{time}"
        if joint is None:
            note, step = "the joint model was not fitted in this copy", survsim.Provenance.of("absent", f"assumption:{SLUG}/cross")  # fmt: skip
            ledger.record(f"joint_{time}", float("nan"), note=note, provenance=step)
            continue
        entry = joint.numbers[key]
        ledger.record(f"joint_{time}", entry.value, conf_low=entry.conf_low, conf_high=entry.conf_high,
                      provenance=joint.provenance(key))  # fmt: skip
        rows.append(
            (
                "joint model, advanced disease at a new site",
                time,
                entry.value,
                entry.conf_low,
                entry.conf_high,
            )
        )
    pd.DataFrame(rows, columns=["model", "time", "alive", "conf_low", "conf_high"]).to_csv(
        results / "cross.csv", index=False
    )


def predictive(
    ledger: survsim.Ledger,
    plan: survsim.scenario.CalibrationPlan,
    evidence: survsim.evidence.EvidenceStore,
    effort: Mapping[str, int],
    workers: int,
    results: Path,
) -> None:
    """Each single case predicted by a calibration that did not see any of them."""
    content = plan.content
    held = content.cases.model_copy(update={"use": "hold_out"})
    blind = survsim.scenario.CalibrationPlan(content.model_copy(update={"cases": held}), plan.path).run(
        evidence, size=effort["held_out_cases"], workers=workers
    )
    table = blind.checks.to_frame()
    table = table[table["quantity"].isin(["event at", "event by", "free at"])]
    table = table.assign(inside=np.where(table["inside"], "yes", "no"))
    table.drop(columns=["observed_low", "observed_high", "use"]).to_csv(results / "cases.csv", index=False)
    ledger.record("cases.held_out", len(table), provenance=blind)
    ledger.record("cases.inside", int((table["inside"] == "yes").sum()), provenance=blind)
    alive = table[table["quantity"] == "free at"]
    ledger.record("cases.alive", len(alive), provenance=blind)
    ledger.record("cases.alive_inside", int((alive["inside"] == "yes").sum()), provenance=blind)
    ledger.record("cases.longest", float(alive["observed"].max()), unit="months", provenance=blind)
    first = table.iloc[0]
    ledger.record("cases.median", float(first["predicted"]), conf_low=float(first["predicted_low"]),
                  conf_high=float(first["predicted_high"]), unit="months", provenance=blind)  # fmt: skip
