"""Docstrings of the package as mkdocstrings reads them.

The house writes "name : what it is" where numpydoc has "name : type" with the meaning on the next line, since types
stand in the signature; and "Example" where there is one.
"""

import re
from typing import Any

import griffe

HEADING = re.compile(r"^Example\n-+$", re.M)
SECTION = re.compile(
    r"^(?P<title>Parameters|Attributes|Returns|Raises|Other Parameters)\n-+\n(?P<body>.*?)(?=\n\n[A-Z][\w ]*\n-+\n|\Z)",
    re.M | re.S,
)
ENTRY = re.compile(r"^(?P<names>[\w*][\w*, ]*?) : (?P<text>.*)$", re.M)


def as_numpydoc(text: str) -> str:
    """A docstring of the house in the letters of numpydoc."""
    plural = HEADING.sub("Examples\n--------", text)
    return SECTION.sub(lambda found: ENTRY.sub(r"\g<names>\n    \g<text>", found[0]), plural)


class HouseStyle(griffe.Extension):
    """Every docstring is turned before it is read."""

    def on_object(self, *, obj: Any, **_: Any) -> None:
        """Called for each object that was read."""
        if obj.docstring:
            obj.docstring.value = as_numpydoc(obj.docstring.value)
