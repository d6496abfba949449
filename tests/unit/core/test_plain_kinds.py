"""Arguments that are one plain value are looked at, at every door, before a wrong kind passes for a right one."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

import survsim
import survsim.calibration
from survsim import _public
from survsim.core.checks import FloatArray
from survsim.core.door import guarded
from survsim.core.errors import InputError
from survsim.core.plain_kinds import Plan
from tests.helpers import fuzz
from tests.helpers.fuzz_estimates import PLAUSIBLE


def f(
    word: str = "a",
    number: float = 1.0,
    truth: bool = False,
    whole: int | None = 2,
    words: tuple[str, ...] | str = (),
    pair: tuple[float, float] | None = None,
    many: float | Sequence[float] | FloatArray = 1.0,
):
    return word, number, truth, whole, words, pair, many


DOOR = guarded(f)
SIX = [1, 0, 1, 1, 0, 1]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("word", 3), ("word", None), ("word", True), ("word", b"a"), ("word", ["a"]), ("word", float("nan")),
        ("number", "1"), ("number", True), ("number", np.True_), ("number", None), ("number", [1.0]), ("number", 1 + 2j),
        ("truth", "yes"), ("truth", 1), ("truth", 0), ("truth", None), ("truth", "False"),
        ("whole", 2.5), ("whole", "2"), ("whole", True), ("whole", float("inf")), ("whole", float("nan")), ("whole", 10**400),
        ("words", 3), ("words", None), ("words", True), ("words", ["a", 3]), ("words", b"a"), ("words", {"a": 1}),
        ("words", {"a"}), ("pair", {5.0: 0.0, 2.0: 9.0}), ("pair", {5.0, 2.0}), ("pair", frozenset({5.0})), ("many", {1.0: 2.0}),
        ("many", {1.0}),
    ],
)  # fmt: skip
def test_another_kind_is_refused_by_name(name, value):
    with pytest.raises(InputError, match=rf"f: {name} must be "):
        DOOR(**{name: value})
    with pytest.raises(InputError, match=rf"f: {name} must be "):
        DOOR(*[value if p == name else d.default for p, d in inspect.signature(f).parameters.items()])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("word", np.str_("b")), ("number", 2), ("number", np.float64(2)), ("number", float("nan")), ("truth", np.True_),
        ("whole", 3), ("whole", None), ("words", ["a", "b"]), ("words", "a"), ("words", pd.Series(["a"])), ("words", np.array(["a"])),
        ("pair", (1.0, 2.0)), ("pair", [1.0, 2.0]), ("pair", np.array([1.0, 2.0])), ("pair", pd.Series([1.0, 2.0])), ("many", 2.0),
        ("many", {1.0: 2.0}.keys()), ("many", range(3)),
    ],
)  # fmt: skip
def test_what_is_of_the_kind_passes_as_it_came(name, value):
    found = dict(zip(inspect.signature(f).parameters, DOOR(**{name: value})))
    assert found[name] is value


@pytest.mark.parametrize(
    ("name", "value", "own"),
    [
        ("number", np.float32(2), 2.0), ("number", np.float16(0.5), 0.5), ("number", np.longdouble("0.5"), 0.5),
        ("number", np.int64(2), 2), ("number", Decimal("0.9"), 0.9), ("number", Fraction(9, 10), 0.9), ("number", np.array(0.5), 0.5),
        ("whole", 3.0, 3), ("whole", -0.0, 0), ("whole", np.int8(-128), -128), ("whole", np.uint64(2**63 - 1), 2**63 - 1),
        ("whole", Fraction(20), 20), ("whole", Decimal(3), 3), ("whole", np.float16(3), 3), ("whole", np.longdouble(3), 3),
        ("whole", np.array(3), 3),
    ],
)  # fmt: skip
def test_a_number_of_a_further_kind_comes_in_as_pythons_own(name, value, own):
    """A count of 3.0, a fraction or numpy's int8, whose negative of -128 is -128, ended in an error far inside."""
    for found in (
        DOOR(**{name: value}),
        DOOR("a", value) if name == "number" else DOOR("a", 1.0, False, value),
    ):
        got = dict(zip(inspect.signature(f).parameters, found))[name]
        assert got == own and type(got) is type(own)


@pytest.mark.filterwarnings("ignore:The 'generic' unit for NumPy timedelta")  # it stands beside the message
@pytest.mark.parametrize("value", [np.timedelta64(60, "D"), np.timedelta64(1440, "h")])
def test_a_duration_of_numpy_keeps_its_unit_and_is_no_count(value):
    """numpy counts durations among the whole numbers."""
    surv = survsim.Surv.right([20, 50, 90, 120], [1, 1, 0, 1], unit="days")
    assert survsim.rmst(surv, tau=value).estimate == pytest.approx([47.5])  # 20 + 30 * 3/4 + 10 * 1/2
    found = survsim.bootstrap(surv, "survival", at=[value], n_resamples=5)
    assert found.estimate.tolist() == [0.5]
    with pytest.raises(InputError, match="f: whole must be a whole number"):
        DOOR(whole=value)
    with pytest.raises(InputError, match="LogNormalLaw: low must be a number"):
        survsim.calibration.LogNormalLaw(median=30.0, low=value, high=90.0)


def test_a_number_of_a_further_kind_is_the_number_it_says():
    """The same answers as with Python's numbers, the ancestry too."""
    surv = survsim.Surv.right(range(1, 7), SIX, unit="months")
    wanted = survsim.kaplan_meier(surv, conf_level=0.9)
    for level in (Fraction(9, 10), Decimal("0.9"), np.longdouble("0.9"), np.array(0.9)):
        found = survsim.kaplan_meier(surv, conf_level=level)
        assert found.conf_low.tolist() == wanted.conf_low.tolist()
        assert found.provenance == wanted.provenance
    draws = [
        survsim.bootstrap(surv, "survival", at=[3.0], n_resamples=n, seed=s).replicates
        for n, s in ((20, 3), (20.0, np.int8(3)))
    ]
    assert draws[0].tolist() == draws[1].tolist()


@pytest.mark.skipif(
    np.dtype("longdouble").itemsize == 8, reason="the longest float of this machine is Python's"
)
def test_a_float_longer_than_a_file_can_hold_is_refused(tmp_path):
    with pytest.raises(InputError, match="is not stored"):
        survsim.write_result(np.longdouble("0.5"), tmp_path / "q.json")


def test_many_values_where_one_belongs_are_told_by_whoever_knows_more():
    with pytest.raises(InputError, match="reconstruct_arms"):
        survsim.reconstruct_ipd({"control": [[0, 1], [3, 0.5]]}, n={"control": 10}, unit="months")


@pytest.mark.parametrize(
    "call",
    [
        lambda: survsim.effect_size(hazard_ratio=0.7, conf_low=0.5, conf_high=0.98, one_sided="yes"),
        lambda: survsim.effect_size(hazard_ratio=True, conf_low=0.5, conf_high=1.5),
        lambda: survsim.effect_size(hazard_ratio=0.7, conf_low=0.5, conf_high=0.98, label=7),
        lambda: survsim.parametric_survival(
            survsim.Surv.right(range(1, 7), SIX, unit="months"), "weibull", robust="no"
        ),
        lambda: survsim.logrank_test(survsim.Surv.right(range(1, 7), SIX, unit="months"), SIX, rho=True),
        lambda: survsim.scenario.dated_cases(survsim.load_evidence(), strict_only="no", never=[]),
    ],
)
def test_words_are_no_truth_values_and_truth_values_no_numbers(call):
    """Before, each of these gave an answer: "no" was true, true was 1."""
    with pytest.raises(InputError, match="must be"):
        call()


def _asked() -> list[tuple[str, str, str]]:
    """Every argument of one plain kind of every public function that has plausible arguments."""
    found = []
    for name in sorted(PLAUSIBLE):
        function = fuzz.target(name)
        plan = Plan(inspect.unwrap(getattr(function, "__func__", function)))
        found += [(name, key, look[0]) for key, look in plan.looks.items() if key != "self"]
    return found


ASKED = _asked()


def test_most_public_functions_have_such_arguments():
    assert len(ASKED) > 500
    assert len({name for name, _, _ in ASKED}) > 100


def test_every_one_of_them_refuses_another_kind():
    """A seeded look at all of them: no function runs, as the door stands before it."""
    wrong = {
        "text": 3,
        "a number": "5",
        "True or False": "yes",
        "a whole number": True,
        "None": object(),
        "a list of texts": 3,
    }
    passed = []
    for name, key, words in ASKED:
        function = fuzz.target(name)
        values = [v for kind, v in wrong.items() if kind in words.split(" or ")]
        value = object() if len(words.split(" or ")) > 1 or not values else values[0]
        said = f"{key} must be"
        if "a list" in words.split(" or "):
            value, said = {1: 2.0}, ""  # of which the function itself may say more
        if isinstance(function, type) or name.partition(".")[0] in _public.PUBLIC:
            try:
                function(**{key: value})
            except InputError as error:
                if said not in str(error):
                    passed.append(f"{name}({key}): {error}")
            except TypeError as error:
                passed.append(f"{name}({key}): {error}")
    assert passed == []
