"""Several results beside each other, one panel each, on the same axes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from survsim.core.checks import between
from survsim.core.errors import InputError
from survsim.figures import placing, style
from survsim.figures.panels import panels

WITHOUT_TABLE = {"KaplanMeier": {"risk_table": False}}
"""Left out in panels unless asked for."""


@style.styled
def facets(
    results: Mapping[str, Any],
    *,
    columns: int = 3,
    share: bool = True,
    options: Mapping[str, Any] | None = None,
) -> Any:
    """Draw results (a subgroup each, say) in panels of one figure.

    Parameters
    ----------
    results : title of a panel -> result with a picture of its own.
    columns : most panels beside each other; a narrow sheet has fewer, and long legends make it higher.
    share : whether all panels have the same axes.
    options : of `plot`, the same for all panels.

    Returns
    -------
    (k,) list of axes.

    Raises
    ------
    InputError : no results, or one without a picture.

    Example
    -------
    >>> from survsim import Surv, kaplan_meier
    >>> from survsim.figures import facets
    >>> km = kaplan_meier(Surv.right([2, 3, 5], [1, 0, 1], unit="months"))
    >>> [ax.get_title(loc="left") for ax in facets({"uterus": km, "ovary": km}, width="174mm")]
    ['uterus', 'ovary']
    """
    if not isinstance(results, Mapping) or not results:
        raise InputError('results is a dictionary with at least one panel, such as {"uterus": km_uterus}.')
    between("columns", columns, 1, 12, open_ends=False)
    axes = panels(
        len(results),
        width=min(7.2, 3.4 * len(results)),
        height=2.9,
        least=2.1,
        columns=int(columns),
        share=share,
    )
    for ax, (name, one) in zip(axes, results.items()):
        if not hasattr(one, "plot"):
            raise InputError(f"the panel {name!r} holds a {type(one).__name__}, which has no plot().")
        one.plot(ax, **(WITHOUT_TABLE.get(type(one).__name__, {}) | dict(options or {})))
        placing.title(ax, str(name))
    if share:
        _same_limits(axes)
    return axes


def _same_limits(axes: list[Any]) -> None:
    """The widest limits for all, and words at the outer axes only."""
    ends = [ax.get_xlim() for ax in axes]
    tops = [ax.get_ylim() for ax in axes]
    for ax in axes:
        ax.set_xlim(min(e[0] for e in ends), max(e[1] for e in ends))
        ax.set_ylim(min(t[0] for t in tops), max(t[1] for t in tops))
        if not ax.get_subplotspec().is_first_col():
            ax.set_ylabel("")
