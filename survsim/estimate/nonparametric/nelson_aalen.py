"""Nelson-Aalen: the cumulative hazard of each group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.checks import FloatArray, IntArray, between, one_of
from survsim.core.clusters import warn_of_one_unit
from survsim.core.complete import complete_groups
from survsim.core.event_table import EventTable, group_rows
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.steps import Steps
from survsim.core.surv import Surv, as_surv
from survsim.core.tables import Columns
from survsim.estimate.nonparametric.band_scales import normal_quantile
from survsim.estimate.nonparametric.kaplan_meier import jackknifed, robust_variance
from survsim.kernels import product_limit

if TYPE_CHECKING:
    pass

COLUMNS = ("time", "n_risk", "n_event", "n_censor", "estimate", "std_error", "conf_low", "conf_high")


@result
class NelsonAalen(Result):
    """Cumulative hazards by group, stored one after the other.

    Attributes
    ----------
    groups : labels; bounds : (g+1,) positions, group k holds rows bounds[k]:bounds[k+1].
    time, n_risk, n_event, n_censor : (m,) as in `KaplanMeier`.
    estimate, std_error, conf_low, conf_high : (m,) cumulative hazard H(t), no unit.
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
    conf_type: str
    conf_level: float
    unit: str

    def curve_groups(self) -> tuple[Any, ...]:
        """Labels that `steps` knows."""
        return self.groups

    def steps(self, group: Any = None) -> Steps:
        """The cumulative hazard of one group from time 0, where it is 0; the group may be left out if there is one."""
        g = Steps.place(group, self.groups)
        rows = slice(int(self.bounds[g]), int(self.bounds[g + 1]))
        limits = None if self.conf_type == "none" else (self.conf_low[rows], self.conf_high[rows])
        return Steps.from_origin(self.time[rows], self.estimate[rows], limits, start=0.0, unit=self.unit)

    def headline(self) -> str:
        kind = "" if self.conf_type == "none" else f", {self.conf_level:.0%} {self.conf_type} interval"
        return f"Nelson-Aalen cumulative hazard: {len(self.groups)} group(s), time in {self.unit}{kind}"

    def columns(self) -> Columns:
        """Columns group, time, n_risk, n_event, n_censor, estimate, std_error, conf_low, conf_high."""
        sizes = np.diff(self.bounds).tolist()
        labels = [label for label, size in zip(self.groups, sizes) for _ in range(size)]
        return {"group": labels, **{name: getattr(self, name) for name in COLUMNS}}


def nelson_aalen(
    surv: Surv,
    by: Any = None,
    *,
    ties: str = "nelson-aalen",
    conf_type: str = "log",
    conf_level: float = 0.95,
    robust: bool | None = None,
    data: Any = None,
    missing: str = "refuse",
) -> NelsonAalen:
    """Cumulative hazard H(t) = sum over event times u <= t of d_u / n_u, for each group.

    Parameters
    ----------
    surv : response of n patients; weights and delayed entry are used when present.
    by : (n,) labels of groups, or None.
    data : frame of the n patients in which `by` is a column (or several, "arm + stage"); not needed where the
        response was made from it.
    missing : "refuse" a group that is missing, or "drop" those rows with a warning that counts them.
    ties : "nelson-aalen" or "fleming-harrington" (d tied events count as 1/n + ... + 1/(n-d+1); it needs
        whole-number weights).
    conf_type : "log" (H exp(+-z se/H)), "plain" or "none".
    robust : infinitesimal-jackknife variance, clusters kept together; None: where the response has clusters or weights that
        are not whole numbers, as in `kaplan_meier`.

    Returns
    -------
    NelsonAalen : a step at each time of each group: H, its standard error and limits.

    Raises
    ------
    InputError : an option outside its list, or Fleming-Harrington ties with weights that are not whole numbers.

    Reference: Aalen 1978; Fleming & Harrington 1984 for ties.

    Example
    -------
    >>> from survsim import Surv, nelson_aalen
    >>> nelson_aalen(Surv.right([5, 8, 8, 12], [1, 0, 1, 1], unit="months")).estimate.round(4).tolist()
    [0.25, 0.5833, 1.5833]
    """
    surv = as_surv(surv, data)
    surv, by = complete_groups(surv, by, missing)
    one_of("ties", ties, ("nelson-aalen", "fleming-harrington"))
    one_of("conf_type", conf_type, ("log", "plain", "none"))
    between("conf_level", conf_level, 0.0, 1.0)
    robust = jackknifed(surv) if robust is None else bool(robust)
    groups, parts = group_rows(surv, by)
    if robust:
        warn_of_one_unit(surv, parts, groups)
    tables = [EventTable.of(part) for part in parts]
    curves = [_curve(p, t, ties, conf_type, conf_level, robust) for p, t in zip(parts, tables)]
    names = ("estimate", "std_error", "conf_low", "conf_high")
    return NelsonAalen(
        groups=groups,
        bounds=np.cumsum([0, *(table.time.size for table in tables)]),
        **{name: np.concatenate([getattr(t, name) for t in tables]) for name in COLUMNS[:4]},
        **{name: np.concatenate([curve[k] for curve in curves]) for k, name in enumerate(names)},
        conf_type=conf_type,
        conf_level=float(conf_level),
        unit=surv.unit,
        provenance=Provenance.of(
            "nelson_aalen", surv, ties=ties, conf_type=conf_type, conf_level=conf_level, robust=robust
        ),
    )


def _curve(
    surv: Surv, table: EventTable, ties: str, conf_type: str, conf_level: float, robust: bool
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    tied = ties == "fleming-harrington"
    if tied and surv.weight is not None:
        one_of("ties", ties, ("nelson-aalen",))
    h, v = product_limit.nelson_aalen(table.n_risk, table.n_event, tied=tied)
    if robust:
        v = robust_variance(surv, table, hazard=True)
    error = np.sqrt(v)
    if conf_type == "none":
        return h, error, np.full(h.size, np.nan), np.full(h.size, np.nan)
    z = normal_quantile(conf_level)
    if conf_type == "plain":
        return h, error, np.maximum(h - z * error, 0.0), h + z * error
    spread = np.exp(z * np.divide(error, h, out=np.zeros(h.size), where=h > 0))
    return h, error, h / spread, h * spread
