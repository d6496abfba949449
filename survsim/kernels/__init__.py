"""Arrays in, arrays out: numpy and numba only, no random numbers, no checks.

Kernels assume what `core` has checked: contiguous float64 times, sorted where they say so, near-ties
already joined. The paper's letters are allowed here, and only here, with the equation cited.
"""
