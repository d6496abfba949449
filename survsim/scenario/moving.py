"""Numbers of a scenario put elsewhere: shares of one whole make room for each other, and what is derived follows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from survsim.core.checks import FloatArray
from survsim.core.errors import InputError
from survsim.scenario.derive import derive
from survsim.scenario.joint_laws import Dirichlet
from survsim.scenario.parameter_spec import Derived, FromJoint
from survsim.scenario.spec import ScenarioFile

_ROUNDING = 1e-9


def moved_to(
    content: ScenarioFile, values: Mapping[str, FloatArray], to: Mapping[str, FloatArray]
) -> dict[str, FloatArray]:
    """All numbers where some are put `to` others than they had in `values` (d,).

    The other shares of a whole keep their ratios to each other, as they do in a Dirichlet law that is told one of them.
    """
    found = {**values, **to}
    changed = {name for name, at in to.items() if np.any(at != values[name])}
    for members in _wholes(content):
        if changed & set(members):
            put = {part: to[name] for name, part in members.items() if name in to}
            taken = sum((values[name] for name in _once(members) if members[name] in put), start=np.zeros(1))
            room = 1.0 - sum(put.values(), start=np.zeros(1))
            if np.any(room < -_ROUNDING):
                raise InputError(
                    f"shares of one whole add up to at most 1; {' and '.join(n for n in members if n in to)} would come to "
                    f"{float(np.max(1.0 - room)):g}."
                )
            for name in (n for n in members if n not in to):
                part = members[name]
                found[name] = (
                    put[part] if part in put else values[name] * np.maximum(room, 0.0) / (1.0 - taken)
                )
                changed.add(name)
    for name, one in content.parameters.items():
        if isinstance(one, Derived) and name not in to and changed & set(one.of):
            found[name] = derive(name, one.rule, [found[p] for p in one.of], **one.options())
            changed.add(name)
    return found


def middle_of(content: ScenarioFile, drawn: Mapping[str, FloatArray]) -> dict[str, float]:
    """The middle of each parameter: its median, of shares of one whole the mean, since medians need not add up to 1.

    What is derived from such shares follows from their means.
    """
    middle = {name: float(np.median(draws)) for name, draws in drawn.items()}
    shares = {name for members in _wholes(content) for name in members}
    middle |= {name: float(np.mean(drawn[name])) for name in shares}
    for name, one in content.parameters.items():
        if isinstance(one, Derived) and shares & set(one.of):
            inputs = [np.array([middle[p]]) for p in one.of]
            middle[name] = float(derive(name, one.rule, inputs, **one.options())[0])
            shares.add(name)
    return middle


def _wholes(content: ScenarioFile) -> Iterator[dict[str, str]]:
    """The parameters that are shares of each whole, with the component that each is."""
    for law in (name for name, one in content.joint.items() if isinstance(one, Dirichlet)):
        yield {
            name: one.component or name
            for name, one in content.parameters.items()
            if isinstance(one, FromJoint) and one.of == law
        }


def _once(members: Mapping[str, str]) -> list[str]:
    """One parameter a component: two may be the same share."""
    return list({part: name for name, part in members.items()}.values())
