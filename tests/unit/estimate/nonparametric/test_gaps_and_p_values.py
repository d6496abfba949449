"""At the doors of a user's frame: gaps dropped and counted, rows named by their labels, a p-value on the curves."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import survsim
from survsim.core.errors import EvidenceWarning, InputError
from survsim.estimate.nonparametric.curves_test import curves_p_value

N = 60
RNG = np.random.default_rng(3)
WHOLE = pd.DataFrame(
    {
        "months": np.round(RNG.exponential(10, N) + 0.1, 1),
        "dead": RNG.random(N) < 0.7,
        "arm": RNG.choice(["a", "b", "c"], N),
        "age": RNG.normal(60, 9, N),
    },
    index=[f"p{i}" for i in range(N)],
)
HOLES = WHOLE.copy()
HOLES.loc["p5", "arm"] = None
HOLES.loc[["p7", "p9"], "age"] = np.nan


def response(frame):
    return survsim.Surv.right("months", "dead", data=frame, unit="months")


def complete(columns):
    return response(HOLES.dropna(subset=columns))


@pytest.mark.parametrize("door", [survsim.kaplan_meier, survsim.nelson_aalen, survsim.logrank_test])
def test_a_missing_group_is_refused_by_its_label_or_dropped_and_counted(door):
    with pytest.raises(InputError, match=r"by is missing in row 5 \(labelled 'p5'\)"):
        door(response(HOLES), "arm")
    with pytest.warns(
        EvidenceWarning, match=r"1 of 60 rows left out \(1 without a group\): row 5 \(labelled 'p5'\)"
    ):
        dropped = door(response(HOLES), "arm", missing="drop")
    kept = door(complete(["arm"]), "arm")
    pd.testing.assert_frame_equal(dropped.to_frame(), kept.to_frame())
    # As an array beside the response as well.
    with pytest.warns(EvidenceWarning, match="1 of 60"):
        again = door(
            response(WHOLE[["months", "dead"]].reset_index(drop=True)), list(HOLES["arm"]), missing="drop"
        )
    pd.testing.assert_frame_equal(again.to_frame(), kept.to_frame())
    with pytest.raises(InputError, match="missing must be one of"):
        door(response(HOLES), "arm", missing="ignore")


def test_a_regression_drops_rows_that_lack_what_it_uses_and_no_others():
    with pytest.raises(InputError, match=r"rows 5, 7, 9 \(labelled 'p5', 'p7', 'p9'\) of 60.*missing='drop'"):
        survsim.cox_ph(response(HOLES), "age + arm")
    told = r"3 of 60 rows left out \(1 without arm, 2 without age\)"
    with pytest.warns(EvidenceWarning, match=told):
        dropped = survsim.cox_ph(response(HOLES), "age + arm", missing="drop")
    assert (
        dropped.estimate.tolist() == survsim.cox_ph(complete(["age", "arm"]), "age + arm").estimate.tolist()
    )
    with pytest.warns(EvidenceWarning, match="1 of 60"):
        one = survsim.cox_ph(response(HOLES), "arm", missing="drop")
    assert one.estimate.tolist() == survsim.cox_ph(complete(["arm"]), "arm").estimate.tolist()
    with pytest.warns(EvidenceWarning, match="2 of 60"):
        plain = survsim.cox_ph(response(WHOLE), None, HOLES[["age"]], missing="drop")
    assert plain.estimate == pytest.approx(survsim.cox_ph(complete(["age"]), "age").estimate, rel=1e-12)
    with pytest.warns(EvidenceWarning, match="2 of 60"):
        array = survsim.cox_ph(
            response(WHOLE.reset_index(drop=True)), None, HOLES[["age"]].to_numpy(), missing="drop"
        )
    assert array.estimate == pytest.approx(plain.estimate, rel=1e-12)


def test_an_offset_with_gaps_is_dropped_with_its_rows():
    offset = HOLES["age"] / 100
    with pytest.warns(EvidenceWarning, match="2 of 60 rows left out .2 without offset"):
        dropped = survsim.cox_ph(response(WHOLE), "arm", offset=offset, missing="drop")
    rows = offset.notna()
    kept = survsim.cox_ph(response(WHOLE[rows]), "arm", offset=offset[rows])
    assert dropped.estimate.tolist() == kept.estimate.tolist()


def test_nothing_is_left_and_nothing_is_missing():
    empty = WHOLE.assign(arm=pd.Series([None] * N, index=WHOLE.index, dtype=object))
    with pytest.raises(InputError, match="nothing is left"):
        survsim.kaplan_meier(response(empty), "arm", missing="drop")
    same = survsim.kaplan_meier(response(WHOLE), "arm", missing="drop")
    assert same.estimate.tolist() == survsim.kaplan_meier(response(WHOLE), "arm").estimate.tolist()


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (HOLES.rename(index=lambda p: int(p[1:]) + 100), r"rows 7, 9 \(labelled 107, 109\)"),
        (HOLES.reset_index(drop=True), r"rows 7, 9; missing"),
    ],
)
def test_labels_are_named_where_they_are_no_positions(frame, message):
    with pytest.raises(InputError, match=message):
        survsim.Surv.right("age", "dead", data=frame, unit="months")


def test_a_value_of_another_kind_names_its_row_by_its_label():
    words = WHOLE.astype({"months": object})
    words.loc["p3", "months"] = "ten"
    with pytest.raises(InputError, match=r"'ten' \(str\) in row 3 \(labelled 'p3'\)"):
        survsim.Surv.right("months", "dead", data=words, unit="months")


@pytest.mark.parametrize("groups", [["a", "b"], ["a", "b", "c"]])
def test_the_p_value_on_the_curves_is_that_of_the_test(groups):
    frame = WHOLE[WHOLE["arm"].isin(groups)]
    surv = response(frame)
    test = survsim.logrank_test(surv, "arm")
    km = survsim.kaplan_meier(surv, "arm")
    assert curves_p_value(km) == pytest.approx(test.p_value, rel=1e-12)
    (text,) = [t.get_text() for t in km.plot(p_value=True).texts if t.get_gid() == "p-value"]
    assert text == f"Log-rank p = {test.p_value:.3f}"
    assert not [t for t in km.plot().texts if t.get_gid() == "p-value"]


def test_the_p_value_with_delayed_entry_is_that_of_the_test():
    entry = np.where(np.arange(N) % 3 == 0, np.minimum(WHOLE["months"] / 2, 3.0), 0.0)
    surv = survsim.Surv.right(WHOLE["months"], WHOLE["dead"], entry=entry, unit="months")
    km = survsim.kaplan_meier(surv, WHOLE["arm"])
    assert curves_p_value(km) == pytest.approx(survsim.logrank_test(surv, WHOLE["arm"]).p_value, rel=1e-12)


def test_a_p_value_that_is_none_is_refused():
    with pytest.raises(InputError, match="there is one curve"):
        survsim.kaplan_meier(response(WHOLE)).plot(p_value=True)
    weighted = survsim.Surv.right(WHOLE["months"], WHOLE["dead"], weight=np.full(N, 0.5), unit="months")
    with pytest.raises(InputError, match="add_p_value"):
        survsim.kaplan_meier(weighted, WHOLE["arm"]).plot(p_value=True)
    alive = survsim.Surv.right(WHOLE["months"], np.zeros(N, bool), unit="months")
    with pytest.raises(InputError, match="needs events"):
        survsim.kaplan_meier(alive, WHOLE["arm"]).plot(p_value=True)


def test_everything_on_top_comes_with_a_star():
    code = "from survsim import *; print(kaplan_meier.__name__, Surv.__name__, 'nonparametric' in dir())"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout == "kaplan_meier Surv True\n"
