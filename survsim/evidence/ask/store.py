"""The evidence of a study, loaded: tables, selections, patients, responses, cases."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core import units
from survsim.core.display import card
from survsim.core.door import with_doors
from survsim.core.errors import EvidenceError
from survsim.core.estimate_record import Estimate
from survsim.core.file_faults import seen
from survsim.core.files import read_json
from survsim.core.surv import Surv
from survsim.evidence.ask.grade import grade_parts
from survsim.evidence.ask.mixing import READ, refuse_mixed
from survsim.evidence.ask.selection import EvidenceSelection, selected_columns, to_records
from survsim.evidence.raw.csv_text import read_or_raise
from survsim.evidence.raw.locate import DataFolder, data_folder
from survsim.evidence.schema.catalogue import tables
from survsim.evidence.schema.typed import typed

if TYPE_CHECKING:
    import pandas as pd

    from survsim.evidence.ask.bias import RiskOfBias
    from survsim.evidence.ask.flow import EvidenceFlow
    from survsim.evidence.ask.query import Question
    from survsim.evidence.ask.references import References

STUDY_COLUMNS = (
    "design",
    "randomised",
    "directness",
    "evidence_grade",
    "read_what",
    "first_author",
    "year",
    "n_total",
    "source_id",
)
ARM_COLUMNS = ("site", "site_group", "treatment", "regimen", "setting", "line")


@with_doors
class EvidenceStore:
    """The curated tables of one study, read once, typed when first asked for.

    Made by `load_evidence`. Every table of the schema is an attribute (``store.studies``,
    ``store.overlaps`` ...); `estimates` has the columns of its study and arm joined.
    """

    def __init__(self, folder: DataFolder, frames: dict[str, pd.DataFrame], checksum: str) -> None:
        self._folder = folder
        self._text = frames
        self._typed: dict[str, pd.DataFrame] = {}
        self._question: Question | None = None
        self._names: dict[str, str] | None = None
        self.checksum = checksum

    def table(self, name: str) -> pd.DataFrame:
        """One table of the schema, typed."""
        if name not in tables():
            raise EvidenceError(f"there is no table {name!r}; tables: {', '.join(tables())}.")
        if name not in self._typed:
            self._typed[name] = typed(tables()[name], self._text[name])
        return self._typed[name].copy(deep=False)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in tables():
            raise AttributeError(f"EvidenceStore has no attribute {name!r}")
        return self.table(name)

    def __dir__(self) -> list[str]:
        return sorted([*super().__dir__(), *tables()])

    @property
    def estimates(self) -> pd.DataFrame:
        """Published numbers, with site, design, grade of the study and treatment of the arm joined."""
        return self._joined().copy(deep=False)

    def _joined(self) -> pd.DataFrame:
        import pandas as pd

        if "+estimates" not in self._typed:
            frame = self.table("estimates")
            studies = self.table("studies").set_index("study_id")[list(STUDY_COLUMNS)]
            position = studies.index.get_indexer(pd.Index(frame["study_id"]))
            for name in STUDY_COLUMNS:
                frame[name] = studies[name].to_numpy()[position]
            for name, parts in grade_parts(frame["evidence_grade"]).items():
                frame[name] = parts
            arms = self.table("arms").set_index(["study_id", "arm_id"])[list(ARM_COLUMNS)]
            place = arms.index.get_indexer(pd.MultiIndex.from_frame(frame[["study_id", "arm_id"]]))
            for name in ARM_COLUMNS:
                frame[name] = arms[name].to_numpy()[place]
            self._typed["+estimates"] = frame
        return self._typed["+estimates"]

    def estimate(self, estimate_id: str) -> Estimate:
        """One number by its name."""
        return self.records(estimate_id)[0]

    def records(self, *estimate_ids: str) -> tuple[Estimate, ...]:
        """Numbers by their names, in the order asked."""
        import pandas as pd

        frame = self._joined()
        position = pd.Index(frame["estimate_id"]).get_indexer([str(name) for name in estimate_ids])
        missing = [name for name, at in zip(estimate_ids, position) if at < 0]
        if missing:
            raise EvidenceError(
                f"no estimate is called {', '.join(map(seen, missing))} in {self._folder.curated}. {self._gone(missing[0])}"
            )
        return to_records(frame.iloc[position])

    def _gone(self, estimate_id: str) -> str:
        out = self.table("excluded")
        hit = out[out["item_id"] == estimate_id]
        return f"It was left out: {hit['reason'].iloc[0]}." if len(hit) else "See store.estimates for names."

    def select(
        self,
        *,
        endpoint: str | Iterable[str] | None = None,
        measure: str | Iterable[str] | None = None,
        site: str | Iterable[str] | None = None,
        treatment: str | Iterable[str] | None = None,
        stage: str | Iterable[str] | None = None,
        design: str | Iterable[str] | None = None,
        histology: str | Iterable[str] | None = None,
        population: str | Iterable[str] | None = None,
        study: str | Iterable[str] | None = None,
        arm: str | Iterable[str] | None = None,
        event_detail: str | Iterable[str] | None = None,
        comparator: str | Iterable[str] | None = None,
        contrast: str | Iterable[str] | None = None,
        adjustment: str | Iterable[str] | None = None,
        origin: str | Iterable[str] | None = None,
        setting: str | Iterable[str] | None = None,
        line: str | Iterable[str] | None = None,
        estimator: str | Iterable[str] | None = None,
        analysis_set: str | Iterable[str] | None = None,
        unit_of_analysis: str | Iterable[str] | None = None,
        instrument: str | Iterable[str] | None = None,
        exposure_timing: str | Iterable[str] | None = None,
        time: float | Iterable[float] | None = None,
        interval: bool = False,
        overlap: str | Mapping[str, str] = "resolve",
        allow_mixed: str | Iterable[str] = (),
        exclude: Mapping[str, str] | None = None,
    ) -> EvidenceSelection:
        """Rows that meet every criterion, and for each other row the first reason it does not.

        Parameters
        ----------
        endpoint, measure, stage, design, histology, study, arm, event_detail, comparator, contrast, adjustment, origin,
        treatment, setting, line, estimator, analysis_set, unit_of_analysis, instrument, exposure_timing : a word or
            several, as in the table.
        site : a site or a site group.
        population : default ``"index"`` (the disease of the study), so that controls and surrogates are
            never pooled by accident; ``"any"`` for all. Naming `histology` or `study` lifts the default.
        time : horizon in months.
        interval : only numbers with both limits.
        overlap : ``"resolve"`` leaves out studies that share patients by the rule in
            `survsim.evidence.ask.overlap`; a mapping names the study to keep in a cluster; ``"keep"`` keeps all
            and warns.
        allow_mixed : fields of `survsim.evidence.ask.mixing.FIELDS` in which the rows may contradict each other, or
            ``"any"``. A question that names both `endpoint` and `measure` is one whose answer is pooled.
        exclude : studies or numbers that are left out although they meet every criterion, each with its reason.

        Raises
        ------
        EvidenceError : an unknown word; or rows of such a question that must not be pooled as they stand, with their
            names and what they say.

        Example
        -------
        >>> import survsim
        >>> found = survsim.load_evidence().select(endpoint="overall_survival", measure="hazard_ratio",
        ...                                        treatment="chemo", design="rct", setting="advanced_or_recurrent")
        >>> found.study_ids[0]
        'homesley_2007_gog0161'
        """
        from survsim.evidence.ask.query import Question

        if self._question is None:
            self._question = Question(self._joined(), self.table("studies"), self.table("overlaps"))
        words = {
            "endpoint": endpoint,
            "measure": measure,
            "site": site,
            "treatment": treatment,
            "stage": stage,
            "design": design,
            "study": study,
            "arm": arm,
            "histology": histology,
            "population": population,
            "event_detail": event_detail,
            "comparator": comparator,
            "contrast": contrast,
            "adjustment": adjustment,
            "origin": origin,
            "setting": setting,
            "line": line,
            "estimator": estimator,
            "analysis_set": analysis_set,
            "unit_of_analysis": unit_of_analysis,
            "instrument": instrument,
            "exposure_timing": exposure_timing,
        }
        found = self._question.answer(
            words,
            time=time,
            interval=interval,
            overlap=overlap,
            allow_mixed=allow_mixed,
            exclude=exclude or {},
        )
        if endpoint is not None and measure is not None:
            refuse_mixed(selected_columns(found, READ), allow_mixed)
        return found

    def patients(self, name: str, *, endpoint: str | None = None) -> pd.DataFrame:
        """Covariates of one patient data set; with `endpoint`, the rows of `surv` in its order."""
        frame = self._of("patients", name).drop(columns="dataset")
        if endpoint is not None:
            frame = (
                frame.set_index("patient_id").loc[self._outcome(name, endpoint)["patient_id"]].reset_index()
            )
        used = [c for c in frame.columns if frame[c].notna().any() and not (frame[c] == "").all()]
        return frame[used].reset_index(drop=True)

    def surv(self, name: str, *, endpoint: str, unit: str) -> Surv:
        """The response of one patient data set and endpoint, in `unit`; patients without it are not in it.

        Example
        -------
        >>> import survsim
        >>> survsim.load_evidence().surv("tcga_ucs", endpoint="overall_survival", unit="days")
        Surv: 57 patients, 35 events, follow-up to 4269 days
        """
        rows = self._outcome(name, endpoint)
        factor = units.conversion_factor(str(rows["time_unit"].iloc[0]), unit)
        time = rows["time"].to_numpy() if factor == 1.0 else rows["time"].to_numpy() * factor
        return Surv.right(time, rows["event"].to_numpy(), unit=unit, source=f"patients:{name}")

    def competing(self, name: str, *, unit: str) -> Surv:
        """Deaths of the tumour and of other causes; patients whose cause of death is not recorded are not in it.

        Causes are ``"tumour"`` and ``"other"``: a death of the disease-specific endpoint, and any other death.

        Example
        -------
        >>> import survsim
        >>> survsim.load_evidence().competing("tcga_ucs", unit="months").cause_labels
        ('other', 'tumour')
        """
        deaths = self._outcome(name, "overall_survival").set_index("patient_id")
        tumour = self._outcome(name, "disease_specific_survival").set_index("patient_id")["event"]
        known = deaths.loc[[p for p in deaths.index if p in tumour.index]]
        of_tumour = tumour.loc[known.index].to_numpy() == 1
        cause = np.where(of_tumour, "tumour", np.where(known["event"].to_numpy() == 1, "other", "none"))
        factor = units.conversion_factor(str(known["time_unit"].iloc[0]), unit)
        time = known["time"].to_numpy() * factor
        return Surv.competing(time, cause, unit=unit, censored="none", source=f"patients:{name}")

    def timelines(self, table: str, name: str) -> pd.DataFrame:
        """Courses, drugs, recurrences or forms of one patient data set: the table's rows of it."""
        allowed = ("radiotherapy", "drugs", "recurrences", "follow_up_forms", "other_malignancies")
        if table not in allowed:
            raise EvidenceError(f"timelines are {', '.join(allowed)}; got {table!r}.")
        return self._of(table, name)

    def cases(self) -> pd.DataFrame:
        """Single published cases."""
        return self.table("cases")

    def names(self) -> dict[str, str]:
        """What a reader calls each study, number, case, source and word of the tables, by its name in them.

        Example
        -------
        >>> import survsim
        >>> names = survsim.load_evidence().names()
        >>> names["homesley_2007_gog0161_e07"], names["progression_free_survival"]
        ('Homesley 2007, row 7', 'progression-free survival')
        """
        from survsim.evidence.ask.said_names import said_names

        if self._names is None:
            self._names = said_names({name: self.table(name) for name in self._text})
        return dict(self._names)

    def timeline(self, case: str) -> pd.DataFrame:
        """The course of one case in the order stated."""
        frame = self.table("case_timeline")
        rows = frame[frame["case_id"] == case]
        if rows.empty:
            raise EvidenceError(
                f"no case {case!r} has a course; those that have one: {', '.join(frame['case_id'].unique())}."
            )
        return rows.sort_values("order", kind="stable").reset_index(drop=True)

    def case_facts(self, case: str) -> dict[str, str]:
        """Facts of one case by their path."""
        frame = self.table("case_facts")
        rows = frame[frame["case_id"] == case]
        if rows.empty:
            raise EvidenceError(
                f"no case {case!r} has facts; those that have: {', '.join(frame['case_id'].unique())}."
            )
        return dict(zip(rows["fact"], rows["value"]))

    def completeness(self, *, population: str | None = None) -> pd.DataFrame:
        """How much of each field that decides pooling is filled in, and what to read for the rest."""
        from survsim.evidence.ask.completeness import completeness

        return completeness(self.table, population=population)

    def flow_from_search(self, flow: EvidenceFlow) -> EvidenceFlow:
        """A flow of numbers that begins with all that was seen: what was not taken in, and why, is its first step.

        Parameters
        ----------
        flow : of a selection, as `EvidenceSelection.flow` or `Protocol.flow` counts it.

        Returns
        -------
        EvidenceFlow

        Raises
        ------
        EvidenceError : a flow of patients or cases.

        Example
        -------
        >>> import survsim
        >>> evidence = survsim.load_evidence()
        >>> evidence.flow_from_search(evidence.select(allow_mixed="any").flow()).reasons[0]
        'seen'
        """
        from survsim.evidence.ask.flow import flow_from_search

        if flow.counted != "estimates":
            raise EvidenceError(
                f"only a flow of numbers begins with a search; this one counts {flow.counted}."
            )
        return flow_from_search(flow, self.table)

    def risk_of_bias(self, rows: Iterable[str] | None = None, *, tool: str | None = None) -> RiskOfBias:
        """Judgements of the risk of bias of numbers or cases by name (all that were judged if None), with support."""
        from survsim.evidence.ask.bias import risk_of_bias

        return risk_of_bias(self.table, rows, tool=tool)

    def references(self, *study_ids: str) -> References:
        """Citations of studies; of all of them when none is named."""
        from survsim.evidence.ask.references import references_of

        studies = self.table("studies")
        return references_of(studies, study_ids or tuple(studies["study_id"]))

    def cite(self, leaves: Iterable[str]) -> References:
        """Citations of everything behind some provenance references, each once."""
        from survsim.evidence.ask.references import references_for

        names = ("estimates", "studies", "cases", "sources")
        return references_for(leaves, {name: self.table(name) for name in names})

    def __repr__(self) -> str:
        counts = ", ".join(f"{len(self._text[n])} {n}" for n in ("studies", "estimates", "patients", "cases"))
        return f"EvidenceStore: {counts} (checksum {self.checksum[:12]})"

    def _repr_html_(self) -> str:
        counts = {name: len(frame) for name, frame in self._text.items() if len(frame)}
        return card("EvidenceStore", {"checksum": self.checksum[:12], **counts})

    def _of(self, table: str, name: str) -> pd.DataFrame:
        frame = self.table(table)
        rows = frame[frame["dataset"] == name]
        if rows.empty:
            have = ", ".join(sorted(frame["dataset"].unique()))
            raise EvidenceError(f"{table} has no data set {name!r}; it has: {have}.")
        return rows.reset_index(drop=True)

    def _outcome(self, name: str, endpoint: str) -> pd.DataFrame:
        rows = self._of("outcomes", name)
        found = rows[rows["endpoint"] == endpoint]
        if found.empty:
            have = ", ".join(rows["endpoint"].unique())
            raise EvidenceError(f"{name} has no endpoint {endpoint!r}; it has: {have}.")
        return found.reset_index(drop=True)


def load_evidence(path: str | os.PathLike[str] | None = None) -> EvidenceStore:
    """The evidence of the study one stands in, or of the tables that came with survsim.

    Parameters
    ----------
    path : a study folder, its data folder or its curated folder; default: the nearest study upwards from the
        working directory, else the carcinosarcoma tables shipped with survsim.

    Returns
    -------
    EvidenceStore : `.select(...)` finds numbers, `.surv(...)` patients, `.cases()` single patients.

    Raises
    ------
    EvidenceError : no tables there, or tables that are not the ones the checksums were made of.

    Example
    -------
    >>> import survsim
    >>> survsim.load_evidence().timeline("index_case")["event"].iloc[0]
    'presentation'
    """
    folder = data_folder(path)
    expected = _checksums(folder)
    frames, total = {}, hashlib.sha256()
    for name in tables():
        file = folder.curated / f"{name}.csv"
        if not file.is_file():
            raise EvidenceError(
                f"curated/{name}.csv is missing. If the tables are of an earlier version, run survsim data migrate (it "
                "keeps a backup); else survsim data curate makes it from data/raw."
            )
        frames[name] = read_or_raise(file, root=folder.root)
        found = _sha(file)
        if expected.get(name) != found:
            raise EvidenceError(
                f"curated/{name}.csv is not the table its checksum was made of. Tables are made by code: change "
                "data/raw and run survsim data curate; survsim data check lists all faults."
            )
        if list(frames[name].columns) != list(tables()[name].names):
            raise EvidenceError(
                f"curated/{name}.csv has other columns than this version of survsim; run survsim data migrate (it keeps a "
                "backup)."
            )
        total.update(f"{name} {found}\n".encode())
    return EvidenceStore(folder, frames, total.hexdigest())


def _sha(file: Any) -> str:
    from survsim.core.files import file_sha256

    return f"sha256:{file_sha256(file)}"


def _checksums(folder: DataFolder) -> dict[str, str]:
    try:
        content = read_json(folder.package)
        return {r["name"]: r["hash"] for r in content["resources"]}
    except FileNotFoundError:
        raise EvidenceError(
            f"{folder.package.name} is missing beside the curated tables; run survsim data curate."
        ) from None
    except (ValueError, KeyError, TypeError):
        raise EvidenceError(f"{folder.package.name} is damaged; run survsim data curate.") from None
