"""Figures that are drawings (SVG, pages of PDF): curves from their paths, as exact as they were written."""
