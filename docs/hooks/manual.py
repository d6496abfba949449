"""What the manual is made of besides its pages: outputs of their blocks, the reference by wing, sources of truth, gallery.

Nothing of it is kept in the repository: `make docs` makes all of it anew, from the same run that the tests make.
"""

from __future__ import annotations

import csv
import html
import logging
import os
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

os.environ.setdefault("MPLBACKEND", "Agg")
ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).resolve().parent)]

import blocks  # noqa: E402
from mkdocs.structure.files import File, Files  # noqa: E402

from survsim._public import WINGS  # noqa: E402

MATRIX = ROOT / "tests" / "evidence_matrix.csv"


def on_config(config: Any) -> Any:
    """Every wing gets its page in the reference; what the project has beside the package is found."""
    sys.path.insert(0, str(ROOT))  # mkdocs takes back what a hook adds while it is imported
    # The names on top are listed by code, which the reader of sources cannot follow; the pages do not need it.
    logging.getLogger("mkdocs.plugins.griffe").addFilter(lambda record: "__all__" not in record.getMessage())
    pages = [{wing: f"reference/{wing}.md"} for wing in WINGS]
    config.nav[-1] = {"Reference": pages}
    return config


def on_files(files: Files, config: Any) -> Files:
    """The pages that are made: the reference, and where each estimator's truth comes from."""
    made = {f"reference/{wing}.md": reference(wing) for wing in WINGS}
    made["why/truth.md"] = truth()
    made["gallery.md"] = gallery(files, config)
    for name, text in made.items():
        files.append(File.generated(config, name, content=text))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """Run the blocks of a page and put below each what it shows."""
    source = page.file.src_uri
    if source.startswith("reference/") or not blocks.FENCE.search(markdown):
        return markdown
    parts, end = [], 0
    with tempfile.TemporaryDirectory() as folder:
        for number, (block, shown) in enumerate(blocks.Page(source, markdown, Path(folder)).shown()):
            parts += [markdown[end : block.end()], _below(shown, f"{source[:-3]}_{number}", config, files)]
            end = block.end()
    return "".join([*parts, markdown[end:]])


def _below(shown: blocks.Shown, name: str, config: Any, files: Files) -> str:
    """What a block shows, as Markdown and HTML."""
    text = (
        f'\n<div class="shown" markdown>\n```text\n{shown.text.rstrip()}\n```\n</div>\n'
        if shown.text.strip()
        else ""
    )
    if shown.html:
        text += f'\n<div class="shown table">{shown.html}</div>\n'
    for number, picture in enumerate(shown.pictures):
        where = f"pictures/{name.replace('/', '_')}_{number}.svg"
        files.append(File.generated(config, where, content=picture))
        up = "../" * name.count("/")
        text += (
            f'\n<p class="shown"><img src="{up}{where}" alt="The picture that the block above draws"></p>\n'
        )
    return text


def reference(wing: str) -> str:
    """The page of a wing: what it is, then each of its names from its docstring."""
    import importlib

    module = importlib.import_module(f"survsim.{wing}")
    lines = [f"# survsim.{wing}", "", (module.__doc__ or "").strip(), ""]
    for name, where in WINGS[wing].items():
        lines += [f"::: {where}.{name}", "    options:", f"      toc_label: {name}", ""]
    return "\n".join(lines)


def truth() -> str:
    """The independent source of truth of every estimator, from the table that the tests guard."""
    rows: dict[str, list[dict[str, str]]] = defaultdict(list)
    with MATRIX.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            rows[row["estimator"]].append(row)
    lines = [
        "# Where each number's truth comes from",
        "",
        "Every estimator is compared with something that was not written here: another program, a closed form, a case solved "
        "by hand, a published table; and where an interval or a test claims a level, simulation measures it. The records of "
        "the long simulations are in `tests/statistical/records`.",
        "",
        "| estimator | kind | source |",
        "|---|---|---|",
    ]
    for name, each in sorted(rows.items()):
        for number, row in enumerate(each):
            shown = f"`{name}`" if number == 0 else ""
            lines.append(f"| {shown} | {row['kind']} | {html.escape(row['source']).replace('|', '/')} |")
    return "\n".join(lines) + "\n"


def gallery(files: Files, config: Any) -> str:
    """One picture of each kind, drawn by the code that the tests of the layout draw with."""
    from io import BytesIO

    from tests.helpers.gallery import KINDS, picture

    lines = [
        "# Gallery",
        "",
        "One picture of each kind, at the width of two columns; every one fits at 85 mm too.",
        "",
    ]
    for name in sorted(KINDS):
        figure = picture(name, width="174mm").figure
        content = BytesIO()
        figure.savefig(content, format="svg", metadata={"Date": None})
        where = f"pictures/gallery_{name.replace(' ', '_')}.svg"
        files.append(File.generated(config, where, content=content.getvalue()))
        lines += [f"## {name}", "", f"![{name}]({where})", ""]
    return "\n".join(lines)
