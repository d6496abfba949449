"""The grade of a study: its design, its distance from the index case, and how it was read."""

from __future__ import annotations

from survsim.evidence.schema.table import DIRECTNESS

ABSTRACTS = ("abstract", "abstract_and_table", "meeting_abstract")
"""What the authors themselves wrote of their study, short of the article."""


def evidence_grade(design: str, randomised: str, directness: str, read_what: str) -> str:
    """The grade that follows a row into reports: design letter, directness number, reading.

    A randomised; B prospective single-arm; C registry, cohort, or meta-analysis of such; D case series.
    1 carcinosarcoma (the index disease) in the spinal canal, 2 in the nervous system, 3 elsewhere,
    4 another disease at the site of the index case, 5 neither. Reading is full, abstract or secondary.
    """
    letter = "A" if randomised == "yes" else {"phase2_single_arm": "B", "case_series": "D"}.get(design, "C")
    place = DIRECTNESS.index(directness) + 1 if directness in DIRECTNESS else len(DIRECTNESS)
    if read_what == "full_text":
        reading = "full"
    else:
        reading = "abstract" if read_what in ABSTRACTS else "secondary"
    return f"{letter}{place}-{reading}"
