"""Shares of a cohort instead of patients: partitioned survival, and transition matrices of fixed cycles."""
