"""Net survival: what would be left if patients could die of their disease alone, from all deaths and a population's mortality."""

from __future__ import annotations

from typing import Any

import numpy as np

from survsim.core import units
from survsim.core.checks import FloatArray, IntArray, between, label_codes, one_of
from survsim.core.errors import ExtrapolationWarning, InputError, warn
from survsim.core.frames import as_frame
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.steps import Steps
from survsim.core.surv import Surv, as_surv
from survsim.core.tables import Columns
from survsim.core.times import apart, asked_times, meet
from survsim.estimate.nonparametric.band_scales import normal_quantile
from survsim.estimate.nonparametric.population_hazard import Lives, Population, read_lives, read_population
from survsim.estimate.nonparametric.survival_at import SurvivalAt

METHODS = ("pohar-perme", "ederer-2", "ederer-1")
FORMS = ("product", "exponential")
COLUMNS = (
    "time",
    "n_risk",
    "n_event",
    "n_censor",
    "estimate",
    "std_error",
    "conf_low",
    "conf_high",
    "expected",
)
UNBEARABLE = 600.0
"""A cumulative population hazard above it: nobody of the population would be alive."""


@result
class NetSurvival(Result):
    """Net (relative) survival by group, stored one after the other.

    Attributes
    ----------
    groups : labels; bounds : (g+1,) positions, group k holds rows bounds[k]:bounds[k+1].
    time, n_risk, n_event, n_censor : (m,) distinct follow-up times and those asked for, as in `KaplanMeier`.
    estimate, std_error, conf_low, conf_high : (m,) net survival; it can rise, and pass 1, where fewer die than in the population.
    expected : (m,) survival of the population that the group's patients were at time 0.
    """

    groups: tuple[Any, ...]
    bounds: IntArray
    time: FloatArray
    n_risk: FloatArray
    n_event: FloatArray
    n_censor: FloatArray
    estimate: FloatArray
    std_error: FloatArray
    conf_low: FloatArray
    conf_high: FloatArray
    expected: FloatArray
    method: str
    form: str
    conf_level: float
    unit: str
    n_patients: IntArray
    n_events: IntArray

    def curve_groups(self) -> tuple[Any, ...]:
        """Labels that `steps` knows."""
        return self.groups

    def steps(self, group: Any = None) -> Steps:
        """The curve of one group from time 0, where it is 1; the group may be left out if there is one."""
        rows = self._rows(Steps.place(group, self.groups))
        limits = self.conf_low[rows], self.conf_high[rows]
        return Steps.from_origin(self.time[rows], self.estimate[rows], limits, start=1.0, unit=self.unit)

    def columns(self) -> Columns:
        """Columns group, time, n_risk, n_event, n_censor, estimate, std_error, conf_low, conf_high, expected."""
        sizes = np.diff(self.bounds).tolist()
        labels = [label for label, size in zip(self.groups, sizes) for _ in range(size)]
        return {"group": labels, **{name: getattr(self, name) for name in COLUMNS}}

    def headline(self) -> str:
        return (
            f"Net survival ({self.method}): {int(self.n_patients.sum())} patients, {int(self.n_events.sum())} deaths, time in "
            f"{self.unit}, {self.conf_level:.0%} log interval"
        )

    def survival_at(self, times: Any) -> SurvivalAt:
        """Net survival at `times`, each of which the curve holds; beyond a group's follow-up NaN, with a warning."""
        shown = asked_times("times", times, unit=self.unit)
        at = meet(shown, self.time)
        names = ("n_risk", "estimate", "std_error", "conf_low", "conf_high")
        columns = {name: np.full((len(self.groups), at.size), np.nan) for name in names}
        origin = dict(zip(names, (0.0, 1.0, 0.0, 1.0, 1.0)))
        for g, label in enumerate(self.groups):
            rows = self._rows(g)
            time = self.time[rows]
            beyond, here = at > time[-1], np.isin(at, time) | (at == 0)
            if not (beyond | here).all():
                missing = ", ".join(f"{t:.12g}" for t in shown[~(beyond | here)])
                raise InputError(
                    f"the curve of group {label!r} moves between its times and does not hold {missing}; give "
                    f"times=[{missing}] to net_survival."
                )
            if beyond.any():
                last, *unknown = apart(float(time[-1]), *shown[beyond].tolist())
                warn(
                    f"group {label!r} was followed to {last} {self.unit} only; net survival at {', '.join(unknown)} is "
                    "unknown (NaN).",
                    ExtrapolationWarning,
                )
            k = np.searchsorted(time, at[~beyond], side="right")
            for name, column in columns.items():
                first = float(self.n_patients[g]) if name == "n_risk" else origin[name]
                column[g, ~beyond] = np.concatenate([[first], getattr(self, name)[rows]])[k]
        columns["n_risk"] = np.nan_to_num(columns["n_risk"])
        return SurvivalAt(
            group=tuple(label for label in self.groups for _ in at), time=np.tile(shown, len(self.groups)),
            conf_level=self.conf_level, unit=self.unit, provenance=Provenance.of("NetSurvival.survival_at", self, times=shown),
            **{name: column.ravel() for name, column in columns.items()},
        )  # fmt: skip

    def _rows(self, g: int) -> slice:
        return slice(int(self.bounds[g]), int(self.bounds[g + 1]))


def net_survival(
    surv: Surv,
    population: Any,
    data: Any = None,
    by: Any = None,
    *,
    method: str = "pohar-perme",
    form: str = "product",
    times: Any = (),
    age: str = "age",
    year: str = "year",
    conf_level: float = 0.95,
) -> NetSurvival:
    """Survival from the disease alone, of deaths from any cause and the mortality of a population like the patients.

    With S_i the population survival of patient i since time 0 and w_i = 1 / S_i, "pohar-perme" adds up
    sum w_i dN_i / sum w_i Y_i and takes away the integral of sum w_i Y_i dH_i / sum w_i Y_i, which undoes that patients with a high
    mortality of other causes leave sooner. "ederer-2" is the same with w = 1; "ederer-1" divides the Kaplan-Meier curve by
    the population survival of all patients. The integrals are exact, not sums over days.

    Parameters
    ----------
    surv : response from diagnosis on, one row a patient, without weights; events are deaths of any cause.
    population : frame with the columns age (whole years, lower ends of the cells), probability of dying within a year or rate
        per year, year where mortality changes over calendar time, and further ones such as sex, which `data` has too.
    data : frame of the n patients with age and year at time 0 and those columns; not needed where the response was made from it.
    by : (n,) labels of groups, or a column of `data`.
    method : "pohar-perme", "ederer-2" or "ederer-1".
    form : "product" (each step multiplied by 1 - dN / Y, as Kaplan-Meier) or "exponential", exp(-H).
    times : further times at which the curve is wanted, in the unit of `surv`.
    age, year : columns of `data`: age in years, calendar year with decimals (or a date).
    conf_level : of the interval S exp(-+ z se(H)); a log-log one does not exist where S passes 1.

    Returns
    -------
    NetSurvival : a row at each time of each group, with the population's survival beside it; `.survival_at(times)`.

    Raises
    ------
    InputError : delayed entry, weights, patients that the population does not hold, a table with gaps.

    Warns
    -----
    ExtrapolationWarning : follow-up outside the years of the population, whose first and last then stand for it, or beyond its
        last age by more than one step of its ages, which then stands for the ages that follow.

    References
    ----------
    Perme, Stare & Esteve (2012), Biometrics 68:113; Ederer, Axtell & Cutler (1961), NCI Monogr 6:101.

    Example
    -------
    >>> import pandas as pd
    >>> from survsim import Surv
    >>> from survsim.nonparametric import net_survival
    >>> population = pd.DataFrame({"age": [60, 61, 62, 63], "rate": [0.02] * 4})
    >>> surv = Surv.right([1.0, 2.0, 2.5, 3.0], [1, 1, 0, 1], unit="years")
    >>> net_survival(surv, population, {"age": [60, 60, 61, 60]}).estimate.round(4).tolist()
    [0.7652, 0.5204, 0.5257, 0.0]
    """
    one_of("method", method, METHODS)
    one_of("form", form, FORMS)
    between("conf_level", conf_level, 0.0, 1.0)
    if data is not None:
        data = as_frame(data)
    surv = as_surv(surv, data)
    _refuse(surv)
    frame = surv.frame if data is None else data
    if frame is None:
        raise InputError("data with the age of each patient is needed: net_survival(surv, population, data).")
    frame = as_frame(surv.paired("data", frame))
    if len(frame) != len(surv):
        raise InputError(f"data has {len(frame)} rows for {len(surv)} patients; they must be in one order.")
    asked = asked_times("times", times, surv.time, surv.unit) if np.size(times) else np.empty(0)
    per_year = units.conversion_factor(surv.unit, "years")
    table = read_population(population)
    lives = read_lives(table, frame, surv.time * per_year, (age, year))
    codes, groups = (
        (np.zeros(len(surv), np.int64), ("all",))
        if by is None
        else label_codes("by", surv.paired("by", by), len(surv))
    )
    members = [np.flatnonzero(codes == g) for g in range(len(groups))]
    parts = [_group(surv, rows, table, lives, asked, per_year, method) for rows in members]
    curves = [_curve(part, method, form, conf_level) for part in parts]
    return NetSurvival(
        groups=groups, bounds=np.cumsum([0, *(part["time"].size for part in parts)]),
        **{name: np.concatenate([part[name] for part in parts]) for name in ("time", "n_risk", "n_event", "n_censor", "expected")},
        **{name: np.concatenate([c[k] for c in curves]) for k, name in enumerate(COLUMNS[4:8])},
        method=method, form=form, conf_level=float(conf_level), unit=surv.unit,
        n_patients=np.array([rows.size for rows in members]), n_events=np.array([int(surv.event[rows].sum()) for rows in members]),
        provenance=Provenance.of("net_survival", surv, method=method, form=form, conf_level=conf_level),
    )  # fmt: skip


def _refuse(surv: Surv) -> None:
    found = [
        name for name in ("entry", "weight", "stratum", "cluster", "cause") if getattr(surv, name) is not None
    ]
    if found:
        raise InputError(
            f"net survival is counted from diagnosis, of single patients and deaths of any cause; the response has {', '.join(found)}. "
            "Make it by Surv.right(time, event, unit=...) and give groups in by=."
        )


def _group(
    surv: Surv,
    rows: IntArray,
    table: Population,
    lives: Lives,
    asked: FloatArray,
    per_year: float,
    method: str,
) -> dict[str, FloatArray]:
    """Sums over the patients of one group at each time (m,), w = 1 but for Pohar Perme.

    deaths, squares : of w and of w squared over those who die; risk : of w just before, over those at risk;
    drift : integral of sum w dH / sum w over those at risk since the time before.
    """
    time, event = surv.time[rows], surv.event[rows]
    grid = np.unique(np.concatenate([time, asked[asked <= time.max()]]))
    years = np.concatenate([[0.0], grid * per_year])
    last = np.searchsorted(grid, time)
    before, after, plain, deaths, squares, alive = np.zeros((6, grid.size))
    for patient, k, died in zip(rows, last, event):
        hazard = lives.cumulative(table, patient, years)
        if hazard[-1] > UNBEARABLE:
            raise InputError(
                f"by {years[-1]:g} years after time 0 nobody like patient {patient} would be alive in the population "
                f"(cumulative hazard {hazard[-1]:.0f}). Is the table one of probabilities or rates per year?"
            )
        weight = np.exp(hazard) if method == "pohar-perme" else np.ones_like(hazard)
        alive += np.exp(-hazard[1:])
        before[: k + 1] += weight[: k + 1]
        after[: k + 1] += weight[1 : k + 2]
        plain[: k + 1] += np.diff(hazard[: k + 2])
        deaths[k] += died * weight[k + 1]
        squares[k] += died * weight[k + 1] ** 2
    counts = np.bincount(last, minlength=grid.size).astype(np.float64)
    n_event = np.bincount(last, event, grid.size).astype(np.float64)
    n_risk = rows.size - np.concatenate([[0.0], np.cumsum(counts)[:-1]])
    # While nobody leaves, the sum of w Y dH over the sum of w Y is the derivative of the log of the latter.
    drift = np.log(after / before) if method == "pohar-perme" else plain / n_risk
    return {
        "time": grid, "n_risk": n_risk, "n_event": n_event, "n_censor": counts - n_event, "expected": alive / rows.size,
        "deaths": deaths, "squares": squares, "risk": after, "drift": drift,
    }  # fmt: skip


def _curve(
    part: dict[str, FloatArray], method: str, form: str, conf_level: float
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Net survival (m,), its standard error and limits."""
    step = part["deaths"] / part["risk"]
    with np.errstate(divide="ignore"):
        fall = np.cumsum(np.log1p(-np.minimum(step, 1.0)) if form == "product" else -step)
    rise = -np.log(part["expected"]) if method == "ederer-1" else np.cumsum(part["drift"])
    estimate = np.exp(fall + rise)
    error = np.sqrt(np.cumsum(part["squares"] / part["risk"] ** 2))
    error[estimate == 0.0] = np.nan  # as Kaplan-Meier's after the last death of all at risk
    half = normal_quantile(conf_level) * error
    low = np.where(estimate == 0.0, 0.0, estimate * np.exp(-half))
    return estimate, estimate * error, low, estimate * np.exp(half)
