"""Ray through joblib: what is asked of it, and what is said where it is not installed."""

from __future__ import annotations

import sys
import types

import joblib
import numpy as np
import pytest

from survsim.core.errors import InputError
from survsim.simulation.run import simulate_model
from survsim.simulation.strategy import Strategy
from tests.helpers.disease_models import tumour_model


@pytest.fixture
def ray(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    """A Ray whose joblib backend is threads; the list holds what it was started with."""
    started: list[dict[str, object]] = []
    parts = {name: types.ModuleType(name) for name in ("ray", "ray.util", "ray.util.joblib")}
    vars(parts["ray"]).update(
        is_initialized=lambda: bool(started), init=lambda **options: started.append(options)
    )

    def register_ray() -> None:
        joblib.register_parallel_backend("ray", joblib._parallel_backends.ThreadingBackend)

    vars(parts["ray.util.joblib"]).update(register_ray=register_ray)
    for name, module in parts.items():
        monkeypatch.setitem(sys.modules, name, module)
    return started


def means(**options: object) -> np.ndarray:
    model = tumour_model((Strategy(strategy="none"),), parameters={"unused": np.linspace(0, 1, 40)})
    return simulate_model(model, patients=2_000, seed=3, taus=(12.0,), **options).means


def test_ray_gives_the_same_bits(ray: list[dict[str, object]]) -> None:
    assert np.array_equal(means(executor="ray", workers=2), means(workers=1))
    assert ray == [{"num_cpus": 2}]


def test_an_address_is_passed_on(ray: list[dict[str, object]]) -> None:
    assert np.array_equal(means(executor="ray", workers=1, address="ray://head:10001"), means(workers=1))
    assert ray == [{"address": "ray://head:10001"}]


def test_without_ray_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(InputError, match=r'pip install "survsim\[ray\]"'):
        means(executor="ray")
