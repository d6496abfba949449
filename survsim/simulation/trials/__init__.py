"""Trials simulated from the same patients."""
