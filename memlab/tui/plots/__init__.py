"""Parts that all chart screens share: plots, their viewport, their keys."""
