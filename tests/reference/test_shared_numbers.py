"""One number for one quantity: what several reports print is the same in each committed summary."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from survsim import Ledger

ANALYSES = Path(__file__).parents[2] / "analyses"
SUMMARIES = {p.parent.parent.name[:2]: p for p in sorted(ANALYSES.glob("*/results/summary.json"))}

SHARED = [
    (("04", "new_site.transport_0_5.median"), ("05", "all_sites.median")),
    (("04", "new_site.next_patient.longer"), ("05", "all_sites.longer")),
    (("04", "new_site.next_patient.time"), ("05", "case.time")),
    (("04", "model.sd.study"), ("05", "tcga.study_sd")),
    (("04", "terms.cases"), ("05", "cns.patients")),
    (("02", "cohort.patients"), ("04", "terms.patients")),
    (("02", "cohort.stage.I"), ("05", "tcga_stage_I.patients")),
    (("02", "index_case.survival"), ("05", "case.time")),
    (("03", "index_case.survival"), ("05", "case.time")),
    *(
        (("03", f"alive_{t}.{s}"), ("08", f"alive_{t}.{s}"))
        for t in (12, 24)
        for s in ("as_treated", "surgery_alone")
    ),
    *(
        (("03", f"parameter.{name}"), ("06", f"parameter.{name}"))
        for name in (
            "tumour_death_rate",
            "remaining_death_rate_progressed",
            "hr_focal_radiotherapy",
            "hr_craniospinal",
        )
    ),
]


def ledger(number: str) -> Ledger:
    return Ledger.load(SUMMARIES[number])


@pytest.mark.parametrize(("one", "other"), SHARED, ids=lambda place: ".".join(place))
def test_a_quantity_of_two_reports_is_one_number(one, other):
    first, second = (ledger(number) for number, _ in (one, other))
    assert first.data_checksum == second.data_checksum, (
        "written from different data; survsim report writes them anew"
    )
    a, b = first.numbers[one[1]], second.numbers[other[1]]
    # A summary that agrees with a fresh one stays as it stands, so two of them may differ in what was left of rounding.
    assert a.value == pytest.approx(b.value, rel=1e-9)
    if a.unit and b.unit:
        assert a.unit == b.unit
    limits = [(x.conf_low, x.conf_high) for x in (a, b)]
    if None not in limits[0] + limits[1] and one[1] != "model.sd.study":
        assert limits[0] == pytest.approx(limits[1], rel=1e-9)


def test_the_trial_report_is_on_one_scale():
    n = {key: entry.value for key, entry in ledger("06").numbers.items()}
    assert n["hazard.treated"] / n["hazard.control"] == pytest.approx(n["hazard_ratio"], rel=1e-12)
    for arm in ("control", "treated"):
        assert n[f"median.{arm}"] == pytest.approx(math.log(2) / n[f"hazard.{arm}"], rel=1e-12)
    # deaths of other causes pull the all-cause ratio from that of tumour deaths towards one
    assert abs(math.log(n["hazard_ratio"])) < abs(math.log(n["hazard_ratio.tumour_death"]))


def test_looks_end_on_the_deaths_of_the_design_without_looks():
    n = {key: entry.value for key, entry in ledger("06").numbers.items()}
    sizes = [key.rpartition(".")[2] for key in n if key.startswith("events.fixed.")]
    assert len(sizes) >= 3
    for size in sizes:
        assert n[f"events.last_look.{size}"] == round(n[f"events.fixed.{size}"])


@pytest.mark.parametrize("number", ["02", "04", "05", "06"])
def test_a_note_stands_where_there_is_no_number(number):
    assert not {k: e.note for k, e in ledger(number).numbers.items() if e.value is not None and e.note}
