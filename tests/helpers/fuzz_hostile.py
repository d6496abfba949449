"""Arguments nobody should give: other kinds, other lengths, missing, infinite, far too large."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd

SCALARS: tuple[Any, ...] = (
    None, True, float("nan"), float("inf"), float("-inf"), -1, 0, 1, 1e300, -1e300, 1e-300, 2.5, 10**400, 3 + 2j, "0.95", "", "months",
    b"x", [0.5], (), {}, np.array([1.0, 2.0]), np.float64("nan"), np.int64(3), Decimal("0.9"), pd.NaT, pd.NA, object(),
    datetime.date(2020, 1, 1), datetime.timedelta(3), "\x00", "x" * 5000, lambda: 1, np.array(0.5), pd.Series([1.0]),
    1.0, 3.0, 20.0, -0.0, Fraction(1, 2), Fraction(20), np.longdouble("0.5"), np.longdouble(3), np.float16(3), np.int8(5), np.int8(-128),
    np.timedelta64(3, "D"), np.array(3), np.uint8(3), Decimal(2),
)  # fmt: skip
WORDS: tuple[Any, ...] = (
    None,
    "",
    "\x00",
    "x" * 5000,
    "nonsense",
    "=1+1",
    "Ünïcode",
    3,
    0.5,
    b"bytes",
    ["a"],
    True,
    float("nan"),
    {},
    "../x",
)


def hostile(rng: np.random.Generator, given: Any) -> Any:
    """Something else than `given`, of its kind or of none."""
    if rng.random() < 0.2 or given is None or callable(given):
        return SCALARS[rng.integers(len(SCALARS))]
    if isinstance(given, str):
        return WORDS[rng.integers(len(WORDS))]
    if isinstance(given, (bool, int, float, np.number)):
        return SCALARS[rng.integers(len(SCALARS))]
    if isinstance(given, pd.DataFrame):
        return _worse_frame(rng, given)
    if isinstance(given, (list, tuple, np.ndarray)):
        return _worse_values(rng, given)
    if isinstance(given, dict):
        return _worse_mapping(rng, given)
    return SCALARS[rng.integers(len(SCALARS))]


def _worse_values(rng: np.random.Generator, given: Any) -> Any:
    values = list(given)
    place = int(rng.integers(max(len(values), 1)))
    one = SCALARS[rng.integers(len(SCALARS))]
    number = next((v for v in values if isinstance(v, (int, float, np.number))), 1.0)
    ways: tuple[Callable[[], Any], ...] = (
        list,
        lambda: values[:1],
        lambda: values[:-1],
        lambda: values + values,
        lambda: [*values[:place], one, *values[place + 1 :]],
        lambda: [*values[:place], one, *values[place + 1 :]],
        lambda: [*values[:place], hostile(rng, values[place]) if values else None, *values[place + 1 :]],
        lambda: [number] * len(values),
        lambda: [0.0] * len(values),
        lambda: [1e300] * len(values),
        lambda: [1e-300] * len(values),
        lambda: [-1.0] * len(values),
        lambda: [float("nan")] * len(values),
        lambda: [str(v) for v in values],
        lambda: [values, values],
        lambda: set(map(str, values)),
        lambda: dict(enumerate(values)),
        lambda: iter(values),
        lambda: np.array(values, dtype=object),
        lambda: np.ma.masked_array(np.arange(len(values), dtype=float), mask=[True] * len(values)),
        lambda: pd.Series(values, index=range(5, 5 + len(values))),
        lambda: pd.date_range("2020-01-01", periods=len(values)).to_numpy(),
        lambda: np.arange(len(values), dtype="timedelta64[D]"),
        lambda: np.arange(len(values)) + 1j,
        lambda: values[::-1],
    )
    return ways[rng.integers(len(ways))]()


def _worse_frame(rng: np.random.Generator, given: Any) -> Any:
    first = given.columns[0]
    ways: tuple[Callable[[], Any], ...] = (
        lambda: given.iloc[:0],
        lambda: given.iloc[:1],
        lambda: given.iloc[:-1],
        lambda: given.drop(columns=first),
        lambda: given.assign(**{first: np.nan}),
        lambda: given.assign(**{first: 1.0}),
        lambda: given.assign(**{first: 1e300}),
        lambda: given.assign(**{first: "word"}),
        lambda: given.assign(**{first: [object() for _ in range(len(given))]}),
        lambda: given.assign(**{first: pd.Timestamp("2020-01-01")}),
        lambda: given.assign(**{first: pd.Series([pd.NA] * len(given), dtype="Float64")}),
        lambda: given.set_axis(range(given.shape[1]), axis=1),
        lambda: given.set_axis([first] * given.shape[1], axis=1),
        lambda: given.to_numpy(),
        lambda: given.to_dict("list"),
        lambda: given.set_index(given.index + 7),
        lambda: given.astype(object),
        dict,
        pd.DataFrame,
    )
    return ways[rng.integers(len(ways))]()


def _worse_mapping(rng: np.random.Generator, given: dict[str, Any]) -> Any:
    if not given or rng.random() < 0.2:
        return SCALARS[rng.integers(len(SCALARS))]
    key = list(given)[rng.integers(len(given))]
    if rng.random() < 0.3:
        return {k: v for k, v in given.items() if k != key}
    return given | {key: hostile(rng, given[key])}
