"""From a calibration file and the evidence to the objects that `calibrate` takes."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from survsim.core.declared import read_as
from survsim.core.display import displayed
from survsim.core.errors import InputError, ScenarioError
from survsim.core.ledger import Ledger
from survsim.core.names import readable
from survsim.core.units import conversion_factor
from survsim.core.yaml_files import read_yaml
from survsim.estimate.calibration.calibrated import EvidenceCalibration
from survsim.estimate.calibration.course import (
    Cohort,
    CourseModel,
    Endpoint,
    TransitionHazard,
    TreatmentEffect,
)
from survsim.estimate.calibration.priors import Prior, law_of
from survsim.estimate.calibration.target_checks import INDEX_CASE
from survsim.estimate.calibration.targets import (
    Bias,
    CaseTarget,
    ContrastTarget,
    PredictionTarget,
    PublishedTarget,
    Target,
    Transport,
)
from survsim.estimate.printed.refusal import Refusal
from survsim.estimate.printed.road import printed_number
from survsim.evidence.ask.store import EvidenceStore
from survsim.scenario.bias_of_judgements import judged_bias
from survsim.scenario.calibrated_before import calibrated
from survsim.scenario.calibration_file import (
    CalibrationFile,
    CurveTarget,
    PredictedTarget,
    RowContrast,
    RowTarget,
)
from survsim.scenario.evidence_curves import curve_number
from survsim.scenario.measures import Calibrated
from survsim.scenario.own_evidence import evidence_of
from survsim.scenario.prior_units import refuse_other_units

if TYPE_CHECKING:
    import pandas as pd

    from survsim.simulation.declared.uses import Kind


NORMAL_975 = 1.959963984540054


@displayed
@dataclass(frozen=True, slots=True)
class CalibrationPlan:
    """A checked calibration file.

    Built by `read_calibration`. `content` holds the file key by key; `run` calibrates.
    """

    content: CalibrationFile
    path: Path

    def course(self) -> CourseModel:
        """States and hazards."""
        c = self.content.course
        hazards = [TransitionHazard(**t.model_dump()) for t in c.transitions]
        return CourseModel(
            states=c.states,
            transitions=tuple(hazards),
            start=c.start,
            frailty_variance=c.frailty_variance,
            unit=self.content.time_unit,
        )

    def cohorts(self, *, assumed: Literal["least", "most"] | None = None) -> tuple[Cohort, ...]:
        """Those followed, with the shares that were given each treatment; where one is `assumed`, its least or most."""
        found = []
        for name, cohort in self.content.cohorts.items():
            ends = {t: ends[assumed == "most"] for t, ends in cohort.assumed.items()} if assumed else {}
            given = {t: (ends.get(t, share), self._effects(t)) for t, share in cohort.given.items()}
            found.append(Cohort.treated(name, given, start=cohort.start))
        return tuple(found)

    def priors(self) -> dict[str, Prior]:
        """Parameter -> prior."""
        return {
            name: Prior(law=law_of(p.distribution), reason=p.reason, meaning=p.meaning, unit=p.unit)
            for name, p in self.content.priors.items()
        }

    def targets(
        self,
        evidence: EvidenceStore | None = None,
        *,
        without: Iterable[str] = (),
        predictions: Literal["fit", "hold_out"] | None = None,
    ) -> tuple[Target, ...]:
        """Every target, its error by the one road of printed numbers.

        Parameters
        ----------
        evidence : the store to read rows from; default that of the study the file lies in.
        without : names of transports whose targets are left out, to show what hangs on them.
        predictions : how those of other models are used; default as the file says of each.

        Raises
        ------
        ScenarioError : a row that the road refuses, with its reason; a prediction that its report did not write.
        """
        store = evidence or evidence_of(self.path)
        skipped = set(without)
        unknown = skipped - set(self.content.transports)
        if unknown:
            raise ScenarioError(
                f"{', '.join(sorted(unknown))} is no transport of {self.path.name}; known: "
                f"{', '.join(self.content.transports)}."
            )
        rows = [self._row(t, store) for t in self.content.targets if t.transport not in skipped]
        rows += [self._curve(c, store) for c in self.content.curves if c.transport not in skipped]
        contrasts = [self._contrast(c, store) for c in self.content.contrasts if c.transport not in skipped]
        cases = (
            self._cases(store) if self.content.cases and self.content.cases.transport not in skipped else []
        )
        predicted = [self._prediction(p, predictions or p.use) for p in self.content.predictions]
        return (*rows, *contrasts, *cases, *predicted)

    def target_names(self, evidence: EvidenceStore | None = None) -> dict[str, str]:
        """Label of each target -> what a reader calls it, for pictures and tables.

        A row or curve is told by its study and number, with the endpoint or the parameter that it speaks of; a single case by
        who wrote of it.

        Parameters
        ----------
        evidence : the store whose names they are (`EvidenceStore.names`); default that of the study the file lies in.
        """
        c = self.content
        store = evidence or evidence_of(self.path)
        said = store.names()
        named = {t.row: (t.row, t.endpoint) for t in c.targets}
        named |= {v.curve: (v.curve, v.endpoint) for v in c.curves}
        named |= {r.row: (r.row, r.parameter) for r in c.contrasts}
        named |= {f"{p.report} {p.number}": (f"report {p.report}", p.endpoint) for p in c.predictions}
        short = {"progression_free_survival": "PFS", "overall_survival": "OS"}
        told = {
            label: f"{said.get(name) or readable(name)}, {short.get(what) or readable(what)}"
            for label, (name, what) in named.items()
        }
        cases = self._cases(store) if c.cases else []
        return told | {case.label: said.get(case.label) or readable(case.label) for case in cases}

    def run(
        self,
        evidence: EvidenceStore | None = None,
        *,
        bias: bool = True,
        without: Iterable[str] = (),
        predictions: Literal["fit", "hold_out"] | None = None,
        assumed: Literal["least", "most"] | None = None,
        size: int | None = None,
        workers: int | None = 1,
    ) -> EvidenceCalibration:
        """Calibrate to the targets (`survsim.calibration.calibrate`).

        Parameters
        ----------
        evidence, without, predictions : as for `targets`; bias : False leaves declared biases out.
        assumed : take every share of patients that was assumed at its least or its most.
        size : points of the posterior, default the file's; workers : threads, which change no bit.
        """
        never = self.content.cases.never if self.content.cases else ()
        return calibrated(
            self.course(),
            self.cohorts(assumed=assumed),
            self.priors(),
            self.targets(evidence, without=without, predictions=predictions),
            study_sd=self.content.study_sd,
            bias=bias,
            size=size or self.content.size,
            seed=self.content.seed,
            workers=workers,
            # the index case whatever the file forgets
            never=tuple(dict.fromkeys((INDEX_CASE, *(f"cases:{case}" for case in never)))),
        )

    def run_each(
        self,
        choices: Mapping[str, Mapping[str, Any]],
        evidence: EvidenceStore | None = None,
        *,
        size: int | None = None,
        workers: int = 1,
    ) -> dict[str, EvidenceCalibration]:
        """Calibrate several times, each in a process of its own, `workers` at a time; `run` one by one gives the same bits.

        A calibration is mostly Python around short arrays, on which threads wait for one another.

        Parameters
        ----------
        choices : name -> what `run` is asked for (`bias`, `without`, `predictions`, `assumed`).
        evidence, size : as for `run`.
        """
        import joblib

        store = evidence or evidence_of(self.path)
        run = joblib.delayed(CalibrationPlan.run)
        pool = joblib.Parallel(n_jobs=max(1, min(workers, len(choices))), prefer="processes")
        return dict(zip(choices, pool(run(self, store, size=size, **asked) for asked in choices.values())))

    def _effects(self, treatment: str) -> tuple[TreatmentEffect, ...]:
        given = self.content.treatments[treatment]
        return tuple(
            TreatmentEffect(
                transition=e.transition,
                hazard_ratio=e.hazard_ratio,
                start=e.start,
                stop=math.inf if e.stop is None else e.stop,
            )
            for e in given.effects
        )

    def _endpoint(self, name: str) -> Endpoint:
        return Endpoint(**self.content.endpoints[name].model_dump())

    def _transport(self, name: str, *, alone: bool = False) -> Transport:
        t = self.content.transports[name]
        return Transport(sd=t.sd, group="" if alone else t.group, reason=t.reason)

    def _row(self, target: RowTarget, store: EvidenceStore) -> PublishedTarget:
        record = store.records(target.row)[0]
        told = set(store.table("endpoints")["endpoint"])
        if target.endpoint in told and record.endpoint != target.endpoint:
            raise ScenarioError(
                f"{self.path.name}: target {target.row} reports {record.endpoint}, and is declared as {target.endpoint}; a number "
                "belongs to the endpoint that it reports. Name that endpoint, or an endpoint of your own with another name."
            )
        scale = "median" if record.measure == "median" else "survival"
        found = self._number(target, record, scale)
        return PublishedTarget.of(
            found,
            cohort=target.cohort,
            endpoint=self._endpoint(target.endpoint),
            use=target.use,
            transport=self._transport(target.transport),
        )

    def _curve(self, target: CurveTarget, store: EvidenceStore) -> PublishedTarget:
        found = curve_number(
            store, target.curve, "median" if target.time is None else "survival", time=target.time,
            time_unit=self.content.time_unit, tolerance=target.tolerance,
        ).number  # fmt: skip
        return PublishedTarget.of(
            found,
            cohort=target.cohort,
            endpoint=self._endpoint(target.endpoint),
            use=target.use,
            transport=self._transport(target.transport),
        )

    def _contrast(self, contrast: RowContrast, store: EvidenceStore) -> ContrastTarget:
        record = store.records(contrast.row)[0]
        found = self._number(contrast, record, "hazard_ratio")
        return ContrastTarget(
            label=found.label,
            parameter=contrast.parameter,
            estimate=found.estimate,
            std_error=found.std_error,
            between_sd=contrast.between_sd,
            bias=_bias(contrast, store),
            use=contrast.use,
            transport=self._transport(contrast.transport),
            source=found.source or (),
        )

    def _number(self, target: RowTarget | RowContrast, record: Any, scale: str) -> Any:
        found = printed_number(record, scale, unit=self.content.time_unit, **target.allowed())
        if isinstance(found, Refusal):
            raise ScenarioError(f"{self.path.name}: {found.text}")
        return found

    def _prediction(self, target: PredictedTarget, use: str) -> PredictionTarget:
        """The printed interval of the other report as a normal law of the log odds."""
        file = self.path.resolve().parent.parent / target.report / "results" / "summary.json"
        try:
            numbers = Ledger.load(file).numbers if file.is_file() else {}
            found = numbers[target.number]
            value, low, high = (float(str(v)) for v in (found.value, found.conf_low, found.conf_high))
        except InputError as refused:
            raise ScenarioError(f"{self.path.name}: {refused}") from None
        except (KeyError, TypeError, ValueError):
            raise ScenarioError(
                f"{self.path.name}: {target.report} wrote no number {target.number} with an interval; run that report first."
            ) from None
        if not 0.0 < low < value < high < 1.0:
            raise ScenarioError(
                f"{self.path.name}: {target.number} of {target.report} must be a probability inside its interval; "
                f"got {value:g} ({low:g} to {high:g})."
            )
        odds = [math.log(p / (1.0 - p)) for p in (low, value, high)]
        error = (odds[2] - odds[0]) / (2.0 * NORMAL_975)
        return PredictionTarget(
            label=f"{target.report} {target.number}",
            cohort=target.cohort,
            endpoint=self._endpoint(target.endpoint),
            times=np.array([target.time]),
            estimate=np.array([odds[1]]),
            covariance=np.array([[error**2]]),
            use=use,
            source=f"assumption:{self.content.calibration}/{target.report}",
        )

    def _cases(self, store: EvidenceStore) -> list[CaseTarget]:
        spec = self.content.cases
        assert spec is not None
        # Times of single cases are printed in months; a target is in the unit of the file.
        factor = conversion_factor("months", self.content.time_unit)
        found = []
        for case in dated_cases(store, strict_only=spec.strict_only, never=spec.never).to_dict("records"):
            found.append(
                CaseTarget(
                    label=case["case_id"],
                    cohort=spec.cohort,
                    endpoint=self._endpoint(spec.endpoint),
                    time=factor * case["time"],
                    status=case["status"],
                    use=spec.use,
                    transport=self._transport(spec.transport, alone=True),
                    source=f"cases:{case['case_id']}",
                )
            )
        return found


def calibrated_roles(plan: CalibrationPlan) -> dict[str, Calibrated]:
    """Parameter -> what the calibration uses it for, and the unit of its times."""
    c = plan.content
    found: list[tuple[object, Kind]] = [(c.course.frailty_variance, "variance")]
    for t in c.course.transitions:
        found += [
            (t.rate, "rate"),
            (t.shape, "shape"),
            (t.scale, "time"),
            *((f, "ratio") for f in t.factors),
        ]
    found += [(e.hazard_ratio, "ratio") for given in c.treatments.values() for e in given.effects]
    found += [(contrast.parameter, "ratio") for contrast in c.contrasts]
    found += [(c.study_sd, "spread"), *((contrast.between_sd, "spread") for contrast in c.contrasts)]
    known: dict[str, Calibrated] = {}
    for name, kind in found:
        if isinstance(name, str):
            known.setdefault(name, Calibrated(kind, c.time_unit, plan.path.name))
    return known


def _bias(contrast: RowContrast, store: EvidenceStore) -> Bias | None:
    declared = contrast.bias
    if declared is None:
        return None
    if declared == "from_judgements":
        return judged_bias(store, contrast.row)
    if declared.from_judgements:
        return judged_bias(store, contrast.row, shared=declared.shared)
    return Bias(**declared.model_dump(exclude={"from_judgements"}))


def dated_cases(store: EvidenceStore, *, strict_only: bool, never: Iterable[str]) -> pd.DataFrame:
    """Single published cases with a time, as targets take them.

    A death whose report prints an upper bound is dead *by* then; one printed as approximate is taken as printed.

    Parameters
    ----------
    store : the evidence; strict_only : only carcinosarcoma with true disease of the nervous system.
    never : cases to leave out, the index case first.

    Returns
    -------
    Frame with columns case_id, time (months from the diagnosis in the nervous system), status ("event", "event_by",
    "free").

    Raises
    ------
    EvidenceError : the study holds no table of cases.

    Example
    -------
    >>> import survsim
    >>> cases = survsim.scenario.dated_cases(survsim.load_evidence(), strict_only=True, never=["index_case"])
    >>> cases["status"].value_counts().to_dict()
    {'event': 3, 'free': 2, 'event_by': 1}
    """
    import pandas as pd

    frame = store.cases()
    kept = frame[~frame["case_id"].isin(list(never))]
    if strict_only:
        kept = kept[kept["strict_cns"] == "yes"]
    died = pd.to_numeric(kept["survival_from_cns_months"], errors="coerce")
    alive = pd.to_numeric(kept["last_known_alive_from_cns_months"], errors="coerce")
    status = kept["survival_qualifier"].map(lambda q: "event_by" if q == "upper_bound" else "event")
    made = pd.DataFrame(
        {
            "case_id": kept["case_id"],
            "time": died.where(died.notna(), alive).astype(float),
            "status": status.where(died.notna(), "free"),
        }
    )
    return made[made["time"] > 0].reset_index(drop=True)


def read_calibration(path: str | os.PathLike[str]) -> CalibrationPlan:
    """Read a calibration file: a course of disease, cohorts, targets by row, priors.

    Parameters
    ----------
    path : the YAML file.

    Returns
    -------
    CalibrationPlan : `.targets()` as the evidence has them, `.run()` calibrates.

    Raises
    ------
    ScenarioError : all faults of the file at once, each with its place.

    Example
    -------
    >>> import survsim
    >>> plan = survsim.scenario.read_calibration("analyses/03_case_strategies/calibration.yml")
    >>> len(plan.course().states)
    4
    """
    file = Path(path)
    raw = read_yaml(file, error=ScenarioError)
    plan = CalibrationPlan(read_as(CalibrationFile, raw, file.name), file)
    refuse_other_units(plan.content.priors, calibrated_roles(plan), file.name)
    return plan
