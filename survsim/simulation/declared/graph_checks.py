"""Faults of the graph of states and transitions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from survsim.core.checks import FloatArray
from survsim.simulation.declared.declared_model import DeclaredModel
from survsim.simulation.declared.states import HISTORY, State, Transition
from survsim.simulation.declared.strategy import Strategy
from survsim.simulation.laws.law import LawBase, MortalityLaw, PiecewiseLaw
from survsim.simulation.laws.schema import Checked


def graph_faults(model: DeclaredModel) -> Iterator[str]:
    """Sentences, each one fault with its place and what to do."""
    names = model.state_names
    if not model.start_states:
        yield "start names no state; leave it out for the first, or give shares such as {well: 0.7, sick: 0.3}"
        return
    for name in sorted({n for n in names if names.count(n) > 1}):
        yield f"two states are called {name}"
    unknown = [s for s in model.start_states if s not in names]
    for name in unknown:
        yield f"start {name!r} is not a state; states: {', '.join(names)}"
    if unknown:
        return
    ends_fault = False
    for transition in model.transitions:
        for fault in _transition_faults(model, transition):
            ends_fault = True
            yield fault
    pairs = [t.name for t in model.transitions]
    for pair in sorted({p for p in pairs if pairs.count(p) > 1}):
        yield f"transition {pair} is declared twice; join the two"
    shared = [(t.source, t.latent) for t in model.transitions if t.latent is not None]
    for source, name in sorted({p for p in shared if shared.count(p) > 1}):
        yield (
            f"two transitions out of {source} share the latent time {name!r} and would come at once; join them, or give each "
            "a name of its own"
        )
    yield from _lonely_faults(model)
    if not ends_fault:
        yield from _way_faults(model)


def _lonely_faults(model: DeclaredModel) -> Iterator[str]:
    """A latent time of one way alone, where other ways lead to the same end: most often a name that was mistyped."""
    named = [t.latent for t in model.transitions if t.latent is not None]
    for t in model.transitions:
        others = [o.name for o in model.transitions if o.target == t.target and o is not t]
        if t.latent is not None and named.count(t.latent) == 1 and others:
            known = sorted(set(named) - {t.latent})
            yield (
                f"transition {t.name}: latent time {t.latent!r} is named by this way alone, and shared with none of "
                f"{', '.join(others)}; name it alike on each way of the same death, or leave it out"
                f"{f' (other names: {chr(44).join(known)})' if known else ''}"
            )


def _transition_faults(model: DeclaredModel, t: Transition) -> Iterator[str]:
    kinds = {s.name: s for s in model.states}
    for end in (t.source, t.target):
        if end not in kinds:
            yield f"transition {t.name}: {end!r} is not a state; states: {', '.join(kinds)}"
            return
    if kinds[t.source].death:
        yield f"transition {t.name}: {t.source} is a death, nobody leaves it"
    if kinds[t.source].absorbing:
        yield f"transition {t.name}: {t.source} is absorbing, nobody leaves it"
    if t.within_stage and kinds[t.source].progression != kinds[t.target].progression:
        yield (
            f"transition {t.name} stays within a stage, yet only one of the two states is a progression; "
            "leave out within_stage, or mark both states alike"
        )
    if t.source == t.target:
        yield f"transition {t.name} leads back to itself; use a second state"
    laws = t.distribution if isinstance(t.distribution, tuple) else (t.distribution,)
    for unit in sorted({law.time_unit for law in laws if not isinstance(law, Checked)} - {model.time_unit}):
        yield f"transition {t.name} counts in {unit}, the model in {model.time_unit}; use InUnit or other numbers"
    own = {c.name for c in model.population.covariates}
    for name in t.covariates:
        if name not in own and name not in HISTORY:
            known = ", ".join([*sorted(own), *HISTORY])
            yield f"transition {t.name}: {name!r} is not a covariate; known: {known}"
    yield from _age_faults(model, t, own)
    yield from _latent_faults(t, kinds[t.target])
    frailties = {f.name for f in model.population.frailties}
    if t.frailty is not None and t.frailty not in frailties:
        yield f"transition {t.name}: frailty {t.frailty!r} is not declared in the population"


def _latent_faults(t: Transition, end: State) -> Iterator[str]:
    """A latent time that would come more than once."""
    if t.latent is not None and not (end.death or end.absorbing):
        yield (
            f"transition {t.name}: latent time {t.latent!r} ends in {t.target}, which can be left; a latent time is that of "
            "a death or of an absorbing state, which comes once"
        )


def _age_faults(model: DeclaredModel, t: Transition, own: set[str]) -> Iterator[str]:
    """A clock of age without an age, or a table that asks for what the population does not have."""
    if t.clock == "age" and t.age not in own:
        yield (
            f"transition {t.name} runs on the age of a patient; the population has no covariate {t.age!r} (known: "
            f"{', '.join(sorted(own)) or 'none'}): declare the age in years at time 0"
        )
    if isinstance(t.distribution, MortalityLaw):
        if t.clock != "age":
            yield f"transition {t.name}: a life table is a law of age; give the transition clock: age"
        asked = [name for sheet in t.distribution.sheets for name, _ in sheet.where]
        asked += [t.distribution.now] if isinstance(t.distribution.now, str) else []
        for name in dict.fromkeys(n for n in asked if n not in own):
            yield f"transition {t.name}: its table asks for {name!r}; the population has no covariate {name!r}"
        kinds = {c.name: c.distribution for c in model.population.covariates}
        rows = dict.fromkeys(name for sheet in t.distribution.sheets for name, _ in sheet.where)
        for name in (n for n in rows if kinds.get(n) in ("normal", "lognormal", "uniform")):
            yield (
                f"transition {t.name}: its table has rows by {name!r}, which is {kinds[name]} and takes any value; a covariate "
                "that chooses rows is bernoulli or fixed"
            )


def _way_faults(model: DeclaredModel) -> Iterator[str]:
    out = ways_out(model)
    reached = set().union(*(reachable(out, start) for start in model.start_states))
    for state in model.states:
        if state.name not in reached:
            starts = ", ".join(model.start_states)
            yield f"state {state.name} cannot be reached from {starts}; add a transition or leave it out"
        elif not (state.death or state.absorbing) and not any(
            t.source == state.name for t in model.transitions
        ):
            yield (
                f"state {state.name} is not a death but cannot be left; mark it death, or absorbing if it is left by nobody "
                "alive, or add a transition"
            )
    for state in model.states:
        if state.death and state.absorbing:
            yield f"state {state.name} is a death, which nobody leaves; absorbing is said of the living"
    for start in model.start_states:
        if model.states[model.state_names.index(start)].death:
            yield f"{'everybody' if len(model.start_states) == 1 else 'some'} would start dead in {start}"
    yield from _cycle_faults(model, out)


def ways_out(model: DeclaredModel) -> dict[str, list[str]]:
    """Where each state may lead: by its transitions, and by adverse events that take a patient elsewhere."""
    out: dict[str, list[str]] = {name: [] for name in model.state_names}
    for t in model.transitions:
        out[t.source].append(t.target)
    given = [model.treatment(s, n) for s in model.strategies for n in _named(model, s)]
    led = dict.fromkeys(str(x.leads_to) for g in given if g for x in g.toxicities if x.leads_to in out)
    for state in model.states:
        if not state.death:
            out[state.name] += [t for t in led if t != state.name and t not in out[state.name]]
    return out


def _named(model: DeclaredModel, strategy: Strategy) -> list[str]:
    past = model.history.given if model.history else ()
    return [*(t for line in strategy.lines for t in line.treatments), *(p.treatment for p in past)]


def reachable(out: dict[str, list[str]], start: str) -> set[str]:
    """The states that can be reached from `start`, itself among them."""
    found, todo = {start}, [start]
    while todo:
        for target in out[todo.pop()]:
            if target not in found:
                found.add(target)
                todo.append(target)
    return found


def _cycle_faults(model: DeclaredModel, out: dict[str, list[str]]) -> Iterator[str]:
    """A cycle whose every transition has a median of next to no time in some draw would never end."""
    medians: dict[tuple[str, str], FloatArray] = {}
    for t in model.transitions:
        if t.clock == "reset" and t.source in reachable(out, t.target):
            found = _medians(model, t.distribution)
            if found is not None:
                medians[t.source, t.target] = found
    if not medians or len({m.size for m in medians.values()} - {1}) > 1:
        return  # numbers of draws that differ are told with the parameters
    quick = np.stack(np.broadcast_arrays(*(m < 1e-5 * model.horizon for m in medians.values())), axis=-1)
    # most draws agree on which transitions are quick, so few graphs are looked at
    for row in np.unique(quick, axis=0):
        instant: dict[str, list[str]] = {name: [] for name in out}
        for (source, target), is_quick in zip(medians, row):
            if is_quick:
                instant[source].append(target)
        for name, targets in instant.items():
            if any(name in reachable(instant, target) for target in targets):
                yield f"state {name} lies on a cycle that takes next to no time; its transitions need a time"
                return


def _medians(model: DeclaredModel, law: Any) -> FloatArray | None:
    """Median time by draw, (1,) or (draws,); None where a number is unknown or refused, which is told elsewhere."""
    try:
        if isinstance(law, tuple):
            return np.array([float(_median(model, one, i).max()) for i, one in enumerate(law)])
        return np.atleast_1d(_median(model, law, None))
    except (KeyError, IndexError, ValueError):
        return None


def _median(model: DeclaredModel, law: Any, draw: int | None) -> FloatArray:
    """Median time of a law in one draw, or (with None) in all at once."""
    if not isinstance(law, LawBase):
        return np.asarray(law.quantile(0.5).max())
    # rates of pieces cannot be arrays over draws: the smallest ones tell whether every draw is quick
    pieces = isinstance(law, PiecewiseLaw)

    def number(value: float | str) -> Any:
        if not isinstance(value, str):
            return value
        draws = model.parameters[value]
        if draw is not None and draws.ndim:
            return draws[draw]
        return draws.min() if pieces else draws

    return np.asarray(law.build(number, model.time_unit).quantile(0.5))
