"""Several columns name the groups of their combinations: in a list, or with "+"."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from survsim import Surv, cox_ph, kaplan_meier, logrank_test
from survsim.core.errors import InputError
from survsim.core.formula import parse_formula

FRAME = pd.DataFrame({
    "t": [5.0, 8, 12, 3, 7, 9, 4, 6], "e": [1, 0, 1, 1, 1, 0, 1, 1], "a": list("uuvvuuvv"), "b": [1, 2, 1, 2, 2, 1, 1, 2],
    "x": [3.0, 1, 2, 5, 4, 6, 8, 7], "a + b": list("kkkkmmmm"),
})  # fmt: skip
DATA = FRAME.drop(columns="a + b")
NAMED = Surv.right("t", "e", data=DATA, unit="months")
PASSED = Surv.right(DATA.t, DATA.e, unit="months")
JOINED = DATA.a + ", " + DATA.b.astype(str)


def test_a_list_of_names_is_the_combination_of_the_columns() -> None:
    expected = kaplan_meier(PASSED, JOINED)
    for by in ("a + b", ["a", "b"], ("a", "b")):
        found = kaplan_meier(NAMED, by)
        assert found.groups == expected.groups == ("u, 1", "u, 2", "v, 1", "v, 2")
        np.testing.assert_array_equal(found.estimate, expected.estimate)
    assert logrank_test(PASSED, ["a", "b"], data=DATA).p_value == logrank_test(PASSED, JOINED).p_value
    assert kaplan_meier(NAMED, ["b"]).groups == kaplan_meier(NAMED, "b").groups == (1, 2)
    assert kaplan_meier(Surv.right("t", "e", data=FRAME, unit="months"), ["a + b"]).groups == ("k", "m")


def test_strata_clusters_and_patients_take_several_columns() -> None:
    """R: strata(a, b) and interaction(a, b) part the rows alike."""
    for stratum in (["a", "b"], "a + b"):
        made = Surv.right("t", "e", data=DATA, unit="months", stratum=stratum, cluster=["b"])
        assert made.stratum_labels == ("u, 1", "u, 2", "v, 1", "v, 2") and made.cluster_labels == (1, 2)
    passed = Surv.right(DATA.t, DATA.e, unit="months", stratum=DATA.a, cluster=DATA.b)
    named = Surv.right("t", "e", data=DATA, unit="months", stratum=["a"], cluster=["b"])
    np.testing.assert_array_equal(cox_ph(named, "x").covariance, cox_ph(passed, "x", DATA).covariance)
    assert Surv.right(["t"], ["e"], data=DATA, unit="months").time.tolist() == DATA.t.tolist()
    who = Surv.right("t", "e", data=DATA.assign(c=range(8)), unit="months", id=["a", "c"])
    assert who.n_patients == 8 and who.id_labels[0] == "u, 0"


def test_a_list_with_a_label_for_each_row_stays_one() -> None:
    two = DATA[:2]
    surv = Surv.right("t", "e", data=two, unit="months", stratum=["a", "b"])
    assert surv.stratum_labels == ("a", "b") and kaplan_meier(surv, ["t", "x"]).groups == ("t", "x")


def test_names_that_are_not_there() -> None:
    with pytest.raises(InputError, match=r"by='c' is no column of data"):
        kaplan_meier(NAMED, ["a", "c"])
    with pytest.raises(InputError, match=r"\(8\); got 2: \['a', 'b'\]. If these are names of columns"):
        kaplan_meier(PASSED, ["a", "b"])
    with pytest.raises(InputError, match="one value per time"):
        kaplan_meier(NAMED, ["u", "v", "u"])
    with pytest.raises(InputError, match=r"formula is text; got the list \['x', 'b'\]"):
        cox_ph(NAMED, data=["x", "b"])


def test_a_formula_with_strata_names_all_of_them() -> None:
    with pytest.raises(InputError, match=r"stratum=\['a', 'b'\], data=frame\)"):
        parse_formula("x + strata(a, b)")
    with pytest.raises(InputError, match=r"cr\(x, df=3\)"):
        parse_formula("ns(x, 3)")


def test_a_response_made_directly_says_how_to_make_one() -> None:
    for made in (lambda: Surv(DATA.t, DATA.e), lambda: Surv(time=DATA.t, event=DATA.e)):  # type: ignore[misc, call-arg]
        with pytest.raises(InputError, match=r"Surv.right\(time, event, unit='months'\)"):
            made()
