"""How well a figure was read: against the curves it was drawn from, on a thousand points over what was drawn."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from survsim.errors import InputError

POINTS = 1000
WRONG = 0.05
HARMLESS = (
    "have no name that could be read",
    "has no name that could be read",
    "to stand upright",
    "was read with doubt from the legend",
)


@dataclass(frozen=True, kw_only=True)
class Score:
    """One figure: `outcome` is read, refused or crashed; errors are of matched arms, in fractions of survival."""

    file: str
    outcome: str
    message: str = ""
    errors: tuple[float, ...] = ()
    missing: int = 0
    extra: int = 0
    warned: tuple[str, ...] = ()
    seconds: float = 0.0
    marks: tuple[int, int, int] = (0, 0, 0)
    at_risk_exact: bool | None = None
    tolerance: float = float("nan")
    style: dict[str, Any] = field(default_factory=dict)

    @property
    def error(self) -> float:
        """Mean absolute error of the figure, over its arms."""
        return float(np.mean(self.errors)) if self.errors else float("nan")

    @property
    def wrong(self) -> bool:
        """An arm that was made up, left out, or read further off than 0.05."""
        return self.outcome == "read" and (
            self.missing + self.extra > 0 or max(self.errors, default=1.0) > WRONG
        )

    @property
    def silent(self) -> bool:
        """Wrong, and nobody was told."""
        return self.wrong and not self.warned

    @property
    def without_help(self) -> bool:
        """Read, with every arm within 0.05."""
        return self.outcome == "read" and not self.wrong


def score(
    entry: dict[str, Any], folder: Path, digitise: Callable[..., Any], kept: dict[str, Any] | None = None
) -> Score:
    """Read one figure of a gallery, a panel at a time, and compare; what was read is put into `kept`."""
    start = spent()
    try:
        read = [_read(entry, folder, digitise, panel) for panel in entry["panels"]]
    except InputError as refusal:
        return _ended(entry, "refused", str(refusal), start)
    except Exception as crash:  # a crash is a result here
        return _ended(entry, "crashed", f"{type(crash).__name__}: {crash}", start)
    seconds = (spent() - start) / len(read)
    if kept is not None:
        kept[entry["file"]] = read
    parts = [_compare(entry, panel, one) for panel, (one, _) in zip(entry["panels"], read, strict=True)]
    exact = [part["exact"] for part in parts if part["exact"] is not None]
    return Score(
        file=entry["file"],
        outcome="read",
        errors=tuple(e for part in parts for e in part["errors"]),
        missing=sum(part["missing"] for part in parts),
        extra=sum(part["extra"] for part in parts),
        warned=doubts(w for one, told in read for w in (*one.warnings, *told)),
        seconds=seconds,
        marks=tuple(int(sum(part["marks"][k] for part in parts)) for k in range(3)),  # type: ignore[arg-type]
        at_risk_exact=all(exact) if exact else None,
        tolerance=max(float(one.tolerance[entry["kind"]]) for one, _ in read),
        style=entry["style"],
    )


def spent() -> float:
    """Seconds of processor time of this process and of those it called, whatever else the machine does meanwhile."""
    return sum(os.times()[:4])


def doubts(said: Iterable[str]) -> tuple[str, ...]:
    """The warnings that call a curve into question; that no name was read, or a page was put upright, does not."""
    return tuple(sorted({str(w) for w in said if not any(word in str(w) for word in HARMLESS)}))


def _ended(entry: dict[str, Any], outcome: str, message: str, start: float) -> Score:
    seconds = spent() - start
    return Score(file=entry["file"], outcome=outcome, message=message, seconds=seconds, style=entry["style"])


def _read(
    entry: dict[str, Any], folder: Path, digitise: Callable[..., Any], panel: dict[str, Any]
) -> tuple[Any, list[str]]:
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        one = digitise(
            folder / entry["file"], panel=panel["title"] or None, kind=entry["kind"], unit=entry["unit"]
        )
    return one, [str(w.message) for w in told]


def curves(one: Any, kind: str) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Times and values of each arm that was read."""
    frame = pd.DataFrame(one.curves)
    return {
        str(arm): (part["time"].to_numpy(float), part[kind].to_numpy(float))
        for arm, part in frame.groupby("arm", sort=False)
    }


def value_at(when: np.ndarray, time: np.ndarray, value: np.ndarray) -> np.ndarray:
    """A step function at times; before its first time it has its first value."""
    return value[np.clip(np.searchsorted(time, when, side="right") - 1, 0, len(value) - 1)]


def matched(
    panel: dict[str, Any], found: dict[str, tuple[np.ndarray, np.ndarray]]
) -> list[tuple[int, str, float]]:
    """Number of the true arm, name of the arm read, and mean absolute error; the pairs that fit best."""
    names = list(found)
    cost = np.full((len(panel["arms"]), len(names)), 1.0)
    for i, true in enumerate(panel["arms"]):
        grid = (np.arange(POINTS) + 0.5) / POINTS * true["end"]
        should = value_at(grid, np.array(true["time"]), np.array(true["value"]))
        for j, name in enumerate(names):
            cost[i, j] = np.abs(value_at(grid, *found[name]) - should).mean()
    rows, columns = linear_sum_assignment(cost)
    return [(int(i), names[j], float(cost[i, j])) for i, j in zip(rows, columns, strict=True)]


def _compare(entry: dict[str, Any], panel: dict[str, Any], one: Any) -> dict[str, Any]:
    found = curves(one, entry["kind"])
    pairs = matched(panel, found)
    return {
        "errors": [error for _, _, error in pairs],
        "missing": len(panel["arms"]) - len(pairs),
        "extra": len(found) - len(pairs),
        "marks": _marks(entry, panel, one, pairs),
        "exact": _at_risk(panel, one, pairs),
    }


def _marks(
    entry: dict[str, Any], panel: dict[str, Any], one: Any, pairs: list[tuple[int, str, float]]
) -> np.ndarray:
    """Marks drawn, marks drawn and found, marks found where none is."""
    frame = pd.DataFrame(one.marks)
    total = np.zeros(3, dtype=int)
    for i, name, _ in pairs:
        true = np.array(panel["arms"][i]["marks"])
        seen = frame.loc[frame["arm"].astype(str) == name, "time"].to_numpy(float)
        near = panel["arms"][i]["end"] * (0.002 if entry["vector"] else 0.012)
        gaps = np.abs(true[:, None] - seen[None, :])
        hit = int((gaps.min(axis=1, initial=np.inf) <= near).sum())
        false = int((gaps.min(axis=0, initial=np.inf) > near).sum())
        total += [len(true), hit, false]
    return total


def _at_risk(panel: dict[str, Any], one: Any, pairs: list[tuple[int, str, float]]) -> bool | None:
    """Whether the risk table is that of the figure to the last number; none where none is drawn."""
    if panel["at_risk"] is None:
        return None
    if one.at_risk is None or len(one.at_risk) == 0:
        return False
    frame = pd.DataFrame(one.at_risk)
    times = panel["at_risk"]["times"]
    for i, name, _ in pairs:
        printed = panel["arms"][i]["label"]
        part = frame[frame["arm"].astype(str) == name]
        if not len(part):  # a figure without a legend does not say whose row it is
            part = frame[frame["arm"].astype(str) == printed]
        numbers = panel["at_risk"]["numbers"][printed]
        if len(part) != len(times) or not np.allclose(part["time"].to_numpy(float), times, atol=0.2):
            return False
        if part["n_risk"].to_numpy(int).tolist() != numbers:
            return False
    return len(pairs) == len(panel["arms"])


def table(scores: list[Score], by: Callable[[Score], str]) -> list[dict[str, Any]]:
    """One row a group: figures, read without help, refused, crashed, silent, error, marks, risk tables, seconds."""
    groups: dict[str, list[Score]] = {}
    for one in scores:
        groups.setdefault(by(one), []).append(one)
    return [{"group": name, **_summary(part)} for name, part in groups.items()]


def _summary(part: list[Score]) -> dict[str, Any]:
    errors = [one.error for one in part if one.outcome == "read" and one.errors]
    marks = np.sum([one.marks for one in part], axis=0)
    exact = [one.at_risk_exact for one in part if one.at_risk_exact is not None]
    return {
        "figures": len(part),
        "without_help": sum(one.without_help for one in part),
        "refused": sum(one.outcome == "refused" for one in part),
        "crashed": sum(one.outcome == "crashed" for one in part),
        "wrong_but_warned": sum(one.wrong and not one.silent for one in part),
        "silent": sum(one.silent for one in part),
        "error_median": _quantile(errors, 0.5),
        "error_95": _quantile(errors, 0.95),
        "error_worst": _quantile(errors, 1.0),
        "marks_drawn": int(marks[0]),
        "marks_found": int(marks[1]),
        "marks_false": int(marks[2]),
        "risk_tables": len(exact),
        "risk_tables_exact": sum(exact),
        "seconds_median": _quantile([one.seconds for one in part], 0.5),
        "seconds_worst": _quantile([one.seconds for one in part], 1.0),
    }


def _quantile(values: list[float], share: float) -> float | None:
    return round(float(np.quantile(values, share)), 6) if values else None


def names_help(message: str) -> bool:
    """Whether a refusal says what a person can do."""
    return len(message.partition("Help:")[2].split()) >= 1
