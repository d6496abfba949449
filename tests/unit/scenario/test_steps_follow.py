"""What a step returns is what the next one takes: the obvious chains run, and give what passing arrays gave."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import survsim
from survsim import (
    Surv,
    effect_size,
    effect_sizes,
    evidence_model,
    kaplan_meier,
    map_prior,
    meta_analysis,
    meta_regression,
    parametric_survival,
    power_prior,
    reconstruct_ipd,
    subgroup_test,
)
from survsim.errors import EvidenceWarning, InputError
from survsim.joint_model import median_term
from survsim.scenario import case_terms, summary_terms

ROWS: list[dict[str, Any]] = [
    {"hazard_ratio": 0.7, "conf_low": 0.5, "conf_high": 0.98, "label": "A", "study": "a"},
    {"hazard_ratio": 0.9, "p_value": 0.4, "label": "B", "study": "b"},
    {"hazard_ratio": 0.8, "conf_low": 0.6, "conf_high": 1.1, "label": "C", "study": "c"},
    {"hazard_ratio": 0.75, "conf_low": 0.5, "conf_high": 1.2, "label": "D", "study": "d"},
]
SIDES = ["x", "x", "y", "y"]


@pytest.fixture(scope="module")
def evidence() -> Any:
    return survsim.load_evidence()


@pytest.mark.filterwarnings("ignore::survsim.errors.SmallSampleWarning")
@pytest.mark.parametrize(
    "given",
    [effect_sizes(ROWS), ROWS, [effect_size(**{k: v for k, v in r.items() if k != "study"}) for r in ROWS]],
)
def test_effects_are_pooled_as_their_arrays_are(given: Any) -> None:
    arrays = effect_sizes(ROWS)
    y, s = arrays.log_hazard_ratio, arrays.std_error
    pooled = meta_analysis(given)
    assert pooled.estimate == meta_analysis(y, s).estimate
    assert pooled.labels == ("A", "B", "C", "D")
    frame = pd.DataFrame({"year": [1.0, 2, 3, 5]})
    fit = meta_regression(given, "year", data=frame)
    np.testing.assert_array_equal(fit.estimate, meta_regression(y, s, "year", data=frame).estimate)
    assert meta_analysis(given, moderators="year", data=frame).estimate.tolist() == fit.estimate.tolist()
    np.testing.assert_array_equal(
        subgroup_test(given, groups=SIDES).estimate, subgroup_test(y, s, SIDES).estimate
    )
    np.testing.assert_array_equal(subgroup_test(given, SIDES).estimate, subgroup_test(y, s, SIDES).estimate)
    for prior in (map_prior(given, tau_scale=0.5), map_prior(pooled, tau_scale=0.5)):
        np.testing.assert_array_equal(
            prior.quantile([0.1, 0.9]), map_prior(y, s, tau_scale=0.5).quantile([0.1, 0.9])
        )
    weaker = power_prior(given, power=0.5)
    np.testing.assert_array_equal(weaker.quantile([0.5]), power_prior(y, s, power=0.5).quantile([0.5]))


def test_a_selection_is_pooled_and_keeps_its_ancestry(evidence: Any) -> None:
    selection = evidence.select(measure="hazard_ratio", endpoint="overall_survival", allow_mixed="any")
    effects = effect_sizes(selection)
    by_records = effect_sizes(selection.records)
    np.testing.assert_array_equal(effects.std_error, by_records.std_error)
    with pytest.warns(EvidenceWarning, match="share patients"):
        pooled = meta_analysis(selection)
    with pytest.warns(EvidenceWarning, match="share patients"):
        assert pooled.estimate == meta_analysis(effects).estimate
    with pytest.warns(EvidenceWarning, match="share patients"):
        by_hand = meta_analysis(
            effects.log_hazard_ratio, effects.std_error, labels=effects.labels, clusters=effects.studies
        )
    assert pooled.estimate == by_hand.estimate and pooled.k == by_hand.k
    assert set(effects.sources) <= set(pooled.provenance.references())


def test_rows_of_one_study_are_joined_and_not_counted_twice() -> None:
    rows = [*ROWS, {**ROWS[0], "label": "A again"}]
    with pytest.warns(EvidenceWarning, match="A, A again"):
        joined = meta_analysis(rows)
    assert joined.k == 4 and joined.std_error == pytest.approx(meta_analysis(ROWS).std_error, rel=1e-9)
    with pytest.raises(InputError, match="a: several rows of one study"):
        map_prior(effect_sizes(rows), tau_scale=0.5)


def test_terms_go_into_the_model_as_they_come(evidence: Any) -> None:
    selection = evidence.select(
        measure="survival_probability", endpoint="overall_survival", allow_mixed="any"
    )
    summaries = summary_terms(selection)
    cases = case_terms(evidence.cases())
    one = median_term(14, study="own", unit="months", n=40)
    few = type(summaries)(terms=summaries.terms[:4], left_out=(), provenance=summaries.provenance)
    whole = evidence_model([few, one])
    apart = evidence_model([*few.terms, one])
    assert len(whole.terms) == 5 and whole.headline() == apart.headline()
    assert len(evidence_model(few).terms) == 4
    assert len(cases.terms) > 0
    with pytest.raises(InputError, match=r"summary_terms\(selection\) makes them"):
        evidence_model(selection)
    with pytest.raises(InputError, match="got str"):
        evidence_model([few, "a"])
    with pytest.raises(InputError, match="got nothing"):
        evidence_model([])


def test_reconstructed_patients_go_where_a_response_goes() -> None:
    ipd = reconstruct_ipd(
        ([0, 3, 6, 9, 12], [1, 0.9, 0.8, 0.6, 0.5]), at_risk=([0, 6], [40, 36]), unit="months"
    )
    np.testing.assert_array_equal(
        kaplan_meier(ipd).survival_at([3, 6]).estimate, kaplan_meier(ipd.surv()).survival_at([3, 6]).estimate
    )
    assert parametric_survival(ipd, "weibull").aic == parametric_survival(ipd.surv(), "weibull").aic


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (pd.DataFrame({"t": [1.0]}), r"got a DataFrame\. Make one: Surv\.from_frame"),
        ([1.0, 2.0], r"got list\. Make one: Surv\.right"),
        (None, "got NoneType"),
    ],
)
def test_what_is_no_response_is_said(wrong: Any, message: str) -> None:
    for function in (kaplan_meier, survsim.nelson_aalen, survsim.cox_ph, lambda s: survsim.rmst(s, tau=1.0)):
        with pytest.raises(InputError, match=message):
            function(wrong)


def test_errors_are_asked_for_and_not_given_twice() -> None:
    with pytest.raises(InputError, match="std_error is missing"):
        meta_analysis([0.1, 0.2])
    with pytest.raises(InputError, match="EffectSizes has its own standard errors"):
        meta_analysis(effect_sizes(ROWS), [0.1] * 4)
    with pytest.raises(InputError, match="moderators is missing"):
        meta_regression(effect_sizes(ROWS))
    with pytest.raises(InputError, match="groups is missing"):
        subgroup_test(effect_sizes(ROWS))
    with pytest.raises(InputError, match=r"a table came.*to_dict"):
        effect_sizes(pd.DataFrame(ROWS))


def test_a_response_passes_as_it_is() -> None:
    surv = Surv.right([1, 2], [1, 0], unit="months")
    assert kaplan_meier(surv).survival_at([1]).estimate[0] == 0.5
