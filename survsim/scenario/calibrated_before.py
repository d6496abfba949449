"""Calibrations that this process has made: reports that ask the same question share the answer."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from survsim.estimate.calibration.calibrate import calibrate
from survsim.estimate.calibration.calibrated import EvidenceCalibration

KEPT = 8
"""Answers that are kept, the latest asked for."""
_answers: OrderedDict[str, EvidenceCalibration] = OrderedDict()


def calibrated(*asked: Any, workers: int | None, **options: Any) -> EvidenceCalibration:
    """What `calibrate` says, made once for equal arguments: its answer hangs on nothing else.

    `workers` are no part of the question, for they change no bit.
    """
    import joblib

    key = joblib.hash((asked, sorted(options.items())))
    if key not in _answers:
        _answers[key] = calibrate(*asked, workers=workers, **options)
        while len(_answers) > KEPT:
            _answers.popitem(last=False)
    _answers.move_to_end(key)
    return _answers[key]
