"""Curves and rank tests without a model: Kaplan-Meier, Nelson-Aalen, log-rank, restricted means, bands."""
