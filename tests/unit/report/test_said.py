"""Names out of the data on a page: said in words where a reader reads, left where they are typed or looked up."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_notebook, new_output

from survsim.report.said import say_in_outputs, say_names

NAMES = {
    "lee_2021_e02": "Lee 2021, row 2",
    "lee_2021/all": "Lee 2021, everyone",
    "overall_survival": "overall survival",
    "rct": "randomised trial",
    "bad_name": "<b>bad</b>",
}


def said(markup):
    page = BeautifulSoup(markup, "html.parser")
    say_names(page, NAMES)
    return str(page)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<p>asked for overall_survival; more</p>", "asked for overall survival; more"),
        ("<p>estimates:lee_2021_e02 (lee_2021/all)</p>", "Lee 2021, row 2 (everyone)"),
        ("<p>(lee_2021_e02, _s01)</p>", "(Lee 2021, row 2, row s1)"),
        ("<p>04_pooled_evidence new_site.at_12 and 7</p>", "report 04 and 7"),
        ("<td>rct</td>", "randomised trial"),
        ("<p>my_own_word, rct</p>", "my_own_word, rct"),
        ("<p>overall_survival.csv and a/overall_survival</p>", "overall_survival.csv and a/overall_survival"),
        ("<p>bad_name</p>", "<b>bad</b>"),
        ("<p>a &amp; overall_survival &lt; 1</p>", "a & overall survival < 1"),
    ],
)
def test_a_known_name_is_said_in_words(text, words):
    assert BeautifulSoup(said(text), "html.parser").get_text() == words


def test_the_name_is_one_hover_away():
    assert said("<p>overall_survival</p>") == '<p><span title="overall_survival">overall survival</span></p>'


@pytest.mark.parametrize(
    "markup",
    [
        "<code>overall_survival</code>",
        '<a href="x">overall_survival</a>',
        "<pre><span>overall_survival</span></pre>",
        "<style>.overall_survival {}</style>",
        "<table><thead><tr><th>row of the evidence</th></tr></thead><tbody><tr><td>lee_2021_e02</td></tr></tbody></table>",
    ],
)
def test_code_links_and_addresses_stay_as_they_are_typed(markup):
    assert said(markup) == markup


def test_what_is_to_be_typed_stands_as_it_is_typed():
    assert said("<td>x: did you mean overall_survival?</td>") == (
        "<td>x: did you mean <code>overall_survival</code>?</td>"
    )


def test_what_a_picture_shows_has_no_underscores():
    assert 'alt="curve of overall survival, new site"' in said(
        '<img alt="curve of overall_survival, new_site"/>'
    )


def test_tables_of_a_notebook_are_said_and_nothing_else_is_touched():
    table = "<table><tr><td>overall_survival</td></tr></table>"
    other = '<p class="a"  >no name</p>'
    outputs = [new_output("display_data", data={"text/html": markup}) for markup in (table, other)]
    book = new_notebook(cells=[new_code_cell("x", outputs=outputs)])
    say_in_outputs(book, NAMES)
    assert ">overall survival<" in book.cells[0].outputs[0]["data"]["text/html"]
    assert book.cells[0].outputs[1]["data"]["text/html"] == other
