"""`survsim simulate`: a scenario file in, a folder of results out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from survsim.cli.everywhere import MODE, Stopped
from survsim.core.errors import ScenarioError
from survsim.core.progress import silent
from survsim.core.times import same


def simulate(
    scenario: Annotated[Path, typer.Argument(help="A scenario file (YAML).")],
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for the results and the checkpoints.")
    ] = None,
    patients: Annotated[
        int | None, typer.Option("--patients", help="Patients in each parameter draw.")
    ] = None,
    draws: Annotated[int | None, typer.Option("--draws", help="Parameter draws.")] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="Names all luck.")] = None,
    history: Annotated[
        str | None, typer.Option("--history", help="Start from a history that the scenario declares.")
    ] = None,
    executor: Annotated[
        str, typer.Option("--executor", help="local, threads, processes, dask or ray.")
    ] = "local",
    workers: Annotated[
        int | None, typer.Option("--workers", help="How many at a time; default all cores.")
    ] = None,
    address: Annotated[
        str | None,
        typer.Option(
            "--address", help="Dask scheduler, tcp://host:port, or Ray head, host:port or ray://host:port."
        ),
    ] = None,
    resume: Annotated[
        Path | None, typer.Option("--resume", help="Go on with the run in this folder.")
    ] = None,
    explain: Annotated[
        bool,
        typer.Option(
            "--explain", help="Say and, with --out, draw the states and the strategies; simulate nothing."
        ),
    ] = False,
) -> None:
    """Simulate every strategy of a scenario and write tables, arrays and checkpoints to a folder."""
    from survsim.scenario.run import check_size
    from survsim.scenario.spec import Scenario
    from survsim.simulation.outcomes.storage import refuse_foreign, refuse_no_folder

    for place in (out, resume):
        if place is not None:
            refuse_no_folder(place)
            if not explain:
                refuse_foreign(place)
    whole = Scenario.from_yaml(scenario)
    folder = resume or out
    if folder is None and not explain:
        raise ScenarioError("give --out DIR for the results, or --resume DIR to go on with a run.")
    begun = {} if explain else _begun(resume)
    if not explain:
        check_size(
            whole,
            patients if patients is not None else begun.get("patients"),
            draws if draws is not None else begun.get("draws"),
        )
    _check(whole, history)
    if explain or folder is None:
        _explain(whole, out)
        return
    _say_histories(whole, history)
    _simulate(
        whole,
        folder=folder,
        out=out or folder,
        patients=patients if patients is not None else begun.get("patients"),
        draws=draws if draws is not None else begun.get("draws"),
        seed=seed if seed is not None else begun.get("seed"),
        history=history,
        how={"executor": executor, "workers": workers, "address": address},
    )


def _check(whole: Any, history: str | None) -> None:
    """Refuse what cannot be simulated, all of it at once and the same whether it is to be told or to be run."""
    from survsim.scenario.run import check_scenario

    _check_decision(whole)
    if history is not None:
        whole.history(history)
    check_scenario(whole)


def _say_histories(whole: Any, history: str | None) -> None:
    """A scenario that declares histories may be asked from its start or from one of them: say which is answered."""
    declared = ", ".join(whole.content.histories)
    if declared and history is None and not MODE.quiet:
        typer.echo(
            f"survsim: every patient begins at the start of the scenario; it declares {declared}: --history {declared.split(', ')[0]} "
            "asks what follows from there.",
            err=True,
        )


def _simulate(whole: Any, *, folder: Path, out: Path, how: dict[str, Any], **options: Any) -> None:
    from survsim.cli.everywhere import fact
    from survsim.core.execution import Execution
    from survsim.scenario.run import simulate as run_scenario

    try:
        with silent(), _progress() as progress:
            execution = Execution(folder=folder, progress=progress, **how)
            result = run_scenario(whole, execution=execution, **options)
        result.save(out)
    except KeyboardInterrupt:
        if not (folder / "run.json").is_file():
            raise  # nothing was simulated yet
        raise Stopped(
            f"stopped; what was simulated is kept. Go on with: survsim simulate {whole.path} --resume {folder}"
        ) from None
    fact(folder=str(out), outcomes=result.to_frame().to_dict("records"))
    typer.echo(result.headline())
    outcomes = whole.content.outcomes
    typer.echo(result.decision(outcomes.decision_tau).summary())
    for effect, cost in _priced(whole.content.values):
        typer.echo(
            result.cost_effectiveness(
                effect, cost, outcomes.decision_tau, reference=outcomes.reference
            ).summary()
        )
    typer.echo(f"results: {out}")


def _priced(values: Any) -> list[tuple[str, str]]:
    """Each declared gain with each declared cost; months of life where no other gain is declared."""
    outcomes = values.outcomes if values is not None else {}
    costs = [name for name, outcome in outcomes.items() if outcome.kind == "cost"]
    gains = [name for name, outcome in outcomes.items() if outcome.kind in ("quality", "time")]
    return [(gain, cost) for gain in gains or ["survival_time"] for cost in costs]


def _check_decision(whole: Any) -> None:
    """Before hours of simulation: the decision at the end needs its horizon among those simulated."""
    outcomes = whole.content.outcomes
    taus = outcomes.tau or (whole.content.horizon,)
    if not same(outcomes.decision_tau, taus).any():
        raise ScenarioError(
            f"{whole.path.name}: decision_tau {outcomes.decision_tau:.15g} must be one of tau "
            f"({', '.join(f'{t:.15g}' for t in taus)}); add it to tau or choose one of them."
        )


def _begun(resume: Path | None) -> dict[str, Any]:
    """Sizes and seed of the run to go on with."""
    if resume is None:
        return {}
    if not (resume / "run.json").is_file():
        raise ScenarioError(
            f"{resume} holds no run to go on with (no run.json); begin one with --out {resume}."
        )
    from survsim.simulation.running.checkpoints import read_note

    return read_note(resume)


def _explain(whole: Any, out: Path | None) -> None:
    from survsim.simulation.declared.explain import explain
    from survsim.simulation.declared.explain_states import explain_states

    c = whole.content
    if c.cohort is not None:
        from survsim.simulation.cohort.explaining import explain_cohort

        typer.echo(explain_cohort(c.cohort, whole.time_unit, c.values))
        if out is not None:
            typer.echo(
                "survsim: a cohort has no states and lines that are drawn beforehand; nothing is written.",
                err=True,
            )
        return
    told = {"start": c.start, "values": c.values, "time_unit": whole.time_unit}
    typer.echo(explain_states(c.states, c.transitions, **told) + "\n")
    for strategy in whole.strategies:
        words = explain(strategy, treatments=c.treatments, time_unit=whole.time_unit, meanings=whole.meanings)
        typer.echo(words + "\n")
    if out is not None:
        _draw(whole, out)


def _draw(whole: Any, out: Path) -> None:
    """The states with their numbered ways, and each strategy's lines, a picture each."""
    import pandas as pd

    from survsim.core.errors import InputError
    from survsim.figures.state_graph import state_diagram
    from survsim.figures.strategy_diagram import draw_strategy
    from survsim.simulation.declared.explain_states import ways_of

    out.mkdir(parents=True, exist_ok=True)
    c = whole.content
    ways = pd.DataFrame(ways_of(c.states, c.transitions, c.start))

    def kept(name: str, axes: Any) -> None:
        path = out / f"{name}.png"
        axes.figure.savefig(path, bbox_inches="tight")
        typer.echo(f"drawn: {path}")

    try:
        kept("states", state_diagram(ways))
    except InputError as error:  # too many, or too long names: the strategies are drawn all the same
        typer.echo(f"survsim: the states are not drawn: {error}", err=True)
    for strategy in whole.strategies:
        # a strategy that is called as the picture of the states is has a name of its own
        name = strategy.name if strategy.name != "states" else "strategy_states"
        kept(name, draw_strategy(strategy, time_unit=whole.time_unit))


def _progress() -> Any:
    """A context that gives a function (done, in all): a bar on a terminal, silence elsewhere."""
    import contextlib

    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    if not console.is_terminal or MODE.quiet:
        return contextlib.nullcontext()

    @contextlib.contextmanager
    def shown() -> Any:
        with Progress(console=console, transient=True) as bar:
            task = bar.add_task("simulating", total=None)
            yield lambda done, total: bar.update(task, completed=done, total=total)

    return shown()
