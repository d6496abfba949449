"""Reconstruction from a curve whose censored patients are marked on it.

References
----------
Rogula, Lozano-Ortega, Johnston 2022, MDM Policy & Practice 7(1):23814683221077643, doi 10.1177/23814683221077643.
"""

from __future__ import annotations

from survsim.core.errors import InputError
from survsim.estimate.reconstruction.guyot import walked
from survsim.estimate.reconstruction.patients import Patients
from survsim.estimate.reconstruction.told import Told


def marked(told: Told) -> Patients:
    """Patients are censored at the marks; where the risk table asks for more, several share a mark.

    Where it asks for fewer than there are marks, evenly chosen ones are left out, which notes and audit show.
    """
    if told.marks is None:
        raise InputError("method 'marked' needs censor_marks; without them use 'optimised' or 'guyot'.")
    return walked(told, told.curve.time, told.curve.survival, marks=told.marks.tolist())
