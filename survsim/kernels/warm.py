"""Compile every kernel into the on-disk cache: ``python -m survsim.kernels.warm``.

Kernels are found, not listed: every `Kernel` in a module of this package, and every callable in a
module's ``WARM`` (called without arguments).
"""

from __future__ import annotations

import importlib
import pkgutil
import time
from collections.abc import Callable, Iterator
from typing import Any

import survsim.kernels
from survsim.kernels._jit import Kernel, jit_disabled


def found() -> Iterator[tuple[str, Callable[[], Any]]]:
    """Name and warming call of every kernel below `survsim.kernels`."""
    for info in pkgutil.walk_packages(survsim.kernels.__path__, "survsim.kernels."):
        if info.name == __name__:
            continue
        module = importlib.import_module(info.name)
        for name, value in vars(module).items():
            if isinstance(value, Kernel) and value.__module__ == info.name:
                yield f"{info.name}.{name}", value.compile
        for index, call in enumerate(getattr(module, "WARM", ())):
            yield f"{info.name}.WARM[{index}]", call


def main() -> int:
    """Warm the cache, say what was done, and return the number of kernels."""
    if jit_disabled():
        print("NUMBA_DISABLE_JIT is set: nothing to compile.")
        return 0
    start = time.perf_counter()
    names = []
    for name, call in found():
        call()
        names.append(name)
    print(f"{len(names)} kernels ready in {time.perf_counter() - start:.1f} s.")
    return len(names)


if __name__ == "__main__":
    main()
