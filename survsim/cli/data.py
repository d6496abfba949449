"""`survsim data`: check the evidence, make the curated tables from the raw files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from survsim.cli.console import named_study, shown
from survsim.cli.data_curve import add_curve
from survsim.cli.data_export import export
from survsim.cli.data_more import add_study, compare, diff, import_file

if TYPE_CHECKING:
    from rich.console import Console

    from survsim.evidence.raw.check import CheckReport
    from survsim.evidence.schema.faults import Fault

app = typer.Typer(help="Evidence: check it, curate it, add to it.", no_args_is_help=True)
_DIR = typer.Argument(metavar="[DATA_DIR]", help="A study or its data folder; default: where you stand.")
SHOWN = 5
app.command("add-study")(add_study)
app.command("add-curve")(add_curve)
app.command("import")(import_file)
app.command("diff")(diff)
app.command("compare")(compare)
app.command("export")(export)


@app.command("check")
def check(
    data_dir: Annotated[Path | None, _DIR] = None,
    as_json: Annotated[bool, typer.Option("--json", help="All faults as JSON.")] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="Warnings that were looked into as well.")
    ] = False,
) -> None:
    """List all faults at once; exit with 2 if any of them makes a number unusable or wrong."""
    from survsim.evidence.raw.check import check_evidence

    report = check_evidence(named_study(data_dir, "survsim data check STUDY"))
    if as_json:
        import json

        typer.echo(json.dumps(report.to_dict(), indent=1, ensure_ascii=False))
    else:
        _print(report, everything)
    raise typer.Exit(report.exit_code)


@app.command("curate")
def curate(data_dir: Annotated[Path | None, _DIR] = None) -> None:
    """Make data/curated and data/datapackage.json from data/raw, whole or not at all."""
    from survsim.cli.everywhere import fact
    from survsim.evidence.raw.curate import curate as make

    done = make(named_study(data_dir, "survsim data curate STUDY"))
    fact(rows=done.rows, changed=done.changed)
    if not done.changed:
        typer.echo("curated tables are up to date")
        return
    shown = ", ".join(f"{n} {name}" for name, n in done.rows.items() if n)
    typer.echo(f"curated: {shown}")


def _print(report: CheckReport, everything: bool) -> None:
    from rich.console import Console

    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=140)
    _print_errors(console, report)
    open_ones = [f for f in report.warnings if not f.explained]
    _print_warnings(console, open_ones)
    explained = [f for f in report.warnings if f.explained]
    if everything:
        _print_warnings(console, explained)
    console.print(
        f"{shown(report.folder)}: {len(report.rows)} tables, {sum(report.rows.values())} rows, "
        f"{len(report.errors)} errors, {len(open_ones)} warnings to act on, {len(explained)} looked into "
        "(--all lists them); what is missing: survsim data completeness",
        soft_wrap=True,
    )


def _print_errors(console: Console, report: CheckReport) -> None:
    from rich.markup import escape
    from rich.table import Table

    if not report.errors:
        return
    table = Table(title=f"{len(report.errors)} errors", title_justify="left")
    for name in ("table", "row", "column", "value", "rule", "what to do"):
        table.add_column(name, overflow="fold")
    for fault in report.errors:
        cells = (fault.table, fault.rows, fault.column, fault.value, fault.rule, fault.remedy)
        table.add_row(*(escape(c) for c in cells))
    console.print(table)


def _print_warnings(console: Console, warnings: list[Fault]) -> None:
    """One block a rule and table: how many, some rows, what to do, and what was found on looking."""
    from rich.markup import escape

    groups: dict[tuple[str, str, str, str], list[Fault]] = {}
    for fault in warnings:
        groups.setdefault((fault.table, fault.rule, fault.remedy, fault.explained), []).append(fault)
    for (table, rule, remedy, explained), faults in groups.items():
        names = dict.fromkeys(row for f in faults for row in (f.row or f.column, *f.also))
        some = ", ".join(list(names)[:SHOWN]) + (" ..." if len(names) > SHOWN else "")
        console.print(f"[bold]{len(faults)} x {rule}[/bold] in {table}: {escape(some)}", soft_wrap=True)
        console.print(f"    to do: {escape(remedy)}", soft_wrap=True)
        if explained:
            console.print(f"    looked into: {escape(explained)}", soft_wrap=True)


@app.command("completeness")
def completeness(
    data_dir: Annotated[Path | None, _DIR] = None,
    population: Annotated[
        str | None, typer.Option("--population", help="Only index, mixed, control or surrogate.")
    ] = None,
) -> None:
    """How much of each field that decides pooling is filled in, and what to read for the rest."""
    from rich.console import Console
    from rich.table import Table

    from survsim.cli.everywhere import fact
    from survsim.core.errors import EvidenceError
    from survsim.evidence.ask.store import load_evidence
    from survsim.evidence.schema.table import POPULATIONS

    if population is not None and population not in POPULATIONS:
        raise EvidenceError(f"population must be one of {', '.join(POPULATIONS)}; got {population!r}.")
    found = load_evidence(named_study(data_dir, "survsim data completeness STUDY")).completeness(
        population=population
    )
    fact(fields=found.to_dict("records"))
    table = Table()
    for name in ("table", "field", "rows", "filled", "missing", "filled %", "for the rest"):
        table.add_column(
            name, justify="right" if name in ("rows", "filled", "missing", "filled %") else "left"
        )
    for row in found.to_dict("records"):
        percent = f"{100 * row['share']:.0f}" if row["rows"] else ""
        names = ("table", "field", "rows", "filled", "missing")
        table.add_row(*(str(row[n]) for n in names), percent, str(row["to_do"]))
    Console(highlight=False, width=140).print(table)


@app.command("migrate")
def migrate(data_dir: Annotated[Path | None, _DIR] = None) -> None:
    """Bring tables of an earlier version to the columns of this one; the old ones are kept as a backup."""
    from survsim.evidence.raw.migrate import migrate as bring

    done = bring(named_study(data_dir, "survsim data migrate STUDY"))
    if not done.changed:
        typer.echo("the tables have the columns of this version; nothing was changed")
        return
    typer.echo(f"migrated: {'; '.join(done.changed)}")
    typer.echo(f"backup: {shown(done.backup)}")
