"""Words that the spreadsheet of a study offers: those of the schema that fit its disease, and those it uses itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from survsim.evidence.bring_in.endpoint_names import known_endpoints
from survsim.evidence.raw.literature import literature_sets
from survsim.evidence.raw.sets import EXAMPLE_SET, read_raw, typed_columns
from survsim.evidence.schema.catalogue import tables

OFTEN = ("site", "site_group", "histology", "stage", "comparator", "arm_id", "instrument")
"""Columns of free words in which a study repeats its own."""
ONE_DISEASE = {"directness": ("spinal_canal", "central_nervous_system")}
"""Words of the schema that speak of one part of the body: offered where the study uses them."""
MOST = 60
UNITS = ("months", "years", "weeks", "days", "per_month", "per_year", "percent", "points")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Words to choose from; `strict` where no other is taken."""

    words: tuple[str, ...]
    strict: bool


def lists_of(raw: Path) -> dict[tuple[str, str], Choice]:
    """By table and column: what a spreadsheet of the study offers."""
    used = _used(raw)
    found: dict[tuple[str, str], Choice] = {}
    for table in ("studies", "estimates"):
        for name in typed_columns(table):
            own = used.get((table, name), ())
            allowed = tables()[table].column(name).allowed
            if allowed:
                hidden = set(ONE_DISEASE.get(name, ())) - set(own)
                found[table, name] = Choice(words=tuple(w for w in allowed if w not in hidden), strict=True)
            elif name in OFTEN and own:
                found[table, name] = Choice(words=own[:MOST], strict=False)
    found["estimates", "endpoint"] = Choice(words=tuple(known_endpoints(raw)), strict=True)
    found["estimates", "value_unit"] = Choice(words=UNITS, strict=False)
    return {key: choice for key, choice in found.items() if choice.words}


def _used(raw: Path) -> dict[tuple[str, str], tuple[str, ...]]:
    """The words of each column in the study's own sets, most often used first; invented studies teach nothing."""
    counts: dict[tuple[str, str], dict[str, int]] = {}
    for folder in literature_sets(raw):
        for table in ("studies", "estimates") if folder.name != EXAMPLE_SET else ():
            held = read_raw(folder, table, raw)
            for row in held.rows if held else ():
                for name, word in row.items():
                    if word:
                        of_column = counts.setdefault((table, name), {})
                        of_column[word] = of_column.get(word, 0) + 1
    return {key: tuple(sorted(words, key=lambda w: (-words[w], w))) for key, words in counts.items()}
