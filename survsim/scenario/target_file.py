"""Targets from a YAML file: a mapping of scenario name to list of targets."""

from __future__ import annotations

import os

from survsim.core.declared import read_as
from survsim.core.errors import ScenarioError
from survsim.core.yaml_files import read_yaml
from survsim.scenario.targets import Target


def read_targets(path: str | os.PathLike[str]) -> dict[str, tuple[Target, ...]]:
    """Targets by scenario.

    Parameters
    ----------
    path : a YAML file: scenario -> list of targets.

    Returns
    -------
    dict : scenario -> tuple of Target.

    Raises
    ------
    ScenarioError : a target that is not complete, with its place.

    Example
    -------
    >>> import survsim
    >>> sorted(survsim.scenario.read_targets("analyses/07_scenario_gallery/scenario.yml"))[:1]
    ['first_line']
    """
    content = read_yaml(path, error=ScenarioError)
    if not isinstance(content, dict):
        raise ScenarioError(f"{path} must map scenario names to lists of targets.")
    found: dict[str, tuple[Target, ...]] = {}
    for name, rows in content.items():
        made = []
        if not isinstance(rows, list):
            raise ScenarioError(f"{path}, {name}: a list of targets is wanted; got {type(rows).__name__}.")
        for i, row in enumerate(rows):
            made.append(read_as(Target, row, f"{path}, {name}, target {i}"))
        found[str(name)] = tuple(made)
    return found
