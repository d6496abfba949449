"""Tables of results: each number is the result's own, each source is said, empty columns are gone."""

from __future__ import annotations

import numpy as np
import pytest

from survsim import Surv, kaplan_meier, load_evidence
from survsim.errors import InputError
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
