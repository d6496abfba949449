"""What every function does with each part of a response, as the manual's table says: no part is dropped in silence."""

from __future__ import annotations

import dataclasses
import inspect
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from survsim import Surv
from survsim._public import PUBLIC, load
from survsim.core.errors import InputError

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how_to" / "parts_of_a_response.md"
PARTS = ("weight", "entry", "stratum", "cluster", "id", "causes")
N = 80
RNG = np.random.default_rng(5)
EVENT = RNG.random(N) < 0.7
# a plateau, so that a cure model has something to hold on to
TIME = np.round(np.where(EVENT, RNG.exponential(10.0, N) + 3.5, RNG.uniform(30.0, 60.0, N)), 2)
CAUSE = np.where(EVENT, np.where(RNG.random(N) < 0.6, "tumour", "other"), "none")
FRAME = pd.DataFrame({"age": RNG.normal(60.0, 8.0, N), "arm": np.repeat(["a", "b"], N // 2), "year": 2000.0})
FRAME = FRAME.assign(switch=np.where(np.arange(N) % 3 == 0, np.round(0.9 * TIME, 2), np.inf))
GIVEN: dict[str, np.ndarray] = {
    "weight": RNG.uniform(0.5, 2.0, N),
    "entry": 0.5 * TIME * (np.arange(N) % 4 == 0),
    "stratum": RNG.choice(["north", "south"], N),
    # patients of both arms, and of one event and none, are in a cluster
    "cluster": RNG.integers(0, 30, N),
}
COMPETING = ("cause_specific_cox", "fine_gray", "gray_test", "aalen_johansen")
"""Functions that want several causes; the others are shown what they make of them."""
START_STOP = ("marginal_structural_cox",)
"""Functions that want rows of which several are one patient's."""
POPULATION = {"age": np.arange(120), "probability": np.full(120, 0.01)}


def response(part: str | None, causes: bool, start_stop: bool) -> tuple[Surv, pd.DataFrame]:
    """A response that has `part` besides times and events, and the frame of its rows."""
    time, event, cause, frame = TIME, EVENT, CAUSE, FRAME
    more = {part: GIVEN[part]} if part in GIVEN else {}
    if start_stop or part == "id":
        # the first half of each patient's time in a row of its own
        half, twice = 0.6 * time, np.tile(np.arange(N), 2)
        begin = more.pop("entry", np.zeros(N))
        more = {name: column[twice] for name, column in more.items()}
        more |= {"id": twice, "entry": np.concatenate([begin, half])}
        time, frame = np.concatenate([half, time]), FRAME.iloc[twice].reset_index(drop=True)
        event = np.concatenate([np.zeros(N, bool), event])
        cause = np.concatenate([np.full(N, "none"), cause])
    if causes or part == "causes":
        return Surv.competing(time, cause, unit="months", censored="none", data=frame, **more), frame
    return Surv.right(time, event, unit="months", data=frame, **more), frame


def starts(frame: pd.DataFrame) -> np.ndarray:
    """Treatment in the second row of every third patient."""
    return (np.isfinite(frame["switch"]) & (np.arange(len(frame)) >= N)).to_numpy().astype(int)


def counts(frame: pd.DataFrame) -> np.ndarray:
    return np.random.default_rng(1).multinomial(len(frame), np.full(len(frame), 1 / len(frame)), 3)


CALLS: dict[str, Callable[[Any, Surv, pd.DataFrame], Any]] = {
    "kaplan_meier": lambda f, s, d: f(s, by=d["arm"]),
    "nelson_aalen": lambda f, s, d: f(s, by=d["arm"]),
    "reverse_kaplan_meier": lambda f, s, d: f(s, by=d["arm"]),
    "conditional_survival": lambda f, s, d: f(s, given=4.0, times=[8.0]),
    "event_rates": lambda f, s, d: f(s, by=d["arm"]),
    "landmark": lambda f, s, d: f(s, at=4.0),
    "net_survival": lambda f, s, d: f(s, POPULATION, d),
    "rmst": lambda f, s, d: f(s, tau=9.0),
    "rmst_test": lambda f, s, d: f(s, d["arm"], tau=9.0),
    "milestone_test": lambda f, s, d: f(s, d["arm"], 9.0),
    "sufficient_follow_up": lambda f, s, d: f(s),
    "logrank_test": lambda f, s, d: f(s, d["arm"]),
    "maxcombo_test": lambda f, s, d: f(s, d["arm"]),
    "permutation_logrank_test": lambda f, s, d: f(s, d["arm"], seed=1),
    "pairwise_logrank": lambda f, s, d: f(s, d["arm"]),
    "cox_ph": lambda f, s, d: f(s, "age", d),
    "cox_resamples": lambda f, s, d: f(s, d[["age"]].to_numpy(), counts(d)),
    "penalty_path": lambda f, s, d: f(s, "age", d, strengths=[1.0, 9.0], folds=5),
    "concordance": lambda f, s, d: f(s, d["age"]),
    "time_dependent_auc": lambda f, s, d: f(s, d["age"], times=[9.0]),
    "brier_score": lambda f, s, d: f(s, (d[["age"]] / 100.0).to_numpy(), times=[9.0]),
    "parametric_survival": lambda f, s, d: f(s, "weibull", "age", d),
    "royston_parmar": lambda f, s, d: f(s, "age", d, df=2),
    "mixture_cure": lambda f, s, d: f(s, "weibull"),
    "compare_families": lambda f, s, d: f(s, families=("exponential", "weibull")),
    "background_rates": lambda f, s, d: f(
        s, load("Gompertz")(shape=0.1, rate=1e-3, time_unit="years"), d["age"]
    ),
    "aalen_johansen": lambda f, s, d: f(s, by=d["arm"]),
    "gray_test": lambda f, s, d: f(s, d["arm"], cause="tumour"),
    "cause_specific_cox": lambda f, s, d: f(s, "age", d),
    "fine_gray": lambda f, s, d: f(s, "age", d, cause="tumour"),
    "ipw_cox": lambda f, s, d: f(s, d["arm"], "age", d),
    "ipw_kaplan_meier": lambda f, s, d: f(s, d["arm"], "age", d, n_resamples=20, times=[9.0]),
    "marginal_structural_cox": lambda f, s, d: f(s, starts(d), d, denominator="age", starts_once=True),
    "time_varying_treatment": lambda f, s, d: f(s, d["switch"], "age", d),
    "clone_censor_weight": lambda f, s, d: f(s, d["switch"] / 3.0, grace=15.0, n_resamples=5, tau=9.0),
    "bootstrap": lambda f, s, d: f(s, "rmst", at=9.0, n_resamples=20),
    "patients_term": lambda f, s, d: load("evidence_model")([f(s, study="own")], breaks=[9.0]).to_frame(),
    "check_summary": lambda f, s, d: f(s, median=9.0),
}


def numbers(of: Any) -> list[float]:
    """Every number that a result holds, in its order."""
    if isinstance(of, pd.DataFrame):
        return numbers(of.select_dtypes("number").to_numpy())
    if isinstance(of, np.ndarray):
        return [float(x) for x in of.ravel()] if of.dtype.kind in "fi" else []
    if isinstance(of, Surv):
        return [
            x
            for part in (of.time, of.entry, of.weight, of.stratum, of.cluster, of.cause)
            for x in numbers(part)
        ]
    if isinstance(of, list | tuple | dict):
        return [x for one in (of.values() if isinstance(of, dict) else of) for x in numbers(one)]
    if dataclasses.is_dataclass(of):
        return [
            x for f in dataclasses.fields(of) if f.name != "provenance" for x in numbers(getattr(of, f.name))
        ]
    return [float(of)] if isinstance(of, int | float | np.number) and not isinstance(of, bool) else []


def found(name: str, part: str | None) -> list[float] | None:
    """The numbers with that part of a response; None where the function refuses it."""
    surv, frame = response(part, name in COMPETING, name in START_STOP)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return numbers(CALLS[name](load(name), surv, frame))
        except InputError:
            return None


WORDS = {"used", "refused", "—", "joined", "any", "apart", "kept"}
TABLE = {
    cells[0].strip("`"): dict(zip(PARTS, cells[1:], strict=True))
    for cells in (
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in PAGE.read_text(encoding="utf-8").splitlines()
        if line.startswith("| `")
    )
}


def test_every_function_of_a_response_is_in_the_table() -> None:
    functions = {name: load(name) for name in PUBLIC if inspect.isfunction(load(name))}
    of_one = {name for name, f in functions.items() if "surv" in inspect.signature(f).parameters}
    assert of_one == set(TABLE) == set(CALLS)
    assert {word for row in TABLE.values() for word in row.values()} <= WORDS


@pytest.mark.parametrize("name", sorted(CALLS))
def test_each_part_is_used_refused_or_said_to_make_no_difference(name: str) -> None:
    whole = found(name, None)
    assert whole, "the plain response gives numbers"
    for part, word in TABLE[name].items():
        numbers_with = found(name, part)
        if word == "refused" or numbers_with is None:
            assert (word, numbers_with) == ("refused", None), part
        elif word in ("used", "kept", "—", "any"):
            same = len(numbers_with) == len(whole) and np.allclose(
                numbers_with, whole, rtol=1e-9, atol=1e-13, equal_nan=True
            )
            assert same == (word in ("—", "any")), f"{part} is said to be {word}"
        elif word == "apart":
            assert name in COMPETING and part == "causes"
        else:
            assert (word, part) == ("joined", "id")
