"""Marginal structural Cox models: a truth that adjustment misses, weights by hand, refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from survsim import Surv, cox_ph
from survsim.causal import marginal_structural_cox
from survsim.errors import ConvergenceError, InputError, SmallSampleWarning


def response(rows: pd.DataFrame) -> Surv:
    return Surv.right(rows["stop"], rows["event"], entry=rows["start"], id=rows["id"], unit="years")


def without_effect(n: int, seed: int) -> pd.DataFrame:
    """An unseen frailty lowers the marker and brings death; treatment lifts the marker, low markers bring treatment, nobody is helped."""
    rng = np.random.default_rng(seed)
    rows = []
    for i in range(n):
        frail, drug = rng.random() < 0.5, 0
        for t in range(6):
            marker = float(rng.random() < 0.25 + 0.5 * (not frail) * 0.8 + 0.3 * drug * 0.8)
            drug = int(rng.random() < (0.7 if marker == 0 else 0.25))
            gap = rng.exponential(1.0 / (0.30 if frail else 0.06))
            rows.append((i, t, t + min(gap, 1.0), gap < 1, drug, marker))
            if gap < 1:
                break
    return pd.DataFrame(rows, columns=["id", "start", "stop", "event", "drug", "marker"])


def test_a_treatment_without_effect_is_found_to_have_none() -> None:
    """The plain Cox model blames treatment for the frail it is given to."""
    rows = without_effect(1500, 6)
    surv = response(rows)
    found = marginal_structural_cox(
        surv, rows["drug"], rows, denominator="marker + treated_before:marker + row_start"
    )
    z = found.cox.estimate[0] / found.cox.robust_std_error[0]
    plain = cox_ph(surv, "drug", rows)
    assert abs(z) < 2.5
    assert plain.estimate[0] / plain.std_error[0] > 3
    assert found.weight.mean() == pytest.approx(1.0, abs=0.05)


def test_weights_by_hand() -> None:
    """Two kinds at one visit: treated are 1 of 4 with a low marker and 3 of 4 with a high one, 4 of 8 in all."""
    rows = pd.DataFrame({"id": range(8), "start": 0.0, "stop": np.arange(1.0, 9.0), "event": 1})
    rows["marker"], rows["drug"] = np.repeat([0, 1], 4), [1, 0, 0, 0, 1, 1, 1, 0]
    found = marginal_structural_cox(
        response(rows), rows["drug"], rows, denominator="marker", starts_once=True
    )
    low, high = 0.5 / 0.25, 0.5 / 0.75
    np.testing.assert_allclose(found.weight, [low, high, high, high, high, high, high, low], rtol=1e-6)
    assert found.treated.tolist() == [bool(d) for d in rows["drug"]]
    cut = marginal_structural_cox(
        response(rows), rows["drug"], rows, denominator="marker", starts_once=True, truncate=0.3
    )
    assert cut.weight.max() < found.weight.max()
    assert "weights mean" in found.summary() and found.to_frame()["term"].tolist() == ["treated"]


def _rows(**columns: Any) -> pd.DataFrame:
    rows = without_effect(30, 1).assign(age=lambda d: 50 + d["id"] % 7)
    return rows.assign(**columns)


@pytest.mark.parametrize(
    ("given", "columns", "message"),
    [
        ({"numerator": "age"}, {}, "Put it into formula too"),
        ({"starts_once": True}, {}, "treatment stops again"),
        ({"truncate": 0.7}, {}, "truncate"),
        ({"denominator": "cd4"}, {}, "cd4"),
        ({}, {"treated": 1.0}, "none of the columns"),
        ({"reference": 5}, {}, "reference must be one of"),
    ],
)
def test_refusals(given: dict[str, Any], columns: dict[str, Any], message: str) -> None:
    rows = _rows(**columns)
    with pytest.raises(InputError, match=message):
        marginal_structural_cox(response(rows), rows["drug"], rows, **({"denominator": "marker"} | given))


def test_what_the_rows_must_say() -> None:
    rows = _rows()
    plain = Surv.right(rows["stop"], rows["event"], unit="years")
    with pytest.raises(InputError, match="start-stop rows"):
        marginal_structural_cox(plain, rows["drug"], rows, denominator="marker")
    with pytest.raises(InputError, match="two levels"):
        marginal_structural_cox(response(rows), np.zeros(len(rows)), rows, denominator="marker")


def test_a_heavy_row_is_told() -> None:
    rng = np.random.default_rng(1)
    rows = without_effect(300, 2)
    rows["marker"] = rng.normal(size=len(rows))
    rows["drug"] = (rng.random(len(rows)) < 1 / (1 + np.exp(-3 * rows["marker"]))).astype(int)
    with pytest.warns(SmallSampleWarning, match="all but impossible"):
        marginal_structural_cox(response(rows), rows["drug"], rows, denominator="marker")


def test_a_weight_of_two_is_a_patient_told_twice() -> None:
    """The models of treatment count the response's weights, as the Cox model does."""
    rows = without_effect(80, 3)
    times = 1 + rows["id"] % 3
    again = [rows[times > k] for k in range(3)]
    twice = pd.concat([part.assign(id=part["id"] + 1000 * k) for k, part in enumerate(again)])
    twice = twice.reset_index(drop=True)
    told = {"denominator": "marker + row_start", "numerator": "row_start"}
    heavy = Surv.right(
        rows["stop"], rows["event"], entry=rows["start"], id=rows["id"], unit="years", weight=times
    )
    one = marginal_structural_cox(heavy, rows["drug"], rows, **told)
    other = marginal_structural_cox(response(twice), twice["drug"], twice, **told)
    np.testing.assert_allclose(one.weight, other.weight[: len(rows)], rtol=1e-7)
    plain = marginal_structural_cox(response(rows), rows["drug"], rows, **told)
    assert np.abs(plain.weight / one.weight - 1.0).max() > 1e-3


def test_what_the_refusal_of_separation_names_can_be_typed() -> None:
    """Where the marker decides treatment, Firth's likelihood goes on, and its words are a parameter of this door."""
    rows = pd.DataFrame({"id": range(8), "start": 0.0, "stop": [1.0, 3, 5, 8, 2, 4, 6, 7], "event": 1})
    rows["marker"], rows["drug"] = np.repeat([0, 1], 4), np.repeat([0, 1], 4)
    with pytest.raises(ConvergenceError, match='separation="firth"'):
        marginal_structural_cox(response(rows), rows["drug"], rows, denominator="marker", starts_once=True)
    found = marginal_structural_cox(
        response(rows), rows["drug"], rows, denominator="marker", starts_once=True, separation="firth"
    )
    # Firth's chance of one of four rows with half a row added to either side: 4.5 of 5.
    np.testing.assert_allclose(found.weight, 0.5 / 0.9, rtol=1e-6)
    with pytest.raises(InputError, match="separation"):
        marginal_structural_cox(response(rows), rows["drug"], rows, denominator="marker", separation="ridge")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "starts_once=True"),
        ({"denominator": None}, "denominator must be a formula"),
        ({"denominator": "nothing_here", "starts_once": True}, "nothing_here"),
    ],
)
def test_what_is_wrong_is_told_before_a_model_fails_of_it(given: dict[str, Any], message: str) -> None:
    """Treatment that nobody stops, no formula, and a column that is not there: each by its own name."""
    rows = pd.DataFrame(
        {"id": [1, 1, 2, 2, 3, 3, 4, 4], "start": [0, 1] * 4, "stop": [1, 2.5, 1, 2, 1, 3, 1, 4]}
    )
    rows["marker"], rows["drug"], rows["event"] = (
        [5, 3, 4, 4, 5, 5, 3, 4],
        [0, 1, 1, 1, 0, 0, 0, 1],
        [0, 1] * 4,
    )
    with pytest.raises(InputError, match=message):
        marginal_structural_cox(response(rows), rows["drug"], rows, **{"denominator": "marker"} | given)
