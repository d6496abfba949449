"""Calibration of a course of disease to what was published about it, each number as the endpoint it is."""
