"""Distributions and checked fields as a file may state them: the base of everything declared."""
