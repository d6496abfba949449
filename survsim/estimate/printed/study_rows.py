"""The rows of a meta-analysis at the door: numbers checked, faults named, overlapping studies joined."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from survsim.core.checks import BoolArray, FloatArray, label_list, one_of
from survsim.core.errors import EvidenceWarning, InputError, warn
from survsim.core.kinds import as_numbers, no_label
from survsim.core.pairing import first_index, kept, names_in, paired

SMALLEST_SHARE = 1e-6
"""Of the largest standard error; below it weighted sums lose the digits of every other study."""
LARGEST = 1e100
"""Beyond it, and below its inverse, squares leave the range of numbers."""


@dataclass(frozen=True, slots=True)
class Studies:
    """Independent studies: (k,) estimates, standard errors and labels, and notes on how they came to be.

    `row_sets` holds, for each study, the positions of the rows it was made of; `row_labels` the labels of these rows,
    None where they had none or were joined.
    """

    estimate: FloatArray
    std_error: FloatArray
    labels: tuple[str, ...]
    notes: tuple[str, ...]
    row_sets: tuple[tuple[int, ...], ...]
    row_labels: Any = None

    @property
    def k(self) -> int:
        """Number of independent studies."""
        return int(self.estimate.size)

    def keep(self, mask: BoolArray) -> Studies:
        """The studies at which `mask` is true."""
        where = np.flatnonzero(mask)
        return Studies(
            self.estimate[where],
            self.std_error[where],
            tuple(self.labels[i] for i in where),
            self.notes,
            tuple(self.row_sets[i] for i in where),
            None if self.row_labels is None else self.row_labels[where],
        )

    def average_rows(self, values: FloatArray) -> FloatArray:
        """Values (rows, ...) averaged over the rows of each study, (k, ...)."""
        return np.array([values[list(rows)].mean(axis=0) for rows in self.row_sets])


def study_rows(
    estimate: Any,
    std_error: Any,
    *,
    labels: Sequence[Any] | None = None,
    clusters: Sequence[Any] | None = None,
    overlap: str = "join",
    source: str | Iterable[str] = (),
) -> Studies:
    """Check estimates and standard errors, all faults in one message, and join rows that share patients."""
    estimate, std_error, labels, clusters = paired(
        estimate=estimate, std_error=std_error, labels=labels, clusters=clusters
    )
    index = first_index(estimate, std_error, labels, clusters)
    labels = names_in(estimate) if labels is None else labels
    y = _numbers("estimate", estimate)
    s = _numbers("std_error", std_error)
    if y.size == 0:
        raise InputError("there is nothing to pool: estimate is empty. Check the selection that made it.")
    if s.size != y.size:
        raise InputError(
            f"estimate has {y.size} values, std_error {s.size}. Give one standard error a study."
        )
    names = row_names(labels, y.size)
    faults = [
        f"{names[i]} (row {i}): estimate {y[i]:g}, std_error {s[i]:g}"
        for i in np.flatnonzero(~((np.abs(y) < LARGEST) & (s < LARGEST) & (s > 1.0 / LARGEST)))
    ]
    if faults:
        raise InputError(
            "every study needs a finite estimate and a positive standard error; found "
            + "; ".join(faults[:6])
            + (f" and {len(faults) - 6} more" if len(faults) > 6 else "")
            + ". Correct or drop those rows."
        )
    refuse_vanishing(s, names)
    single = tuple((i,) for i in range(y.size))
    rows = Studies(y, s, names, (), single, kept(index))
    if clusters is None:
        warn_of_repeats(names, source, named=labels is not None)
        return rows
    return join_overlap(rows, clusters, overlap)


def refuse_vanishing(s: FloatArray, names: tuple[str, ...]) -> None:
    """An error a millionth of another's is a certainty, not an estimate; its weight leaves no digits to the others."""
    vanishing = np.flatnonzero(s < SMALLEST_SHARE * s.max())
    if vanishing.size:
        told = ", ".join(f"{names[i]} (row {i}): {s[i]:g}" for i in vanishing[:6])
        raise InputError(
            f"standard errors beside the largest, {s.max():g}, are next to zero: {told}. No study is a million times surer "
            "than another; check the unit, or the interval it came from."
        )


def join_overlap(rows: Studies, clusters: Sequence[Any], overlap: str = "join") -> Studies:
    """One row for each cluster: inverse-variance mean, standard error as if fully correlated.

    With weights ``a_i = (1/v_i) / sum(1/v)`` the joined row is ``sum a_i y_i`` with standard error
    ``sum a_i s_i``, the variance of a mean of rows with correlation one. It lies between the smallest and the
    largest standard error of the cluster, and a copy of a row changes nothing.
    """
    one_of("overlap", overlap, ("join", "refuse"))
    keys = list(clusters)
    if len(keys) != rows.k:
        raise InputError(f"clusters has {len(keys)} labels for {rows.k} studies. Give one label a study.")
    members: dict[Any, list[int]] = {}
    for i, key in enumerate(keys):
        if no_label(key):
            raise InputError(f"clusters is missing for {rows.labels[i]} (row {i}); give every study a label.")
        members.setdefault(key, []).append(i)
    shared = {key: where for key, where in members.items() if len(where) > 1}
    if not shared:
        return rows
    told = "; ".join(f"{', '.join(rows.labels[i] for i in w)} (cluster {key})" for key, w in shared.items())
    if overlap == "refuse":
        raise InputError(f"studies share patients: {told}. Keep one of each, or pass overlap='join'.")
    warn(f"studies share patients and enter as one row each: {told}.", EvidenceWarning)
    y, s, labels = [], [], []
    for where in members.values():
        precision = 1.0 / rows.std_error[where] ** 2
        share = precision / precision.sum()
        y.append(float(share @ rows.estimate[where]))
        s.append(float(share @ rows.std_error[where]))
        labels.append(" + ".join(dict.fromkeys(rows.labels[i] for i in where)))
    return Studies(
        np.array(y),
        np.array(s),
        tuple(labels),
        (*rows.notes, f"rows that share patients were joined: {told}"),
        tuple(tuple(where) for where in members.values()),
    )


ONE_OF_EACH = "keep one of each, or join them first: meta_analysis(..., clusters=...)"
"""What to do about rows that share patients, where a function has no clusters of its own."""


def row_names(labels: Sequence[Any] | None, k: int) -> tuple[str, ...]:
    """Labels as text, or "study 1" to "study k"."""
    if labels is None:
        return tuple(f"study {i + 1}" for i in range(k))
    names = tuple(str(label) for label in label_list("labels", labels))
    if len(names) != k:
        raise InputError(f"labels has {len(names)} names for {k} studies. Give one name a study.")
    return names


def _numbers(name: str, values: Any) -> FloatArray:
    array, missing = as_numbers(name, values, wanted="hold one number a study; got")
    array = array.copy() if missing is None else np.where(missing, np.nan, array)
    if array.ndim != 1:
        raise InputError(f"{name} must be one-dimensional; got shape {array.shape}. Pass one column.")
    return array


def warn_of_repeats(
    names: tuple[str, ...], source: Any = (), *, named: bool, advice: str = "say so with clusters="
) -> None:
    """The same label or the same reference twice means the same patients twice; `advice` says what the function offers."""
    twice = sorted({n for n in names if names.count(n) > 1}) if named else []
    if isinstance(source, list | tuple):
        text = [s for s in source if isinstance(s, str)]
        if len(text) == len(names):
            twice += sorted({s for s in text if text.count(s) > 1})
    if twice:
        warn(
            f"{', '.join(twice)} occur more than once and are pooled as independent studies; "
            f"if rows share patients, {advice}.",
            EvidenceWarning,
        )
