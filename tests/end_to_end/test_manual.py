"""The manual: every block of it runs, every page is in its contents, every link leads somewhere."""

import importlib.util
import re
import sys
import types
from pathlib import Path

import pytest
import yaml

from tests.helpers.browser import CHROMIUM, browser

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md"))
MADE = {"why/truth.md", "gallery.md"}
"""Pages that the hook makes, beside the reference."""


def blocks():
    spec = importlib.util.spec_from_file_location("manual_blocks", DOCS / "hooks" / "blocks.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", [p for p in PAGES if "```python" in (DOCS / p).read_text(encoding="utf-8")])
def test_the_blocks_of_a_page_run_and_show_something(page, tmp_path):
    run = list(blocks().Page(page, (DOCS / page).read_text(encoding="utf-8"), tmp_path).shown())
    assert run
    names = {"from_0.1_to_0.2.md"}  # shows names, and no output
    assert page in names or any(shown.text or shown.html or shown.pictures for _, shown in run)


def test_a_block_that_does_not_run_is_named(tmp_path):
    with pytest.raises(Exception, match=r"page, block 2:\n1 / 0\n\nZeroDivisionError"):
        list(blocks().Page("page", "```python\nx = 1\n```\n\n```python\n1 / 0\n```\n", tmp_path).shown())


def contents() -> list[str]:
    class Loader(yaml.SafeLoader):
        pass

    def pages(entry: object) -> list[str]:
        if isinstance(entry, str):
            return [entry]
        each = entry.values() if isinstance(entry, dict) else entry
        return [page for part in each for page in pages(part)]

    return pages(yaml.load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"), Loader)["nav"])


def test_every_page_is_in_the_contents_and_no_other():
    assert sorted(contents()) == sorted({*PAGES, *MADE})


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_to_a_page(page):
    text = re.sub(r"```.*?```", "", (DOCS / page).read_text(encoding="utf-8"), flags=re.S)
    for link in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        if "://" in link:
            continue
        target = (DOCS / page).parent / link
        known = str(target.resolve().relative_to(DOCS)) if DOCS in target.resolve().parents else ""
        assert target.exists() or known in MADE or known.startswith("reference/"), (page, link)


def test_a_docstring_of_the_house_is_read_as_numpydoc(monkeypatch):
    # The reader of docstrings comes with the extra that builds the manual; what is tested here needs its base class only.
    monkeypatch.setitem(sys.modules, "griffe", types.SimpleNamespace(Extension=object))
    spec = importlib.util.spec_from_file_location("house_docstrings", DOCS / "hooks" / "docstrings.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    text = "Do it.\n\nParameters\n----------\na : what a is,\n    and more.\n\nExample\n-------\n>>> 1 : 2\n"
    assert module.as_numpydoc(text) == (
        "Do it.\n\nParameters\n----------\na\n    what a is,\n    and more.\n\nExamples\n--------\n>>> 1 : 2\n"
    )


def test_the_search_of_a_manual_on_a_disk_asks_no_network():
    """The shim of the search comes with the manual; where none is named, the builder takes one from a server."""
    told = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    named = re.findall(r"polyfills: \[(.*)\]", told)
    assert named == ["iframe-worker.js"]
    assert (DOCS / named[0]).is_file()


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_a_page_read_from_a_disk_has_its_worker(tmp_path):
    (tmp_path / "helper.js").write_text("const twice = (n) => 2 * n;", encoding="utf-8")
    (tmp_path / "worker.js").write_text(
        "addEventListener('message', async ({data}) => { await importScripts('helper.js'); postMessage(twice(data)) })",
        encoding="utf-8",
    )
    (tmp_path / "page.html").write_text(
        f"<!doctype html><script>{(DOCS / 'iframe-worker.js').read_text(encoding='utf-8')}</script><body><script>"
        "const worker = new Worker('worker.js'); worker.addEventListener('message', ({data}) => window.said = data);"
        "worker.postMessage(21)</script>",
        encoding="utf-8",
    )
    with browser() as page:
        page.go((tmp_path / "page.html").as_uri())
        page.wait("window.said === 42", 10.0)
        page.js("worker.terminate()")
        assert page.js("document.querySelectorAll('iframe').length") == 0
        assert page.console == []
