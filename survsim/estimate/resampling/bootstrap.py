"""Bootstrap of survival estimates, many resamples in one pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core import progress
from survsim.core.checks import (
    FloatArray,
    IntArray,
    between,
    float_matrix,
    float_vector,
    label_codes,
    one_of,
)
from survsim.core.complete import complete_design
from survsim.core.covariate_columns import covariate_columns
from survsim.core.errors import ExtrapolationWarning, InputError, SmallSampleWarning, warn
from survsim.core.event_table import group_rows
from survsim.core.kinds import as_numbers
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.streams import stream_key
from survsim.core.surv import Surv, as_surv
from survsim.core.tables import Columns
from survsim.core.times import at_least_one, meet
from survsim.estimate.nonparametric.quantiles import TOLERANCE
from survsim.kernels import batch_product_limit as batch

if TYPE_CHECKING:
    pass

BLOCK = 250_000
NAMED = ("median", "quantile", "rmst", "survival", "cox")
Replicate = Callable[[FloatArray], FloatArray]
"""From resample counts (B, n) to values (B, k)."""


@result
class Bootstrap(Result):
    """Resampled values of one or more numbers.

    Attributes
    ----------
    names : (k,) what each number is.
    estimate : (k,) on the data themselves.
    replicates : (B, k) on the resamples; inf where a quantile was not reached, NaN where an estimate does
        not exist.
    std_error, conf_low, conf_high : (k,) standard deviation and percentile interval of the replicates; the first is NaN
        where a replicate is infinite, all are where every replicate is the same number.
    n_undefined : (k,) resamples without a finite value; a warning counts them.
    """

    names: tuple[str, ...]
    estimate: FloatArray
    replicates: FloatArray
    std_error: FloatArray
    conf_low: FloatArray
    conf_high: FloatArray
    n_undefined: FloatArray
    conf_level: float
    seed: int

    def headline(self) -> str:
        return (
            f"Bootstrap: {self.replicates.shape[0]} resamples, {self.conf_level:.0%} percentile interval, "
            f"seed {self.seed}"
        )

    def columns(self) -> Columns:
        """Columns name, estimate, std_error, conf_low, conf_high, n_undefined."""
        columns = ("estimate", "std_error", "conf_low", "conf_high", "n_undefined")
        return {"name": list(self.names), **{c: getattr(self, c) for c in columns}}


def bootstrap(
    surv: Surv,
    statistic: str | Callable[[Surv], Any] | Sequence[str | Callable[[Surv], Any]],
    *,
    at: Any = None,
    by: Any = None,
    covariates: Any = None,
    n_resamples: int = 1000,
    seed: int = 1,
    conf_level: float = 0.95,
    workers: int | None = None,
    missing: str = "refuse",
) -> Bootstrap:
    """Percentile intervals from resampled patients (clusters, or patients with all their rows, drawn whole).

    Parameters
    ----------
    surv : response; weights and delayed entry are used when present.
    statistic : "median", "quantile" (`at` = shares), "rmst" (`at` = horizons), "survival" (`at` = times),
        "cox" (log hazard ratios of `covariates`, Efron ties; inf where a resample has no maximum), or a
        function of a `Surv` that returns numbers; or a list of these, all on the same resamples, which are then drawn once.
    at : numbers the statistic is asked at, in the unit of `surv`; of a list of statistics all that are asked at something
        share them, or a dictionary says each its own: ``{"rmst": 24, "quantile": [0.25, 0.5]}``.
    by : (n,) labels; patients are resampled within groups and the statistic is given for each, and for
        the second minus the first of two. Where a cluster stands in several groups (matched pairs, centres), the clusters of
        all groups are drawn together, each with all of its rows.
    covariates : (n, p) matrix or frame of numbers, for "cox".
    n_resamples, seed : resample b is the same for every statistic.
    workers : threads of the compiled Cox loop; results do not depend on it.

    A resample whose follow-up ends before a horizon carries its curve on to it.
    missing : "refuse" rows that lack what the model uses, or "drop" them with a warning that counts them.

    Returns
    -------
    Bootstrap : estimate, standard error and percentile limits of each number, and the replicates (B, k).

    Raises
    ------
    InputError : an unknown statistic, or one that needs `at` or `covariates` without them.

    Reference: Efron 1981 (J Am Stat Assoc 76:312).

    Example
    -------
    >>> from survsim import Surv, bootstrap
    >>> s = Surv.right([1, 2, 3, 4, 5, 6, 7, 8], [1, 1, 0, 1, 1, 0, 1, 1], unit="months")
    >>> bootstrap(s, "rmst", at=6, n_resamples=200).replicates.shape
    (200, 1)
    """
    surv = as_surv(surv)
    surv, _, covariates, rows = complete_design(surv, None, covariates, {"by": by}, missing)
    by = rows.get("by")
    between("conf_level", conf_level, 0.0, 1.0)
    between("n_resamples", n_resamples, 2, 1e9, open_ends=False)
    groups, parts = group_rows(surv, by)
    names: list[str] = []
    values: list[FloatArray] = []
    estimates: list[FloatArray] = []
    several = _several(statistic)
    if "cox" in several and by is not None:
        raise InputError('"cox" takes the groups as covariates; leave by out.')
    members = _members_of_whole_clusters(surv, by, len(groups))
    for g, (label, part) in enumerate(zip(groups, parts)):
        labels, replicate = _together(part, several, at, covariates, workers)
        if members is None:
            values.append(np.concatenate([replicate(c) for c in _counts(part, n_resamples, seed, g)]))
        else:
            drawn = (c[:, members[g]] for c in _counts(surv, n_resamples, seed, 0))
            values.append(np.concatenate([_where_drawn(replicate, c) for c in drawn]))
        estimates.append(replicate(np.ones((1, len(part))))[0])
        names.extend(labels if by is None else [f"{label}: {name}" for name in labels])
        k = len(labels)
    if len(groups) == 2:
        with np.errstate(invalid="ignore"):  # two that were not reached differ by no number
            values.append(values[1] - values[0])
            estimates.append(estimates[1] - estimates[0])
        names.extend(f"difference: {name}" for name in labels[:k])
    return _summarised(
        surv,
        names,
        np.concatenate(estimates),
        np.concatenate(values, axis=1),
        conf_level,
        seed,
        statistic,
        at,
    )


def _members_of_whole_clusters(surv: Surv, by: Any, n_groups: int) -> list[IntArray] | None:
    """The rows of each group, where some cluster stands in several and is drawn with all of its rows; else None."""
    if by is None or surv.together is None:
        return None
    codes = label_codes("by", surv.paired("by", by), len(surv))[0]
    if len(np.unique(np.stack([surv.together, codes]), axis=1).T) == np.unique(surv.together).size:
        return None
    return [np.flatnonzero(codes == g) for g in range(n_groups)]


def _where_drawn(replicate: Replicate, counts: FloatArray) -> FloatArray:
    """Replicates (B, k); NaN where a resample of whole clusters has nobody of the group."""
    drawn = counts.max(axis=1) > 0
    values = replicate(np.where(drawn[:, None], counts, 1.0))
    values[~drawn] = np.nan
    return values


def resample_counts(
    n: int, n_resamples: int, seed: int, *, stream: str = "bootstrap", cluster: Any = None
) -> FloatArray:
    """How often each of n rows is drawn in each resample, (n_resamples, n); clusters are drawn whole."""
    rng = np.random.Generator(np.random.Philox(key=np.array(stream_key(seed, stream), np.uint64)))
    units = n if cluster is None else int(cluster.max()) + 1
    drawn = rng.integers(0, units, size=(n_resamples, units))
    counts = np.empty((n_resamples, units))
    step = max(1, 16_384 // units)
    for start in range(0, n_resamples, step):  # so many that they stay in the cache
        part = drawn[start : start + step]
        part += np.arange(len(part))[:, None] * units
        counts[start : start + step] = np.bincount(part.ravel(), minlength=part.size).reshape(part.shape)
    return counts if cluster is None else counts[:, cluster]


def _counts(surv: Surv, n_resamples: int, seed: int, group: int) -> Iterator[FloatArray]:
    # Blocks of a fixed size, each its own stream: memory is flat and results do not depend on workers.
    together = surv.id if surv.cluster is None else surv.cluster
    cluster = None if together is None else np.unique(together, return_inverse=True)[1]
    step = max(1, BLOCK // len(surv))
    for block, start in enumerate(progress.each("resampling", range(0, n_resamples, step))):
        size = min(step, n_resamples - start)
        yield resample_counts(len(surv), size, seed, stream=f"bootstrap/{group}/{block}", cluster=cluster)


def _several(statistic: Any) -> list[Any]:
    """The statistics asked for, as a list."""
    if isinstance(statistic, str) or callable(statistic):
        return [statistic]
    several = list(statistic) if isinstance(statistic, (list, tuple)) else []
    if not several:
        raise InputError(
            f"statistic must be one of {', '.join(map(repr, NAMED))}, a function, or a list of these; got {statistic!r}."
        )
    return several


def _together(
    surv: Surv, several: list[Any], at: Any, covariates: Any, workers: int | None
) -> tuple[list[str], Replicate]:
    """Names and replicates of all statistics; those of curves share the curves."""
    if isinstance(at, dict) and (unknown := sorted(set(at) - {s for s in several if isinstance(s, str)})):
        raise InputError(
            f"at names {', '.join(map(repr, unknown))}, which is not among the statistics asked for."
        )
    data: list[batch.Resampled] = []
    names: list[str] = []
    made: list[tuple[Any, bool]] = []
    for statistic in several:
        points = at.get(statistic) if isinstance(at, dict) and isinstance(statistic, str) else at
        if not callable(statistic) and one_of("statistic", statistic, NAMED) != "cox":
            data = data or [batch.Resampled(surv.time, surv.event, surv.entry)]
            labels, read = _of_curves(surv, data[0], statistic, points)
            made.append((read, True))
        else:
            labels, read = (
                _from_function(surv, statistic) if callable(statistic) else _cox(surv, covariates, workers)
            )
            made.append((read, False))
        names += labels

    def replicate(counts: FloatArray) -> FloatArray:
        curves = data[0].curves(counts if surv.weight is None else counts * surv.weight) if data else None
        parts = [read(curves if of_curves else counts) for read, of_curves in made]
        return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)

    return names, replicate


def _of_curves(
    surv: Surv, data: batch.Resampled, statistic: str, at: Any
) -> tuple[list[str], Callable[[FloatArray], FloatArray]]:
    """Names, and values (B, k) from curves (B, m)."""
    if statistic == "median":
        points = np.array([0.5])
    elif at is None:
        raise InputError(f"statistic={statistic!r} needs at=, the numbers it is asked at.")
    else:
        points = float_vector("at", at_least_one(at), unit=None if statistic == "quantile" else surv.unit)
        if not points.size:
            raise InputError(f"at is empty; name at least one number at which {statistic!r} is asked.")
    known = points if statistic in ("median", "quantile") else meet(points, surv.time)
    if statistic == "quantile":
        for p in points:
            between("at", p, 0.0, 1.0)

    def read(curves: FloatArray) -> FloatArray:
        if statistic in ("median", "quantile"):
            columns = [batch.crossing_times(data.time, curves, p, TOLERANCE) for p in points]
        elif statistic == "rmst":
            columns = [batch.restricted_means(data.time, curves, tau) for tau in known]
        else:
            columns = [batch.survival_at(data.time, curves, t) for t in known]
        return np.stack(columns, axis=1)

    if statistic == "median":
        return ["median"], read
    return [f"{statistic}({point:g})" for point in points], read


def _from_function(surv: Surv, function: Callable[[Surv], Any]) -> tuple[list[str], Replicate]:
    name = getattr(function, "__name__", "statistic")
    size = _answer(name, function(surv)).size

    def replicate(counts: FloatArray) -> FloatArray:
        answers = []
        for row in progress.each("resampling", counts):
            part = surv.take(np.repeat(np.arange(len(surv)), row.astype(np.int64)))
            answers.append(_answer(name, function(part), size))
        return np.stack(answers)

    return [name] if size == 1 else [f"{name}[{k}]" for k in range(size)], replicate


def _answer(name: str, given: Any, size: int | None = None) -> FloatArray:
    """What a caller's function returned, as a vector; missing numbers are NaN and counted as undefined."""
    found, missing = as_numbers(
        f"the answer of {name}",
        at_least_one(given),
        truth=True,
        wanted="be a number or a list of numbers; got",
    )
    if given is None or found.ndim != 1 or found.size == 0:
        what = "None" if given is None else f"shape {found.shape}"
        raise InputError(f"the answer of {name} must be a number or a list of numbers; got {what}.")
    if size is not None and found.size != size:
        raise InputError(
            f"{name} returned {size} numbers for the data and {found.size} for a resample; return as many each time, "
            "NaN for those that do not exist."
        )
    return found if missing is None else np.where(missing, np.nan, found)


def _cox(surv: Surv, covariates: Any, workers: int | None) -> tuple[list[str], Replicate]:
    from survsim.estimate.cox.batch import cox_resamples
    from survsim.estimate.cox.prepare import check_rank, prepare
    from survsim.kernels.cox_newton import partial_likelihood

    if covariates is None:
        raise InputError('statistic="cox" needs covariates=, an (n, p) matrix or frame of numbers.')
    covariates = covariate_columns(surv, surv.paired("covariates", covariates), "covariates")
    names = [str(c) for c in getattr(covariates, "columns", [])]
    x = float_matrix("covariates", covariates)
    if x.ndim != 2 or x.shape[0] != len(surv) or not np.isfinite(x).all():
        raise InputError(
            f"covariates must be finite numbers, one row a patient ({len(surv)}); got shape {x.shape}."
        )
    constant = np.ptp(x, axis=0) == 0
    if constant.any():
        raise InputError(f"covariate column {int(np.argmax(constant))} is constant; leave it out.")

    # What a fit of the data themselves refuses (no event, collinear columns) is refused before anything is resampled.
    problem = prepare(surv, x, None, "efron")
    start = partial_likelihood(problem.at, problem.x, problem.offset)(np.zeros(x.shape[1]))
    labels = tuple(names or [f"x{k}" for k in range(x.shape[1])])
    check_rank(start.curvature, labels, float(problem.at.d.sum()))

    def replicate(counts: FloatArray) -> FloatArray:
        return cox_resamples(surv, x, counts, workers=workers).estimate

    return list(labels), replicate


def _summarised(
    surv: Surv,
    names: list[str],
    estimate: FloatArray,
    values: FloatArray,
    conf_level: float,
    seed: int,
    statistic: Any,
    at: Any,
) -> Bootstrap:
    tail = (1.0 - conf_level) / 2
    low, high, error = (np.full(len(names), np.nan) for _ in range(3))
    for k in range(len(names)):
        column = np.sort(values[~np.isnan(values[:, k]), k])
        if column.size > 1 and not _one_number(column):
            # Order statistics, not interpolation: a replicate may be inf.
            low[k] = column[int(np.floor(tail * (column.size - 1)))]
            high[k] = column[int(np.ceil((1.0 - tail) * (column.size - 1)))]
            error[k] = column.std(ddof=1) if np.isfinite(column).all() else np.nan
    _warn_of(names, values)
    told = [s if isinstance(s, str) else getattr(s, "__name__", "function") for s in _several(statistic)]
    label = told[0] if len(told) == 1 else told
    return Bootstrap(
        names=tuple(names),
        estimate=estimate,
        replicates=values,
        std_error=error,
        conf_low=low,
        conf_high=high,
        n_undefined=(~np.isfinite(values)).sum(axis=0).astype(np.float64),
        conf_level=float(conf_level),
        seed=int(seed),
        provenance=Provenance.of(
            "bootstrap", surv, statistic=label, at=at, n_resamples=values.shape[0], seed=seed
        ),
    )


def _one_number(column: FloatArray) -> bool:
    """Whether all replicates that exist are one and the same number; what is never reached is none."""
    return column.size > 0 and bool(np.isfinite(column[0]) and (column == column[0]).all())


def _warn_of(names: list[str], values: FloatArray) -> None:
    """Say which numbers some resamples do not have, and which are the same in all."""
    total = values.shape[0]
    undefined, endless = np.isnan(values).sum(axis=0), np.isinf(values).sum(axis=0)
    if undefined.any():
        k = int(undefined.argmax())
        others = (
            "its standard error and interval are those of the others, which are not drawn as the data were, and most often too "
            "narrow"
        )
        left = total - undefined[k]
        warn(
            f"{names[k]!r} does not exist in {undefined[k]} of {total} resamples: "
            f"{others if left > 1 else 'it has no standard error and no interval (NaN)'}. Fewer covariates, or a statistic that "
            "each resample has, would do.",
            SmallSampleWarning,
        )
    if endless.any():
        k = int(endless.argmax())
        warn(
            f"{names[k]!r} is infinite in {endless[k]} of {total} resamples (it was not reached, or has no maximum): no standard "
            "error is given; the interval stands, and may end at infinity.",
            ExtrapolationWarning,
        )
    defined = [column[~np.isnan(column)] for column in values.T]
    same = np.array([_one_number(column) for column in defined])
    if same.any():
        k = int(same.argmax())
        warn(
            f"{names[k]!r} is {defined[k][0]:g} in all resamples (no event, or one value): resampling "
            "does not tell how far chance moves it, so no standard error and no limits are given (NaN).",
            SmallSampleWarning,
        )
