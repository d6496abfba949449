"""Events over person-time: the incidence rate of each group."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import gammaincinv

from survsim.core import units
from survsim.core.checks import FloatArray, IntArray, between
from survsim.core.complete import complete_groups
from survsim.core.errors import InputError
from survsim.core.event_table import group_rows, refuse_clusters
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.surv import Surv, as_surv
from survsim.core.tables import Columns


@result
class EventRates(Result):
    """Incidence rates by group.

    Attributes
    ----------
    groups : labels; n_patients, n_event : (g,).
    person_time : (g,) in `unit`.
    estimate, conf_low, conf_high : (g,) events per `per` of person-time in `unit`, with exact Poisson limits.
    """

    groups: tuple[Any, ...]
    n_patients: IntArray
    n_event: IntArray
    person_time: FloatArray
    estimate: FloatArray
    conf_low: FloatArray
    conf_high: FloatArray
    per: float
    conf_level: float
    unit: str

    def columns(self) -> Columns:
        """Columns group, n_patients, n_event, person_time, estimate, conf_low, conf_high."""
        names = ("n_patients", "n_event", "person_time", "estimate", "conf_low", "conf_high")
        return {"group": list(self.groups)} | {name: getattr(self, name) for name in names}

    def headline(self) -> str:
        one = f"person-{self.unit.removesuffix('s')}"
        many = one if self.per == 1 else f"{self.per:g} {one}s"
        return f"Incidence rate: events per {many}, {self.conf_level:.0%} exact interval"


def event_rates(
    surv: Surv,
    by: Any = None,
    *,
    unit: str | None = None,
    per: float = 1.0,
    conf_level: float = 0.95,
    data: Any = None,
    missing: str = "refuse",
) -> EventRates:
    """Events divided by the time during which they could have been seen, with the exact Poisson interval.

    The rate is a summary of a hazard that does not change; where it does, the curve says more.

    Parameters
    ----------
    surv : response without weights and clusters; delayed entry and start-stop rows count from their entry.
    by : (n,) labels of groups, or None.
    unit : of the person-time, that of `surv` if None.
    per : person-time that the rate is of: 100 for events per 100 person-years.
    conf_level : of the interval.
    data : frame of the n patients in which `by` is a column; not needed where the response was made from it.
    missing : "refuse" a group that is missing, or "drop" those rows with a warning that counts them.

    Returns
    -------
    EventRates : events, person-time and rate of each group.

    Raises
    ------
    InputError : weights, clusters, an unknown unit, or a group without person-time.

    References
    ----------
    Garwood (1936), Biometrika 28:437.

    Example
    -------
    >>> from survsim import Surv
    >>> from survsim.nonparametric import event_rates
    >>> surv = Surv.right([6, 18, 24, 12], [1, 0, 1, 0], unit="months")
    >>> event_rates(surv, unit="years", per=100).estimate.tolist()
    [40.0]
    """
    between("conf_level", conf_level, 0.0, 1.0)
    between("per", per, 0.0, np.inf)
    surv = as_surv(surv, data)
    surv, by = complete_groups(surv, by, missing)
    if surv.weight is not None:
        raise InputError("an exact interval needs whole events of single patients; the response has weights.")
    surv = surv if unit is None else surv.to_unit(units.check_unit(unit))
    groups, parts = group_rows(surv, by)
    for part in parts:
        refuse_clusters(
            part, "an exact interval", "parametric_survival(surv, 'exponential'), which has a robust variance"
        )
    events = np.array([int(part.event.sum()) for part in parts])
    lived = np.array([(part.time - part.begin).sum() for part in parts])
    if (lived <= 0).any():
        raise InputError(f"group {groups[int((lived <= 0).argmax())]!r} has no person-time; leave it out.")
    tail = 0.5 - conf_level / 2.0
    low = np.where(events > 0, gammaincinv(np.maximum(events, 1), tail), 0.0)
    high = gammaincinv(events + 1.0, 1.0 - tail)
    return EventRates(
        groups=groups, n_patients=np.array([part.n_patients for part in parts]), n_event=events, person_time=lived,
        estimate=per * events / lived, conf_low=per * low / lived, conf_high=per * high / lived, per=float(per),
        conf_level=float(conf_level), unit=surv.unit,
        provenance=Provenance.of("event_rates", surv, unit=surv.unit, per=per, conf_level=conf_level),
    )  # fmt: skip
