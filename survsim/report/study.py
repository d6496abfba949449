"""A study on disk: a folder with data/ and analyses/; where its results, notebooks and reports go."""

from __future__ import annotations

import ast
import os
from dataclasses import dataclass
from pathlib import Path

from survsim.core.errors import InputError
from survsim.core.file_faults import meant

RESULTS_VARIABLE = "SURVSIM_RESULTS"
"""Environment variable by which `survsim report` tells a notebook whose results to read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """The folder a command works on.

    Attributes
    ----------
    root : folder that holds data/ and analyses/.
    """

    root: Path

    @classmethod
    def find(cls, start: str | os.PathLike[str] | None = None) -> Study:
        """The nearest folder upwards from `start` (default: here) with data/ and analyses/."""
        here = Path(start) if start is not None else Path.cwd()
        here = here.resolve()
        for folder in (here, *here.parents):
            if (folder / "data").is_dir() and (folder / "analyses").is_dir():
                return cls(root=folder)
        raise InputError(
            f"no study at {here} or above: a study is a folder with data/ and analyses/. "
            "Change into one, or make one with `survsim new NAME`."
        )

    @property
    def data(self) -> Path:
        """The folder of the evidence."""
        return self.root / "data"

    @property
    def build(self) -> Path:
        """The folder of everything that can be made again."""
        return self.root / "build"

    def analyses(self) -> tuple[Analysis, ...]:
        """Every folder below analyses/ that has a run.py, in the order of its name."""
        folders = sorted(p for p in (self.root / "analyses").iterdir() if (p / "run.py").is_file())
        return tuple(Analysis(study=self, slug=p.name) for p in folders)

    def without_program(self) -> dict[str, tuple[str, ...]]:
        """Folders below analyses/ that hold a scenario, a protocol or a report and no run.py: what they hold."""
        found: dict[str, tuple[str, ...]] = {}
        for folder in sorted(p for p in (self.root / "analyses").iterdir() if p.is_dir()):
            held = [n for n in _BEGUN if (folder / n).is_file()]
            if held and not (folder / "run.py").is_file():
                found[folder.name] = tuple(held)
        return found

    def analysis(self, slug: str) -> Analysis:
        """One analysis by its slug, or by the number the slug begins with."""
        every = self.analyses()
        wanted = slug.strip("/").removeprefix("analyses/")
        found = [a for a in every if a.slug == wanted] or [
            a for a in every if wanted and a.slug.split("_")[0] == wanted
        ]
        begun = self.without_program()
        lacking = [name for name in begun if wanted and wanted in (name, name.split("_")[0])]
        if not found and lacking:
            raise InputError(_no_program(lacking[0], begun[lacking[0]]))
        if len(found) != 1:
            names = ", ".join(a.slug for a in every) or "none; add a folder analyses/<nn>_<name> with run.py"
            hint = meant(wanted, [a.slug for a in every])
            raise InputError(f"no analysis {slug!r} in {self.root.name}{hint or ';'} there are: {names}.")
        return found[0]

    def choose(self, slugs: tuple[str, ...] | list[str] | None) -> tuple[Analysis, ...]:
        """The analyses named, each once, or all of them; an analysis comes after those whose files it reads."""
        if slugs:
            return in_order(tuple(dict.fromkeys(self.analysis(slug) for slug in slugs)))
        every = self.analyses()
        begun = self.without_program()
        if not every and begun:
            name = next(iter(begun))
            raise InputError(_no_program(name, begun[name]))
        if not every:
            raise InputError(
                f"{self.root.name} has no analysis; add a folder analyses/<nn>_<name> with run.py and report.py."
            )
        return in_order(every)


_BEGUN = ("scenario.yml", "protocol.yml", "report.py")
"""Files by which a folder is told to be an analysis that somebody has begun."""


def _no_program(slug: str, held: tuple[str, ...]) -> str:
    """What to do about a folder that is not yet an analysis."""
    return (
        f"analyses/{slug} has {' and '.join(held)} but no run.py, the program that computes its results, so there is "
        "nothing to report yet. Take the run.py and report.py of a whole example: survsim new EXAMPLE --template "
        f"strategies, then copy analyses/02_strategies/run.py and report.py to analyses/{slug} and set SLUG in both. "
        f"To simulate without a report: survsim simulate analyses/{slug}/scenario.yml --out results."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """One question of a study: analyses/<slug>/ with run.py and report.py.

    Attributes
    ----------
    study : the study it belongs to.
    slug : name of its folder.
    """

    study: Study
    slug: str

    @property
    def folder(self) -> Path:
        """analyses/<slug>."""
        return self.study.root / "analyses" / self.slug

    @property
    def run_file(self) -> Path:
        """The program that computes the results."""
        return self.folder / "run.py"

    @property
    def reads(self) -> tuple[Analysis, ...]:
        """The analyses whose files or results this one reads, as ``READS = ("01_name", ...)`` in its run.py says."""
        try:
            lines = ast.parse(self.run_file.read_text(encoding="utf-8")).body
        except (OSError, SyntaxError, ValueError):
            return ()  # running it will say what is wrong
        for line in lines:
            named = isinstance(line, ast.Assign) and any(
                isinstance(t, ast.Name) and t.id == "READS" for t in line.targets
            )
            if isinstance(line, ast.Assign) and named:
                return tuple(self.study.analysis(slug) for slug in _slugs(line.value, self.slug))
        return ()

    @property
    def report_file(self) -> Path:
        """The percent-format source of the notebook."""
        return self.folder / "report.py"

    @property
    def notebook(self) -> Path:
        """The committed, executed notebook."""
        return self.study.root / "notebooks" / f"{self.slug}.ipynb"

    def results(self, *, quick: bool = False) -> Path:
        """The folder of the results, full or quick."""
        return self.study.build / "quick" / self.slug / "results" if quick else self.folder / "results"


def results_folder(slug: str | None = None) -> Path:
    """Folder whose results a report reads: the environment's, or the analysis's own.

    Parameters
    ----------
    slug : name of the analysis; may be left out inside its folder or while `survsim report` runs.

    Returns
    -------
    Path of the folder, which exists.

    Raises
    ------
    InputError : when there is no such folder yet, or no analysis can be told.

    Example
    -------
    >>> import survsim
    >>> survsim.report.results_folder("01_evidence_base").name
    'results'
    """
    given = os.environ.get(RESULTS_VARIABLE)
    if given:
        folder = Path(given)
        name = folder.parent.name
    elif slug is not None:
        analysis = Study.find().analysis(slug)
        folder, name = analysis.results(), analysis.slug
    elif (Path.cwd() / "run.py").is_file():
        folder, name = Path.cwd() / "results", Path.cwd().name
    else:
        raise InputError(
            "which results? Name the analysis, for example results_folder('02_survival_models'), "
            f"or set {RESULTS_VARIABLE}."
        )
    if not folder.is_dir():
        raise InputError(f"no results at {folder}; run the analysis first: survsim run {name}.")
    return folder


def _slugs(value: ast.expr, slug: str) -> tuple[str, ...]:
    """The names in ``READS``, which are text and nothing else."""
    try:
        found = ast.literal_eval(value)
    except ValueError:
        found = None
    if not isinstance(found, (tuple, list)) or not all(isinstance(one, str) for one in found):
        raise InputError(
            f'READS in analyses/{slug}/run.py must be names of analyses, as READS = ("01_name",); '
            f"got {ast.unparse(value)}."
        )
    return tuple(found)


def in_order(chosen: tuple[Analysis, ...]) -> tuple[Analysis, ...]:
    """The analyses in their order, but each after those of them that it reads."""
    done: list[Analysis] = []

    def visit(one: Analysis, path: tuple[Analysis, ...]) -> None:
        if one in path:
            circle = " reads ".join(a.slug for a in (*path[path.index(one) :], one))
            raise InputError(f"analyses read one another in a circle: {circle}. Take one READS away.")
        for other in one.reads:
            visit(other, (*path, one))
        if one not in done:
            done.append(one)

    for one in chosen:
        visit(one, ())
    return tuple(one for one in done if one in chosen)
