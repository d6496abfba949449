"""Survival distributions: what estimators return, scenarios combine and the engine draws from."""

from survsim.core.distributions.protocol import HazardDistribution, SurvivalDistribution

__all__ = ["HazardDistribution", "SurvivalDistribution"]
