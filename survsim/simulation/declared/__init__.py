"""Patients, states, transitions, strategies and rules as data, with all their checks."""
