"""Columns in a dictionary or a table of another library are data as a frame is."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from survsim import (
    Surv,
    cox_ph,
    ipw_cox,
    kaplan_meier,
    parametric_survival,
    standardised_survival,
    treatment_weights,
)
from survsim.core.errors import InputError
from survsim.core.frames import as_frame, in_pandas
from survsim.core.pairing import index_of

N = 40
RNG = np.random.default_rng(3)
FRAME = pd.DataFrame(
    {"t": RNG.exponential(10, N) + 0.1, "x": RNG.normal(size=N), "g": RNG.choice(list("ab"), N)},
    index=[f"p{i}" for i in range(N)],
)
EVENT = RNG.random(N) < 0.7
SHUFFLED = FRAME.sample(frac=1, random_state=1)
TABLES = {
    "lists": {"x": FRAME.x.tolist(), "g": FRAME.g.tolist()},
    "arrays": {"x": FRAME.x.to_numpy(), "g": FRAME.g.to_numpy()},
    "series in another order": {"x": SHUFFLED.x, "g": SHUFFLED.g},
    "an arrow table": pa.table({"x": FRAME.x.to_numpy(), "g": FRAME.g.tolist()}),
}


def surv() -> Surv:
    return Surv.right(FRAME.t, EVENT, unit="months")


@pytest.mark.parametrize("table", TABLES)
def test_a_table_gives_the_fit_of_its_frame(table):
    right = cox_ph(surv(), "x + g", FRAME)
    assert cox_ph(surv(), "x + g", TABLES[table]).estimate == pytest.approx(right.estimate, abs=1e-12)
    weights = treatment_weights(FRAME.g, "x", FRAME)
    mine = treatment_weights(FRAME.g, "x", TABLES[table])
    assert mine.in_order_of(surv()).weight == pytest.approx(weights.weight)
    fitted = ipw_cox(surv(), FRAME.g, "x", TABLES[table])
    assert fitted.estimate == pytest.approx(ipw_cox(surv(), FRAME.g, "x", FRAME).estimate)
    standard = standardised_survival(right, TABLES[table], "g", times=[5], n_resamples=0)
    assert standard.estimate == pytest.approx(
        standardised_survival(right, FRAME, "g", times=[5], n_resamples=0).estimate
    )


def test_columns_without_a_formula_and_new_patients():
    fit = cox_ph(surv(), None, {"x": FRAME.x.to_numpy()})
    assert fit.terms == ("x",)
    both = cox_ph(surv(), "x + g", FRAME)
    one = both.predict_survival({"x": 0.5, "g": "a"}, times=[5]).survival
    assert one == pytest.approx(
        both.predict_survival(pd.DataFrame({"x": [0.5], "g": ["a"]}), times=[5]).survival
    )
    law = parametric_survival(surv(), "weibull", "x", FRAME)
    two = law.predict_survival({"x": [0.0, 1.0]}, times=[5.0]).to_frame()
    assert two.survival.to_numpy() == pytest.approx(
        law.predict_survival(pd.DataFrame({"x": [0.0, 1.0]}), times=[5.0]).to_frame().survival.to_numpy()
    )


@pytest.mark.parametrize("data", [{"x": [1, 2], "g": ["a"]}, [{"x": 1}], "x", 3.0, {}])
def test_what_is_no_table_is_refused(data):
    with pytest.raises(InputError):
        cox_ph(surv(), "x", data)
    with pytest.raises(InputError):
        cox_ph(surv(), "x", FRAME).predict_survival(data, times=[5])


def test_only_labels_that_were_given_pair_rows():
    assert index_of(as_frame({"x": [1, 2]})) is None
    assert list(index_of(as_frame({"x": pd.Series([1, 2], index=["a", "b"])}))) == ["a", "b"]


def test_a_ratio_of_one_unit_beyond_floats_is_infinite_without_a_warning():
    fit = cox_ph(surv(), None, FRAME[["x"]].to_numpy() * 1e-7)
    assert set(fit.to_frame().conf_high) | {*fit.hazard_ratio} <= {0.0, np.inf}
    assert np.isfinite(fit.estimate).all()


def test_a_fit_does_not_follow_its_callers_array():
    """Also a long one, of which results keep a view."""
    x = np.random.default_rng(0).normal(size=(70_000, 1))
    fit = cox_ph(Surv.right(np.arange(1.0, 70_001), np.ones(70_000), unit="months"), None, x)
    before = fit.concordance().estimate
    x[:] = -x
    assert fit.concordance().estimate == before


def test_patients_with_labels_of_two_levels():
    index = pd.MultiIndex.from_arrays([["A", "B"] * (N // 2), range(N)])
    frame = FRAME.set_axis(index)
    fit = cox_ph(Surv.right(frame.t, EVENT, unit="months"), "x", frame)
    table = fit.predict_survival(frame.head(2), times=[5]).to_frame()
    assert table.patient.tolist() == [("A", 0), ("B", 1)]


def test_saving_to_what_is_no_file_name():
    for path in (None, 3):
        with pytest.raises(InputError, match="path"):
            cox_ph(surv(), "x", FRAME).save(path)


def test_a_table_of_arrow_is_a_frame_at_every_door():
    """Not only where the function asks for it: the door itself turns it, so a function of later has it too."""
    import pyarrow

    import survsim
    from survsim.core.door import guarded

    def columns(frame: pd.DataFrame, *, more: pd.DataFrame | None = None) -> list[str]:
        return [*frame.iloc[:1].columns, *(more.iloc[:1].columns if more is not None else [])]

    table = pyarrow.table({"a": [1, 2], "b": ["x", "y"]})
    assert guarded(columns)(table, more=table) == ["a", "b", "a", "b"]
    course = pyarrow.table(
        {
            "label": ["a", "b"],
            "kind": ["course", "event"],
            "start": [0.0, 3.0],
            "stop": [3.0, 3.0],
            "assumed": [False, True],
        }
    )
    assert survsim.figures.swimmer(course, unit="months", end=9) is not None


def test_a_table_of_which_nothing_is_computed_says_how():
    import survsim

    class LazyFrame:
        def collect(self):
            return self

        def collect_schema(self):
            return {}

    with pytest.raises(InputError, match=r"LazyFrame holds no rows.*\.collect\(\)"):
        survsim.Surv.right("time", "event", data=LazyFrame(), unit="months")


def test_a_place_that_cannot_be_written_is_said_and_nothing_is_left(tmp_path):
    import survsim

    curve = survsim.kaplan_meier(Surv.right([1, 2, 3], [1, 0, 1], unit="months"))
    (tmp_path / "file").write_text("kept", encoding="utf-8")
    for name in ("x.json", "x.csv", "x.tex", "x.docx"):
        with pytest.raises(InputError, match=r"cannot be (opened for writing|written)"):
            curve.save(tmp_path / "file" / name)
    assert [p.name for p in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_text(encoding="utf-8") == "kept"


def test_decimals_of_a_table_are_numbers():
    import decimal

    import pyarrow

    import survsim

    paid = [decimal.Decimal("1.5"), None, decimal.Decimal("3.25"), decimal.Decimal("9.75")]
    table = pyarrow.table({"paid": paid, "arm": ["a", "a", "b", "b"]})
    frame = as_frame(table)
    np.testing.assert_array_equal(frame["paid"], [1.5, np.nan, 3.25, 9.75])
    in_floats = pd.DataFrame({"paid": [1.5, np.nan, 3.25, 9.75], "arm": ["a", "a", "b", "b"]})
    assert str(survsim.report.table_one(table, by="arm")) == str(
        survsim.report.table_one(in_floats, by="arm")
    )


def test_the_first_group_of_a_categorical_does_not_depend_on_the_work_before():
    """polars numbers the labels of a Categorical as the process met them, also those of other frames."""

    class Table:
        columns = ("arm", "stage")
        dtypes = ("Categorical", "Enum(categories=['II', 'I'])")

        def to_pandas(self):
            met = pd.Categorical(["new", "control"], ["elsewhere", "new", "control"])
            return pd.DataFrame({"arm": met, "stage": pd.Categorical(["I", "II"], ["II", "I"])})

    frame = as_frame(Table())
    assert list(frame["arm"].cat.categories) == ["control", "new"]
    assert list(frame["arm"]) == ["new", "control"]
    assert list(frame["stage"].cat.categories) == ["II", "I"]


def test_a_column_of_arrow_is_an_array_at_every_door():
    import pyarrow

    from survsim.core.door import guarded

    def total(values: np.ndarray) -> float:
        return float(np.sum(values, axis=0))

    assert guarded(total)(pyarrow.array([1.0, 2.0])) == 3.0
    assert guarded(total)(pyarrow.chunked_array([[1.0], [2.5]])) == 3.5


def _turned(column):
    """The same numbers with their bytes in the other order, as in files of netCDF and FITS."""
    values = np.asarray(column)
    return values.astype(values.dtype.newbyteorder())


def test_the_order_of_bytes_makes_no_difference():
    rng = np.random.default_rng(3)
    plain = pd.DataFrame(
        {
            "t": rng.exponential(9, 40),
            "e": rng.integers(0, 2, 40),
            "x": rng.normal(size=40),
            "z": rng.integers(0, 3, 40),
        }
    )
    turned = plain.copy()
    for name in plain:
        turned[name] = _turned(plain[name])
    assert not any(kind.isnative for kind in turned.dtypes)
    surv = Surv.right("t", "e", data=turned, unit="months", missing="drop")
    assert surv.time.tolist() == plain.t.tolist()
    for formula in ("x", "C(z)", "x + z"):
        found, wanted = (cox_ph(surv, formula, data=data) for data in (turned, plain))
        assert found.estimate.tolist() == wanted.estimate.tolist()
    fit = cox_ph(surv, "x + z", data=plain)
    rows = [fit.predict_survival(data, [3.0]).survival.tolist() for data in (turned, plain)]
    assert rows[0] == rows[1]
    assert kaplan_meier(surv, by=turned.z).to_frame().equals(kaplan_meier(surv, by=plain.z).to_frame())
    assert not any(kind.isnative for kind in turned.dtypes)  # the caller's frame stays as it was


def test_a_frame_in_the_order_of_this_machine_is_not_copied():
    frame = pd.DataFrame({"a": [1.0], "b": ["x"], "c": pd.Categorical(["y"])})
    assert in_pandas(frame) is frame and as_frame(frame) is frame and in_pandas(frame.a) is not None
