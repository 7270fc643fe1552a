"""Spikes explained by experiment: recomputed with one change at a time."""
