"""Everything about a model that can be refused before a patient is simulated, in one message."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from survsim.core.errors import ExtrapolationWarning, ScenarioError, warn
from survsim.simulation.cord_biology.radiobiology import LQ_LIMIT
from survsim.simulation.declared.declared_model import DeclaredModel
from survsim.simulation.declared.graph_checks import graph_faults
from survsim.simulation.declared.history_checks import history_faults
from survsim.simulation.declared.number_checks import number_faults, numbers_of
from survsim.simulation.declared.roles import role_faults
from survsim.simulation.declared.rule_checks import rule_faults
from survsim.simulation.declared.strategy import named_numbers
from survsim.simulation.declared.values_checks import values_faults


def check_model(model: DeclaredModel) -> None:
    """Raise one `ScenarioError` that lists every fault of the model, else warn of doses that are doubtful."""
    found = [*graph_faults(model), *_name_faults(model)]
    if not found:  # what follows looks names up, so it waits until they are in order
        found += history_faults(model)
        # and rules are read against the history, so they wait until it can be believed
        found += [
            *(() if found else rule_faults(model)),
            *role_faults(model),
            *number_faults(model),
            *values_faults(model),
        ]
    if found:
        lines = "\n".join(f"  {fault}" for fault in dict.fromkeys(found))
        raise ScenarioError(f"the model cannot be simulated as written:\n{lines}")
    _warn_of_large_fractions(model)


def _warn_of_large_fractions(model: DeclaredModel) -> None:
    """The warning that `eqd2` gives, once for all treatments that are given, as the engine has none."""
    largest: dict[str, float] = {}
    for strategy in model.strategies:
        for name in (t for line in strategy.lines for t in line.treatments):
            treatment = model.treatment(strategy, name)
            for course in treatment.radiation if treatment else ():
                dose = float(numbers_of(model, course.dose_per_fraction).max())
                largest[name] = max(dose, largest.get(name, 0.0))
    shown = ", ".join(f"{name} ({dose:g} Gy)" for name, dose in largest.items() if dose > LQ_LIMIT)
    if shown:
        warn(
            f"the dose per fraction of {shown} is beyond the range of the linear-quadratic model (doubtful above "
            "8 to 10 Gy); read cord doses and risks of myelopathy with that in mind.",
            ExtrapolationWarning,
        )


def _name_faults(model: DeclaredModel) -> Iterator[str]:
    twice = {n for n, times in Counter(model.strategy_names).items() if times > 1}
    for name in sorted(twice):
        yield f"two strategies are called {name}; each needs its own name"
    if not model.strategies:
        yield "there is no strategy; name at least one"
    if not model.horizon > 0 or model.horizon == float("inf"):
        yield f"horizon must be a time above 0; got {model.horizon!r}"
    known = sorted(model.parameters)
    for where, item in _numbered(model):
        for name in named_numbers(item):
            if name not in model.parameters:
                yield f"{where} refers to parameter {name!r}; known: {', '.join(known) or 'none'}"
    yield from _start_faults(model)
    sizes = {k: v.size for k, v in model.parameters.items() if v.ndim}
    sizes |= {t.name: len(t.distribution) for t in model.transitions if isinstance(t.distribution, tuple)}
    if len(set(sizes.values())) > 1:
        shown = ", ".join(f"{k} {n}" for k, n in list(sizes.items())[:6])
        yield f"parameters must hold the same number of draws; found {shown}"


def _numbered(model: DeclaredModel) -> Iterator[tuple[str, Any]]:
    for state in model.states:
        yield f"state {state.name}", state
    for transition in model.transitions:
        yield f"transition {transition.name}", transition
    for strategy in model.strategies:
        yield f"strategy {strategy.name}", strategy
    for name, treatment in model.treatments.items():
        yield f"treatment {name}", treatment
    yield "history", model.history
    yield "population", model.population
    yield "cord", model.cord
    yield "values", model.values


def _start_faults(model: DeclaredModel) -> Iterator[str]:
    """Shares of the states people start in that are no shares, or do not add up."""
    if not isinstance(model.start, Mapping) or not model.start:
        return
    unknown = [v for v in model.start.values() if isinstance(v, str) and v not in model.parameters]
    if unknown:
        yield f"start refers to parameter {unknown[0]!r}; known: {', '.join(sorted(model.parameters)) or 'none'}"
        return
    shares = np.stack(
        np.broadcast_arrays(*(np.atleast_1d(numbers_of(model, v)) for v in model.start.values()))
    )
    if (shares < 0).any() or (np.abs(shares.sum(axis=0) - 1.0) > 1e-9).any():
        yield f"the shares of start lie between 0 and 1 and add up to 1; got {dict(model.start)}"
