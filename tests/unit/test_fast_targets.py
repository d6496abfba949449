"""`make fast` runs the mirror of what changed, and nothing that is gone."""

from __future__ import annotations

from tests.fast import ROOT, targets


def test_a_method_brings_its_wing_its_doctests_and_the_architecture():
    path = "survsim/estimate/nonparametric/rmst.py"
    assert targets([path]) == ["tests/architecture", path, "tests/unit/estimate/nonparametric"]


def test_a_touched_test_is_not_run_twice_and_papers_bring_nothing():
    inside = "tests/unit/estimate/nonparametric/test_curve_summaries.py"
    assert (ROOT / inside).is_file()
    assert targets([inside]) == ["tests/architecture", inside]
    found = targets([inside, "survsim/estimate/nonparametric/rmst.py", "README.md", "survsim/gone.py"])
    assert inside not in found and found[-1] == "tests/unit/estimate/nonparametric"


def test_a_folder_without_a_mirror_goes_to_the_next_one_up():
    assert targets(["survsim/core/distributions/weibull.py"])[-1] == "tests/unit/core"
    assert targets(["survsim/_public.py"]) == ["tests/architecture", "survsim/_public.py"]
