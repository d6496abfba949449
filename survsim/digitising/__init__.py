"""Published figures in, curves in the units of their axes out; knows neither papers nor statistics."""
