"""Reconstructed patients with their audit: how well they meet the curve and what was printed beside it."""

from __future__ import annotations

from typing import cast

import numpy as np

from survsim.core.checks import BoolArray, FloatArray, IntArray
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.surv import Surv
from survsim.core.tables import Columns
from survsim.core.upward import upward
from survsim.estimate.reconstruction import patients
from survsim.estimate.reconstruction.open_range import ReconstructionUncertainty


@result
class ReconstructionAudit(Result):
    """What was printed beside what the reconstructed patients give.

    Attributes
    ----------
    quantity : names: patients, events, median, at risk and survival at each printed time, censor marks (those at which
        patients are censored), errors of the curve.
    reconstructed, printed : (q,) numbers; printed is missing (NaN) where a figure prints none.
    """

    quantity: tuple[str, ...]
    reconstructed: FloatArray
    printed: FloatArray

    def columns(self) -> Columns:
        """One row a quantity: quantity, reconstructed, printed."""
        return {"quantity": list(self.quantity), "reconstructed": self.reconstructed, "printed": self.printed}

    def headline(self) -> str:
        """What is compared."""
        return "Reconstructed patients against the figure they were made from"


@result
class ReconstructedIPD(Result):
    """Times and events that reproduce a published curve; not the patients themselves.

    Attributes
    ----------
    time, event : (n,) in `unit`; entry : (n,) times of entry under delayed entry, else None.
    method : "optimised", "guyot", "ikm" or "marked"; readings : what the readings were taken for.
    click_time, click_survival, fitted_survival : (m,) readings used and the reconstructed curve there.
    click_given : (m,) readings as given (survival, as a share), before noise was levelled.
    at_risk_times, at_risk, fitted_at_risk : (r,) the risk table as printed and as reconstructed.
    n_event : total events; n_event_reported : as printed, or None.
    censor_marks : (q,) marks that were given, or None.
    rmse, mean_absolute_error : of the reconstructed curve at the readings as given.
    max_absolute_error : the largest distance between the two curves at any time up to the last reading. Where not every drop was read
        the curve between two readings is only known to lie between their levels, and the distance is from there.
    references : of the curve.
    notes : what had to be assumed and where the printed numbers could not be met.
    tolerance, time_tolerance : within which levels (a share; None where nobody said) and times were read.
    """

    time: FloatArray
    event: BoolArray
    unit: str
    click_time: FloatArray
    click_survival: FloatArray
    fitted_survival: FloatArray
    at_risk_times: FloatArray
    at_risk: IntArray
    fitted_at_risk: IntArray
    n_event: int
    n_event_reported: int | None
    rmse: float
    mean_absolute_error: float
    max_absolute_error: float
    references: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    entry: FloatArray | None = None
    click_given: FloatArray | None = None
    censor_marks: FloatArray | None = None
    method: str = "guyot"
    kind: str = "survival"
    readings: str = "drops"
    n_reported: int | None = None
    tolerance: float | None = None
    time_tolerance: float = 0.0

    def surv(self) -> Surv:
        """The reconstructed response, with delayed entry if patients entered late; its sources are those of the curve."""
        return Surv.right(self.time, self.event, unit=self.unit, entry=self.entry, source=self.references)

    def curve(self) -> tuple[FloatArray, FloatArray]:
        """Times of deaths and the reconstructed curve just after each."""
        return patients.product_limit(self.time, self.event, self.entry)

    def audit(self) -> ReconstructionAudit:
        """The reconstructed patients against everything that was printed.

        Returns
        -------
        ReconstructionAudit : a row a quantity; survival at the times of the risk table is compared with the given curve.
        """
        drops, level = self.curve()
        half = np.flatnonzero(level <= 0.5)
        read = np.flatnonzero(self.click_survival <= 0.5)
        rows: list[tuple[str, float, float]] = [
            ("patients", self.time.size, np.nan if self.n_reported is None else self.n_reported),
            ("events", self.n_event, np.nan if self.n_event_reported is None else self.n_event_reported),
            (
                "median",
                drops[half[0]] if half.size else np.inf,
                self.click_time[read[0]] if read.size else np.inf,
            ),
        ]
        for t, made, told in zip(self.at_risk_times, self.fitted_at_risk, self.at_risk):
            rows.append((f"at risk at {t:g}", made, told))
        if self.censor_marks is not None:
            marks = self.censor_marks.size
            kept = marks - patients.unmarked(self.censor_marks, self.time, self.event)
            rows.append(("censor marks", kept, marks))
        own = patients.curve_at(drops, level, self.at_risk_times)
        place = np.searchsorted(self.click_time, self.at_risk_times, side="right") - 1
        for k, t in enumerate(self.at_risk_times):
            if t <= self.click_time[-1]:
                rows.append((f"survival at {t:g}", own[k], self.click_survival[place[k]]))
        rows.append(("root mean square error", self.rmse, np.nan))
        rows.append(("largest error", self.max_absolute_error, np.nan))
        return ReconstructionAudit(
            provenance=Provenance.of("reconstruction_audit", self),
            quantity=tuple(row[0] for row in rows),
            reconstructed=np.array([row[1] for row in rows], dtype=np.float64),
            printed=np.array([row[2] for row in rows], dtype=np.float64),
        )

    def uncertainty(self, m: int = 40, *, seed: int = 1) -> ReconstructionUncertainty:
        """By how much events, median and time at risk may be wrong, from what the figure leaves open.

        Parameters
        ----------
        m : pseudo data sets, see `pseudo_sets`: the curve within its tolerance, unmarked censoring at any time.
        seed : of the generator.

        Returns
        -------
        ReconstructionUncertainty : a row a quantity, with 2.5 times the range of the sets. That patients are a sample comes on top:
            `pooled` has both.
        """
        return cast("ReconstructionUncertainty", upward("uncertainty")(self, m, seed))

    def columns(self) -> Columns:
        """One row a reconstructed patient: time, event, and entry where patients entered late."""
        found: Columns = {"time": self.time, "event": self.event}
        return found if self.entry is None else {**found, "entry": self.entry}

    def headline(self) -> str:
        """Size, agreement, and by how much events and median may be wrong."""
        late = "" if self.entry is None else ", delayed entry"
        lines = [
            f"Reconstructed from a curve ({self.method}): {self.time.size} patients, {self.n_event} events{late}, time in "
            f"{self.unit}",
            f"agreement at {self.click_time.size} readings: RMSE {self.rmse:.4f}; largest error {self.max_absolute_error:.4f}",
            self.uncertainty().headline(),
        ]
        return "\n".join([*lines, *(f"Note: {note}" for note in self.notes)])
