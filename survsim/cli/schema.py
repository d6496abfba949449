"""`survsim schema`: what an editor checks a scenario, strategy, calibration or protocol against."""

from __future__ import annotations

from typing import Annotated

import typer


def schema(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="scenario, strategy, calibration or protocol.")],
) -> None:
    """Print the JSON schema of a kind of file.

    An editor that knows YAML schemas checks a file while you type, once its first line is
    "# yaml-language-server: $schema=scenario.schema.json".
    """
    from survsim.scenario.file_schemas import file_schema

    typer.echo(file_schema(kind), nl=False)
