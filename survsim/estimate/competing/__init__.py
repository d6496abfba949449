"""Several ways to leave: cumulative incidence, Gray, Fine-Gray, cause-specific and multi-state models."""
