"""Columns of a frame whose names are those of functions of a formula."""

import numpy as np
import pandas as pd
import pytest

from survsim import Surv, cox_ph
from survsim.core.design import design_matrix
from survsim.core.errors import InputError
from survsim.cox import CoxFit

RNG = np.random.default_rng(5)
FRAME = pd.DataFrame(
    {"age": RNG.uniform(40, 80, 40), "site": RNG.choice(list("abc"), 40), "x": RNG.normal(size=40)}
)
SURV = Surv.right(RNG.exponential(10, 40) + 0.1, np.ones(40), unit="months")
ALIKE = FRAME.assign(log=FRAME.x, C=FRAME.x, I=FRAME.x, bs=FRAME.x, factor=FRAME.x)


@pytest.mark.parametrize(
    "formula",
    ["log(age)", "C(site)", "factor(site)", "I(age / 10)", "bs(age, df=3)", "x + log(age)", "np.log(age)"],
)
def test_a_function_is_found_beside_a_column_of_its_name(formula):
    """The column hid the function: log(age) ended in "'Series' object is not callable"."""
    fit = cox_ph(SURV, formula, ALIKE)
    np.testing.assert_allclose(fit.estimate, cox_ph(SURV, formula, FRAME).estimate, rtol=1e-9)
    again = fit.predict_survival(ALIKE.iloc[:2], [3.0])
    assert len(again) if hasattr(again, "__len__") else again is not None


@pytest.mark.parametrize("formula", ["log", "C + age", "`log`", "I(log / 2)"])
def test_a_column_of_such_a_name_is_read_where_no_function_is_called(formula):
    plain = formula.replace("log", "x").replace("C", "x")
    found = cox_ph(SURV, formula, ALIKE.drop(columns="I")).estimate
    np.testing.assert_allclose(found, cox_ph(SURV, plain, FRAME).estimate, rtol=1e-9)


@pytest.mark.parametrize(
    ("formula", "plain"),
    [
        ("log(age) + log", "log(age) + x"),
        ("I(log(log**2))", "I(log(x**2))"),
        ("bs(bs, df=4)", "bs(x, df=4)"),
        ("C(C > 0)", "C(x > 0)"),
        ("log + age + I(log(age) * I)", "x + age + I(log(age) * x)"),
        ("np.abs(np)", "np.abs(x)"),
    ],
)
def test_a_function_and_a_column_of_its_name_are_told_apart(formula, plain):
    """log(log) was refused; `rename the column` was the advice."""
    frame = ALIKE.assign(np=FRAME.x)
    fit, other = cox_ph(SURV, formula, frame), cox_ph(SURV, plain, FRAME)
    np.testing.assert_allclose(fit.estimate, other.estimate, rtol=1e-9)
    np.testing.assert_allclose(fit.linear_predictor(frame[:3]), other.linear_predictor(FRAME[:3]), rtol=1e-9)


NAMES = [
    "resid.ds",
    "age.years",
    "class",
    "lambda",
    "from",
    "in",
    "2nd",
    "_own",
    ".lead",
    "größe",
    "\uff41",
    "np.x",
    "contr.a",
]
SPACED = ["tumour size", "age (years)", "a-b", "x'y", "True", "None", "1"]
USES = [
    "np.log({} + 9)",
    "I({} / 10)",
    "bs({}, df=4)",
    "C({} > 0)",
    "poly({}, 2)",
    "scale({})",
    "age + {}",
    "{}:age",
]


@pytest.mark.parametrize("name", NAMES + SPACED)
def test_every_name_works_inside_every_call(name, tmp_path):
    """resid.ds was read as an attribute and class as a word of Python; backticks did not help the second."""
    frame = FRAME.rename(columns={"x": name})
    for use in USES:
        other = cox_ph(SURV, use.format("x"), FRAME)
        for written in [f"`{name}`"] + [name] * (name in NAMES):
            fit = cox_ph(SURV, use.format(written), frame)
            np.testing.assert_allclose(fit.estimate, other.estimate, rtol=1e-9, err_msg=f"{use} {written}")
    fit.save(tmp_path / "fit.json")
    again = CoxFit.load(tmp_path / "fit.json").linear_predictor(frame[:3])
    np.testing.assert_allclose(again, other.linear_predictor(FRAME[:3]), rtol=1e-9)


def test_dotted_names_of_r():
    frame = FRAME.assign(**{"resid.ds": RNG.integers(0, 3, 40), "a.b": FRAME.x, "a.b2": FRAME.age})
    plain = frame.rename(columns={"resid.ds": "resid", "a.b": "a", "a.b2": "b"})
    for formula in (
        "factor(resid.ds)",
        "C(resid.ds, Treatment(2))",
        "C(resid.ds, contr.sum)",
        "I(a.b2 / 10 - a.b) + I(1.5 * a.b2 > 9e1)",
        "(resid.ds + a.b)**2",
        "I(a.b2 - a.b)",
    ):
        wanted = formula.replace("resid.ds", "resid").replace("a.b2", "b").replace("a.b", "a")
        found = cox_ph(SURV, formula, frame).estimate
        np.testing.assert_allclose(found, cox_ph(SURV, wanted, plain).estimate, rtol=1e-9, err_msg=formula)


@pytest.mark.parametrize(
    ("formula", "told"),
    [
        ("log(x.mean)", "'x.mean' is no column"),
        ("x.mean()", "outside the vocabulary"),
        ("I(x and age)", "outside the vocabulary"),
        (".", "R's dot"),
        ("age + .", "R's dot"),
        (["x", "age"], r"Write 'x \+ age'"),
        ("C(k, Treatment('2'))", r"Treatment\('2'\) names a level that is not there. It has 1, 2, 3"),
    ],
)
def test_what_is_no_name_is_told(formula, told):
    with pytest.raises(InputError, match=told):
        cox_ph(SURV, formula, FRAME.assign(k=np.arange(40) % 3 + 1))


def test_natural_splines_have_no_constant():
    """cr(x, df=3) was refused as collinear: its basis held the constant. R: ns(x, knots=quantile(unique(x), c(1/3, 2/3)))."""
    basis = design_matrix("cr(x, df=3)", FRAME)
    assert basis.matrix.shape[1] == 3
    np.testing.assert_allclose(basis.matrix, design_matrix("cr(x, df=3, constraints='center')", FRAME).matrix)
    both = np.column_stack([np.ones(40), basis.matrix, FRAME.x])
    assert np.linalg.matrix_rank(both) == 4  # a straight line is a natural spline
    for formula in ("cr(x, df=3)", "cc(x, df=3)", "cs(x, df=4) + age"):
        fit = cox_ph(SURV, formula, FRAME)
        np.testing.assert_allclose(fit.linear_predictor(FRAME), fit.design.matrix @ fit.estimate)


def test_beyond_a_curve():
    fit = cox_ph(SURV, "bs(age, df=4)", FRAME)
    with pytest.raises(InputError, match=r"bs\(age, df=4\) reaches from .*extrapolation='clip'"):
        fit.linear_predictor({"age": [20]})
    held = cox_ph(SURV, "bs(age, df=4, extrapolation='clip')", FRAME)
    low = float(FRAME.age.min())
    np.testing.assert_allclose(held.linear_predictor({"age": [20]}), held.linear_predictor({"age": [low]}))


MIXED = FRAME.assign(
    kind=pd.Categorical(FRAME.site),
    truth=FRAME.x > 0,
    codes=np.arange(40) % 3,
    digits=np.where(np.arange(40) % 3 == 0, "1", "one"),
    objects=FRAME.x.astype(object),
)


@pytest.mark.parametrize(
    "formula",
    ["x * site", "truth:log(age) + I(x**2)", "C(codes, contr.poly)", "kind + C(site, Treatment('b'))", "C(digits)",
     "I(site == 'a') + C(age > 60)"],
)  # fmt: skip
def test_columns_of_single_rows_are_those_of_any_rows_that_hold_every_label(formula):
    design = design_matrix(formula, MIXED)
    labels = design.labels(MIXED)
    rows = np.sort(np.random.default_rng(2).integers(0, 40, 40))
    assert all(set(codes[rows]) == set(codes) for codes in labels)
    alone = design_matrix(formula, MIXED.iloc[rows].reset_index(drop=True))
    assert alone.columns == design.columns
    np.testing.assert_array_equal(alone.matrix, design.matrix[rows])


def test_the_codes_tell_a_label_that_is_missing():
    (codes,) = design_matrix("x + site", MIXED).labels(MIXED)
    assert codes.tolist() == pd.factorize(FRAME.site)[0].tolist()


@pytest.mark.parametrize(
    "formula",
    ["bs(age, df=3)", "cr(age, df=3)", "x:center(age)", "scale(x)", "standardize(x)", "poly(age, 2)", "digits", "objects",
     "I(kind == 'a')"],
)  # fmt: skip
def test_columns_that_learn_from_all_rows_are_of_no_single_row(formula):
    assert design_matrix(f"codes + {formula}", MIXED).labels(MIXED) is None
