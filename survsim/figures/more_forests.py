"""Forests of what has no studies of its own to show: ratios of a model, a pooled mean without each study, a network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.checks import one_of
from survsim.core.errors import InputError
from survsim.core.names import readable, refuse_unmeant
from survsim.figures import placing, style
from survsim.figures.forest_rows import ForestRow, draw_rows, forest_axes

if TYPE_CHECKING:
    from survsim.estimate.competing.fine_gray import FineGray
    from survsim.estimate.synthesis.meta_influence import MetaInfluence
    from survsim.estimate.synthesis.meta_subgroups import MetaSubgroups
    from survsim.estimate.synthesis.network import NetworkMetaAnalysis


@style.styled
def draw_fine_gray(
    fit: FineGray,
    ax: Any = None,
    *,
    names: Mapping[str, str] | None = None,
    limits: tuple[float, float] | None = None,
    title: str = "",
) -> Any:
    """Draw each term's subdistribution hazard ratio with its interval.

    Parameters
    ----------
    names : labels to show for terms.
    limits : of the axis, the lower first, above 0 on an axis of ratios.

    Returns
    -------
    Axes; squares carry ``gid`` "estimate:<term>", intervals "interval:<term>".
    """
    frame = fit.to_frame()
    refuse_unmeant("names", names or {}, frame["term"], "the terms", some=True)
    rows = [
        _row((names or {}).get(t, t), t, e, a, b)
        for t, e, a, b in zip(frame["term"], frame["hazard_ratio"], frame["conf_low"], frame["conf_high"])
    ]
    measure = f"Subdistribution hazard ratio of {fit.cause}"
    return _forest(rows, ax, measure, ratio=True, limits=limits, title=title)


@style.styled
def draw_influence(
    result: MetaInfluence,
    ax: Any = None,
    *,
    measure: str = "Hazard ratio",
    ratio: bool = True,
    limits: tuple[float, float] | None = None,
    title: str = "",
) -> Any:
    """Draw the pooled mean without each study in turn; an asterisk marks a study that moves it.

    Parameters
    ----------
    measure : name of what the axis shows.
    ratio : True when the analysis was on a log scale.
    limits : of the axis, the lower first, above 0 on an axis of ratios.

    Returns
    -------
    Axes; squares carry ``gid`` "estimate:<study>".
    """
    rows = [
        _row(
            f"without {readable(label)}",
            str(label),
            *_scaled((result.estimate[k], result.conf_low[k], result.conf_high[k]), ratio),
            " *" if moves else "",
        )
        for k, (label, moves) in enumerate(zip(result.labels, result.is_influential))
    ]
    return _forest(rows, ax, measure, ratio=ratio, limits=limits, title=title)


@style.styled
def draw_subgroups(
    result: MetaSubgroups,
    ax: Any = None,
    *,
    measure: str = "Hazard ratio",
    ratio: bool = True,
    names: Mapping[Any, str] | None = None,
    limits: tuple[float, float] | None = None,
    title: str = "",
) -> Any:
    """Draw the pooled mean of each group of studies, with the test between them above.

    Parameters
    ----------
    measure : name of what the axis shows.
    ratio : True when the analysis was on a log scale.
    limits : of the axis, the lower first, above 0 on an axis of ratios.

    Returns
    -------
    Axes; squares carry ``gid`` "estimate:<group>", the test "p-value".
    """
    refuse_unmeant("names", names or {}, result.groups, "the groups", some=True)
    rows = [
        _row(
            str((names or {}).get(g, readable(g))),
            str(g),
            *_scaled((result.estimate[k], result.conf_low[k], result.conf_high[k]), ratio),
            f" ({n} {'study' if n == 1 else 'studies'})",
        )
        for k, (g, n) in enumerate(zip(result.groups, result.n_study))
    ]
    ax = _forest(rows, ax, measure, ratio=ratio, limits=limits, title=title)
    p = float(result.p_value)
    placing.remark(
        ax, f"Difference between groups: p {'< 0.001' if p < 0.001 else f'= {p:.3f}'}", gid="p-value"
    )
    return ax


@style.styled
def draw_network(
    result: NetworkMetaAnalysis,
    ax: Any = None,
    *,
    comparator: str | None = None,
    measure: str = "Hazard ratio",
    ratio: bool = True,
    names: Mapping[Any, str] | None = None,
    limits: tuple[float, float] | None = None,
    title: str = "",
) -> Any:
    """Draw each treatment of a network against one of them.

    Parameters
    ----------
    comparator : the treatment the others are compared with, default the first.
    measure : name of what the axis shows.
    ratio : True when the analysis was on a log scale.
    limits : of the axis, the lower first, above 0 on an axis of ratios.

    Returns
    -------
    Axes; squares carry ``gid`` "estimate:<treatment>".
    """
    against = (
        result.treatments[0] if comparator is None else one_of("comparator", comparator, result.treatments)
    )
    refuse_unmeant("names", names or {}, result.treatments, "the treatments", some=True)
    frame = result.to_frame()
    mine = frame[frame["comparator"] == against]
    rows = [
        _row(
            str((names or {}).get(row["treatment"], readable(row["treatment"]))),
            str(row["treatment"]),
            *_scaled((row["estimate"], row["conf_low"], row["conf_high"]), ratio),
        )
        for row in mine.to_dict("records")
    ]
    words = f"{measure} against {(names or {}).get(against, readable(against))}"
    return _forest(rows, ax, words, ratio=ratio, limits=limits, title=title)


def _row(label: str, name: str, estimate: float, low: float, high: float, after: str = "") -> ForestRow:
    return ForestRow(
        label=label,
        after=after,
        name=name,
        estimate=float(estimate),
        conf_low=float(low),
        conf_high=float(high),
    )


def _scaled(values: tuple[float, float, float], ratio: bool) -> tuple[float, float, float]:
    if not ratio:
        return values
    if max(map(abs, values)) > 300.0:
        raise InputError("the effects are too large for a ratio axis; pass ratio=False and name the measure.")
    low, middle, high = (float(np.exp(v)) for v in values)
    return low, middle, high


def _forest(
    rows: list[ForestRow],
    ax: Any,
    measure: str,
    *,
    ratio: bool,
    limits: tuple[float, float] | None,
    title: str,
) -> Any:
    ax = forest_axes(rows, ax)
    draw_rows(ax, rows, measure=measure, null=1.0 if ratio else 0.0, ratio=ratio, limits=limits)
    placing.title(ax, title)
    return ax
