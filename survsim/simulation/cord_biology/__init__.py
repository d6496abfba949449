"""Dose to the spinal cord and what it may do: equivalent doses, recovery, myelopathy, re-irradiation."""
