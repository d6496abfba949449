"""How long patients were followed: the Kaplan-Meier estimate with event and censoring exchanged."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from survsim.core.complete import complete_groups
from survsim.core.provenance import Provenance
from survsim.core.surv import Surv, as_surv
from survsim.estimate.nonparametric.kaplan_meier import KaplanMeier, kaplan_meier


def reverse_kaplan_meier(
    surv: Surv,
    by: Any = None,
    *,
    conf_type: str = "log-log",
    conf_level: float = 0.95,
    data: Any = None,
    missing: str = "refuse",
) -> KaplanMeier:
    """Potential follow-up: a curve whose "event" is the end of follow-up, deaths being censored.

    Its median is the median follow-up to report beside a survival curve. At equal times a death leaves
    after the ends of follow-up, as with R's ``survfit(Surv(time, 1 - status) ~ 1)``.

    Parameters
    ----------
    surv, by, conf_type, conf_level : as in `kaplan_meier`.
    missing : "refuse" a group that is missing, or "drop" those rows with a warning that counts them.

    Returns
    -------
    KaplanMeier : the curve of still being under observation; `.median()` is the median follow-up.

    Raises
    ------
    InputError : what `kaplan_meier` refuses.

    Reference: Schemper & Smith 1996.

    Example
    -------
    >>> from survsim import Surv, reverse_kaplan_meier
    >>> s = Surv.right([2, 4, 6, 8], [1, 0, 0, 0], unit="months")
    >>> float(reverse_kaplan_meier(s).median().estimate[0])
    6.0
    """
    surv = as_surv(surv, data)
    surv, by = complete_groups(surv, by, missing)
    flipped = surv.with_parts(event=~surv.event & ~surv.continues, cause=None, cause_labels=())
    curve = kaplan_meier(flipped, by, conf_type=conf_type, conf_level=conf_level)
    step = Provenance.of("reverse_kaplan_meier", surv, conf_type=conf_type, conf_level=conf_level)
    return replace(curve, provenance=step)
