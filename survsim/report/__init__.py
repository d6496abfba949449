"""What a reader receives: numbers kept with their ancestry, prose, tables, references, notebooks."""

from survsim._public import door

__all__, __getattr__, __dir__ = door(__name__)
