"""Statistics on data or on reported numbers: one method a file, its result class beside it."""
