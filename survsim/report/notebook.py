"""From report.py (percent format) to an executed notebook whose bytes depend on its content only."""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from survsim.core.errors import InputError
from survsim.report.describe import STARTUP
from survsim.report.study import RESULTS_VARIABLE, Analysis

if TYPE_CHECKING:
    from nbformat import NotebookNode

TIMEOUT_SECONDS = 600
KERNEL_OPTIONS = (
    "--InlineBackend.figure_formats=retina",
    "--HistoryManager.enabled=False",
    # The kernel warns that its loopback ports are not encrypted; a reader can do nothing about it.
    "--log-level=ERROR",
)
KEPT = "The earlier notebook and page, if there are any, stay as they were."
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def read_source(path: Path) -> NotebookNode:
    """The notebook that a percent-format file stands for, without outputs, with fixed cell ids."""
    import jupytext

    if not path.is_file():
        raise InputError(
            f"no {path.parent.name}/{path.name}; a report is written there in percent format (# %% cells)."
        )
    notebook = jupytext.reads(path.read_text(encoding="utf-8"), fmt="py:percent")
    notebook.metadata = _node(METADATA)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for number, cell in enumerate(notebook.cells, start=1):
        cell.id = f"cell-{number:02d}"
    return notebook


def execute(analysis: Analysis, results: Path) -> NotebookNode:
    """Run report.py as a notebook on `results`; return it with outputs and nothing that varies."""
    import nbclient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    notebook = read_source(analysis.report_file)
    client = nbclient.NotebookClient(
        notebook,
        timeout=TIMEOUT_SECONDS,
        kernel_name="python3",
        record_timing=False,
        extra_arguments=list(KERNEL_OPTIONS),
        resources={"metadata": {"path": str(analysis.folder)}},
    )
    try:
        with tempfile.TemporaryDirectory() as scratch:
            startup = Path(scratch, "profile_default", "startup", "00-pictures.py")
            startup.parent.mkdir(parents=True)
            startup.write_text(STARTUP, encoding="utf-8")
            # a loop of events of its own, closed at the end: the page may be written beside the next analysis
            asyncio.run(client.async_execute(env=_environment(results, scratch)))
    except CellExecutionError as error:
        fault = f"{error.ename}: {' '.join(str(error.evalue).split())}"
        raise InputError(f"{_stopped_at(analysis, notebook)}: {fault}. {KEPT}") from None
    except (CellTimeoutError, DeadKernelError) as error:
        fault = " ".join(str(error).split())[:300]
        raise InputError(f"{_stopped_at(analysis, notebook)}: it did not end: {fault}. {KEPT}") from None
    return settle(notebook)


def _stopped_at(analysis: Analysis, notebook: NotebookNode) -> str:
    """The cell that failed: its number among all cells, the line of report.py it begins at, its first words."""
    ran = [k for k, cell in enumerate(notebook.cells) if cell.get("execution_count") is not None]
    failed = [k for k in ran if any(o.output_type == "error" for o in notebook.cells[k].outputs)]
    place = (failed or ran or [0])[-1]
    if not failed and ran:
        # What runs has its number only when it ends: the cell that did not end is the next one with code.
        later = [k for k, cell in enumerate(notebook.cells) if k > place and cell.cell_type == "code"]
        place = (later or [place])[0]
    source = notebook.cells[place].source
    first = next((line.strip() for line in source.splitlines() if line.strip()), "")
    lines = analysis.report_file.read_text(encoding="utf-8").splitlines()
    heads = [n for n, line in enumerate(lines, start=1) if line.startswith("# %%")]
    at = f", line {heads[place]}" if place < len(heads) else ""
    return f"analyses/{analysis.slug}/report.py{at}: cell {place + 1} (`{first[:60]}`) failed"


def settle(notebook: NotebookNode) -> NotebookNode:
    """Take out what differs from run to run: timing, kernel versions, memory addresses, object texts."""
    notebook.metadata = _node(METADATA)
    count = 0
    for cell in notebook.cells:
        cell.metadata = _node({k: v for k, v in cell.metadata.items() if k == "tags"})
        if cell.cell_type != "code":
            continue
        count += 1
        cell.execution_count = count
        for output in cell.outputs:
            _settle_output(output, count)
        cell.outputs = [o for o in cell.outputs if not _says_nothing(o)]
    return notebook


def to_text(notebook: NotebookNode) -> str:
    """The .ipynb file's text."""
    import nbformat

    return nbformat.writes(notebook, version=nbformat.NO_CONVERT) + "\n"


def _says_nothing(output: Any) -> bool:
    """True for the text of the axes that a drawing call returns: the picture is shown anyway."""
    data = output.get("data")
    return data is not None and set(data) <= {"text/plain"} and "<Axes" in data.get("text/plain", "<Axes")


def _settle_output(output: Any, count: int) -> None:
    output.pop("transient", None)
    if "execution_count" in output:
        output.execution_count = count
    data = output.get("data")
    if data is None:
        return
    # The text twin of a picture, a table or prose says nothing that the rich one does not.
    if len(data) > 1:
        data.pop("text/plain", None)
    if "text/plain" in data:
        data["text/plain"] = re.sub(r"\bat 0x[0-9a-fA-F]+", "", data["text/plain"])


def _environment(results: Path, scratch: str) -> dict[str, str]:
    unwanted = {"MPLBACKEND", "PYTHONWARNINGS"}
    kept = {k: v for k, v in os.environ.items() if k not in unwanted}
    return kept | {
        RESULTS_VARIABLE: str(results.resolve()),
        "JUPYTER_PREFER_ENV_PATH": "1",
        "PYTHONHASHSEED": "0",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "IPYTHONDIR": scratch,
    }


def _node(content: Any) -> Any:
    import nbformat

    return nbformat.from_dict(content)
