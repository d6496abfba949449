"""What the library says in the words of Python, said in the options of a command."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

READS = {
    "axes": "--x-axis P:V,P:V and --y-axis P:V,P:V",
    "arms": "--arms NAME=COLOUR",
}
"""Arguments whose option looks different."""
_AROUND = " '\""
_VALUE = r"(?:\[[^\[\]\n]*\]|'[^'\n]*'|\"[^\"\n]*\"|\{[^\n]*?\}(?!\})|\([^()\n]*\)|True|False|None)"


def in_options(options: Mapping[str, str]) -> Callable[[str], str]:
    """A function that turns ``kind='incidence'`` into ``--kind incidence`` for the arguments of a command.

    Parameters
    ----------
    options : argument of the library: option of the command; a switch ends with a space and its only value, as in
        ``"--entry True"``.
    """
    names = "|".join(sorted(map(re.escape, options), key=len, reverse=True))
    given = re.compile(rf"(?<![\w.'-])({names})=({_VALUE})?")
    bare = re.compile(rf"(?<![\w.'=/-])({'|'.join(n for n in options if '_' in n) or '(?!)'})(?![\w=/.])")
    lone = re.compile(rf"(^|[.;:] )({names}) (?=must |is \d|\d+ lies |has \d|holds |runs |gives |reads )")

    def replaced(found: re.Match[str]) -> str:
        option, value = options[found[1]], found[2]
        if value and value.startswith("[") and " " not in option:  # a list is one option an item
            return " ".join(f"{option} {item.strip(_AROUND)}" for item in value[1:-1].split(","))
        if found[1] in READS:
            return READS[found[1]]
        switch, _, only = option.partition(" ")
        if value is None or only:
            return switch
        plain = value.strip("'\"")
        return f"{option} {plain}" if re.fullmatch(r"[\w#-]+", plain) else f"{option} {value}"

    def said(text: str) -> str:
        text = given.sub(replaced, text)
        text = bare.sub(lambda found: options[found[1]].partition(" ")[0], text)
        return lone.sub(lambda found: f"{found[1]}{options[found[2]].partition(' ')[0]} ", text)

    return said
