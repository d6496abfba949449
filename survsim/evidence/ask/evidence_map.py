"""The evidence map: where there is evidence, how much and of what design, and where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.tables import Columns, counted

if TYPE_CHECKING:
    import pandas as pd

DESIGN_ORDER = (
    "rct",
    "meta_analysis",
    "phase2_single_arm",
    "registry",
    "retrospective_cohort",
    "case_series",
)


@result
class EvidenceMap(Result):
    """Studies and patients by site, treatment and endpoint.

    Attributes
    ----------
    cells : one row a site group, treatment, endpoint and design: n_study, n_patient (studies without a stated
        size count as 0 patients and are counted in n_without_size), n_number.
    sites, treatments, endpoints : the axes, so that empty combinations can be shown.
    """

    cells: pd.DataFrame
    sites: tuple[str, ...]
    treatments: tuple[str, ...]
    endpoints: tuple[str, ...]

    def columns(self) -> Columns:
        """Columns site_group, treatment, endpoint, design, n_study, n_patient, n_without_size, n_number."""
        return {name: self.cells[name] for name in self.cells.columns}

    def gaps(self) -> pd.DataFrame:
        """Combinations of site, treatment and endpoint without any number."""
        import pandas as pd

        full = pd.MultiIndex.from_product(
            [self.sites, self.treatments, self.endpoints], names=["site_group", "treatment", "endpoint"]
        )
        have = pd.MultiIndex.from_frame(self.cells[["site_group", "treatment", "endpoint"]].drop_duplicates())
        return full.difference(have, sort=False).to_frame(index=False)

    def headline(self) -> str:
        combinations = len(self.sites) * len(self.treatments) * len(self.endpoints)
        return (
            f"Evidence map: {len(self.sites)} sites, {len(self.treatments)} treatments, "
            f"{len(self.endpoints)} endpoints; {len(self.gaps())} of {combinations} combinations are empty"
        )


def evidence_map(frame: pd.DataFrame, provenance: Provenance, also: tuple[str, ...] = ()) -> EvidenceMap:
    """Count studies and patients of selected rows by site group, treatment, endpoint and design.

    `also` names site groups that get a line although no row speaks of them, first of all: an empty line is an answer.
    """
    by = ["site_group", "treatment", "endpoint", "design"]
    frame = frame.assign(treatment=frame["treatment"].where(frame["treatment"] != "", "not_stated"))
    studies = frame.drop_duplicates([*by, "study_id"])
    cells = (
        studies.groupby(by, sort=True)
        .agg(
            n_study=("study_id", "size"),
            n_patient=("n_total", "sum"),
            n_without_size=("n_total", lambda n: int(n.isna().sum())),
        )
        .join(frame.groupby(by, sort=True).size().rename("n_number"))
        .reset_index()
    )
    patients = studies.drop_duplicates("study_id").groupby("site_group")["n_total"].sum()
    counts = counted(frame["treatment"])
    endpoints = counted(frame["endpoint"])
    return EvidenceMap(
        cells=cells,
        sites=tuple(dict.fromkeys([*also, *patients.sort_values(ascending=False, kind="stable").index])),
        treatments=tuple(counts.index),
        endpoints=tuple(endpoints.index),
        provenance=provenance,
    )
