"""The question that an analysis of the evidence pools, read from its file: what may stand there, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from survsim.core.errors import EvidenceError
from survsim.core.file_faults import meant
from survsim.core.yaml_files import read_yaml
from survsim.evidence.ask.protocol_checks import check_criteria

KEYS = ("disease", "question")


def read_question(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The disease and the question of an analysis that pools what is published.

    Parameters
    ----------
    path : a YAML file with ``question``, criteria as `EvidenceStore.select` takes them, and ``disease``, as titles name it.

    Returns
    -------
    dict : ``disease`` (empty where nothing stands there) and ``question``, criterion to what is asked for.

    Raises
    ------
    EvidenceError : another key than these, a question that asks for nothing, or a criterion that does not exist, with the
        nearest one.

    Example
    -------
    >>> import pathlib, tempfile, survsim
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "scenario.yml"
    >>> _ = file.write_text("question: {endpoint: overall_survival, measure: hazard_ratio}")
    >>> survsim.report.read_question(file)["question"]["measure"]
    'hazard_ratio'
    """
    name = Path(path).name
    content = read_yaml(path, error=EvidenceError)
    if not isinstance(content, dict):
        raise EvidenceError(f"{name} must hold {' and '.join(KEYS)}; it holds {type(content).__name__}.")
    for key in content:
        if key not in KEYS:
            raise EvidenceError(f"{name} has no key {key!r}{meant(key, KEYS)}; it has {', '.join(KEYS)}.")
    disease, question = content.get("disease"), content.get("question")
    if disease is not None and not isinstance(disease, str):
        raise EvidenceError(f"{name}: disease is said in words; got {disease!r}.")
    if not question:
        raise EvidenceError(
            f"{name}: question names at least one criterion, such as endpoint: overall_survival; got {question!r}."
        )
    check_criteria(question, f"{name}: question")
    return {"disease": disease or "", "question": question}
