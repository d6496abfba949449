"""Words that were renamed: the old one works for one minor version and says what it is called now."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, ParamSpec, TypeVar, cast

from survsim.core.errors import InputError, warn

P = ParamSpec("P")
R = TypeVar("R")


def warn_renamed(old: str, new: str) -> None:
    """One sentence at the line of whoever used the old word."""
    warn(f"{old} is now {new}; the old one goes in 0.3.", DeprecationWarning)


TURNED = "takes_an_older_order"
"""Mark of a function whose places may hold what they held in an earlier version."""


def renamed(**new_of: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorator of a function whose keyword arguments have new names: `renamed(sources="source")`.

    The signature that `help` shows has the new names only.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def called(*args: P.args, **given: P.kwargs) -> R:
            for old in new_of.keys() & given.keys():
                new = new_of[old]
                warn_renamed(f"{function.__name__}({old}=...)", f"{new}=...")
                if new in given:
                    raise InputError(
                        f"{function.__name__}: give {new}; {old} is its old name, and both came."
                    )
                given[new] = given.pop(old)
            return function(*args, **given)

        return called

    return decorate


def reordered(
    old: tuple[str, ...], *, now: str, old_order: Callable[[Any, tuple[Any, ...], Mapping[str, Any]], bool]
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorator of a function whose arguments after the first changed places.

    Parameters
    ----------
    old : names in the old order, after the first argument.
    now : the call as it is written now, for the warning.
    old_order : told the first argument, the other positional and the named ones, whether the old order was meant.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def called(*args: Any, **given: Any) -> R:
            if len(args) > 1 and old_order(args[0], args[1:], given):
                warn_renamed(f"{function.__name__}(surv, {', '.join(old)})", now)
                args, given = args[:1], dict(zip(old, args[1:])) | given
            return function(*args, **given)

        vars(called)[TURNED] = True
        return cast("Callable[P, R]", called)

    return decorate
