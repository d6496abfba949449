"""Running an analysis: its results appear whole, or the old ones stay."""

from __future__ import annotations

import contextlib
import importlib.util
import shutil
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

from survsim.core import files
from survsim.core.errors import EvidenceError, InputError, SurvsimError
from survsim.core.ledger import Ledger
from survsim.report import fingerprint
from survsim.report.agreement import same_numbers, same_summary
from survsim.report.study import Analysis, Study, results_folder

SUMMARY = "summary.json"


def run_analysis(
    analysis: Analysis,
    *,
    quick: bool = False,
    workers: int = 1,
    say: Callable[[str], None] = lambda step: None,
) -> Path:
    """Run analyses/<slug>/run.py and put its results in place; return their folder.

    The program writes into a temporary folder beside the results; only when it has ended well, and has
    left a summary made from this study's data, do the results take their place. A summary that agrees with
    the one that was there, but for the rounding of another machine, stays as it was.

    Parameters
    ----------
    analysis : which; quick : small and fast, below build/quick; workers : processes it may use.
    say : told in a few words whether the numbers moved.
    """
    inputs = fingerprint.inputs_of(analysis, quick=quick)
    target = analysis.results(quick=quick)
    with _replacing(target) as folder:
        _run_into(folder, analysis, quick=quick, workers=workers, checksum=inputs["data"])
        if (target / SUMMARY).is_file():
            if same_summary(target / SUMMARY, folder / SUMMARY):
                shutil.copyfile(target / SUMMARY, folder / SUMMARY)
                say("the numbers agree with those that were there, which stay")
            else:
                say(f"{_what_moved(target / SUMMARY, folder / SUMMARY)}; the summary is written anew")
        fingerprint.write_manifest(folder, inputs)
    return target


@contextlib.contextmanager
def fresh_results(analysis: Analysis, *, quick: bool = False, workers: int = 1) -> Iterator[Path]:
    """Run an analysis into a folder that is gone afterwards; the study's results are left alone."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        checksum = fingerprint.data_checksum(analysis.study)
        _run_into(folder, analysis, quick=quick, workers=workers, checksum=checksum)
        yield folder


def _what_moved(old: Path, new: Path) -> str:
    """The numbers, or only what they come from."""
    if same_numbers(old, new):
        return "the numbers agree, what they come from moved"
    return "the numbers moved"


def _run_into(folder: Path, analysis: Analysis, *, quick: bool, workers: int, checksum: str) -> None:
    if workers < 1:
        raise InputError(f"workers must be at least 1; got {workers}.")
    # Standing in the study, load_evidence() and scenario files of run.py mean this study's.
    with contextlib.chdir(analysis.study.root):
        module = _load(analysis)
        with _own_faults(analysis):
            module.main(quick=quick, results=folder, workers=workers)
        _check(analysis, folder, checksum)


def stale_because(analysis: Analysis, *, quick: bool = False) -> str:
    """Why the results must be made again, in a few words; empty if they need not be.

    Raises
    ------
    EvidenceError : when somebody put results of other data where this study's results were.
    """
    folder = analysis.results(quick=quick)
    if not (folder / SUMMARY).is_file():
        return "no results yet"
    manifest = fingerprint.read_manifest(folder)
    if manifest is None:
        return "results without a record of what they were made from"
    inputs = fingerprint.inputs_of(analysis, quick=quick)
    changed = fingerprint.changed_outputs(folder, manifest)
    if changed:
        check_data(analysis, Ledger.load(folder / SUMMARY), inputs["data"])
        return f"{changed[0]} is not what the last run wrote"
    names = [name for name, value in inputs.items() if manifest["inputs"].get(name) != value]
    return f"{' and '.join(names)} changed" if names else ""


def check_data(analysis: Analysis, ledger: Ledger, checksum: str | None = None) -> None:
    """Refuse a summary that was made from other data than the study holds now."""
    current = checksum or fingerprint.data_checksum(analysis.study)
    if ledger.data_checksum != current:
        raise EvidenceError(
            f"the results of {analysis.slug} were made from other data (checksum "
            f"{ledger.data_checksum[:12] or 'missing'}; this study's data have {current[:12]}). "
            f"Make them again: survsim run {analysis.slug}."
        )


def check_own(slug: str, ledger: Ledger, folder: Path) -> None:
    """Refuse a summary that is another analysis's, or that is not what the last run wrote where that is recorded.

    A run records what it wrote in ``manifest.json``, which is not handed on with the study: a summary that came without one is
    taken as it is.
    """
    if ledger.analysis != slug:
        raise EvidenceError(
            f"the summary in {slug} is of {ledger.analysis!r:.80}. Make it again: survsim run {slug}."
        )
    manifest = fingerprint.read_manifest(folder)
    if manifest is not None and SUMMARY in fingerprint.changed_outputs(folder, manifest):
        raise EvidenceError(
            f"{SUMMARY} of {slug} is not what the last run wrote. Make it again: survsim run {slug}."
        )


def load_ledger(slug: str | None = None) -> Ledger:
    """The numbers of an analysis, from the results folder a report reads.

    Parameters
    ----------
    slug : name of the analysis; see `results_folder`.

    Returns
    -------
    Ledger, checked to have been made from the data of the study it stands in.

    Raises
    ------
    InputError : no such analysis, one that was not run, or one made from other data.
    EvidenceError : the summary is another analysis's, or not what the last run wrote.

    Example
    -------
    >>> import survsim
    >>> from survsim.errors import SurvsimError
    >>> try:
    ...     survsim.report.load_ledger("no_such_analysis")
    ... except SurvsimError as error:
    ...     print("no_such_analysis" in str(error))
    True
    """
    folder = results_folder(slug)
    ledger = Ledger.load(folder / SUMMARY)
    check_own(folder.parent.name if (folder.parent / "run.py").is_file() else ledger.analysis, ledger, folder)
    check_data(Analysis(study=Study.find(folder), slug=ledger.analysis), ledger)
    return ledger


def _load(analysis: Analysis) -> ModuleType:
    """run.py as a package, so that a long analysis may be several files: ``from .harm import record_harm``."""
    name = f"survsim_analysis_{analysis.slug}"
    spec = importlib.util.spec_from_file_location(
        name, analysis.run_file, submodule_search_locations=[str(analysis.folder)]
    )
    if spec is None or spec.loader is None:
        raise InputError(f"{analysis.run_file} cannot be read as a Python file.")
    module = importlib.util.module_from_spec(spec)
    # another study may have an analysis of this name, whose files beside run.py were loaded before
    for old in [loaded for loaded in sys.modules if loaded.startswith(f"{name}.")]:
        del sys.modules[old]
    # Worker processes find the functions of run.py by this name.
    sys.modules[name] = module
    try:
        with _own_faults(analysis):
            spec.loader.exec_module(module)
    except (SyntaxError, ImportError) as error:
        raise InputError(f"analyses/{analysis.slug}/run.py does not load: {error}.") from None
    if not callable(getattr(module, "main", None)):
        raise InputError(
            f"analyses/{analysis.slug}/run.py needs a function main(*, quick, results, workers)."
        )
    return module


_PROGRAM_FAULTS = (
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    ArithmeticError,
    NameError,
    AssertionError,
    RuntimeError,
)


@contextlib.contextmanager
def _own_faults(analysis: Analysis) -> Iterator[None]:
    """An error of the study's own program, such as a key that its scenario does not have, as one line with its place."""
    try:
        yield
    except SurvsimError:
        raise
    except _PROGRAM_FAULTS as error:
        steps = traceback.extract_tb(error.__traceback__)
        own = [s for s in steps if Path(s.filename).parent == analysis.folder]
        place = f"{Path(own[-1].filename).name}, line {own[-1].lineno}" if own else "run.py"
        raise InputError(
            f"analyses/{analysis.slug}/{place}: {type(error).__name__}: {error}. Correct the program, or what it "
            "reads from scenario.yml."
        ) from error


def _check(analysis: Analysis, folder: Path, checksum: str) -> None:
    if not (folder / SUMMARY).is_file():
        raise InputError(
            f"analyses/{analysis.slug}/run.py wrote no {SUMMARY}; end main with ledger.save(results / {SUMMARY!r})."
        )
    ledger = Ledger.load(folder / SUMMARY)
    if ledger.analysis != analysis.slug:
        raise InputError(
            f"the summary of {analysis.slug} calls itself {ledger.analysis!r}; "
            f"write Ledger(analysis={analysis.slug!r}, ...) in run.py."
        )
    if ledger.data_checksum != checksum:
        raise InputError(
            f"the summary of {analysis.slug} does not carry the checksum of this study's data; "
            "write Ledger(..., data_checksum=load_evidence().checksum) in run.py."
        )


@contextlib.contextmanager
def _replacing(target: Path) -> Iterator[Path]:
    """A new empty folder that takes the place of `target` if the block succeeds."""
    target.parent.mkdir(parents=True, exist_ok=True)
    _recover(target)
    new = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent))
    old = new.with_suffix(".old")
    try:
        # Locked while it is filled, so that the next run knows what a killed one left.
        with files.locked(new, 0.0):
            yield new
        new.chmod(0o755)
        if target.exists():
            target.rename(old)
        new.rename(target)
    except BaseException as error:
        shutil.rmtree(new, ignore_errors=True)
        if old.exists() and not target.exists():
            old.rename(target)
        if isinstance(error, OSError):
            raise SurvsimError(f"the results in {target.parent.name} could not be made: {error}.") from error
        raise
    shutil.rmtree(old, ignore_errors=True)


def _recover(target: Path) -> None:
    """Bring back results that a run, killed between its two renames, had put aside; remove half of new ones."""
    files.sweep(target.parent, f".{target.name}.*.part")
    for old in sorted(target.parent.glob(f".{target.name}.*.old")):
        if target.exists():
            shutil.rmtree(old, ignore_errors=True)
        else:
            old.rename(target)
