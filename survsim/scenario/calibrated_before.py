"""Calibrations that this process has made: reports that ask the same question share the answer."""

from __future__ import annotations

import warnings
from collections import OrderedDict
from typing import Any

from survsim.core.errors import warn
from survsim.estimate.calibration.calibrate import calibrate
from survsim.estimate.calibration.calibrated import EvidenceCalibration

KEPT = 8
"""Answers that are kept, the latest asked for."""
_answers: OrderedDict[str, tuple[EvidenceCalibration, tuple[tuple[str, type[Warning]], ...]]] = OrderedDict()


def calibrated(*asked: Any, workers: int | None, **options: Any) -> EvidenceCalibration:
    """What `calibrate` says, its warnings too, made once for equal arguments: its answer hangs on nothing else.

    `workers` are no part of the question, for they change no bit.
    """
    import joblib

    key = joblib.hash((asked, sorted(options.items())))
    if key not in _answers:
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            made = calibrate(*asked, workers=workers, **options)
        _answers[key] = made, tuple((str(one.message), one.category) for one in heard)
        while len(_answers) > KEPT:
            _answers.popitem(last=False)
    _answers.move_to_end(key)
    made, said = _answers[key]
    for message, category in said:
        warn(message, category)
    return made
