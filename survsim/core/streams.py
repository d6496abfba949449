"""Named streams of uniforms that can be read from anywhere: the luck of each patient is an address.

The uniform of patient i is number i of the stream (seed, name, draw, visit). A stream is one Philox-4x64
sequence: its key is a hash of seed and name, the upper words of its counter are draw and visit, and the
lowest word counts patients in fours. So any run of patients can be made alone, in any order, on any
machine, and a new name (a transition, a treatment) never shifts the luck of another.
"""

from __future__ import annotations

import functools
import hashlib

import numpy as np

from survsim.core.checks import FloatArray
from survsim.core.errors import InputError

CELL = 4096
"""Patients in a cell: sums are formed within a cell and joined in the order of cells."""

_PER_COUNT = 4


@functools.lru_cache(maxsize=4096)
def stream_key(seed: int, name: str) -> tuple[int, int]:
    """The 128-bit Philox key of stream `name` under `seed`."""
    digest = hashlib.blake2b(f"{int(seed)}\x1f{name}".encode(), digest_size=16).digest()
    return int.from_bytes(digest[:8], "little"), int.from_bytes(digest[8:], "little")


class Streams:
    """Uniforms in (0, 1] addressed by stream name, draw, visit and patient (Salmon et al. 2011, Philox).

    Parameters
    ----------
    seed : whole number from 0; the only thing two runs need to share to share all luck.
    one_luck : every draw reads the luck of draw 0, for draws that are settings to be set side by side.

    Examples
    --------
    >>> streams = Streams(seed=1)
    >>> whole = streams.uniforms("progression", size=8)
    >>> part = streams.uniforms("progression", start=4, size=4)
    >>> bool((whole[4:] == part).all())
    True
    """

    __slots__ = ("_bits", "_generator", "one_luck", "seed")

    def __init__(self, seed: int, *, one_luck: bool = False) -> None:
        if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
            raise InputError(f"seed must be a whole number from 0; got {seed!r}.")
        self.seed, self.one_luck = int(seed), one_luck
        self._bits = np.random.Philox(key=0)
        self._generator = np.random.Generator(self._bits)

    def uniforms(self, name: str, *, size: int, start: int = 0, draw: int = 0, visit: int = 0) -> FloatArray:
        """Uniforms (size,) in (0, 1] of patients `start` to `start + size - 1`."""
        skipped = start % _PER_COUNT
        self._bits.state = {
            "bit_generator": "Philox",
            "state": {
                "counter": np.array(
                    [start // _PER_COUNT, visit, 0 if self.one_luck else draw, 0], dtype=np.uint64
                ),
                "key": np.array(stream_key(self.seed, name), dtype=np.uint64),
            },
            "buffer": np.zeros(_PER_COUNT, dtype=np.uint64),
            "buffer_pos": _PER_COUNT,
            "has_uint32": 0,
            "uinteger": 0,
        }
        values = self._generator.random(size + skipped)[skipped:]
        return np.subtract(1.0, values, out=values)

    def exponentials(
        self, name: str, *, size: int, start: int = 0, draw: int = 0, visit: int = 0
    ) -> FloatArray:
        """Unit exponentials (size,) by inversion of `uniforms`: -log(u), never by rejection."""
        values = self.uniforms(name, size=size, start=start, draw=draw, visit=visit)
        np.log(values, out=values)
        return np.negative(values, out=values)
