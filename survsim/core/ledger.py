"""The ledger of an analysis: each number of its `summary.json`, with interval, unit and ancestry."""

from __future__ import annotations

import contextlib
import difflib
import math
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from survsim._version import __version__
from survsim.core import files
from survsim.core.door import with_doors
from survsim.core.errors import InputError
from survsim.core.provenance import Nodes, Provenance, from_nodes
from survsim.core.summary_checks import fault_of

FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """One number: `value` in `unit`, its interval over parameters, its Monte Carlo error apart."""

    value: float | int | str | None
    unit: str = ""
    conf_low: float | None = None
    conf_high: float | None = None
    mc_std_error: float | None = None
    note: str = ""
    node: str = ""


@with_doors
@dataclass(slots=True, kw_only=True)
class Ledger:
    """Collects the numbers of one analysis and writes them, with their ancestry, to `summary.json`.

    Not a number: a value that is not finite is stored as ``None`` and its `note` must say why
    (``"not reached"``), so that nothing is NaN in silence. Beside a number the note would contradict it and is not kept.
    """

    analysis: str
    seed: int | None = None
    mode: str = "full"
    data_checksum: str = ""
    numbers: dict[str, LedgerEntry] = field(default_factory=dict)
    nodes: Nodes = field(default_factory=Nodes)

    def record(
        self,
        key: str,
        value: Any,
        *,
        provenance: Any,
        unit: str = "",
        conf_low: float | None = None,
        conf_high: float | None = None,
        mc_std_error: float | None = None,
        note: str = "",
    ) -> None:
        """Add one number under a dotted `key`; `provenance` is a `Provenance` or a result that has one."""
        if key in self.numbers:
            raise InputError(f"summary key {key!r} is recorded twice; each number has one key.")
        step = getattr(provenance, "provenance", provenance)
        if not isinstance(step, Provenance):
            raise InputError(f"summary key {key!r} needs a provenance; got {type(provenance).__name__}.")
        number = _finite(value)
        if number is None and not note:
            raise InputError(f"summary key {key!r} is {value!r}; say in `note` why there is no number.")
        low, high, error = (_finite(v) for v in (conf_low, conf_high, mc_std_error))
        if low is not None and high is not None and low > high:
            raise InputError(
                f"summary key {key!r} has an interval from {low:g} to {high:g}; give the lower limit first."
            )
        self.numbers[key] = LedgerEntry(
            value=number,
            unit=unit,
            conf_low=low,
            conf_high=high,
            mc_std_error=error,
            note=note if number is None else "",
            node=step.to_nodes(self.nodes),
        )

    def provenance(self, key: str) -> Provenance:
        """The ancestry of one number."""
        if key not in self.numbers:
            raise InputError(f"{self.analysis} has no number {key!r}.{self._instead(key)}")
        return from_nodes(self.numbers[key].node, self.nodes)

    def _instead(self, key: str) -> str:
        """What there is: keys near to it or all, and what the analysis says of a number that it could not make."""
        near = [k for k in self.numbers if key in k or k.startswith(key.split(".")[0])]
        near += [k for k in difflib.get_close_matches(key, self.numbers, 4) if k not in near]
        told = f" Near it: {', '.join(near[:8])}." if near else ""
        if not near:
            every = list(self.numbers)
            more = f" and {len(every) - 12} more" if len(every) > 12 else ""
            told = f" It has: {', '.join(every[:12])}{more}; survsim trace {self.analysis} lists all with their values."
        said = [
            e.value for e in self.numbers.values() if isinstance(e.value, str) and e.value.startswith("Not ")
        ]
        return told + "".join(f" The analysis says: {one}" for one in said[:2])

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the ledger as JSON: equal numbers give equal bytes."""
        entries = {
            key: {
                name: getattr(e, name) for name in LedgerEntry.__slots__ if getattr(e, name) not in (None, "")
            }
            | {"value": e.value}
            for key, e in self.numbers.items()
        }
        content = {
            "format": FORMAT,
            "analysis": self.analysis,
            "version": __version__,
            "seed": self.seed,
            "mode": self.mode,
            "data_checksum": self.data_checksum,
            "numbers": entries,
            "nodes": self.nodes,
        }
        files.write_json(path, files.sealed(content))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Ledger:
        """Read a `summary.json`; refuses one that another format wrote, or that `save` cannot have written as it stands."""
        if not Path(path).is_file():
            raise InputError(f"no results at {path}; run the analysis first: survsim run SLUG.")
        try:
            content = files.read_json(path)
            found = content["format"]
        except (ValueError, KeyError, TypeError):
            raise InputError(f"{path} is not a summary of results; delete it and run the analysis.") from None
        if found != FORMAT:
            raise InputError(
                f"{path} has format {found}; this version reads {FORMAT}. Run the analysis again."
            )
        fault = "a part is missing"
        with contextlib.suppress(KeyError, TypeError, ValueError, AttributeError):
            fault = fault_of(content)
            if not fault and not files.seal_holds(content):
                fault = "its content is not what its checksum was made of"
            if not fault:
                return cls(
                    analysis=content["analysis"],
                    seed=content["seed"],
                    mode=content["mode"],
                    data_checksum=content["data_checksum"],
                    numbers={k: LedgerEntry(**v) for k, v in content["numbers"].items()},
                    nodes=Nodes(content["nodes"]),
                )
        raise InputError(
            f"{path} was changed after it was written: {fault or 'a part is missing'}. Delete it and run the analysis."
        )


def _finite(value: Any) -> Any:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool) or (hasattr(value, "dtype") and value.dtype == bool):
        return bool(value)
    number = float(value)
    if not math.isfinite(number):
        return None
    return int(number) if isinstance(value, int) or getattr(value, "dtype", None) == "int64" else number
