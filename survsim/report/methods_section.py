"""The methods section of a report, written from the steps its numbers went through."""

from __future__ import annotations

from collections.abc import Iterable

from survsim.core.ledger import Ledger
from survsim.core.provenance import Provenance
from survsim.report.methods_words import SILENT, THEMES, Options, in_words, routes
from survsim.report.sentences import Prose, join_words


def methods_text(ledger: Ledger, prefix: str = "") -> Prose:
    """A methods paragraph in Markdown, from the provenance of numbers whose key begins with `prefix`.

    Each method is told once, with all the settings it was used with, theme by theme: survival, treatments, published
    numbers, priors, simulation. Steps that have no sentence of their own are listed, so that nothing is passed over.

    Parameters
    ----------
    ledger : the numbers of an analysis.
    prefix : of the keys; all numbers if empty.

    Returns
    -------
    Prose : paragraphs of Markdown.

    Raises
    ------
    Nothing: a step without a sentence is named as it is called, in words.

    Example
    -------
    >>> from survsim import Ledger, Provenance
    >>> from survsim.report import methods_text
    >>> ledger = Ledger(analysis="x")
    >>> ledger.record("s", 0.5, provenance=Provenance.of("kaplan_meier", "patients:x", conf_type="log-log"))
    >>> print(str(methods_text(ledger)).splitlines()[0])
    **Survival.** Survival was estimated by the Kaplan-Meier method with pointwise 95% intervals (log-log).
    """
    used: dict[str, list[Options]] = {}
    for step in _steps(ledger, prefix):
        used.setdefault(step.method, []).append(dict(step.options))
    paragraphs = [
        f"**{theme}.** {'. '.join(said)}."
        for theme, words in THEMES.items()
        if (
            said := [
                *_ways(theme, used),
                *(text for name in words if name in used and (text := words[name](used[name]))),
            ]
        )
    ]
    known = {name for words in THEMES.values() for name in words} | SILENT
    rest = [in_words(name.replace(".", " ")) for name in used if name not in known]
    if rest:
        paragraphs.append(f"**Further steps.** {join_words(rest)}.")
    paragraphs.append(f"**Random numbers.** {_seeds(ledger, used)}")
    return Prose("\n\n".join(paragraphs))


def _ways(theme: str, used: dict[str, list[Options]]) -> list[str]:
    text = routes(used.get("effect_size", ())) if theme == "Published numbers" else ""
    return [text] if text else []


def _seeds(ledger: Ledger, used: dict[str, list[Options]]) -> str:
    """The seed of the report, and those of steps that have one of their own."""
    others = dict.fromkeys(int(s) for s in _all_seeds(used.values()) if s != ledger.seed)
    if ledger.seed is None and not others:
        return "None were used."
    text = "" if ledger.seed is None else f"The random seed was {ledger.seed}"
    if others:
        several = join_words([str(seed) for seed in others])
        word = "seeds" if len(others) > 1 else "a seed"
        text += f"{'; single' if text else 'Single'} steps had {word} of their own ({several})"
    return f"{text}."


def _all_seeds(options: Iterable[list[Options]]) -> list[int]:
    return [one["seed"] for group in options for one in group if isinstance(one.get("seed"), int)]


def _steps(ledger: Ledger, prefix: str) -> list[Provenance]:
    """Every step behind the numbers, inputs before what was made from them, each once."""
    found: dict[str, Provenance] = {}

    def visit(step: Provenance) -> None:
        for item in step.inputs:
            if isinstance(item, Provenance):
                visit(item)
        found.setdefault(f"{step.method}{step.options}", step)

    done: set[str] = set()
    for key, entry in ledger.numbers.items():
        if key.startswith(prefix) and entry.node not in done:
            done.add(entry.node)
            visit(ledger.provenance(key))
    return list(found.values())
