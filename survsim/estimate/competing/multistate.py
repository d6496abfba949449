"""Models of the transitions of a multi-state process, and the laws a simulation draws from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.checks import FloatArray, one_of
from survsim.core.display import displayed
from survsim.core.distributions import HazardDistribution, PiecewiseExponential
from survsim.core.errors import InputError, SmallSampleWarning, warn
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.surv import Surv
from survsim.core.tables import Columns, frame, stacked
from survsim.estimate.competing.multistate_data import CLOCKS, MultistateData
from survsim.estimate.cox.patient_hazards import reference_hazards
from survsim.estimate.cox.regression import cox_ph
from survsim.estimate.nonparametric.nelson_aalen import NelsonAalen, nelson_aalen
from survsim.estimate.parametric.fit import ParametricFit
from survsim.estimate.parametric.regression import FAMILIES, parametric_survival

if TYPE_CHECKING:
    import pandas as pd

TAILS = ("mean", "none")


@displayed
@dataclass(frozen=True, slots=True)
class TransitionLaw:
    """A way from `source` to `target` with the law of its time, as a simulation takes it.

    `clock` says what the law counts: "reset" time since entry into `source`, "forward" time since 0.
    """

    source: str
    target: str
    distribution: HazardDistribution
    clock: str


@result
class MultistateFit(Result):
    """A model for each transition that was seen.

    Attributes
    ----------
    data : what was fitted; fits : "source > target" to `CoxFit`, `ParametricFit` or, without covariates
        under "cox", `NelsonAalen`; clocks : the same keys to "reset" or "forward".
    not_seen : transitions nobody made; their hazard is estimated as 0.
    n_unknown : rows left out of each fit because a fact of its formula is not known.
    """

    data: MultistateData
    fits: Mapping[str, Any]
    clocks: Mapping[str, str]
    not_seen: tuple[str, ...]
    n_unknown: Mapping[str, int]

    def columns(self) -> Columns:
        """The coefficients: transition, clock, n_event, n_unknown, term, estimate, std_error, hazard_ratio..."""
        parts = []
        for name, fit in self.fits.items():
            table: dict[str, Any] = {
                "transition": name,
                "clock": self.clocks[name],
                "n_unknown": self.n_unknown[name],
            }
            bare = isinstance(fit, NelsonAalen)
            table |= {"term": [""]} if bare else fit.columns()
            parts.append(table | {"n_event": float(np.sum(fit.n_event))})
        return stacked(parts, tuple(dict.fromkeys(name for part in parts for name in part)))

    def headline(self) -> str:
        unseen = f"; never seen: {', '.join(self.not_seen)}" if self.not_seen else ""
        return f"Multi-state model of {len(self.fits)} transitions, time in {self.data.unit}{unseen}"

    def states(self) -> pd.DataFrame:
        """Columns state, initial, absorbing, n_entered: the graph as a table."""
        left = {a for a, _ in self.data.transitions}
        entered = self.data.stays["target"].value_counts()
        first = self.data.stays.loc[self.data.stays["entry"] == 0.0, "patient_id"].nunique()
        return frame(
            {
                "state": list(self.data.states),
                "initial": [k == 0 for k in range(len(self.data.states))],
                "absorbing": [s not in left for s in self.data.states],
                "n_entered": [
                    int(entered.get(s, 0)) + (first if k == 0 else 0) for k, s in enumerate(self.data.states)
                ],
            }
        )

    def transition_laws(self, patient: Any = None, *, tail: str = "mean") -> tuple[TransitionLaw, ...]:
        """The law of each transition for one patient, to hand to a simulation.

        Parameters
        ----------
        patient : mapping of covariates and facts (held fixed), needed if a formula names any.
        tail : where a Cox or Nelson-Aalen hazard ends at its last event: "mean" goes on with the mean hazard
            up to there (an assumption), "none" with 0: nobody moves later.
        """
        one_of("tail", tail, TAILS)
        found = []
        for name, fit in self.fits.items():
            source, target = name.split(" > ")
            law = _law(fit, patient, tail)
            found.append(TransitionLaw(source, target, law, self.clocks[name]))
        return tuple(found)


def multistate_fit(
    data: MultistateData,
    formula: str | Mapping[str, str | None] | None = None,
    *,
    model: str | Mapping[str, str] = "cox",
    clock: str | Mapping[str, str] = "reset",
    **options: Any,
) -> MultistateFit:
    """Fit each transition on its own, h_jk(t|x) with the other ways out of j censored.

    Parameters
    ----------
    data : from `prepare_multistate`.
    formula : covariates and facts, for all transitions or by "source > target"; None for none.
    model : "cox" or a family of `parametric_survival`, for all transitions or by "source > target".
    clock : "reset" (time since entry into the state; semi-Markov) or "forward" (time since 0, entry delayed;
        Markov), for all or by transition. From the starting state they are the same.
    options : passed to `cox_ph` or `parametric_survival`.

    Returns
    -------
    MultistateFit : a fit for each transition that was seen; `.transition_laws()` gives them to a simulation.

    Raises
    ------
    InputError : a name that is no transition, no transition seen at all, bad options.

    Reference: Putter, Fiocco & Geskus (2007), Stat Med 26:2389; de Wreede et al. (2011), J Stat Softw 38(7).

    Example
    -------
    >>> import pandas as pd
    >>> from survsim.competing import multistate_fit, prepare_multistate
    >>> patients = pd.DataFrame({"patient_id": ["a", "b"], "follow_up": [10.0, 8.0]})
    >>> events = pd.DataFrame({"patient_id": ["a", "b"], "state": ["dead", "dead"], "time": [10.0, 8.0]})
    >>> made = prepare_multistate(patients, events, start="well", transitions={"well": ["dead"]}, unit="months")
    >>> [law.target for law in multistate_fit(made, model="exponential").transition_laws()]
    ['dead']
    """
    names = [f"{a} > {b}" for a, b in data.transitions]
    formulas = _each("formula", formula, names, None)
    models, clocks = _each("model", model, names, "cox"), _each("clock", clock, names, "reset")
    for name in names:
        one_of("model", models[name], ("cox", *FAMILIES))
        one_of("clock", clocks[name], CLOCKS)
    fits, unknown, not_seen = {}, {}, []
    for name in names:
        source, target = name.split(" > ")
        rows = data.transition(source, target)
        used = [f for f in data.facts if f in (formulas[name] or "")]
        known = rows[used].notna().all(axis=1).to_numpy(dtype=bool)
        if not rows.loc[known, "event"].any():
            not_seen.append(name)
            continue
        surv = data.surv(source, target, clock=clocks[name], keep=known)
        fits[name] = _fit(surv, models[name], formulas[name], rows[known].reset_index(drop=True), options)
        unknown[name] = int((~known).sum())
    if not fits:
        raise InputError("nobody made any transition; there is no model to fit.")
    if not_seen:
        warn(
            f"nobody made the transition {', '.join(not_seen)}; its hazard is estimated as 0 and it is left out of "
            "the laws. Say so, or take its rate from elsewhere.",
            SmallSampleWarning,
        )
    return MultistateFit(
        data=data,
        fits=fits,
        clocks={name: clocks[name] for name in fits},
        not_seen=tuple(not_seen),
        n_unknown=unknown,
        provenance=Provenance.of(
            "multistate_fit", data, formula=formulas, model=models, clock=clocks, **options
        ),
    )


def _each(what: str, given: Any, names: list[str], default: Any) -> dict[str, Any]:
    if not isinstance(given, Mapping):
        return dict.fromkeys(names, given)
    wrong = [k for k in given if k not in names]
    if wrong:
        raise InputError(f"{what} names {wrong[0]!r}; the transitions are {', '.join(map(repr, names))}.")
    return {name: given.get(name, default) for name in names}


def _fit(surv: Surv, model: str, formula: str | None, rows: pd.DataFrame, options: dict[str, Any]) -> Any:
    if model != "cox":
        return parametric_survival(surv, model, formula, rows if formula else None, **options)
    if formula is None:
        return nelson_aalen(surv)
    return cox_ph(surv, formula, rows, **options)


def _law(fit: Any, patient: Any, tail: str) -> HazardDistribution:
    if isinstance(fit, ParametricFit):
        return fit.distribution(patient)
    if isinstance(fit, NelsonAalen):
        moves = np.asarray(fit.n_event) > 0
        jumps = np.diff(np.concatenate([[0.0], fit.estimate]))
        return step_hazard(fit.time[moves], jumps[moves], fit.unit, tail)
    if patient is None:
        raise InputError(
            f"the formula {fit.design.formula!r} has covariates; name the patient, for example "
            "transition_laws({'age': 60, 'radiotherapy': 0})."
        )
    if not hasattr(patient, "keys"):
        raise InputError(
            f"patient must be a mapping or a row, {{'age': 60, ...}}; got {patient!r} ({type(patient).__name__})."
        )
    import pandas as pd

    found = reference_hazards(fit, pd.DataFrame([dict(patient)]))
    return step_hazard(found.time, found.ratio[0] * found.jump, fit.surv.unit, tail)


def step_hazard(time: FloatArray, jumps: FloatArray, unit: str, tail: str) -> PiecewiseExponential:
    """Piecewise constant hazard whose cumulative hazard meets the step estimate at each event time."""
    width = np.diff(np.concatenate([[0.0], time]))
    last = float(jumps.sum() / time[-1]) if tail == "mean" else 0.0
    return PiecewiseExponential(breaks=time, rates=np.append(jumps / width, last), time_unit=unit)
