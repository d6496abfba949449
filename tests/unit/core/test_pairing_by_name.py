"""Rows given beside a result find their own by the names of its studies, and draws by their labels."""

import numpy as np
import pandas as pd
import pytest

from survsim import (
    leave_one_out,
    meta_analysis,
    meta_regression,
    power_prior,
    read_result,
    subgroup_test,
    value_of_information,
)
from survsim.borrowing import commensurate_prior, map_prior, map_rate_prior, power_prior_rate
from survsim.core.errors import EvidenceWarning, InputError
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


# Studies called by numbers that are no row numbers; metafor gives .06542751, .06394052 for the regression.
NUMBERED = pd.DataFrame(
    {
        "study": [2, 0, 1, 3],
        "x": [1.0, 2, 3, 7],
        "y": [0.1, 0.2, 0.4, 0.5],
        "s": [0.1, 0.1, 0.2, 0.1],
        "g": list("aabb"),
    }
)
four = pytest.mark.filterwarnings("ignore:4 studies for 2 terms")
SLOPE = [0.0654275092937, 0.0639405204461]
SORTED = NUMBERED.sort_values("x", ascending=False)
WAYS = {
    "columns": lambda f: (f.y, f.s, f.study),
    "lists": lambda f: (f.y.tolist(), f.s.tolist(), f.study.tolist()),
    "arrays and a column": lambda f: (f.y.to_numpy(), f.s.to_numpy(), f.study),
}
BY_ROW = {
    "data": lambda y, s, names, f: meta_regression(y, s, "x", data=f, labels=names).estimate,
    "moderators": lambda y, s, names, f: meta_regression(y, s, f[["x"]], labels=names).estimate,
    "one column": lambda y, s, names, f: meta_regression(y, s, f.x, labels=names).estimate,
    "pooled before": lambda y, s, names, f: (
        meta_regression(meta_analysis(y, s, labels=names), "x", data=f).estimate
    ),
}


@four
@pytest.mark.parametrize("asked", BY_ROW)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("study", [[2, 0, 1, 3], [1, 2, 3, 4], [3, 1, 2, 4], list("wxyz")])
def test_row_numbers_that_nobody_gave_are_no_names(way, asked, study):
    frame = NUMBERED.assign(study=study)
    np.testing.assert_allclose(BY_ROW[asked](*WAYS[way](frame), frame), SLOPE, rtol=1e-6)


@four
@pytest.mark.parametrize("asked", BY_ROW)
@pytest.mark.parametrize("study", [[2, 0, 1, 3], [1, 2, 3, 4], list("wxyz")])
@pytest.mark.parametrize("way", ["columns", "arrays and a column"])
def test_a_sorted_frame_keeps_its_rows(way, asked, study):
    """Row labels that both sides carry pair first: sorted beside fresh, and fresh beside sorted."""
    frame = NUMBERED.assign(study=study)
    mixed = frame.sort_values("x", ascending=False)
    for given, beside in ((frame, mixed), (mixed, frame), (mixed, mixed)):
        np.testing.assert_allclose(BY_ROW[asked](*WAYS[way](given), beside), SLOPE, rtol=1e-6)


@four
@pytest.mark.parametrize("asked", BY_ROW)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("study", [[2, 0, 1, 3], [1, 2, 3, 4], [10, 5, 7, 2], list("wxyz")])
def test_an_index_of_names_finds_its_studies(way, asked, study):
    frame = NUMBERED.assign(study=study)
    named = frame.set_index("study")
    for beside in (named, named.sort_index(), named[::-1]):
        np.testing.assert_allclose(BY_ROW[asked](*WAYS[way](frame), beside), SLOPE, rtol=1e-6)


@four
def test_names_that_are_row_numbers_as_well_are_not_guessed_at():
    y, s, names = WAYS["lists"](NUMBERED)
    with pytest.raises(InputError, match="could be paired by name or by row number"):
        meta_regression(y, s, "x", data=SORTED, labels=names)
    for beside in (SORTED.reset_index(drop=True)[::-1].reset_index(drop=True), SORTED.set_index("study")):
        found = meta_regression(y, s, "x", data=beside, labels=names)
        np.testing.assert_allclose(found.estimate, SLOPE, rtol=1e-6)


def test_other_rows_of_one_frame_are_not_taken_by_position():
    some = STUDIES.iloc[1:]
    pooled = meta_analysis(some.y, some.s, labels=list("bcdef"))
    for beside in (STUDIES.iloc[:-1], STUDIES.iloc[[0, 2, 3, 4, 5]]):
        with pytest.raises(InputError, match="cannot be paired"):
            meta_regression(pooled, "x", data=beside)
        with pytest.raises(InputError, match="cannot be paired"):
            meta_regression(some.y, some.s, "x", data=beside)
    trials = STUDIES.set_axis(pd.RangeIndex(1, 7, name="trial"))
    found = meta_regression(meta_analysis(trials.y, trials.s), "x", data=STUDIES).estimate
    np.testing.assert_allclose(found, meta_regression(STUDIES.y, STUDIES.s, "x", data=STUDIES).estimate)


def test_dates_name_studies():
    frame = STUDIES.set_axis(pd.date_range("2020-01-01", periods=6, tz="UTC"))
    pooled = meta_analysis(frame.y, frame.s)
    np.testing.assert_allclose(
        meta_regression(pooled, "x", data=frame[::-1]).estimate,
        meta_regression(STUDIES.y, STUDIES.s, "x", data=STUDIES).estimate,
    )


def test_order_groups_and_powers_beside_numbered_studies():
    pooled = meta_analysis(NUMBERED.y, NUMBERED.s, labels=NUMBERED.study)
    assert cumulative_meta_analysis(pooled, order=NUMBERED.x).labels == ("2", "0", "1", "3")
    assert cumulative_meta_analysis(pooled, order=SORTED.x).labels == ("2", "0", "1", "3")
    assert cumulative_meta_analysis(pooled, order=SORTED.set_index("study").x).labels == ("2", "0", "1", "3")
    y, s, names = WAYS["lists"](NUMBERED)
    np.testing.assert_allclose(subgroup_test(y, s, NUMBERED.g, labels=names).estimate, [0.15, 0.48])
    np.testing.assert_allclose(subgroup_test(pooled, groups=NUMBERED.g).estimate, [0.15, 0.48])
    some = pd.Series([0.0, 1.0, 0.5, 0.25])
    right = power_prior(y, s, power=some.tolist()).mixture.centre
    np.testing.assert_allclose(power_prior(y, s, power=some, labels=names).mixture.centre, right)
    np.testing.assert_allclose(power_prior(pooled, power=some[::-1]).mixture.centre, right)


@four
def test_studies_of_a_sorted_frame_are_still_found_when_read_again(tmp_path):
    for frame in (SORTED, SORTED.set_axis(list("dcba"))):
        meta_analysis(frame.y, frame.s, labels=frame.study).save(tmp_path / "pooled.json")
        again = read_result(tmp_path / "pooled.json")
        found = meta_regression(again, "x", data=frame.sample(frac=1, random_state=1))
        np.testing.assert_allclose(found.estimate, SLOPE, rtol=1e-6)


def test_numbers_name_studies_everywhere():
    y, s = [0.1, 0.2], [0.1, 0.1]
    for names in ([2, 0], np.array([2, 0]), pd.Series([2, 0])):
        for prior in (
            map_prior(y, s, tau_scale=0.5, labels=names),
            power_prior(y, s, power=0.5, labels=names),
            commensurate_prior(y, s, tau_scale=0.5, labels=names),
            map_rate_prior([3, 4], [10.0, 20.0], tau_scale=0.5, labels=names),
        ):
            assert prior.labels == ("2", "0")
    events = pd.Series([3, 4], index=["Abe", "Beck"])
    assert power_prior_rate(events, events * 10.0, power=0.5).labels == ("Abe", "Beck")


@pytest.mark.parametrize("labels", [None, list("abcdef")])
def test_studies_that_lack_a_value_are_left_out_on_request(labels):
    frame = STUDIES.assign(x=[0.1, np.nan, 0.3, 0.4, 0.5, 0.7], g=[*"aaab", None, "b"])
    frame = frame.set_axis(range(10, 16)).sample(frac=1, random_state=2)
    whole = STUDIES.drop(index=1)
    right = meta_regression(whole.y, whole.s, "x", data=whole).estimate
    with pytest.warns(EvidenceWarning, match="1 of 6 rows left out .1 without x."):
        found = meta_regression(
            STUDIES.y.set_axis(range(10, 16)),
            STUDIES.s.tolist(),
            "x",
            data=frame,
            labels=labels,
            missing="drop",
        )
    np.testing.assert_allclose(found.estimate, right)
    assert found.labels == (tuple("acdef") if labels else ("10", "12", "13", "14", "15"))
    with pytest.warns(EvidenceWarning, match="1 of 6"):
        found = meta_analysis(
            STUDIES.y, STUDIES.s, moderators=STUDIES[["x"]].where(STUDIES.x < 0.9), missing="drop"
        )
    np.testing.assert_allclose(found.estimate, right)
    with pytest.warns(EvidenceWarning, match="1 without groups"):
        apart = subgroup_test(
            STUDIES.y.set_axis(range(10, 16)), STUDIES.s.tolist(), frame.g, labels=labels, missing="drop"
        )
    assert apart.n_study == (3, 2)
    with pytest.warns(EvidenceWarning, match="1 without std_error"):
        assert meta_analysis(STUDIES.y, STUDIES.s.where(STUDIES.s < 0.3), missing="drop").k == 5
    with pytest.raises(InputError, match="missing='drop'"):
        meta_regression(STUDIES.y, STUDIES.s, "x", data=frame.set_axis(STUDIES.index))


def test_rows_of_several_levels_are_names():
    """What `groupby` of two columns gives."""
    frame = pd.DataFrame({"y": [0.1, 0.2, 0.4], "se": [0.1, 0.1, 0.2]})
    named = frame.set_index(pd.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 1)]))
    found = meta_analysis(named.y, named.se)
    assert found.estimate == meta_analysis(frame.y, frame.se).estimate
    gap = frame.set_index(pd.MultiIndex.from_tuples([("a", 1), ("a", None), ("b", 1)]))
    assert meta_analysis(gap.y, gap.se).estimate == found.estimate
