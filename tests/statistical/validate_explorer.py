"""`survsim.explore` in a real JupyterLab in a real browser: its sliders are moved by keys, its redraws timed in the page.

    python -m tests.statistical.validate_explorer [PICTURE.png]

Needs JupyterLab (`pip install 'survsim[browser]'`) and a Chromium. Writes the record that the tests read; ends with 1 where
a slider is missing, the slowest redraw takes 300 ms or more, or the page writes an error.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import nbformat

from tests.helpers.browser import Page, browser

ROOT = Path(__file__).resolve().parents[2]
RECORD = Path(__file__).parent / "records" / "explorer_in_jupyterlab.json"
GOAL = 300.0
"""Milliseconds from the key to the new picture."""
SCENARIOS = {
    "first_line": "analyses/07_scenario_gallery/first_line.yml",
    "case_strategies": "analyses/03_case_strategies/scenario.yml",
}
MOVES = 15
"""Keys to the right and back in turn; odd, so that the last one leaves the slider moved."""
# Cells that are run before the kernel answers are lost.
READY = """
[...window.jupyterapp.shell.widgets('main')].find(w => w.context)?.context.sessionContext.session?.kernel?.connectionStatus
  === 'connected' && document.querySelector('.jp-Notebook-ExecutionIndicator[data-status="idle"]')
"""
# From the key until the picture that follows it is decoded and a frame was drawn with it.
TIMER = """
(() => {
  window.took = [];
  let began = null;
  document.addEventListener('keydown', () => { began = performance.now(); }, true);
  document.addEventListener('load', (event) => {
    if (began === null || !event.target.matches('.jp-OutputArea-output img')) return;
    const from = began; began = null;
    requestAnimationFrame(() => window.took.push(performance.now() - from));
  }, true);
  return true;
})()
"""


@contextlib.contextmanager
def lab(folder: Path) -> Iterator[str]:
    """The address of a JupyterLab that serves a folder."""
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--port=0", "--IdentityProvider.token=", "--allow-root",
        f"--ServerApp.root_dir={folder}", "--LabApp.expose_app_in_browser=True", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.news_url=None",
    ]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "JUPYTER_CONFIG_DIR": str(folder / ".config")}
    log = folder / "lab.log"
    with log.open("w") as out:
        running = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, env=environment, cwd=ROOT)
    try:
        for _ in range(600):
            if found := re.search(r"http://(?:localhost|127\.0\.0\.1):\d+", log.read_text()):
                break
            time.sleep(0.1)
        else:
            raise TimeoutError(f"JupyterLab did not start: {log.read_text()[-2000:]}")
        yield found[0]
    finally:
        running.terminate()
        running.wait(20)


def notebook(folder: Path, scenario: str) -> str:
    """A notebook of two cells; its second shows the panel."""
    import_cell = f"import os\nos.chdir({str(ROOT)!r})\nimport survsim\nscenario = survsim.Scenario.from_yaml({scenario!r})"
    cells = [nbformat.v4.new_code_cell(import_cell), nbformat.v4.new_code_cell("survsim.explore(scenario)")]
    made = nbformat.v4.new_notebook(cells=cells)
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(made, folder / "explore.ipynb")
    return "explore.ipynb"


def tried(page: Page, address: str, name: str) -> dict[str, Any]:
    """What the panel of one scenario shows, and how long its redraws take."""
    page.go(f"{address}/lab/tree/{name}")
    page.wait("window.jupyterapp && document.querySelector('.jp-Notebook .jp-Cell')")
    page.wait(READY)
    page.js("window.jupyterapp.commands.execute('notebook:run-all-cells') && true")
    page.wait("document.querySelector('.jp-OutputArea-output img')", 240)
    page.wait("document.querySelector('.jp-OutputArea-output img').complete")
    sliders = page.js("document.querySelectorAll('.jp-OutputArea-output .widget-slider').length")
    headings = page.js("[...document.querySelectorAll('.jp-OutputArea-output b')].map(b => b.textContent)")
    page.js(TIMER)
    before = page.js("document.querySelector('.jp-OutputArea-output img').src")
    table = page.js("document.querySelector('.jp-OutputArea-output table').innerText")
    page.js("document.querySelector('.jp-OutputArea-output .noUi-handle').focus()")
    for move in range(MOVES):
        page.press("ArrowRight" if move % 2 == 0 else "ArrowLeft")
        page.wait(f"window.took.length > {move}", 20)
        time.sleep(0.2)
    time.sleep(0.5)
    assert page.js("document.querySelector('.jp-OutputArea-output img').naturalWidth") > 0, (
        "the picture is broken"
    )
    assert page.js("document.querySelector('.jp-OutputArea-output img').src") != before, "the picture stayed"
    assert page.js("document.querySelector('.jp-OutputArea-output table').innerText") != table, (
        "the table stayed"
    )
    took = [float(t) for t in page.js("window.took")]
    return {
        "sliders": sliders,
        "groups": headings,
        "median_ms": round(statistics.median(took), 1),
        "slowest_ms": round(max(took), 1),
        "moves": len(took),
    }


def main(picture: str | None) -> int:
    """Try each scenario, write the record, and say what was found."""
    found: dict[str, Any] = {}
    failed = False
    for slug, scenario in SCENARIOS.items():
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            name = notebook(Path(folder), scenario)
            with lab(Path(folder)) as address, browser(1400, 1300) as page:
                found[slug] = tried(page, address, name)
                found[slug]["console_errors"] = page.console
                if picture:
                    page.picture(Path(picture).with_stem(f"{Path(picture).stem}_{slug}"))
        failed |= bool(found[slug]["console_errors"]) or not found[slug]["slowest_ms"] < GOAL
        print(slug, found[slug])
    versions = {p: metadata.version(p) for p in ("jupyterlab", "ipywidgets")}
    RECORD.write_text(
        json.dumps({"goal_ms": GOAL, "versions": versions, "scenarios": found}, indent=1) + "\n"
    )
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else None))
