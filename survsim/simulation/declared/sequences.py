"""Orders of treatments as a rule: which may follow which, in place of a strategy written out for each order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Self

import pydantic

from survsim.core.declared import Names, each_once
from survsim.core.errors import ScenarioError
from survsim.simulation.declared.clause import Clause
from survsim.simulation.declared.strategy import Line, StopRule, Strategy
from survsim.simulation.laws.schema import Checked, Number

MOST_SEQUENCES = 2_000
"""Strategies that a rule may come to before it is refused as one that says too little."""


def _several(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


OneOrMore = Annotated[
    Names,
    pydantic.BeforeValidator(_several, json_schema_input_type=str | tuple[str, ...]),
]


class Sequences(Checked):
    """Every allowed order of some treatments, a line each, as strategies.

    `of` names the treatments, or names options and the treatments that each gives together. An order holds `at_least` to
    `at_most` of them, none twice. `only_after` says what must have come before, all of it: ``{B: A}`` is "B only after A";
    `never_after` what must not; `not_together` options of which an order holds one at most.

    The first line starts under `start`. A later one starts once the line before it is over and `then` holds, and the line
    of an option also under what it `needs`. All stop by `stop`, are accepted with probability `accept`.

    Example
    -------
    >>> from survsim.simulation import Sequences
    >>> rule = Sequences(sequences="order", of=("A", "B", "C"), at_least=2, at_most=2, only_after={"B": "A"})
    >>> [one.strategy for one in rule.strategies()]
    ['order_A_B', 'order_A_C', 'order_C_A']
    """

    sequences: str = pydantic.Field(pattern=r"^[A-Za-z0-9_.\-]+$")
    of: Annotated[tuple[str, ...] | dict[str, OneOrMore], each_once()]
    at_least: int = pydantic.Field(default=1, ge=1)
    at_most: int | None = pydantic.Field(default=None, ge=1)
    only_after: dict[str, OneOrMore] = pydantic.Field(default_factory=dict)
    never_after: dict[str, OneOrMore] = pydantic.Field(default_factory=dict)
    not_together: tuple[OneOrMore, ...] = ()
    start: tuple[Clause, ...] = ()
    then: tuple[Clause, ...] = ()
    needs: dict[str, tuple[Clause, ...]] = pydantic.Field(default_factory=dict)
    stop: tuple[StopRule, ...] = ()
    accept: Number = 1.0
    allow_without_previous: bool = False

    @pydantic.model_validator(mode="after")
    def _whole(self) -> Self:
        names = tuple(self.of)
        if not names or not all(self.given(n) for n in names):
            raise ValueError("of names at least one treatment, and every option at least one")
        for key in ("only_after", "never_after", "needs"):
            rule = getattr(self, key)
            named = dict.fromkeys(rule)
            if key != "needs":
                named |= dict.fromkeys(n for group in rule.values() for n in group)
            self._known(key, tuple(named), names)
            if itself := next((n for n in rule if key != "needs" and n in rule[n]), None):
                raise ValueError(f"{key}: {itself} cannot come after itself")
        self._refuse_loop(names)
        self._known("not_together", tuple(n for group in self.not_together for n in group), names)
        longest = len(names) if self.at_most is None else self.at_most
        if not self.at_least <= longest <= len(names):
            raise ValueError(
                f"an order of {len(names)} options holds {self.at_least} to {longest} of them; at_least is not above at_most, nor "
                f"at_most above {len(names)}"
            )
        return self

    def _refuse_loop(self, names: tuple[str, ...]) -> None:
        """Options that wait for one another would be given in no order."""
        free: set[str] = set()
        while more := {n for n in names if n not in free and set(self.only_after.get(n, ())) <= free}:
            free |= more
        if stuck := [n for n in names if n not in free]:
            raise ValueError(
                f"only_after: {', '.join(stuck)} wait for one another and would never be given; take one of them out"
            )

    @staticmethod
    def _known(key: str, named: tuple[str, ...], names: tuple[str, ...]) -> None:
        missing = [n for n in named if n not in names]
        if missing:
            raise ValueError(
                f"{key} names {', '.join(missing)}, which of does not hold; of: {', '.join(names)}"
            )

    def given(self, option: str) -> tuple[str, ...]:
        """The treatments that an option gives together."""
        return self.of[option] if isinstance(self.of, dict) else (option,)

    def orders(self) -> Iterator[tuple[str, ...]]:
        """Every allowed order, shorter ones first among those that begin alike."""
        yield from self._further(())

    def _further(self, before: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        if len(before) >= self.at_least:
            yield before
        if len(before) == (len(self.of) if self.at_most is None else self.at_most):
            return
        for option in self.of:
            if option not in before and self._may_follow(option, before):
                yield from self._further((*before, option))

    def _may_follow(self, option: str, before: tuple[str, ...]) -> bool:
        return (
            all(n in before for n in self.only_after.get(option, ()))
            and not any(n in before for n in self.never_after.get(option, ()))
            and not any(option in group and set(group) & set(before) for group in self.not_together)
        )

    def strategies(self) -> tuple[Strategy, ...]:
        """A strategy for each allowed order.

        Raises
        ------
        ScenarioError : a rule that allows no order, or more than can be told apart.
        """
        found = []
        for order in self.orders():
            found.append(self._strategy(order))
            if len(found) > MOST_SEQUENCES:
                raise ScenarioError(
                    f"sequences {self.sequences}: more than {MOST_SEQUENCES:,} orders are allowed; set at_most, or say what comes "
                    "only after what."
                )
        if not found:
            raise ScenarioError(
                f"sequences {self.sequences}: no order of {self.at_least} or more is allowed; look for options that wait for one "
                "another under only_after, and at at_least."
            )
        return tuple(found)

    def _strategy(self, order: tuple[str, ...]) -> Strategy:
        spoken = [name.replace("_", " ") for name in order]
        return Strategy(
            strategy="_".join((self.sequences, *order)),
            label=", then ".join(spoken),
            lines=tuple(self._line(option, order[i - 1] if i else None) for i, option in enumerate(order)),
        )

    def _line(self, option: str, previous: str | None) -> Line:
        starts = self.start
        if previous is not None:
            over = Clause.model_validate(
                {"quantity": "line", "name": previous, "is": ["completed", "stopped", "declined"]}
            )
            starts = (over, *self.then)
        return Line(
            line=option,
            treatments=self.given(option),
            start=(*starts, *self.needs.get(option, ())),
            stop=self.stop,
            accept=self.accept,
            allow_without_previous=self.allow_without_previous,
        )
