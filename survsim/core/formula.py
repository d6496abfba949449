"""Formulas at the door: a closed vocabulary, the words of R users, and the columns that are read.

A formula is text that would be run as Python. What may stand in it is listed here, and everything else is refused
before anything is evaluated, also for a formula that came out of a file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.errors import InputError
from survsim.core.formula_expression import NUMERIC, QUOTED, VOCABULARY, Expression, check_expression
from survsim.core.formula_names import as_read
from survsim.core.formula_terms import check_kept, check_operators

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "OWN_FUNCTIONS",
    "VOCABULARY",
    "check_vocabulary",
    "expressions",
    "parse_formula",
    "plain",
    "used_columns",
]

OWN_FUNCTIONS = {
    **{name: function for name, function in NUMERIC.items() if name not in ("log", "log2", "log10", "exp")},
    "exp10": lambda x: np.power(10.0, x),
}
"""What the formula library does not bring itself, or has wrong: its exp10(x) is x to the power of 10."""

LONGEST = 2_000

_ELSEWHERE = {
    "strata": "strata belong to the response: Surv.right(..., stratum={1})",
    "cluster": "clusters belong to the response: Surv.right(..., cluster={1})",
    "frailty": "a frailty is an option of the fit: cox_ph(..., frailty={1})",
    "offset": "an offset is an option of the fit: offset={1}",
    "Surv": "the response is the Surv you pass first; formula is the right-hand side only",
    "ns": "natural splines are cr({0}, df=3)",
    "rcs": "natural splines are cr({0}, df=3)",
    "pspline": "splines are bs({0}, df=3), or cr({0}, df=3)",
    "s": "splines are bs({0}, df=3), or cr({0}, df=3)",
    "tt": "a time-varying effect is royston_parmar(..., time_varying=...), or the fit's hazard_ratio_over_time",
    "ridge": "a penalty is an option of the fit: cox_ph(..., penalty='ridge', penalty_strength=...)",
    "cut": "bands are a column made by pandas.cut beforehand, or a comparison such as I({0} > 60)",
    "ifelse": "a condition is a comparison inside I(), such as I(age > 60)",
    "relevel": "choose the reference level by C({0}, Treatment('level'))",
}
_MORE = r"(?:\s*,\s*[\w.]+(?=\s*[,)]))*"
"""Further names inside the brackets of a function, and nothing but names."""
_ESCAPES = re.compile(r"\x1b\[[0-9;]*m|[⧛⧚]")


def parse_formula(formula: Any, columns: Iterable[Any] = ()) -> Any:
    """The formula as the formula library has it, after every check that needs no data.

    Raises
    ------
    InputError : no text, a response, words of R with no meaning here, functions outside the vocabulary, a formula
        without intercept, one that does not parse, or one of which a term would drop out.
    """
    if not isinstance(formula, str) or "~" in QUOTED.sub("``", formula):
        raise InputError(
            f"formula is the right-hand side only, for example 'age + stage'; got {formula!r}. "
            "The response is the Surv you pass first."
        )
    if len(formula) > LONGEST:
        raise InputError(f"formula has {len(formula)} characters; at most {LONGEST} are read.")
    _refuse_words(formula)
    text = as_read(formula)
    from formulaic import Formula  # 0.3 s: not paid by those who fit nothing

    try:
        check_operators(text, formula)
        parsed = Formula(text)
    except InputError:
        raise
    # The parser raises of any kind on text that is no formula.
    except Exception as error:
        raise InputError(
            f"formula {formula!r} does not parse: {plain(error)}.{_quoting(formula, columns)}"
        ) from None
    if type(parsed).__name__ == "StructuredFormula":
        raise InputError(f"formula {formula!r} has several parts; give one right-hand side, without '|'.")
    check_vocabulary(parsed, formula)
    check_kept(text, parsed, formula)
    if len(list(parsed)) and not any(str(term) == "1" for term in parsed):
        raise InputError(
            f"formula {formula!r} takes the intercept out, but the model keeps its own (a baseline hazard, or a constant): "
            "leave out '0 +' and '- 1'. Each category is then compared with the first; another reference is "
            "C(site, Treatment('name'))."
        )
    return parsed


def check_vocabulary(parsed: Any, formula: str) -> None:
    """Refuse a formula with a factor that is more than columns, numbers, arithmetic and listed functions."""
    for found in expressions(parsed, formula):
        try:
            check_expression(found, formula)
        except RecursionError:
            raise InputError(
                f"formula {formula!r} is nested too deeply; add a column to the data first."
            ) from None


def expressions(parsed: Any, formula: str = "") -> list[Expression]:
    """What stands in functions, braces and backticks inside them: every factor that is calculated."""
    texts = (str(f.expr) for f in factors(parsed) if f.eval_method.value == "python")
    return [Expression(text, formula or str(parsed)) for text in dict.fromkeys(texts)]


def _refuse_words(formula: str) -> None:
    """Words that mean something in R's formulas, with what is typed here."""
    bare = QUOTED.sub("``", formula)
    if re.search(r"(?<![\w.])\.(?![\w.])", bare):
        raise InputError(
            f"formula {formula!r}: R's dot for all other columns is not read, because the data may hold the response too; name "
            "the columns, as in 'age + stage', or leave the formula out: data= alone is all its columns but those that Surv.right('time', "
            "'event', data=frame, ...) was made of by name."
        )
    if "%in%" in bare:
        raise InputError(
            f"formula {formula!r}: %in% is not read. Type x:g for the effect of x within each group g, and g/x or g + x:g where the "
            "groups differ themselves as well; whether a value is one of several is a column made beforehand (frame.g.isin([...]))."
        )
    for word, inside in re.findall(rf"(?<![\w.`])([A-Za-z]\w*)\s*\(\s*([\w.]*{_MORE})", bare):
        if word not in _ELSEWHERE:
            continue
        names = re.split(r"\s*,\s*", inside)
        several = word in ("strata", "cluster") and len(names) > 1
        advice = _ELSEWHERE[word].format(
            names[0] or "x", f"{names!r}, data=frame" if several else f"frame[{names[0]!r}]"
        )
        raise InputError(f"formula {formula!r}: {word}(...) is not part of a formula here; {advice}.")


def _quoting(formula: str, columns: Iterable[Any]) -> str:
    if re.search(r"[<>]|[=!]=", formula):
        return " A comparison is written inside I(), for example I(age > 60)."
    odd = [str(c) for c in columns if not str(c).isidentifier() and str(c) in formula]
    if odd:
        return f" A name that is not one word is written in backticks: `{max(odd, key=len)}`."
    return (
        " A column whose name is not one word is written in backticks, for example `tumour size`."
        if " " in formula.strip()
        else ""
    )


def plain(error: BaseException) -> str:
    """The message of an error on one line, without colours of a terminal."""
    lines = _ESCAPES.sub("", str(error)).split("\n")
    return " ".join(line.strip() for line in lines if line.strip()).rstrip(".")


def read_names(parsed: Any) -> list[Any]:
    """Names of the columns that a formula looks up, also in functions and through ``Q(...)``, each once."""
    names = [str(f.expr) for f in factors(parsed) if f.eval_method.value == "lookup"]
    names += [name for found in expressions(parsed) for name in found.columns()]
    return list(dict.fromkeys(names))


def used_columns(parsed: Any, data: pd.DataFrame) -> list[Any]:
    """The columns of `data` that the formula reads, by its own parse and whatever they are called."""
    names = set(read_names(parsed))
    return [c for c in data.columns if c in names]


def factors(parsed: Any) -> list[Any]:
    """Every factor of every term."""
    return [factor for term in getattr(parsed, "formula", parsed) for factor in term.factors]
