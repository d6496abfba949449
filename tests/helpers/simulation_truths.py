"""Models whose state occupancy is known exactly, and how far a simulation of them is from it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from scipy import integrate, special
from scipy.linalg import expm

from survsim.simulation.declared.model import Model
from survsim.simulation.declared.population import Frailty, Population
from survsim.simulation.declared.states import State, Transition
from survsim.simulation.declared.strategy import Strategy, strategy_from
from survsim.simulation.running.run import simulate_model
from tests.helpers.disease_models import exponential, illness_death, weibull


class Truth(NamedTuple):
    """A model with one strategy, and the exact occupancy (times, states) of the states named."""

    model: Model
    times: np.ndarray
    states: tuple[str, ...]
    occupancy: np.ndarray


def worst_deviation(truth: Truth, *, patients: int, seed: int, **options: Any) -> tuple[float, str]:
    """Largest distance from the truth in Monte Carlo standard errors, and where it is."""
    step = float(np.gcd.reduce(np.round(truth.times * 4).astype(int))) / 4
    r = simulate_model(truth.model, patients=patients, seed=seed, grid_step=step, **options)
    table = r.state_occupancy(truth.times)
    worst, label = 0.0, ""
    for k, state in enumerate(truth.states):
        found = table.estimate[0, r.states.index(state)]
        exact = truth.occupancy[:, k]
        error = np.sqrt(exact * (1 - exact) / patients)
        z = np.abs(found - exact) / error
        if z.max() > worst:
            worst, label = float(z.max()), f"{state} at {truth.times[z.argmax()]:g}"
    return worst, label


def _illness_death() -> Truth:
    times = np.array([1.0, 2.0, 5.0, 10.0])
    occupancy = np.array(
        [
            [0.72790807, 0.16997931],
            [0.48932000, 0.25678928],
            [0.12295413, 0.22021312],
            [0.00873109, 0.06513232],
        ]
    )
    return Truth(illness_death(), times, ("well", "ill"), occupancy)


def _three(**laws: Any) -> Model:
    """Well, ill, dead with the laws given."""
    pairs = [("well", "ill"), ("well", "dead"), ("ill", "dead"), ("ill", "well")]
    transitions = [Transition(source=a, target=b, **laws[f"{a}_{b}"]) for a, b in pairs if f"{a}_{b}" in laws]
    states = (State(name="well"), State(name="ill", progression=True), State(name="dead", death=True))
    options = laws.get("options", {})
    return Model(
        **{
            "states": states,
            "transitions": tuple(transitions),
            "time_unit": "months",
            "horizon": 12.0,
            **options,
        }
    )


def _chain(q: np.ndarray, times: np.ndarray, columns: int) -> np.ndarray:
    return np.array([expm(q * t)[0, :columns] for t in times])


def _markov() -> Truth:
    times = np.array([1.0, 2.0, 6.0, 12.0])
    q = np.array([[-0.35, 0.30, 0.05], [0.0, -0.40, 0.40], [0.0, 0.0, 0.0]])
    occupancy = _chain(q, times, 3)
    # the values of the methods page, made with two other programs
    assert np.allclose(occupancy[1], [0.4965853038, 0.2835380380, 0.2198766582], atol=1e-10)
    laws = {
        "well_ill": {"distribution": exponential(0.30)},
        "well_dead": {"distribution": exponential(0.05)},
        "ill_dead": {"distribution": exponential(0.40)},
    }
    return Truth(_three(**laws), times, ("well", "ill", "dead"), occupancy)


def _markov_cycle() -> Truth:
    times = np.array([1.0, 3.0, 6.0, 12.0])
    q = np.array([[-0.55, 0.50, 0.05], [0.70, -0.85, 0.15], [0.0, 0.0, 0.0]])
    laws = {
        "well_ill": {"distribution": exponential(0.50), "clock": "forward"},
        "well_dead": {"distribution": exponential(0.05)},
        "ill_dead": {"distribution": exponential(0.15)},
        "ill_well": {"distribution": exponential(0.70)},
    }
    return Truth(_three(**laws), times, ("well", "ill", "dead"), _chain(q, times, 3))


def _two(law: Any, **options: Any) -> Model:
    states = (State(name="alive"), State(name="dead", death=True))
    transitions = (
        Transition(source="alive", target="dead", distribution=law, **options.pop("transition", {})),
    )
    return Model(
        **{"states": states, "transitions": transitions, "time_unit": "months", "horizon": 12.0, **options}
    )


def _weibull() -> Truth:
    times = np.array([1.0, 4.0, 8.0, 12.0])
    return Truth(_two(weibull(0.7, 5.0)), times, ("alive",), np.exp(-((times / 5.0) ** 0.7))[:, None])


def _gompertz() -> Truth:
    times = np.array([1.0, 4.0, 8.0, 12.0])
    hazard = 0.02 / 0.3 * np.expm1(0.3 * times)
    return Truth(
        _two({"family": "gompertz", "shape": 0.3, "rate": 0.02}), times, ("alive",), np.exp(-hazard)[:, None]
    )


def _piecewise() -> Truth:
    times = np.array([1.0, 2.0, 5.0, 12.0])
    hazard = np.array([0.3, 0.6, 0.6 + 0.05 * 3, 0.6 + 0.05 * 4 + 0.2 * 6])
    law = {"family": "piecewise_exponential", "breaks": [2.0, 6.0], "rates": [0.3, 0.05, 0.2]}
    return Truth(_two(law), times, ("alive",), np.exp(-hazard)[:, None])


def _ill_share(
    times: np.ndarray, density: Callable[[float], float], stay: Callable[[float, float], float]
) -> np.ndarray:
    """P(ill at t): entry at s with the given density, still there at t."""
    return np.array(
        [integrate.quad(lambda s, t=t: density(s) * stay(s, t), 0.0, t, epsabs=1e-10)[0] for t in times]
    )


def _mixed_clock() -> Truth:
    """Well to ill counts from entry, ill to dead counts from time 0 with a rising hazard."""
    times = np.array([1.0, 3.0, 6.0, 12.0])
    shape, scale, a, b = 1.3, 3.0, 0.2, 0.05

    def density(s: float) -> float:
        return shape / scale * (s / scale) ** (shape - 1) * np.exp(-((s / scale) ** shape))

    def stay(s: float, t: float) -> float:
        return float(np.exp(-b / a * (np.exp(a * t) - np.exp(a * s))))

    laws = {
        "well_ill": {"distribution": weibull(shape, scale)},
        "ill_dead": {"distribution": {"family": "gompertz", "shape": a, "rate": b}, "clock": "forward"},
    }
    well = np.exp(-((times / scale) ** shape))
    return Truth(
        _three(**laws), times, ("well", "ill"), np.stack([well, _ill_share(times, density, stay)], 1)
    )


def _entry_time() -> Truth:
    """The later the illness, the higher its hazard: dependence on entry time."""
    times = np.array([1.0, 3.0, 6.0, 12.0])

    def stay(s: float, t: float) -> float:
        return float(np.exp(-(((t - s) / 4.0) ** 0.9) * np.exp(0.2 * s)))

    laws = {
        "well_ill": {"distribution": exponential(0.4)},
        "ill_dead": {"distribution": weibull(0.9, 4.0), "covariates": {"entry_time": 0.2}},
    }
    ill = _ill_share(times, lambda s: 0.4 * np.exp(-0.4 * s), stay)
    return Truth(_three(**laws), times, ("well", "ill"), np.stack([np.exp(-0.4 * times), ill], 1))


def _shared_frailty() -> Truth:
    """One gamma frailty multiplies progression and death after it, which ties them."""
    times = np.array([1.0, 3.0, 6.0, 12.0])
    theta, a, b = 0.8, 0.3, 0.5
    # with frailty z: P(ill at t) = a / (b - a) (exp(-a z t) - exp(-b z t)); gamma Laplace transform
    laplace = {r: (1 + theta * r * times) ** (-1 / theta) for r in (a, b)}
    ill = a / (b - a) * (laplace[a] - laplace[b])
    laws = {
        "well_ill": {"distribution": exponential(a), "frailty": "z"},
        "ill_dead": {"distribution": exponential(b), "frailty": "z"},
        "options": {"population": Population(frailties=(Frailty(name="z", variance=theta),))},
    }
    return Truth(_three(**laws), times, ("well", "ill"), np.stack([laplace[a], ill], 1))


def _treated(effects: list[dict[str, Any]], line: dict[str, Any], **treatment: Any) -> tuple[Strategy, ...]:
    content = {
        "strategy": "treated",
        "treatments": {"drug": {"effects": effects, **treatment}},
        "lines": [{"line": "first", "treatments": ["drug"], **line}],
    }
    return (strategy_from(content),)


def _waning() -> Truth:
    """A hazard ratio that begins after a delay, weakens and fades, from a start at time 1."""
    times = np.array([1.0, 2.0, 4.0, 8.0, 12.0])
    effect = {
        "transition": "alive>dead",
        "hazard_ratio": 0.3,
        "lasts": "always",
        "delay": 1.0,
        "waning": [{"after": 3.0, "factor": 0.7}, {"after": 6.0, "factor": 1.0}],
    }
    strategies = _treated([effect], {"start": [{"quantity": "time", "at_least": 1.0}]})
    edges, factors = np.array([0.0, 2.0, 4.0, 7.0, 12.0]), np.array([1.0, 0.3, 0.7, 1.0])
    base = (edges / 6.0) ** 1.4
    height = np.concatenate([[0.0], np.cumsum(factors * np.diff(base))])
    within = [np.searchsorted(edges, t, side="right") - 1 for t in times]
    hazard = [height[i] + (factors[min(i, 3)] * ((t / 6.0) ** 1.4 - base[i])) for i, t in zip(within, times)]
    return Truth(
        _two(weibull(1.4, 6.0), strategies=strategies), times, ("alive",), np.exp(-np.array(hazard))[:, None]
    )


def _slow_clock() -> Truth:
    """An acceleration factor of 2 while a treatment of length 3 is given: cumulative exposure."""
    times = np.array([1.0, 3.0, 6.0, 12.0])
    effect = {"transition": "alive>dead", "acceleration_factor": 2.0, "lasts": "while_on"}
    strategies = _treated([effect], {}, duration=3.0)
    age = np.where(times < 3.0, times / 2.0, 1.5 + (times - 3.0))
    return Truth(
        _two(weibull(1.5, 5.0), strategies=strategies),
        times,
        ("alive",),
        np.exp(-((age / 5.0) ** 1.5))[:, None],
    )


def _line_with_toxicity() -> Truth:
    """A drug until toxicity, choice or progression: the same as a Markov chain with more states."""
    times = np.array([1.0, 3.0, 6.0, 12.0])
    toxicity, choice, hr_ill, hr_dead = 0.25, 0.10, 0.5, 0.6
    strategies = _treated(
        [
            {"transition": "well>ill", "hazard_ratio": hr_ill, "lasts": "while_on"},
            {"transition": "*>dead", "hazard_ratio": hr_dead, "lasts": "while_on"},
        ],
        {
            "stop": [
                {"on": "toxicity", "grade_at_least": 2},
                {"on": "patient_choice", "rate": choice},
                {"on": "progression"},
            ]
        },
        toxicities=[{"name": "rash", "grade": 2, "onset": exponential(toxicity)}],
    )
    off = toxicity + choice
    q = np.zeros((4, 4))  # well on, well off, ill, dead
    q[0, 1:] = off, 0.4 * hr_ill, 0.1 * hr_dead
    q[1, 2:] = 0.4, 0.1
    q[2, 3] = 0.3
    q -= np.diag(q.sum(axis=1))
    whole = _chain(q, times, 4)
    occupancy = np.stack([whole[:, 0] + whole[:, 1], whole[:, 2], whole[:, 3]], axis=1)
    laws = {
        "well_ill": {"distribution": exponential(0.4)},
        "well_dead": {"distribution": exponential(0.1)},
        "ill_dead": {"distribution": exponential(0.3)},
        "options": {"strategies": strategies},
    }
    return Truth(_three(**laws), times, ("well", "ill", "dead"), occupancy)


def _second_line() -> Truth:
    """A drug started at progression, accepted by 70 %: a mixture of two chains from there on."""
    times = np.array([1.0, 3.0, 6.0, 12.0])
    strategies = _treated(
        [{"transition": "ill>dead", "hazard_ratio": 0.25, "lasts": "while_on"}],
        {"start": [{"quantity": "state", "is": "ill"}], "accept": 0.7},
    )
    q = np.zeros((4, 4))  # well, ill treated, ill untreated, dead
    q[0, 1:3] = 0.4 * 0.7, 0.4 * 0.3
    q[1, 3], q[2, 3] = 0.5 * 0.25, 0.5
    q -= np.diag(q.sum(axis=1))
    whole = _chain(q, times, 4)
    laws = {
        "well_ill": {"distribution": exponential(0.4)},
        "ill_dead": {"distribution": exponential(0.5)},
        "options": {"strategies": strategies},
    }
    occupancy = np.stack([whole[:, 0], whole[:, 1] + whole[:, 2]], axis=1)
    return Truth(_three(**laws), times, ("well", "ill"), occupancy)


def _log_normal_frailty() -> Truth:
    times = np.array([1.0, 3.0, 6.0, 12.0])
    sigma = np.sqrt(np.log1p(0.5))
    nodes, weights = special.roots_hermitenorm(80)
    z = np.exp(sigma * nodes - 0.5 * sigma**2)
    survival = (np.exp(-np.outer(0.2 * times, z)) * weights).sum(axis=1) / weights.sum()
    population = Population(frailties=(Frailty(name="z", distribution="lognormal", variance=0.5),))
    model = _two(exponential(0.2), transition={"frailty": "z"}, population=population)
    return Truth(model, times, ("alive",), survival[:, None])


TRUTHS: dict[str, Callable[[], Truth]] = {
    "illness_death": _illness_death,
    "markov": _markov,
    "markov_with_a_cycle": _markov_cycle,
    "weibull": _weibull,
    "gompertz": _gompertz,
    "piecewise": _piecewise,
    "mixed_clock": _mixed_clock,
    "entry_time": _entry_time,
    "shared_gamma_frailty": _shared_frailty,
    "log_normal_frailty": _log_normal_frailty,
    "waning_effect": _waning,
    "acceleration_while_on": _slow_clock,
    "line_with_toxicity": _line_with_toxicity,
    "second_line_accepted_by_some": _second_line,
}
