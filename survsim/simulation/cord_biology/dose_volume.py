"""Doses that are not the same everywhere: dose-volume histograms and the equivalent uniform dose."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from survsim.core.checks import FloatArray, float_vector, known
from survsim.core.errors import InputError
from survsim.core.pairing import paired
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.tables import Columns
from survsim.simulation.cord_biology import radiobiology


@result
class DoseVolumeHistogram(Result):
    """Share of an organ's volume by the dose it received.

    Attributes
    ----------
    dose : (k,) in Gy, increasing; share : (k,) of the volume at that dose, summing to 1; quantity : "dose" or "EQD2".
    """

    dose: FloatArray
    share: FloatArray
    quantity: str

    def columns(self) -> Columns:
        """Columns dose, share, at_least (share of the volume with that dose or more)."""
        return {"dose": self.dose, "share": self.share, "at_least": self._at_least()}

    def headline(self) -> str:
        return f"{self.quantity} in Gy over the volume: mean {self.mean:.4g}, from {self.dose[0]:.4g} to {self.dose[-1]:.4g}"

    @property
    def mean(self) -> float:
        """Mean dose in Gy."""
        return float(self.share @ self.dose)

    def volume_at(self, dose: Any) -> FloatArray:
        """Share of the volume that received at least `dose` Gy (V20 is ``volume_at(20)``), of the shape of `dose`."""
        asked = known("dose", dose)
        tail = np.append(self._at_least(), 0.0)
        # Rounding of a dose that was added up must not put it below the number that is asked for.
        found: FloatArray = tail[np.searchsorted(self.dose, asked - 1e-12 * np.abs(asked), side="left")]
        return found

    def dose_at(self, volume: Any) -> FloatArray:
        """The dose in Gy that a share `volume` of the organ received at least (D2% is ``dose_at(0.02)``; 1 asks for the smallest)."""
        asked = known("volume", volume)
        if not ((asked > 0) & (asked <= 1)).all():
            raise InputError(
                f"volume is a share of the organ, above 0 and up to 1; got {asked[(asked <= 0) | (asked > 1)][0]:g}. D2% is 0.02."
            )
        # Counted from the hottest part; rounding must not carry a share past the step it stands on.
        filled = np.cumsum(self.share[::-1])
        place = np.minimum(np.searchsorted(filled, asked - 1e-12, side="left"), self.dose.size - 1)
        found: FloatArray = self.dose[::-1][place]
        return found

    def geud(self, a: float) -> float:
        """Generalised equivalent uniform dose in Gy, as of `geud`."""
        return geud(self.dose, a, volume=self.share)

    def eqd2(self, fractions: int, alpha_beta: float) -> DoseVolumeHistogram:
        """The histogram of EQD2: each part has its own dose per fraction, so it is not the EQD2 of the mean."""
        if self.quantity != "dose":
            raise InputError("the histogram is of EQD2 already.")
        dose = radiobiology.eqd2(self.dose, fractions, alpha_beta)
        step = Provenance.of("eqd2", self, fractions=fractions, alpha_beta=alpha_beta)
        return DoseVolumeHistogram(dose=dose, share=self.share, quantity="EQD2", provenance=step)

    def _at_least(self) -> FloatArray:
        return np.minimum(np.cumsum(self.share[::-1])[::-1], 1.0)


def dose_volume_histogram(dose: ArrayLike, volume: ArrayLike | None = None) -> DoseVolumeHistogram:
    """Histogram of doses to the parts (voxels, or bins of a planning system's differential histogram) of an organ.

    Parameters
    ----------
    dose : (n,) total dose in Gy of each part, any order.
    volume : (n,) volume of each part in any unit; None for parts of one size.

    Returns
    -------
    DoseVolumeHistogram : parts of one dose together; `.volume_at(20)`, `.dose_at(0.02)`, `.mean`, `.geud(a)`, `.eqd2(...)`.

    Raises
    ------
    InputError : no part, a negative dose or volume, no volume at all.

    Reference: Drzymala et al. 1991 (Int J Radiat Oncol Biol Phys 21:71).

    Examples
    --------
    >>> from survsim.radiotherapy import dose_volume_histogram
    >>> dvh = dose_volume_histogram([10.0, 20.0, 40.0], volume=[50.0, 30.0, 20.0])
    >>> dvh.mean, float(dvh.volume_at(20.0)), float(dvh.dose_at(0.1))
    (19.0, 0.5, 40.0)
    """
    parts, size = _parts(dose, volume)
    levels, place = np.unique(parts, return_inverse=True)
    share = np.bincount(place.ravel(), size, levels.size)
    there = share > 0
    return DoseVolumeHistogram(
        dose=levels[there],
        share=share[there] / share.sum(),
        quantity="dose",
        provenance=Provenance.of("dose_volume_histogram", n_parts=parts.size),
    )


def geud(dose: ArrayLike, a: float, volume: ArrayLike | None = None) -> float:
    """Generalised equivalent uniform dose, (sum v D^a)^(1/a) with the v adding to 1.

    Parameters
    ----------
    dose : (n,) dose in Gy of each part of the organ.
    a : 1 gives the mean, large values the hottest part (the cord, a serial organ), negative ones the coldest (tumours); 0 the
        geometric mean. The n of Lyman's model is 1 / a.
    volume : (n,) volume of each part; None for parts of one size.

    Returns
    -------
    The uniform dose in Gy with the same effect; 0 for a <= 0 when a part received nothing.

    Raises
    ------
    InputError : as `dose_volume_histogram`, and an `a` that is not finite.

    Reference: Niemierko 1999 (Med Phys 26:1100).

    Examples
    --------
    >>> from survsim.radiotherapy import geud
    >>> geud([10.0, 30.0], 1.0), round(geud([10.0, 30.0], 20.0), 4)
    (20.0, 28.9781)
    """
    power = float(known("a", radiobiology.plain_number("a", a)))
    parts, size = _parts(dose, volume)
    share = size / size.sum()
    top = float(parts[share > 0].max())
    if top == 0 or (power <= 0 and (parts[share > 0] == 0).any()):
        return 0.0
    with np.errstate(divide="ignore"):
        log_dose = np.log(parts[share > 0])
    weight = share[share > 0]
    if abs(power) < 1e-12:
        return float(np.exp(weight @ log_dose))
    # Around the dose that carries the sum, so that no power overflows.
    centre = float(log_dose.max() if power > 0 else log_dose.min())
    return float(np.exp(centre + np.log(weight @ np.exp(power * (log_dose - centre))) / power))


def _parts(dose: ArrayLike, volume: ArrayLike | None) -> tuple[FloatArray, FloatArray]:
    """Doses (n,) and volumes (n,), checked."""
    dose, volume = paired(dose=dose, volume=volume)
    parts = float_vector("dose", dose)
    if not parts.size:
        raise InputError("dose has no part; give the dose of each voxel or bin in Gy.")
    size = np.ones(parts.size) if volume is None else float_vector("volume", volume)
    if size.size != parts.size:
        raise InputError(f"dose has {parts.size} parts and volume {size.size}; give one of each.")
    if (parts < 0).any() or (size < 0).any():
        raise InputError("doses and volumes are 0 or more; a negative one was given.")
    if not size.sum() > 0:
        raise InputError("the volumes add up to 0; give the differential histogram, volume by dose.")
    return parts, size
