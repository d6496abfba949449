"""Public functions called with plausible and hostile arguments: what may come back is an answer or a `SurvsimError`.

``python -m tests.helpers.fuzz CALLS SEED`` makes the long run and ends with 1 if anything else came.
"""

from __future__ import annotations

import contextlib
import inspect
import itertools
import re
import signal
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from survsim import _public
from survsim.core.errors import SurvsimError, SurvsimWarning
from survsim.core.result import Result
from tests.helpers import (
    fuzz_cohorts,
    fuzz_courses,
    fuzz_curves,
    fuzz_evidence,
    fuzz_from_r,
    fuzz_methods,
    fuzz_models,
    fuzz_pictures,
)
from tests.helpers.fuzz_estimates import PLAUSIBLE, Made
from tests.helpers.fuzz_hostile import hostile

MADE_INSIDE = {
    "CalibrationPlan": "read_calibration", "Citations": "cited", "CoxBatch": "cox_trials", "Criterion": "sbrt_criterion",
    "CheckReport": "check_evidence", "Curation": "curate", "EvidenceDiff": "diff_evidence",
    "EvidenceExport": "export_evidence", "EvidenceSelection": "EvidenceStore.select", "EvidenceStore": "load_evidence",
    "EvidenceTerm": "rate_term", "ExtractionComparison": "compare_extractions", "Fault": "check_evidence",
    "Frailty": "cox_ph", "Landmark": "landmark", "PatientHistories": "patient_histories", "PrintedNumber": "printed_number", "Prose": "prose",
    "ExplorerPanel": "explore", "Redrawn": "Explorer", "Protocol": "read_protocol", "References": "EvidenceStore.references", "Refusal": "printed_number",
    "Scenario": "Scenario.from_yaml", "Steps": "KaplanMeier.steps", "Table": "table",
    "TransitionLaw": "MultistateFit.transition_laws",
}  # fmt: skip
"""Classes that nobody builds: each is made by the function or method named beside it, which is fuzzed."""
LIMIT = 10.0
"""Seconds of processor time that a call may take, so that other programs on the machine make no findings."""
PATIENCE = 12
"""How many limits may pass on the clock before a call that waits without computing is taken for one that hangs."""
CALLING = re.compile(
    r"unexpected keyword|required (positional|keyword-only) argument|multiple values for|positional argument"
)
KNOWN = (
    PLAUSIBLE,
    fuzz_cohorts,
    fuzz_models,
    fuzz_courses,
    fuzz_evidence,
    fuzz_pictures,
    fuzz_curves,
    fuzz_from_r,
)
"""The makers of arguments, all of them registered by now."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One call that went wrong: its number, what was called with what, and what came."""

    number: int
    call: str
    what: str

    def __str__(self) -> str:
        return f"#{self.number} {self.call}\n    {self.what}"


def target(name: str) -> Callable[..., Any]:
    """The public function, class, constructor of a class or method of a result that `name` stands for."""
    if fuzz_methods.is_method(name):
        return fuzz_methods.method(name)
    first, _, rest = name.partition(".")
    found = fuzz_evidence.BOUND[first]() if rest and first in fuzz_evidence.BOUND else _public.load(first)
    return getattr(found, rest) if rest else found


def calls(n: int, seed: int) -> Iterator[tuple[int, str, Made]]:
    """`n` calls: every function in turn and between two of them a method of a result, drawn without return.

    One or two arguments are made worse, or one more of the signature is given.
    """
    methods = np.random.default_rng(seed).permutation(fuzz_methods.method_names()).tolist()
    order = itertools.chain.from_iterable(zip(itertools.cycle(sorted(PLAUSIBLE)), itertools.cycle(methods)))
    for number in range(n):
        rng = np.random.default_rng([seed, number])
        name = next(order)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                given = PLAUSIBLE[name](rng) if name in PLAUSIBLE else fuzz_methods.given(name, rng)
            except SurvsimError:
                continue  # no patient or no event for what the call needs first
        signature = inspect.signature(target(name)).parameters
        optional = {
            k: p.default
            for k, p in signature.items()
            if p.kind in (p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD) and k not in given and k != "ax"
        }
        if not given and not optional:
            yield number, name, given
            continue
        worse = {}
        for _ in range(int(rng.integers(1, 3))):
            if optional and (not given or rng.random() < 0.35):
                key = list(optional)[rng.integers(len(optional))]
                default = optional[key]
                worse[key] = hostile(rng, None if default is inspect.Parameter.empty else default)
            else:
                key = list(given)[rng.integers(len(given))]
                worse[key] = hostile(rng, given[key])
        yield number, name, given | worse


class Late(BaseException):
    """A call that took longer than it may; no `Exception`, so that nothing takes it for one of its own."""


def one(number: int, name: str, given: Made) -> Finding | None:
    """Make one call; None if it gave an answer, a `SurvsimError`, or the TypeError of a wrong keyword."""
    call = f"{name}({', '.join(f'{k}={_short(v)}' for k, v in given.items())})"
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        spent = _spent()
        try:
            with contextlib.chdir(fuzz_methods.scratch()), _limit():
                found = target(name)(**{key: _locked(value) for key, value in given.items()})
        except SurvsimError:
            return None
        except Late:
            return Finding(number, call, f"took longer than {LIMIT:.0f} s")
        except TypeError as error:
            if CALLING.search(str(error)) and f"{name.rpartition('.')[2]}" in str(error):
                return None
            return Finding(number, call, _where(error))
        except Exception as error:
            return Finding(number, call, _where(error))
    if spent() > LIMIT:
        return Finding(number, call, f"took {spent():.0f} s")
    ours = (SurvsimWarning, DeprecationWarning)
    foreign = [w for w in said if not issubclass(w.category, ours) and "site-packages" not in w.filename]
    if foreign:
        return Finding(
            number,
            call,
            f"{foreign[0].category.__name__}: {foreign[0].message} at {foreign[0].filename}:{foreign[0].lineno}",
        )
    return _silent_nan(number, call, found, bool(said))


def _locked(value: Any) -> Any:
    """An array that a call must not write into: it belongs to the caller."""
    if type(value) is not np.ndarray:
        return value
    seen = value.view()
    seen.flags.writeable = False
    return seen


def _silent_nan(number: int, call: str, found: Any, warned: bool) -> Finding | None:
    estimate = getattr(found, "estimate", None) if isinstance(found, Result) else None
    if warned or estimate is None:
        return None
    with contextlib.suppress(TypeError, ValueError):
        values = np.asarray(estimate, dtype=float)
        if values.size and np.isnan(values).all():
            return Finding(number, call, f"{type(found).__name__}.estimate is NaN without a word")
    return None


def _where(error: BaseException) -> str:
    step = error.__traceback__
    place = ""
    while step is not None:
        file = step.tb_frame.f_code.co_filename
        if "/survsim/" in file and "site-packages" not in file:
            place = f"{file.rpartition('/survsim/')[2]}:{step.tb_lineno}"
        step = step.tb_next
    return f"{type(error).__name__}: {str(error)[:160]} at {place}"


def _spent() -> Callable[[], float]:
    """A clock that starts now: seconds of processor time, or on the wall if threads spend more than pass."""
    processor, clock = time.process_time(), time.monotonic()
    return lambda: min(time.process_time() - processor, time.monotonic() - clock)


@contextlib.contextmanager
def _limit() -> Iterator[None]:
    spent, begun = _spent(), time.monotonic()

    def late(*_: object) -> None:
        if spent() > LIMIT or time.monotonic() - begun > PATIENCE * LIMIT:
            signal.setitimer(signal.ITIMER_REAL, 0)
            raise Late

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, LIMIT, LIMIT / 20)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _short(value: Any) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= 70 else text[:67] + "..."


def findings(n: int, seed: int) -> list[Finding]:
    """What `n` calls gave that is neither an answer nor a `SurvsimError`."""
    return [
        found for number, name, given in calls(n, seed) if (found := one(number, name, given)) is not None
    ]


if __name__ == "__main__":
    wanted, begin = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1
    wrong = findings(wanted, begin)
    for each in wrong:
        print(each)
    print(f"{wanted} calls, {len(wrong)} findings")
    sys.exit(bool(wrong))
