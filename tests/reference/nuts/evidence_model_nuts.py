"""Pinned posteriors for `evidence_model`: NUTS on the same models, written out term by term.

Needs numpyro (the `bayes` extra); imports nothing of survsim. Writes evidence_model_nuts.json beside the
reference tests: data sets, priors, posterior summaries with Monte Carlo errors.

    python tests/reference/nuts/evidence_model_nuts.py
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist
from numpyro.diagnostics import effective_sample_size
from numpyro.infer import MCMC, NUTS

jax.config.update("jax_enable_x64", True)
Z = 1.959963984540054
TARGET = Path(__file__).parents[1] / "evidence_model_nuts.json"


def simulated_patients(rng, n, chemo, effect, rate=0.045):
    """Two-stage patients with exponential times, rounded to 0.1 month, as plain lists."""
    stage = rng.integers(0, 2, n)
    time = rng.exponential(1 / (rate * np.exp(0.5 * stage - 0.3 * chemo + effect)), n)
    end = rng.uniform(6, 60, n)
    return {
        "kind": "patients",
        "time": np.maximum(np.round(np.minimum(time, end), 1), 0.1).tolist(),
        "event": (time <= end).astype(int).tolist(),
        "late": stage.astype(float).tolist(),
        "chemo": (np.zeros(n) + chemo).tolist(),
    }


def data_sets():
    """Three evidence bases: mixed summaries; single cases over sites; treatment contrasts."""
    rng = np.random.default_rng(20260101)
    mixed = [
        simulated_patients(rng, 50, 0.0, 0.0) | {"study": "own"},
        {
            "kind": "survival",
            "study": "b",
            "time": [12, 24, 60],
            "survival": [0.61, 0.42, 0.25],
            "n": 48,
            "late": 0.5,
            "chemo": 0.0,
        },
        {
            "kind": "survival",
            "study": "c",
            "time": [24],
            "survival": [0.55],
            "conf_low": [0.41],
            "conf_high": [0.67],
            "late": 0.0,
            "chemo": 0.0,
        },
        {
            "kind": "median",
            "study": "d",
            "median": 13.0,
            "conf_low": 8.5,
            "conf_high": 19.0,
            "late": 1.0,
            "chemo": 0.0,
        },
        {"kind": "median", "study": "e", "median": 16.0, "n": 35, "late": 0.3, "chemo": 1.0},
        {
            "kind": "rate",
            "study": "f",
            "events": 9,
            "person_time": 260.0,
            "follow_up": 48.0,
            "late": 1.0,
            "chemo": 1.0,
        },
        {"kind": "hazard_ratio", "study": "g", "hazard_ratio": 0.72, "conf_low": 0.55, "conf_high": 0.94},
        {
            "kind": "survival",
            "study": "h",
            "time": [12],
            "survival": [0.35],
            "n": 26,
            "late": 1.0,
            "chemo": 0.0,
        },
    ]
    cases = [
        {"kind": "case", "study": "c1", "site": "cns", "time": 2.0, "status": "upper"},
        {"kind": "case", "study": "c2", "site": "cns", "time": 11.0, "status": "exact"},
        {"kind": "case", "study": "c3", "site": "cns", "time": 4.0, "status": "exact"},
        {"kind": "case", "study": "c4", "site": "cns", "time": 9.0, "status": "right"},
        {"kind": "case", "study": "c5", "site": "lung", "time": [3.0, 12.0], "status": "interval"},
        {
            "kind": "survival",
            "study": "u1",
            "site": "uterus",
            "time": [12, 60],
            "survival": [0.7, 0.35],
            "n": 120,
        },
        {"kind": "survival", "study": "u2", "site": "uterus", "time": [24], "survival": [0.5], "n": 60},
        {
            "kind": "median",
            "study": "o1",
            "site": "ovary",
            "median": 20.0,
            "conf_low": 14.0,
            "conf_high": 28.0,
        },
        {"kind": "survival", "study": "o2", "site": "ovary", "time": [60], "survival": [0.22], "n": 90},
        {"kind": "median", "study": "l1", "site": "lung", "median": 7.0, "conf_low": 5.0, "conf_high": 11.0},
        {
            "kind": "rate",
            "study": "l2",
            "site": "lung",
            "events": 12,
            "person_time": 110.0,
            "follow_up": 60.0,
        },
    ]
    effects = rng.normal(0, 0.35, 6)
    arms = []
    for i, effect in enumerate(effects):
        for chemo in (0.0, 1.0):
            arms.append(simulated_patients(rng, 30, chemo, effect) | {"study": f"s{i}"})
    arms.append(
        {"kind": "hazard_ratio", "study": "t", "hazard_ratio": 0.6, "conf_low": 0.4, "conf_high": 0.9}
    )
    arms.append(
        {"kind": "hazard_ratio", "study": "v", "hazard_ratio": 1.1, "conf_low": 0.8, "conf_high": 1.51}
    )
    base = {"walk_sd": 0.5, "coefficient_sd": 2.0, "study_scale": 0.5}
    return {
        "mixed": {"breaks": [6, 12, 24, 48], "columns": ["late", "chemo"], "priors": base, "terms": mixed},
        "cases": {"breaks": [6, 24], "columns": [], "priors": base | {"site_scale": 0.7}, "terms": cases},
        "contrasts": {
            "breaks": [6, 18], "columns": ["late", "chemo"], "priors": base | {"treatment_scale": 0.4}, "terms": arms,
        },
    }  # fmt: skip


def lengths(low, high, edges):
    return np.clip(np.minimum(high, edges[1:]) - np.maximum(low, edges[:-1]), 0, None)


def cloglog_se(s, low, high):
    return (np.log(-np.log(low)) - np.log(-np.log(high))) / (2 * Z) + 0 * s


def binomial(n, survivors, total):
    """Of n at risk a share survives a step of cumulative hazard `total`."""
    return n * (1 - survivors) * jnp.log1p(-jnp.exp(-total)) - n * survivors * total


def case_density(t, status, log_hazard, cumulative, edges):
    """Log likelihood of one published patient."""
    if status == "exact":
        return log_hazard[int(np.searchsorted(edges[1:-1], t, side="left"))] - cumulative(0, t)
    if status == "right":
        return -cumulative(0, t)
    if status == "upper":
        return jnp.log1p(-jnp.exp(-cumulative(0, t)))
    return jnp.log(jnp.exp(-cumulative(0, t[0])) - jnp.exp(-cumulative(0, t[1])))


def log_density(term, log_hazard, edges):
    """Log likelihood of one term given its log hazards, written straight from the definitions."""
    hazard = jnp.exp(log_hazard)

    def cumulative(low, high):
        return jnp.sum(lengths(low, high, edges) * hazard)

    if term["kind"] == "case":
        return case_density(term["time"], term["status"], log_hazard, cumulative, edges)
    if term["kind"] == "survival":
        value, before, old_s, old_v = 0.0, 0.0, 1.0, 0.0
        for j, (t, s) in enumerate(zip(term["time"], term["survival"])):
            total = cumulative(before, t)
            if "conf_low" in term:
                v = (cloglog_se(s, term["conf_low"][j], term["conf_high"][j]) * np.log(s)) ** 2
                step = np.log(old_s / s)
                value += -0.5 * ((jnp.log(total) - np.log(step)) / (np.sqrt(v - old_v) / step)) ** 2
                old_v = v
            else:
                value += binomial(term["n"] * old_s, s / old_s, total)
            before, old_s = t, s
        return value
    if term["kind"] == "median":
        total = cumulative(0, term["median"])
        if "n" in term:
            return binomial(term["n"], 0.5, total)
        sd = np.log(term["conf_high"] / term["conf_low"]) / (2 * Z)
        return -0.5 * ((jnp.log(total) - np.log(np.log(2))) / sd) ** 2
    if term["kind"] == "rate":
        rate = term["events"] / term["person_time"]
        low, high = np.clip(edges[:-1], 0, term["follow_up"]), np.clip(edges[1:], 0, term["follow_up"])
        share = np.exp(-rate * low) - np.exp(-rate * high)
        mean = jnp.sum(share / share.sum() * hazard)
        return term["events"] * jnp.log(mean) - term["person_time"] * mean
    raise ValueError(term["kind"])


def model(spec):
    edges = np.concatenate([[0.0], spec["breaks"], [np.inf]])
    k, priors, terms = len(edges) - 1, spec["priors"], spec["terms"]
    studies = list(dict.fromkeys(t["study"] for t in terms))
    sites = list(dict.fromkeys(t["site"] for t in terms if "site" in t))
    first = numpyro.sample("first", dist.ImproperUniform(dist.constraints.real, (), ()))
    step = numpyro.sample("step", dist.Normal(0, priors["walk_sd"]).expand([k - 1]))
    alpha = numpyro.deterministic("alpha", first + jnp.concatenate([jnp.zeros(1), jnp.cumsum(step)]))
    p = len(spec["columns"])
    beta = numpyro.sample("beta", dist.Normal(0, priors["coefficient_sd"]).expand([p])) if p else jnp.zeros(0)
    tau = {}
    effect = {
        "study": jnp.zeros(len(studies)),
        "site": jnp.zeros(max(len(sites), 1)),
        "treatment": jnp.zeros(len(studies)),
    }
    for name, size in (("study", len(studies)), ("site", len(sites)), ("treatment", len(studies))):
        if f"{name}_scale" in priors:
            tau[name] = numpyro.sample(f"sd_{name}", dist.HalfNormal(priors[f"{name}_scale"]))
            effect[name] = tau[name] * numpyro.sample(f"z_{name}", dist.Normal(0, 1).expand([size]))
    total = 0.0
    for term in terms:
        s = studies.index(term["study"])
        if term["kind"] == "hazard_ratio":
            sd = np.log(term["conf_high"] / term["conf_low"]) / (2 * Z)
            mean = beta[spec["columns"].index("chemo")] + effect["treatment"][s]
            total += -0.5 * ((np.log(term["hazard_ratio"]) - mean) / sd) ** 2
            continue
        shift = effect["study"][s] + (effect["site"][sites.index(term["site"])] if "site" in term else 0.0)
        if term["kind"] == "patients":
            x = np.stack([np.array(term[c]) for c in spec["columns"]], axis=1)
            chemo = np.array(term["chemo"])
            eta = shift + x @ beta + chemo * effect["treatment"][s]
            time, event = np.array(term["time"]), np.array(term["event"])
            exposure = np.clip(np.minimum(time[:, None], edges[1:]) - edges[:-1], 0, None)
            piece = np.searchsorted(edges[1:-1], time, side="left")
            total += jnp.sum(event * (alpha[piece] + eta)) - jnp.sum(
                exposure * jnp.exp(alpha) * jnp.exp(eta)[:, None]
            )
        else:
            x = sum((beta[i] * term[c] for i, c in enumerate(spec["columns"])), 0.0)
            x += term.get("chemo", 0.0) * effect["treatment"][s]
            total += log_density(term, alpha + shift + x, edges)
    numpyro.factor("evidence", total)


def summarise(draws, rng):
    """Mean, sd, 5/50/95% quantiles and Monte Carlo error of the mean, per scalar."""
    table = {}
    for name, values in draws.items():
        chains = values.reshape(values.shape[0], values.shape[1], -1)
        for i in range(chains.shape[2]):
            x = chains[:, :, i]
            ess = float(effective_sample_size(x))
            q = np.quantile(x, [0.05, 0.5, 0.95])
            label = name if values.ndim == 2 else f"{name}[{i}]"
            table[label] = {
                "mean": float(x.mean()), "sd": float(x.std()), "q05": q[0], "q50": q[1], "q95": q[2],
                "mc_error": float(x.std() / np.sqrt(ess)), "ess": round(ess),
            }  # fmt: skip
    return table


def run(spec, seed, chains=4, samples=8000):
    mcmc = MCMC(
        NUTS(model, target_accept_prob=0.95), num_warmup=2000, num_samples=samples, num_chains=chains,
        chain_method="sequential", progress_bar=False,
    )  # fmt: skip
    mcmc.run(jax.random.PRNGKey(seed), spec)
    found = {k: np.asarray(v) for k, v in mcmc.get_samples(group_by_chain=True).items()}
    divergent = int(np.asarray(mcmc.get_extra_fields()["diverging"]).sum())
    rng = np.random.default_rng(seed)
    keep = {k: v for k, v in found.items() if k in ("alpha", "beta") or k.startswith("sd_")}
    # log hazard of the first interval in a new study (and a new site): what a prediction is made of
    new = found["alpha"][:, :, 0] + found["sd_study"] * rng.standard_normal(found["sd_study"].shape)
    if "sd_site" in found:
        new = new + found["sd_site"] * rng.standard_normal(new.shape)
    keep["new"] = new
    return {"posterior": summarise(keep, rng), "divergent": divergent}


def main():
    sets = data_sets()
    for i, (name, spec) in enumerate(sets.items()):
        samples = int(sys.argv[1]) if len(sys.argv) > 1 else 8000
        spec["result"] = run(spec, 11 + i, samples=samples)
        print(name, json.dumps(spec["result"], indent=1)[:1500])
    content = {
        "program": "numpyro", "version": f"numpyro {numpyro.__version__}, jax {jax.__version__}",
        "call": "NUTS(target_accept_prob=0.95), 4 chains, 2000 warm-up, 8000 samples each; python tests/reference/nuts/evidence_model_nuts.py",
        "sets": sets,
    }  # fmt: skip
    TARGET.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
