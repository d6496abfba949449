"""Patients, strategies, outcomes: knows distributions, not papers."""
