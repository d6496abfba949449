"""Every result of the package, found by walking it: table, printout, page, file and picture."""

from __future__ import annotations

import dataclasses
import importlib
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest

from survsim import Surv, _public, cox_ph, kaplan_meier, meta_analysis, read_result, write_result
from survsim.core.encoding import KINDS, Decoder, Encoder
from survsim.core.provenance import Nodes, Provenance
from survsim.errors import InputError
from tests.helpers.every_result import MAKERS, every_class, example, examples

NAMES = [cls.__name__ for cls in every_class()]


def test_every_result_has_an_example():
    assert len(NAMES) > 70
    assert set(NAMES) == set(MAKERS)
    for cls in every_class():
        assert all(isinstance(e, cls) for e in examples(cls.__name__))


@pytest.mark.parametrize("name", NAMES)
def test_table_printout_and_page(name):
    for made in examples(name):
        frame = made.to_frame()
        assert len(frame) and list(frame) == list(made.columns())
        assert frame.equals(made.to_frame())
        text = repr(made)
        assert made.headline().splitlines()[0] in text and str(frame.columns[0]) in text
        page = made._repr_html_()
        assert page.count("<table") == 1 and page.count("<th>") >= frame.shape[1]
        assert type(made).columns.__doc__


@pytest.mark.parametrize("name", NAMES)
def test_a_frame_is_nobodys_but_the_callers(name):
    made = example(name)
    before = made.to_frame()
    changed = made.to_frame()
    for column in changed.columns:
        if pd.api.types.is_float_dtype(changed[column]):
            changed.loc[:, column] = -77.0
    pd.testing.assert_frame_equal(made.to_frame(), before)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_saved_is_what_is_read(name, tmp_path):
    for made in examples(name):
        path = tmp_path / "result.json"
        made.save(path)
        read = type(made).load(path)
        assert_same(made, read, name)
        pd.testing.assert_frame_equal(read.to_frame(), made.to_frame(), check_exact=True)
        assert repr(read) == repr(made)
        write_result(read, tmp_path / "again.json")
        assert (tmp_path / "again.json").read_bytes() == path.read_bytes()


def assert_same(a: Any, b: Any, where: str) -> None:
    """Equal to the last bit, in kind too."""
    assert type(a) is type(b), where
    if isinstance(a, np.ndarray):
        assert a.dtype == b.dtype and a.shape == b.shape, where
    if isinstance(a, np.ndarray) and a.dtype != object:
        np.testing.assert_array_equal(a, b, where)
    elif isinstance(a, pd.DataFrame):
        pd.testing.assert_frame_equal(a, b, check_exact=True)
    elif (inside := parts_of(a)) is None:
        assert a == b or (a != a and b != b), where
    else:
        other = parts_of(b) or {}
        assert list(inside) == list(other), where
        for key in inside:
            assert_same(inside[key], other[key], f"{where}.{key}")


def parts_of(value: Any) -> dict[Any, Any] | None:
    """What an object holds by name or place; None for what holds nothing."""
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, tuple | list | np.ndarray):
        return dict(enumerate(value))
    if dataclasses.is_dataclass(value) and not isinstance(value, Provenance):
        names = [f.name for f in dataclasses.fields(value) if f.init]
        # formulaic's recipe has no equality; that it predicts the same is tested below.
        hidden = {"spec"} if type(value).__name__ == "Design" else set()
        return {n: getattr(value, n) for n in names if n not in hidden}
    return None


def arrays(value: Any, where: str) -> Iterator[tuple[str, np.ndarray]]:
    """Every array that can be reached through the attributes."""
    if isinstance(value, np.ndarray):
        yield where, value
    elif isinstance(value, tuple | list):
        for i, part in enumerate(value):
            yield from arrays(part, f"{where}[{i}]")
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from arrays(part, f"{where}[{key!r}]")
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from arrays(getattr(value, field.name), f"{where}.{field.name}")


@pytest.mark.parametrize("name", NAMES)
def test_no_array_of_a_result_can_be_written(name):
    for made in examples(name):
        open_ones = [where for where, array in arrays(made, name) if array.flags.writeable]
        assert not open_ones


def test_the_callers_arrays_stay_open_and_change_nothing():
    time, event = np.array([5.0, 8.0, 12.0]), np.array([True, False, True])
    weight, entry = np.ones(3), np.zeros(3)
    response = Surv.right(time, event, unit="months", weight=weight, entry=entry)
    km = kaplan_meier(response)
    y, se = np.array([-0.2, -0.4, 0.1]), np.array([0.1, 0.2, 0.15])
    pooled = meta_analysis(y, se)
    before = km.to_frame(), pooled.to_frame(), repr(response)
    for own in (time, event, weight, entry, y, se):
        assert own.flags.writeable
        own[:] = 99
    assert repr(response) == before[2]
    pd.testing.assert_frame_equal(kaplan_meier(response).to_frame(), before[0])
    pd.testing.assert_frame_equal(pooled.to_frame(), before[1])


def test_nothing_of_a_response_can_be_written():
    response = Surv.right(
        [5.5, 8.2, 12.1], [1, 0, 1], unit="months", entry=[0, 1, 2], weight=[1, 2, 1], stratum=list("aab"),
        cluster=[1, 2, 2],
    )  # fmt: skip
    parts = (response, response.take([0, 2]), response.to_unit("days"), response.to_unit("years").take([1]))
    causes = Surv.competing([1.5, 2.5], ["x", "none"], unit="years", censored="none")
    for made in (*parts, causes, causes.for_cause("x")):
        _ = made.sorted, made.order
        assert not [w for w, array in arrays(made, "surv") if array.flags.writeable]
    with pytest.raises(ValueError, match="read-only"):
        response.time[0] = 99


def saved(tmp_path, name="CoxFit"):
    path = tmp_path / "r.json"
    example(name).save(path)
    return path


def test_a_file_alone_says_what_it_holds_in_a_fresh_interpreter(tmp_path):
    kinds = ("CoxFit", "ParametricFit", "FineGray", "EvidenceModel", "EvidencePrediction")
    made = [e for name in kinds for e in examples(name)]
    for k, one in enumerate(made):
        one.save(tmp_path / f"{k}.json")
    code = f"import survsim\nfor k in range({len(made)}): print(repr(survsim.read_result(f'{tmp_path}/{{k}}.json')))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == "".join(f"{one!r}\n" for one in made)


def test_a_fit_that_was_read_predicts_the_same(tmp_path):
    frame = pd.DataFrame({"age": [60.0, 71.0], "stage": ["III", "I"], "z": ["no", "yes"]})
    for name in ("CoxFit", "ParametricFit"):
        for made in examples(name):
            made.save(tmp_path / "fit.json")
            read = read_result(tmp_path / "fit.json")
            a, b = (m.predict_survival(frame, [3.0, 9.0]) for m in (made, read))
            np.testing.assert_array_equal(a.survival, b.survival)
            np.testing.assert_array_equal(a.conf_high, b.conf_high)


def test_another_class_is_refused(tmp_path):
    with pytest.raises(
        InputError, match=r"holds a CoxFit, not a KaplanMeier; read it with read_result\(CoxFit"
    ):
        read_result(type(example("KaplanMeier")), saved(tmp_path))


def test_every_flipped_byte_is_noticed(tmp_path):
    path = saved(tmp_path, "Rmst")
    whole = path.read_bytes()
    told = example("Rmst").to_frame()
    for k in range(0, len(whole), 7):
        path.write_bytes(whole[:k] + bytes([whole[k] ^ 1]) + whole[k + 1 :])
        try:
            read = read_result(path)
        except InputError as error:
            assert str(path) in str(error)
        else:  # a space that became another or a line end: the values are the same
            pd.testing.assert_frame_equal(read.to_frame(), told, check_exact=True)


def test_files_cut_empty_or_of_another_kind_are_refused(tmp_path):
    path = saved(tmp_path)
    text = path.read_text()
    for content in (text[: len(text) // 2], "", "[1]", "null", '{"a": 1}', "{" * 100_000, "\x00"):
        path.write_text(content)
        with pytest.raises(InputError, match="damaged or no result file"):
            read_result(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="damaged or no result file"):
        read_result(path)
    with pytest.raises(InputError, match="no stored result at"):
        read_result(tmp_path / "none.json")


def test_a_newer_format_is_named(tmp_path):
    path = saved(tmp_path)
    content = json.loads(path.read_text())
    content["format"] = 99
    path.write_text(json.dumps(content))
    with pytest.raises(InputError, match=r"format 99, made by a newer version of survsim.*reads up to 2"):
        read_result(path)


def test_files_of_the_first_format_are_read(tmp_path):
    made = example("TippingPoint")
    nodes = Nodes()
    fields = {
        f.name: {"array": getattr(made, f.name).ravel().tolist(), "shape": list(getattr(made, f.name).shape)}
        if isinstance(getattr(made, f.name), np.ndarray)
        else {"tuple": [{"float": v} for v in getattr(made, f.name)]}
        if isinstance(getattr(made, f.name), tuple)
        else getattr(made, f.name)
        for f in dataclasses.fields(made)
        if f.name != "provenance"
    }
    key = made.provenance.to_nodes(nodes)
    old = {"format": 1, "class": "TippingPoint", "provenance": key, "nodes": nodes, "fields": fields}
    (tmp_path / "old.json").write_text(json.dumps(old))
    assert_same(made, read_result(type(made), tmp_path / "old.json"), "old")


def test_a_file_cannot_name_what_is_no_result(tmp_path):
    path = tmp_path / "r.json"
    for name in ("load_evidence", "os.system", "Path", "cox_ph"):
        content = {"format": 1, "class": name, "provenance": "x", "nodes": {}, "fields": {}}
        path.write_text(json.dumps(content))
        with pytest.raises(InputError, match=r"does not know|does not fit"):
            read_result(path)


def test_the_classes_inside_files_are_where_the_table_says():
    for name, module in _public.STORED.items():
        assert vars(importlib.import_module(module)).get(name, KINDS[name]) is KINDS[name]
    inside = {name for name, kind in KINDS.items() if kind.__module__.startswith("survsim.")}
    assert inside - {"Result", "FittedCox"} <= set(_public.STORED) | set(_public.PUBLIC)


@pytest.mark.parametrize(
    "index",
    [
        pd.RangeIndex(3, 9, 2),
        pd.Index(["a", "b", "c"], name="patient"),
        pd.Index([3.5, np.nan, 1.0]),
        pd.MultiIndex.from_tuples([("x", 1), ("x", 2), ("y", 1)], names=["site", None]),
        pd.date_range("2020-01-01", periods=3),
        pd.CategoricalIndex(["b", "a", "b"], categories=["b", "a"], ordered=True),
    ],
)
def test_frames_and_their_labels_are_kept(index):
    frame = pd.DataFrame(
        {
            "number": [1.0, np.nan, -0.0],
            2: pd.Categorical(["x", None, "y"]),
            "flag": pd.array([True, None, False], dtype="boolean"),
            "text": pd.array(["x", None, "y"], dtype="string"),
            "mixed": [None, 3, "x"],
            "day": pd.date_range("2020-01-01", periods=3),
        }
    )
    frame.index = index
    encoder = Encoder()
    for value in (frame, frame["mixed"], frame.index, frame.iloc[:0], frame[[]]):
        text = json.dumps(encoder.plain(value, "value"), allow_nan=False)
        read = Decoder({}, lambda name: None).back(json.loads(text))
        check = getattr(
            pd.testing,
            f"assert_{'index' if isinstance(value, pd.Index) else 'frame' if value.ndim == 2 else 'series'}_equal",
        )
        if isinstance(value, pd.Index):
            # A frequency is nothing that a label says, and is not kept.
            assert read.equals(value) and read.dtype == value.dtype and read.names == value.names
        else:
            check(read, value, check_freq=False)


def test_what_a_file_cannot_hold_is_named():
    fit = example("CoxFit")
    odd = dataclasses.replace(fit, offset=lambda: 0)
    with pytest.raises(InputError, match="offset is a function, which a file cannot hold exactly"):
        write_result(odd, "never.json")


def test_a_large_array_given_to_a_result_is_not_frozen():
    fit = cox_ph(
        Surv.right([5.0, 8.0, 12.0, 3.0], [1, 0, 1, 1], unit="months"), None, np.array([[1.0], [2], [0], [1]])
    )
    big = np.zeros(100_000)
    odd = dataclasses.replace(fit, offset=big)
    assert big.flags.writeable and not odd.offset.flags.writeable
