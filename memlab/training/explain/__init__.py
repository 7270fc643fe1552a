"""Explains spikes by experiment: recomputes them with one change at a time."""
