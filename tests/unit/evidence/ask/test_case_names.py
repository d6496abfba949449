"""What a reader calls a case, in the picture of the risk of bias and beside it."""

from __future__ import annotations

import pandas as pd

import survsim
from survsim.evidence.ask.case_names import names_of_cases


def test_a_case_is_called_by_author_year_patient_and_place_and_two_alike_are_told_apart():
    cases = pd.DataFrame(
        [
            ("index_case", "", float("nan"), 36.0, "F", "intraspinal"),
            ("mmmt_2005_61f_brain", "", 2005.0, 61.0, "F", "brain"),
            ("cormio_48f", "Cormio", float("nan"), 48.0, "F", "both"),
            ("healy_a", "Healy", 2017.0, float("nan"), "F", "skull_base"),
            ("healy_b", "Healy", 2017.0, float("nan"), "F", "skull_base"),
        ],
        columns=["case_id", "first_author", "year", "age_years", "sex", "cns_site"],
    )
    assert names_of_cases(cases) == {
        "index_case": "index case",
        "mmmt_2005_61f_brain": "author not printed 2005, 61 F, brain",
        "cormio_48f": "Cormio, 48 F, brain and spine",
        "healy_a": "Healy 2017, F, skull base (healy_a)",
        "healy_b": "Healy 2017, F, skull base (healy_b)",
    }
    assert names_of_cases(cases[["case_id"]]) == {}


def test_the_picture_of_cases_shows_their_names_and_no_code_of_a_file():
    evidence = survsim.load_evidence()
    cases = evidence.cases()
    found = evidence.risk_of_bias(cases["case_id"][cases["strict_cns"] == "yes"])
    shown = [t.get_text() for t in found.plot().get_yticklabels()]
    assert "author not printed 2005, 61 F, brain" in shown
    assert not any(code in " ".join(shown).lower() for code in ("mmmt", "btp", "_", "61f"))


def test_a_comparator_is_told_by_its_label_in_the_flow():
    found = survsim.load_evidence().select(
        endpoint="overall_survival", measure="hazard_ratio", design="rct", comparator=["ifos"]
    )
    assert "comparator is not Ifosfamide alone" in found.flow().reasons
