"""Table 1 against counts made by hand, and as the files that journals take."""

import docx
import numpy as np
import pandas as pd
import pytest

import survsim
from survsim.errors import InputError
from survsim.report import table_one

FRAME = pd.DataFrame(
    {
        "arm": ["a"] * 12 + ["b"] * 4,
        "age": [50, 52, 54, 56, 58, 60, 62, 64, 66, 68, 70, np.nan, 40, 45, 50, 71],
        "stage": ["I"] * 6 + ["III"] * 5 + [None] + ["I", "I", "III", "III"],
        "smoker": [True] * 3 + [False] * 13,
    }
)


def cells(made):
    return {row[0]: tuple(row[1:]) for row in made.frame.itertuples(index=False, name=None)}


def test_counts_shares_and_quartiles_are_those_of_the_hand():
    made = table_one(FRAME, by="arm", labels={"age": "Age, years"})
    assert list(made.frame.columns) == ["Characteristic", "All (n = 16)", "a (n = 12)", "b (n = 4)"]
    found = cells(made)
    assert found["Age, years"] == ("58.0 (51.0 to 65.0)", "60.0 (55.0 to 65.0)", "47.5 (40.0 to 71.0)")
    assert found["  I"] == ("8 (53%)", "6 (55%)", "2/4")
    assert found["  III"] == ("7 (47%)", "5 (45%)", "2/4")
    assert found["smoker"] == ("3 (19%)", "3 (25%)", "0/4")
    assert [row[1] for row in made.frame.itertuples(index=False) if row[0] == "  not known"] == ["1", "1"]
    assert made.notes[1].startswith("Where fewer than 10 are known")


def test_means_ranges_order_of_categories_and_codes():
    frame = FRAME.assign(stage=pd.Categorical(FRAME["stage"], categories=["III", "II", "I"]), ecog=[1, 2] * 8)
    assert [n for n in cells(table_one(frame, columns=["stage"]))][1:3] == ["  III", "  I"]
    assert cells(table_one(frame, columns=["age"], spread="sd"))["age"] == ("57.7 (9.3)",)
    assert cells(table_one(frame, columns=["age"], spread="range"))["age"] == ("58.0 (40.0 to 71.0)",)
    assert cells(table_one(frame, columns=["ecog"], categories=["ecog"]))["  1"] == ("8 (50%)",)


def test_groups_may_be_called_like_the_columns_of_the_table():
    frame = FRAME.assign(arm=FRAME["arm"].replace({"a": "p", "b": "Characteristic"}))
    made = table_one(frame, by="arm", columns=["smoker"], p_value=True).frame
    assert list(made.columns)[1:] == ["All (n = 16)", "Characteristic (n = 4)", "p (n = 12)", "p"]
    assert made["p (n = 12)"].tolist() == ["3 (25%)"] and made["p"].tolist() == ["0.529"]


def test_the_note_on_few_stands_where_few_are_known():
    large = pd.DataFrame({"x": [1.0] * 5 + [np.nan] * 20, "y": [True] * 25})
    assert "fewer than 10" in table_one(large).notes[1]
    assert len(table_one(large, columns=["y"]).notes) == 1
    assert len(table_one(large, columns=["x"], spread="sd").notes) == 1


def test_p_values_only_when_asked_and_as_scipy_has_them():
    import scipy.stats

    assert "p" not in table_one(FRAME, by="arm").frame
    found = table_one(FRAME, by="arm", p_value=True).frame.set_index("Characteristic")["p"]
    known = FRAME["age"].notna()
    ages = [FRAME["age"][known & (FRAME["arm"] == a)] for a in "ab"]
    assert found["age"] == f"{scipy.stats.kruskal(*ages).pvalue:.3f}"
    assert found["smoker"] == f"{scipy.stats.fisher_exact([[3, 9], [0, 4]]).pvalue:.3f}"
    assert found["stage"] == f"{scipy.stats.fisher_exact([[6, 5], [2, 2]]).pvalue:.3f}"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"by": "group"}, "by='group' is no column of data"),
        ({"columns": ["agee"]}, "Did you mean 'age'"),
        ({"columns": []}, "no column to describe"),
        ({"spread": "iqr"}, "spread must be"),
        ({"by": "stage"}, "stage"),
        ({"data": FRAME.head(0)}, "no rows"),
        ({"data": FRAME.assign(age=np.inf)}, "infinite"),
        ({"data": FRAME.assign(stage=None)}, "missing in every row"),
        ({"data": FRAME.assign(age=np.nan)}, "missing in every row"),
        (
            {"data": FRAME.assign(arm=FRAME["arm"].replace("a", "All"))},
            "two columns of the table would be called 'All'",
        ),
        ({"data": FRAME.assign(arm=[1, "1"] * 8)}, "arm mixes kinds of labels"),
        (
            {"data": pd.concat([FRAME] * 2).assign(name=range(32)), "categories": ["name"]},
            "32 different values for 32",
        ),
        ({"categories": ["agee"]}, "Did you mean 'age'"),
    ],
)
def test_refusals(options, words):
    with pytest.raises(InputError, match=words):
        table_one(**({"data": FRAME, "by": "arm"} | options))


def test_the_files_hold_the_table(tmp_path):
    made = table_one(
        FRAME.assign(stage=FRAME["stage"].replace("III", "=1+1")), by="arm", title="Patients <b>"
    )
    for kind in ("docx", "html", "tex", "csv"):
        made.save(tmp_path / f"table1.{kind}")
    document = docx.Document(str(tmp_path / "table1.docx"))
    rows = [[cell.text for cell in row.cells] for row in document.tables[0].rows]
    assert rows[0] == list(made.frame.columns)
    assert rows[1] == list(made.frame.iloc[0])
    assert document.paragraphs[0].text == "Patients <b>" and document.paragraphs[-1].text == made.notes[-1]
    assert "Patients &lt;b&gt;" in (tmp_path / "table1.html").read_text()
    assert "'  =1+1" in (tmp_path / "table1.csv").read_text()
    with pytest.raises(InputError, match=r"\.docx, \.html, \.tex or \.csv"):
        made.save(tmp_path / "table1.xls")
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        f"table1.{k}" for k in ("csv", "docx", "html", "tex")
    ]


def test_a_fit_is_saved_for_word(tmp_path):
    surv = survsim.Surv.right([5, 8, 8, 12, 3, 9, 11, 4], [1, 0, 1, 1, 1, 1, 0, 1], unit="months")
    fit = survsim.cox_ph(surv, "age", {"age": [50, 40, 45, 70, 65, 44, 51, 58]})
    fit.save(tmp_path / "cox.docx")
    document = docx.Document(str(tmp_path / "cox.docx"))
    first = document.tables[0].rows[1].cells
    assert [first[k].text for k in range(3)] == ["age", "8", "6"]
    assert float(first[3].text.split(" ")[0]) == pytest.approx(fit.hazard_ratio[0], abs=0.005)
    survsim.kaplan_meier(surv).save(tmp_path / "curve.docx")
    shown = docx.Document(str(tmp_path / "curve.docx"))
    assert shown.paragraphs[0].text == survsim.kaplan_meier(surv).headline().splitlines()[0]


def test_groups_stand_in_the_order_of_the_curves():
    """Numbers by size, text as text, a Categorical in its own order."""
    days = [3.0, 5.0, 8.0, 9.0, 11.0, 12.0, 14.0, 20.0]
    for order in (
        [11, 2, 1, 10],
        [2.5, 11.0, 1.0, 10.0],
        ["b", "10", "a", "2"],
        pd.Categorical(["low", "high", "middle", "low"], categories=["low", "middle", "high"]),
        [True, False, True, False],
    ):
        by = pd.Series(order).repeat(2).reset_index(drop=True)
        heads = list(table_one(pd.DataFrame({"site": by, "age": range(50, 58)}), by="site").frame)
        curves = survsim.kaplan_meier(survsim.Surv.right(days, [1] * 8, unit="days"), by)
        assert [h.partition(" (n")[0] for h in heads[2:]] == [str(g) for g in curves.groups]
    whole = table_one({"site": [11, 2, 1, 10], "age": [50, 60, 70, 80]}, by="site").frame
    assert [h.partition(" ")[0] for h in whole.columns[2:]] == ["1", "2", "10", "11"]


def test_names_of_groups_are_printed_letter_by_letter():
    made = table_one({"arm": ["arm_A", "arm_B"], "age": [50, 60]}, by="arm")
    assert "arm_A (n = 1)" in made.html and "arm A" not in made.html


def test_options_that_would_do_nothing_are_refused():
    with pytest.raises(
        InputError, match="p_value=True compares groups, and there is no column of them; give by="
    ):
        table_one(FRAME, columns=["age"], p_value=True)
    with pytest.raises(InputError, match="p_value=True compares groups, and there is one in arm"):
        table_one(FRAME[FRAME["arm"] == "a"], by="arm", columns=["age"], p_value=True)
    with pytest.raises(
        InputError, match="labels names 'xx', and none of that is there; the columns are arm, age"
    ):
        table_one(FRAME, labels={"xx": "Age"})
    with pytest.raises(InputError, match=r"labels names 'Age'; .* did you mean age"):
        table_one(FRAME, labels={"Age": "Age, years", "stage": "FIGO stage"})


def test_one_dictionary_of_labels_serves_every_table():
    labels = {"age": "Age, years", "hypertension": "Hypertension", "arm": "Treatment"}
    assert "Age, years" in cells(table_one(FRAME, by="arm", labels=labels))
    assert "smoker" in cells(table_one(FRAME, by="arm", columns=["smoker"], labels=labels))
