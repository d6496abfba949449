"""Markov models in continuous time, of patients whose state was seen at visits only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import ndtri

from survsim.core import units
from survsim.core.checks import BoolArray, FloatArray, IntArray, between, require_columns
from survsim.core.complete import complete_columns
from survsim.core.design import Design, design_matrix
from survsim.core.errors import InputError
from survsim.core.formula import parse_formula, used_columns
from survsim.core.frames import as_frame
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.tables import Columns, frame
from survsim.core.times import asked_times
from survsim.estimate.competing import panel_predictions as predictions
from survsim.estimate.competing.panel_data import Visits, check_exact, check_ways, read_visits
from survsim.estimate.competing.panel_hidden import (
    FIRST_LOG_ODDS,
    Hidden,
    read_seen,
    refuse_impossible,
    value_and_slope,
)
from survsim.estimate.competing.panel_likelihood import Panel, grouped, maximise

if TYPE_CHECKING:
    import pandas as pd


@result
class PanelMultistate(Result):
    """Intensities of a time-homogeneous Markov model, from states seen at visits.

    Attributes
    ----------
    states : names, final ones last; transitions : the k pairs (source, target).
    log_intensity : (k,) at the covariates' means `centre` (p,), per `unit`.
    coefficients : (p, k) log hazard ratios of each covariate on each transition.
    covariance : (k + p k) squared, log intensities first, then the coefficients row by row.
    design : the covariates, or None; visits : the rows behind the fit.
    log_likelihood; n_patients, n_intervals : with two visits or more, and pairs of visits that follow each other.
    observed : (S, S) pairs of visits by state of the first and of the second.
    seen_as : the m pairs (true state, another as which it may be seen), where there are any; seen_log_odds, seen_covariance :
        (m,) and (m, m) log odds of it against seeing the state as it is.
    exact : states whose time of entry is known.
    """

    states: tuple[Any, ...]
    transitions: tuple[tuple[Any, Any], ...]
    log_intensity: FloatArray
    coefficients: FloatArray
    covariance: FloatArray
    centre: FloatArray
    design: Design | None
    visits: Visits
    log_likelihood: float
    n_patients: int
    n_intervals: int
    observed: IntArray
    conf_level: float
    unit: str
    seen_as: tuple[tuple[Any, Any], ...] = ()
    seen_log_odds: FloatArray | None = None
    seen_covariance: FloatArray | None = None
    exact: tuple[Any, ...] = ()

    def columns(self) -> Columns:
        """Columns source, target, intensity (at the means of the covariates, per unit of time), std_error, conf_low, conf_high."""
        k = len(self.transitions)
        error = np.sqrt(np.diag(self.covariance)[:k])
        return self._pairs() | self._on_log_scale("intensity", self.log_intensity, error)

    def headline(self) -> str:
        return (
            f"Markov model of {len(self.states)} states seen at visits: {self.n_patients} patients, {self.n_intervals} "
            f"intervals, log likelihood {self.log_likelihood:.4f}; intensities per {self.unit.removesuffix('s')}"
        )

    def hazard_ratios(self) -> pd.DataFrame:
        """Columns source, target, term, hazard_ratio, std_error (of its log), conf_low, conf_high."""
        if self.design is None:
            raise InputError("the model has no covariate; give formula= to panel_multistate.")
        k, names = len(self.transitions), self.design.columns
        error = np.sqrt(np.diag(self.covariance)[k:]).reshape(self.coefficients.shape)
        z = float(ndtri(0.5 + self.conf_level / 2.0))
        rows: dict[str, Any] = {name: list(v) * len(names) for name, v in self._pairs().items()}
        low, high = self.coefficients - z * error, self.coefficients + z * error
        with np.errstate(over="ignore"):  # a covariate in tiny units: the ratio of one unit is infinite
            ratio, low, high = (np.exp(v.ravel()) for v in (self.coefficients, low, high))
        rows |= {"term": np.repeat(names, k), "hazard_ratio": ratio, "std_error": error.ravel()}
        return frame(rows | {"conf_low": low, "conf_high": high})

    def generator(self, newdata: pd.DataFrame | None = None) -> FloatArray:
        """The generator matrix Q (S, S) at the means of the covariates, or at the one row of `newdata`."""
        return predictions.generator(self, newdata)

    def intensities(self, newdata: pd.DataFrame | None = None) -> pd.DataFrame:
        """Columns source, target, intensity, std_error, conf_low, conf_high at the one row of `newdata`."""
        estimate, error = predictions.intensities(self, newdata)
        return frame(self._pairs() | self._on_log_scale("intensity", estimate, error))

    def sojourn_times(self, newdata: pd.DataFrame | None = None) -> pd.DataFrame:
        """Columns state, mean (time of a stay, in `unit`), std_error, conf_low, conf_high; of states that can be left."""
        names, estimate, error = predictions.sojourns(self, newdata)
        return frame({"state": names} | self._on_log_scale("mean", estimate, error))

    def transition_probabilities(self, times: Any, newdata: pd.DataFrame | None = None) -> pd.DataFrame:
        """Columns time, source, target, probability, std_error, conf_low, conf_high: exp(Q t) and its delta-method errors.

        Limits are made on the logit scale; a probability of 0 or 1 that the transitions fix has an error of 0.
        """
        return predictions.probabilities(self, asked_times("times", times, unit=self.unit), newdata)

    def prevalence(self, times: Any) -> pd.DataFrame:
        """Columns time, state, at_risk, observed, expected (numbers), observed_share, expected_share.

        A patient counts at `time` after the first visit up to the last visit, in the state of the visit before, and for ever once
        in a final state. Expected are shares of all patients from their first visits on, each with the covariates
        of that visit, times the number at risk.
        """
        if self.seen_as:
            raise InputError(
                "where states may be seen wrongly, those that were seen are not to be set beside those that are expected; "
                ".transition_probabilities(times) has what is expected."
            )
        return predictions.prevalence(self, asked_times("times", times, self.visits.time, self.unit))

    def misclassification(self) -> pd.DataFrame:
        """Columns state (the true one), seen_as, probability, std_error, conf_low, conf_high (on the logit scale)."""
        if not self.seen_as or self.seen_log_odds is None or self.seen_covariance is None:
            raise InputError(
                "the fit takes every state as it was seen; give misclassified= to panel_multistate."
            )
        return predictions.misclassification(
            self.seen_as, self.seen_log_odds, self.seen_covariance, self.conf_level
        )

    def _pairs(self) -> dict[str, Any]:
        return {"source": [a for a, _ in self.transitions], "target": [b for _, b in self.transitions]}

    def _on_log_scale(self, name: str, log_value: FloatArray, error: FloatArray) -> dict[str, Any]:
        """exp(log_value) as column `name`, its error by the delta method and its limits."""
        z = float(ndtri(0.5 + self.conf_level / 2.0))
        value = np.exp(log_value)
        limits = {"conf_low": np.exp(log_value - z * error), "conf_high": np.exp(log_value + z * error)}
        return {name: value, "std_error": value * error} | limits


def panel_multistate(
    data: pd.DataFrame,
    *,
    transitions: Mapping[Any, Sequence[Any]],
    unit: str,
    formula: str | None = None,
    exact: Sequence[Any] = (),
    misclassified: Mapping[Any, Sequence[Any]] | None = None,
    patient: str = "patient_id",
    time: str = "time",
    state: str = "state",
    conf_level: float = 0.95,
    missing: str = "refuse",
) -> PanelMultistate:
    """Maximum likelihood of a time-homogeneous Markov model, of patients whose state was seen at visits only.

    Between two visits any path of transitions may have been taken: the likelihood of an interval of length t is the
    element of exp(Q t) from the first state to the second. Visits must not be made because of the state, other than
    through what earlier visits showed. States that may be seen wrongly are named in `misclassified`; taken as they were seen, they
    would make for moves back and forth that never were. Covariates act on each intensity by exp(b z) and keep their value of the visit
    until the next.

    Parameters
    ----------
    data : one row a visit: patient, time, state, covariates, in any order.
    transitions : mapping from a state to the states that can follow it at once; cycles are allowed. States are named as the
        column of states has them, by words or numbers: ``{1: [2, 3], 2: [1, 3]}``.
    unit : "days", "weeks", "months" or "years".
    formula : covariates, the right-hand side only.
    exact : final states, such as death, whose rows hold the exact time of entry.
    misclassified : mapping from a true state to those as which it may be seen, such as ``{"well": ["ill"], "ill": ["well"]}``: a
        hidden Markov model, whose chances of seeing wrongly are estimated, the same at each visit but the first, which is
        taken as true. The likelihood can have several maxima.
    patient, time, state : columns of `data`.
    conf_level : of all intervals of the fit.
    missing : "refuse", or "drop" for leaving out visits without patient, time, state or covariate, counted in a warning: the
        interval then goes on to the next visit, which is right where values are missing by chance.

    Returns
    -------
    PanelMultistate : intensities; `.hazard_ratios()`, `.transition_probabilities(times)`, `.sojourn_times()`, `.prevalence(times)`;
        `.misclassification()` where states may be seen wrongly.

    Raises
    ------
    InputError : an unknown state, two visits at a time, a visit that no path of transitions leads to, exact entry into a
        state that can be left.
    ConvergenceError : visits that do not tell one of the intensities or effects.

    References
    ----------
    Kalbfleisch & Lawless (1985), J Am Stat Assoc 80:863; Jackson (2011), J Stat Softw 38(8).

    Example
    -------
    >>> import pandas as pd
    >>> from survsim.competing import panel_multistate
    >>> visits = pd.DataFrame({"patient_id": list("aabbccdd"), "time": [0.0, 2.0] * 4})
    >>> visits["state"] = ["well", "well"] * 3 + ["well", "ill"]
    >>> fit = panel_multistate(visits, transitions={"well": ["ill"]}, unit="years")
    >>> fit.transition_probabilities(2.0)["probability"].round(4).tolist()
    [0.75, 0.25, 0.0, 1.0]
    """
    units.check_unit(unit)
    between("conf_level", conf_level, 0.0, 1.0)
    pairs = tuple((a, b) for a, targets in transitions.items() for b in targets)
    states, possible = _graph(pairs)
    data = as_frame(data)
    require_columns(data, [patient, time, state], "data")
    more = [] if formula is None else used_columns(parse_formula(formula), data)
    _, data = complete_columns(
        {}, missing, data=data, names=list(dict.fromkeys([patient, time, state, *more]))
    )
    visits = read_visits(data, (patient, time, state), states, unit)
    if misclassified is None:
        check_ways(visits, data, patient, states, possible)
    final = check_exact(exact, states, possible)
    design = None if formula is None else design_matrix(formula, data)
    x = np.zeros((len(data), 0)) if design is None else design.matrix
    panel, centre, spread = _panel(visits, x, states, pairs, final, design)
    names = [f"intensity {a} > {b}" for a, b in pairs]
    names += [f"effect of {c} on {a} > {b}" for c in (design.columns if design else ()) for a, b in pairs]
    k, n_plain = len(pairs), len(names)
    hidden = None
    if misclassified is None:
        theta, covariance, log_likelihood = maximise(panel, names)
    else:
        who = visits.patient[visits.starts]
        hidden = Hidden.of(panel, read_seen(misclassified, states, possible, final), who)
        names += [f"chance of seeing {states[a]} as {states[b]}" for a, b in hidden.seen]
        first = np.full(len(hidden.seen), FIRST_LOG_ODDS)
        refuse_impossible(hidden, first, data[patient].to_numpy()[visits.row[visits.starts]].tolist())
        theta, covariance, log_likelihood = maximise(
            panel, names, partial(value_and_slope, hidden=hidden), first
        )
    seen = () if hidden is None else tuple((states[a], states[b]) for a, b in hidden.seen)
    odds, odds_covariance = theta[n_plain:], covariance[n_plain:, n_plain:]
    theta, covariance = theta[:n_plain], covariance[:n_plain, :n_plain]
    scale = np.append(np.ones(k), np.repeat(1.0 / spread, k))
    observed = np.zeros((len(states), len(states)), np.int64)
    np.add.at(observed, (panel.source, panel.target), 1)
    return PanelMultistate(
        states=states, transitions=pairs, log_intensity=theta[:k], coefficients=(theta * scale)[k:].reshape(-1, k),
        covariance=covariance * np.outer(scale, scale), centre=centre, design=design, visits=visits,
        log_likelihood=log_likelihood, n_patients=len(np.unique(visits.patient[visits.starts])),
        n_intervals=panel.cell.size, observed=observed, conf_level=float(conf_level), unit=unit, seen_as=seen,
        seen_log_odds=odds, seen_covariance=odds_covariance, exact=tuple(exact),
        provenance=Provenance.of(
            "panel_multistate", transitions={a: list(b) for a, b in transitions.items()}, formula=formula,
            exact=list(exact), conf_level=conf_level,
            misclassified=None if misclassified is None else {a: list(b) for a, b in misclassified.items()},
        ),
    )  # fmt: skip


def _graph(pairs: tuple[tuple[Any, Any], ...]) -> tuple[tuple[Any, ...], BoolArray]:
    """States in the order they are named, final ones last, and the transitions (S, S) that are possible."""
    if not pairs:
        raise InputError(
            "transitions names none; give a mapping such as {'well': ['ill', 'dead'], 'ill': ['dead']}."
        )
    wrong = [pair for pair in pairs if pair[0] == pair[1] or pairs.count(pair) > 1]
    if wrong:
        a, b = wrong[0]
        raise InputError(
            f"transitions has {a!r} > {b!r} twice, or from a state to itself; name each move once."
        )
    states = tuple(dict.fromkeys([a for a, _ in pairs] + [b for _, b in pairs]))
    possible = np.zeros((len(states), len(states)), bool)
    for a, b in pairs:
        possible[states.index(a), states.index(b)] = True
    return states, possible


def _panel(
    visits: Visits, x: FloatArray, states: tuple[Any, ...], pairs: Any, final: IntArray, design: Design | None
) -> tuple[Panel, FloatArray, FloatArray]:
    """The panel, with the means and standard deviations (p,) its covariates were centred and scaled by."""
    i = visits.starts
    z = x[visits.row[i]]
    centre = z.mean(axis=0)
    spread = z.std(axis=0)
    if design is not None and (spread <= 1e-12 * np.maximum(np.abs(centre), 1.0)).any():
        name = design.columns[int(spread.argmin())]
        raise InputError(
            f"{name} has one value at all visits that another one follows; leave it out of the formula."
        )
    places = np.array([[states.index(a), states.index(b)] for a, b in pairs], np.int64)
    source, target = visits.state[i], visits.state[i + 1]
    length = visits.time[i + 1] - visits.time[i]
    moves = source, target, np.isin(target, final)
    return grouped(places, len(states), (z - centre) / spread, length, moves), centre, spread
