"""Kinds of arrays: pictures are kept in single precision, places and values in double."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.floating[Any]]
Flags = NDArray[np.bool_]
