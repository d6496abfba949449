"""formulaic's matrices, with numbers calculated as numbers and labels found by what they are.

Imported where a matrix is made, and not before: the formula library takes 0.3 s.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from formulaic.materializers import PandasMaterializer
from formulaic.materializers.types import EvaluatedFactor, FactorValues
from formulaic.parser.types import Factor
from formulaic.transforms.cubic_spline import cubic_spline
from formulaic.utils.layered_mapping import LayeredMapping
from formulaic.utils.stateful_transforms import stateful_transform

from survsim.core.checks import IntArray, positions
from survsim.core.errors import InputError
from survsim.core.formula_columns import as_numbers, holds_numbers
from survsim.core.formula_expression import Expression, as_counted, under_own_words

if TYPE_CHECKING:
    from formulaic import ModelSpec


_NATURAL, _CYCLIC = (
    stateful_transform(partial(cubic_spline, constraints="center", cyclic=cyclic)) for cyclic in (False, True)
)
_CENTRED = {"cr": _NATURAL, "cs": _NATURAL, "cc": _CYCLIC}
"""Curves without the constant, which every model here has of its own: cr(x, df=3) spans what ns(x, 3) does in R."""


class Columns(PandasMaterializer):
    """The columns of a formula from typed data.

    A number is float64 wherever it is calculated with, and keeps its own kind only as a label inside ``C(...)``. A label on
    new data is the level of the fit that equals it, so that True and 1 are one label.
    """

    INTERFACE_EXPLICIT_OVERRIDES = False  # what is defined below replaces what formulaic does there
    layered_context: LayeredMapping

    @classmethod
    def over(cls, typed: pd.DataFrame, functions: Mapping[str, Any], spec: Any) -> Columns:
        """For the columns `typed`, with the `functions` that formulaic lacks, and the recipe of a fit or a formula."""
        made = cls(as_numbers(typed), context={**functions, **_CENTRED})
        made.typed = typed
        made.truths = {name for name, column in typed.items() if column.dtype == bool}
        made.known = dict(getattr(spec, "encoder_state", {}))
        return made

    def codes(self) -> tuple[IntArray, ...]:
        """Codes (n,) of the labels of each term that was made as a category."""
        coded = (f.values for f in self.factor_cache.values() if f.metadata.kind is Factor.Kind.CATEGORICAL)
        return tuple(pd.factorize(_unwrapped(values))[0].astype(np.int64) for values in coded)

    def _evaluate(self, expr: str, metadata: Any, spec: ModelSpec) -> Any:
        found = Expression(expr, expr)
        coded = found.coded()
        label = None if coded is None else found.column(coded)
        layers = self.layered_context
        data, functions = layers._layers[0] if label is None else self.typed, layers._layers[1:]
        text, words = under_own_words(as_counted(found, self.truths))
        shadowed = words or any(name in found.functions() for name in self.typed.columns)
        if shadowed:
            kept = {name: data[name] for name in found.columns() if name not in words.values()}
            data = kept | {word: data[name] for word, name in words.items()}
        if shadowed or label is not None:
            self.layered_context = LayeredMapping(LayeredMapping(data, name="data"), *functions)
        try:
            values, variables = super()._evaluate(text, metadata, spec)
        finally:
            self.layered_context = layers
        whole = coded is not None and label is None and self._of_whole_numbers(found)
        return (_whole(values) if whole else values), variables

    def _evaluate_factor(self, factor: Factor, spec: ModelSpec, drop_rows: set[int]) -> EvaluatedFactor:
        if factor.expr in self.factor_cache:
            return self.factor_cache[factor.expr]
        made = super()._evaluate_factor(factor, spec, drop_rows)
        kind, state = self.known.get(factor.expr, (made.metadata.kind, {}))
        labels = Factor.Kind.CATEGORICAL
        if kind is not made.metadata.kind and (kind is not labels or isinstance(made.values, dict)):
            raise InputError(
                f"{factor.expr!r} was a {kind.value} term in the fit, and is {made.metadata.kind.value} in these data; give its "
                "columns the kinds they had."
            )
        if kind is labels:
            values = _found(str(factor.expr), pd.Series(_unwrapped(made.values)), state.get("categories"))
            # An array (of numbers, say) that was a category in the fit is one here too.
            known = {} if made.metadata.kind is labels else {"kind": labels, "spans_intercept": True}
            made = made.replace(values=FactorValues(values, metadata=made.metadata, **known))
        elif kind is Factor.Kind.NUMERICAL:
            _refuse_words(str(factor.expr), made.values)
        self.factor_cache[factor.expr] = made
        return made

    def _of_whole_numbers(self, found: Expression) -> bool:
        read = [self.typed[name] for name in found.columns()]
        return bool(read) and all(holds_numbers(column) and column.dtype.kind in "bui" for column in read)


def _unwrapped(values: Any) -> Any:
    return values.__wrapped__ if isinstance(values, FactorValues) else values


def _whole(values: Any) -> Any:
    """Labels calculated from whole numbers are whole: 4, and not 4.0."""
    inner = np.asarray(_unwrapped(values))
    if inner.dtype != np.float64 or not (np.isfinite(inner).all() and (inner == np.rint(inner)).all()):
        return values
    return FactorValues(pd.Series(inner.astype(np.int64)), metadata=values.__formulaic_metadata__)


def _found(term: str, labels: pd.Series, levels: Any) -> pd.Series:
    """Labels (n,) as those of `levels` they equal; all as they are where None is known yet.

    Raises
    ------
    InputError : a label that is missing once it was calculated, or one that the fit did not see.
    """
    gaps = labels.isna().to_numpy()
    if gaps.any():
        raise InputError(
            f"{term!r} gives no label in {positions(gaps)}: what cannot be calculated is no category. Correct or drop those rows."
        )
    if levels is None:
        return labels
    known = {level: place for place, level in enumerate(levels)}
    codes, seen = pd.factorize(labels)
    new = sorted({repr(label) for label in seen if label not in known})
    if new:
        bare = term[2:-1] if term.startswith("C(") and term.endswith(")") else term
        raise InputError(
            f"column {bare!r} has {', '.join(new)}, not seen in the fit; it knew {', '.join(map(repr, levels))}. "
            "Recode those rows or refit."
        )
    places = np.array([known[label] for label in seen], dtype=np.intp)
    found = pd.Categorical.from_codes(places[codes].tolist(), categories=pd.Index(list(levels)))
    return pd.Series(found, index=labels.index)


def _refuse_words(term: str, values: Any) -> None:
    """A term that is no category must be numbers: '40' would be read as 40 without a word."""
    if isinstance(values, dict):
        return
    kind = np.asarray(_unwrapped(values)).dtype.kind
    if kind not in "buif":
        raise InputError(
            f"{term!r} gives text and no numbers; for a category write C({term}), for numbers convert the column first."
        )
