"""The only place where evidence, estimates and simulation meet."""
