"""Doses to the cord: BED and EQD2, recovery, risk of myelopathy, re-irradiation criteria."""

from survsim._public import door

__all__, __getattr__, __dir__ = door(__name__)
