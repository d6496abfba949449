"""Survival distributions: what estimators return, scenarios combine and the engine draws from."""

from survsim.core.distributions.exponential import Exponential
from survsim.core.distributions.generalised_gamma import GeneralisedGamma
from survsim.core.distributions.gompertz import Gompertz
from survsim.core.distributions.log_logistic import LogLogistic
from survsim.core.distributions.log_normal import LogNormal
from survsim.core.distributions.mixture import Mixture
from survsim.core.distributions.mixture_cure import MixtureCure
from survsim.core.distributions.modifiers import Accelerated, ProportionalHazards, ResidualLife
from survsim.core.distributions.piecewise import PiecewiseExponential, TimeVaryingEffect
from survsim.core.distributions.protocol import HazardDistribution, InUnit, SurvivalDistribution
from survsim.core.distributions.royston_parmar import RoystonParmar
from survsim.core.distributions.weibull import Weibull
from survsim.core.distributions.with_background import WithBackground

__all__ = [
    "Accelerated",
    "Exponential",
    "GeneralisedGamma",
    "Gompertz",
    "HazardDistribution",
    "InUnit",
    "LogLogistic",
    "LogNormal",
    "Mixture",
    "MixtureCure",
    "PiecewiseExponential",
    "ProportionalHazards",
    "ResidualLife",
    "RoystonParmar",
    "SurvivalDistribution",
    "TimeVaryingEffect",
    "Weibull",
    "WithBackground",
]
