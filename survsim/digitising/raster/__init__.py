"""Curves out of pictures made of pixels: axes by their labels, arms by colour and style, steps by following them."""
