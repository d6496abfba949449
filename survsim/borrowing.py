"""Priors from earlier studies: MAP, power, commensurate; what was borrowed."""

from survsim._public import door

__all__, __getattr__, __dir__ = door(__name__)
