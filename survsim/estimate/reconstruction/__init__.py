"""From a published curve and its numbers at risk to pseudo patient-level data."""
