"""A fault: what is wrong in one cell or file, by which rule, and what to do about it."""

from __future__ import annotations

from dataclasses import asdict, dataclass

ERROR = "error"
WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One finding of the validator; `explained` holds the study's own answer to a known warning."""

    severity: str
    table: str
    row: str
    column: str
    value: str
    rule: str
    remedy: str
    explained: str = ""

    def to_dict(self) -> dict[str, str]:
        """Plain dictionary, for JSON."""
        return asdict(self)

    def __str__(self) -> str:
        where = ", ".join(p for p in (f"{self.table}.csv", self.row, self.column) if p)
        shown = f" {self.value!r}" if self.value else ""
        return f"{self.severity}: {where}:{shown} [{self.rule}] {self.remedy}"


def error(
    rule: str, table: str, remedy: str, *, row: object = "", column: str = "", value: object = ""
) -> Fault:
    """A fault that makes a number unusable or wrong."""
    return _fault(ERROR, rule, table, remedy, row, column, value)


def warning(
    rule: str, table: str, remedy: str, *, row: object = "", column: str = "", value: object = ""
) -> Fault:
    """A fault that a reader must know of."""
    return _fault(WARNING, rule, table, remedy, row, column, value)


def _fault(
    severity: str, rule: str, table: str, remedy: str, row: object, column: str, value: object
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
    )
