"""What is added to drawn curves, one small function each: they compose, and each finds its place by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.checks import float_vector, one_of
from survsim.core.errors import InputError
from survsim.core.result import time_in_words
from survsim.figures import placing, style
from survsim.figures.lettering import p_words
from survsim.figures.risk_table import place_risk_table
from survsim.figures.survival_curves import draw_censor_marks, draw_medians, group_names
from survsim.figures.time_axis import format_time

if TYPE_CHECKING:
    from survsim.estimate.cox.result import CoxFit
    from survsim.estimate.nonparametric.kaplan_meier import KaplanMeier

TESTS = {
    "LogrankTest": "Log-rank",
    "PermutationTest": "Log-rank by permutation",
    "MaxComboTest": "MaxCombo",
    "GrayTest": "Gray's test",
}


@style.addition
def add_risk_table(
    ax: Any, km: KaplanMeier, *, rows: Sequence[str] = ("at risk",), names: Mapping[Any, str] | None = None
) -> Any:
    """Add the table below the curves; KMunicate's has the rows "at risk", "censored" and "events".

    Parameters
    ----------
    ax : axes with the curves.
    km : the curves; rows : some of "at risk", "censored" (by then), "events" (by then).
    names : label to show for each group.

    Returns
    -------
    The axes; numbers carry ``gid`` "risk:<group>:<time>", "censored-by:...", "events-by:...".

    Raises
    ------
    InputError : another row, or `ax` that are no axes.

    References
    ----------
    Morris et al. 2019, BMJ Open 9:e030215 (KMunicate).

    Example
    -------
    >>> from survsim import Surv, kaplan_meier
    >>> from survsim.figures import add_risk_table
    >>> km = kaplan_meier(Surv.right([2, 3, 5], [1, 0, 1], unit="months"))
    >>> ax = add_risk_table(km.plot(risk_table=False), km, rows=("at risk", "events"))
    >>> [t.get_text() for t in ax.texts if str(t.get_gid()) == "events-by:all:5"]
    ['2']
    """
    place_risk_table(ax, km, group_names(km, names), rows=rows)
    return ax


@style.addition
def add_p_value(ax: Any, test: Any, *, words: str = "") -> Any:
    """Add a test's p-value in a line above the curves, under three decimals as "p < 0.001".

    Parameters
    ----------
    ax : axes with the curves.
    test : a result with one `p_value`: `logrank_test`, `maxcombo_test`, `gray_test`, a permutation test.
    words : name of the test, default its own.

    Returns
    -------
    The axes; the text carries ``gid`` "p-value".

    Raises
    ------
    InputError : a result without a p-value, or with several.

    Example
    -------
    >>> from survsim import Surv, kaplan_meier, logrank_test
    >>> from survsim.figures import add_p_value
    >>> surv, arm = Surv.right([2, 3, 5, 9], [1, 1, 1, 1], unit="months"), ["a", "a", "b", "b"]
    >>> ax = add_p_value(kaplan_meier(surv, by=arm).plot(), logrank_test(surv, arm))
    >>> [t.get_text() for t in ax.texts if t.get_gid() == "p-value"]
    ['Log-rank p = 0.090']
    """
    value = np.atleast_1d(np.asarray(getattr(test, "p_value", np.nan), float))
    if value.size != 1 or not np.isfinite(value[0]):
        raise InputError(
            f"{type(test).__name__} has no single p-value; give the result of logrank_test, maxcombo_test or gray_test."
        )
    name = words or TESTS.get(type(test).__name__, "")
    placing.remark(ax, f"{name} {p_words(float(value[0]))}".strip(), name=name, gid="p-value")
    return ax


@style.addition
def add_hazard_ratio(
    ax: Any, fit: CoxFit, *, term: str | None = None, words: str = "", p_value: bool = False
) -> Any:
    """Add a hazard ratio with its interval in a line above the curves.

    Parameters
    ----------
    ax : axes with the curves.
    fit : Cox regression; term : which of its terms, needed when there are several.
    words : in place of the term's name; p_value : whether its p-value follows.

    Returns
    -------
    The axes; the text carries ``gid`` "hazard-ratio".

    Raises
    ------
    InputError : a term that the fit lacks, or several terms and none named.

    Example
    -------
    >>> from survsim import Surv, cox_ph, kaplan_meier
    >>> from survsim.figures import add_hazard_ratio
    >>> surv, arm = Surv.right([2, 3, 5, 9], [1, 1, 1, 1], unit="months"), ["a", "b", "a", "b"]
    >>> ax = add_hazard_ratio(kaplan_meier(surv, by=arm).plot(), cox_ph(surv, "arm", {"arm": arm}), words="b against a")
    >>> [t.get_text() for t in ax.texts if t.get_gid() == "hazard-ratio"]
    ['Hazard ratio, b against a: 0.39 (95% CI 0.03 to 4.44)']
    """
    if term is None and len(fit.terms) > 1:
        raise InputError(f"the fit has {len(fit.terms)} terms; name one, term={fit.terms[0]!r}.")
    k = fit.terms.index(fit.terms[0] if term is None else one_of("term", term, fit.terms))
    low, high = fit.limits()
    shown = (
        f"{fit.hazard_ratio[k]:.2f} ({fit.conf_level:.0%} CI {np.exp(low[k]):.2f} to {np.exp(high[k]):.2f})"
    )
    tail = f", {p_words(float(fit.p_value[k]))}" if p_value else ""
    name = words or fit.terms[k]
    placing.remark(ax, f"Hazard ratio, {name}: {shown}{tail}", name=name, gid="hazard-ratio")
    return ax


@style.addition
def add_medians(ax: Any, km: KaplanMeier, *, names: Mapping[Any, str] | None = None) -> Any:
    """Add the medians: dotted lines down from the curves, and their times with intervals above.

    Parameters
    ----------
    ax : axes with the curves.
    km : the curves; names : label to show for each group.

    Returns
    -------
    The axes; lines carry ``gid`` "median:<group>", the texts "median-words:<group>".

    Raises
    ------
    InputError : `ax` that are no axes.

    Example
    -------
    >>> from survsim import Surv, kaplan_meier
    >>> from survsim.figures import add_medians
    >>> km = kaplan_meier(Surv.right([2, 3, 5], [1, 1, 1], unit="months"))
    >>> [t.get_text() for t in add_medians(km.plot(medians=False), km).texts if t.get_text().startswith("Median")]
    ['Median, all patients: 3 months (95% CI 2 to not reached)']
    """
    found, shown = km.median(), group_names(km, names)
    middle = dict(zip(km.groups, found.estimate))
    draw_medians(ax, middle, float(ax.get_xlim()[1]))
    for k, group in enumerate(km.groups):
        low, high = found.conf_low[k], found.conf_high[k]
        limits = (
            ""
            if np.isnan(low)
            else f" ({found.conf_level:.0%} CI {time_in_words(low)} to {time_in_words(high)})"
        )
        unit = f" {km.unit}" if np.isfinite(found.estimate[k]) else ""
        words = f"Median, {shown[group]}: {time_in_words(found.estimate[k])}{unit}{limits}"
        placing.remark(ax, words, name=shown[group], colour=style.colour(k), gid=f"median-words:{group}")
    return ax


@style.addition
def add_landmarks(
    ax: Any, km: KaplanMeier, times: Sequence[float], *, names: Mapping[Any, str] | None = None
) -> Any:
    """Add survival at chosen times: dotted lines, points on the curves, and the numbers above.

    Parameters
    ----------
    ax : axes with the curves.
    km : the curves; times : in their unit; names : label to show for each group.

    Returns
    -------
    The axes; lines carry ``gid`` "landmark:<time>", points "landmark:<time>:<group>", texts "survival:<time>:<group>".

    Raises
    ------
    InputError : no times, or times that are not positive.

    Example
    -------
    >>> from survsim import Surv, kaplan_meier
    >>> from survsim.figures import add_landmarks
    >>> km = kaplan_meier(Surv.right([2, 3, 5], [1, 1, 1], unit="months"), conf_type="none")
    >>> [t.get_text() for t in add_landmarks(km.plot(), km, [4]).texts if "survival" in str(t.get_gid())]
    ['At 4 months, all patients: 33%']
    """
    chosen = float_vector("times", times)
    if not chosen.size or not (chosen > 0).all():
        raise InputError(f"times must be positive, one at the least; got {list(times)}.")
    shown = group_names(km, names)
    for time in chosen:
        ax.axvline(
            time, color=style.SOFT, linewidth=0.8, linestyle=(0, (1, 2)), gid=f"landmark:{time:g}", zorder=1
        )
        for k, group in enumerate(km.groups):
            curve = km.steps(group)
            if time > curve.time[-1]:
                continue
            value = float(curve.at(time))
            ax.plot(
                [time],
                [value],
                "o",
                markersize=4,
                color=style.colour(k),
                gid=f"landmark:{time:g}:{group}",
                zorder=5,
            )
            limits = ""
            if curve.conf_low is not None:
                low, high = float(curve.at(time, "conf_low")), float(curve.at(time, "conf_high"))
                limits = (
                    f" ({km.conf_level:.0%} CI {100 * low:.0f} to {100 * high:.0f})"
                    if np.isfinite(low + high)
                    else ""
                )
            words = f"At {format_time(time)} {km.unit}, {shown[group]}: {100 * value:.0f}%{limits}"
            placing.remark(
                ax, words, name=shown[group], colour=style.colour(k), gid=f"survival:{time:g}:{group}"
            )
    return ax


@style.addition
def add_censor_marks(ax: Any, km: KaplanMeier) -> Any:
    """Add a short stroke on each curve wherever somebody was censored.

    Parameters
    ----------
    ax : axes with the curves; km : the curves.

    Returns
    -------
    The axes; marks carry ``gid`` "censored:<group>".

    Raises
    ------
    InputError : `ax` that are no axes.

    Example
    -------
    >>> from survsim import Surv, kaplan_meier
    >>> from survsim.figures import add_censor_marks
    >>> km = kaplan_meier(Surv.right([2, 3, 5], [1, 0, 1], unit="months"))
    >>> ax = add_censor_marks(km.plot(censor_ticks=False), km)
    >>> [line.get_xdata().tolist() for line in ax.lines if line.get_gid() == "censored:all"]
    [[3.0]]
    """
    for index, group in enumerate(km.groups):
        draw_censor_marks(ax, km, index, group)
    return ax


@style.addition
def add_group_labels(ax: Any, curves: Any, *, names: Mapping[Any, str] | None = None) -> Any:
    """Write each group's name at the end of its curve, in its colour, in place of the legend.

    Parameters
    ----------
    ax : axes with the curves, as `plot` drew them.
    curves : the result they are of; names : label to show for each group.

    Returns
    -------
    The axes; labels carry ``gid`` "label:<group>".

    Raises
    ------
    InputError : axes on which no curve of the result is drawn.

    Example
    -------
    >>> from survsim import Surv, kaplan_meier
    >>> from survsim.figures import add_group_labels
    >>> km = kaplan_meier(Surv.right([2, 3, 5, 9], [1, 1, 1, 1], unit="months"), by=["a", "b", "a", "b"])
    >>> [t.get_text() for t in add_group_labels(km.plot(), km).texts if "label" in str(t.get_gid())]
    ['a', 'b']
    """
    lines = {str(line.get_gid())[6:]: line for line in ax.lines if str(line.get_gid()).startswith("curve:")}
    groups = [
        g for g in (getattr(curves, "groups", ()) or getattr(curves, "strategies", ())) if str(g) in lines
    ]
    if not groups:
        raise InputError("none of the groups has a curve on these axes; draw them first: ax = result.plot().")
    placing.names_at_ends(ax, [(lines[str(g)], str((names or {}).get(g, g)), f"label:{g}") for g in groups])
    return ax
