"""The one place that decides about numba.

A kernel is an ordinary Python function with ``@compiled(signature)``. numba is imported, and the machine
code loaded from the on-disk cache (or compiled), at the first call; importing a kernel costs nothing.
With ``NUMBA_DISABLE_JIT=1`` the plain function runs. ``python -m survsim.kernels.warm`` fills the cache.

numba costs about half a second at first use, so small single fits stay on numpy: ask `worth_compiling`, or `at_hand` where
both roads give the same bits.
"""

from __future__ import annotations

import os
import sys
import types
from collections.abc import Callable
from typing import Any

import numpy as np

COMPILED_FROM = 100_000
"""Rows from which a single fit may use a compiled loop."""

LOADING = 0.5
"""Seconds that numba costs a process once."""

prange = range
"""Parallel range inside a kernel declared with ``parallel=True``; a plain range without numba."""


def jit_disabled() -> bool:
    """True when the environment asks for plain Python: ``NUMBA_DISABLE_JIT=1``."""
    return os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")


def worth_compiling(n: int) -> bool:
    """True when `n` rows repay loading compiled code."""
    return n >= COMPILED_FROM and not jit_disabled()


_forgone = 0.0


def at_hand(saves: float) -> bool:
    """True where a compiled loop that saves `saves` seconds costs its call alone, for numba is loaded already.

    Where it is not, what compiled loops would have saved is added up, and once that is as much as loading costs, they
    are taken: whoever fits one small model never waits for numba, and whoever fits ten thousand waits once, so that nobody
    pays more than twice what was best (the rule of who rents skis until the rent has bought a pair; Karlin et al. 1988,
    Algorithmica 3:79). What asks this gives the same bits on either road: what a process did before shows in no result.
    """
    global _forgone
    numba = sys.modules.get("numba")
    if numba is not None:
        return not getattr(getattr(numba, "config", None), "DISABLE_JIT", True)
    _forgone += saves
    return _forgone > LOADING and not jit_disabled()


class Kernel:
    """A function compiled at its first call, for the explicit signatures it was declared with."""

    def __init__(self, function: Callable[..., Any], signatures: tuple[str, ...], options: dict[str, Any]):
        self.py_func = function
        self.signatures = signatures
        self.options = options
        self.__name__ = function.__name__
        self.__doc__ = function.__doc__
        self.__module__ = function.__module__
        self._ready: Callable[..., Any] | None = None
        self._opens = False  # whether a read-only array has come

    def compile(self) -> Callable[..., Any]:
        """The compiled function (the plain one when compilation is switched off)."""
        if self._ready is None:
            self._ready = self.py_func if jit_disabled() else self._build()
        return self._ready

    def _build(self) -> Callable[..., Any]:
        import numba  # half a second: only who calls a kernel pays

        names = dict(self.py_func.__globals__)
        for name in self.py_func.__code__.co_names:
            value = names.get(name)
            if isinstance(value, Kernel):
                names[name] = value.compile()
            elif value is range and name == "prange":
                names[name] = numba.prange
        plain = types.FunctionType(self.py_func.__code__, names, self.__name__, self.py_func.__defaults__)
        plain.__module__, plain.__qualname__ = self.__module__, self.py_func.__qualname__
        return numba.njit(list(self.signatures), cache=True, nogil=True, **self.options)(plain)

    def __call__(self, *args: Any) -> Any:
        ready = self._ready or self.compile()
        if ready is self.py_func:
            return ready(*args)
        if not self._opens:
            # a look at every array would cost a tenth of a small simulation: most kernels never see a read-only one
            try:
                return ready(*args)
            except TypeError:
                opened = [_opened(a) for a in args]
                if all(a is b for a, b in zip(args, opened)):
                    raise
                self._opens = True
        return ready(*(_opened(a) for a in args))


def _opened(value: Any) -> Any:
    """A read-only array as the signatures want it: a view that could be written, which no kernel does to its input.

    numba tells read-only arrays by type and would ask for a second signature of every kernel.
    """
    if not isinstance(value, np.ndarray) or value.flags.writeable:
        return value
    own = value.view()
    try:
        own.flags.writeable = True
    except ValueError:  # the memory itself is read-only
        return value.copy()
    return own


def compiled(*signatures: str, **options: Any) -> Callable[[Callable[..., Any]], Kernel]:
    """Decorator: compile for `signatures` (numba's text, ``"f8(f8[::1], b1[::1])"``) at first call.

    A kernel may call another kernel; helpers live in the same file, since the cache of a kernel does not
    notice a change in another file. No ``fastmath``: results are those of IEEE arithmetic.
    """
    return lambda function: Kernel(function, signatures, options)
