"""The one place that decides about numba."""

import sys
import types

import numpy as np
import pytest

from survsim.kernels import _jit, warm
from survsim.kernels._jit import Kernel, compiled


def test_plain_function_runs_when_compilation_is_off(monkeypatch):
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    kernel = compiled("f8(f8)")(lambda x: x + 1.0)
    assert kernel.compile() is kernel.py_func
    assert kernel(2.0) == 3.0
    assert not _jit.worth_compiling(10**9)


def test_small_fits_are_not_worth_compiling(monkeypatch):
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "0")
    assert not _jit.worth_compiling(_jit.COMPILED_FROM - 1)
    assert _jit.worth_compiling(_jit.COMPILED_FROM)


def test_numba_is_loaded_once_doing_without_has_cost_as_much(monkeypatch):
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "0")
    monkeypatch.setattr(_jit, "_forgone", 0.0)
    monkeypatch.delitem(sys.modules, "numba", raising=False)
    third = _jit.LOADING / 2.5
    assert [_jit.at_hand(third) for _ in range(4)] == [False, False, True, True]
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    assert not _jit.at_hand(third)


def test_where_numba_is_loaded_it_is_taken_unless_it_is_switched_off(monkeypatch):
    for disabled in (0, 1):
        config = types.SimpleNamespace(DISABLE_JIT=disabled)
        monkeypatch.setitem(sys.modules, "numba", types.SimpleNamespace(config=config))
        assert _jit.at_hand(1e-9) is not bool(disabled)


def test_every_kernel_is_found_and_equals_its_plain_function():
    names = [f"{module}.{name}" for module in warm.modules() for name in warm.found(module)]
    assert "survsim.kernels.batch_trials.two_arm" in names
    assert len(names) == len(set(names))
    from survsim.kernels import batch_trials

    rng = np.random.default_rng(1)
    key = batch_trials.pack(rng.exponential(1, (5, 20)), rng.random((5, 20)) < 0.7, rng.integers(0, 2, 20))
    assert isinstance(batch_trials.two_arm, Kernel)
    np.testing.assert_allclose(batch_trials.two_arm(key), batch_trials.two_arm.py_func(key), rtol=1e-12)


def test_arrays_that_may_not_be_written_are_taken_and_wrong_ones_refused():
    kernel = compiled("f8(f8[::1])")(lambda x: x.sum())
    mine, locked = np.arange(4.0), np.arange(4.0)
    locked.flags.writeable = False
    for _ in range(2):
        assert kernel(mine) == kernel(locked) == 6.0
    assert not locked.flags.writeable
    bytes_ = np.frombuffer(np.arange(4.0).tobytes())
    assert kernel(bytes_) == 6.0, "memory that belongs to what cannot be written"
    if not _jit.jit_disabled():
        with pytest.raises(TypeError):
            kernel("four")
