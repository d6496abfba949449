"""Draw the picture of the README from the results of this analysis: ``make readme``."""

from __future__ import annotations

from pathlib import Path

import survsim

HERE = Path(__file__).resolve().parent
TARGET = HERE.parents[1] / "notebooks" / "readme.png"


def main() -> None:
    """Survival under surgery alone and as she was treated, with the band over parameter draws."""
    survival = survsim.simulation.SimulationResult.load(HERE / "results" / "simulation").survival()
    axes = survival.plot(
        strategies=["surgery_alone", "as_treated"], band=True, until=36, marker=(11, "index case")
    )
    axes.figure.savefig(TARGET, dpi=150, bbox_inches="tight")


if __name__ == "__main__":
    main()
