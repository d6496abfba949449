"""Compile every kernel into the on-disk cache: ``python -m survsim.kernels.warm``.

Kernels are found, not listed: every `Kernel` in a module of this package, and every callable in a
module's ``WARM`` (called without arguments).
"""

from __future__ import annotations

import importlib
import pkgutil
import time
from collections.abc import Callable
from typing import Any

from joblib import Parallel, delayed

import survsim.kernels
from survsim.kernels._jit import Kernel, jit_disabled
from survsim.kernels.threads import usable_cores


def modules() -> list[str]:
    """The modules below `survsim.kernels` that may hold kernels."""
    return [
        i.name
        for i in pkgutil.walk_packages(survsim.kernels.__path__, "survsim.kernels.")
        if i.name != __name__
    ]


def found(module: str) -> dict[str, Callable[[], Any]]:
    """Name and warming call of every kernel of one module."""
    loaded = importlib.import_module(module)
    kernels = {
        n: v.compile for n, v in vars(loaded).items() if isinstance(v, Kernel) and v.__module__ == module
    }
    return kernels | {f"WARM[{i}]": call for i, call in enumerate(getattr(loaded, "WARM", ()))}


def warm_module(module: str) -> int:
    """Compile what one module holds; how many kernels that is."""
    calls = found(module)
    for call in calls.values():
        call()
    return len(calls)


def main() -> int:
    """Warm the cache on every core, say what was done, and return the number of kernels."""
    if jit_disabled():
        print("NUMBA_DISABLE_JIT is set: nothing to compile.")
        return 0
    start = time.perf_counter()
    ready = sum(Parallel(usable_cores())(delayed(warm_module)(name) for name in modules()))
    print(f"{ready} kernels ready in {time.perf_counter() - start:.1f} s.")
    return ready


if __name__ == "__main__":
    main()
