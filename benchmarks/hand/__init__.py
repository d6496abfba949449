"""Hand-written floors: what a careful author gets with numpy and numba, without checks or result objects."""
