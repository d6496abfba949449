"""`survsim data add-study, import, diff, compare`: adding to the evidence and seeing what changed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from survsim.cli.console import shown

if TYPE_CHECKING:
    from survsim.evidence.bring_in.citations_in import Cell
    from survsim.evidence.bring_in.diff import EvidenceDiff, TableDiff
    from survsim.evidence.bring_in.extraction import ExtractionComparison
    from survsim.evidence.raw.locate import DataFolder

MOST = 50
_SET = typer.Option(
    "--set", metavar="NAME", help="Folder below data/raw/literature; the study's own if not given."
)
_JSON = typer.Option("--json", help="Everything as JSON.")
_REPLACE = typer.Option("--replace", help="Let what the file says take the place of what is there.")


def add_study(
    study_id: Annotated[str, typer.Argument(metavar="ID", help="Name of the study, for example lee_2021.")],
    xlsx: Annotated[
        bool, typer.Option("--xlsx", help="Write ID.xlsx with lists to choose from, instead of rows.")
    ] = False,
    set_name: Annotated[str | None, _SET] = None,
) -> None:
    """Write empty rows for a new study, in the raw tables or as a spreadsheet."""
    from survsim.evidence.bring_in.template import add_study as add
    from survsim.evidence.bring_in.template import add_study_book

    if xlsx:
        made = add_study_book(_own_data(), study_id, Path(f"{study_id}.xlsx"), set_name=set_name)
        option = f" --set {set_name}" if set_name else ""
        typer.echo(
            f"{made.files[0]}: fill in its sheets studies and estimates (coloured columns must be filled, one row a "
            f"number), then run: survsim data import {made.files[0]}{option}"
        )
        return
    made = add(_own_data(), study_id, set_name=set_name)
    names = " and ".join(shown(p) for p in made.files)
    words = shown(made.words) if made.words else ""
    typer.echo(
        f"{names}: fill in the last row of each (one row a number; what each column means and may hold: {words}), "
        "then run: survsim data curate"
    )


def import_file(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A spreadsheet (.xlsx), or citations (.bib, .ris).")
    ],
    set_name: Annotated[str | None, _SET] = None,
    study: Annotated[
        str | None, typer.Option("--study", metavar="ID", help="Study whose citation the file holds.")
    ] = None,
    replace: Annotated[bool, _REPLACE] = False,
) -> None:
    """Add studies and numbers from a spreadsheet, or fill citations; all of it is taken or nothing.

    Exits with 1 when citations differ from cells that were kept, with 2 when nothing was written.
    """
    from survsim.core.errors import InputError

    suffix = file.suffix.lower()
    if suffix == ".xlsx" and study is None:
        _import_book(file, set_name, replace)
    elif suffix in (".bib", ".ris") and set_name is None:
        _import_citations(file, study, replace)
    elif suffix in (".xlsx", ".bib", ".ris"):
        raise InputError("--set goes with a spreadsheet, --study with citations.")
    else:
        raise InputError(f"{file.name} is neither .xlsx (studies, numbers) nor .bib or .ris (citations).")


def diff(
    old: Annotated[
        str, typer.Argument(metavar="OLD", help="A study's folder, or a git revision of this one.")
    ],
    new: Annotated[
        str | None, typer.Argument(metavar="[NEW]", help="The same; the study you stand in if not given.")
    ] = None,
    as_json: Annotated[bool, _JSON] = False,
) -> None:
    """List the rows of the curated tables that came, went or changed; the order of rows is nothing."""
    from contextlib import ExitStack

    from survsim.evidence.bring_in.diff import diff_evidence

    with ExitStack() as stack:
        before = _state(stack, old)
        after = _own_data().root if new is None else _state(stack, new)
        found = diff_evidence(before, after)
    if as_json:
        _echo_json(found.to_dict())
    else:
        _print_diff(found)


def compare(
    a: Annotated[
        Path, typer.Argument(metavar="A", help="Estimates as one person typed them: .csv or .xlsx.")
    ],
    b: Annotated[Path, typer.Argument(metavar="B", help="The same numbers as another person typed them.")],
    as_json: Annotated[bool, _JSON] = False,
) -> None:
    """List where two extractions of the same numbers differ; exits with 0 if they agree, with 1 if not."""
    from survsim.evidence.bring_in.extraction import compare_extractions

    found = compare_extractions(a, b)
    if as_json:
        _echo_json(found.to_dict())
    else:
        _print_comparison(found, a.name, b.name)
    raise typer.Exit(0 if found.agree else 1)


def _own_data() -> DataFolder:
    """The data of the study one stands in; never the tables that came with survsim."""
    from survsim.core.errors import InputError
    from survsim.evidence.raw.locate import data_folder, find_study

    study = find_study()
    if study is None:
        raise InputError("no study here or above; change into one, or make one with `survsim new NAME`.")
    return data_folder(study)


def _state(stack: Any, name: str) -> Path:
    """The folder named, or a git revision unpacked until the stack is closed."""
    from survsim.report.earlier import earlier_state
    from survsim.report.study import Study

    if Path(name).is_dir():
        return Path(name)
    return Path(stack.enter_context(earlier_state(Study.find(), name)).root)


def _import_book(file: Path, set_name: str | None, replace: bool) -> None:
    from survsim.cli.everywhere import fact
    from survsim.evidence.bring_in.import_book import import_book

    folder = _own_data()
    done = import_book(folder, file, set_name=set_name, replace_rows=replace)
    merged, chosen = done.merged, done.set_name
    fact(set=chosen, added=merged.added, replaced=merged.replaced)
    fact(not_reached=done.not_reached, waiting=done.waiting, not_read=done.not_read)
    if done.not_read:
        typer.echo(f"not read: sheet {', '.join(done.not_read)}")
    for name in done.not_reached:
        typer.echo(f"not reached: {name} is no number; it is named in raw/declared/excluded.csv")
    for row in done.waiting:
        typer.echo(f"waits, as it cannot be curated yet: {row}")
    if not merged.files:
        also = "; the curated tables were behind and are made again" if done.changed else "; nothing to do"
        typer.echo(f"{file.name}: every row is there already{also}")
        return
    for words, names in (("added", merged.added), ("replaced", merged.replaced)):
        counts = ", ".join(f"{len(rows)} {table}" for table, rows in names.items() if rows)
        if counts:
            typer.echo(f"{words} in raw/literature/{chosen}: {counts}")
    _flag_rows(
        folder.root, {row for found in (merged.added, merged.replaced) for row in found.get("estimates", ())}
    )
    typer.echo("curated. Next: survsim report")


def _flag_rows(root: Path, rows: set[str]) -> None:
    """Warnings about numbers that have just come in, while the paper is still on the table."""
    from survsim.evidence.raw.check import check_evidence

    found = [
        f
        for f in check_evidence(root).warnings
        if f.table == "estimates" and not f.explained and rows & {f.row, *f.also}
    ]
    for fault in found[:20]:
        typer.echo(str(fault))
    if len(found) > 20:
        typer.echo(f"and {len(found) - 20} more warnings: survsim data check")


def _import_citations(file: Path, study: str | None, replace: bool) -> None:
    from survsim.evidence.bring_in.citations_in import import_citations

    done = import_citations(_own_data(), file, study=study, replace=replace)
    for words, cells in (("filled", done.filled), ("replaced", done.replaced), ("kept", done.kept)):
        _print_cells(words, cells)
    for said in done.assumed:
        typer.echo(f"assumed: {said}")
    if done.unmatched:
        typer.echo(f"no study for: {', '.join(done.unmatched)}")
    if not (done.filled or done.replaced or done.kept):
        typer.echo("every citation is there already; nothing to do")
    if done.kept:
        typer.echo("cells that differ were kept; correct the file, or repeat with --replace", err=True)
        raise typer.Exit(1)


def _print_cells(words: str, cells: tuple[Cell, ...]) -> None:
    for cell in cells:
        has = f" (there: {cell.has!r})" if cell.has else ""
        typer.echo(f"{words}: {cell.study} {cell.column}: {cell.says!r}{has}")


def _print_diff(found: EvidenceDiff) -> None:
    if not found.tables:
        typer.echo("no row came, went or changed")
    for table in found.tables:
        rows = len({c.row for c in table.changed})
        typer.echo(f"{table.table}: {len(table.came)} came, {len(table.went)} went, {rows} changed")
        lines = list(_lines(table))
        for line in lines[:MOST]:
            typer.echo(f"  {line}")
        if len(lines) > MOST:
            typer.echo(f"  and {len(lines) - MOST} more; --json lists all")


def _lines(table: TableDiff) -> list[str]:
    return [
        *(f"column came: {c}" for c in table.columns_came),
        *(f"column went: {c}" for c in table.columns_went),
        *(f"came: {row}" for row in table.came),
        *(f"went: {row}" for row in table.went),
        *(f"{c.row}: {c.column}: {c.old or '(empty)'} -> {c.new or '(empty)'}" for c in table.changed),
    ]


def _print_comparison(found: ExtractionComparison, a: str, b: str) -> None:
    for item in found.disagreements:
        typer.echo(f"{item.key}: {item.column}: {item.a or '(empty)'} | {item.b or '(empty)'}")
    for name, keys in ((a, found.only_a), (b, found.only_b)):
        for key in keys:
            typer.echo(f"only in {name}: {key}")
    for name, columns in ((a, found.columns_only_a), (b, found.columns_only_b)):
        if columns:
            typer.echo(
                f"columns only in {name}, which is a difference; their cells are not compared: {', '.join(columns)}"
            )
    cells, rows = found.cell_agreement, found.row_agreement
    equal = found.cells_compared - len(found.disagreements)
    if not found.rows_matched:
        typer.echo("no row stands in both files, so that nothing agrees")
    typer.echo(
        f"{found.rows_matched} rows in both; "
        + (
            f"{equal} of {found.cells_compared} cells agree ({cells:.1f}%)"
            if cells is not None
            else "no cell compared"
        )
        + (f"; {rows:.1f}% of all rows agree in every cell" if rows is not None else "")
    )


def _echo_json(content: Any) -> None:
    import json

    typer.echo(json.dumps(content, indent=1, ensure_ascii=False))
