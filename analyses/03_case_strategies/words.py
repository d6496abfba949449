"""How strategies and outcomes are called in wide tables and in the ledger."""

from __future__ import annotations

SHORT = {
    "surgery_alone": "S", "surgery_radiotherapy": "S+R", "surgery_radiotherapy_chemotherapy": "S+R+C",
    "surgery_radiotherapy_reirradiation": "S+R+2R", "surgery_radiotherapy_chemotherapy_reirradiation": "S+R+C+2R",
    "as_treated": "as treated", "early_immunotherapy": "early drugs",
}  # fmt: skip
"""Strategies in a few letters, for wide tables."""
VALUES = {"survival_time": "alive", "time_in/walking": "walking", "quality_adjusted_time": "quality"}
"""Months of what, and how the ledger calls them."""
