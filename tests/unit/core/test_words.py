"""Old words still work and say the new one; a family has one spelling however it was typed."""

from __future__ import annotations

import inspect

import numpy as np
import pandas as pd
import pytest

from survsim import Surv, cox_ph, map_prior, meta_analysis, mixture_cure, parametric_survival
from survsim.core.renamed import renamed
from survsim.core.spelling import family_name
from survsim.errors import ExtrapolationWarning, InputError
from survsim.simulation import Covariate
from survsim.simulation.declared.population import Frailty
from survsim.simulation.laws.law import LogNormalLaw

SURV = Surv.right([2, 3, 5, 8, 9, 12, 4, 6], [1, 1, 0, 1, 1, 0, 1, 1], unit="months")


@renamed(sources="source")
def told(x, *, source=()):
    """What came."""
    return x, source


def test_an_old_word_works_and_names_the_new_one_where_it_was_typed():
    with pytest.warns(DeprecationWarning, match=r"told\(sources=...\) is now source=...; .* 0\.3") as seen:
        assert told(1, sources="a") == (1, "a")
    assert seen[0].filename == __file__
    assert "sources" not in inspect.signature(told).parameters
    with (
        pytest.warns(DeprecationWarning),
        pytest.raises(InputError, match="sources is its old name, and both"),
    ):
        told(1, sources="a", source="b")


def test_sources_is_source_where_studies_are_pooled():
    y, s = [0.1, 0.3, 0.2], [0.1, 0.2, 0.1]
    for function, options in ((meta_analysis, {}), (map_prior, {"tau_scale": 0.5})):
        with pytest.warns(DeprecationWarning, match="is now source="):
            old = function(y, s, sources="estimates:a_e01", **options)
        assert old.provenance == function(y, s, source="estimates:a_e01", **options).provenance


@pytest.mark.parametrize("typed", ["lognormal", "log_normal", "log-normal", "Log normal", "lnorm"])
def test_log_normal_is_one_family_at_every_door(typed):
    assert family_name(typed) == "lognormal"
    assert parametric_survival(SURV, typed).family == "lognormal"
    with pytest.warns(ExtrapolationWarning):
        assert mixture_cure(SURV, typed).provenance == mixture_cure(SURV, "lognormal").provenance
    assert LogNormalLaw(family=typed, meanlog=1.0, sdlog=0.5).family == "lognormal"
    assert Covariate(name="a", distribution=typed, mean=0.0, sd=1.0).distribution == "lognormal"
    assert Frailty(name="z", distribution=typed, variance=0.5).distribution == "lognormal"


def test_frailty_understands_the_spellings_too():
    rng = np.random.default_rng(5)
    group = np.repeat(np.arange(12), 10)
    x = rng.normal(size=120)
    time = rng.exponential(np.exp(-0.4 * x - rng.normal(0, 0.7, 12)[group]))
    surv = Surv.right(time, np.ones(120), unit="months")
    one, two = (
        cox_ph(surv, "x", pd.DataFrame({"x": x}), frailty=group, frailty_distribution=typed)
        for typed in ("lognormal", "log_normal")
    )
    assert two.frailty.distribution == "lognormal"
    assert two.frailty.variance == one.frailty.variance


def test_what_is_no_family_is_refused_in_the_words_it_came_in():
    with pytest.raises(InputError, match="got 'weibul'"):
        parametric_survival(SURV, "weibul")
