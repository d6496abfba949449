"""Columns beside each other pair by their row labels: shuffle any one of them, and the answer stays what it was."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
import pytest

from survsim import Surv, meta_analysis, meta_regression
from survsim.borrowing import commensurate_prior, map_prior, map_rate_prior, power_prior, power_prior_rate
from survsim.calibration import Endpoint, PredictionTarget
from survsim.causal import confounder_tipping, e_value
from survsim.core.errors import InputError, SurvsimError
from survsim.cox import brier_score, concordance, time_dependent_auc
from survsim.distributions import Gompertz, LogNormal, Weibull
from survsim.joint_model import survival_term
from survsim.nonparametric import interval_censored_survival, logrank_test
from survsim.parametric import life_table
from survsim.printed import effect_size
from survsim.radiotherapy import CordSettings, Recovery, bed, dose_volume_histogram, eqd2, geud
from survsim.simulation import rates_from_cycles
from survsim.synthesis import network_meta_analysis, pool_proportions, pool_two_arms, subgroup_test
from survsim.trials import TrialData

SURV = Surv.right(pd.Series([1.0, 2, 3, 4, 5], index=list("abcde")), [1, 1, 0, 1, 0], unit="months")
EFFECTS = {"estimate": [0.1, 0.5, 0.2, 0.7, 0.3], "std_error": [0.1, 0.2, 0.3, 0.2, 0.1]}
TIMED = {"time_unit": "months"}
HEAVY = {"alpha_beta": 2.0, "kick_off": 10, "loss_per_day": 0.5}
CORD = {"dose": [30.0, 40, 50], "fractions": [10, 20, 25], "days": [12, 28, 40]}
FORGETS = {"recovery_after": [3.0, 6, 9], "recovery_share": [0.1, 0.2, 0.3]}
LIMITS = {"conf_low": [0.1, 0.3, 0.6], "conf_high": [0.4, 0.9, 1.2]}
READ = {"survival": [0.6, 0.5, 0.3], "conf_low": [0.5, 0.42, 0.24], "conf_high": [0.7, 0.58, 0.36]}
TABLES = {
    name: np.arange(12.0).reshape(3, 4) * k for k, name in enumerate(("arrival", "arm", "time", "dropout"), 1)
}
CASES: dict[str, tuple[Any, dict[str, Any], dict[str, Any]]] = {
    "bed": (bed, CORD, HEAVY),
    "eqd2": (eqd2, CORD, HEAVY),
    "geud": (geud, {"dose": [1.0, 2, 3], "volume": [5, 3, 1]}, {"a": 4.0}),
    "dose_volume_histogram": (dose_volume_histogram, {"dose": [1.0, 2, 3], "volume": [5, 3, 1]}, {}),
    "Recovery": (Recovery, {"after": [3.0, 6, 9], "share": [0.1, 0.2, 0.3]}, {}),
    "CordSettings": (CordSettings, FORGETS, {}),
    "e_value": (e_value, {"estimate": [0.2, 0.5, 0.9], **LIMITS}, {}),
    "confounder_tipping": (confounder_tipping, {"treated": [0.5, 0.3, 0.4], "untreated": [0.1, 0.2, 0.05]}, {"estimate": 1.5}),
    "observed and expected": (effect_size, {"observed": [30, 40], "expected": [40, 30]}, {}),
    "n_event and n_arm": (effect_size, {"n_event": [30, 50], "n_arm": [100, 60]}, {"hazard_ratio": 0.7, "p_value": 0.04}),
    "survival_term": (survival_term, {"time": [12.0, 24, 60], **READ, "n": [200, 180, 150], "conf_level": [0.95, 0.9, 0.95]},
                      {"study": "one", "unit": "months"}),
    "PredictionTarget": (PredictionTarget, {"times": [6.0, 12, 24], "estimate": [1.0, 0.5, 0.2]},
                         {"covariance": np.diag([0.1, 0.2, 0.3]), "label": "a", "cohort": "b", "endpoint": Endpoint(kind="event_free", states=("dead",))}),
    "Weibull": (Weibull, {"shape": [1.0, 2, 3], "scale": [3.0, 9, 5]}, TIMED),
    "LogNormal": (LogNormal, {"meanlog": [1.0, 2, 3], "sdlog": [3.0, 9, 5]}, TIMED),
    "Gompertz": (Gompertz, {"shape": [0.1, 0.2, 0.3], "rate": [0.3, 0.9, 0.5]}, TIMED),
    "sample_after": (Weibull(shape=2.0, scale=9.0, **TIMED).sample_after, {"u": [0.3, 0.5, 0.9], "t": [1.0, 5.0, 9.0]}, {}),
    "TrialData": (TrialData, TABLES, {}),
    "meta_analysis": (meta_analysis, EFFECTS | {"clusters": list("vvwxy")}, {}),
    "meta_regression": (meta_regression, EFFECTS | {"moderators": [1.0, 2, 5, 3, 0], "clusters": list("vvwxy")}, {}),
    "subgroup_test": (subgroup_test, EFFECTS | {"groups": list("ggghh"), "clusters": list("vvwxy")}, {}),
    "network_meta_analysis": (network_meta_analysis, {"study": list("123"), "treatment": list("ABC"), "comparator": list("BCA"),
                              "estimate": [0.1, 0.2, -0.2], "std_error": [0.1, 0.2, 0.3]}, {}),
    "pool_proportions": (pool_proportions, {"events": [1, 2, 3], "n": [10, 12, 13]}, {}),
    "pool_two_arms": (pool_two_arms, {"events_research": [1, 2, 3], "n_research": [10, 12, 13], "events_control": [3, 2, 1],
                      "n_control": [15, 11, 9]}, {}),
    "map_prior": (map_prior, EFFECTS, {"tau_scale": 0.5}),
    "map_rate_prior": (map_rate_prior, {"events": [3, 4, 5], "exposure": [30.0, 20, 90]}, {"tau_scale": 0.5}),
    "power_prior": (power_prior, EFFECTS | {"power": [0.2, 0.5, 0.9, 0.1, 0.3]}, {}),
    "power_prior_rate": (power_prior_rate, {"events": [3, 4, 5], "exposure": [30.0, 20, 90], "power": [0.2, 0.5, 0.9]}, {}),
    "commensurate_prior": (commensurate_prior, EFFECTS, {"tau_scale": 0.5}),
    "life_table": (life_table, {"age": [60, 61, 62], "probability": [0.01, 0.02, 0.03]}, {}),
    "interval_censored_survival": (interval_censored_survival, {"low": [1.0, 2, 3], "high": [2.0, 5, 6]}, {"unit": "months"}),
    "concordance": (concordance, {"score": [5.0, 1, 2, 4, 3]}, {"surv": SURV}),
    "logrank_test": (logrank_test, {"by": list("xyxyx")}, {"surv": SURV}),
    "brier_score": (brier_score, {"predicted": [[0.9], [0.2], [0.5], [0.4], [0.3]]}, {"surv": SURV, "times": [2.5]}),
    "time_dependent_auc": (time_dependent_auc, {"score": [5.0, 1, 2, 4, 3]}, {"surv": SURV, "times": [2.5]}),
}  # fmt: skip


def column(values: Any) -> Any:
    make = pd.DataFrame if np.ndim(values) == 2 else pd.Series
    return make(values, index=list("abcde")[: len(values)])


def said(found: Any) -> Any:
    """What an answer says, the same for two that say the same."""
    if hasattr(found, "to_frame"):
        return found.to_frame().round(9).to_csv()
    if isinstance(found, np.ndarray):
        return found.round(9).tolist()
    if dataclasses.is_dataclass(found):
        return {
            f.name: said(getattr(found, f.name)) for f in dataclasses.fields(found) if f.name != "provenance"
        }
    return {k: said(v) for k, v in found.items()} if isinstance(found, dict) else str(found)


@pytest.mark.filterwarnings("ignore::survsim.core.errors.SurvsimWarning")
@pytest.mark.parametrize("name", CASES)
def test_one_column_in_another_order_changes_nothing(name: str) -> None:
    """Rows of the answer may come in the order of the column that carries it, and what must rise may be refused; no third."""
    function, columns, more = CASES[name]
    labelled = {key: column(values) for key, values in columns.items()}
    backwards = {key: values.iloc[::-1] for key, values in labelled.items()}
    right = said(function(**labelled, **more))
    allowed = [right]
    try:
        allowed.append(said(function(**backwards, **more)))
    except SurvsimError:
        assert {"time", "age", "after", "recovery_after"} & {*columns}
    for key in columns:
        try:
            assert said(function(**labelled | {key: backwards[key]}, **more)) in allowed, key
        except SurvsimError:
            assert key in ("time", "age", "after", "recovery_after")


def test_other_labels_are_refused() -> None:
    """One door stands for all: what `paired` refuses."""
    with pytest.raises(InputError, match="different row labels"):
        e_value(column([0.5, 0.6]), pd.Series([0.4, 0.5], index=["a", "z"]), column([0.8, 0.9]))


def test_pairs_named_by_arms_are_read_by_their_names() -> None:
    """O / E of 30 / 40 against 40 / 30 is 0.5625, whichever arm was typed first."""
    expected = pd.Series([30.0, 40.0], index=["control", "research"])
    for observed in (
        pd.Series([40, 30], index=["control", "research"]),
        pd.Series([30, 40], index=["research", "control"]),
    ):
        assert effect_size(observed=observed, expected=expected).hazard_ratio == pytest.approx(0.5625)
    assert effect_size(observed=[30, 40], expected=expected).hazard_ratio == pytest.approx(0.5625)


def test_a_covariance_has_its_columns_where_its_rows_are() -> None:
    times, v = list("abc"), np.array([[0.1, 0.01, 0.02], [0.01, 0.2, 0.03], [0.02, 0.03, 0.3]])
    given = {
        "label": "a",
        "cohort": "b",
        "endpoint": Endpoint(kind="event_free", states=("dead",)),
        "estimate": [1.0, 0.5, 0.2],
    }
    frame = pd.DataFrame(v, index=times, columns=times)
    for turned in (frame, frame.iloc[::-1], frame.iloc[:, ::-1], frame.iloc[::-1, ::-1]):
        found = PredictionTarget(times=pd.Series([6.0, 12, 24], index=times), covariance=turned, **given)
        assert found.covariance.tolist() == v.tolist()


def test_a_matrix_of_named_states_is_in_their_order() -> None:
    frame = pd.DataFrame([[0.9, 0.1], [0.0, 1.0]], index=["well", "dead"], columns=["well", "dead"])
    right = rates_from_cycles(frame.to_numpy(), cycle=1, time_unit="years").rate
    for turned in (frame, frame.iloc[::-1], frame.iloc[:, ::-1], pd.DataFrame(frame.to_numpy())):
        found = rates_from_cycles(turned, cycle=1, time_unit="years", states=["well", "dead"])
        assert found.rate.tolist() == right.tolist()
    with pytest.raises(InputError, match="row 'ill' of matrix is not in states"):
        rates_from_cycles(
            frame.rename(index={"dead": "ill"}), cycle=1, time_unit="years", states=["well", "dead"]
        )


@pytest.mark.parametrize(
    "given", [{"recovery_after": (6, 3), "recovery_share": (0.1, 0.2)}, {"recovery_after": (6.0,)}]
)
def test_settings_of_the_cord_have_a_share_for_each_rising_interval(given: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="one share for each"):
        CordSettings(**given)


WIDE = pd.DataFrame({3: [0.9, 0.2, 0.8, 0.7, 0.9], 1.5: [0.95, 0.5, 0.9, 0.85, 0.97]}, index=list("abcde"))


@pytest.mark.parametrize("score", [brier_score, time_dependent_auc])
def test_columns_called_by_times_are_in_the_order_of_the_times(score: Any) -> None:
    right = score(SURV, WIDE[[1.5, 3]].to_numpy(), [1.5, 3]).to_frame()
    named = WIDE.rename(columns=str)
    unnamed = WIDE[[1.5, 3]].set_axis([0, 1], axis=1)
    called = WIDE[[1.5, 3]].set_axis(["early", "late"], axis=1)
    last_bits = WIDE.rename(columns={3: 0.1 * 30 + 4e-16})
    for frame in (WIDE, WIDE[[1.5, 3]], named, unnamed, called, last_bits):
        pd.testing.assert_frame_equal(score(SURV, frame, [1.5, 3]).to_frame(), right)
    with pytest.raises(InputError, match=r"columns of \w+ are called 3, 20, and times are 1.5, 3.*to_numpy"):
        score(SURV, WIDE.set_axis([3, 20], axis=1), [1.5, 3])
