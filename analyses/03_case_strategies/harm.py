"""Deaths by cause, and the dose to the cord."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

import survsim

from .rows import limits
from .words import SHORT

INTERVAL = 3.6
"""Months from the end of the first course to the second in the index patient, from the assumed dates."""
MODELS = {"schultheiss_2008": "Schultheiss model", "lyman_burman_1991": "Lyman-Burman model"}
ONCE, AGAIN = "model of one course, no recovery", "observed after re-irradiation"
OBSERVED = {
    "nieder_2006_rert_e01": ("Nieder, low-risk group", "risk score of pooled reports"),
    "nieder_2006_rert_e02": ("Nieder, intermediate-risk group", "risk score of pooled reports"),
    "nieder_2006_rert_e03": ("Nieder, high-risk group", "risk score of pooled reports"),
    "rades_2008_rert124_e01": (
        "Rades 2008",
        "metastasis, cumulative BED 77.5 to 142.6 Gy, most at or below 120",
    ),
    "doi_2021_rert32_e01": ("Doi 2021", "median cumulative dose to the cord 80.7 Gy EQD2"),
    "maranzano_2011_rert12_e01": ("Maranzano 2011", "metastasis, median cumulative BED 114.5 Gy"),
}
"""Rows that print how many had myelopathy after a second course."""


def record_harm(
    ledger: survsim.Ledger,
    simulation: survsim.simulation.SimulationResult,
    scenario: survsim.Scenario,
    parameters: survsim.scenario.Parameters,
    evidence: survsim.evidence.EvidenceStore,
    results: Path,
) -> None:
    """Deaths by cause, the dose to the cord of those irradiated, and the index patient's own cord."""
    deaths = survsim.simulation.deaths_by_cause(simulation)
    deaths.save(results / "deaths.json")
    at_two_years = deaths.to_frame().query("time == 24")
    shares = at_two_years.assign(
        strategy=at_two_years["strategy"].map(SHORT), cause=at_two_years["cause"].str.replace("_", " ")
    )
    shares.pivot(index="cause", columns="strategy", values="estimate")[list(SHORT.values())].to_csv(
        results / "deaths.csv"
    )
    for row in at_two_years.itertuples():
        ledger.record(
            f"deaths_24.{row.cause}.{row.strategy}", row.estimate, **limits(row), provenance=deaths,
        )  # fmt: skip
    doses = survsim.radiotherapy.cord_doses(simulation).to_frame()
    doses["strategy"] = doses["strategy"].map(dict(zip(simulation.strategies, simulation.labels)))
    in_words(doses, "group", "region").to_csv(results / "cord_doses.csv", index=False)
    model = scenario.model(parameters.draws())
    criteria = survsim.radiotherapy.cord_criteria(model, "as_treated", interval=INTERVAL)
    in_words(criteria.to_frame(), "region").to_csv(results / "cord_criteria.csv", index=False)
    own = survsim.Provenance.of("eqd2", "case_timeline:index_case")
    dose = survsim.radiotherapy.eqd2(44.0, 22, alpha_beta=2.0) + survsim.radiotherapy.eqd2(
        20.0, 10, alpha_beta=2.0
    )
    ledger.record("index_case.cord_eqd2", float(dose), unit="Gy", provenance=own)
    ledger.record("index_case.cord_bed", float(2.0 * dose), unit="Gy", provenance=own)
    assumed = survsim.Provenance.of("counted_back", "assumption:case_strategies/reirradiation_delay")
    ledger.record("index_case.interval", INTERVAL, unit="months", provenance=assumed)
    record_cord_risks(ledger, evidence, own, results)


def in_words(frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """Names of the scenario as words."""
    return frame.assign(**{c: frame[c].str.replace("_", " ") for c in columns})


def record_cord_risks(
    ledger: survsim.Ledger, evidence: survsim.evidence.EvidenceStore, own: survsim.Provenance, results: Path
) -> None:
    """What two models say of her dose, and what was seen in others who were irradiated twice."""
    rows = []
    for name, risk in survsim.radiotherapy.myelopathy_risk(64.0, 32).items():
        ledger.record(f"index_case.myelopathy.{name}", risk, provenance=own)
        rows.append((MODELS[name], ONCE, risk, None, "64 Gy in 32 fractions as one course", ""))
    for name, (label, who) in OBSERVED.items():
        row = evidence.records(name)[0]
        step = survsim.Provenance.of("as_printed", f"estimates:{name}")
        ledger.record(f"reirradiated.{name}", row.value, provenance=step)
        rows.append((label, AGAIN, row.value, row.n_arm, who, name))
    columns = ["label", "kind", "share", "patients", "who", "row"]
    pd.DataFrame(rows, columns=columns).to_csv(results / "cord_risks.csv", index=False)
