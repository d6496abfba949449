"""Forests of models, influence, groups and networks, and the curves of a simulation: values read back from the axes."""

from __future__ import annotations

import numpy as np
import pytest

from survsim.errors import InputError
from tests.helpers.every_result import example


def at(ax, gid):
    return next(line for line in ax.lines if line.get_gid() == gid).get_xdata()


def test_fine_gray_shows_its_ratios_and_names_the_cause():
    fit = example("FineGray")
    ax = fit.plot(names={"age": "Age, per year"})
    for k, term in enumerate(fit.terms):
        assert at(ax, f"estimate:{term}")[0] == pytest.approx(fit.hazard_ratio[k])
    assert ax.get_xlabel().replace("\n", " ") == "Subdistribution hazard ratio of tumour (log scale)"
    assert "Age, per year" in [t.get_text() for t in ax.texts]


def test_the_mean_without_each_study_and_the_mark_of_those_that_move_it():
    result = example("MetaInfluence")
    ax = result.plot()
    for k, label in enumerate(result.labels):
        assert at(ax, f"estimate:{label}")[0] == pytest.approx(np.exp(result.estimate[k]))
        np.testing.assert_allclose(
            at(ax, f"interval:{label}"), np.exp([result.conf_low[k], result.conf_high[k]])
        )
    marked = {
        t.get_text() for t in ax.texts if t.get_text().startswith("without") and t.get_text().endswith("*")
    }
    assert marked == {
        f"without {name} *" for name, moves in zip(result.labels, result.is_influential) if moves
    }


def test_groups_of_studies_and_the_test_between_them():
    result = example("MetaSubgroups")
    ax = result.plot(ratio=False, measure="Log hazard ratio")
    for k, group in enumerate(result.groups):
        assert at(ax, f"estimate:{group}")[0] == result.estimate[k]
    said = [t.get_text() for t in ax.texts if t.get_gid() == "p-value"]
    assert said == [f"Difference between groups: p = {result.p_value:.3f}"]


def test_a_network_against_the_treatment_that_is_asked_for():
    result = example("NetworkMetaAnalysis")
    frame = result.to_frame()
    ax = result.plot(comparator="B", names={"A": "none"})
    for row in frame[frame["comparator"] == "B"].to_dict("records"):
        assert at(ax, f"estimate:{row['treatment']}")[0] == pytest.approx(np.exp(row["estimate"]))
    assert "against B" in ax.get_xlabel()
    with pytest.raises(InputError, match="comparator must be one of 'A', 'B', 'C'; got 'D'"):
        result.plot(comparator="D")


def test_a_simulation_draws_its_survival():
    result = example("SimulationResult")
    curves, ax = result.survival(), result.plot(origin="surgery", width="85mm")
    for name in curves.strategies:
        line = next(one for one in ax.lines if one.get_gid() == f"curve:{name}")
        np.testing.assert_array_equal(line.get_ydata(), curves.steps(name).estimate)
    assert ax.get_xlabel() == f"Time since surgery ({result.time_unit})"
