"""Model matrices: formulaic behind one small door, the same columns on new data."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.checks import (
    BoolArray,
    FloatArray,
    IntArray,
    float_matrix,
    numbers,
    positions,
    require_columns,
)
from survsim.core.covariate_columns import covariate_columns
from survsim.core.encoding import stored
from survsim.core.errors import InputError, MissingValues
from survsim.core.formula import (
    OWN_FUNCTIONS,
    check_vocabulary,
    expressions,
    parse_formula,
    plain,
    read_names,
    used_columns,
)
from survsim.core.formula_columns import told_by_row, typed_columns
from survsim.core.formula_state import recipe_from, recipe_parts
from survsim.core.frames import as_frame, is_table
from survsim.core.kinds import dimensions
from survsim.core.pairing import index_of
from survsim.core.surv import Surv

if TYPE_CHECKING:
    import pandas as pd

    from survsim.core.formula_matrix import Columns


TOO_LARGE = 1e150
"""Sums of squares of larger numbers overflow."""


@stored
@dataclass(frozen=True, slots=True)
class Design:
    """Columns of a formula, without intercept, and the recipe that made them.

    Attributes
    ----------
    formula : as the user wrote it.
    columns : names of the columns, length p.
    matrix : (n, p) float64.
    spec : formulaic's recipe (knots, levels), or None for a plain matrix.
    row_labels : (n,) labels of the rows of the data as an array, where they have them.
    """

    formula: str
    columns: tuple[str, ...]
    matrix: FloatArray
    spec: Any = None
    row_labels: Any = None

    @property
    def variables(self) -> tuple[str, ...]:
        """Names of the columns of the data that it reads: those of the formula, or of a plain matrix."""
        return self.columns if self.spec is None else tuple(map(str, read_names(self.spec)))

    def apply(self, data: pd.DataFrame) -> FloatArray:
        """The same columns on new data, (m, p); categories unseen before are an error."""
        if self.spec is None:
            return self._plain(as_frame(data) if is_table(data) else data)
        data = as_frame(data)
        return _values(_materialise(self.spec, data, self.formula)[0], len(data), self.formula)

    def labels(self, data: pd.DataFrame) -> tuple[IntArray, ...] | None:
        """Codes (m,) of the labels of each coded term, if with them the columns of a row are known from that row alone.

        Rows among which no label is missing have the columns here that a design of their own would give them. None where a
        term learns from all rows: a curve's knots, what is centred or scaled, a column whose kind its values tell together.
        """
        # The formula library keeps a state for every function that learns, and for no other.
        if self.spec is None or self.spec.transform_state or not told_by_row(self.spec, data):
            return None
        return _materialise(self.spec, data, self.formula)[1].codes()

    def to_stored(self) -> dict[str, Any]:
        """The parts a file can hold."""
        parts = {
            "formula": self.formula,
            "columns": self.columns,
            "matrix": self.matrix,
            "row_labels": self.row_labels,
        }
        return parts | {"recipe": recipe_parts(self.spec)}

    @classmethod
    def from_stored(cls, parts: dict[str, Any]) -> Design:
        """The design that `to_stored` took apart."""
        recipe = recipe_from(parts["recipe"])
        return cls(parts["formula"], parts["columns"], parts["matrix"], recipe, parts.get("row_labels"))

    def _plain(self, data: Any) -> FloatArray:
        """Columns of a plain matrix, by name where the new data have names."""
        if hasattr(data, "columns"):
            require_columns(data, self.columns)
            data = data[list(self.columns)]
        values = float_matrix("data", data) if dimensions(data) else numbers("data", data, truth=True)
        values = values[:, None] if values.ndim == 1 and len(self.columns) == 1 else np.atleast_2d(values)
        if values.shape[1] != len(self.columns):
            raise InputError(
                f"data must have the fit's {len(self.columns)} columns; got shape {values.shape}."
            )
        bad = np.isfinite(values).sum(axis=1) < values.shape[1]
        if bad.any():
            raise InputError(
                f"data must be finite; missing or infinite in {positions(bad, of=data)}; drop those rows, or fill them."
            )
        return values


def design_matrix(formula: str, data: pd.DataFrame) -> Design:
    """Columns of `formula` on `data`, numeric and finite, the intercept left out.

    Parameters
    ----------
    formula : right-hand side in formulaic's grammar, for example ``"age + C(stage) + bs(age, df=3)"``.
    data : frame with n rows; a missing value in a column the formula uses is an error with its row.

    Raises
    ------
    InputError : unknown column, missing value, a formula that does not parse, or one that asks for more than
        columns, numbers, arithmetic and the functions of `survsim.core.formula.VOCABULARY`.
    """
    data = as_frame(data)
    parsed = parse_formula(formula, data.columns)
    matrix = _materialise(parsed, data, formula)[0]
    keep = [c for c in matrix.columns if c != "Intercept"]
    values = _values(matrix, len(data), formula)
    return Design(formula, tuple(keep), values, matrix.model_spec, _labels(data))


def _labels(data: Any) -> Any:
    index = index_of(data)
    return None if index is None else index.to_numpy()


def covariate_design(formula: Any, data: Any, surv: Surv) -> Design | None:
    """The design that a formula and its frame, or numbers without a formula, describe for the n patients of `surv`.

    Every model reads its covariates here, so that a frame without a formula means the same to all: its columns, but those
    that the response was made of by name.

    Parameters
    ----------
    formula : right-hand side for `data`; or numbers themselves, (n,) or (n, p); or None for the columns of `data`.
    data : frame with n rows, or without a formula numbers as above; None without covariates.
    surv : the response; a frame with row labels is put in its order.

    Returns
    -------
    Design, or None when neither is given.

    Raises
    ------
    InputError : other than n rows, a missing value, text where a number is wanted, a formula without data, the response
        among the covariates.
    """
    if formula is None and data is None:
        return None
    for given in (formula, data):
        if isinstance(given, list | tuple) and given and all(isinstance(name, str) for name in given):
            raise InputError(
                f"formula is text; got the list {list(given)!r}. Write {' + '.join(given)!r}, or pass the columns as "
                f"data=frame[{list(given)!r}] without a formula."
            )
    if not isinstance(formula, str):
        return plain_covariates(surv, "data", data if formula is None else formula)
    if data is None:
        data = surv.frame
    if data is None:
        raise InputError(
            f"formula {formula!r} needs data, a frame with one row per patient: pass it as data=, "
            "or give it to Surv.right(..., data=frame)."
        )
    data = as_frame(surv.paired("data", data))
    _same_rows(len(data), surv)
    return design_matrix(formula, data)


def plain_covariates(surv: Surv, name: str, given: Any) -> Design:
    """The columns of numbers (n,) or (n, p), or of a frame without those of the response, in its order."""
    design = plain_design(covariate_columns(surv, surv.paired(name, given), name))
    _same_rows(design.matrix.shape[0], surv)
    return design


def _same_rows(count: int, surv: Surv) -> None:
    if count != len(surv):
        raise InputError(
            f"data has {count} rows, the response {len(surv)}; they must be the same patients in the same order."
        )


def plain_design(data: Any) -> Design:
    """The columns of numbers (n,) or (n, p) as they are; a frame or a named series keeps its names."""
    columns = getattr(data, "columns", None)
    if columns is None and getattr(data, "name", None) is not None and dimensions(data) == 1:
        columns = [data.name]
    matrix = _numbers(data)
    if matrix.ndim == 1:
        matrix = matrix[:, None]
    if not hasattr(data, "iloc") and np.may_share_memory(matrix, data):
        matrix = matrix.copy()  # the fit must not change when the caller's array does
    if matrix.ndim != 2:
        raise InputError(f"data must have one row per patient; got shape {matrix.shape}.")
    with np.errstate(over="ignore", invalid="ignore"):
        total = matrix.sum()
    if not abs(total) < TOO_LARGE:
        bad: BoolArray = np.asarray(
            np.isfinite(matrix).all(axis=1) & (np.abs(matrix) >= TOO_LARGE).any(axis=1), bool
        )
        if bad.any():
            raise InputError(
                f"covariates are larger than can be computed with ({TOO_LARGE:g}) in {positions(bad)}; check their units."
            )
        bad = np.isfinite(matrix).sum(axis=1) < matrix.shape[1]
        if bad.any():
            raise InputError(
                f"covariates must be finite; missing or infinite in {positions(bad)}. "
                "Drop those rows from data and response, or impute (see pool_imputations)."
            )
    names = [f"x{j + 1}" for j in range(matrix.shape[1])] if columns is None else list(map(str, columns))
    twice = sorted({name for name in names if names.count(name) > 1}) if columns is not None else []
    if twice:
        raise InputError(
            f"data has {', '.join(map(repr, twice))} more than once; give each column its own name."
        )
    return Design(" + ".join(names), tuple(names), matrix)


def _numbers(data: Any) -> FloatArray:
    """Numbers of a plain matrix; text and dates are refused, by column where columns have names."""
    named = hasattr(data, "columns") and data.columns.is_unique
    parts = {str(c): data[c] for c in data.columns} if named else {"": data}
    wrong = [name for name, values in parts.items() if not _holds_numbers(values)]
    if wrong:
        which = (
            f" ({', '.join(map(repr, wrong[:5]))} {'is' if len(wrong) == 1 else 'are'} not)"
            if wrong[0]
            else ""
        )
        raise InputError(
            f"without a formula every column of data must be a number{which}; write a formula, for example "
            "'C(stage) + age'."
        )
    return float_matrix("data", data)


def _holds_numbers(values: Any) -> bool:
    """Whether values are numbers as they stand: a categorical is not, whatever its labels."""
    if hasattr(getattr(values, "dtype", None), "categories"):
        return False
    try:
        array = np.asarray(values)
    except ValueError:  # rows of different lengths
        return False
    if array.dtype.kind in "buif":
        return True
    number = (bool, int, float, np.bool_, np.integer, np.floating)
    return array.dtype.kind == "O" and all(v is None or isinstance(v, number) for v in array.ravel())


def formula_variables(formula: str) -> set[str]:
    """Names of the variables that a right-hand side uses."""
    return {str(name) for name in read_names(parse_formula(formula))}


def _materialise(parsed: Any, data: pd.DataFrame, formula: str) -> tuple[pd.DataFrame, Columns]:
    """The columns of a formula, or of a recipe, and what made them."""
    from formulaic.errors import DataMismatchWarning, FormulaicError

    from survsim.core.formula_matrix import Columns

    # A recipe may come out of a file: what it evaluates is checked here too.
    check_vocabulary(getattr(parsed, "formula", parsed), formula)
    if not hasattr(data, "columns"):
        raise InputError(f"formula {formula!r} needs a frame with its columns; got {type(data).__name__}.")
    _refuse_missing(parsed, data)
    typed = typed_columns(parsed, data, formula)
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():  # what is not finite is named by row below
            # Rows of a category that the levels leave out would be coded as the reference.
            warnings.simplefilter("error", DataMismatchWarning)
            making = Columns.over(typed, OWN_FUNCTIONS, parsed)
            matrix = making.get_model_matrix(parsed, na_action="ignore", output="pandas")
        matrix.to_numpy(dtype=np.float64)
    except DataMismatchWarning as error:
        raise InputError(
            f"formula {formula!r} names the levels of a column and leaves some out: {plain(error)}. Name every level, or "
            "drop those rows from data and response."
        ) from None
    except InputError:
        raise
    except (FormulaicError, KeyError, NameError, ValueError, TypeError, ArithmeticError, IndexError) as error:
        if "beyond upper and/or lower bounds" in str(error):
            raise _beyond_the_curves(parsed, formula) from None
        if "TreatmentContrasts.base" in str(error):
            raise _no_reference(str(error), typed, parsed, formula) from None
        have = ", ".join(map(str, list(data.columns)[:20]))
        raise InputError(
            f"formula {formula!r} cannot be used on these data: {plain(error)}. Columns: {have}."
        ) from None
    _refuse_namesakes(matrix, formula)
    return matrix, making


def _no_reference(told: str, typed: pd.DataFrame, parsed: Any, formula: str) -> InputError:
    """A reference level that the column does not have: '2' is none of 1, 2 and 3."""
    value = told.partition("`")[2].partition("`")[0]
    coded = (
        f.column(f.coded()) for f in expressions(parsed, formula) if f.coded() and f"({value})" in f.text
    )
    levels = [
        f" It has {', '.join(map(repr, typed[c].drop_duplicates().sort_values().tolist()[:10]))}."
        for c in coded
        if c in typed
    ]
    return InputError(
        f"formula {formula!r}: Treatment({value}) names a level that is not there.{''.join(levels[:1])} Text is written in quotes, "
        "a number without."
    )


def _beyond_the_curves(parsed: Any, formula: str) -> InputError:
    """Where the curves of a formula end, which were asked for beyond it."""
    known = {
        name: state
        for name, state in getattr(parsed, "transform_state", {}).items()
        if "lower_bound" in state
    }
    ranges = [
        f"{name} reaches from {s['lower_bound']:g} to {s['upper_bound']:g}" for name, s in known.items()
    ]
    shown = f" ({', '.join(ranges)})" if ranges else ""
    return InputError(
        f"formula {formula!r}: the data go beyond the range of a curve{shown}, where a spline is not known. Predict within the range; or fit with "
        "extrapolation='clip' inside bs(...), which keeps the value at the end, 'extend', which goes on with the polynomial as R "
        "does, or with lower_bound= and upper_bound= that hold all data."
    )


def _refuse_namesakes(matrix: Any, formula: str) -> None:
    """Two terms of one name are one column of the matrix: the first would be lost."""
    made = [name for part in matrix.model_spec.structure for name in part.columns]
    twice = sorted({name for name in made if made.count(name) > 1})
    if twice:
        raise InputError(
            f"formula {formula!r} makes two columns called {twice[0]!r}; rename the column of the data that has this name."
        )


def _refuse_missing(parsed: Any, data: pd.DataFrame) -> None:
    """A missing category would be coded as the reference level, so columns are looked at before coding."""
    # Records of several values are refused for their kind later, and pandas cannot take them along.
    records = {c for c, dtype in zip(data.columns, data.dtypes) if dtype.kind == "V"}
    used = [c for c in used_columns(parsed, data) if c not in records]
    gaps = data[used].isna()
    if gaps.to_numpy().any():
        names = ", ".join(repr(c) for c in used if gaps[c].to_numpy().any())
        fact = (
            f"{names} missing or infinite in {positions(gaps.any(axis=1).to_numpy(), of=data)} of {len(data)}"
        )
        raise MissingValues(fact, "fill them") if hasattr(parsed, "formula") else MissingValues(fact)


def _values(matrix: pd.DataFrame, n: int, formula: str) -> FloatArray:
    columns = [c for c in matrix.columns if c != "Intercept"]
    values = np.ascontiguousarray(matrix[columns].to_numpy(dtype=np.float64))
    if values.shape[0] != n:
        raise InputError(
            f"formula {formula!r} dropped {n - values.shape[0]} of {n} rows; fill or drop them first."
        )
    bad = ~np.isfinite(values)
    if bad.any():
        names = [c for c, flag in zip(columns, bad.any(axis=0)) if flag]
        raise InputError(
            f"{', '.join(map(repr, names))} infinite or not to be calculated in {positions(bad.any(axis=1), of=matrix)} of {n}. "
            "The columns are not missing there; correct those rows, or leave them out of data and response."
        )
    return values
