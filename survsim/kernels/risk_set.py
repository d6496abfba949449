"""The risk-set convention, stated once.

* A patient is at risk at t when ``entry < t <= time``; without entry, from before time 0 (so a patient
  censored at 0 counts in n).
* At equal times events come before censorings: a patient censored at t is at risk for an event at t.
* Near-ties are joined before data reach a kernel (`survsim.core.surv.TIE_TOLERANCE`).
"""
