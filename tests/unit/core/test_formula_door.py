"""Formulas: each of the usual ways to write one gives a right result or says what to type; none runs code."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from survsim import Surv, cox_ph, meta_regression, parametric_survival
from survsim.causal import treatment_weights
from survsim.core.design import Design, design_matrix
from survsim.core.formula import parse_formula
from survsim.errors import InputError

N = 60
RNG = np.random.default_rng(0)
X, GROUP = RNG.normal(size=N), RNG.choice(list("abc"), N)
SURV = Surv.right(RNG.exponential(10, N), RNG.random(N) < 0.7, unit="months")


def frame() -> pd.DataFrame:
    data = pd.DataFrame(
        {"x": X, "g": GROUP.astype(object), "tumour size": X**2, "id": [f"p{i}" for i in range(N)]}
    )
    data["codes"] = [str(k % 3) for k in range(N)]
    data["age"] = [str(40 + k % 30) for k in range(N)]
    data["comma"] = [f"{k % 7},{k % 10}" for k in range(N)]
    data["word"] = data["age"]
    data.loc[3, "word"] = "unknown"
    return data


@pytest.mark.parametrize("kind", ["string", "string[pyarrow]", "category", "large_string[pyarrow]"])
def test_text_columns_of_any_library_are_categories(kind: str) -> None:
    plain = cox_ph(SURV, "g", frame())
    data = frame().assign(g=frame()["g"].astype("string" if kind.startswith("large") else kind))
    fit = cox_ph(SURV, "g", data)
    np.testing.assert_array_equal(fit.estimate, plain.estimate)
    np.testing.assert_array_equal(fit.linear_predictor(data[:5]), plain.linear_predictor(frame()[:5]))
    with pytest.raises(InputError, match="not seen in the fit"):
        fit.linear_predictor(
            data[:1].assign(g=pd.Series(["z"], dtype=data["g"].dtype if kind != "category" else object))
        )


@pytest.mark.parametrize("kind", ["Float64", "float64[pyarrow]", "double[pyarrow]"])
def test_number_columns_of_any_library_are_numbers(kind: str) -> None:
    fit = cox_ph(SURV, "x", frame().assign(x=frame()["x"].astype(kind)))
    np.testing.assert_array_equal(fit.estimate, cox_ph(SURV, "x", frame()).estimate)


@pytest.mark.parametrize(
    ("formula", "same"),
    [
        ("factor(g)", "C(g)"),
        ("as.factor(g) + x", "C(g) + x"),
        ("Q('tumour size')", "`tumour size`"),
        ("log(`tumour size`)", "I(log(`tumour size`))"),
        ("np.exp(x)", "exp(x)"),
        ("sqrt(abs(x))", "I(abs(x) ** 0.5)"),
        ("C(g, contr.treatment('b'))", "C(g, Treatment('b'))"),
        ("cr(x, df=3, constraints='center')", "cr(x, df=3, constraints='center')"),
    ],
)
def test_what_may_stand_in_a_formula(formula: str, same: str) -> None:
    one, other = design_matrix(formula, frame()), design_matrix(same, frame())
    np.testing.assert_allclose(one.matrix, other.matrix, rtol=1e-12)
    np.testing.assert_allclose(one.apply(frame()[:7]), one.matrix[:7], rtol=1e-9)


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("0 + g", r"leave out '0 \+' and '- 1'"),
        ("g - 1", r"leave out '0 \+' and '- 1'"),
        ("x + strata(g)", r"strata belong to the response: Surv.right\(..., stratum=frame\['g'\]\)"),
        ("x + cluster(id)", r"Surv.right\(..., cluster=frame\['id'\]\)"),
        ("x %in% g", "Type x:g for the effect of x within each group"),
        ("g + I(g %in% c('a'))", r"%in% is not read.*isin"),
        ("frailty(g)", r"cox_ph\(..., frailty=frame\['g'\]\)"),
        ("offset(x)", r"offset=frame\['x'\]"),
        ("ns(x, df=3)", r"cr\(x, df=3\)"),
        ("Surv(time, event)", "right-hand side only"),
        ("y ~ x", "right-hand side only"),
        ("tumour size", "written in backticks: `tumour size`"),
        ("'tumour size' + x", "written in backticks: `tumour size`"),
        ("word", r"'word' holds 'unknown' in row 3 among numbers.*write C\(word\)"),
        ("age", r"holds numbers as text.*write C\(age\)"),
        ("comma", r"holds numbers as text.*str\.replace\(',', '\.'\)\.astype\(float\)"),
        ("id", "60 different words in 60 rows"),
        ("x | g", "several parts"),
        ("x + + )", "does not parse"),
        ("missing_one", "Columns: x, g, tumour size"),
        ("(x + g) ** 9", "at most 4 are expanded"),
        ("I(x ** 99)", "a power is a number up to 20"),
        ("I(2 ** x)", "a power is a number up to 20"),
        ("x" * 2001, "at most 2000 are read"),
    ],
)
def test_what_may_not_is_said_with_what_to_type(formula: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as told:
        cox_ph(SURV, formula, frame())
    assert "\x1b" not in str(told.value) and "\n" not in str(told.value)


def test_codes_written_as_codes_are_categories() -> None:
    assert cox_ph(SURV, "C(codes)", frame()).terms == ("C(codes)[T.1]", "C(codes)[T.2]")


HOSTILE = [
    "I(__import__('os').system('touch {path}'))",
    "x + I(open('{path}', 'w').write('a') + x)",
    "{{open('{path}', 'w')}}",
    "np.save('{path}', x)",
    "I(x.__class__.__base__)",
    "C(g, contr.__class__)",
    "I((lambda: open('{path}', 'w'))())",
    "I([open('{path}', 'w') for _ in [1]])",
    "exec('1')",
    "eval('1')",
    "getattr(x, 'sum')",
    "x.to_csv('{path}')",
    "log(x).to_csv('{path}')",
    "bs(x, df=open('{path}', 'w'))",
    "I(np.lib.npyio)",
    "Q(open('{path}', 'w').name)",
    "I(f\"{{open('{path}', 'w')}}\")",
    "I(x := 3)",
]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_formula_runs_code(tmp_path: Path, hostile: str) -> None:
    path = tmp_path / "written.npy"
    formula = hostile.format(path=path)
    rows = pd.DataFrame({"x": X[:6], "g": list("ababab")})
    for use in (
        lambda: cox_ph(SURV, formula, frame()),
        lambda: parametric_survival(SURV, "weibull", formula, frame()),
        lambda: parametric_survival(SURV, "weibull", ancillary=formula, data=frame()),
        lambda: meta_regression(X[:6], [0.1] * 6, formula, data=rows),
        lambda: treatment_weights(GROUP == "a", formula, frame()),
    ):
        with pytest.raises(InputError):
            use()
    assert not any(tmp_path.iterdir())


def test_a_recipe_from_a_file_runs_no_code_either() -> None:
    from formulaic import model_matrix

    spec = model_matrix("I(x.__class__ is not None) + x", frame()).model_spec
    design = Design("x", ("x",), frame()[["x"]].to_numpy(), spec)
    with pytest.raises(InputError, match="outside the vocabulary"):
        design.apply(frame()[:2])


def _frame():
    rng = np.random.default_rng(1)
    n = 60
    return pd.DataFrame({"x": rng.normal(size=n) + 3, "g": rng.choice(list("abc"), n)}), Surv.right(
        rng.exponential(10, n) + 0.1, rng.random(n) < 0.7, unit="months"
    )


@pytest.mark.parametrize(
    "formula, advice",
    [
        ("x**2", r"I\(x\*\*2\)"),
        ("g + x^3", r"I\(x\*\*3\)"),
        ("I(x^2)", r"a power is written \*\*"),
        ("bs(x, df=10000)", "more than 50 columns"),
        ("poly(x, 1000)", "more than 50 columns"),
        ("where(x>3)", "cannot be used"),
        ("x > 3", r"I\(age > 60\)"),
        ("strata (g)", "stratum"),
    ],
)
def test_what_a_formula_does_not_mean_is_told(formula, advice):
    frame, surv = _frame()
    with pytest.raises(InputError, match=advice):
        cox_ph(surv, formula, frame)


@pytest.mark.parametrize(
    "column",
    [
        pd.to_timedelta(np.arange(60), unit="D"),
        pd.date_range("2020-01-01", periods=60),
        np.arange(60) + 1j,
        ["a", " "] * 30,
        pd.Categorical(["a", ""] * 30),
        pd.Series(["a", "b", " "] * 20, dtype="string"),
    ],
)
def test_columns_that_are_no_numbers_and_blank_labels_are_refused(column):
    frame, surv = _frame()
    with pytest.raises(InputError, match="column 'd'"):
        cox_ph(surv, "d", frame.assign(d=column))


def test_columns_of_other_kinds_mean_what_they_hold():
    frame, surv = _frame()
    exact = frame.assign(x=[Decimal(str(v)) for v in frame.x])
    assert cox_ph(surv, "x", exact).estimate == pytest.approx(cox_ph(surv, "x", frame).estimate)
    unused = frame.assign(g=pd.Categorical(frame.g, categories=list("zabc")))
    fit, right = cox_ph(surv, "g", unused), cox_ph(surv, "g", frame)
    assert fit.terms == right.terms
    assert fit.estimate == pytest.approx(right.estimate)
    new = unused[unused.g == "b"].head(1)
    assert fit.predict_survival(new, times=[5]).survival == pytest.approx(
        right.predict_survival(frame.loc[new.index], times=[5]).survival
    )
    spaced = cox_ph(surv, "factor (g)", frame)
    assert spaced.estimate == pytest.approx(right.estimate)


def test_levels_that_leave_a_category_out_are_refused():
    """Its rows were coded as the reference, with a warning of another package."""
    frame = pd.DataFrame({"g": list("abcabcab"), "x": range(8)})
    surv = Surv.right([1, 2, 3, 4, 5, 6, 7, 8], [1] * 8, unit="months")
    with pytest.raises(InputError, match="names the levels of a column and leaves some out"):
        cox_ph(surv, "C(g, levels=['a', 'b'])", frame)


@pytest.mark.parametrize(
    ("formula", "advice"),
    [
        (
            "cut(age, 3)",
            r"bands are a column made by pandas.cut beforehand, or a comparison such as I\(age > 60\)",
        ),
        ("ifelse(age > 60, 1, 0)", r"a condition is a comparison inside I\(\), such as I\(age > 60\)"),
        ("relevel(arm, ref='b')", r"choose the reference level by C\(arm, Treatment\('level'\)\)"),
        ("pspline(age)", r"splines are bs\(age, df=3\)"),
        ("ridge(age)", "a penalty is an option of the fit"),
    ],
)
def test_more_words_of_r_are_answered_by_what_to_type(formula: str, advice: str) -> None:
    with pytest.raises(InputError, match=advice):
        parse_formula(formula, ["age", "arm"])
