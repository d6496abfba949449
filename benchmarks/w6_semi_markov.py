"""W6: three strategies on a million semi-Markov patients each, four states; survsim against careful numpy.

Run: python -m benchmarks.w6_semi_markov [patients] [workers]. Prints seconds and ratios, compares the answers
with quadrature, and shows that the cost grows linearly over three decades.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from scipy.integrate import quad

from survsim import Execution
from survsim.simulation.declared.model import Model
from survsim.simulation.declared.states import State, Transition
from survsim.simulation.declared.strategy import Strategy, strategy_from
from survsim.simulation.running.run import simulate_model

BLOCK = 32_768
HORIZON = 20.0
FACTORS = (1.0, 1.35, 1.8)
PROGRESS, DIE_EARLY, DIE_LATE, DIE_OTHER = (1.3, 4.0), (1.0, 20.0), (0.9, 1.8), (1.0, 15.0)


def model() -> Model:
    """Stable, progressed and two deaths; a strategy slows the clock of progression."""

    def law(shape: float, scale: float) -> dict[str, object]:
        return {"family": "weibull", "shape": shape, "scale": scale}

    states = (
        State(name="stable"),
        State(name="progressed", progression=True),
        State(name="dead_of_tumour", death=True),
        State(name="dead_of_other_cause", death=True),
    )
    transitions = (
        Transition(source="stable", target="progressed", distribution=law(*PROGRESS)),
        Transition(source="stable", target="dead_of_other_cause", distribution=law(*DIE_EARLY)),
        Transition(source="progressed", target="dead_of_tumour", distribution=law(*DIE_LATE)),
        Transition(source="progressed", target="dead_of_other_cause", distribution=law(*DIE_OTHER)),
    )
    strategies = tuple(_strategy(i, factor) for i, factor in enumerate(FACTORS))
    return Model(
        states=states, transitions=transitions, strategies=strategies, time_unit="years", horizon=HORIZON
    )


def _strategy(number: int, factor: float) -> Strategy:
    if factor == 1.0:
        return Strategy(strategy=f"s{number}")
    effect = {"transition": "stable>progressed", "acceleration_factor": factor, "lasts": "always"}
    return strategy_from(
        {
            "strategy": f"s{number}",
            "treatments": {"drug": {"effects": [effect]}},
            "lines": [{"line": "first", "treatments": ["drug"]}],
        }
    )


def by_hand(patients: int, workers: int) -> np.ndarray:
    """Life years and progression-free years of each strategy in a few lines of numpy, the floor to reach."""

    def block(start: int) -> np.ndarray:
        rng = np.random.Generator(np.random.SFC64([1, start]))
        n = min(BLOCK, patients - start)
        e = rng.standard_exponential((4, n))
        early = DIE_EARLY[1] * e[1]
        base = PROGRESS[1] * np.power(e[0], 1 / PROGRESS[0])
        after = np.minimum(DIE_LATE[1] * np.power(e[2], 1 / DIE_LATE[0]), DIE_OTHER[1] * e[3])
        sums = np.empty((3, 2))
        for s, factor in enumerate(FACTORS):
            progress = base * factor
            free = np.minimum(progress, early)
            death = np.where(progress < early, progress + after, early)
            sums[s] = np.minimum(death, HORIZON).sum(), np.minimum(free, HORIZON).sum()
        return sums

    starts = range(0, patients, BLOCK)
    with ThreadPoolExecutor(workers) as pool:
        return sum(pool.map(block, starts)) / patients


def by_heormodel(patients: int) -> Callable[[], np.ndarray]:
    """Life years of each strategy by heormodel's continuous clock, which leaves the times to a user's sampler."""
    import pandas as pd
    from heormodel.models import MicrosimModel
    from heormodel.run import run_psa

    def times(
        params: object, name: str, state: np.ndarray, _: object, rng: np.random.Generator
    ) -> np.ndarray:
        found = np.full((state.size, 4), np.inf)
        stable, worse = np.flatnonzero(state == 0), np.flatnonzero(state == 1)
        scale = PROGRESS[1] * FACTORS[int(name[1:])]
        found[stable, 1] = scale * rng.standard_exponential(stable.size) ** (1 / PROGRESS[0])
        found[stable, 3] = DIE_EARLY[1] * rng.standard_exponential(stable.size)
        found[worse, 2] = DIE_LATE[1] * rng.standard_exponential(worse.size) ** (1 / DIE_LATE[0])
        found[worse, 3] = DIE_OTHER[1] * rng.standard_exponential(worse.size)
        return found

    def rates(params: object, name: str, state: np.ndarray, _: object) -> tuple[np.ndarray, np.ndarray]:
        return np.zeros(state.size), (state < 2).astype(float)

    engine = MicrosimModel.continuous(
        states=("stable", "progressed", "dead_of_tumour", "dead_of_other_cause"),
        event_times=times,
        state_reward_rates=rates,
        interventions=[f"s{i}" for i in range(len(FACTORS))],
        horizon=HORIZON,
        n_individuals=patients,
        discount_rate=0.0,
    )
    draws = pd.DataFrame({"nothing": [0.0]}, index=pd.RangeIndex(1, name="iteration"))
    return lambda: run_psa(engine, draws, seed=1).outcomes.data["qaly"].to_numpy()


def exact() -> np.ndarray:
    """The same means by quadrature."""

    def s(t: float, law: tuple[float, float]) -> float:
        return float(np.exp(-((t / law[1]) ** law[0])))

    late = np.linspace(0.0, HORIZON, 4001)
    survival_after = np.array([s(t, DIE_LATE) * s(t, DIE_OTHER) for t in late])
    lived_after = np.concatenate(
        [[0.0], np.cumsum(0.5 * np.diff(late) * (survival_after[1:] + survival_after[:-1]))]
    )
    means = []
    for factor in FACTORS:
        law = (PROGRESS[0], PROGRESS[1] * factor)

        def density(t: float, law: tuple[float, float] = law) -> float:
            return law[0] / law[1] * (t / law[1]) ** (law[0] - 1) * s(t, law)

        free = quad(lambda t, law=law: s(t, law) * s(t, DIE_EARLY), 0, HORIZON)[0]
        after = quad(
            lambda t: density(t) * s(t, DIE_EARLY) * np.interp(HORIZON - t, late, lived_after), 0, HORIZON
        )[0]
        means.append((free + after, free))
    return np.array(means)


def seconds(run: Callable[[], object], repeats: int = 3) -> float:
    """Median wall time after one warm-up."""
    run()
    taken = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        taken.append(time.perf_counter() - start)
    return float(np.median(taken))


def main() -> None:
    """Print the table."""
    patients = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    workers = int(sys.argv[2]) if len(sys.argv) > 2 else 2
    disease = model()

    def survsim(n: int = patients) -> np.ndarray:
        r = simulate_model(
            disease,
            patients=n,
            seed=1,
            taus=(HORIZON,),
            execution=Execution(workers=workers, executor="threads"),
        )
        return np.stack(
            [
                r.measure("survival_time", HORIZON).estimate,
                r.measure("progression_free_time", HORIZON).estimate,
            ],
            axis=1,
        )

    hand = seconds(lambda: by_hand(patients, workers))
    ours = seconds(survsim)
    print(f"{'':24}seconds   ratio to hand")
    print(f"{'by hand, means only':24}{hand:7.3f}   1.0")
    print(f"{'survsim':24}{ours:7.3f}   {ours / hand:.1f}")
    try:
        theirs = seconds(by_heormodel(patients))
        print(
            f"{'heormodel, means only':24}{theirs:7.3f}   {theirs / hand:.1f}   {theirs / ours:.1f} times survsim"
        )
    except ImportError:
        print("heormodel is not installed: pip install 'survsim[bench]'")
    print("largest difference from quadrature:", np.abs(survsim() - exact()).max())
    print("linear cost, microseconds a patient and strategy:")
    for n in (10_000, 100_000, 1_000_000, 10_000_000)[: 4 if patients >= 1_000_000 else 2]:
        print(f"  {n:>10,}  {seconds(lambda n=n: survsim(n), 1) / n / 3 * 1e6:.4f}")


if __name__ == "__main__":
    main()
