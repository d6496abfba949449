"""A fault: what is wrong in one cell or file, by which rule, and what to do about it."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from survsim.core.display import displayed

ERROR = "error"
WARNING = "warning"
FEW = 3
"""Further rows that a line names before it counts the rest."""


@displayed
@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One finding of the validator; `explained` holds the study's own answer to a known warning.

    `cause` is what findings of one fault have in common, a name for joining them; `also` the other rows that show it.
    """

    severity: str
    table: str
    row: str
    column: str
    value: str
    rule: str
    remedy: str
    explained: str = ""
    cause: str = ""
    also: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """Plain dictionary, for JSON."""
        return {name: cell for name, cell in asdict(self).items() if name != "cause"}

    @property
    def rows(self) -> str:
        """The row and the others that show the fault, in words."""
        if not self.also:
            return self.row
        more = f" and {len(self.also) - FEW} more" if len(self.also) > FEW else ""
        return ", ".join((self.row, *self.also[:FEW])) + more

    def __str__(self) -> str:
        where = ", ".join(p for p in (f"{self.table}.csv", self.rows, self.column) if p)
        shown = f" {self.value!r}" if self.value else ""
        return f"{self.severity}: {where}:{shown} [{self.rule}] {self.remedy}"


def error(
    rule: str,
    table: str,
    remedy: str,
    *,
    row: object = "",
    column: str = "",
    value: object = "",
    cause: str = "",
) -> Fault:
    """A fault that makes a number unusable or wrong."""
    return _fault(ERROR, rule, table, remedy, row, column, value, cause)


def warning(
    rule: str,
    table: str,
    remedy: str,
    *,
    row: object = "",
    column: str = "",
    value: object = "",
    cause: str = "",
) -> Fault:
    """A fault that a reader must know of."""
    return _fault(WARNING, rule, table, remedy, row, column, value, cause)


def _fault(
    severity: str, rule: str, table: str, remedy: str, row: object, column: str, value: object, cause: str
) -> Fault:
    shown = str(value)
    return Fault(
        severity=severity,
        table=table,
        row=str(row),
        column=column,
        value=shown if len(shown) <= 80 else shown[:77] + "...",
        rule=rule,
        remedy=remedy,
        cause=cause,
    )
