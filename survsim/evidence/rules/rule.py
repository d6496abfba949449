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


def all_rules() -> dict[str, Rule]:
    """Every rule, in the order in which they run."""
    from survsim.evidence.rules import cells, estimates, patients, records, rows  # noqa: F401

    return RULES


def apply_rules(tables: Tables) -> list[Fault]:
    """All faults of all rules that can run."""
    found: list[Fault] = []
    for item in all_rules().values():
        if all(tables.has(table, columns) for table, columns in item.needs.items()):
            found.extend(item.check(tables))
    return found
