"""What is wrong with a file that a person typed: one line a fault, with its place and, for a slip, the word that was meant."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from survsim.core.fault_words import A_WORD, NO_MAPPING, in_words, quoted, tag_fault

SHOWN = 80
"""Letters of a value that are shown."""
MANY = 20
"""Words of a list that are shown."""


@dataclass(frozen=True, slots=True)
class Holds:
    """Said beside a field that a function reads: what may stand there, for messages and schemas."""

    annotation: Any


def meant(word: Any, known: Iterable[Any]) -> str:
    """``; did you mean 'x'?`` for the known word that is nearest, or nothing.

    Example
    -------
    >>> meant("horizn", ["horizon", "seed"]), meant("colour", ["horizon", "seed"])
    ("; did you mean 'horizon'?", '')
    >>> meant("HR", ["median", "hazard_ratio"])
    "; did you mean 'hazard_ratio'?"
    """
    words = [str(one) for one in known]
    plain = {one.lower().replace("-", "_").replace(" ", "_"): one for one in words}
    typed = str(word).strip().lower().replace("-", "_").replace(" ", "_")
    # Letters that nothing else begins with are an abbreviation, as HR is of hazard_ratio.
    short = [one for one in plain if "_" in one and "".join(part[:1] for part in one.split("_")) == typed]
    near = short if len(short) == 1 else difflib.get_close_matches(typed, plain, 1, 0.6)
    return f"; did you mean {plain[near[0]]!r}?" if near else ""


def seen(name: Any) -> str:
    """The name as it stands; in quotes where a blank or a sign that is not shown would be passed over.

    Example
    -------
    >>> seen("lee_2021_e01"), seen(" lee_2021_e01")
    ('lee_2021_e01', "' lee_2021_e01'")
    """
    text = str(name)
    return text if text and text == text.strip() and text.isprintable() else repr(text)


def fault_lines(errors: Sequence[Mapping[str, Any]], model: Any) -> list[str]:
    """The errors of a pydantic model, each once, in the order of the file.

    Parameters
    ----------
    errors : of ``ValidationError.errors()``; model : the class that was to be read.
    """
    lines = list(dict.fromkeys(_line(error, model) for error in errors))
    # Where a word or a mapping may stand and a wrong word does, that it is no mapping tells nothing more.
    words = {line.partition(": ")[0] for line in lines if any(f": {begin}" in line for begin in A_WORD)}
    return [line for line in lines if NO_MAPPING not in line or line.partition(": ")[0] not in words]


def _line(error: Mapping[str, Any], model: Any) -> str:
    path, models = _walk(model, error["loc"])
    place = ".".join(path) or "(top)"
    kind, context = error["type"], error.get("ctx", {})
    if kind == "extra_forbidden":
        allowed = _keys(models)
        hint = meant(path[-1], allowed) if path else ""
        listed = f"; allowed here: {_listed(allowed)}" if allowed else ""
        return f"{place}: unknown key{listed}{hint}"
    if kind == "missing":
        return f"{place}: Field required; this key is missing"
    tag = tag_fault(error)
    if tag is not None:
        return f"{place}.{tag[0]}: {of_tag(*tag[1:]) or 'Field required; this key is missing'}"
    hint = (
        meant(error["input"], quoted(context.get("expected", "")))
        if kind in ("literal_error", "enum")
        else ""
    )
    message = "; ".join(line.strip() for line in in_words(error).splitlines() if line.strip())
    return f"{place}: {message} (found {repr(error['input'])[:SHOWN]}){hint}"


def of_tag(typed: str, allowed: Sequence[str]) -> str:
    """A word that is none of those by which kinds are told apart; nothing where none was typed."""
    return f"{typed!r} is none of {_listed(allowed)}{meant(typed, allowed)}" if allowed else ""


def _listed(words: Sequence[str]) -> str:
    more = f" and {len(words) - MANY} more" if len(words) > MANY else ""
    return ", ".join(words[:MANY]) + more


KIND = re.compile(r"(tuple|list|dict|function|nullable|lax|constrained|literal|union|chain)[-\[]")
"""How pydantic calls a kind that has no name of its own."""


KEY = "[key]"
"""Behind the place of a name in a mapping that is wrong itself."""


def _walk(model: Any, loc: Sequence[Any]) -> tuple[list[str], list[Any]]:
    """The place as it is written in the file, and the models that may stand around its last step.

    pydantic puts names of kinds (``assumption``, ``WeibullLaw``) between the keys, which no reader has typed.
    """
    path: list[str] = []
    here, around = [model], [model]
    for step in loc:
        tagged = [m for m in here if step == m.__name__ or step in _tags(m)]
        fields = [m.model_fields[n] for m in here for n in _names(m, step)]
        if tagged and (len(here) > 1 or not fields):
            here = tagged
            around = tagged
            continue
        if isinstance(step, str) and (KIND.match(step) or step == KEY):
            continue
        path.append(str(step))
        around = here
        if fields:
            held = [h.annotation for f in fields for h in f.metadata if isinstance(h, Holds)]
            here = [m for kind in (*(f.annotation for f in fields), *held) for m in _models(kind)]
    return path, around


def _names(model: Any, step: Any) -> list[str]:
    return [name for name, field in model.model_fields.items() if step in (name, field.alias)]


def _tags(model: Any) -> set[Any]:
    """Words by which a kind is told from its neighbours: fields that hold one of few words."""
    found: set[Any] = set()
    for field in model.model_fields.values():
        arguments: tuple[Any, ...] = getattr(field.annotation, "__args__", ())
        if len(arguments) == 1 and isinstance(arguments[0], str):
            found.add(arguments[0])
    return found


def _keys(models: Sequence[Any]) -> list[str]:
    return list(
        dict.fromkeys(field.alias or name for model in models for name, field in model.model_fields.items())
    )


def _models(annotation: Any) -> list[Any]:
    if hasattr(annotation, "model_fields"):
        return [annotation]
    parts = (*getattr(annotation, "__args__", ()),)
    return [m for part in parts for m in _models(part)]
