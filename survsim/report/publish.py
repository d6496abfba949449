"""Making reports: results if they are missing or stale, then notebook, then page; only what changed."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import survsim
from survsim.core import files
from survsim.core.errors import InputError
from survsim.core.ledger import Ledger
from survsim.report import compare as comparison
from survsim.report import fingerprint, index, notebook, panel_page, printing, render, runner, word
from survsim.report.agreement import TOLERANCE, write_unless_same
from survsim.report.earlier import Earlier, earlier_state
from survsim.report.front import NAME as FRONT
from survsim.report.front import front_of, short_title
from survsim.report.index import neighbours
from survsim.report.said import say_in_outputs
from survsim.report.study import Analysis, Study

SUFFIXES = {"word": ".docx", "pdf": ".pdf"}
_WRITERS = {"word": word.write_word_report, "pdf": printing.write_pdf}
Say = Callable[[str, str], None]
"""Called with a slug and what is being done for it."""
DONE = "done"
"""The last thing that is said of a slug."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """One report: where it is, and whether it had to be made.

    Attributes
    ----------
    slug : name of the analysis.
    path : the HTML page.
    made : False if the page was up to date.
    others : the Word and PDF files beside it that were asked for.
    """

    slug: str
    path: Path
    made: bool
    others: tuple[Path, ...] = ()


def publish(
    study: Study,
    slugs: Iterable[str] = (),
    *,
    quick: bool = False,
    out: Path | None = None,
    compare: str | None = None,
    workers: int = 1,
    formats: Iterable[str] = (),
    say: Say = lambda slug, step: None,
) -> Iterator[Published]:
    """Make the reports named, or all that changed; a page is written while the next analysis runs.

    Parameters
    ----------
    study : the study.
    slugs : analyses; those named are always written anew, the others only when something changed.
    quick : use quick results; notebooks/ is left alone.
    out : folder of the pages; build/reports, or build/quick in quick mode.
    compare : earlier state of the study (a folder or a git revision) whose conclusions to set beside.
    workers : processes for analyses that use them; with one, a page is written before the next analysis runs.
    formats : "word" and "pdf" for files beside each page, whether or not the page itself is made anew; "html" is made
        always.
    say : told of each step.

    Yields
    ------
    One entry a report, as it is done, in the order of the slugs.
    """
    wanted = _formats(formats)
    # an analysis stands in the study while it runs, and a page may be written meanwhile
    study = replace(study, root=study.root.absolute())
    named = tuple(slugs)
    folder = out if out is not None else study.build / ("quick" if quick else "reports")
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file; --out names the folder for the pages.")
    chosen = study.choose(named)
    for analysis in chosen:
        # Before hours of computing, not after: a report that nobody wrote cannot be made.
        if not analysis.report_file.is_file():
            raise InputError(f"analyses/{analysis.slug} has no report.py; write one in percent format.")
        short_title(analysis)  # front matter that cannot be read is refused here, too
    if compare is not None:
        # A name that means nothing is refused before anything is computed.
        with earlier_state(study, compare):
            pass
    _writable(
        folder,
        *(() if quick else (study.root / "notebooks",)),
        *(analysis.results(quick=quick) for analysis in chosen),
    )
    task = _Task(folder.absolute(), quick=quick, compare=compare, always=bool(named), say=say)
    for made in _one_after_another(task, chosen, workers):
        index.write(folder, study)
        others = []
        for kind in wanted:
            say(made.slug, f"writing the {kind} file")
            others.append(made.path.with_suffix(SUFFIXES[kind]))
            _WRITERS[kind](others[-1], made.path.read_text(encoding="utf-8"))
        say(made.slug, DONE)
        yield replace(made, others=tuple(others))


def _formats(given: Iterable[str]) -> list[str]:
    """The files beside the page, each once; what they need is asked for before anything is computed."""
    kinds = list(dict.fromkeys(one.lower() for one in given))
    for kind in kinds:
        if kind not in ("html", *SUFFIXES):
            raise InputError(f"a report is written as html, word or pdf; got {kind!r}.")
    if "pdf" in kinds:
        printing.browser()
    return [kind for kind in kinds if kind != "html"]


def _writable(*folders: Path) -> None:
    """Refuse a folder that cannot be written into, before hours of computing and not after."""
    for folder in folders:
        there = next(p for p in (folder, *folder.parents) if p.exists())
        try:
            with tempfile.TemporaryFile(dir=there):
                pass
        except OSError as error:
            raise InputError(
                f"{folder} cannot be written ({error.strerror or error}); nothing was made. Give another folder with --out, "
                "or let the study be written to."
            ) from None


def check(
    study: Study,
    slugs: Iterable[str] = (),
    *,
    tolerance: float = TOLERANCE,
    workers: int = 1,
    say: Say = lambda slug, step: None,
) -> Iterator[tuple[str, list[comparison.Move]]]:
    """Run analyses afresh and set their numbers beside the results in place, which are left as they are.

    Parameters
    ----------
    study, slugs, workers, say : as for `publish`.
    tolerance : relative difference up to which two numbers are the same.

    Yields
    ------
    Slug and the numbers that moved, with what moved them; an empty list where all agree.
    """
    if not 0 <= tolerance < 1:
        raise InputError(f"tolerance is a relative difference from 0 to below 1; got {tolerance:g}.")
    for analysis in study.choose(tuple(slugs)):
        say(analysis.slug, "running the analysis afresh")
        if not (analysis.results() / runner.SUMMARY).is_file():
            raise InputError(
                f"{analysis.slug} has no results to check; make them first: survsim run {analysis.slug}."
            )
        with runner.fresh_results(analysis, workers=workers) as folder:
            now = Ledger.load(folder / runner.SUMMARY)
        yield (
            analysis.slug,
            comparison.moves(analysis, now, Earlier(name="the results in place", root=study.root), tolerance),
        )


@dataclass(frozen=True, slots=True)
class _Task:
    """How reports are made."""

    folder: Path
    quick: bool = field(kw_only=True)
    compare: str | None = field(kw_only=True)
    always: bool = field(kw_only=True)
    say: Say = field(kw_only=True)

    def run(self, analysis: Analysis, workers: int) -> bool:
        """Run an analysis if its results are missing or stale; whether it was run."""
        self.say(analysis.slug, "checking what changed")
        reason = runner.stale_because(analysis, quick=self.quick)
        if reason:
            self.say(analysis.slug, f"running the analysis ({reason})")
            runner.run_analysis(
                analysis, quick=self.quick, workers=workers, say=lambda step: self.say(analysis.slug, step)
            )
        return bool(reason)

    def page(self, analysis: Analysis, ran: bool) -> Published:
        """The notebook and the page of an analysis, unless nothing of it changed."""
        quick, compare, slug = self.quick, self.compare, analysis.slug
        path = self.folder / f"{slug}.html"
        kept = not (ran or self.always) and compare is None
        if kept and render.fingerprint_of(path) == _mark(analysis, quick=quick):
            return Published(slug=slug, path=path, made=False)
        self.say(slug, "writing the notebook and the page")
        results = analysis.results(quick=quick)
        ledger = Ledger.load(results / runner.SUMMARY)
        front = front_of(analysis, ledger)
        executed = notebook.execute(analysis, results)
        names = survsim.load_evidence(analysis.study.data).names()
        say_in_outputs(executed, names)
        if not quick and not write_unless_same(analysis.notebook, executed, notebook.to_text(executed)):
            self.say(slug, "the notebook agrees with the one that was there, which stays")
        if compare is not None:
            comparison.add_comparison(executed, analysis, ledger, compare)
        mark = "" if compare is not None else _mark(analysis, quick=quick)
        panel = _panel(analysis, results, path)
        files.write_text(path, render.page(executed, ledger, mark, front, neighbours(analysis), panel, names))
        return Published(slug=slug, path=path, made=True)


def _one_after_another(task: _Task, chosen: Sequence[Analysis], workers: int) -> Iterator[Published]:
    """Reports in their order; with several workers a page is written while the next analysis runs.

    Analyses run one after the other, as one may read what another found, and each has all workers. A notebook runs in a process
    of its own, for which a thread has but to wait. Where an analysis fails, the pages before it are written all the same.
    """
    beside = ThreadPoolExecutor(max_workers=1)
    begun: deque[Future[Published]] = deque()
    try:
        for analysis in chosen:
            try:
                ran = task.run(analysis, workers)
            except Exception:
                yield from (page.result() for page in begun)
                raise
            begun.append(beside.submit(task.page, analysis, ran))
            while begun and (workers == 1 or begun[0].done()):
                yield begun.popleft().result()
        yield from (page.result() for page in begun)
    finally:
        beside.shutdown(cancel_futures=True)


def _panel(analysis: Analysis, results: Path, path: Path) -> str:
    """Name of the page with sliders beside a report, written where the analysis worked its grid out; empty elsewhere."""
    grid = results / panel_page.NAME
    if not grid.is_file():
        return ""
    beside = path.with_name(f"{analysis.slug}{panel_page.ENDING}")
    back = f'<a href="index.html">All reports</a><a href="{path.name}">Back to the report</a>'
    made = panel_page.page_of(files.read_json(grid), heading=short_title(analysis), links=back)
    files.write_text(beside, made)
    return beside.name


def _mark(analysis: Analysis, *, quick: bool) -> str:
    """Fingerprint of a page: results, report source, the whole program and the notebook it belongs to."""
    manifest = fingerprint.read_manifest(analysis.results(quick=quick)) or {}
    book = "" if quick or not analysis.notebook.is_file() else files.file_sha256(analysis.notebook)
    declared = analysis.folder / FRONT
    front = files.file_sha256(declared) if declared.is_file() else ""
    near = neighbours(analysis)
    beside = [front, sorted(near.numbered.items()), near.before, near.after]
    parts = [beside, fingerprint.analysis_checksum(analysis), fingerprint.source_checksum(), book, manifest]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
