"""The shipped cohort (TCGA-UCS): medians and survival that the study has on record, made with R survival."""

import pytest

from survsim import kaplan_meier, load_evidence

STORE = load_evidence()


def rounded(quantiles, row=0):
    return tuple(
        round(float(x[row]), 1) for x in (quantiles.estimate, quantiles.conf_low, quantiles.conf_high)
    )


def test_overall_survival():
    surv = STORE.surv("tcga_ucs", endpoint="overall_survival", unit="months")
    km = kaplan_meier(surv)
    assert (km.n_patients[0], km.n_events[0]) == (57, 35)
    # One patient has time 0: still counted.
    assert surv.time.min() == 0 and km.n_risk[0] == 57
    assert rounded(km.median()) == (26.6, 18.1, 52.3)
    assert km.survival_at([12, 24]).estimate.round(3).tolist() == [0.799, 0.526]
    assert km.provenance.references() == ("patients:tcga_ucs",)


def test_progression_free_interval():
    km = kaplan_meier(STORE.surv("tcga_ucs", endpoint="progression_free_interval", unit="months"))
    assert rounded(km.median()) == (16.0, 9.0, 24.1)


def test_stage_three():
    patients = STORE.patients("tcga_ucs")
    surv = STORE.surv("tcga_ucs", endpoint="overall_survival", unit="months")
    middle = kaplan_meier(surv, patients.figo_stage_group).median()
    assert rounded(middle, middle.group.index("III")) == (20.1, 6.7, 50.1)
    assert middle.to_frame().shape == (4, 5)


@pytest.mark.parametrize("unit", ["days", "weeks", "years"])
def test_unit_changes_nothing_else(unit):
    months = kaplan_meier(STORE.surv("tcga_ucs", endpoint="overall_survival", unit="months"))
    other = kaplan_meier(STORE.surv("tcga_ucs", endpoint="overall_survival", unit=unit))
    assert other.estimate == pytest.approx(months.estimate)
