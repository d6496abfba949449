"""Which Cox regression goes with what: one table, read by the messages, the documentation and the tests."""

from __future__ import annotations

from survsim.core.errors import InputError

METHODS = ("none", "ridge", "elasticnet", "firth", "frailty")
"""What is added to the partial likelihood: a penalty, or a frailty."""

FEATURES = (
    "efron ties",
    "breslow ties",
    "exact ties",
    "strata",
    "delayed entry",
    "unequal weights",
    "robust variance",
    "offset",
)

REFUSED: dict[tuple[str, str], str] = {
    ("ridge", "exact ties"): "penalty='ridge' works with ties='efron' or 'breslow'",
    ("elasticnet", "exact ties"): "penalty='elasticnet' works with ties='efron' or 'breslow'",
    ("firth", "exact ties"): "penalty='firth' works with ties='breslow' (its definition) or 'efron'",
    ("frailty", "exact ties"): "frailty works with ties='efron' or 'breslow'",
    ("elasticnet", "robust variance"): (
        "penalty='elasticnet' has no robust variance, as it has no standard errors; leave robust and clusters out, and "
        "bootstrap the whole procedure"
    ),
    ("firth", "robust variance"): (
        "penalty='firth' has no robust variance; leave robust and clusters out, or use frailty for groups"
    ),
    ("frailty", "robust variance"): (
        "frailty has no robust variance; its groups are given by frailty=: leave robust and clusters out"
    ),
}
"""(method, feature) that do not go together, and what to do. Everything else in METHODS x FEATURES works."""

REFUSED_TOGETHER: dict[tuple[str, str], str] = {
    (
        "exact ties",
        "unequal weights",
    ): "ties='exact' has no weighted form; use ties='efron' with these weights",
    ("exact ties", "robust variance"): (
        "ties='exact' has no robust variance; use ties='efron', or leave robust and clusters out"
    ),
}
"""Pairs of features that go together with no method."""

SUPPORT: dict[str, dict[str, bool]] = {
    method: {feature: (method, feature) not in REFUSED for feature in FEATURES} for method in METHODS
}
"""Method -> feature -> whether it works."""


def require_support(method: str, asked: tuple[str, ...]) -> None:
    """Refuse features that the table does not have for the method, all in one message."""
    faults = [REFUSED[method, f] for f in asked if not SUPPORT[method][f]]
    faults += [
        advice
        for (a, b), advice in REFUSED_TOGETHER.items()
        if a in asked and b in asked and SUPPORT[method][a] and SUPPORT[method][b]
    ]
    if faults:
        raise InputError(". ".join(faults) + ".")


def support_table() -> str:
    """The table as text, one line a method."""
    short = ("efron", "breslow", "exact", "strata", "entry", "weights", "robust", "offset")
    lines = [f"{'':12}" + "".join(f"{name:>9}" for name in short)]
    for method in METHODS:
        cells = "".join(f"{'yes' if SUPPORT[method][f] else '-':>9}" for f in FEATURES)
        lines.append(f"{method:12}{cells}")
    return "\n".join(lines)
