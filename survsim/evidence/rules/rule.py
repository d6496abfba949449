"""The register of rules. A rule is a small function from tables to faults; it names what it needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from survsim.evidence.rules.tables import Tables
from survsim.evidence.schema.faults import Fault

Check = Callable[[Tables], Iterator[Fault]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule: its name, what it says in one line, the columns it reads, and the function that applies it."""

    name: str
    says: str
    needs: dict[str, tuple[str, ...]]
    check: Check


RULES: dict[str, Rule] = {}


def rule(name: str, **needs: tuple[str, ...]) -> Callable[[Check], Check]:
    """Register a function as a rule; it runs only when the tables and columns in `needs` are there."""

    def register(check: Check) -> Check:
        says = (check.__doc__ or "").strip().splitlines()[0]
        RULES[name] = Rule(name=name, says=says, needs=needs, check=check)
        return check

    return register
