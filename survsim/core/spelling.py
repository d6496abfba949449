"""One spelling of a family: `lognormal` and its kin, whichever way they were typed."""

from __future__ import annotations

from typing import Any

_SPELLINGS = {
    "log_normal": "lognormal",
    "log_logistic": "loglogistic",
    "generalized_gamma": "generalised_gamma",
    "exp": "exponential",
    "lnorm": "lognormal",
    "llogis": "loglogistic",
    "gengamma": "generalised_gamma",
}


def family_name(name: Any) -> Any:
    """The name of a family as this package writes it; what is no spelling of one comes back as it was.

    R's names of its laws are taken too. Capitals, hyphens and spaces do not matter, nor whether the logarithm stands apart.

    Example
    -------
    >>> family_name("log-normal"), family_name("Weibull"), family_name("weibul")
    ('lognormal', 'weibull', 'weibul')
    """
    if not isinstance(name, str):
        return name
    plain = name.strip().lower().replace("-", "_").replace(" ", "_")
    return _SPELLINGS.get(plain, plain)


def spelled(key: str, value: Any) -> Any:
    """A mapping (of a file, say) with the family under `key` in our spelling; anything else as it came."""
    if isinstance(value, dict) and isinstance(value.get(key), str):
        return value | {key: family_name(value[key])}
    return value
