"""Priors from other studies: meta-analytic-predictive, power and commensurate priors, mixtures."""
