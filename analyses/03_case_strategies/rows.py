"""What is taken from a row of a table of the simulation."""

from __future__ import annotations

from typing import Any


def limits(row: Any) -> dict[str, float]:
    """Both uncertainties of a number, as a ledger takes them: the interval over parameters, and the error of simulation."""
    return {"conf_low": row.conf_low, "conf_high": row.conf_high, "mc_std_error": row.mc_std_error}
