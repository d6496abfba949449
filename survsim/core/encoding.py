"""Objects as plain JSON and back, exactly: numbers to the last bit, arrays with their dtype and shape, frames,
mappings, and the dataclasses that were declared with `stored`.

Every JSON object written here has one key that says what it is: ``{"float": "inf"}``, ``{"array": [...], ...}``,
``{"object": "Surv", "fields": {...}}``. Nothing read back is evaluated, imported by a name the file chooses or
called, except the constructors of declared classes.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy as np

from survsim.core.display import displayed
from survsim.core.errors import InputError
from survsim.core.provenance import Nodes, Provenance, from_nodes

T = TypeVar("T")

_DOUBLE = 8
"""Bytes of the longest floats that JSON gives back to the last bit."""
KINDS: dict[str, type] = {}
"""Classes that may stand in a file, by name."""


def stored(cls: type[T]) -> type[T]:
    """Class decorator: instances can be written and read back.

    The class is a dataclass, whose fields are written and given to its constructor again, or it has
    ``to_stored() -> mapping`` and ``from_stored(mapping)``.
    """
    known = KINDS.setdefault(cls.__name__, cls)
    if known.__module__ != cls.__module__:
        raise TypeError(f"two stored classes are called {cls.__name__}: rename the one in {cls.__module__}.")
    KINDS[cls.__name__] = cls
    return displayed(cls)


class Encoder:
    """Turns one object into plain JSON; steps of provenance are collected in `nodes`, each once."""

    def __init__(self) -> None:
        self.nodes = Nodes()
        self._done: dict[int, tuple[int, Any]] = {}

    def plain(self, value: Any, where: str) -> Any:
        """`value` as JSON; `where` names it in the message when it cannot be."""
        if value is None or type(value) in (bool, int, str):
            return value
        if type(value) is float:
            return {"float": _number(value)}
        for kinds, write in self._writers():
            if isinstance(value, kinds):
                return write(value, where)
        if KINDS.get(type(value).__name__) is type(value):
            return self._object(value, where)
        if hasattr(value, "dtype") and hasattr(value, "index"):
            return _series(self, value, where)
        if hasattr(value, "columns") and hasattr(value, "iloc"):
            return _frame(self, value, where)
        if hasattr(value, "dtype") and hasattr(value, "to_numpy"):
            return _index(self, value, where)
        if type(value).__name__ == "NAType":
            return {"missing": "NA"}
        raise InputError(
            f"{where} is a {type(value).__name__}, which a file cannot hold exactly (functions and objects of "
            "other packages are not stored); save its table as .csv or .parquet instead."
        )

    def _writers(self) -> list[tuple[Any, Callable[[Any, str], Any]]]:
        return [
            (np.ndarray, self._array),
            (np.generic, lambda v, w: {"number": self._array(np.asarray(v), w)}),
            (Provenance, lambda v, w: {"provenance": v.to_nodes(self.nodes)}),
            (list, lambda v, w: {"list": [self.plain(x, f"{w}[{i}]") for i, x in enumerate(v)]}),
            (slice, lambda v, w: {"slice": [v.start, v.stop, v.step]}),
            (Mapping, self._mapping),
            (frozenset, lambda v, w: {"set": [self.plain(x, w) for x in sorted(v, key=repr)]}),
            (tuple, self._tuple),
        ]

    def _tuple(self, value: Any, where: str) -> Any:
        if KINDS.get(type(value).__name__) is type(value):
            return self._object(value, where)
        return {"tuple": [self.plain(x, f"{where}[{i}]") for i, x in enumerate(value)]}

    def _mapping(self, value: Mapping[Any, Any], where: str) -> Any:
        pairs = [[self.plain(k, where), self.plain(v, f"{where}[{k!r}]")] for k, v in value.items()]
        return {"mapping": pairs}

    def _array(self, value: Any, where: str) -> Any:
        if value.dtype.kind not in "biufUOMm" or (value.dtype.kind == "f" and value.dtype.itemsize > _DOUBLE):
            raise InputError(f"{where} holds {value.dtype}, which is not stored; use numbers or text.")
        items = (value.view("i8") if value.dtype.kind in "Mm" else value).ravel().tolist()
        if value.dtype.kind == "f":
            items = [_number(v) for v in items]
        elif value.dtype.kind == "O":
            items = [self.plain(v, where) for v in items]
        return {"array": items, "shape": list(value.shape), "dtype": value.dtype.str.lstrip("<>=|")}

    def _object(self, value: Any, where: str) -> Any:
        if id(value) in self._done:
            return {"same": self._done[id(value)][0]}
        owner = f"{where}." if where else ""
        if hasattr(value, "to_stored"):
            parts = value.to_stored()
        elif dataclasses.is_dataclass(value):
            parts = {f.name: getattr(value, f.name) for f in dataclasses.fields(value) if f.init}
        else:
            parts = value._asdict()
        # By name, as a file has them: what is numbered here must be met in the same order there.
        fields = {name: self.plain(parts[name], f"{owner}{name}") for name in sorted(parts)}
        # The object is kept beside its number: an id is unique only while what it names lives.
        self._done[id(value)] = (len(self._done), value)
        return {"object": type(value).__name__, "fields": fields}


class Decoder:
    """Turns what `Encoder` wrote into the object it was."""

    def __init__(self, nodes: Mapping[str, Any], load: Callable[[str], None]) -> None:
        self.nodes, self.load = nodes, load
        self._built: list[Any] = []

    def back(self, value: Any) -> Any:
        """The object behind `value`."""
        if not isinstance(value, dict):
            return value
        for key, read in _READERS.items():
            if key in value:
                return read(self, value)
        raise InputError(
            f"the file has an entry of unknown kind: {', '.join(sorted(map(str, value))) or 'empty'}."
        )

    def built(self, value: Any) -> Any:
        name = value["object"]
        if name not in KINDS:
            self.load(name)
        cls = KINDS.get(name)
        if cls is None:
            raise InputError(f"it holds a {name!r}, which this version does not know.")
        fields = {name: self.back(value["fields"][name]) for name in sorted(value["fields"])}
        made = cls.from_stored(fields) if hasattr(cls, "from_stored") else cls(**fields)
        self._built.append(made)
        return made

    def same(self, value: Any) -> Any:
        return self._built[value["same"]]


def _series(encoder: Encoder, value: Any, where: str) -> Any:
    return {
        "series": _column(encoder, value, where),
        "labels": _index(encoder, value.index, where),
        "name": encoder.plain(value.name, where),
    }


def _frame(encoder: Encoder, value: Any, where: str) -> Any:
    columns = [
        [encoder.plain(name, where), _column(encoder, value.iloc[:, k], f"{where}[{name!r}]")]
        for k, name in enumerate(value.columns)
    ]
    written = {"frame": columns, "labels": _index(encoder, value.index, where)}
    # Names of columns are objects before pandas 3, where texts have a kind of their own.
    return written if value.columns.dtype == object else written | {"named": str(value.columns.dtype)}


def _index(encoder: Encoder, value: Any, where: str) -> Any:
    names = [encoder.plain(name, where) for name in value.names]
    if type(value).__name__ == "RangeIndex":
        return {"range": [value.start, value.stop, value.step], "names": names}
    if type(value).__name__ == "MultiIndex":
        levels = [_index(encoder, level, where) for level in value.levels]
        return {"index": levels, "codes": [codes.tolist() for codes in value.codes], "names": names}
    return {"index": _column(encoder, value.to_series(), where), "names": names}


def _column(encoder: Encoder, value: Any, where: str) -> Any:
    """A column: numpy dtypes as arrays, categories by code, other dtypes as objects and the dtype's name."""
    if str(value.dtype) == "category":
        return {
            "codes": encoder.plain(value.cat.codes.to_numpy(), where),
            "categories": encoder.plain(value.cat.categories.to_numpy(), where),
            "ordered": bool(value.cat.ordered),
        }
    if isinstance(value.dtype, np.dtype):
        return {"values": encoder.plain(value.to_numpy(), where), "dtype": None}
    return {"values": encoder.plain(value.to_numpy(dtype=object), where), "dtype": str(value.dtype)}


def _column_back(decoder: Decoder, value: Any) -> Any:
    import pandas as pd

    if "codes" in value:
        categories = pd.Index(decoder.back(value["categories"]))
        return pd.Categorical.from_codes(decoder.back(value["codes"]), categories, ordered=value["ordered"])
    values = decoder.back(value["values"])
    return values if value["dtype"] is None else pd.array(values, dtype=value["dtype"])


def _frame_back(decoder: Decoder, value: Any) -> Any:
    import pandas as pd

    columns = value["frame"]
    if isinstance(columns, dict):  # the first format
        return pd.DataFrame(columns)
    labels = _index_back(decoder, value["labels"])
    found = [_column_back(decoder, column) for _, column in columns]
    # pandas 3 makes text of objects that are text, unless it is told that they are objects
    parts = {k: pd.Series(v, labels, dtype=object) if v.dtype == object else v for k, v in enumerate(found)}
    made = pd.DataFrame(parts, index=labels)
    names = [decoder.back(name) for name, _ in columns]
    try:
        made.columns = pd.Index(names, dtype=value.get("named", "object") if columns else None)
    except (TypeError, ValueError):  # a kind that this pandas does not know
        made.columns = pd.Index(names, dtype=object)
    return made


def _series_back(decoder: Decoder, value: Any) -> Any:
    import pandas as pd

    values = _column_back(decoder, value["series"])
    labels = _index_back(decoder, value["labels"])
    return pd.Series(values, index=labels, name=decoder.back(value["name"]), dtype=values.dtype)


def _index_back(decoder: Decoder, value: Any) -> Any:
    import pandas as pd

    names = [decoder.back(name) for name in value["names"]]
    if "range" in value:
        start, stop, step = value["range"]
        return pd.RangeIndex(start, stop, step, name=names[0])
    if isinstance(value["index"], list):
        levels = [_index_back(decoder, level) for level in value["index"]]
        return pd.MultiIndex(levels=levels, codes=value["codes"], names=names)
    return pd.Index(_column_back(decoder, value["index"]), name=names[0])


def _array_back(decoder: Decoder, value: Any) -> Any:
    items, dtype = value["array"], value.get("dtype", "f8")
    if dtype == "O":
        made = np.empty(len(items), object)
        made[:] = [decoder.back(v) for v in items]
        return made.reshape(value["shape"])
    if "dtype" not in value and not any(isinstance(v, float | str) for v in items):
        return np.array(items).reshape(value["shape"])  # the first format wrote no dtype
    if dtype.startswith("f"):
        items = [float(v) for v in items]
    if dtype[0] in "Mm":
        return np.array(items, dtype="i8").view(dtype).reshape(value["shape"])
    return np.array(items, dtype=dtype).reshape(value["shape"])


def _missing(decoder: Decoder, value: Any) -> Any:
    import pandas as pd

    return pd.NA


_READERS: dict[str, Callable[[Decoder, Any], Any]] = {
    "float": lambda d, v: float(v["float"]),
    "array": _array_back,
    "number": lambda d, v: d.back(v["number"])[()],
    "tuple": lambda d, v: tuple(d.back(x) for x in v["tuple"]),
    "list": lambda d, v: [d.back(x) for x in v["list"]],
    "set": lambda d, v: frozenset(d.back(x) for x in v["set"]),
    "slice": lambda d, v: slice(*v["slice"]),
    "mapping": lambda d, v: {d.back(k): d.back(x) for k, x in v["mapping"]},
    "provenance": lambda d, v: from_nodes(v["provenance"], d.nodes),
    "object": Decoder.built,
    "same": Decoder.same,
    "frame": _frame_back,
    "series": _series_back,
    "index": _index_back,
    "range": _index_back,
    "missing": _missing,
}


def _number(value: float) -> Any:
    # JSON has neither infinity nor NaN; a result has them where something was not reached or not defined.
    return value if math.isfinite(value) else str(value)
