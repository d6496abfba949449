"""Rows given beside a result find their own by the names of its studies, and draws by their labels."""

import numpy as np
import pandas as pd
import pytest

from survsim import (
    leave_one_out,
    meta_analysis,
    meta_regression,
    power_prior,
    subgroup_test,
    value_of_information,
)
from survsim.borrowing import map_prior, map_rate_prior
from survsim.core.errors import InputError
from survsim.core.pairing import by_names
from survsim.radiotherapy import dose_volume_histogram, geud
from survsim.simulation import (
    evsi,
    global_sensitivity,
    tornado,
)
from survsim.simulation.cohort.making import parameters_of
from survsim.synthesis import cumulative_meta_analysis, pool_two_arms

STUDIES = pd.DataFrame(
    {
        "y": [-0.9, -0.5, -0.7, -0.1, 0.0, 0.2],
        "s": [0.2, 0.1, 0.3, 0.2, 0.15, 0.25],
        "g": list("aaabbb"),
        "x": [0.1, 0.9, 0.3, 0.4, 0.5, 0.7],
    }
)
NAMED = {
    "words": STUDIES.set_axis(["Abe", "Beck", "Cho", "Diaz", "Ek", "Fay"]),
    "rows of a larger frame": STUDIES.set_axis([2, 3, 7, 11, 12, 19]),
}
BESIDE = {
    "groups": lambda pooled, f: subgroup_test(pooled, groups=f.g).p_value,
    "moderators": lambda pooled, f: meta_regression(pooled, moderators=f[["x"]]).estimate,
    "data": lambda pooled, f: meta_regression(pooled, "x", data=f).estimate,
    "order": lambda pooled, f: cumulative_meta_analysis(pooled, order=f.x).estimate,
    "power": lambda pooled, f: power_prior(pooled, power=f.x).mixture.centre,
}


@pytest.mark.parametrize("asked", BESIDE)
@pytest.mark.parametrize("kind", NAMED)
def test_columns_beside_a_meta_analysis_find_their_studies(kind, asked):
    """A meta-analysis of columns had lost the labels of its rows, and paired by position."""
    frame, ask = NAMED[kind], BESIDE[asked]
    pooled = meta_analysis(frame.y, frame.s)
    mixed = frame.sample(frac=1, random_state=3)
    np.testing.assert_allclose(ask(pooled, mixed), ask(pooled, frame), rtol=1e-9)
    other = frame.rename(index={frame.index[-1]: type(frame.index[-1])(99)})
    with pytest.raises(InputError, match="cannot be paired by name"):
        ask(pooled, other)


@pytest.mark.parametrize("asked", BESIDE)
def test_studies_without_names_are_not_paired_with_rows_in_disorder(asked):
    ask = BESIDE[asked]
    pooled = meta_analysis(STUDIES.y.to_numpy(), STUDIES.s.to_numpy())
    plain = ask(pooled, STUDIES)
    np.testing.assert_allclose(ask(pooled, STUDIES.set_axis([3, 4, 8, 9, 11, 12])), plain)
    for frame in (STUDIES.sample(frac=1, random_state=3), NAMED["words"]):
        with pytest.raises(InputError, match="Name the studies"):
            ask(pooled, frame)


def test_studies_are_called_as_the_rows_of_the_columns_that_came():
    frame = NAMED["words"]
    names = tuple(frame.index)
    assert meta_analysis(frame.y, frame.s).labels == names
    assert leave_one_out(meta_analysis(frame.y, frame.s)).labels == names
    assert meta_analysis(frame.y, frame.s, labels=list("uvwxyz")).labels == tuple("uvwxyz")
    assert meta_analysis(STUDIES.y, STUDIES.s).labels[0] == "study 1"
    assert map_prior(frame.y, frame.s, tau_scale=0.5).labels == names
    counts = pd.Series([3, 4, 5], index=["Abe", "Beck", "Cho"])
    assert map_rate_prior(counts, counts * 10.0, tau_scale=0.5).labels == tuple(counts.index)
    assert pool_two_arms(counts, counts * 10, counts + 1, counts * 10).labels == tuple(counts.index)


def test_names_that_occur_twice_are_not_paired_in_disorder():
    twice = ("x", "x", "z")
    same = pd.Series([1, 2, 3], index=twice)
    assert by_names(twice, "order", same) is same
    with pytest.raises(InputError, match="cannot be paired"):
        by_names(twice, "order", same.iloc[[2, 0, 1]])


def _world():
    rng = np.random.default_rng(1)
    return pd.DataFrame(rng.normal(size=(400, 2)), columns=["a", "b"], index=[f"d{i}" for i in range(400)])


DRAWS = _world()
MEAN = np.stack([np.zeros(400), DRAWS.a + 0.1])
NAMES = ["wait", "treat"]
DRAWN = {
    "value_of_information": lambda b: (
        value_of_information(MEAN, np.zeros((400, 2, 2)), NAMES, {"a": DRAWS.a, "b": b}, unit="months").evppi
    ),
    "evsi": lambda b: evsi(MEAN, DRAWS.a, 1.0, b),
    "tornado": lambda b: (
        tornado(
            MEAN, NAMES, {"a": DRAWS.a, "b": b}, strategy="treat", reference="wait", unit="months"
        ).gain_low
    ),
    "global_sensitivity": lambda b: global_sensitivity(DRAWS.a + DRAWS.b / 2, {"b": b}).pawn,
}


@pytest.mark.parametrize("asked", DRAWN)
def test_draws_in_another_order_find_their_own(asked):
    ask = DRAWN[asked]
    np.testing.assert_allclose(ask(DRAWS.b.iloc[::-1]), ask(DRAWS.b), rtol=1e-9, atol=1e-12)
    with pytest.raises(InputError, match="row labels"):
        ask(DRAWS.b.rename(index={"d0": "elsewhere"}))


def test_parameters_of_a_cohort_are_drawn_together():
    draws = pd.DataFrame({"p": [0.1, 0.2, 0.3], "q": [0.3, 0.2, 0.1]}, index=list("uvw"))
    found = parameters_of({"p": draws.p, "q": draws.q.iloc[::-1]})
    np.testing.assert_array_equal(found["p"] + found["q"], [0.4, 0.4, 0.4])
    with pytest.raises(InputError, match="row labels"):
        parameters_of({"p": draws.p, "q": draws.q.set_axis(list("uvx"))})


def test_volumes_find_their_doses():
    parts = pd.DataFrame({"dose": [10.0, 20.0, 40.0], "volume": [50.0, 30.0, 20.0]}, index=list("abc"))
    back = parts.volume.iloc[::-1]
    assert dose_volume_histogram(parts.dose, back).mean == pytest.approx(19.0)
    assert geud(parts.dose, 1.0, back) == pytest.approx(19.0)
    with pytest.raises(InputError, match="row labels"):
        geud(parts.dose, 1.0, back.set_axis(list("abx")))
