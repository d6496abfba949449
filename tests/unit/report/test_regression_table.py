"""The table of a regression: levels and references, counts, effects as the fit has them, Word as a paper prints it."""

from __future__ import annotations

import docx
import numpy as np
import pandas as pd
import pytest

from survsim import Surv, cause_specific_cox, cox_ph, fine_gray, read_result, write_result
from survsim.errors import InputError
from survsim.report import table_regression

RNG = np.random.default_rng(7)
N = 60
DATA = pd.DataFrame(
    {
        "age": RNG.normal(64, 9, N).round(),
        "figo_stage": pd.Categorical(RNG.choice(["I", "II", "III"], N), categories=["I", "II", "III"]),
        "arm": RNG.choice(["new", "old"], N),
    }
)
TIME, EVENT = np.round(RNG.exponential(14, N) + 0.2, 1), RNG.random(N) < 0.7
SURV = Surv.right(TIME, EVENT, unit="months")


@pytest.fixture(scope="module")
def fit():
    return cox_ph(SURV, "age + figo_stage + C(arm)", DATA)


def row(table, label):
    frame = table.frame
    return frame[frame["Characteristic"].str.strip() == label].iloc[0]


def test_each_variable_has_its_levels_and_the_reference(fit):
    table = table_regression(fit)
    assert table.frame["Characteristic"].tolist() == [
        "age", "figo stage", "  I", "  II", "  III", "arm", "  new", "  old",
    ]  # fmt: skip
    cells = table.frame["Hazard ratio (95% CI)"].tolist()
    assert [k for k, cell in enumerate(cells) if cell == "reference"] == [2, 6]
    assert [k for k, cell in enumerate(cells) if cell == ""] == [1, 5]


def test_the_numbers_are_those_of_the_fit(fit):
    table, (low, high) = table_regression(fit), fit.limits()
    for label, term in (("age", "age"), ("II", "figo_stage[T.II]"), ("old", "C(arm)[T.old]")):
        k = fit.terms.index(term)
        expected = f"{fit.hazard_ratio[k]:.2f} ({np.exp(low[k]):.2f} to {np.exp(high[k]):.2f})"
        assert row(table, label)["Hazard ratio (95% CI)"] == expected
        assert row(table, label)["p"] == f"{fit.p_value[k]:.3f}"


def test_patients_and_events_are_counted_from_the_data(fit):
    table = table_regression(fit)
    for column, levels in (("figo_stage", ["I", "II", "III"]), ("arm", ["new", "old"])):
        for level in levels:
            mine = (DATA[column] == level).to_numpy()
            assert row(table, level)[["Patients", "Events"]].tolist() == [
                str(mine.sum()),
                str(EVENT[mine].sum()),
            ]
    assert row(table, "age")["Patients"] == str(N)


def test_start_stop_rows_count_patients_and_weights_are_not_counted():
    twice = pd.concat([DATA, DATA])
    start, stop = np.r_[np.zeros(N), TIME / 2], np.r_[TIME / 2, TIME]
    surv = Surv.right(
        stop, np.r_[np.zeros(N, bool), EVENT], unit="months", entry=start, id=np.tile(np.arange(N), 2)
    )
    table = table_regression(cox_ph(surv, "arm", twice))
    assert row(table, "new")["Patients"] == str((DATA["arm"] == "new").sum())
    weighted = Surv.right(TIME, EVENT, unit="months", weight=np.linspace(0.5, 2.0, N))
    assert "Patients" not in table_regression(cox_ph(weighted, "arm", DATA)).frame


def test_univariable_stands_beside_multivariable_and_is_each_alone(fit):
    table = table_regression(fit, univariable=True)
    heads = [c for c in table.frame if "hazard" in c]
    assert heads == ["Univariable: hazard ratio (95% CI)", "Multivariable: hazard ratio (95% CI)"]
    stage = cox_ph(SURV, "figo_stage", DATA)
    low, high = np.exp(stage.limits())
    assert row(table, "III")[heads[0]] == f"{stage.hazard_ratio[1]:.2f} ({low[1]:.2f} to {high[1]:.2f})"
    assert row(table, "III")[heads[1]] == row(table_regression(fit), "III")["Hazard ratio (95% CI)"]
    assert row(table, "I")[heads[0]] == "reference"


def test_several_fits_stand_side_by_side_in_common_lines(fit):
    small = cox_ph(SURV, "figo_stage", DATA)
    table = table_regression({"Stage": small, "All": fit}, p_value=False)
    assert list(table.frame)[3:] == ["Stage: hazard ratio (95% CI)", "All: hazard ratio (95% CI)"]
    assert row(table, "old")["Stage: hazard ratio (95% CI)"] == ""
    assert row(table, "new")["Stage: hazard ratio (95% CI)"] == ""
    assert row(table, "new")["All: hazard ratio (95% CI)"] == "reference"
    assert any(note.startswith("Stage: Cox regression (Efron's ties): 60 patients") for note in table.notes)


def test_an_interaction_and_a_spline_have_lines_of_their_own():
    table = table_regression(
        cox_ph(SURV, "age * arm + bs(grade, df=3)", DATA.assign(grade=RNG.normal(size=N))),
        labels={"bs(grade, df=3)": "Grade, spline"},
    )
    names = table.frame["Characteristic"].tolist()
    assert "age × arm old" in names
    assert names[-5:-1] == ["Grade, spline", "  1", "  2", "  3"]


def test_labels_and_levels_have_words(fit):
    table = table_regression(
        fit, labels={"age": "Age, per year", "arm": "Treatment"}, levels={"arm": {"old": "carboplatin"}}
    )
    assert {"Age, per year", "Treatment", "  carboplatin", "  new"} <= set(table.frame["Characteristic"])
    with pytest.raises(
        InputError, match="labels names 'stage'; the variables of the table are age, figo_stage, arm"
    ):
        table_regression(fit, labels={"stage": "x"})
    with pytest.raises(InputError, match=r"levels names 'figo_stge'.*did you mean figo_stage"):
        table_regression(fit, levels={"figo_stge": {}})


def test_one_dictionary_of_labels_serves_every_table_of_a_paper(fit):
    table = table_regression(fit, labels={"age": "Age, per year", "hypertension": "Hypertension"})
    assert "Age, per year" in set(table.frame["Characteristic"])
    assert "Hypertension" not in set(table.frame["Characteristic"])


def test_small_p_values_and_extreme_effects_are_not_zeros():
    x = np.r_[np.zeros(40), np.ones(40)]
    time = np.r_[np.arange(1, 41) + 60.0, np.arange(1, 41) / 10]
    time[0] = 0.05
    table = table_regression(
        cox_ph(Surv.right(time, np.ones(80), unit="days"), None, pd.DataFrame({"x": 50 * x}))
    )
    assert table.frame["p"].tolist() == ["<0.001"]
    one = table_regression(cox_ph(SURV, None, pd.DataFrame({"big": DATA["age"] * -1000})), decimals=3)
    assert "0.000" not in one.frame.to_string() or "1.000" in one.frame.to_string()


def test_columns_without_anything_are_left_out(fit):
    assert "p" not in table_regression(fit, p_value=False).frame
    assert "Patients" not in table_regression(fit, counts=False).frame
    competing = Surv.competing(
        TIME, np.where(EVENT, np.where(TIME > 9, "b", "a"), "none"), unit="months", censored="none"
    )
    table = table_regression(fine_gray(competing, "age + arm", DATA, cause="a"))
    assert list(table.frame) == ["Characteristic", "Subdistribution hazard ratio (95% CI)", "p"]
    causes = table_regression(cause_specific_cox(competing, "age", DATA))
    assert [c for c in causes.frame if c.endswith("(95% CI)")] == [
        "a: hazard ratio (95% CI)",
        "b: hazard ratio (95% CI)",
    ]


def test_a_fit_read_from_a_file_gives_the_same_table(fit, tmp_path):
    write_result(fit, tmp_path / "fit.json")
    again = table_regression(read_result(tmp_path / "fit.json"))
    pd.testing.assert_frame_equal(again.frame, table_regression(fit).frame)


def test_it_is_written_as_word_html_latex_and_csv(fit, tmp_path):
    table = table_regression(fit, title="Table 2. Death of any cause")
    for name in ("t.docx", "t.html", "t.tex", "t.csv"):
        table.save(tmp_path / name)
    assert "\u2003II" in (tmp_path / "t.html").read_text()
    assert r"\quad II & " in (tmp_path / "t.tex").read_text()
    assert pd.read_csv(tmp_path / "t.csv", keep_default_na=False).shape == table.frame.shape
    document = docx.Document(str(tmp_path / "t.docx"))
    assert document.paragraphs[0].text == "Table 2. Death of any cause"
    assert document.tables[0].rows[3].cells[0].text == "I"


def test_a_fit_saved_as_word_is_the_table_of_a_paper(fit, tmp_path):
    fit.save(tmp_path / "cox.docx")
    cells = [[c.text for c in r.cells] for r in docx.Document(str(tmp_path / "cox.docx")).tables[0].rows]
    frame = table_regression(fit).frame
    assert cells[0] == list(frame) and len(cells) == len(frame) + 1
    assert [r[3] for r in cells[1:]] == frame["Hazard ratio (95% CI)"].tolist()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda fit: table_regression("fit"), r"a table of a regression is made of .*got str"),
        (lambda fit: table_regression({}), "there are no fits to print"),
        (lambda fit: table_regression({"a": fit}, univariable=True), "univariable goes with one fit"),
        (
            lambda fit: table_regression(
                cox_ph(SURV, "age", DATA, penalty="ridge", penalty_strength=1.0), univariable=True
            ),
            "univariable=True is for a Cox regression without frailty and shrinkage",
        ),
    ],
)
def test_what_is_no_regression_is_refused(fit, call, message):
    with pytest.raises(InputError, match=message):
        call(fit)


def test_univariable_keeps_the_labels_of_the_patients(fit):
    """Rows were dropped before: the labels have gaps, as those of every frame after `dropna()`."""
    frame = DATA.set_axis([3 * i + 5 for i in range(N)])
    surv = Surv.right(pd.Series(TIME, index=frame.index), pd.Series(EVENT, index=frame.index), unit="months")
    gaps = table_regression(cox_ph(surv, "age + figo_stage + C(arm)", frame), univariable=True)
    assert gaps.frame.equals(table_regression(fit, univariable=True).frame)


def test_levels_stay_the_words_of_the_data():
    data = DATA.assign(arm=np.where(DATA["arm"] == "new", "chemo", "rt_late"))
    table = table_regression(cox_ph(SURV, "C(arm)", data))
    assert table.frame["Characteristic"].tolist() == ["arm", "  chemo", "  rt_late"]


CODED = DATA.assign(grade=np.arange(N) % 3 + 1)


def cells_of(table, name):
    """What stands in the effects and p-values of one fit, the row of the variable first."""
    columns = [f"{name}: hazard ratio (95% CI)", f"{name}: p"]
    return table.frame.reindex(columns=columns).to_numpy().T.tolist()


def alone(fit):
    frame = table_regression(fit, counts=False).frame
    return frame[["Hazard ratio (95% CI)", "p"]].to_numpy().T.tolist()


@pytest.mark.parametrize("names", [("crude", "ref 3"), ("ref 3", "crude")])
def test_each_fit_has_its_own_reference_and_its_own_estimates(names):
    fits = {
        "crude": cox_ph(SURV, "C(grade)", CODED),
        "ref 3": cox_ph(SURV, "C(grade, Treatment(3))", CODED),
    }
    table = table_regression({name: fits[name] for name in names})
    for name in names:
        assert cells_of(table, name) == alone(fits[name])
    assert row(table, "3")["ref 3: hazard ratio (95% CI)"] == "reference"
    # The ratio of 3 to 1 is that of 1 to 3 turned over.
    high, low = (fits[f].hazard_ratio[k] for f, k in (("crude", 1), ("ref 3", 0)))
    assert row(table, "3")["crude: hazard ratio (95% CI)"].startswith(f"{high:.2f} (")
    assert row(table, "1")["ref 3: hazard ratio (95% CI)"].startswith(f"{low:.2f} (")
    assert high * low == pytest.approx(1, abs=1e-6)


def test_a_number_beside_its_classes_has_one_line_and_no_reference():
    fits = {"linear": cox_ph(SURV, "grade", CODED), "classes": cox_ph(SURV, "C(grade)", CODED)}
    table = table_regression(fits)
    effects, p = cells_of(table, "linear")
    assert [effects[0], p[0]] == [cells[0] for cells in alone(fits["linear"])]
    assert effects[1:] == p[1:] == ["", "", ""]
    assert cells_of(table, "classes") == alone(fits["classes"])


def test_whole_numbers_in_floats_are_the_levels_they_were():
    """The same column in a frame where it has gaps, of which the rows were dropped."""
    fits = {
        str(kind): cox_ph(SURV, "C(grade)", CODED.assign(grade=CODED["grade"].astype(kind)))
        for kind in ("int64", "float64")
    }
    assert table_regression(fits).frame["Characteristic"].tolist() == ["grade", "  1", "  2", "  3"]


def test_counts_that_differ_stand_with_their_own_fit():
    known = CODED["age"] > 60
    some = Surv.right(TIME[known], EVENT[known], unit="months")
    fits = {"Model 1": cox_ph(SURV, "arm", CODED), "Model 2": cox_ph(some, "arm + age", CODED[known])}
    for chosen in (fits, dict(reversed(fits.items()))):
        table = table_regression(chosen)
        assert not {"Patients", "Events"} & set(table.frame)
        for name, rows in (("Model 1", CODED["arm"] == "new"), ("Model 2", known & (CODED["arm"] == "new"))):
            counted = row(table, "new")[[f"{name}: patients", f"{name}: events"]].tolist()
            assert counted == [str(rows.sum()), str(EVENT[rows.to_numpy()].sum())]
        assert row(table, "age")["Model 1: patients"] == ""


def test_causes_share_their_patients_and_each_has_its_own_events():
    cause = np.where(EVENT, np.where(TIME > 9, "b", "a"), "none")
    competing = Surv.competing(TIME, cause, unit="months", censored="none")
    table = table_regression(cause_specific_cox(competing, "arm", DATA))
    assert (
        list(table.frame)[:3] == ["Characteristic", "Patients", "a: events"] and "Events" not in table.frame
    )
    for one in ("a", "b"):
        for level in ("new", "old"):
            mine = (DATA["arm"] == level).to_numpy() & (cause == one)
            assert row(table, level)[f"{one}: events"] == str(mine.sum())


def test_counts_of_one_kind_of_fit_are_not_printed_beside_another():
    competing = Surv.competing(
        TIME, np.where(EVENT, np.where(TIME > 9, "b", "a"), "none"), unit="months", censored="none"
    )
    fits = {"Cox": cox_ph(SURV, "arm", DATA), "Fine-Gray": fine_gray(competing, "arm", DATA, cause="a")}
    heads = list(table_regression(fits).frame)
    assert heads[1:3] == ["Cox: patients", "Cox: events"]


def test_names_of_fits_are_printed_letter_by_letter():
    fits = {"crude_1": cox_ph(SURV, "arm", DATA), "crude_2": cox_ph(SURV, "age", DATA)}
    html = table_regression(fits).html
    assert "crude_1: hazard ratio (95% CI)" in html and "crude 1" not in html


def test_fits_to_the_same_patients_share_the_counts(fit):
    table = table_regression({"Stage": cox_ph(SURV, "figo_stage", DATA), "All": fit})
    assert list(table.frame)[:3] == ["Characteristic", "Patients", "Events"]
    assert row(table, "II")["Patients"] == str((DATA["figo_stage"] == "II").sum())


def test_an_interaction_is_not_fitted_without_its_main_effects():
    table = table_regression(cox_ph(SURV, "age * arm", DATA), univariable=True)
    apart = row(table, "age × arm old")
    assert apart["Univariable: hazard ratio (95% CI)"] == apart["Univariable: p"] == ""
    assert apart["Multivariable: hazard ratio (95% CI)"]
    assert "interactions are not" in table.notes[0]


@pytest.mark.parametrize("name", ["Größe [cm]", "tumour size", "a:b"])
@pytest.mark.parametrize("written", ["Q({!r})", "`{}`", "C(Q({!r}))", "C(`{}`)"])
def test_a_column_keeps_its_name_however_the_formula_quotes_it(name, written, tmp_path):
    formula = written.replace("{!r}", repr(name)).replace("{}", name)
    fit = cox_ph(SURV, f"{formula} + age", CODED.assign(**{name: np.arange(N) % 2}))
    write_result(fit, tmp_path / "fit.json")
    for one in (fit, read_result(tmp_path / "fit.json")):
        table = table_regression(one, labels={name: "Size, cm"})
        levels = ["  0", "  1"] if "C(" in formula else []
        assert table.frame["Characteristic"].tolist() == ["Size, cm", *levels, "age"]
        assert table_regression(one).frame["Characteristic"].iloc[0] == name


def test_levels_with_brackets_and_colons_are_levels():
    odd = DATA.assign(arm=np.where(DATA["arm"] == "new", "x:1", "y[2]"))
    table = table_regression(cox_ph(SURV, "arm * age", odd))
    assert table.frame["Characteristic"].tolist() == ["arm", "  x:1", "  y[2]", "age", "arm y[2] × age"]
