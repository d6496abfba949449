"""What a formula reads is found by its own parse: no name of a column escapes the checks, and no term drops out."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

from survsim import Surv, cox_ph, meta_regression, parametric_survival
from survsim.causal import standardised_survival, treatment_weights
from survsim.competing import fine_gray
from survsim.core.design import Design, design_matrix, formula_variables
from survsim.core.errors import InputError
from survsim.errors import EvidenceWarning

RNG = np.random.default_rng(0)
N = 60
FRAME = pd.DataFrame(
    {
        "x": RNG.normal(size=N), "o": RNG.normal(size=N), "g": RNG.choice(list("uv"), N),
        "age": RNG.integers(40, 80, N), "dose": RNG.integers(1, 60, N),
    },
    index=[f"p{i}" for i in range(N)],
)  # fmt: skip
TIME, EVENT = RNG.exponential(10, N).round(1) + 0.5, RNG.integers(0, 2, N)
SURV = Surv.right(pd.Series(TIME, FRAME.index), pd.Series(EVENT, FRAME.index), unit="months")
SITE = RNG.choice(list("ABC"), N).astype(object)
ODD_NAMES = [
    "site.name",
    "C",
    "Q",
    "np",
    "I",
    "log",
    "Sum",
    "contr",
    "True",
    "site name",
    "_x",
    "factor (a)",
    "a~b",
]


def with_gap() -> np.ndarray:
    gap = SITE.copy()
    gap[5] = None
    return gap


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_gap_is_found_under_every_name(name: str) -> None:
    """It was coded as the reference level."""
    frame, formula = FRAME.assign(**{name: with_gap()}), f"`{name}`"
    with pytest.raises(InputError, match=r"missing or infinite in row 5 \(labelled 'p5'\)"):
        cox_ph(SURV, formula, frame)
    with pytest.warns(EvidenceWarning, match="1 of 60 rows left out"):
        fit = cox_ph(SURV, formula, frame, missing="drop")
    whole = np.arange(N) != 5
    right = cox_ph(SURV.take(whole), "site", FRAME.assign(site=SITE)[whole])
    np.testing.assert_array_equal(fit.estimate, right.estimate)


@pytest.mark.parametrize("formula", ["C(`site.name`)", "I(`site.name`)", "Q('site.name')", "where(`site.name` == 'A', 1, 0)", "Q(1)"])  # fmt: skip
def test_a_gap_is_found_inside_functions(formula: str) -> None:
    frame = FRAME.assign(**{"site.name": with_gap()})
    frame[1] = with_gap()
    with pytest.raises(InputError, match="missing or infinite in row 5"):
        design_matrix(formula, frame)


@pytest.mark.parametrize(
    "fit",
    [
        lambda f, d: parametric_survival(SURV, "weibull", f, d),
        lambda f, d: fine_gray(Surv.competing(TIME, EVENT, unit="months"), f, d, cause=1),
        lambda f, d: treatment_weights(d["x"] > 0, f, d),
        lambda f, d: meta_regression(d["x"].to_numpy(), [0.1] * N, f, data=d),
    ],
)
def test_every_model_finds_it(fit: Callable[[str, Any], Any]) -> None:
    with pytest.raises(InputError, match=r"'site.name' missing or infinite in row 5"):
        fit("site.name", FRAME.assign(**{"site.name": with_gap()}))


@pytest.mark.parametrize("formula", ["a.g", "`a.g`", "I(`a.g`)", "Q('a.g')", "{`a.g`}"])
def test_numbers_as_text_are_no_category_under_any_name(formula: str) -> None:
    frame = FRAME.assign(**{"a.g": [str(40 + k % 3) for k in range(N)]})
    with pytest.raises(InputError, match=r"column 'a.g' holds numbers as text"):
        design_matrix(formula, frame)
    assert design_matrix("C(`a.g`)", frame).columns == ("C(`a.g`)[T.41]", "C(`a.g`)[T.42]")
    with pytest.raises(InputError, match="gives text and no numbers"):
        design_matrix("where(x > 0, `a.g`, `a.g`)", frame)


def test_blank_text_and_unused_categories_under_a_dotted_name() -> None:
    blank = FRAME.assign(**{"b.l": np.where(np.arange(N) % 3 == 0, " ", "k")})
    with pytest.raises(InputError, match=r"column 'b.l' is blank in rows 0, 3, 6"):
        design_matrix("b.l", blank)
    unused = FRAME.assign(**{"u.c": pd.Categorical(FRAME.g, categories=list("zuv"))})
    assert cox_ph(SURV, "u.c", unused).estimate == pytest.approx(cox_ph(SURV, "g", FRAME).estimate)


def test_a_column_called_like_a_coding_does_not_stand_for_it() -> None:
    frame = FRAME.assign(Sum=FRAME.o)
    np.testing.assert_array_equal(
        design_matrix("C(g, Sum)", frame).matrix[:, 0], np.where(FRAME.g == "u", 1.0, -1.0)
    )
    assert formula_variables("C(g, Sum) + np.log(x) + Q('site.name') + `b c`") == {
        "g",
        "x",
        "site.name",
        "b c",
    }


def test_text_in_quotes_stays_as_it_is() -> None:
    words = np.where(FRAME.g == "u", "`u`", "factor (a) ~ 1")
    for word in ("`u`", "factor (a) ~ 1"):
        made = design_matrix(f'I(g == "{word}")', FRAME.assign(g=words))
        np.testing.assert_array_equal(made.matrix[:, 0], words == word)


def test_ten_to_the_power_of_x() -> None:
    """It was x to the power of ten."""
    np.testing.assert_allclose(design_matrix("exp10(x)", FRAME).matrix[:, 0], 10.0**FRAME.x)


def test_names_that_begin_alike() -> None:
    frame = FRAME.assign(**{"a b": FRAME.x, "a b2": FRAME.o})
    for formula in ("I(`a b` - `a b2`)", "I(Q('a b') - `a b2`)"):
        np.testing.assert_allclose(design_matrix(formula, frame).matrix[:, 0], FRAME.x - FRAME.o)
    assert design_matrix("`a b2` + `a b`", frame).columns == ("a b2", "a b")
    np.testing.assert_allclose(design_matrix("I(`a b2` - `a b`)", frame).matrix[:, 0], FRAME.o - FRAME.x)


def test_names_that_cannot_be_told_are_refused() -> None:
    with pytest.raises(InputError, match="takes the name of one column"):
        design_matrix("Q('n' + 'p')", FRAME.assign(np=FRAME.x))
    made = design_matrix("where(`True` > 0, 1, 0)", FRAME.assign(**{"True": FRAME.x}))
    np.testing.assert_array_equal(made.matrix[:, 0], FRAME.x > 0)
    np.testing.assert_array_equal(
        design_matrix("C(`C`)", FRAME.assign(C=FRAME.g)).matrix[:, 0], FRAME.g == "v"
    )
    with pytest.raises(InputError, match=r"'1' is no column. A column with a number for its label is Q\(1\)"):
        design_matrix("x + `1`:o", FRAME.assign(h=FRAME.o).rename(columns={"h": 1}))
    with pytest.raises(InputError, match=r"'agee' is no column. Did you mean 'age'"):
        design_matrix("log(agee)", FRAME)


@pytest.mark.parametrize(
    ("formula", "right"),
    [
        ("age:dose", lambda d: d.age * d.dose),
        ("I(age**2)", lambda d: d.age**2),
        ("I(-dose)", lambda d: -d.dose),
        ("I(age * 1000)", lambda d: d.age * 1000),
        ("I(age**12)", lambda d: d.age.astype(float) ** 12),
        ("log(dose)", lambda d: np.log(d.dose.astype(float))),
    ],
)
@pytest.mark.parametrize("kind", ["int8", "uint8", "int16", "Int8", "uint8[pyarrow]"])
def test_small_integers_do_not_run_over(formula: str, right: Callable[[Any], Any], kind: str) -> None:
    """44 * 38 is 1672, and not -120."""
    made = design_matrix(formula, FRAME.astype({"age": kind, "dose": kind})).matrix[:, 0]
    np.testing.assert_allclose(made, right(FRAME).to_numpy(float), rtol=1e-14)


def test_truth_values_are_counted_where_numbers_are_calculated() -> None:
    """To numpy True + True is True, and exp(True) is 2.719."""
    frame = FRAME.assign(a=FRAME.x > 0, b=FRAME.o > 0)
    total = frame.a.astype(float) + frame.b.astype(float)
    for formula in ("I(a + b)", "I((x > 0) + (o > 0))", "I(a + Q('b'))"):
        np.testing.assert_array_equal(design_matrix(formula, frame).matrix[:, 0], total)
    np.testing.assert_array_equal(design_matrix("I(-a)", frame).matrix[:, 0], -frame.a.astype(float))
    np.testing.assert_allclose(design_matrix("exp(a)", frame).matrix[:, 0], np.exp(frame.a.astype(float)))
    both = (frame.a & frame.b).astype(float)
    whole = frame.assign(a=frame.a.astype(int), b=frame.b.astype(int))
    for data in (frame, whole):
        np.testing.assert_array_equal(design_matrix("I(a & b)", data).matrix[:, 0], both)


def test_labels_keep_their_own_kind() -> None:
    frame = FRAME.assign(stage=np.arange(N) % 3 + 1, flag=FRAME.x > 0)
    assert design_matrix("C(stage)", frame.astype({"stage": "int8"})).columns == (
        "C(stage)[T.2]",
        "C(stage)[T.3]",
    )
    assert design_matrix("C(stage // 2)", frame).columns == ("C(stage // 2)[T.1]",)
    assert design_matrix("C(flag)", frame).columns == ("C(flag)[T.True]",)


@pytest.mark.parametrize("make", [int, float, np.int64, np.float32, Decimal])
def test_numbers_kept_as_objects_are_numbers(make: Callable[[int], Any]) -> None:
    stage = np.arange(N) % 3 + 1
    objects = pd.Series([make(int(v)) for v in stage], index=FRAME.index, dtype=object)
    fit, right = (cox_ph(SURV, "stage", FRAME.assign(stage=column)) for column in (objects, stage))
    assert fit.terms == right.terms == ("stage",)
    np.testing.assert_array_equal(fit.estimate, right.estimate)
    regression = meta_regression(FRAME.x.to_numpy(), [0.1] * N, "stage", data=FRAME.assign(stage=objects))
    assert regression.terms == ("intercept", "stage")


@pytest.mark.parametrize("formula", ["C(flag)", "C(I(flag))"])
@pytest.mark.parametrize("fitted", [bool, int, float, object])
@pytest.mark.parametrize("asked", [[True, False], [1, 0], [1.0, 0.0], np.array([True, False], object)])
def test_a_label_is_the_level_that_equals_it(formula: str, fitted: Any, asked: Any) -> None:
    """Everybody was coded as the reference."""
    design = design_matrix(formula, FRAME.assign(flag=(FRAME.x > 0).astype(fitted)))
    for one in (design, Design.from_stored(design.to_stored())):
        assert one.apply(pd.DataFrame({"flag": asked})).tolist() == [[1.0], [0.0]]
    with pytest.raises(InputError, match="not seen in the fit"):
        design.apply(pd.DataFrame({"flag": [2, 0]}))


def test_categories_of_numbers_read_numbers_on_new_data() -> None:
    design = design_matrix("stage", FRAME.assign(stage=pd.Categorical(np.arange(N) % 3 + 1)))
    assert design.apply(pd.DataFrame({"stage": [1, 2, 3]})).tolist() == [[0, 0], [1, 0], [0, 1]]
    with pytest.raises(InputError, match="not seen in the fit"):
        design.apply(pd.DataFrame({"stage": [1, 7]}))
    number = design_matrix("stage", FRAME.assign(stage=np.arange(N) % 3 + 1))
    with pytest.raises(InputError, match="was a numerical term in the fit, and is categorical"):
        number.apply(pd.DataFrame({"stage": ["one", "two"]}))


def test_what_cannot_be_calculated_is_no_label() -> None:
    with pytest.raises(InputError, match="gives no label in rows"):
        design_matrix("C(log(x) > 0) + C(log(x))", FRAME)


@pytest.mark.parametrize("formula", ["log(x)", "I(1 / (age - age))", "inf"])
def test_infinite_is_not_missing(formula: str) -> None:
    """The advice to drop what is missing led round in a circle."""
    frame = FRAME.assign(inf=np.where(np.arange(N) == 3, np.inf, 1.0))
    for missing in ("refuse", "drop"):
        with pytest.raises(InputError, match="infinite or not to be calculated in row") as told:
            cox_ph(SURV, formula, frame, missing=missing)
        assert "missing='drop'" not in str(told.value)


def test_the_treatment_is_a_column_of_the_formula_and_no_part_of_a_name() -> None:
    """A treatment that is not in the model made a difference of exactly 0."""
    frame = FRAME.assign(drug=np.arange(N) % 2, drug_dose=FRAME.o)
    with pytest.raises(InputError, match="'drug_dose' does not name the treatment 'drug'"):
        standardised_survival(cox_ph(SURV, "drug_dose", frame), frame, "drug", 2.0, tau=3.0, n_resamples=0)
    values = [
        standardised_survival(cox_ph(SURV, f, frame), frame, "drug", 2.0, tau=3.0, n_resamples=0).estimate
        for f in ("drug + x", "Q('drug') + x")
    ]
    np.testing.assert_allclose(values[0], values[1])


@pytest.mark.parametrize(
    ("formula", "told"),
    [
        ("x + Intercept", "name of the model's own constant; rename"),
        ("g + `g[T.v]`", r"makes two columns called 'g\[T.v\]'"),
        ("1/age", r"that is I\(1 / age\)"),
        ("age/2", r"that is I\(age / 2\)"),
        ("2*age", r"that is I\(2 \* age\)"),
        ("2:age", r"that is I\(2 \* age\)"),
        ("x + 2", "adds the number 2"),
        ("log(age)**2", r"written I\(log\(age\)\*\*2\)"),
        ("(age)**2", r"written I\(age\*\*2\)"),
        ("I(age)^2", r"written I\(age\*\*2\)"),
        ("{age}**2", r"written I\(age\*\*2\)"),
        ("age*age", r"written I\(age\*\*2\)"),
        ("x:x", r"written I\(x\*\*2\)"),
        ("-age", r"or I\(-age\)"),
        ("x + -age", "takes age out, which is not in it"),
        ("x + (-age)", "takes age out, which is not in it"),
        ("age - dose", r"takes dose out.*I\(first - second\)"),
        ("((x + o + age + g)**4)**4", "at most 5000 are read"),
    ],
)
def test_no_term_drops_out_without_a_word(formula: str, told: str) -> None:
    frame = FRAME.assign(Intercept=FRAME.o, **{"1": FRAME.o, "g[T.v]": FRAME.o})
    with pytest.raises(InputError, match=told):
        design_matrix(formula, frame)


@pytest.mark.parametrize(
    ("formula", "columns"),
    [
        ("(x + o)**2 - x:o", ("x", "o")),
        ("x + o - x", ("o",)),
        ("x + 1", ("x",)),
        ("x/o", ("x", "x:o")),
        ("x*g - g", ("x", "x:g[T.v]")),
        ("log(`age`) + age", ("log(age)", "age")),
    ],
)
def test_what_the_operators_mean_still_holds(formula: str, columns: tuple[str, ...]) -> None:
    assert design_matrix(formula, FRAME).columns == columns


@pytest.mark.parametrize(
    ("formula", "told"),
    [
        ("I('a' * 10**9)", "calculates with text"),
        ("I(g * 10**9)", "calculates with text"),
        ("I(Q('g') * 10**9)", "calculates with text"),
        ("I(where(x > 0, g, g) * 10**9)", "calculates with text"),
        ("I('%1000000000d' % x)", "calculates with text"),
        ("I([1] * 10**9)", "calculates with text or with a list"),
        ("I(g == 'a' * 10**9)", "calculates with text"),
        ("I(10**10**9 * x)", "a power is a number up to 20"),
        ("I(((10**20)**20)**20 * x)", "larger than 1e[+]100"),
        ("I(abs(10**20)**20 * x)", "larger than 1e[+]100"),
        ("I(where(x > 0, 10**19, 1)**20)", "larger than 1e[+]100"),
        ("bs(x, df=10 * 10**5)", "more than 50 columns"),
        ("10**10**9", "is 10 alone"),
        ("x**10**9", "is 10 alone"),
        (f"I({'-' * 1500}x)", "nested too deeply|does not parse"),
        ("*".join(f"I(x + {k})" for k in range(1, 20)), "at most 5000 are read"),
    ],
)
def test_what_would_never_end_is_refused_before_it_begins(formula: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        design_matrix(formula, FRAME)


def test_text_may_be_compared_and_constants_calculated() -> None:
    np.testing.assert_array_equal(
        design_matrix("I((g == 'u') * x)", FRAME).matrix[:, 0], (FRAME.g == "u") * FRAME.x
    )
    np.testing.assert_allclose(
        design_matrix("I(log(x**2) / log(2) + 10**2)", FRAME).matrix[:, 0], np.log2(FRAME.x**2) + 100
    )


def test_a_dictionary_of_arrow_keeps_its_declared_order_in_a_formula():
    pa = pytest.importorskip("pyarrow")
    held = pa.DictionaryArray.from_arrays(pa.array([1, 0] * 20), pa.array(["lo", "hi"]))
    frame = pd.DataFrame({"h": pd.Series(held, dtype=pd.ArrowDtype(held.type))})
    surv = Surv.right(np.arange(1.0, 41.0), np.ones(40), unit="months")
    assert cox_ph(surv, "h", frame).terms == ("h[T.hi]",)
