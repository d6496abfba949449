"""A picture of 2,000 by 1,500 pixels read: processor seconds from file to curves, in several styles; goal under 3 s.

python -m benchmarks.digitising [repetitions]
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from survsim import digitise
from tests.helpers.drawn_figures import Style, gallery

GOAL = 3.0
STYLES = {
    "two colours, ticks": {"arms": 2, "censor": "tick"},
    "four colours, no marks": {"arms": 4, "censor": "none"},
    "black, solid and dashed": {"arms": 2, "look": "black_dash"},
    "filled bands": {"arms": 2, "band": "filled"},
    "grey panel": {"arms": 2, "theme": "grey_panel"},
    "JPEG of a scan": {"arms": 2, "form": "jpeg", "scan": True},
}


def main() -> None:
    """Print one line a style: median and longest of the repetitions."""
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        styles = [
            Style(name=str(i), family=name, seed=50 + i, **{"dpi": 250, "size": (8.0, 6.0), **drawn})  # type: ignore[arg-type]
            for i, (name, drawn) in enumerate(STYLES.items())
        ]
        entries = gallery(folder, styles)
        digitise(folder / entries[0]["file"], unit="months")
        for style, entry in zip(styles, entries, strict=True):
            seconds = [_seconds(folder / entry["file"]) for _ in range(repetitions)]
            middle = float(np.median(seconds))
            print(
                f"{style.family:26s} {middle:5.2f} s, longest {max(seconds):5.2f} s {'' if middle < GOAL else 'ABOVE THE GOAL'}"
            )


def _seconds(path: Path) -> float:
    start = time.process_time()
    digitise(path, unit="months")
    return time.process_time() - start


if __name__ == "__main__":
    main()
