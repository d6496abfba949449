"""Tables of results: each number is the result's own, each source is said, empty columns are gone."""

from __future__ import annotations

import numpy as np
import pytest

from survsim import Surv, cox_ph, kaplan_meier, load_evidence
from survsim.core.result import time_in_words
from survsim.errors import InputError
from survsim.figures import add_medians
from survsim.report import table_comparison, table_parameters, table_studies, table_survival
from tests.helpers.every_result import example

TIME, EVENT = [2, 5, 5, 8, 12, 20, 26, 30, 3, 7], [1, 1, 0, 1, 0, 1, 0, 1, 1, 0]


@pytest.fixture()
def km():
    return kaplan_meier(Surv.right(TIME, EVENT, unit="months"), by=["new", "old"] * 5)


def test_survival_at_times_is_that_of_the_curves(km):
    frame = table_survival(km, [6, 12], names={"new": "New drug"}, event_name="Deaths").frame
    assert list(frame)[:3] == ["Group", "Patients", "Deaths"]
    at = km.survival_at([6.0]).to_frame()
    for row, group in zip(frame.to_dict("records"), at.to_dict("records")):
        expected = f"{100 * group['estimate']:.0f}% ({100 * group['conf_low']:.0f} to {100 * group['conf_high']:.0f})"
        assert row["At 6 months (95% CI)"] == expected
    assert frame["Group"].tolist() == ["New drug", "old"]
    assert frame["Deaths"].tolist() == [str(n) for n in km.n_events]
    assert frame["Median, months (95% CI)"][0].startswith("not reached")
    assert frame["Median, months (95% CI)"][1].startswith(f"{km.median().estimate[1]:g} (")


def test_what_is_beyond_follow_up_is_said(km):
    frame = table_survival(km, [29, 40]).frame
    assert frame["At 29 months (95% CI)"][0] == "beyond follow-up"
    assert frame["At 40 months (95% CI)"].tolist() == ["beyond follow-up", "0%"]
    with pytest.raises(InputError, match="there are no times"):
        table_survival(km, [])


def test_parameters_have_their_sources_and_assumptions_their_reasons():
    parameters = example("Parameters")
    frame, own = table_parameters(parameters).frame, parameters.to_frame()
    assert len(frame) == len(own)
    for row, mine in zip(frame.to_dict("records"), own.to_dict("records")):
        assert float(row["Median (95% interval)"].split(" ")[0]) == pytest.approx(mine["median"], rel=6e-3)
        if mine["source"] == "assumption":
            assert row["Source"] == f"assumed: {mine['reason']}"
        if mine["source"] == "rows":
            assert "Homesley 2007, GOG0161, row 8" in row["Source"]
    named = table_parameters(
        parameters, labels={"homesley_2007_gog0161_e08": "Homesley 2007, progression"}
    ).frame
    assert any("Homesley 2007, progression" in s for s in named["Source"])
    with pytest.raises(InputError, match="labels names 'x', which is neither a parameter nor a row"):
        table_parameters(parameters, labels={"x": "y"})


def test_differences_of_strategies_are_those_of_the_comparison():
    comparison = example("StrategyComparison")
    table = table_comparison(comparison, ["survival_time@12", "alive@12"])
    assert table.frame["Strategy"].tolist() == list(comparison.labels)
    assert table.frame.iloc[0, 1:].tolist() == ["reference"] * 2
    head = "Restricted mean survival to 12 months (months)"
    d, low, high = (getattr(comparison, n)[0, 1] for n in ("difference", "conf_low", "conf_high"))
    assert table.frame[head][1] == f"{d:.2f} ({low:.2f} to {high:.2f})"
    assert f"{np.asarray(comparison.mc_std_error)[0].max():.2g}" in table.notes[1]
    with pytest.raises(InputError, match="death@3 was not simulated; there are: survival_time@12"):
        table_comparison(comparison, ["death@3"])


def test_studies_are_those_of_the_evidence():
    store = load_evidence()
    table = table_studies(store, ["homesley_2007_gog0161", "hanjani_1980_tube"], title="Studies")
    frame = store.table("studies").set_index("study_id")
    assert table.frame["Study"].tolist() == ["Homesley HD 2007", "Hanjani P 1980"]
    assert table.frame["Patients"].tolist() == [
        f"{frame.loc[s, 'n_total']:.0f}" for s in ("homesley_2007_gog0161", "hanjani_1980_tube")
    ]
    assert len(table_studies(store).frame) == len(frame)
    with pytest.raises(InputError, match="the evidence has no study 'nobody_1900'"):
        table_studies(store, ["nobody_1900"])


def test_they_are_written_as_word(km, tmp_path):
    for name, made in (("a", table_survival(km, [6])), ("b", table_parameters(example("Parameters")))):
        made.save(tmp_path / f"{name}.docx")
        assert (tmp_path / f"{name}.docx").stat().st_size > 1000


def test_short_times_are_not_rounded_to_zero(tmp_path):
    """The first time with survival at or below one half; two of four with the event by 0.015 give the middle to 0.02."""
    surv = Surv.right([0.01, 0.012, 0.015, 0.02, 0.06], [1, 1, 1, 1, 0], unit="years")
    short = kaplan_meier(surv)
    cell = table_survival(short, [0.03]).frame["Median, years (95% CI)"][0]
    assert cell == "0.015 (0.01 to not reached)"
    assert "median 0.015 (0.01 to Inf)" in short.headline()
    (words,) = [t.get_text() for t in short.plot().get_legend().get_texts()]
    assert words.endswith("median 0.015")
    ax = add_medians(short.plot(medians=False), short)
    assert "Median, all patients: 0.015 years (95% CI 0.01 to not reached)" in [
        t.get_text() for t in ax.texts
    ]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (14.26, "14.3"),
        (3.04, "3"),
        (1.0, "1"),
        (0.96, "0.96"),
        (0.0151, "0.015"),
        (0.0, "0"),
        (1234.56, "1235"),
    ],
)
def test_a_time_has_one_decimal_and_never_fewer_than_two_digits(value, words):
    assert time_in_words(value) == words


def test_times_before_the_origin_are_refused(km):
    with pytest.raises(InputError, match=r"times must not be negative; got -1\. They count months"):
        table_survival(km, [12, -1])


def test_a_group_called_all_keeps_its_name():
    """Acute lymphoblastic leukaemia beside myeloid: neither is all patients."""
    two = kaplan_meier(Surv.right(TIME, EVENT, unit="months"), by=["all", "aml"] * 5)
    assert table_survival(two, [6]).frame["Group"].tolist() == ["all", "aml"]
    assert [t.get_text().partition(":")[0] for t in two.plot().get_legend().get_texts()] == ["all", "aml"]
    one = kaplan_meier(Surv.right(TIME, EVENT, unit="months"))
    assert table_survival(one, [6]).frame["Group"].tolist() == ["All patients"]
    assert table_survival(one, [6], names={"all": "Everybody"}).frame["Group"].tolist() == ["Everybody"]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ({"A": "Drug"}, "names names 'A', and none of that is there; the groups are new, old. Name one"),
        ({"New": "Drug"}, "names names 'New'; the groups are new, old: did you mean new"),
        ({"new": "Drug", "olds": "Placebo"}, "names names 'olds'; .* did you mean old"),
    ],
)
def test_names_of_groups_that_are_not_there_are_refused(km, names, message):
    for ask in (lambda: table_survival(km, [6], names=names), lambda: km.plot(names=names)):
        with pytest.raises(InputError, match=message):
            ask()


def test_names_may_serve_more_tables_than_one(km):
    names = {"new": "Drug", "old": "Placebo", "third": "Another arm"}
    assert table_survival(km, [6], names=names).frame["Group"].tolist() == ["Drug", "Placebo"]


def test_names_of_numbers_are_not_found_by_their_digits():
    coded = kaplan_meier(Surv.right(TIME, EVENT, unit="months"), by=[1, 2] * 5)
    with pytest.raises(InputError, match="names names '1'; the groups are 1, 2: did you mean 1"):
        table_survival(coded, [6], names={"1": "Drug"})


def test_names_of_terms_that_are_not_there_are_refused():
    fit = cox_ph(Surv.right(TIME, EVENT, unit="months"), "age", {"age": list(range(50, 60))})
    with pytest.raises(InputError, match="names names 'agee'; the terms are age: did you mean age"):
        fit.plot(names={"agee": "Age"})
