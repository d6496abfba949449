"""Pictures: those that are no result's own, `style.use` for the page of a journal; `result.plot()` draws the others."""

from survsim import _public
from survsim.figures import style as style

__all__, __getattr__, __dir__ = _public.door(__name__)
