"""Why a printed number cannot be used."""

from __future__ import annotations

from dataclasses import dataclass

from survsim.core.display import displayed
from survsim.core.errors import InputError


@displayed
@dataclass(frozen=True, slots=True)
class Refusal:
    """A printed row that gives no number.

    Attributes
    ----------
    label : the row; reason : what is missing or wrong, and what to do.
    contradicts : its numbers contradict one another (a misprint, a wrong unit); False where it merely prints too
        little to be weighed.
    """

    label: str
    reason: str
    contradicts: bool = False

    @property
    def text(self) -> str:
        """Label and reason, as messages tell them."""
        return f"{self.label}: {self.reason}"


class RefusedRowError(InputError):
    """Raised inside the road; carries the refusal to the door."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.text)
        self.refusal = refusal


def too_little(label: str, reason: str) -> RefusedRowError:
    """The row prints too little."""
    return RefusedRowError(Refusal(label, reason))


def contradiction(label: str, reason: str) -> RefusedRowError:
    """The row contradicts itself."""
    return RefusedRowError(Refusal(label, reason, contradicts=True))
