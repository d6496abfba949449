"""Where a response came from: the columns it was made of, the frame they are named in, the rows left out on the way.

A frame that is given later holds those columns as well, and the rows that were left out. What is known here keeps the first
from being taken for covariates, and finds the patients of the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from survsim.core.checks import IntArray
from survsim.core.errors import InputError
from survsim.core.frames import as_frame, is_table
from survsim.core.kinds import dimensions
from survsim.core.pairing import index_of
from survsim.core.read_only import view


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Rows that `missing="drop"` left out when a response was made, or that a selection did not take.

    Attributes
    ----------
    labels : row labels of those left out, those of rows that are still there possibly among them; none where rows had none.
    count : how many are left out; of : how many rows there were before.
    selected : whether a selection left them out.
    """

    labels: tuple[Any, ...]
    count: int
    of: int
    selected: bool = False

    @classmethod
    def taken(cls, before: LeftOut | None, index: Any, n: int, of: int) -> LeftOut:
        """After n of the rows labelled `index` were taken, of which some had been left out `before`.

        All labels are kept, not looked through: selections are made more often than columns of all rows come.
        """
        known = () if before is None else before.labels
        return cls(known if before is not None and before.selected else (*known, index), of - n, of, True)

    def without(self, index: Any, n: int, name: str, values: Any) -> Any:
        """The rows of `values` that the response still has, by label where rows were left out of it alone.

        Raises
        ------
        InputError : as many rows as there were before, without labels that tell which of them are left.
        """
        values = as_frame(values, name) if is_table(values) else values
        if values is None or isinstance(values, str) or dimensions(values) == 0 or len(values) == n:
            return values
        own = index_of(values)
        if own is not None and index is not None and own.is_unique and index.is_unique:
            place = index.get_indexer(own)
            extra = own[place < 0]
            known = np.logical_or.reduce([extra.isin(labels) for labels in self.labels], initial=False)
            if len(own) - len(extra) == len(index) and np.all(known):
                return values.iloc[own.get_indexer(index)]
        if len(values) != self.of or n != self.of - self.count:
            return values  # the check of lengths says more
        why = (
            f"{n} of {self.of} rows were selected"
            if self.selected
            else f"missing='drop' left {self.count} of {self.of} rows out when the response was made"
        )
        raise InputError(
            f"{name} has {len(values)} rows for {n} of the response: {why}, and {name} has no row labels in common with it that say which. Make the response with "
            f"data=frame and name the column, pass it with the row labels of that frame, or leave those rows out of {name} too."
        )


@dataclass(frozen=True, slots=True)
class Part:
    """One column that a response was made of.

    Attributes
    ----------
    role : the argument it was given as: "time", "event", "weight" ...
    label : what the column is called.
    values : (N,) as given.
    named : whether it was named, and not passed.
    """

    role: str
    label: Any
    values: Any
    named: bool


@dataclass(frozen=True, slots=True)
class Origin:
    """What a response remembers of how it was made, and no file holds.

    Attributes
    ----------
    frame : given as data, rows as in the response, or None.
    parts : the columns it was made of.
    rows : (n,) positions of the response's rows among those of the parts; None where they are the same.
    left_out : rows without a value, or None.
    """

    frame: Any = None
    parts: tuple[Part, ...] = ()
    rows: IntArray | None = None
    left_out: LeftOut | None = None

    @classmethod
    def of(
        cls,
        given: Mapping[str, Any],
        frame: Any,
        names: Mapping[str, tuple[Any, ...]],
        left_out: LeftOut | None = None,
    ) -> Origin:
        """From the columns of each argument, the frame, and the names of those that were named.

        What has no name need not be kept: the response itself holds its times and events.
        """
        parts = [Part(role, label, frame[label], True) for role, labels in names.items() for label in labels]
        parts += [
            Part(role, label, values, False)
            for role, values in given.items()
            if role not in names and (label := getattr(values, "name", None)) is not None
        ]
        return cls(frame, tuple(parts), None, left_out)

    def values(self, part: Part) -> Any:
        """(n,) those of a part in the rows of the response."""
        found = part.values.to_numpy() if hasattr(part.values, "to_numpy") else np.asarray(part.values)
        return found if self.rows is None else found[self.rows]

    def take(self, rows: Any, index: Any, n: int) -> Origin:
        """That of some rows, positions or a mask, of the n that carry the labels `index` (or None)."""
        chosen = np.flatnonzero(rows) if rows.dtype == bool else rows
        left_out = self.left_out
        if index is not None and len(chosen) < n:
            left_out = LeftOut.taken(left_out, index, len(chosen), n)
        return replace(
            self,
            left_out=left_out,
            frame=None if self.frame is None else self.frame.iloc[rows],
            rows=view(chosen if self.rows is None else self.rows[chosen]),
        )
