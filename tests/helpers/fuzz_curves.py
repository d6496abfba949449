"""What a user would give to the reading of a figure and to curves of the evidence."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from tests.helpers.every_result import drawn, example
from tests.helpers.fuzz_estimates import Made, plausible, s
from tests.helpers.fuzz_evidence import study


@functools.cache
def store() -> Any:
    """The evidence of a small study with one digitised curve."""
    return s.load_evidence(str(study() / "data"))


@functools.cache
def figure() -> str:
    return str(drawn())


@plausible("digitise")
def _figure(rng: np.random.Generator) -> Made:
    return {"path": figure(), "unit": "months"}


@plausible("correct", "Corrector")
def _correct(rng: np.random.Generator) -> Made:
    return {"digitised": example("Digitised")}


@plausible("reconstructed")
def _reconstructed(rng: np.random.Generator) -> Made:
    return {"evidence": store(), "name": "alpha_os"}


@plausible("reconstructed_sets")
def _sets(rng: np.random.Generator) -> Made:
    return {"evidence": store(), "name": "alpha_os", "sets": 2}


@plausible("reconstructed_effects")
def _effects(rng: np.random.Generator) -> Made:
    return {"evidence": store(), "pairs": {"alpha": ("alpha_os", "alpha_os")}, "sets": 2}


@plausible("reconstructed_terms")
def _terms(rng: np.random.Generator) -> Made:
    return {"evidence": store(), "covariates": {"alpha_os": {"advanced": 1.0}}}
