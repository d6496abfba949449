"""The one place that decides how many threads work."""

import importlib
import os
import subprocess
import sys
import threading

import numpy as np
import pytest
import threadpoolctl

from survsim.kernels import threads
from survsim.kernels.threads import map_threads, one_blas_thread, usable_cores, with_one_blas_thread


def blas_threads() -> list[int]:
    """What every BLAS library of this process is set to."""
    return [i["num_threads"] for i in threadpoolctl.threadpool_info() if i["user_api"] == "blas"]


@pytest.fixture
def two_blas_threads():
    """Every BLAS library at two threads, whatever the machine and its environment."""
    importlib.import_module("scipy.linalg")  # brings a second library, which counts from its import on
    with threadpoolctl.threadpool_limits(2, user_api="blas"):
        assert set(blas_threads()) == {2}
        yield


@pytest.fixture
def no_limits(monkeypatch):
    for name in threads.LIMITS:
        monkeypatch.delenv(name, raising=False)


def test_threads_keep_the_order():
    assert map_threads(lambda x: x * x, range(50), workers=4) == [x * x for x in range(50)]
    assert map_threads(lambda x: x, [], workers=4) == []


def test_the_cores_are_those_this_process_is_held_to(monkeypatch, no_limits):
    monkeypatch.setattr(threads.os, "sched_getaffinity", lambda who: {0, 3, 5}, raising=False)
    assert usable_cores() == 3
    monkeypatch.delattr(threads.os, "sched_getaffinity")
    monkeypatch.setattr(threads.os, "cpu_count", lambda: 7)
    assert usable_cores() == 7


@pytest.mark.parametrize(
    ("told", "cores"), [("1", 1), ("2", 2), ("64", 3), ("0", 3), ("", 3), ("two", 3), ("-1", 3), ("2,1", 3)]
)
def test_the_environment_can_ask_for_fewer(monkeypatch, no_limits, told, cores):
    monkeypatch.setattr(threads.os, "sched_getaffinity", lambda who: {0, 3, 5}, raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", told)
    assert usable_cores() == cores
    monkeypatch.setenv("SURVSIM_THREADS", "2")
    assert usable_cores() == 2, "survsim's own variable goes before the common one"


def test_blas_is_held_at_one_thread_and_given_back(two_blas_threads):
    with one_blas_thread():
        assert set(blas_threads()) == {1}
        with one_blas_thread():
            assert set(blas_threads()) == {1}
        assert set(blas_threads()) == {1}, "the inner computation ended, the outer goes on"
    assert set(blas_threads()) == {2}
    with pytest.raises(ZeroDivisionError), one_blas_thread():
        _ = 1 / 0
    assert set(blas_threads()) == {2}, "an error gives it back too"


def test_overlapping_computations_give_back_what_was(two_blas_threads):
    first_in, second_in, first_out = (threading.Event() for _ in range(3))
    seen = []

    def first():
        with one_blas_thread():
            first_in.set()
            second_in.wait(10)
        first_out.set()

    def second():
        first_in.wait(10)
        with one_blas_thread():
            second_in.set()
            first_out.wait(10)
            seen.extend(blas_threads())

    both = [threading.Thread(target=first), threading.Thread(target=second)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert set(seen) == {1}, "the first ended while the second computed"
    assert set(blas_threads()) == {2}


def test_threads_of_ours_never_call_threads_of_blas(two_blas_threads):
    seen = map_threads(lambda _: max(blas_threads()), range(8), workers=2)
    assert seen == [1] * 8
    assert with_one_blas_thread(blas_threads)() == [1] * len(blas_threads())
    assert set(blas_threads()) == {2}


def test_fits_hold_blas_and_their_bits_know_no_number_of_threads(two_blas_threads, monkeypatch, no_limits):
    from survsim import Surv, cox_ph, parametric_survival
    from survsim.kernels import cox

    seen = []
    gram = cox.gram
    monkeypatch.setattr(cox, "gram", lambda *a: seen.append(max(blas_threads())) or gram(*a))
    rng = np.random.default_rng(1)
    x = rng.normal(size=(70_000, 3))
    surv = Surv.right(np.ceil(rng.exponential(500, 70_000)), rng.random(70_000) < 0.7, unit="days")
    bits = set()
    for told in ("1", "2", "7"):
        monkeypatch.setenv("SURVSIM_THREADS", told)
        fit, weibull = cox_ph(surv, None, x), parametric_survival(surv, "weibull", None, x)
        bits.add(
            b"".join(a.tobytes() for a in (fit.estimate, fit.std_error, weibull.estimate, weibull.std_error))
        )
    assert set(seen) == {1}
    assert len(bits) == 1
    assert set(blas_threads()) == {2}


CHILD = """
import numpy as np, threading, threadpoolctl
from survsim import Surv, cox_ph
from survsim.kernels import cox, threads
most = 0
def watch(function):
    def watched(*given, **named):
        global most
        most = max(most, threading.active_count() - 1)
        return function(*given, **named)
    return watched
np.cumsum = watch(np.cumsum)
rng = np.random.default_rng(1)
x = rng.normal(size=(150_000, 2))
cox_ph(Surv.right(rng.exponential(500, 150_000), rng.random(150_000) < 0.5, unit="days"), None, x)
print(threads.usable_cores(), most)
"""


def work(_):
    from survsim.kernels import threads

    return threads.usable_cores()


def test_several_processes_do_not_take_more_than_the_cores(monkeypatch, no_limits):
    """joblib tells each of its processes its share; so do Dask's nannies and Ray, by the same variable."""
    import joblib

    cores = usable_cores()
    workers = max(2, cores)
    with joblib.parallel_config("loky", n_jobs=workers):
        told = joblib.Parallel()(joblib.delayed(work)(i) for i in range(2 * workers))
    assert max(told) * workers <= max(cores, workers)


def test_a_process_that_was_told_one_thread_starts_no_other():
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    environment.pop("SURVSIM_THREADS", None)
    done = subprocess.run(
        [sys.executable, "-c", CHILD], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["1", "0"]
