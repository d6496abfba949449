"""What a report says about itself: title, abstract, captions, conclusion and checklists, declared in its paper.yml."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from survsim.core.errors import InputError
from survsim.core.ledger import Ledger
from survsim.report.sentences import prose
from survsim.report.study import Analysis

NAME = "paper.yml"
PARTS = ("background", "methods", "results", "conclusion")
"""The paragraphs of an abstract, in their order."""
TEXTS = ("title", "short", "sentence", "estimand", "conclusion", "picture")
KINDS: dict[str, tuple[type, str]] = {
    "map": (dict, "a list of `name: text`"),
    "list": (list, "a list of headings"),
    "text": (str, "text"),
}
_TAG = re.compile(r"<(?=[a-zA-Z/!?])(?!https?://[^\s<>]+>)")
"""What begins a tag of HTML, which is text here; an address in angle brackets is Markdown."""
MAPS = ("abstract", "figures", "checklists")


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """The front matter of a report, its numbers filled in from the ledger.

    Attributes
    ----------
    title : of the page; the first heading of the notebook if empty.
    short : a few words for links.
    sentence : one sentence for the index page.
    picture : a piece of the source of the cell whose figure stands on the index page.
    abstract : "background", "methods", "results" and "conclusion" to a paragraph of Markdown.
    estimand : what is estimated; the first sentence of the methods.
    conclusion : Markdown.
    figures : a piece of the source of a cell to the caption of its figure.
    appendix : headings of the sections that follow the references.
    checklists : name of a reporting guideline to its answers, item by item.
    """

    title: str = ""
    short: str = ""
    sentence: str = ""
    picture: str = ""
    estimand: str = ""
    conclusion: str = ""
    abstract: Mapping[str, str] = field(default_factory=dict)
    figures: Mapping[str, str] = field(default_factory=dict)
    appendix: tuple[str, ...] = ()
    checklists: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def front_of(analysis: Analysis, ledger: Ledger) -> Front:
    """Read paper.yml of an analysis and fill in its numbers; what it leaves out is taken from README.md.

    The texts are Markdown; a tag of HTML among them is shown as it was typed. Fields are those of `prose`, and ``{study}`` for the name of the study's folder in words.

    Raises
    ------
    InputError : a file that cannot be read, a part it does not know, a number that the ledger does not hold.
    """
    declared = _declared(analysis.folder / NAME, f"analyses/{analysis.slug}/{NAME}")
    filled = partial(_filled, ledger, f"analyses/{analysis.slug}/{NAME}", _in_words(analysis.study.root.name))
    checklists = declared.get("checklists") or {}
    return Front(
        **{k: filled(declared[k]) for k in TEXTS if k in declared and k not in ("estimand", "picture")},
        picture=str(declared.get("picture") or "").strip(),
        estimand=filled(declared.get("estimand") or _of_readme(analysis.folder, "Estimands?")),
        abstract={k: filled(v) for k, v in (declared.get("abstract") or {}).items()},
        figures={k: filled(v) for k, v in (declared.get("figures") or {}).items()},
        appendix=tuple(declared.get("appendix") or ()),
        checklists={k: {str(i): filled(a) for i, a in (v or {}).items()} for k, v in checklists.items()},
    )


def _declared(path: Path, name: str) -> dict[str, Any]:
    if not path.is_file():
        return {}
    from survsim.core.yaml_files import read_yaml

    content = read_yaml(path)
    content = {} if content is None else content
    if not isinstance(content, dict):
        raise InputError(f"{name} is a list of parts, each `name: text`; got {type(content).__name__}.")
    known = (*TEXTS, *MAPS, "appendix")
    for key, value in content.items():
        if key not in known:
            raise InputError(f"{name} has no part {key!r}; there are: {', '.join(known)}.")
        kind, word = KINDS["map" if key in MAPS else "list" if key == "appendix" else "text"]
        if value is not None and not isinstance(value, kind):
            raise InputError(f"{name}: {key} is {word}; got {value!r}.")
    wrong = [k for k in content.get("abstract") or {} if k not in PARTS]
    if wrong:
        raise InputError(f"{name}: an abstract has {', '.join(PARTS)}; got {', '.join(map(str, wrong))}.")
    return content


def _in_words(name: str) -> str:
    return name.replace("_", " ").replace("-", " ")


def _filled(ledger: Ledger, name: str, study: str, text: Any) -> str:
    try:
        return str(prose(ledger, _TAG.sub("&lt;", str(text).strip()), study=study))
    except (InputError, ValueError) as error:
        raise InputError(f"{name}: {error}") from None


def _of_readme(folder: Path, word: str) -> str:
    """A paragraph of the README that begins with a word in bold, without that word."""
    path = folder / "README.md"
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    found = re.search(rf"^\*\*{word}[^*]*\*\* *(.+?)(?:\n\s*\n|\Z)", text, re.MULTILINE | re.DOTALL)
    if found is None:
        return ""
    # Braces of a README are text, not fields.
    return " ".join(found.group(1).split()).replace("{", "{{").replace("}", "}}")


def short_title(analysis: Analysis) -> str:
    """A few words for a link to a report: the declared ones, or the name of its folder in words."""
    declared = _declared(analysis.folder / NAME, f"analyses/{analysis.slug}/{NAME}")
    words = re.sub(r"^\d+_", "", analysis.slug).replace("_", " ")
    return str(declared.get("short") or words[:1].upper() + words[1:])
